/**
 * Writes the few pieces of machine code that no compiler produces: boot and interrupt entry.
 * An instruction is named by its form in the encoder's table (`Mov_r32_imm32` = MOV r32, imm32).
 */
import { Instruction, MemoryOperand, Register } from 'iced-x86';
import { CodeBuffer, type Fragment, type SymbolReference } from './code-buffer.js';
import { codeNamed } from './encode.js';
import type { Condition } from './machine.js';

/** `[base + displacement]`, or `[symbol + displacement]`. */
export interface AssemblerMemory {
  readonly base?: RegisterName;
  readonly displacement?: number;
  readonly symbol?: string;
}

/** The address of a symbol, and some bytes on, as a 32-bit constant. */
export interface AddressOf {
  readonly addressOf: string;
  readonly plus?: number;
}

export type RegisterName = Lowercase<keyof typeof Register>;
export type AssemblerOperand = RegisterName | number | AssemblerMemory | AddressOf;

const named = (name: RegisterName): Register =>
  Register[name.toUpperCase() as keyof typeof Register];

const isAddress = (operand: AssemblerOperand | undefined): operand is AddressOf =>
  typeof operand === 'object' && 'addressOf' in operand;
const isMemory = (operand: AssemblerOperand | undefined): operand is AssemblerMemory =>
  typeof operand === 'object' && !('addressOf' in operand);

export class Assembler {
  private readonly buffer: CodeBuffer;

  constructor(private readonly bitness: 32 | 64) {
    this.buffer = new CodeBuffer(bitness);
  }

  label(name: string): this {
    this.buffer.label(name);
    return this;
  }

  align(alignBytes: number): this {
    this.buffer.align(alignBytes);
    return this;
  }

  branch(condition: Condition | 'always', label: string): this {
    this.buffer.branch(condition, label);
    return this;
  }

  call(symbol: string): this {
    this.buffer.call(symbol);
    return this;
  }

  jumpTo(symbol: string): this {
    this.buffer.jumpTo(symbol);
    return this;
  }

  /** JMP ptr16:32 in 32-bit code. */
  farJump(selector: number, symbol: string): this {
    const relocation = { offset: 1, kind: 'abs32', symbol, addend: 0, end: 7 } as const;
    this.buffer.addBytes([0xea, 0, 0, 0, 0, selector & 0xff, selector >> 8], [relocation]);
    return this;
  }

  emit(form: string, ...operands: AssemblerOperand[]): this {
    this.buffer.add(this.instruction(form, operands), referenceOf(operands));
    return this;
  }

  finish(symbol: string, alignBytes = 16): Fragment {
    return this.buffer.finish(symbol, alignBytes);
  }

  private instruction(form: string, operands: readonly AssemblerOperand[]): Instruction {
    const code = codeNamed(form);
    const [a, b] = operands.map((operand) => (isAddress(operand) ? 0 : operand));
    if (a === undefined) return Instruction.create(code);
    if (b === undefined) {
      if (typeof a === 'string') return Instruction.createReg(code, named(a));
      return isMemory(a)
        ? Instruction.createMem(code, this.memory(a))
        : Instruction.createI32(code, a | 0);
    }
    if (typeof a === 'string') {
      if (typeof b === 'string') return Instruction.createRegReg(code, named(a), named(b));
      if (isMemory(b)) return Instruction.createRegMem(code, named(a), this.memory(b));
      return Instruction.createRegI32(code, named(a), b | 0);
    }
    if (isMemory(a) && typeof b === 'string') {
      return Instruction.createMemReg(code, this.memory(a), named(b));
    }
    if (isMemory(a) && typeof b === 'number') {
      return Instruction.createMemI32(code, this.memory(a), b | 0);
    }
    throw new Error(`operands of ${form}`);
  }

  private memory({ base, displacement = 0, symbol }: AssemblerMemory): MemoryOperand {
    const none = Register.None;
    const isWide = symbol !== undefined || base === undefined;
    const sizeBytes = isWide ? this.bitness / 8 : 1;
    const register = base === undefined ? none : named(base);
    return new MemoryOperand(register, none, 1, BigInt(displacement), sizeBytes, false, none);
  }
}

function referenceOf(operands: readonly AssemblerOperand[]): SymbolReference | undefined {
  for (const operand of operands) {
    if (isAddress(operand)) {
      const { addressOf: symbol, plus: addend = 0 } = operand;
      return { symbol, addend, field: 'immediate', kind: 'abs32' };
    }
    if (isMemory(operand) && operand.symbol !== undefined) {
      const { symbol, displacement = 0 } = operand;
      return { symbol, addend: displacement, field: 'displacement', kind: 'abs32' };
    }
  }
  return undefined;
}
