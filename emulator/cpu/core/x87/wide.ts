/**
 * Numbers with 128 bits, for the transcendental functions: sums, products and quotients whose error is a few units of the last
 * of them. A record of 24 bytes: u64 high, u64 low (the first one at bit 63 of high; zero: both 0), i32 power, u32 negative; the
 * value is high:low ÷ 2^127 × 2^power.
 */
import { multiplyHighUnsigned } from '../operations/multiply';
import { normalised, power, signBit, TOP_BIT } from './number';

const LOW: u32 = 8;
const POWER: u32 = 16;
const NEGATIVE: u32 = 20;
const WIDE_BYTES: u32 = 24;

export function setWide(to: u32, high: u64, low: u64, exponent: i32): void {
  store<u64>(to, high);
  store<u64>(to, low, LOW);
  store<i32>(to, exponent, POWER);
  store<u32>(to, 0, NEGATIVE);
}

export function copyWide(to: u32, from: u32): void {
  memory.copy(to, from, WIDE_BYTES);
}

export function highOf(a: u32): u64 {
  return load<u64>(a);
}

export function lowOf(a: u32): u64 {
  return load<u64>(a, LOW);
}

export function powerOf(a: u32): i32 {
  return load<i32>(a, POWER);
}

export function isNegative(a: u32): bool {
  return load<u32>(a, NEGATIVE) != 0;
}

export function isWideZero(a: u32): bool {
  return load<u64>(a) == 0;
}

export function negate(a: u32): void {
  store<u32>(a, u32(load<u32>(a, NEGATIVE) == 0), NEGATIVE);
}

export function absolute(a: u32): void {
  store<u32>(a, 0, NEGATIVE);
}

/** a × 2^by */
export function scaleWide(a: u32, by: i32): void {
  store<i32>(a, powerOf(a) + by, POWER);
}

/** high:low × 2^-63 × 2^exponent of high, put into normal form. */
export function normaliseWide(to: u32, high: u64, low: u64, exponent: i32): void {
  if (high == 0) {
    if (low == 0) {
      setWide(to, 0, 0, 0);
      return;
    }
    const shift = i32(clz(low));
    setWide(to, low << shift, 0, exponent - 64 - shift);
    return;
  }
  const shift = i32(clz(high));
  if (shift == 0) setWide(to, high, low, exponent);
  else setWide(to, (high << shift) | (low >> (64 - shift)), low << shift, exponent - shift);
}

/** From a finite number other than zero of the x87. */
export function fromNumber(to: u32, at: u32): void {
  setWide(to, normalised(at), 0, power(at));
  store<u32>(to, u32(signBit(at) != 0), NEGATIVE);
}

export function fromSmall(to: u32, value: i32): void {
  normaliseWide(to, u64(value < 0 ? -value : value), 0, 63);
  store<u32>(to, u32(value < 0), NEGATIVE);
}

/** to ← a + b */
export function addWide(to: u32, a: u32, b: u32): void {
  if (isWideZero(a)) {
    copyWide(to, b);
    return;
  }
  if (isWideZero(b)) {
    copyWide(to, a);
    return;
  }
  if (lessMagnitude(a, b)) addOrdered(to, b, a);
  else addOrdered(to, a, b);
}

function lessMagnitude(a: u32, b: u32): bool {
  if (powerOf(a) != powerOf(b)) return powerOf(a) < powerOf(b);
  if (highOf(a) != highOf(b)) return highOf(a) < highOf(b);
  return lowOf(a) < lowOf(b);
}

function addOrdered(to: u32, large: u32, small: u32): void {
  const distance = powerOf(large) - powerOf(small);
  const negative = load<u32>(large, NEGATIVE);
  const same = negative == load<u32>(small, NEGATIVE);
  let high: u64 = 0;
  let low: u64 = 0;
  if (distance == 0) {
    high = highOf(small);
    low = lowOf(small);
  } else if (distance < 64) {
    high = highOf(small) >> distance;
    low = (lowOf(small) >> distance) | (highOf(small) << (64 - distance));
  } else if (distance < 128) low = highOf(small) >> (distance - 64);
  if (same) {
    const sumLow = lowOf(large) + low;
    const carry = u64(sumLow < low);
    const sumHigh = highOf(large) + high + carry;
    if (sumHigh < high || (carry != 0 && sumHigh == high)) {
      setWide(to, (sumHigh >> 1) | TOP_BIT, (sumLow >> 1) | (sumHigh << 63), powerOf(large) + 1);
    } else setWide(to, sumHigh, sumLow, powerOf(large));
  } else {
    const borrow = u64(lowOf(large) < low);
    normaliseWide(to, highOf(large) - high - borrow, lowOf(large) - low, powerOf(large));
  }
  store<u32>(to, negative, NEGATIVE);
}

