/**
 * FPREM, FPREM1, FSCALE, FXTRACT, FRNDINT: exact operations on exponent and significand.
 * Source: SDM Vol. 2, the instructions' pages. Where the exponents differ by 64 or more, how far FPREM and FPREM1 reduce is
 * the processor's choice: here it is what silicon did (tests/vectors).
 */
import { roundToIntegral } from './conversion';
import {
  BIAS,
  copy,
  infinite,
  invalid,
  isInfinite,
  isZero,
  normalised,
  noteDenormal,
  power,
  propagated,
  propagatedOne,
  RESULT,
  round,
  signBit,
  TOP_BIT,
  write,
  zero,
} from './number';
import { C0, C1, C2, C3, flag, fullPrecision, setCondition, ZE } from './state';

/** The low bits of the quotient, and whether the reduction is not complete. */
let quotient: u64 = 0;
let partial: bool = false;
/** No quotient: a NaN or an invalid operand. */
let noQuotient: bool = true;

/** RESULT ← remainder of a ÷ b; `nearest`: of the quotient rounded to the nearest integer (FPREM1). */
export function remainder(a: u32, b: u32, nearest: bool): void {
  quotient = 0;
  partial = false;
  noQuotient = true;
  fullPrecision();
  if (propagated(a, b)) return;
  if (isInfinite(a) || isZero(b)) {
    invalid();
    return;
  }
  noteDenormal(a);
  noteDenormal(b);
  noQuotient = false;
  if (isZero(a)) zero(signBit(a));
  else if (isInfinite(b)) round(signBit(a), power(a), normalised(a), 0);
  else reduce(a, b, nearest);
}

/** C2: the reduction is not complete; else C0, C3, C1: bits 2, 1, 0 of the quotient. Without a quotient C0 and C3 stay. */
export function setQuotientConditions(refused: bool): void {
  if (noQuotient || refused) {
    setCondition(C1 | C2, 0);
    return;
  }
  const bits =
    ((quotient & 4) != 0 ? C0 : 0) |
    ((quotient & 2) != 0 ? C3 : 0) |
    ((quotient & 1) != 0 ? C1 : 0);
  setCondition(C0 | C1 | C2 | C3, partial ? C2 : bits);
}

function reduce(a: u32, b: u32, nearest: bool): void {
  const sign = signBit(a);
  const divisor = normalised(b);
  const distance = power(a) - power(b);
  let steps = distance;
  if (distance >= 64) {
    partial = true;
    steps = partialSteps(distance);
  }
  if (distance < -1 || (distance < 0 && !nearest)) {
    round(sign, power(a), normalised(a), 0);
    return;
  }
  // rest × 2^(power(b) + distance - steps) is what remains, carry its bit 64.
  let rest = normalised(a);
  let carry = false;
  if (distance < 0) steps = -1;
  for (let step = 0; step <= steps; step++) {
    if (step > 0) {
      carry = (rest & TOP_BIT) != 0;
      rest <<= 1;
    }
    quotient <<= 1;
    if (carry || rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  let unit = power(b) + distance - steps;
  let negative = sign;
  if (distance < 0) {
    // a is between a half and one of b: compared as a and b / 2
    unit = power(a);
    if (rest > divisor) {
      subtractFromDivisor(sign, rest, divisor, power(a));
      return;
    }
  } else if (nearest && !partial) {
    const twice = rest << 1;
    const more = (rest & TOP_BIT) != 0 || twice > divisor;
    if (more || (twice == divisor && (quotient & 1) != 0)) {
      rest = divisor - rest;
      negative ^= 0x8000;
      quotient++;
    }
  }
  if (rest == 0) {
    zero(sign);
    return;
  }
  const shift = i32(clz(rest));
  round(negative, unit - shift, rest << shift, 0);
}

/** |a| - |b| of a with half b's exponent: -(2 × divisor - rest). */
function subtractFromDivisor(sign: u32, rest: u64, divisor: u64, exponent: i32): void {
  quotient = 1;
  // 2 × divisor - rest, less than 2^64 because rest > divisor
  const difference = divisor - rest + divisor;
  const shift = i32(clz(difference));
  round(sign ^ 0x8000, exponent - shift, difference << shift, 0);
}

/** How many bits of the quotient an incomplete reduction finds. */
function partialSteps(distance: i32): i32 {
  return (distance & 31) | 32;
}

/** RESULT ← a × 2^trunc(b) */
export function scale(a: u32, b: u32): void {
  fullPrecision();
  if (propagated(a, b)) return;
  const sign = signBit(a);
  if (isInfinite(b)) {
    const grows = signBit(b) == 0;
    if (grows ? isZero(a) : isInfinite(a)) {
      invalid();
      return;
    }
    noteDenormal(a);
    if (grows) infinite(sign);
    else zero(sign);
    return;
  }
  noteDenormal(a);
  noteDenormal(b);
  if (isZero(a)) zero(sign);
  else if (isInfinite(a)) infinite(sign);
  else round(sign, power(a) + truncated(b), normalised(a), 0);
}

/** The integer part, as far as it matters to an exponent. */
function truncated(b: u32): i32 {
  if (isZero(b)) return 0;
  const exponent = power(b);
  let size: i32 = 0;
  if (exponent >= 16) size = 0x10000;
  else if (exponent >= 0) size = i32(normalised(b) >> (63 - exponent));
  return signBit(b) != 0 ? -size : size;
}

/** RESULT ← exponent of a as a number; `fraction` ← its significand. */
export function extract(a: u32, fraction: u32): void {
  if (propagatedOne(a)) {
    copy(fraction, RESULT);
    return;
  }
  copy(fraction, a);
  if (isZero(a)) {
    flag(ZE);
    infinite(0x8000);
  } else if (isInfinite(a)) infinite(0);
  else {
    noteDenormal(a);
    write(fraction, signBit(a) | BIAS, normalised(a));
    const exponent = power(a);
    if (exponent == 0) {
      zero(0);
      return;
    }
    const size = u64(exponent < 0 ? -exponent : exponent);
    const shift = i32(clz(size));
    write(RESULT, (exponent < 0 ? 0x8000 : 0) | u32(BIAS + 63 - shift), size << shift);
  }
}

/** RESULT ← a rounded to an integral number by the rounding control. */
export function integralPart(a: u32): void {
  if (propagatedOne(a)) return;
  if (isZero(a) || isInfinite(a)) {
    copy(RESULT, a);
    return;
  }
  noteDenormal(a);
  roundToIntegral(a);
}
