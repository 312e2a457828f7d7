/**
 * Operands in the SDM's syntax notation, parsed: `r/m64`, `imm8`, `m16:32`, `Sreg`, `RAX`, `r32/m16`.
 * Source: SDM Vol. 2, "Interpreting the Instruction Reference Pages", "Instruction Column in the Opcode Summary Table".
 */
import { assert } from '../base/assert.js';
import type { Encoding } from './encoding.js';
import { Segment } from './uop.js';

export type OperandKind =
  | 'register' // a general-purpose register
  | 'register or memory'
  | 'memory'
  | 'memory offset' // moffs: an address without ModRM
  | 'implied register'
  | 'implied segment register'
  | 'segment register'
  | 'control register'
  | 'debug register'
  | 'immediate'
  | 'one' // the constant 1 of D0 and D1
  | 'relative'
  | 'far pointer'
  | 'vector' // x87, MMX, SSE registers
  | 'vector or memory';

/** Where the operand's number or value is encoded. */
export type OperandPlace =
  'ModRM.reg' | 'ModRM.rm' | 'opcode' | 'VEX.vvvv' | 'is4' | 'immediate' | 'implied';

export type Access = 'read' | 'write' | 'read and write' | 'none';

export interface Operand {
  /** The SDM's notation. */
  readonly text: string;
  readonly kind: OperandKind;
  readonly place: OperandPlace;
  /** Width as a register, or of an immediate; 0 where there is none. */
  readonly bits: number;
  /** Width in memory; 0 where it is not fixed or not accessed as a whole. */
  readonly memoryBits: number;
  /** Register or segment number of an implied operand. */
  readonly number: number;
  readonly access: Access;
}

type Shape = Pick<Operand, 'kind' | 'bits' | 'memoryBits' | 'number'>;

const IMPLIED: Readonly<Record<string, readonly [number, number]>> = {
  AL: [0, 8],
  AX: [0, 16],
  EAX: [0, 32],
  RAX: [0, 64],
  CL: [1, 8],
  DX: [2, 16],
};

const SHAPES: readonly (readonly [RegExp, (match: RegExpExecArray) => Shape])[] = [
  [/^r(8|16|32|64)[ab]?$/, (m) => shape('register', Number(m[1]))],
  [/^r\/m(8|16|32|64)$/, (m) => shape('register or memory', Number(m[1]), Number(m[1]))],
  [/^r(16|32|64)\/m(8|16|32)$/, (m) => shape('register or memory', Number(m[1]), Number(m[2]))],
  [/^m(8|16|32|64|128|256)$/, (m) => shape('memory', 0, Number(m[1]))],
  [/^m16:(16|32|64)$/, (m) => shape('memory', Number(m[1]), 16 + Number(m[1]))],
  [/^m(16&16|32&32|16&32|16&64|512byte|em|)$/, () => shape('memory', 0, 0)],
  [/^m(16|32|64|80)(?:fp|int|bcd)$/, (m) => shape('memory', 0, Number(m[1]))],
  [/^m(14\/28|94\/108)byte$/, () => shape('memory', 0, 0)],
  [/^m2byte$/, () => shape('memory', 0, 16)],
  [/^moffs(8|16|32|64)$/, (m) => shape('memory offset', 0, Number(m[1]))],
  [/^imm(8|16|32|64)$/, (m) => shape('immediate', Number(m[1]))],
  [/^rel(8|16|32)$/, (m) => shape('relative', Number(m[1]))],
  [/^ptr16:(16|32)$/, (m) => shape('far pointer', Number(m[1]))],
  [/^(AL|AX|EAX|RAX|CL|DX)$/, (m) => implied(m[1] ?? '')],
  [
    /^([ECSDFG]S)$/,
    (m) => ({
      ...shape('implied segment register', 16),
      number: Segment[m[1] as keyof typeof Segment],
    }),
  ],
  [/^Sreg$/, () => shape('segment register', 16)],
  [/^CR$/, () => shape('control register')],
  [/^DR$/, () => shape('debug register')],
  [/^1$/, () => ({ ...shape('one', 8), number: 1 })],
  [/^vm(32|64)[xy]$/, () => shape('memory', 0, 0)], // its index is a vector
  [/^(ST\(0\)|ST\(i\)|ST|<XMM0>|mm[12]?|[xy]mm[1234]?)$/, () => shape('vector')],
  [
    /^(mm[12]?|[xy]mm[123]?)\/m(8|16|32|64|128|256)$/,
    (m) => shape('vector or memory', 0, Number(m[2])),
  ],
];

