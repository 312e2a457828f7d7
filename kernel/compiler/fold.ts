/**
 * Local simplification: constants are computed, neutral elements vanish, constants move to the right and
 * chains of added constants become one. Everything here holds for two's-complement arithmetic of 32 or 64 bits.
 */
import {
  isCompare,
  type Attributes,
  type BinaryOp,
  type CompareOp,
  type IntegerType,
  type Op,
  type UnaryOp,
  type Value,
} from './ir.js';

/** Makes values; given to the rules so that they can build replacements. */
export interface ValueMaker {
  constant(type: IntegerType, imm: bigint): Value;
  make(op: Op, type: IntegerType, args: Value[], attributes?: Attributes): Value;
}

export const bitsOf = (type: IntegerType): 32 | 64 => (type === 'i64' ? 64 : 32);

/** The signed representative of `imm`, the form in which constants are kept. */
export const normalise = (type: IntegerType, imm: bigint): bigint =>
  BigInt.asIntN(bitsOf(type), imm);

const unsigned = (type: IntegerType, imm: bigint): bigint => BigInt.asUintN(bitsOf(type), imm);

const COMMUTATIVE: ReadonlySet<Op> = new Set<Op>(['add', 'mul', 'and', 'or', 'xor']);

export const SWAPPED_COMPARE: Readonly<Record<CompareOp, CompareOp>> = {
  eq: 'eq',
  ne: 'ne',
  lt_s: 'gt_s',
  lt_u: 'gt_u',
  gt_s: 'lt_s',
  gt_u: 'lt_u',
  le_s: 'ge_s',
  le_u: 'ge_u',
  ge_s: 'le_s',
  ge_u: 'le_u',
};

export const INVERTED_COMPARE: Readonly<Record<CompareOp, CompareOp>> = {
  eq: 'ne',
  ne: 'eq',
  lt_s: 'ge_s',
  lt_u: 'ge_u',
  gt_s: 'le_s',
  gt_u: 'le_u',
  le_s: 'gt_s',
  le_u: 'gt_u',
  ge_s: 'lt_s',
  ge_u: 'lt_u',
};

export function foldUnary(
  op: UnaryOp | 'wrap',
  type: IntegerType,
  a: Value,
  maker: ValueMaker,
): Value | undefined {
  if (a.isConstant) return maker.constant(type, evaluateUnary(op, a.type as IntegerType, a.imm));
  const inner = a.args[0];
  if (op === 'wrap' && inner !== undefined) {
    if (a.op === 'extend_i32_u' || a.op === 'extend_i32_s') return inner;
  }
  return undefined;
}

function evaluateUnary(op: UnaryOp | 'wrap', type: IntegerType, a: bigint): bigint {
  const bits = bitsOf(type);
  const text = unsigned(type, a).toString(2);
  switch (op) {
    case 'clz':
      return a === 0n ? BigInt(bits) : BigInt(bits - text.length);
    case 'ctz':
      return a === 0n ? BigInt(bits) : BigInt(text.length - 1 - text.lastIndexOf('1'));
    case 'popcnt':
      return BigInt(text.replaceAll('0', '').length);
    case 'extend_i32_u':
      return BigInt.asUintN(32, a);
    case 'extend8_s':
      return BigInt.asIntN(8, a);
    case 'extend16_s':
      return BigInt.asIntN(16, a);
    case 'extend32_s':
    case 'extend_i32_s':
    case 'wrap':
      return BigInt.asIntN(32, a);
  }
}

export function foldBinary(
  op: BinaryOp,
  type: IntegerType,
  a: Value,
  b: Value,
  maker: ValueMaker,
): Value | undefined {
  if (a.isConstant && b.isConstant) {
    const result = evaluateBinary(op, type, a.imm, b.imm);
    if (result !== undefined) return maker.constant(type, result);
  }
  if (a.isConstant && COMMUTATIVE.has(op)) return maker.make(op, type, [b, a]);
  if (op === 'sub' && b.isConstant) {
    return maker.make('add', type, [a, maker.constant(type, -b.imm)]);
  }
  if (b.isConstant) return foldRightConstant(op, type, a, b.imm, maker);
  if (a === b) {
    if (op === 'sub' || op === 'xor') return maker.constant(type, 0n);
    if (op === 'and' || op === 'or') return a;
  }
  return undefined;
}

