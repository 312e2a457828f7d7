/**
 * Arithmetic: one value of the intermediate form → the instructions that compute it into a register.
 */
import type { Value } from './ir.js';
import {
  immediate,
  invert,
  isFitting32,
  RAX,
  RCX,
  RDX,
  type MachineOp,
  type Operand,
  type WidthBytes,
} from './machine.js';
import { bitChange } from './single-bits.js';
import { selectCompare, selectCondition } from './select-compare.js';
import { widthOf, type SelectionContext } from './selection-context.js';

const TWO_ADDRESS: Partial<Record<Value['op'], MachineOp>> = {
  add: 'add',
  sub: 'sub',
  and: 'and',
  or: 'or',
  xor: 'xor',
  mul: 'imul',
};

const SHIFTS: Partial<Record<Value['op'], MachineOp>> = {
  shl: 'shl',
  shr_s: 'sar',
  shr_u: 'shr',
  rotl: 'rol',
  rotr: 'ror',
};

/** Emits the computation of a pure value into `result`. */
export function selectPure(context: SelectionContext, value: Value, result: number): void {
  const [a, b, c] = value.args;
  if (a === undefined) throw new Error(`${value.op} without operands`);
  if (b === undefined) return selectUnary(context, value, a, result);
  if (value.op === 'select' && c !== undefined) {
    return selectConditionalMove(context, a, b, c, result);
  }
  const width = widthOf(value.type);
  const shift = SHIFTS[value.op];
  if (shift !== undefined) return selectShift(context, shift, width, a, b, result);
  switch (value.op) {
    case 'add':
    case 'sub':
    case 'and':
    case 'or':
    case 'xor':
    case 'mul':
      return selectTwoAddress(context, value, a, b, result);
    case 'div_s':
    case 'div_u':
    case 'rem_s':
    case 'rem_u':
      return selectDivision(context, value, a, b, result);
    case 'mul_high_s':
    case 'mul_high_u':
      return selectHighProduct(context, value, a, b, result);
    default:
      return selectTruth(context, value, result);
  }
}

/** A comparison as 0 or 1. The register is cleared first, since clearing changes the flags. */
function selectTruth(context: SelectionContext, value: Value, result: number): void {
  context.emit('zero', 4, [result]);
  const condition = selectCompare(context, value);
  context.emit('setcc', 1, [result], { condition });
}

function selectConditionalMove(
  context: SelectionContext,
  condition: Value,
  then: Value,
  otherwise: Value,
  result: number,
): void {
  const width = widthOf(then.type);
  // The constant, if there is one, is what the register holds before the conditional move.
  const isSwapped = then.isConstant && !otherwise.isConstant;
  const [moved, kept] = isSwapped ? [otherwise, then] : [then, otherwise];
  const movedRegister = context.register(moved);
  const keptOperand: Operand = kept.isConstant ? immediate(kept.imm) : context.register(kept);
  const holds = selectCondition(context, condition);
  context.emit('mov', movWidth(keptOperand, width), [result, keptOperand]);
  const fields = { condition: isSwapped ? invert(holds) : holds };
  context.emit('cmov', width, [result, movedRegister], fields);
}

/** A constant below 2^32 loads in its 32-bit form. */
function movWidth(operand: Operand, width: WidthBytes): WidthBytes {
  if (typeof operand !== 'object' || operand.kind !== 'imm') return width;
  return operand.value >= 0n && operand.value < 1n << 32n ? 4 : width;
}

function selectTwoAddress(
  context: SelectionContext,
  value: Value,
  a: Value,
  b: Value,
  result: number,
): void {
  const width = widthOf(value.type);
  if (value.op === 'add' && selectAddress(context, value, result)) return;
  const change = bitChange(value);
  if (change !== undefined) {
    const number = context.register(change.number);
    context.emit('mov', width, [result, context.register(change.word)]);
    context.emit(change.op, width, [result, number]);
    return;
  }
  if (b.isConstant && selectWithConstant(context, value, a, b.imm, result)) return;
  if (value.op === 'sub' && a.isConstant && a.imm === 0n) {
    context.emit('mov', width, [result, context.register(b)]);
    context.emit('neg', width, [result]);
    return;
  }
  const op = TWO_ADDRESS[value.op];
  if (op === undefined) throw new Error(`no instruction for ${value.op}`);
  const isSwapped = value.op !== 'sub' && prefersRight(context, value, a, b);
  const [left, right] = isSwapped ? [b, a] : [a, b];
  const source = context.operand(right);
  const start = left.isConstant ? immediate(left.imm) : context.register(left);
  context.emit('mov', movWidth(start, width), [result, start]);
  context.emit(op, width, [result, source]);
}

