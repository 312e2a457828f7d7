/**
 * Operands in the SDM's syntax notation, parsed: `r/m64`, `imm8`, `m16:32`, `Sreg`, `RAX`, `r32/m16`.
 * Source: SDM Vol. 2, "Interpreting the Instruction Reference Pages", "Instruction Column in the Opcode Summary Table".
 */
import { assert } from '../base/assert.js';
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
  | 'vector' // x87, MMX, SSE registers: known by name only
  | 'vector or memory';

/** Where the operand's number or value is encoded. */
export type OperandPlace =
  'ModRM.reg' | 'ModRM.rm' | 'opcode' | 'VEX.vvvv' | 'immediate' | 'implied';

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
  [/^m(8|16|32|64|128)$/, (m) => shape('memory', 0, Number(m[1]))],
  [/^m16:(16|32|64)$/, (m) => shape('memory', Number(m[1]), 16 + Number(m[1]))],
  [/^m(16&16|32&32|16&32|16&64|512byte|em|)$/, () => shape('memory', 0, 0)],
  [
    /^m(80fp|80bcd|14\/28byte|94\/108byte|32fp|64fp|16int|32int|64int)$/,
    () => shape('memory', 0, 0),
  ],
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
  [/^(ST\(0\)|ST\(i\)|ST|<XMM0>|mm[12]?|xmm[123]?)$/, () => shape('vector')],
  [/^(mm[12]?|xmm[123]?)\/m(16|32|64|128)$/, (m) => shape('vector or memory', 0, Number(m[2]))],
];

function shape(kind: OperandKind, bits = 0, memoryBits = 0): Shape {
  return { kind, bits, memoryBits, number: -1 };
}

function implied(name: string): Shape {
  const [number, bits] = IMPLIED[name] ?? [0, 0];
  return { ...shape('implied register', bits), number };
}

function shapeOf(text: string, line: string): Shape {
  for (const [pattern, make] of SHAPES) {
    const match = pattern.exec(text);
    if (match !== null) return make(match);
  }
  assert(false, `unknown operand "${text}" in "${line}"`);
}

/** What of the encoding decides where operands are found. */
export interface PlacementHints {
  readonly hasDigit: boolean;
  readonly hasModrm: boolean;
  readonly opcodeRegister: boolean;
  readonly vex: boolean;
}

/**
 * Parses the operand list of `line` (`'ADD r/m64, r64'`). Places follow the SDM's operand-encoding tables: the r/m or
 * memory operand is in ModRM.rm, the first plain register in ModRM.reg (or in the opcode), the next in VEX.vvvv; where
 * ModRM.reg holds a digit, a control or a segment register, the plain register is in ModRM.rm.
 */
export function parseOperands(
  line: string,
  texts: readonly string[],
  access: readonly Access[],
  hints: PlacementHints,
): Operand[] {
  const shapes = texts.map((text) => shapeOf(text, line));
  const rmTaken = shapes.some((s) => /memory$/.test(s.kind));
  const regTaken =
    hints.hasDigit || shapes.some((s) => /^(segment|control|debug) register$/.test(s.kind));
  let registers = regTaken ? 1 : 0;
  return shapes.map((s, index) => {
    const text = texts[index] ?? '';
    const place = placeOf(s, text, hints, rmTaken, () => registers++);
    return { ...s, text, place, access: access[index] ?? 'none' };
  });
}

function placeOf(
  s: Shape,
  text: string,
  hints: PlacementHints,
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
      if (/^(ST|ST\(0\)|<XMM0>)$/.test(text)) return 'implied';
      if (hints.opcodeRegister) return 'opcode';
      const order = nextRegister();
      if (order === 0) return 'ModRM.reg';
      return hints.vex || rmTaken ? 'VEX.vvvv' : 'ModRM.rm';
    }
    case 'implied register':
    case 'implied segment register':
    case 'one':
      return 'implied';
  }
}