function foldRightConstant(
  op: BinaryOp,
  type: IntegerType,
  a: Value,
  b: bigint,
  maker: ValueMaker,
): Value | undefined {
  const isShift =
    op === 'shl' || op === 'shr_s' || op === 'shr_u' || op === 'rotl' || op === 'rotr';
  const count = isShift ? b & BigInt(bitsOf(type) - 1) : b;
  if (isShift && count === 0n) return a;
  if (b === 0n && (op === 'add' || op === 'or' || op === 'xor')) return a;
  if (b === 0n && (op === 'and' || op === 'mul')) return maker.constant(type, 0n);
  if (b === -1n && op === 'and') return a;
  if (b === 1n && op === 'mul') return a;
  const [x, y] = a.args;
  if (a.op === op && x !== undefined && y?.isConstant === true) {
    if (op === 'add') return maker.make('add', type, [x, maker.constant(type, y.imm + b)]);
    if (op === 'and') return maker.make('and', type, [x, maker.constant(type, y.imm & b)]);
    if (op === 'or') return maker.make('or', type, [x, maker.constant(type, y.imm | b)]);
  }
  // (x + c) << k = (x << k) + (c << k), so that the constant can become a displacement.
  if (op === 'shl' && a.op === 'add' && x !== undefined && y?.isConstant === true) {
    const shifted = maker.make('shl', type, [x, maker.constant(type, count)]);
    return maker.make('add', type, [shifted, maker.constant(type, y.imm << count)]);
  }
  return undefined;
}

function evaluateBinary(op: BinaryOp, type: IntegerType, a: bigint, b: bigint): bigint | undefined {
  const bits = BigInt(bitsOf(type));
  const count = b & (bits - 1n);
  const [ua, ub] = [unsigned(type, a), unsigned(type, b)];
  switch (op) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'mul_high_s':
      return (a * b) >> bits;
    case 'mul_high_u':
      return (ua * ub) >> bits;
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'shl':
      return a << count;
    case 'shr_s':
      return a >> count;
    case 'shr_u':
      return ua >> count;
    case 'rotl':
      return (ua << count) | (ua >> (bits - count));
    case 'rotr':
      return (ua >> count) | (ua << (bits - count));
    case 'div_u':
      return b === 0n ? undefined : ua / ub;
    case 'rem_u':
      return b === 0n ? undefined : ua % ub;
    case 'div_s':
      return b === 0n || b === -1n ? undefined : a / b;
    case 'rem_s':
      return b === 0n ? undefined : a % b;
  }
}

export function foldCompare(
  op: CompareOp,
  a: Value,
  b: Value,
  maker: ValueMaker,
): Value | undefined {
  const type = a.type as IntegerType;
  if (a.isConstant && b.isConstant) {
    return maker.constant('i32', evaluateCompare(op, type, a.imm, b.imm) ? 1n : 0n);
  }
  if (a.isConstant) return maker.make(SWAPPED_COMPARE[op], 'i32', [b, a]);
  if (b.isConstant && b.imm === 0n) {
    const [x, y] = a.args;
    // A truth value compared with zero is the comparison itself, or its inverse.
    if (isCompare(a.op) && x !== undefined && y !== undefined) {
      if (op === 'ne' || op === 'gt_u') return a;
      if (op === 'eq' || op === 'le_u') return maker.make(INVERTED_COMPARE[a.op], 'i32', [x, y]);
    }
    if (op === 'gt_u') return maker.make('ne', 'i32', [a, b]);
    if (op === 'le_u') return maker.make('eq', 'i32', [a, b]);
    if ((op === 'eq' || op === 'ne') && a.op === 'extend_i32_u' && x !== undefined) {
      return maker.make(op, 'i32', [x, maker.constant('i32', 0n)]);
    }
  }
  return undefined;
}

export function evaluateCompare(op: CompareOp, type: IntegerType, a: bigint, b: bigint): boolean {
  const [ua, ub] = [unsigned(type, a), unsigned(type, b)];
  switch (op) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'lt_s':
      return a < b;
    case 'lt_u':
      return ua < ub;
    case 'gt_s':
      return a > b;
    case 'gt_u':
      return ua > ub;
    case 'le_s':
      return a <= b;
    case 'le_u':
      return ua <= ub;
    case 'ge_s':
      return a >= b;
    case 'ge_u':
      return ua >= ub;
  }
}
