/**
 * An allocated function → code: stack frame, branches, calls, traps and jump tables.
 *
 * Frame, from the stack pointer upwards: stack arguments for callees, spilled values, saved registers, return address,
 * the caller's stack arguments.
 */
import { Code, Instruction, Register } from 'iced-x86';
import { CodeBuffer, type Fragment, type Relocation } from './code-buffer.js';
import { encodeInstruction, icedMemory, icedRegister } from './encode.js';
import {
  CALLEE_SAVED,
  isMemory,
  type Condition,
  type MachineBlock,
  type MachineFunction,
  type MachineInstruction,
  type MachineOp,
  type Memory,
  type Operand,
} from './machine.js';

/** Loops start on a fetch boundary where that costs little, as gcc -O2 does it. */
const LOOP_ALIGN_BYTES = 16;
/**
 * A function begins with a line of the instruction cache, so what it costs does not depend on how long those before it are: with
 * 16 bytes 32 pairs of object calls took 266 cycles in one image and 452 in another (`--append bench`, `zen1`).
 */
const FUNCTION_ALIGN_BYTES = 64;
const LOOP_PADDING_BYTES_MAX = 10;

const USES_STACK: ReadonlySet<MachineOp> = new Set(['call', 'callMemory', 'push', 'pop', 'pushfq']);

/** A `ud2` and what to say about it. */
export interface Trap {
  readonly label: string;
  readonly message: string;
}

export interface EmittedFunction {
  readonly code: Fragment;
  readonly jumpTables: readonly Fragment[];
  readonly traps: readonly Trap[];
  /** Neither calls nor keeps anything on the stack. */
  readonly isLeaf: boolean;
}

/** `symbol` names the code; `blocks` must be in final order. */
export function emitFunction(func: MachineFunction, symbol: string): EmittedFunction {
  return new FunctionEmitter(func, symbol).emit();
}

class FunctionEmitter {
  private readonly buffer = new CodeBuffer(64);
  private readonly saved: readonly number[];
  private readonly outgoingBytes: number;
  private readonly frameBytes: number;
  private readonly jumpTables: Fragment[] = [];
  private readonly traps: Trap[] = [];
  private usesStack = false;
  private readonly switchTargets: ReadonlySet<MachineBlock>;

  constructor(
    private readonly func: MachineFunction,
    private readonly symbol: string,
  ) {
    this.saved = savedRegisters(func);
    this.switchTargets = new Set(
      func.blocks.flatMap(({ instructions }) => {
        const end = instructions.at(-1);
        return end?.op === 'switch' ? (end.fields.targets ?? []) : [];
      }),
    );
    this.outgoingBytes = Math.max(
      0,
      ...func.blocks.flatMap((block) =>
        block.instructions.map((instruction) => instruction.fields.outgoingBytes ?? 0),
      ),
    );
    this.frameBytes = this.outgoingBytes + 8 * func.spillSlots;
  }

  emit(): EmittedFunction {
    const { buffer, func } = this;
    buffer.location = func.blocks[0]?.instructions[0]?.location;
    this.emitPrologue();
    const heads = loopHeads(func);
    for (const [index, block] of func.blocks.entries()) {
      if (this.isOnlyJumpedTo(block, func.blocks[index - 1])) continue;
      if (heads.has(block)) buffer.align(LOOP_ALIGN_BYTES, LOOP_PADDING_BYTES_MAX);
      buffer.label(labelOf(block));
      this.emitBlock(block);
    }
    const code = buffer.finish(this.symbol, FUNCTION_ALIGN_BYTES);
    const isLeaf = !this.usesStack && this.frameBytes + this.saved.length === 0;
    return { code, jumpTables: this.jumpTables, traps: this.traps, isLeaf };
  }

  /** A call whose result is the function's own becomes a jump, after the frame is gone. */
  private emitBlock(block: MachineBlock): void {
    const last = block.instructions.at(-1);
    const call = block.instructions.at(-2);
    const symbol = call?.op === 'call' ? call.fields.symbol : undefined;
    const isTailCall = last?.op === 'return' && symbol !== undefined && this.outgoingBytes === 0;
    const ordinary = isTailCall ? block.instructions.slice(0, -2) : block.instructions;
    for (const instruction of ordinary) this.emitInstruction(instruction);
    if (!isTailCall) return;
    this.buffer.location = call?.location ?? this.buffer.location;
    this.emitEpilogue();
    this.buffer.jumpTo(symbol);
  }

  /** The function that the block goes on to, when it does nothing else and there is no frame to be taken down. */
  private continuation({ instructions }: MachineBlock): string | undefined {
    const [call, end] = instructions;
    const isBare = this.outgoingBytes + this.frameBytes + this.saved.length === 0;
    const isTailCall = call?.op === 'call' && end?.op === 'return';
    return isBare && isTailCall ? call.fields.symbol : undefined;
  }