function shape(kind: OperandKind, bits = 0, memoryBits = 0): Shape {
  return { kind, bits, memoryBits, number: -1 };
}

function implied(name: string): Shape {
  const [number, bits] = IMPLIED[name] ?? [0, 0];
  return { ...shape('implied register', bits), number };
}

const knownShapes = new Map<string, Shape>();

function shapeOf(text: string, line: string): Shape {
  const known = knownShapes.get(text);
  if (known !== undefined) return known;
  for (const [pattern, make] of SHAPES) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const made = make(match);
    knownShapes.set(text, made);
    return made;
  }
  assert(false, `unknown operand "${text}" in "${line}"`);
}

/** The operand's register or address is in ModRM.rm. */
function isInModrmRm(kind: OperandKind): boolean {
  return kind === 'register or memory' || kind === 'memory' || kind === 'vector or memory';
}

/** The operand can lie in memory, by ModRM or by an offset in the instruction. */
export function canBeInMemory(operand: Pick<Operand, 'kind'>): boolean {
  return isInModrmRm(operand.kind) || operand.kind === 'memory offset';
}

/** The operand's number is in ModRM.reg, wherever it stands in the syntax. */
function isInModrmReg(kind: OperandKind): boolean {
  return kind === 'segment register' || kind === 'control register' || kind === 'debug register';
}

/**
 * Parses the operand list of `line` (`'ADD r/m64, r64'`). Places follow the SDM's operand-encoding tables: the r/m or
 * memory operand is in ModRM.rm, the first plain register in ModRM.reg (or in the opcode), the next in VEX.vvvv; where
 * ModRM.reg holds a digit, a control or a segment register, the plain register is in ModRM.rm. With a VEX prefix and no
 * memory operand the last register is in ModRM.rm.
 */
export function parseOperands(
  line: string,
  texts: readonly string[],
  access: readonly Access[],
  encoding: Encoding,
): Operand[] {
  const shapes = texts.map((text) => shapeOf(text, line));
  const rmTaken = shapes.some((s) => isInModrmRm(s.kind));
  const regTaken = typeof encoding.modrm === 'number' || shapes.some((s) => isInModrmReg(s.kind));
  let registers = regTaken ? 1 : 0;
  const isRegister = ({ kind }: Shape): boolean => kind === 'register' || kind === 'vector';
  const last = shapes.reduce((found, s, index) => (isRegister(s) ? index : found), -1);
  return shapes.map((s, index) => {
    const text = texts[index] ?? '';
    let place = placeOf(s, text, encoding, rmTaken, () => registers++);
    if (place === 'VEX.vvvv' && !rmTaken && index === last) place = 'ModRM.rm';
    if (encoding.fields[0] === '/is4' && index === last) place = 'is4';
    return { ...s, text, place, access: access[index] ?? 'none' };
  });
}

function placeOf(
  s: Shape,
  text: string,
  encoding: Encoding,
  rmTaken: boolean,
  nextRegister: () => number,
): OperandPlace {
  switch (s.kind) {
    case 'register or memory':
    case 'memory':
    case 'vector or memory':
      return 'ModRM.rm';
    case 'segment register':
    case 'control register':
    case 'debug register':
      return 'ModRM.reg';
    case 'memory offset':
    case 'immediate':
    case 'relative':
    case 'far pointer':
      return 'immediate';
    case 'register':
    case 'vector': {
      if (text === 'ST' || text === 'ST(0)' || text === '<XMM0>') return 'implied';
      if (encoding.opcodeRegister) return 'opcode';
      const order = nextRegister();
      if (order === 0) return 'ModRM.reg';
      return encoding.vex || rmTaken ? 'VEX.vvvv' : 'ModRM.rm';
    }
    case 'implied register':
    case 'implied segment register':
    case 'one':
      return 'implied';
  }
}
