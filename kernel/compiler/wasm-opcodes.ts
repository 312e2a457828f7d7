/**
 * The WebAssembly instructions of the dialect, as data: opcode → operation of the intermediate form.
 * Source: WebAssembly Core Specification 2.0 "Instructions" (Binary Format).
 */
import type { BinaryOp, CompareOp, IntegerType, UnaryOp } from './ir.js';

export interface NumericOpcode {
  readonly kind: 'unary' | 'binary' | 'compare' | 'eqz' | 'wrap';
  readonly op: UnaryOp | BinaryOp | CompareOp | 'wrap';
  /** Type of the operands. */
  readonly operand: IntegerType;
  readonly result: IntegerType;
}

export interface MemoryOpcode {
  readonly kind: 'load' | 'store';
  readonly type: IntegerType;
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

const COMPARES: readonly CompareOp[] = [
  'eq',
  'ne',
  'lt_s',
  'lt_u',
  'gt_s',
  'gt_u',
  'le_s',
  'le_u',
  'ge_s',
  'ge_u',
];
const UNARIES: readonly UnaryOp[] = ['clz', 'ctz', 'popcnt'];
const BINARIES: readonly BinaryOp[] = [
  'add',
  'sub',
  'mul',
  'div_s',
  'div_u',
  'rem_s',
  'rem_u',
  'and',
  'or',
  'xor',
  'shl',
  'shr_s',
  'shr_u',
  'rotl',
  'rotr',
];

export const NUMERIC_OPCODES: ReadonlyMap<number, NumericOpcode> = numericOpcodes();

function numericOpcodes(): Map<number, NumericOpcode> {
  const table = new Map<number, NumericOpcode>();
  const family = (type: IntegerType, eqz: number, compare: number, unary: number): void => {
    table.set(eqz, { kind: 'eqz', op: 'eq', operand: type, result: 'i32' });
    COMPARES.forEach((op, index) =>
      table.set(compare + index, { kind: 'compare', op, operand: type, result: 'i32' }),
    );
    UNARIES.forEach((op, index) =>
      table.set(unary + index, { kind: 'unary', op, operand: type, result: type }),
    );
    BINARIES.forEach((op, index) =>
      table.set(unary + UNARIES.length + index, {
        kind: 'binary',
        op,
        operand: type,
        result: type,
      }),
    );
  };
  family('i32', 0x45, 0x46, 0x67);
  family('i64', 0x50, 0x51, 0x79);
  const unary = (opcode: number, op: UnaryOp, operand: IntegerType, result: IntegerType): void => {
    table.set(opcode, { kind: 'unary', op, operand, result });
  };
  table.set(0xa7, { kind: 'wrap', op: 'wrap', operand: 'i64', result: 'i32' });
  unary(0xac, 'extend_i32_s', 'i32', 'i64');
  unary(0xad, 'extend_i32_u', 'i32', 'i64');
  unary(0xc0, 'extend8_s', 'i32', 'i32');
  unary(0xc1, 'extend16_s', 'i32', 'i32');
  unary(0xc2, 'extend8_s', 'i64', 'i64');
  unary(0xc3, 'extend16_s', 'i64', 'i64');
  unary(0xc4, 'extend32_s', 'i64', 'i64');
  return table;
}

const memory = (
  kind: 'load' | 'store',
  type: IntegerType,
  bits: 8 | 16 | 32 | 64,
  signed = false,
): MemoryOpcode => ({ kind, type, bits, signed });

export const MEMORY_OPCODES: ReadonlyMap<number, MemoryOpcode> = new Map([
  [0x28, memory('load', 'i32', 32)],
  [0x29, memory('load', 'i64', 64)],
  [0x2c, memory('load', 'i32', 8, true)],
  [0x2d, memory('load', 'i32', 8)],
  [0x2e, memory('load', 'i32', 16, true)],
  [0x2f, memory('load', 'i32', 16)],
  [0x30, memory('load', 'i64', 8, true)],
  [0x31, memory('load', 'i64', 8)],
  [0x32, memory('load', 'i64', 16, true)],
  [0x33, memory('load', 'i64', 16)],
  [0x34, memory('load', 'i64', 32, true)],
  [0x35, memory('load', 'i64', 32)],
  [0x36, memory('store', 'i32', 32)],
  [0x37, memory('store', 'i64', 64)],
  [0x3a, memory('store', 'i32', 8)],
  [0x3b, memory('store', 'i32', 16)],
  [0x3c, memory('store', 'i64', 8)],
  [0x3d, memory('store', 'i64', 16)],
  [0x3e, memory('store', 'i64', 32)],
]);

/** Control, variable and bulk-memory opcodes, by the names of the specification. */
export const OPCODE = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
} as const;
