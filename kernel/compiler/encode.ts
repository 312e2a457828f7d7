/**
 * One machine instruction of an allocated function → its encoding.
 */
import { Code, Instruction, MemoryOperand, Register } from 'iced-x86';
import type { CodeBuffer, SymbolReference } from './code-buffer.js';
import {
  isImmediate,
  isMemory,
  isRegister,
  type Immediate,
  type MachineInstruction,
  type Memory,
  type Operand,
} from './machine.js';

const REGISTERS_8: readonly Register[] = [
  Register.AL,
  Register.CL,
  Register.DL,
  Register.BL,
  Register.SPL,
  Register.BPL,
  Register.SIL,
  Register.DIL,
];

/** The name of register `number` at a width; the tables of iced are in encoding order. */
export function icedRegister(number: number, widthBytes: number): Register {
  switch (widthBytes) {
    case 1:
      return REGISTERS_8[number] ?? Register.R8L + (number - 8);
    case 2:
      return Register.AX + number;
    case 4:
      return Register.EAX + number;
    default:
      return Register.RAX + number;
  }
}

/** Finds an opcode by the name that iced gives it, such as `Add_rm64_r64`. */
export function codeNamed(name: string): Code {
  const code = Code[name as keyof typeof Code];
  if (code === undefined) throw new Error(`no opcode ${name}`);
  return code;
}

/** `[base + index * scale + displacement]`; without registers, relative to RIP or absolute. */
export function icedMemory(memory: Memory): MemoryOperand {
  const { base, index, scale, displacement, symbol } = memory;
  const none = Register.None;
  if (base === undefined && index === undefined && symbol !== undefined) {
    return new MemoryOperand(Register.RIP, none, 1, 0n, 8, false, none);
  }
  const fitsByte = BigInt.asIntN(8, displacement) === displacement && symbol === undefined;
  const isAbsent = displacement === 0n && symbol === undefined;
  // Registers RBP and R13 as base have no form without displacement.
  const isBare = isAbsent && base !== undefined && (base & 7) !== 5;
  const displacementSize = isBare ? 0 : fitsByte && base !== undefined ? 1 : 8;
  return new MemoryOperand(
    base === undefined ? none : icedRegister(base, 8),
    index === undefined ? none : icedRegister(index, 8),
    scale,
    displacement,
    displacementSize,
    false,
    none,
  );
}

function referenceOf(operands: readonly Operand[]): SymbolReference | undefined {
  for (const operand of operands) {
    if (isMemory(operand) && operand.symbol !== undefined) {
      const isRelative = operand.base === undefined && operand.index === undefined;
      return {
        symbol: operand.symbol,
        addend: Number(operand.displacement),
        field: 'displacement',
        kind: isRelative ? 'rel32' : 'abs32',
      };
    }
    if (isImmediate(operand) && operand.symbol !== undefined) {
      const addend = Number(operand.value);
      return { symbol: operand.symbol, addend, field: 'immediate', kind: 'abs32' };
    }
  }
  return undefined;
}

type Shape = (instruction: MachineInstruction) => Instruction;

/** Builds an instruction from an opcode name and up to three operands of the given widths. */
function build(name: string, operands: readonly Operand[], widths: readonly number[]): Instruction {
  const code = codeNamed(name);
  const [a, b, c] = operands;
  const register = (operand: Operand | undefined, index: number): Register =>
    icedRegister(operand as number, widths[index] ?? 8);
  if (a === undefined) return Instruction.create(code);
  if (b === undefined) {
    if (isRegister(a)) return Instruction.createReg(code, register(a, 0));
    return isMemory(a)
      ? Instruction.createMem(code, icedMemory(a))
      : Instruction.createI32(code, Number(a.value));
  }
  if (isRegister(a) && isRegister(b) && isImmediate(c)) {
    return Instruction.createRegRegI32(code, register(a, 0), register(b, 1), Number(c.value));
  }
  if (isRegister(a) && isMemory(b) && isImmediate(c)) {
    return Instruction.createRegMemI32(code, register(a, 0), icedMemory(b), Number(c.value));
  }
  if (isRegister(a)) {
    if (isRegister(b)) return Instruction.createRegReg(code, register(a, 0), register(b, 1));
    if (isMemory(b)) return Instruction.createRegMem(code, register(a, 0), icedMemory(b));
    return Instruction.createRegI32(code, register(a, 0), Number(b.value));
  }
  if (isMemory(a) && isRegister(b)) {
    return Instruction.createMemReg(code, icedMemory(a), register(b, 1));
  }
  if (isMemory(a) && isImmediate(b)) {
    return Instruction.createMemI32(code, icedMemory(a), Number(b.value));
  }
  throw new Error(`operands of ${name}`);
}

/** `op r/m, r`, `op r, r/m`, `op r/m, imm8` or `op r/m, imm32`, whichever the operands need. */
function alu(name: string): Shape {
  return ({ operands, width }) => {
    const [target, source] = operands;
    const bits = width * 8;
    const widths = [width, width];
    if (isImmediate(source)) {
      const isByte = BigInt.asIntN(8, source.value) === source.value;
      const size = width === 1 || isByte ? 8 : Math.min(bits, 32);
      return build(`${name}_rm${bits}_imm${size}`, operands, widths);
    }
    const form = isMemory(source) ? `r${bits}_rm${bits}` : `rm${bits}_r${bits}`;
    if (target === undefined) throw new Error(`${name} without operands`);
    return build(`${name}_${form}`, operands, widths);
  };
}