/** Whether the result should overwrite the right operand: it dies here, or is the loop's running value. */
function prefersRight(context: SelectionContext, value: Value, a: Value, b: Value): boolean {
  if (b.isConstant) return false;
  if (context.isFoldableLoad(a) && !context.isFoldableLoad(b)) return true;
  const runs = (operand: Value): boolean => operand.op === 'phi' && operand.args.includes(value);
  if (runs(a) || context.isFoldableLoad(b)) return false;
  return runs(b) || (b.uses === 1 && a.uses > 1);
}

/** Sums with a scaled part, or of three parts, take one `lea`. */
function selectAddress(context: SelectionContext, value: Value, result: number): boolean {
  const [a, b] = value.args;
  if (a === undefined || b === undefined) return false;
  const isScaled = (part: Value): boolean =>
    part.op === 'shl' &&
    context.canFold(part) &&
    part.args[1]?.isConstant === true &&
    part.args[1].imm >= 1n &&
    part.args[1].imm <= 3n;
  const isSum = (part: Value): boolean =>
    part.op === 'add' && context.canFold(part) && part.args[1]?.isConstant !== true;
  const isThreePart = b.isConstant && isFitting32(b.imm) && (isSum(a) || isScaled(a));
  if (!isThreePart && (b.isConstant || !(isScaled(a) || isScaled(b)))) return false;
  context.emit('lea', widthOf(value.type), [result, context.sumAddress(a, b)]);
  return true;
}

/** Forms that a constant right operand allows. Returns whether one was found. */
function selectWithConstant(
  context: SelectionContext,
  value: Value,
  a: Value,
  b: bigint,
  result: number,
): boolean {
  const width = widthOf(value.type);
  switch (value.op) {
    case 'xor':
      if (b !== -1n) return false;
      context.emit('mov', width, [result, context.register(a)]);
      context.emit('not', width, [result]);
      return true;
    case 'and':
      return selectMask(context, a, b, width, result);
    case 'mul': {
      const scale = ({ 3: 2, 5: 4, 9: 8 } as const)[Number(b)];
      if (scale !== undefined) {
        const register = context.register(a);
        const sum = { kind: 'mem', base: register, index: register, scale } as const;
        const plain = { displacement: 0n, symbol: undefined, slot: undefined };
        context.emit('lea', width, [result, { ...sum, ...plain }]);
        return true;
      }
      if (b > 0n && (b & (b - 1n)) === 0n) {
        context.emit('mov', width, [result, context.register(a)]);
        context.emit('shl', width, [result, immediate(BigInt(b.toString(2).length - 1))]);
        return true;
      }
      if (!isFitting32(b)) return false;
      context.emit('imul3', width, [
        result,
        context.foldedLoad(a) ?? context.register(a),
        immediate(b),
      ]);
      return true;
    }
    default:
      return false;
  }
}

/** Masks that are a plain widening, and masks whose upper half is zero. */
function selectMask(
  context: SelectionContext,
  a: Value,
  mask: bigint,
  width: WidthBytes,
  result: number,
): boolean {
  if (mask === 0xffn || mask === 0xffffn) {
    context.emit(mask === 0xffn ? 'movzx8' : 'movzx16', 4, [result, context.register(a)]);
    return true;
  }
  if (mask === 0xffffffffn) {
    context.emit('movzx32', 4, [result, context.register(a)]);
    return true;
  }
  if (width === 8 && mask >= 0n && mask <= 0x7fffffffn) {
    context.emit('mov', 4, [result, context.register(a)]);
    context.emit('and', 4, [result, immediate(mask)]);
    return true;
  }
  return false;
}

