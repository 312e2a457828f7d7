/**
 * Comparisons: the flags that decide a branch, a conditional move or a truth value.
 */
import { isCompare, type CompareOp, type Value } from './ir.js';
import { immediate, isMemory, type Condition, type Operand } from './machine.js';
import { bitOfMask } from './single-bits.js';
import { widthOf, type SelectionContext } from './selection-context.js';

const CONDITION_OF: Readonly<Record<CompareOp, Condition>> = {
  eq: 'e',
  ne: 'ne',
  lt_s: 'l',
  lt_u: 'b',
  gt_s: 'g',
  gt_u: 'a',
  le_s: 'le',
  le_u: 'be',
  ge_s: 'ge',
  ge_u: 'ae',
};

/** Emits what sets the flags for "`value` is not zero"; returns the condition that then holds. */
export function selectCondition(context: SelectionContext, value: Value): Condition {
  if (isCompare(value.op) && context.canFold(value)) return selectCompare(context, value);
  return selectNonZero(context, value);
}

/** Emits the comparison that `value` stands for. */
export function selectCompare(context: SelectionContext, value: Value): Condition {
  const [a, b] = value.args;
  if (a === undefined || b === undefined) throw new Error('comparison without operands');
  const op = value.op as CompareOp;
  if (b.isConstant && b.imm === 0n) {
    if (op === 'ne') return selectNonZero(context, a);
    if (op === 'eq') return selectNonZero(context, a) === 'b' ? 'ae' : 'e';
    if (op === 'lt_s' || op === 'ge_s') {
      const memory = context.foldedLoad(a);
      if (memory === undefined) {
        const register = context.register(a);
        context.emit('test', widthOf(a.type), [register, register]);
      } else context.emit('cmp', widthOf(a.type), [memory, immediate(0n)]);
      return op === 'lt_s' ? 's' : 'ns';
    }
  }
  const narrow = narrowComparison(context, op, a, b);
  if (narrow !== undefined) return narrow;
  let left: Operand | undefined = context.foldedLoad(a);
  const right = left === undefined ? context.operand(b) : context.registerOrImmediate(b);
  left ??= context.register(a);
  context.emit('cmp', widthOf(a.type), [left, right]);
  return CONDITION_OF[op];
}

/** A byte in memory against a constant, or two against a small one: no need to widen them first. */
function narrowComparison(
  context: SelectionContext,
  op: CompareOp,
  a: Value,
  b: Value,
): Condition | undefined {
  if (!b.isConstant || b.imm < 0n || op.endsWith('_s')) return undefined;
  for (const width of [1, 2] as const) {
    const imm = BigInt.asIntN(8 * width, b.imm);
    // An immediate of two bytes behind the operand size prefix would cost the decoder more than it saves.
    const isShort = b.imm < 1n << BigInt(8 * width) && BigInt.asIntN(8, imm) === imm;
    const memory = isShort ? context.narrowLoad(a, width, false) : undefined;
    if (memory === undefined) continue;
    context.emit('cmp', width, [memory, immediate(imm)]);
    return CONDITION_OF[op];
  }
  return undefined;
}

/** Flags of "`value` is not zero": `ne`, or `b` after a bit test. */
function selectNonZero(context: SelectionContext, value: Value): Condition {
  const width = widthOf(value.type);
  if (value.op === 'and' && context.canFold(value)) return selectMaskTest(context, value);
  const memory = context.foldedLoad(value);
  const byte = memory ?? context.narrowLoad(value, 1, undefined);
  if (byte !== undefined) {
    context.emit('cmp', memory === undefined ? 1 : width, [byte, immediate(0n)]);
    return 'ne';
  }
  const register = context.register(value);
  context.emit('test', width, [register, register]);
  return 'ne';
}

function selectMaskTest(context: SelectionContext, value: Value): Condition {
  const [x, mask] = value.args;
  if (x === undefined || mask === undefined) throw new Error('and without operands');
  const bit = selectedBit(context, x, mask) ?? selectedBit(context, mask, x);
  if (bit !== undefined) {
    context.emit('bt', widthOf(value.type), [context.register(bit.word), bit.number]);
    return 'b';
  }
  if (!mask.isConstant) {
    const memory = context.foldedLoad(x);
    const right = context.register(mask);
    context.emit('test', widthOf(value.type), [memory ?? context.register(x), right]);
    return 'ne';
  }
  return selectConstantTest(context, x, mask.imm);
}

function selectConstantTest(context: SelectionContext, x: Value, mask: bigint): Condition {
  const byte = mask >= 0n && mask <= 0xffn;
  const narrow = byte ? context.narrowLoad(x, 1, undefined) : undefined;
  const memory = narrow ?? context.foldedLoad(x);
  const width = byte ? 1 : mask >= 0n && mask <= 0x7fffffffn ? 4 : widthOf(x.type);
  const operand = memory ?? context.register(x);
  const imm = immediate(byte ? BigInt.asIntN(8, mask) : mask);
  if (width < 8 || BigInt.asIntN(32, mask) === mask) {
    context.emit('test', width, [operand, imm]);
    return 'ne';
  }
  const register = context.newRegister();
  context.emit('mov', 8, [register, imm]);
  context.emit('test', 8, [isMemory(operand) ? operand : operand, register]);
  return 'ne';
}

/** Recognises `(x >> n) & 1`, `x & (1 << n)` and `x & 2^n` for a bit that no 32-bit mask reaches. */
function selectedBit(
  context: SelectionContext,
  x: Value,
  mask: Value,
): { word: Value; number: Operand } | undefined {
  const [word, count] = x.args;
  if (mask.isConstant) {
    if (mask.imm === 1n && x.op === 'shr_u' && context.canFold(x) && word && count) {
      return { word, number: bitNumber(context, count) };
    }
    const unsigned = BigInt.asUintN(64, mask.imm);
    const isSingle = (unsigned & (unsigned - 1n)) === 0n;
    if (!isSingle || x.type !== 'i64' || unsigned < 1n << 31n) return undefined;
    return { word: x, number: immediate(BigInt(unsigned.toString(2).length - 1)) };
  }
  const number = bitOfMask(mask);
  return number === undefined ? undefined : { word: x, number: context.register(number) };
}

function bitNumber(context: SelectionContext, count: Value): Operand {
  return count.isConstant ? immediate(count.imm) : context.register(count);
}