function move({ operands, width }: MachineInstruction): Instruction {
  const [target, source] = operands;
  const bits = width * 8;
  if (isImmediate(source)) return moveImmediate(target, source, width);
  const form = isMemory(source) ? `r${bits}_rm${bits}` : `rm${bits}_r${bits}`;
  return build(`Mov_${form}`, operands, [width, width]);
}

/** The shortest form: 32 bits zero-extended, 32 bits sign-extended, or all 64. */
function moveImmediate(target: Operand | undefined, source: Immediate, width: number): Instruction {
  const { value } = source;
  const unsigned = BigInt.asUintN(width * 8, value);
  if (!isRegister(target)) {
    const size = width === 8 ? 32 : width * 8;
    const signed = BigInt.asIntN(size, value);
    const operands = [target as Memory, { ...source, value: signed }];
    return build(`Mov_rm${width * 8}_imm${size}`, operands, [width]);
  }
  if (unsigned < 1n << 32n) {
    return Instruction.createRegU32(Code.Mov_r32_imm32, icedRegister(target, 4), Number(unsigned));
  }
  if (BigInt.asIntN(32, value) === value) {
    return Instruction.createRegI32(Code.Mov_rm64_imm32, icedRegister(target, 8), Number(value));
  }
  return Instruction.createRegU64(Code.Mov_r64_imm64, icedRegister(target, 8), unsigned);
}

function extend(name: string, sourceBits: 8 | 16 | 32): Shape {
  return ({ operands, width }) => {
    const code = `${name}_r${width * 8}_rm${sourceBits}`;
    return build(code, operands, [width, sourceBits / 8]);
  };
}

function test({ operands, width }: MachineInstruction): Instruction {
  const bits = width * 8;
  const [, source] = operands;
  const form = isImmediate(source) ? `imm${Math.min(bits, 32)}` : `r${bits}`;
  return build(`Test_rm${bits}_${form}`, operands, [width, width]);
}

function shift(name: string): Shape {
  return ({ operands, width }) => {
    const [target, count] = operands;
    const bits = width * 8;
    if (isImmediate(count)) {
      const form = count.value === 1n ? `${name}_rm${bits}_1` : `${name}_rm${bits}_imm8`;
      return build(form, operands, [width]);
    }
    return build(`${name}_rm${bits}_CL`, [target as Operand, 1], [width, 1]);
  };
}

/** One r/m operand. */
function unary(name: string): Shape {
  return ({ operands, width }) => build(`${name}_rm${width * 8}`, operands, [width]);
}

/** `op r, r/m`. */
function intoRegister(name: string): Shape {
  return ({ operands, width }) => {
    const bits = width * 8;
    return build(`${name}_r${bits}_rm${bits}`, operands, [width, width]);
  };
}

/** Bit tests of a register: by register or by an 8-bit constant. */
function bitTest(name: string): Shape {
  return ({ operands, width }) => {
    const bits = width * 8;
    const form = isImmediate(operands[1]) ? 'imm8' : `r${bits}`;
    return build(`${name}_rm${bits}_${form}`, operands, [width, width]);
  };
}

const fixed =
  (name: string): Shape =>
  () =>
    Instruction.create(codeNamed(name));

const memoryOnly =
  (name: string): Shape =>
  ({ operands }) =>
    build(name, operands, []);

function exchange({ operands }: MachineInstruction): Instruction {
  const [a, b] = operands;
  const ordered = isMemory(b) ? [b, a as Operand] : operands;
  return build('Xchg_rm64_r64', ordered, [8, 8]);
}

function immediateProduct({ operands, width }: MachineInstruction): Instruction {
  const bits = width * 8;
  const factor = operands[2];
  const isByte = isImmediate(factor) && BigInt.asIntN(8, factor.value) === factor.value;
  return build(`Imul_r${bits}_rm${bits}_imm${isByte ? 8 : 32}`, operands, [width, width]);
}

function portInput({ operands, width }: MachineInstruction): Instruction {
  const [port] = operands;
  const accumulator = icedRegister(0, width);
  const name = ['AL', 'AX', '', 'EAX'][width - 1] ?? '';
  if (!isImmediate(port)) {
    return Instruction.createRegReg(codeNamed(`In_${name}_DX`), accumulator, Register.DX);
  }
  return Instruction.createRegU32(codeNamed(`In_${name}_imm8`), accumulator, Number(port.value));
}

function portOutput({ operands, width }: MachineInstruction): Instruction {
  const [port] = operands;
  const accumulator = icedRegister(0, width);
  const name = ['AL', 'AX', '', 'EAX'][width - 1] ?? '';
  if (!isImmediate(port)) {
    return Instruction.createRegReg(codeNamed(`Out_DX_${name}`), Register.DX, accumulator);
  }
  return Instruction.createU32Reg(codeNamed(`Out_imm8_${name}`), Number(port.value), accumulator);
}