function selectShift(
  context: SelectionContext,
  op: MachineOp,
  width: WidthBytes,
  a: Value,
  count: Value,
  result: number,
): void {
  const source = a.isConstant ? immediate(a.imm) : (context.foldedLoad(a) ?? context.register(a));
  if (count.isConstant) {
    context.emit('mov', movWidth(source, width), [result, source]);
    context.emit(op, width, [result, immediate(count.imm & BigInt(width * 8 - 1))]);
    return;
  }
  // The processor takes the count modulo the width, as WebAssembly does.
  const register = context.register(withoutMask(context, count, BigInt(width * 8 - 1)));
  context.emit('mov', movWidth(source, width), [result, source]);
  context.emit('mov', 4, [RCX, register]);
  context.emit(op, width, [result, RCX]);
}

function withoutMask(context: SelectionContext, count: Value, mask: bigint): Value {
  const [x, y] = count.args;
  const isMasked = count.op === 'and' && y?.isConstant === true && (y.imm & mask) === mask;
  return isMasked && x !== undefined && context.canFold(count) ? x : count;
}

function selectDivision(
  context: SelectionContext,
  value: Value,
  a: Value,
  b: Value,
  result: number,
): void {
  const width = widthOf(value.type);
  const isSigned = value.op === 'div_s' || value.op === 'rem_s';
  const divisor = context.foldedLoad(b) ?? context.register(b);
  const dividend = a.isConstant ? immediate(a.imm) : context.register(a);
  context.emit('mov', movWidth(dividend, width), [RAX, dividend]);
  if (isSigned) context.emit('signExtendRax', width, []);
  else context.emit('zero', 4, [RDX]);
  context.emit(isSigned ? 'idiv' : 'div', width, [divisor]);
  const isQuotient = value.op === 'div_s' || value.op === 'div_u';
  context.emit('mov', width, [result, isQuotient ? RAX : RDX]);
}

function selectHighProduct(
  context: SelectionContext,
  value: Value,
  a: Value,
  b: Value,
  result: number,
): void {
  const width = widthOf(value.type);
  const factor = context.foldedLoad(b) ?? context.register(b);
  const source = context.register(a);
  context.emit('mov', width, [RAX, source]);
  context.emit(value.op === 'mul_high_s' ? 'imul1' : 'mul', width, [factor]);
  context.emit('mov', width, [result, RDX]);
}

function selectUnary(context: SelectionContext, value: Value, a: Value, result: number): void {
  const width = widthOf(value.type);
  switch (value.op) {
    case 'clz':
      return selectBitScan(context, 'bsr', value, result);
    case 'ctz':
      return selectBitScan(context, 'bsf', value, result);
    case 'extend8_s':
      context.emit('movsx8', width, [result, context.register(a)]);
      return;
    case 'extend16_s':
      context.emit('movsx16', width, [result, context.register(a)]);
      return;
    case 'extend32_s':
    case 'extend_i32_s':
      context.emit('movsx32', 8, [result, context.foldedLoad(a) ?? context.register(a)]);
      return;
    case 'extend_i32_u':
      context.emit('movzx32', 4, [result, context.foldedLoad(a) ?? context.register(a)]);
      return;
    case 'wrap':
      context.emit('mov', 4, [result, context.register(a)]);
      return;
    default:
      throw new Error(`no instruction for ${value.op}`);
  }
}

/**
 * `bsr` and `bsf` leave their result undefined for zero, so that a conditional move supplies it where the operand may be.
 * clz: bsr gives 31 or 63 minus the answer, which is an exclusive or; for zero, (2w-1) xor (w-1) = w.
 */
function selectBitScan(
  context: SelectionContext,
  op: 'bsr' | 'bsf',
  value: Value,
  result: number,
): void {
  const [a] = value.args;
  if (a === undefined) throw new Error(`${value.op} without an operand`);
  const width = widthOf(value.type);
  const bits = BigInt(width * 8);
  const source = context.foldedLoad(a) ?? context.register(a);
  if (context.isNonZeroScan(value)) {
    context.emit(op, width, [result, source]);
  } else {
    const whenZero = context.newRegister();
    context.emit('mov', 4, [whenZero, immediate(op === 'bsr' ? 2n * bits - 1n : bits)]);
    context.emit(op, width, [result, source]);
    context.emit('cmov', width, [result, whenZero], { condition: 'e' });
  }
  if (op === 'bsr') context.emit('xor', 4, [result, immediate(bits - 1n)]);
}
