/**
 * Moves values to the stack frame: each access becomes a memory operand where x86-64 has one, else a load or store
 * through a short-lived register. Constants are loaded again instead of being kept.
 */
import type { LiveInterval } from './live-interval.js';
import {
  isImmediate,
  isMemory,
  isRegister,
  MachineInstruction,
  memoryOperand,
  RSP,
  type Immediate,
  type MachineFunction,
  type MachineOp,
  type Memory,
  type Operand,
} from './machine.js';

/** Instructions whose second operand may be memory when the first is a register. */
const SOURCE_IN_MEMORY: ReadonlySet<MachineOp> = new Set<MachineOp>([
  'mov',
  'movzx8',
  'movzx16',
  'movzx32',
  'movsx8',
  'movsx16',
  'movsx32',
  'add',
  'or',
  'and',
  'sub',
  'xor',
  'cmp',
  'imul',
  'imul3',
  'cmov',
  'bsr',
  'bsf',
]);

/** Instructions whose first operand may be memory when the second is a register or constant. */
const TARGET_IN_MEMORY: ReadonlySet<MachineOp> = new Set<MachineOp>([
  'mov',
  'add',
  'or',
  'and',
  'sub',
  'xor',
  'neg',
  'not',
  'shl',
  'shr',
  'sar',
  'rol',
  'ror',
]);

/** Instructions that only read their first operand, which may be memory. */
const READ_IN_MEMORY: ReadonlySet<MachineOp> = new Set<MachineOp>([
  'cmp',
  'test',
  'mul',
  'imul1',
  'div',
  'idiv',
]);

interface Place {
  readonly slot: Memory;
  /** The constant that the register always holds, if so. */
  readonly constant: MachineInstruction | undefined;
}

/** Rewrites `func` without the spilled registers; returns the short-lived registers it made. */
export function rewriteSpilled(func: MachineFunction, spilled: readonly LiveInterval[]): number[] {
  return new SpillRewriter(func, spilled).run();
}

class SpillRewriter {
  private readonly places = new Map<number, Place>();
  private readonly made: number[] = [];

  constructor(
    private readonly func: MachineFunction,
    spilled: readonly LiveInterval[],
  ) {
    const constants = constantRegisters(func);
    const slots: LiveInterval[][] = [];
    for (const interval of spilled) {
      const constant = constants.get(interval.register);
      const slot = constant === undefined ? this.slotFor(interval, slots) : 0;
      this.places.set(interval.register, { slot: slotOperand(slot), constant });
    }
    func.spillSlots += slots.length;
  }

  /** Intervals that never live at the same time share a slot. */
  private slotFor(interval: LiveInterval, slots: LiveInterval[][]): number {
    let index = slots.findIndex((users) => !users.some((user) => user.overlaps(interval)));
    if (index < 0) index = slots.push([]) - 1;
    slots[index]?.push(interval);
    return this.func.spillSlots + index;
  }

  run(): number[] {
    for (const block of this.func.blocks) {
      block.instructions = block.instructions.flatMap((instruction) => this.rewrite(instruction));
    }
    return this.made;
  }

  private rewrite(instruction: MachineInstruction): MachineInstruction[] {
    const mentioned = new Map<number, number>();
    instruction.forEachRegister((register) => {
      if (this.places.has(register)) mentioned.set(register, (mentioned.get(register) ?? 0) + 1);
    });
    if (mentioned.size === 0) return [instruction];
    const [target] = instruction.operands;
    if (isRegister(target) && this.places.get(target)?.constant === instruction) return [];
    if (instruction.op === 'copies') return this.rewriteCopies(instruction);
    for (const [register, count] of mentioned) {
      const place = this.places.get(register);
      if (place === undefined || count > 1) continue;
      if (
        this.foldConstant(instruction, register, place) ||
        foldSlot(instruction, register, place)
      ) {
        mentioned.delete(register);
      }
    }
    return this.throughRegisters(instruction, [...mentioned.keys()]);
  }

  /** A constant that the instruction can carry itself. */
  private foldConstant(instruction: MachineInstruction, register: number, place: Place): boolean {
    const value = place.constant?.operands[1];
    if (!isImmediate(value) || instruction.operands[1] !== register) return false;
    if (instruction.op !== 'mov' || !isRegister(instruction.operands[0])) return false;
    instruction.operands[1] = value;
    return true;
  }

