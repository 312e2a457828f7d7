/**
 * F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS.
 * Source: SDM Vol. 2, the instructions' pages, tables of special operands; Vol. 1, "Approximation of Pi": arguments of the
 * trigonometric functions are reduced by π with 66 bits, as silicon does. Results are the function's value with some 120 bits,
 * rounded once by the rounding control: within 1 unit in the last place of silicon's (tests/vectors).
 *
 * What the SDM leaves undefined: FYL2XP1 outside its range (here the logarithm where there is one, else the operand), F2XM1
 * outside its range (the operand).
 */
import { X87 } from '../../../isa/x87';
import {
  copy,
  EXPONENT_MAX,
  exponentField,
  indefinite,
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
import { angleReduction, ANGLE, quadrant } from './angle';
import {
  arcTangent,
  binaryLogarithm,
  binaryLogarithmOf1And,
  cosine,
  exponentialLess1,
  sine,
} from './series';
import {
  begin,
  C2,
  flag,
  fullPrecision,
  IE,
  isEmpty,
  PE,
  pop,
  push,
  recordExceptions,
  resultRefused,
  setCondition,
  stackAddress,
  stackOverflow,
  stackUnderflow,
  writeStack,
  ZE,
} from './state';
import { halfPi, pi, quarterPi, threeQuartersPi } from './wide-constants';
import {
  absolute,
  addWide,
  copyWide,
  divideWides,
  fromNumber,
  fromSmall,
  highOf,
  isNegative,
  isWideZero,
  lowOf,
  multiplyWides,
  negate,
  powerOf,
} from './wide';

const A: u32 = u32(memory.data(24, 16));
const B: u32 = u32(memory.data(24, 16));
const VALUE: u32 = u32(memory.data(24, 16));
/** The second result of FPTAN and FSINCOS, which is pushed. */
const PUSHED: u32 = u32(memory.data(16, 16));

export function executeTranscendental(operation: i32): void {
  begin();
  fullPrecision();
  if (operation == X87.FYL2X || operation == X87.FYL2XP1 || operation == X87.FPATAN) {
    withTwo(operation);
  } else if (operation == X87.FPTAN || operation == X87.FSINCOS) withPush(operation);
  else withOne(operation);
}

function withOne(operation: i32): void {
  const a = stackAddress(0);
  const trigonometric = operation != X87.F2XM1;
  if (trigonometric) setCondition(C2, 0);
  if (isEmpty(0)) {
    stackUnderflow();
    indefinite();
    if (!recordExceptions(IE)) writeStack(0, RESULT);
    return;
  }
  if (trigonometric && isTooLarge(a)) {
    setCondition(C2, C2);
    return;
  }
  if (operation == X87.F2XM1) power2Less1(a);
  else if (!propagatedOne(a)) {
    if (isInfinite(a)) invalid();
    else if (operation == X87.FSIN) sineOf(a);
    else cosineOf(a);
  }
  if (!resultRefused()) writeStack(0, RESULT);
}

/** |ST(0)| of 2^63 and more is not reduced: C2, and the operand stays. */
function isTooLarge(a: u32): bool {
  const field = exponentField(a);
  return field != EXPONENT_MAX && field != 0 && hasIntegerBit(a) && power(a) >= 63;
}

function hasIntegerBit(a: u32): bool {
  return (load<u64>(a) & TOP_BIT) != 0;
}

function withPush(operation: i32): void {
  const a = stackAddress(0);
  setCondition(C2, 0);
  if (isEmpty(0) || !isEmpty(7)) {
    if (isEmpty(0)) stackUnderflow();
    else stackOverflow();
    indefinite();
    if (recordExceptions(IE)) return;
    copy(PUSHED, RESULT);
    writeStack(0, RESULT);
    push(PUSHED);
    return;
  }
  if (isTooLarge(a)) {
    setCondition(C2, C2);
    return;
  }
  if (propagatedOne(a)) copy(PUSHED, RESULT);
  else if (isInfinite(a)) {
    invalid();
    copy(PUSHED, RESULT);
  } else if (operation == X87.FSINCOS) {
    cosineOf(a);
    copy(PUSHED, RESULT);
    sineOf(a);
  } else {
    tangentOf(a);
    write(PUSHED, 0x3fff, TOP_BIT);
  }
  if (resultRefused()) return;
  writeStack(0, RESULT);
  push(PUSHED);
}

function withTwo(operation: i32): void {
  const a = stackAddress(0);
  const b = stackAddress(1);
  if (isEmpty(0) || isEmpty(1)) {
    stackUnderflow();
    indefinite();
  } else if (!propagated(a, b)) {
    if (operation == X87.FPATAN) arcTangentOf(b, a);
    else if (operation == X87.FYL2X) logarithm(b, a);
    else logarithmOf1And(b, a);
  }
  if (resultRefused()) return;
  writeStack(1, RESULT);
  pop();
}

/** RESULT ← VALUE, rounded; it is never exact. */
function rounded(): void {
  if (isWideZero(VALUE)) zero(isNegative(VALUE) ? 0x8000 : 0);
  else round(isNegative(VALUE) ? 0x8000 : 0, powerOf(VALUE), highOf(VALUE), lowOf(VALUE) | 1);
}

function power2Less1(a: u32): void {
  if (propagatedOne(a)) return;
  const sign = signBit(a);
  if (isInfinite(a)) {
    if (sign != 0) write(RESULT, 0xbfff, TOP_BIT);
    else infinite(0);
    return;
  }
  if (isZero(a)) {
    zero(sign);
    return;
  }
  noteDenormal(a);
  const one = power(a) == 0 && normalised(a) == TOP_BIT;
  if (power(a) >= 0 && !(one && sign != 0)) {
    // Outside the range the operand stays; 2¹ - 1 is 1.
    flag(PE);
    copy(RESULT, a);
  } else if (one) write(RESULT, 0xbffe, TOP_BIT);
  else {
    fromNumber(A, a);
    exponentialLess1(VALUE, A);
    rounded();
  }
}

/** RESULT ← y log2(x) */
function logarithm(y: u32, x: u32): void {
  const sign = signBit(y);
  if (isZero(x)) {
    if (isZero(y)) invalid();
    else {
      if (!isInfinite(y)) flag(ZE);
      infinite(sign ^ 0x8000);
    }
    return;
  }
  const one = power(x) == 0 && normalised(x) == TOP_BIT && !isInfinite(x);
  if (signBit(x) != 0 || (isInfinite(x) && isZero(y)) || (one && isInfinite(y))) {
    invalid();
    return;
  }
  noteDenormal(x);
  noteDenormal(y);
  const negative = (!isInfinite(x) && power(x) < 0 ? 0x8000 : 0) ^ sign;
  if (isInfinite(x) || isInfinite(y)) infinite(negative);
  else if (isZero(y) || one) zero(negative);
  else {
    fromNumber(A, x);
    fromNumber(B, y);
    binaryLogarithm(VALUE, A);
    multiplyWides(VALUE, VALUE, B);
    if (normalised(x) == TOP_BIT) {
      // Of a power of two: an integer times y, which may be exact; PE all the same.
      round(isNegative(VALUE) ? 0x8000 : 0, powerOf(VALUE), highOf(VALUE), lowOf(VALUE));
      flag(PE);
    } else rounded();
  }
}

/** RESULT ← y log2(x + 1) */
function logarithmOf1And(y: u32, x: u32): void {
  const sign = signBit(x) ^ signBit(y);
  const belowMinus1 = signBit(x) != 0 && power(x) >= 0 && !isZero(x);
  if ((isZero(x) && isInfinite(y)) || (isInfinite(x) && (isZero(y) || signBit(x) != 0))) {
    invalid();
    return;
  }
  noteDenormal(x);
  noteDenormal(y);
  if (isInfinite(x) || isInfinite(y)) infinite(sign);
  else if (isZero(x) || isZero(y)) zero(sign);
  else if (belowMinus1) {
    flag(PE);
    copy(RESULT, x);
  } else {
    fromNumber(A, x);
    fromNumber(B, y);
    if (power(x) < -2) binaryLogarithmOf1And(VALUE, A);
    else {
      fromSmall(VALUE, 1);
      addWide(A, A, VALUE);
      binaryLogarithm(VALUE, A);
    }
    multiplyWides(VALUE, VALUE, B);
    rounded();
  }
}

/** RESULT ← the angle of the point (x, y) */
function arcTangentOf(y: u32, x: u32): void {
  const sign = signBit(y);
  const left = signBit(x) != 0;
  noteDenormal(x);
  noteDenormal(y);
  if (isInfinite(y)) {
    if (!isInfinite(x)) halfPi(VALUE);
    else if (left) threeQuartersPi(VALUE);
    else quarterPi(VALUE);
  } else if (isInfinite(x) || isZero(y)) {
    if (!left) {
      zero(sign);
      return;
    }
    pi(VALUE);
  } else if (isZero(x)) halfPi(VALUE);
  else arcTangentFinite(y, x, left);
  if (sign != 0) negate(VALUE);
  rounded();
}

function arcTangentFinite(y: u32, x: u32, left: bool): void {
  fromNumber(A, y);
  fromNumber(B, x);
  absolute(A);
  absolute(B);
  const steep = power(y) > power(x) || (power(y) == power(x) && normalised(y) > normalised(x));
  if (steep) divideWides(A, B, A);
  else divideWides(A, A, B);
  arcTangent(VALUE, A);
  if (steep) {
    halfPi(A);
    negate(VALUE);
    addWide(VALUE, VALUE, A);
  }
  if (left) {
    pi(A);
    negate(VALUE);
    addWide(VALUE, VALUE, A);
  }
}

function sineOf(a: u32): void {
  if (isZero(a)) {
    zero(signBit(a));
    return;
  }
  noteDenormal(a);
  angleReduction(a);
  if ((quadrant & 1) == 0) sine(VALUE, ANGLE);
  else cosine(VALUE, ANGLE);
  if (((quadrant & 2) != 0) != (signBit(a) != 0)) negate(VALUE);
  rounded();
}

function cosineOf(a: u32): void {
  if (isZero(a)) {
    write(RESULT, 0x3fff, TOP_BIT);
    return;
  }
  noteDenormal(a);
  angleReduction(a);
  if ((quadrant & 1) == 0) cosine(VALUE, ANGLE);
  else sine(VALUE, ANGLE);
  if (((quadrant + 1) & 2) != 0) negate(VALUE);
  rounded();
}

function tangentOf(a: u32): void {
  if (isZero(a)) {
    zero(signBit(a));
    return;
  }
  noteDenormal(a);
  angleReduction(a);
  sine(A, ANGLE);
  cosine(B, ANGLE);
  if ((quadrant & 1) != 0) {
    divideWides(VALUE, B, A);
    negate(VALUE);
  } else if (powerOf(ANGLE) < -60)
    copyWide(VALUE, ANGLE); // and a little more, as `rounded` takes it
  else divideWides(VALUE, A, B);
  if (signBit(a) != 0) negate(VALUE);
  rounded();
}
