import type { SourcePosition } from './assembly-error.js';
import type { Expression } from './expression.js';
import type { NamedRegister } from './registers.js';

/** Code size: real mode and 16-bit segments, or 32-bit segments. */
export type Bits = 16 | 32;

export interface RegisterOperand {
  readonly kind: 'register';
  readonly register: NamedRegister;
}

/** A number, or a jump target. `sizeBits` is an explicit `byte`, `word` or `dword` before it. */
export interface ImmediateOperand {
  readonly kind: 'immediate';
  readonly expression: Expression;
  readonly sizeBits: number | null;
  readonly distance: 'short' | 'near' | null;
}

/** `[segment:base + index*scale + displacement]`, each part optional. */
export interface MemoryOperand {
  readonly kind: 'memory';
  readonly sizeBits: number | null;
  readonly isFarPointer: boolean;
  readonly segment: NamedRegister | null;
  readonly base: NamedRegister | null;
  readonly index: NamedRegister | null;
  readonly scale: number;
  readonly displacement: Expression | null;
}

/** `selector:offset`, the operand of a direct far jump or call. */
export interface FarOperand {
  readonly kind: 'far';
  readonly selector: Expression;
  readonly offset: Expression;
  readonly sizeBits: number | null;
}

export type Operand = RegisterOperand | ImmediateOperand | MemoryOperand | FarOperand;

export interface Instruction {
  readonly kind: 'instruction';
  readonly prefixes: readonly string[];
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
}

export type DataItem = Expression | { readonly kind: 'text'; readonly text: string };

export type Body =
  | Instruction
  | { readonly kind: 'data'; readonly unitBytes: number; readonly items: readonly DataItem[] }
  | { readonly kind: 'align'; readonly boundary: Expression; readonly fill: Expression | null }
  | { readonly kind: 'bits'; readonly bits: Bits }
  | { readonly kind: 'org'; readonly origin: Expression }
  | { readonly kind: 'equ'; readonly name: string; readonly value: Expression };

/** One source line after parsing. An empty or comment line has neither label nor body. */
export interface Statement {
  readonly position: SourcePosition;
  readonly text: string;
  readonly label: string | null;
  readonly times: Expression | null;
  readonly body: Body | null;
}