/** to ← a × b */
export function multiplyWides(to: u32, a: u32, b: u32): void {
  if (isWideZero(a) || isWideZero(b)) {
    setWide(to, 0, 0, 0);
    return;
  }
  const negative = load<u32>(a, NEGATIVE) ^ load<u32>(b, NEGATIVE);
  const exponent = powerOf(a) + powerOf(b) + 1;
  const first = multiplyHighUnsigned(highOf(a), lowOf(b));
  const second = multiplyHighUnsigned(lowOf(a), highOf(b));
  let low = highOf(a) * highOf(b) + first;
  let high = multiplyHighUnsigned(highOf(a), highOf(b)) + u64(low < first);
  low += second;
  high += u64(low < second);
  normaliseWide(to, high, low, exponent);
  store<u32>(to, negative, NEGATIVE);
}

/** to ← a ÷ b, bit by bit */
export function divideWides(to: u32, a: u32, b: u32): void {
  const negative = load<u32>(a, NEGATIVE) ^ load<u32>(b, NEGATIVE);
  const exponent = powerOf(a) - powerOf(b);
  let restHigh = highOf(a);
  let restLow = lowOf(a);
  const divisorHigh = highOf(b);
  const divisorLow = lowOf(b);
  let high: u64 = 0;
  let low: u64 = 0;
  let carry = false;
  for (let bit = 0; bit < 128; bit++) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    if (carry || restHigh > divisorHigh || (restHigh == divisorHigh && restLow >= divisorLow)) {
      restHigh -= divisorHigh + u64(restLow < divisorLow);
      restLow -= divisorLow;
      low |= 1;
    }
    carry = (restHigh & TOP_BIT) != 0;
    restHigh = (restHigh << 1) | (restLow >> 63);
    restLow <<= 1;
  }
  normaliseWide(to, high, low, exponent);
  store<u32>(to, negative, NEGATIVE);
}

/** to ← a ÷ divisor, a number below 2^31 */
export function divideBySmall(to: u32, a: u32, divisor: u32): void {
  const negative = load<u32>(a, NEGATIVE);
  const by = u64(divisor);
  let rest: u64 = 0;
  let high: u64 = 0;
  let low: u64 = 0;
  let next: u64 = 0;
  // Five digits of 32 bits: the fifth keeps what normalising shifts in.
  for (let digit = 0; digit < 5; digit++) {
    const half = digit < 2 ? highOf(a) : digit < 4 ? lowOf(a) : 0;
    rest = (rest << 32) | ((digit & 1) == 0 ? half >> 32 : half & 0xffffffff);
    const quotient = rest / by;
    rest %= by;
    if (digit < 2) high = (high << 32) | quotient;
    else if (digit < 4) low = (low << 32) | quotient;
    else next = quotient;
  }
  if (high != 0) {
    const shift = i32(clz(high));
    const tail = shift > 32 ? next << (shift - 32) : next >> (32 - shift);
    normaliseWide(to, high, low, powerOf(a));
    if (shift != 0) store<u64>(to, lowOf(to) | tail, LOW);
  } else normaliseWide(to, high, low, powerOf(a));
  store<u32>(to, negative, NEGATIVE);
}

/** One unit of the last bit less in magnitude. */
export function nudgeInward(a: u32): void {
  const low = lowOf(a);
  if (low != 0) {
    store<u64>(a, low - 1, LOW);
    return;
  }
  const high = highOf(a) - 1;
  const normal = (high & TOP_BIT) != 0;
  store<u64>(a, normal ? high : ~u64(0));
  store<u64>(a, ~u64(0), LOW);
  if (!normal) store<i32>(a, powerOf(a) - 1, POWER);
}