  /** Loads what the instruction reads, and stores what it writes, around it. */
  private throughRegisters(
    instruction: MachineInstruction,
    registers: readonly number[],
  ): MachineInstruction[] {
    const before: MachineInstruction[] = [];
    const after: MachineInstruction[] = [];
    for (const register of registers) {
      const place = this.places.get(register);
      if (place === undefined) continue;
      const temporary = this.newRegister();
      let [reads, writes] = [false, false];
      instruction.forEachRegister((mentioned, isRead, isWritten) => {
        if (mentioned !== register) return;
        reads ||= isRead;
        writes ||= isWritten;
      });
      const { location } = instruction;
      if (reads) before.push(this.reload(temporary, place, location));
      if (writes) {
        after.push(new MachineInstruction('mov', 8, [place.slot, temporary], location));
      }
      instruction.mapRegisters((mentioned) => (mentioned === register ? temporary : mentioned));
    }
    return [...before, instruction, ...after];
  }

  private reload(
    temporary: number,
    place: Place,
    location: MachineInstruction['location'],
  ): MachineInstruction {
    const { constant } = place;
    const source = constant?.operands[1] ?? place.slot;
    return new MachineInstruction('mov', constant?.width ?? 8, [temporary, source], location);
  }

  private newRegister(): number {
    const register = this.func.registerCount++;
    this.made.push(register);
    return register;
  }

  /** In parallel copies a slot may stand on either side, but not on both of one pair. */
  private rewriteCopies(instruction: MachineInstruction): MachineInstruction[] {
    const before: MachineInstruction[] = [];
    const { operands, location } = instruction;
    const half = operands.length / 2;
    const targets = operands.slice(0, half).map((operand) => this.inPlace(operand));
    const sources = operands.slice(half).map((operand, index) => {
      const source = this.inPlace(operand);
      const target = targets[index];
      if (!isMemory(target)) return source;
      const isSame = isMemory(source) && source.slot?.index === target.slot?.index;
      const isSmall = isImmediate(source) && BigInt.asIntN(32, source.value) === source.value;
      if (isSame || isSmall || isRegister(source)) return source;
      const temporary = this.newRegister();
      before.push(new MachineInstruction('mov', 8, [temporary, source], location));
      return temporary;
    });
    const kept = targets.flatMap((target, index) => {
      const source = sources[index];
      const isSame =
        isMemory(target) && isMemory(source) && source.slot?.index === target.slot?.index;
      return isSame || source === undefined ? [] : [[target, source] as const];
    });
    instruction.operands = [...kept.map(([target]) => target), ...kept.map(([, source]) => source)];
    return kept.length === 0 ? before : [...before, instruction];
  }

  private inPlace(operand: Operand): Operand {
    if (!isRegister(operand)) return operand;
    const place = this.places.get(operand);
    return place === undefined
      ? operand
      : ((place.constant?.operands[1] as Immediate) ?? place.slot);
  }
}

const slotOperand = (index: number): Memory =>
  memoryOperand({ base: RSP, slot: { kind: 'spill', index } });

/** Registers with one definition, which is a constant. */
function constantRegisters(func: MachineFunction): Map<number, MachineInstruction> {
  const constants = new Map<number, MachineInstruction>();
  const writes = new Map<number, number>();
  for (const block of func.blocks) {
    for (const instruction of block.instructions) {
      instruction.forEachRegister((register, _reads, isWritten) => {
        if (isWritten) writes.set(register, (writes.get(register) ?? 0) + 1);
      });
      const [target, source] = instruction.operands;
      if (instruction.op === 'mov' && isRegister(target) && isImmediate(source)) {
        constants.set(target, instruction);
      }
    }
  }
  for (const register of constants.keys()) {
    if (writes.get(register) !== 1) constants.delete(register);
  }
  return constants;
}

/** Puts the slot in the register's place when x86-64 has that form and 64 bits of the slot stay right. */
function foldSlot(instruction: MachineInstruction, register: number, place: Place): boolean {
  if (place.constant !== undefined) return false;
  const { op, operands, width } = instruction;
  const [first, second] = operands;
  if (second === register && SOURCE_IN_MEMORY.has(op) && !isMemory(first)) {
    operands[1] = place.slot;
    return true;
  }
  if (first !== register || isMemory(second)) return false;
  if (READ_IN_MEMORY.has(op)) {
    operands[0] = place.slot;
    return true;
  }
  // A narrower write would leave old bits in the rest of the slot.
  if (!TARGET_IN_MEMORY.has(op) || width !== 8) return false;
  if (isImmediate(second) && BigInt.asIntN(32, second.value) !== second.value) return false;
  operands[0] = place.slot;
  return true;
}