function control(isRead: boolean): Shape {
  return ({ operands, fields }) => {
    const control = Register.CR0 + (fields.number ?? 0);
    const general = icedRegister(operands[0] as number, 8);
    return isRead
      ? Instruction.createRegReg(Code.Mov_r64_cr, general, control)
      : Instruction.createRegReg(Code.Mov_cr_r64, control, general);
  };
}

const STRING_UNITS: Readonly<Record<number, string>> = { 1: 'b', 2: 'w', 4: 'd', 8: 'q' };

function repeated(operation: 'Stos' | 'Movs'): Shape {
  return ({ width }) => {
    const unit = STRING_UNITS[width] ?? 'b';
    const makers: Readonly<Record<string, (addressSize: number) => Instruction>> = {
      Stosb: (size) => Instruction.createRepStosb(size),
      Stosq: (size) => Instruction.createRepStosq(size),
      Movsb: (size) => Instruction.createRepMovsb(size),
      Movsq: (size) => Instruction.createRepMovsq(size),
    };
    const maker = makers[`${operation}${unit}`];
    if (maker === undefined) throw new Error(`no rep ${operation}${unit}`);
    return maker(64);
  };
}

function lockedCompareExchange({ operands }: MachineInstruction): Instruction {
  const instruction = build('Cmpxchg_rm64_r64', operands, [8, 8]);
  instruction.hasLockPrefix = true;
  return instruction;
}

const SHAPES: Partial<Record<MachineInstruction['op'], Shape>> = {
  mov: move,
  movzx8: extend('Movzx', 8),
  movzx16: extend('Movzx', 16),
  movzx32: ({ operands }) =>
    build(isMemory(operands[1]) ? 'Mov_r32_rm32' : 'Mov_rm32_r32', operands, [4, 4]),
  movsx8: extend('Movsx', 8),
  movsx16: extend('Movsx', 16),
  movsx32: extend('Movsxd', 32),
  lea: ({ operands, width }) => build(`Lea_r${width * 8}_m`, operands, [width]),
  add: alu('Add'),
  or: alu('Or'),
  and: alu('And'),
  sub: alu('Sub'),
  xor: alu('Xor'),
  cmp: alu('Cmp'),
  test,
  imul: intoRegister('Imul'),
  imul3: immediateProduct,
  neg: unary('Neg'),
  not: unary('Not'),
  mul: unary('Mul'),
  imul1: unary('Imul'),
  div: unary('Div'),
  idiv: unary('Idiv'),
  shl: shift('Shl'),
  shr: shift('Shr'),
  sar: shift('Sar'),
  rol: shift('Rol'),
  ror: shift('Ror'),
  bt: bitTest('Bt'),
  bts: bitTest('Bts'),
  btr: bitTest('Btr'),
  btc: bitTest('Btc'),
  bsr: intoRegister('Bsr'),
  bsf: intoRegister('Bsf'),
  setcc: ({ operands, fields }) => build(`Set${fields.condition}_rm8`, operands, [1]),
  cmov: ({ operands, width, fields }) =>
    build(`Cmov${fields.condition}_r${width * 8}_rm${width * 8}`, operands, [width, width]),
  zero: ({ operands }) => {
    const register = operands[0] as number;
    return build('Xor_rm32_r32', [register, register], [4, 4]);
  },
  signExtendRax: ({ width }) => Instruction.create(width === 8 ? Code.Cqo : Code.Cdq),
  callMemory: memoryOnly('Call_rm64'),
  push: ({ operands }) => build('Push_r64', operands, [8]),
  pop: ({ operands }) => build('Pop_r64', operands, [8]),
  repStos: repeated('Stos'),
  repMovs: repeated('Movs'),
  std: fixed('Std'),
  cld: fixed('Cld'),
  in: portInput,
  out: portOutput,
  rdtsc: fixed('Rdtsc'),
  rdmsr: fixed('Rdmsr'),
  wrmsr: fixed('Wrmsr'),
  cpuid: fixed('Cpuid'),
  readControl: control(true),
  writeControl: control(false),
  invlpg: memoryOnly('Invlpg_m'),
  lgdt: memoryOnly('Lgdt_m1664'),
  lidt: memoryOnly('Lidt_m1664'),
  ltr: ({ operands }) => build('Ltr_rm16', operands, [2]),
  cli: fixed('Cli'),
  sti: fixed('Sti'),
  hlt: fixed('Hlt'),
  pause: fixed('Pause'),
  ud2: fixed('Ud2'),
  xchg: exchange,
  lockCmpxchg: lockedCompareExchange,
  pushfq: fixed('Pushfq'),
};

/** Appends an instruction that is neither a branch nor a call of a symbol. */
export function encodeInstruction(buffer: CodeBuffer, instruction: MachineInstruction): void {
  const shape = SHAPES[instruction.op];
  if (shape === undefined) throw new Error(`no encoding for ${instruction.op}`);
  buffer.location = instruction.location;
  buffer.add(shape(instruction), referenceOf(instruction.operands));
}
