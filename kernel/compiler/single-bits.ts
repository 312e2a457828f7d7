/**
 * One bit of a word in a register, by a number that is known at run time: `bt`, `bts`, `btr` and `btc` take the number
 * modulo the width, as the shift of a 1 does, whose mask then need not exist.
 * Source: Intel SDM Vol. 2A, BT, BTC, BTR, BTS.
 */
import type { Value } from './ir.js';

interface BitChange {
  readonly op: 'bts' | 'btr' | 'btc';
  readonly word: Value;
  readonly number: Value;
}

/** The number of the bit, if `mask` is a 1 shifted by it. */
export function bitOfMask(mask: Value): Value | undefined {
  const [one, count] = mask.args;
  const isBit = mask.op === 'shl' && one?.isConstant === true && one.imm === 1n;
  return isBit && count !== undefined ? numberOf(count, mask.type) : undefined;
}

/** A count without the mask that the instruction applies by itself; a constant one has better forms. */
function numberOf(count: Value, type: Value['type']): Value | undefined {
  if (count.isConstant) return undefined;
  const kept = type === 'i64' ? 63n : 31n;
  const [inner, mask] = count.args;
  const isMasked = count.op === 'and' && mask?.isConstant === true && (mask.imm & kept) === kept;
  return isMasked && inner?.isConstant === false ? inner : count;
}

/** The number of the bit, if `mask` is everything but it: `~(1 << n)`, which Binaryen writes as -2 rotated. */
function bitOutsideMask(mask: Value): Value | undefined {
  const [a, b] = mask.args;
  if (a === undefined || b === undefined) return undefined;
  if (mask.op === 'xor' && b.isConstant && b.imm === -1n) return bitOfMask(a);
  const isRotated = mask.op === 'rotl' && a.isConstant && a.imm === -2n;
  return isRotated ? numberOf(b, mask.type) : undefined;
}

/** The change of one bit that `value` is, if it is one. */
export function bitChange(value: Value): BitChange | undefined {
  const [a, b] = value.args;
  if (a === undefined || b === undefined) return undefined;
  for (const [word, mask] of [
    [a, b],
    [b, a],
  ] as const) {
    if (word.isConstant) continue;
    const changed = bitOfMask(mask);
    if (changed !== undefined && value.op === 'or') return { op: 'bts', word, number: changed };
    if (changed !== undefined && value.op === 'xor') return { op: 'btc', word, number: changed };
    const cleared = value.op === 'and' ? bitOutsideMask(mask) : undefined;
    if (cleared !== undefined) return { op: 'btr', word, number: cleared };
  }
  return undefined;
}