  /** Whether all that leads to the block are jumps and branches, which go to its continuation instead. */
  private isOnlyJumpedTo(block: MachineBlock, before: MachineBlock | undefined): boolean {
    if (before === undefined || this.continuation(block) === undefined) return false;
    if (this.switchTargets.has(block)) return false;
    return ['jump', 'return', 'trap', 'switch'].includes(before.instructions.at(-1)?.op ?? '');
  }

  private emitPrologue(): void {
    for (const register of this.saved) {
      this.buffer.add(Instruction.createReg(Code.Push_r64, icedRegister(register, 8)));
    }
    this.adjustStack(Code.Sub_rm64_imm8, Code.Sub_rm64_imm32);
  }

  private emitEpilogue(): void {
    this.adjustStack(Code.Add_rm64_imm8, Code.Add_rm64_imm32);
    for (const register of [...this.saved].reverse()) {
      this.buffer.add(Instruction.createReg(Code.Pop_r64, icedRegister(register, 8)));
    }
  }

  private adjustStack(shortCode: Code, longCode: Code): void {
    if (this.frameBytes === 0) return;
    const code = this.frameBytes < 128 ? shortCode : longCode;
    this.buffer.add(Instruction.createRegI32(code, Register.RSP, this.frameBytes));
  }

  private emitBranch(condition: Condition | undefined, target: MachineBlock): void {
    const symbol = this.continuation(target);
    if (symbol === undefined) this.buffer.branch(condition ?? 'always', labelOf(target));
    else if (condition === undefined) this.buffer.jumpTo(symbol);
    else this.buffer.branchTo(condition, symbol);
  }

  private emitInstruction(instruction: MachineInstruction): void {
    const { buffer } = this;
    buffer.location = instruction.location ?? buffer.location;
    this.usesStack ||= USES_STACK.has(instruction.op);
    const [target] = instruction.fields.targets ?? [];
    const { symbol } = instruction.fields;
    switch (instruction.op) {
      case 'jump':
      case 'branch':
        if (target !== undefined) this.emitBranch(instruction.fields.condition, target);
        return;
      case 'switch':
        return this.emitSwitch(instruction);
      case 'call':
        if (symbol !== undefined) this.buffer.call(symbol);
        return;
      case 'return':
        this.emitEpilogue();
        buffer.add(Instruction.create(Code.Retnq));
        return;
      case 'trap':
        return this.emitTrap(instruction.fields.message ?? 'trap');
      default:
        instruction.operands = instruction.operands.map((operand) => this.placed(operand));
        encodeInstruction(buffer, instruction);
    }
  }

  private emitTrap(message: string): void {
    const label = `trap${this.traps.length}`;
    this.buffer.label(label);
    this.buffer.add(Instruction.create(Code.Ud2));
    this.traps.push({ label, message });
  }

  /** `jmp [table + index * 8]`, and the table of block addresses. */
  private emitSwitch(instruction: MachineInstruction): void {
    const [index] = instruction.operands;
    const symbol = `${this.symbol}.switch${this.jumpTables.length}`;
    const table: Memory = {
      kind: 'mem',
      base: undefined,
      index: index as number,
      scale: 8,
      displacement: 0n,
      symbol,
      slot: undefined,
    };
    this.buffer.add(Instruction.createMem(Code.Jmp_rm64, icedMemory(table)), {
      symbol,
      addend: 0,
      field: 'displacement',
      kind: 'abs32',
    });
    const targets = instruction.fields.targets ?? [];
    const relocations = targets.map((target, position): Relocation => {
      const name = `${this.symbol}#${labelOf(target)}`;
      return { offset: 8 * position, kind: 'abs64', symbol: name, addend: 0, end: 0 };
    });
    const bytes = new Uint8Array(8 * targets.length);
    const labels = new Map<string, number>();
    this.jumpTables.push({ symbol, bytes, alignBytes: 8, relocations, lines: [], labels });
  }

  /** Gives slots of the frame their distance from the stack pointer. */
  private placed(operand: Operand): Operand {
    if (!isMemory(operand) || operand.slot === undefined) return operand;
    const { kind, index } = operand.slot;
    const start =
      kind === 'spill' ? this.outgoingBytes : this.frameBytes + 8 * this.saved.length + 8;
    return { ...operand, displacement: BigInt(start + 8 * index) };
  }
}

/** Blocks that a later block jumps back to. */
function loopHeads(func: MachineFunction): Set<MachineBlock> {
  const placed = new Set<MachineBlock>();
  const heads = new Set<MachineBlock>();
  for (const block of func.blocks) {
    placed.add(block);
    for (const { fields } of block.instructions) {
      for (const target of fields.targets ?? []) if (placed.has(target)) heads.add(target);
    }
  }
  return heads;
}

const labelOf = (block: MachineBlock): string => `block${block.id}`;

function savedRegisters(func: MachineFunction): number[] {
  const written = new Set<number>();
  for (const block of func.blocks) {
    for (const instruction of block.instructions) {
      instruction.forEachRegister((register, _reads, writes) => {
        if (writes) written.add(register);
      });
    }
  }
  return CALLEE_SAVED.filter((register) => written.has(register));
}
