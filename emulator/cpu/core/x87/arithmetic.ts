/**
 * Sum, product, quotient and square root of numbers at addresses a and b, into RESULT: exact, then rounded once.
 * Source: SDM Vol. 2, FADD, FSUB, FMUL, FDIV, FSQRT, tables of results.
 */
import { multiplyHighUnsigned } from '../operations/multiply';
import {
  infinite,
  invalid,
  isInfinite,
  isZero,
  normalised,
  noteDenormal,
  power,
  propagated,
  propagatedOne,
  round,
  shiftRightSticky,
  signBit,
  TOP_BIT,
  zero,
} from './number';
import { flag, ROUND_DOWN, rounding, ZE } from './state';

/** a + b, or a - b when `subtracts` */
export function add(a: u32, b: u32, subtracts: bool): void {
  if (propagated(a, b)) return;
  const signA = signBit(a);
  const signB = signBit(b) ^ (subtracts ? 0x8000 : 0);
  if (isInfinite(a) && isInfinite(b) && signA != signB) {
    invalid();
    return;
  }
  noteDenormal(a);
  noteDenormal(b);
  if (isInfinite(a)) infinite(signA);
  else if (isInfinite(b)) infinite(signB);
  else if (isZero(a) && isZero(b)) zero(signA == signB ? signA : signOfDifference());
  else if (isZero(a)) round(signB, power(b), normalised(b), 0);
  else if (isZero(b)) round(signA, power(a), normalised(a), 0);
  else if (power(a) > power(b) || (power(a) == power(b) && normalised(a) >= normalised(b))) {
    addOrdered(a, signA, b, signA == signB);
  } else addOrdered(b, signB, a, signA == signB);
}

/** Of an exact zero: negative when rounding down. */
function signOfDifference(): u32 {
  return rounding == ROUND_DOWN ? 0x8000 : 0;
}

/** |large| ± |small|, finite and not zero. */
function addOrdered(large: u32, sign: u32, small: u32, sameSign: bool): void {
  const distance = power(large) - power(small);
  const value = normalised(small);
  let high = distance > 63 ? u64(0) : value >> distance;
  let low: u64 = 0;
  if (distance > 63) low = shiftRightSticky(value, distance - 64);
  else if (distance > 0) low = value << (64 - distance);
  let exponent = power(large);
  if (sameSign) {
    high += normalised(large);
    if (high < normalised(large)) {
      low = (low >> 1) | (low & 1) | (high << 63);
      high = (high >> 1) | TOP_BIT;
      exponent++;
    }
  } else {
    high = normalised(large) - high - u64(low != 0);
    low = u64(0) - low;
    if (high == 0) {
      if (low == 0) {
        zero(signOfDifference());
        return;
      }
      high = low;
      low = 0;
      exponent -= 64;
    }
    const shift = i32(clz(high));
    if (shift != 0) {
      high = (high << shift) | (low >> (64 - shift));
      low <<= shift;
      exponent -= shift;
    }
  }
  round(sign, exponent, high, low);
}

/** a × b */
export function multiply(a: u32, b: u32): void {
  if (propagated(a, b)) return;
  const sign = signBit(a) ^ signBit(b);
  const isInf = isInfinite(a) || isInfinite(b);
  const isNull = isZero(a) || isZero(b);
  if (isInf && isNull) {
    invalid();
    return;
  }
  noteDenormal(a);
  noteDenormal(b);
  if (isInf) infinite(sign);
  else if (isNull) zero(sign);
  else {
    const high = multiplyHighUnsigned(normalised(a), normalised(b));
    const low = normalised(a) * normalised(b);
    const exponent = power(a) + power(b);
    if ((high & TOP_BIT) != 0) round(sign, exponent + 1, high, low);
    else round(sign, exponent, (high << 1) | (low >> 63), low << 1);
  }
}

/** a ÷ b */
export function divide(a: u32, b: u32): void {
  if (propagated(a, b)) return;
  const sign = signBit(a) ^ signBit(b);
  if ((isZero(a) && isZero(b)) || (isInfinite(a) && isInfinite(b))) {
    invalid();
    return;
  }
  if (isZero(b)) {
    // A denormal dividend goes unnoticed.
    if (!isInfinite(a)) flag(ZE);
    infinite(sign);
    return;
  }
  noteDenormal(a);
  noteDenormal(b);
  if (isInfinite(a)) infinite(sign);
  else if (isZero(a) || isInfinite(b)) zero(sign);
  else divideFinite(sign, power(a) - power(b), normalised(a), normalised(b));
}

function divideFinite(sign: u32, exponent: i32, dividend: u64, divisor: u64): void {
  let rest = dividend;
  let carry = false;
  let quotient: u64 = 0;
  if (rest < divisor) {
    exponent--;
    carry = true; // its top bit
    rest <<= 1;
  }
  for (let bit = 0; bit < 64; bit++) {
    quotient <<= 1;
    if (carry || rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
    carry = (rest & TOP_BIT) != 0;
    rest <<= 1;
  }
  const half = carry || rest >= divisor;
  if (half) rest -= divisor;
  round(sign, exponent, quotient, (half ? TOP_BIT : 0) | u64(rest != 0));
}

/** √a */
export function squareRoot(a: u32): void {
  if (propagatedOne(a)) return;
  if (isZero(a)) {
    zero(signBit(a));
    return;
  }
  if (signBit(a) != 0) {
    invalid();
    return;
  }
  noteDenormal(a);
  if (isInfinite(a)) infinite(0);
  else squareRootOf(normalised(a), power(a));
}

/** Two bits of the radicand a step: the remainder has up to 67 bits. */
function squareRootOf(value: u64, exponent: i32): void {
  const odd = (exponent & 1) != 0;
  let high = odd ? value : value >> 1;
  let low = odd ? 0 : value << 63;
  let root: u64 = 0;
  let restHigh: u64 = 0;
  let restLow: u64 = 0;
  for (let bit = 0; bit < 64; bit++) {
    restHigh = (restHigh << 2) | (restLow >> 62);
    restLow = (restLow << 2) | (high >> 62);
    high = (high << 2) | (low >> 62);
    low <<= 2;
    const trialHigh = root >> 62;
    const trialLow = (root << 2) | 1;
    root <<= 1;
    if (restHigh > trialHigh || (restHigh == trialHigh && restLow >= trialLow)) {
      restHigh -= trialHigh + u64(restLow < trialLow);
      restLow -= trialLow;
      root |= 1;
    }
  }
  const aboveHalf = restHigh != 0 || restLow > root;
  round(0, exponent >> 1, root, (aboveHalf ? TOP_BIT : 0) | u64((restHigh | restLow) != 0));
}
