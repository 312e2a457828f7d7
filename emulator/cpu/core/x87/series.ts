/** The elementary functions by their series, on numbers of 128 bits (wide.ts); arguments are reduced beforehand. */
import { arcTangentOfSixteenths, ln2, log2OfE } from './wide-constants';
import {
  addWide,
  copyWide,
  divideBySmall,
  divideWides,
  fromSmall,
  highOf,
  isWideZero,
  multiplyWides,
  negate,
  nudgeInward,
  powerOf,
  scaleWide,
  setWide,
} from './wide';

const TERM: u32 = u32(memory.data(24, 16));
const PART: u32 = u32(memory.data(24, 16));
const SQUARE: u32 = u32(memory.data(24, 16));
const OTHER: u32 = u32(memory.data(24, 16));
/** A term that is this much smaller than the sum no longer changes it. */
const NEGLIGIBLE: i32 = 130;
/** Below 2 to this power a function is its first term, but for the direction of rounding. */
const TINY: i32 = -66;

function negligible(sum: u32): bool {
  return isWideZero(TERM) || powerOf(TERM) < powerOf(sum) - NEGLIGIBLE;
}

/** to ← 2^x - 1 */
export function exponentialLess1(to: u32, x: u32): void {
  ln2(PART);
  multiplyWides(PART, PART, x);
  copyWide(to, PART);
  copyWide(TERM, PART);
  for (let n: u32 = 2; !negligible(to); n++) {
    multiplyWides(TERM, TERM, PART);
    divideBySmall(TERM, TERM, n);
    addWide(to, to, TERM);
  }
}

/** to ← log2 of x > 0 */
export function binaryLogarithm(to: u32, x: u32): void {
  let exponent = powerOf(x);
  copyWide(OTHER, x);
  scaleWide(OTHER, -exponent);
  if (highOf(OTHER) > 0xb504_f333_f9de_6484) {
    scaleWide(OTHER, -1); // more than √2
    exponent++;
  }
  fromSmall(PART, -1);
  addWide(to, OTHER, PART);
  negate(PART);
  addWide(PART, OTHER, PART);
  if (!isWideZero(to)) {
    divideWides(PART, to, PART);
    inverseHyperbolic(to, PART);
  }
  fromSmall(PART, exponent);
  addWide(to, to, PART);
}

/** to ← log2(1 + x) of |x| up to about 0.3 */
export function binaryLogarithmOf1And(to: u32, x: u32): void {
  fromSmall(PART, 2);
  addWide(PART, PART, x);
  divideWides(PART, x, PART);
  inverseHyperbolic(to, PART);
}

/** to ← 2 artanh(t) ÷ ln 2 */
function inverseHyperbolic(to: u32, t: u32): void {
  multiplyWides(SQUARE, t, t);
  copyWide(OTHER, t);
  copyWide(to, t);
  copyWide(TERM, t);
  for (let n: u32 = 3; !negligible(to); n += 2) {
    multiplyWides(OTHER, OTHER, SQUARE);
    divideBySmall(TERM, OTHER, n);
    addWide(to, to, TERM);
  }
  log2OfE(OTHER);
  multiplyWides(to, to, OTHER);
  scaleWide(to, 1);
}

/** to ← arc tangent of z, 0 < z ≤ 1 */
export function arcTangent(to: u32, z: u32): void {
  const sixteenths = powerOf(z) < -5 ? 0 : i32(((highOf(z) >> (58 - powerOf(z))) + 1) >> 1);
  copyWide(PART, z);
  if (sixteenths != 0) {
    fromSmall(TERM, -sixteenths);
    scaleWide(TERM, -4);
    addWide(PART, z, TERM);
    negate(TERM);
    multiplyWides(TERM, z, TERM);
    fromSmall(OTHER, 1);
    addWide(TERM, TERM, OTHER);
    if (!isWideZero(PART)) divideWides(PART, PART, TERM);
  }
  copyWide(to, PART);
  if (!isWideZero(PART)) {
    if (powerOf(PART) < TINY) nudgeInward(to);
    else alternating(to, PART);
  }
  if (sixteenths != 0) {
    arcTangentOfSixteenths(TERM, sixteenths);
    addWide(to, to, TERM);
  }
}

/** to (t before) ← t - t³/3 + t⁵/5 … */
function alternating(to: u32, t: u32): void {
  multiplyWides(SQUARE, t, t);
  negate(SQUARE);
  copyWide(OTHER, t);
  copyWide(TERM, t);
  for (let n: u32 = 3; !negligible(to); n += 2) {
    multiplyWides(OTHER, OTHER, SQUARE);
    divideBySmall(TERM, OTHER, n);
    addWide(to, to, TERM);
  }
}

/** to ← sine of r, |r| ≤ π/4 */
export function sine(to: u32, r: u32): void {
  copyWide(to, r);
  if (isWideZero(r)) return;
  if (powerOf(r) < TINY) nudgeInward(to);
  else factorials(to, r, 1);
}

/** to ← cosine of r, |r| ≤ π/4 */
export function cosine(to: u32, r: u32): void {
  fromSmall(to, 1);
  if (isWideZero(r)) return;
  if (powerOf(r) < TINY) setWide(to, ~u64(0), ~u64(0), -1);
  else factorials(to, r, 0);
}

/** The terms behind the first, each -r² ÷ ((n + 1)(n + 2)) times the one before. */
function factorials(to: u32, r: u32, first: u32): void {
  multiplyWides(SQUARE, r, r);
  negate(SQUARE);
  copyWide(TERM, to);
  for (let n = first; !negligible(to); n += 2) {
    multiplyWides(TERM, TERM, SQUARE);
    divideBySmall(TERM, TERM, (n + 1) * (n + 2));
    addWide(to, to, TERM);
  }
}
