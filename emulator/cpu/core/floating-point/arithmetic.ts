/**
 * Addition, subtraction, multiplication, division and square root of binary32 and binary64 (T = u32, u64), as bits.
 * Source: SDM Vol. 1, "SSE and SSE2 … Invalid Operation Exception", tables of operands and results; IEEE 754, 5.4.1.
 */
import { multiplyHighUnsigned } from '../operations/multiply';
import { flag, ROUND_DOWN, rounding, ZE } from './environment';
import {
  exponent,
  infinity,
  invalid,
  isInfinite,
  isNan,
  isZero,
  magnitude,
  noteDenormal,
  operand,
  propagated,
  rounded,
  shiftRightSticky,
  signBit,
  significand,
} from './format';

const TOP: u64 = 1 << 63;

/** a + b */
export function add<T extends number>(first: u64, second: u64): u64 {
  const a = operand<T>(first);
  const b = operand<T>(second);
  if (isNan<T>(a) || isNan<T>(b)) return propagated<T>(a, b);
  const signA = a & signBit<T>();
  const signB = b & signBit<T>();
  if (isInfinite<T>(a) && isInfinite<T>(b) && signA != signB) return invalid<T>();
  noteDenormal<T>(a);
  noteDenormal<T>(b);
  if (isInfinite<T>(a)) return a;
  if (isInfinite<T>(b)) return b;
  if (isZero<T>(a) && isZero<T>(b)) return signA == signB ? a : zeroOfDifference<T>();
  if (isZero<T>(a)) return rounded<T>(signB, exponent<T>(b), significand<T>(b));
  if (isZero<T>(b)) return rounded<T>(signA, exponent<T>(a), significand<T>(a));
  const larger = magnitude<T>(a) >= magnitude<T>(b);
  return larger ? addOrdered<T>(a, b) : addOrdered<T>(b, a);
}

/** +0, or -0 when rounding down: an exact difference of equal numbers. */
export function zeroOfDifference<T extends number>(): u64 {
  return rounding == ROUND_DOWN ? signBit<T>() : 0;
}

/** a + b of finite numbers other than zero, |a| ≥ |b|. */
function addOrdered<T extends number>(a: u64, b: u64): u64 {
  const power = exponent<T>(a);
  const sign = a & signBit<T>();
  const large = significand<T>(a) >> 1;
  const small = shiftRightSticky(significand<T>(b) >> 1, power - exponent<T>(b));
  const sameSign = sign == (b & signBit<T>());
  const sum = sameSign ? large + small : large - small;
  if (sum == 0) return zeroOfDifference<T>();
  const shift = i32(clz(sum));
  return rounded<T>(sign, power + 1 - shift, sum << shift);
}

/** a - b */
export function subtract<T extends number>(a: u64, b: u64): u64 {
  // A NaN keeps its sign.
  return add<T>(a, isNan<T>(b) ? b : b ^ signBit<T>());
}

/** a × b */
export function multiply<T extends number>(first: u64, second: u64): u64 {
  const a = operand<T>(first);
  const b = operand<T>(second);
  if (isNan<T>(a) || isNan<T>(b)) return propagated<T>(a, b);
  const sign = (a ^ b) & signBit<T>();
  const zero = isZero<T>(a) || isZero<T>(b);
  const infinite = isInfinite<T>(a) || isInfinite<T>(b);
  if (zero && infinite) return invalid<T>();
  noteDenormal<T>(a);
  noteDenormal<T>(b);
  if (infinite) return sign | infinity<T>();
  if (zero) return sign;
  const product = highProduct(significand<T>(a), significand<T>(b));
  const shift = i32(clz(product));
  return rounded<T>(sign, exponent<T>(a) + exponent<T>(b) + 1 - shift, product << shift);
}

/** The upper 64 bits of a × b, with a sticky bit 0. */
function highProduct(a: u64, b: u64): u64 {
  return multiplyHighUnsigned(a, b) | u64(a * b != 0);
}

/** a ÷ b */
export function divide<T extends number>(first: u64, second: u64): u64 {
  const a = operand<T>(first);
  const b = operand<T>(second);
  if (isNan<T>(a) || isNan<T>(b)) return propagated<T>(a, b);
  const sign = (a ^ b) & signBit<T>();
  if ((isZero<T>(a) && isZero<T>(b)) || (isInfinite<T>(a) && isInfinite<T>(b))) return invalid<T>();
  if (isZero<T>(b)) {
    if (!isInfinite<T>(a)) flag(ZE);
    return sign | infinity<T>();
  }
  noteDenormal<T>(a);
  noteDenormal<T>(b);
  if (isInfinite<T>(a)) return sign | infinity<T>();
  if (isZero<T>(a) || isInfinite<T>(b)) return sign;
  const quotient = quotientOf(significand<T>(a), significand<T>(b));
  const shift = i32(clz(quotient));
  return rounded<T>(sign, exponent<T>(a) - exponent<T>(b) - shift, quotient << shift);
}

/** a × 2^63 ÷ b for numbers with bit 63 set, with a sticky bit 0. */
function quotientOf(a: u64, b: u64): u64 {
  let quotient: u64 = a >= b ? 1 : 0;
  let rest = a >= b ? a - b : a;
  for (let bit = 0; bit < 63; bit++) {
    const carries = (rest & TOP) != 0;
    rest <<= 1;
    quotient <<= 1;
    if (carries || rest >= b) {
      rest -= b;
      quotient |= 1;
    }
  }
  return quotient | u64(rest != 0);
}

/** √a */
export function squareRoot<T extends number>(value: u64): u64 {
  const a = operand<T>(value);
  if (isNan<T>(a)) return propagated<T>(a, a);
  if (isZero<T>(a)) return a;
  if ((a & signBit<T>()) != 0) return invalid<T>();
  noteDenormal<T>(a);
  if (isInfinite<T>(a)) return a;
  const power = exponent<T>(a);
  // 1.xxx or 2 × 1.xxx, so that the power is even: the root is 1.yyy × 2^(power / 2).
  return rounded<T>(0, power >> 1, rootOf(significand<T>(a), (power & 1) != 0));
}

/** √(value × 2^63), doubled first when `twice`, with bit 63 set and a sticky bit 0: bit by bit, the remainder beside it. */
function rootOf(value: u64, twice: bool): u64 {
  // Two bits before the point; a significand's lowest bit is zero.
  let radicand = twice ? value : value >> 1;
  let root: u64 = 0;
  let rest: u64 = 0;
  for (let bit = 0; bit < 60; bit++) {
    rest = (rest << 2) | (radicand >> 62);
    radicand <<= 2;
    const trial = (root << 2) | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  return (root << 4) | u64(rest != 0);
}
