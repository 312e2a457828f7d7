/**
 * binary16, binary32 and binary64 (T = u16, u32, u64) taken apart and put together: exact integer arithmetic, all rounding modes.
 * Source: SDM Vol. 1, "Floating-Point Formats", "Rounding", "Overflow", "Underflow"; IEEE 754, 7.4 and 7.5. Tininess is
 * detected after rounding.
 */
import {
  control,
  DAZ,
  DE,
  flag,
  FTZ,
  IE,
  masked,
  OE,
  PE,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  rounding,
  UE,
} from './environment';

const TOP: u64 = 1 << 63;

/** Bits of the fraction.
 * @inline */
export function fractionBits<T extends number>(): i32 {
  return sizeof<T>() == 2 ? 10 : sizeof<T>() == 4 ? 23 : 52;
}

/** @inline */
function bias<T extends number>(): i32 {
  return sizeof<T>() == 2 ? 15 : sizeof<T>() == 4 ? 127 : 1023;
}

/** @inline */
export function signBit<T extends number>(): u64 {
  return sizeof<T>() == 2 ? 0x8000 : sizeof<T>() == 4 ? 0x80000000 : TOP;
}

/** @inline */
export function infinity<T extends number>(): u64 {
  return u64(2 * bias<T>() + 1) << fractionBits<T>();
}

/** The default QNaN: "real indefinite".
 * @inline */
export function indefinite<T extends number>(): u64 {
  return signBit<T>() | infinity<T>() | quietBit<T>();
}

/** @inline */
export function quietBit<T extends number>(): u64 {
  const place = fractionBits<T>() - 1;
  return u64(1) << place;
}

/** @inline */
export function magnitude<T extends number>(bits: u64): u64 {
  return bits & (signBit<T>() - 1);
}

/** @inline */
export function isNan<T extends number>(bits: u64): bool {
  return magnitude<T>(bits) > infinity<T>();
}

export function isSignalling<T extends number>(bits: u64): bool {
  return isNan<T>(bits) && (bits & quietBit<T>()) == 0;
}

/** @inline */
export function isInfinite<T extends number>(bits: u64): bool {
  return magnitude<T>(bits) == infinity<T>();
}

/** @inline */
export function isZero<T extends number>(bits: u64): bool {
  return magnitude<T>(bits) == 0;
}

/** @inline */
export function isDenormal<T extends number>(bits: u64): bool {
  return magnitude<T>(bits) - 1 < (u64(1) << fractionBits<T>()) - 1;
}

/** An operand as DAZ leaves it; half precision knows neither DAZ nor FTZ.
 * @inline */
export function operand<T extends number>(bits: u64): u64 {
  return sizeof<T>() != 2 && (control & DAZ) != 0 && isDenormal<T>(bits)
    ? bits & signBit<T>()
    : bits;
}

/** Raises DE for a denormal operand (after `operand`), but not of half precision. */
export function noteDenormal<T extends number>(bits: u64): void {
  if (sizeof<T>() != 2 && isDenormal<T>(bits)) flag(DE);
}

/** The result when one of two operands is a NaN: the first one that is, made quiet. */
export function propagated<T extends number>(a: u64, b: u64): u64 {
  if (isSignalling<T>(a) || isSignalling<T>(b)) flag(IE);
  return (isNan<T>(a) ? a : b) | quietBit<T>();
}

/** IE, and the default QNaN. */
export function invalid<T extends number>(): u64 {
  flag(IE);
  return indefinite<T>();
}

/** Significand of a finite number other than zero, its first one at bit 63. */
export function significand<T extends number>(bits: u64): u64 {
  const fraction = bits & ((u64(1) << fractionBits<T>()) - 1);
  const normal = magnitude<T>(bits) >> fractionBits<T>() != 0;
  if (normal) return (fraction << (63 - fractionBits<T>())) | TOP;
  return fraction << clz(fraction);
}

/** Its exponent: the number is 1.xxx × 2 to this power. */
export function exponent<T extends number>(bits: u64): i32 {
  const field = i32(magnitude<T>(bits) >> fractionBits<T>());
  if (field != 0) return field - bias<T>();
  return 1 - bias<T>() - (i32(clz(magnitude<T>(bits))) - (63 - fractionBits<T>()));
}

/** `value` shifted right; ones that fall out leave a one in bit 0. */
export function shiftRightSticky(value: u64, count: i32): u64 {
  if (count <= 0) return value;
  if (count > 63) return u64(value != 0);
  return (value >> count) | u64(value << (64 - count) != 0);
}

/** What rounding adds below the last of the bits kept; `below` is the number of bits that go. */
export function roundingIncrement(negative: bool, below: i32): u64 {
  if (rounding == ROUND_NEAREST) return u64(1) << (below - 1);
  return rounding == (negative ? ROUND_DOWN : ROUND_UP) ? (u64(1) << below) - 1 : 0;
}

/**
 * The number ±1.xxx × 2^power (`fraction` with its first one at bit 63, sticky at bit 0), rounded to T: OE, UE, PE.
 */
export function rounded<T extends number>(sign: u64, power: i32, fraction: u64): u64 {
  const below = 63 - fractionBits<T>();
  const mask = (u64(1) << below) - 1;
  const half = u64(1) << (below - 1);
  const increment = roundingIncrement(sign != 0, below);
  const carries = fraction + increment < fraction;
  const lowest = 1 - bias<T>();
  if (power < lowest) {
    const tiny = power != lowest - 1 || !carries;
    if (tiny && !masked(UE)) {
      // The result is not written; PE tells of the rounding that an unbounded exponent would need.
      flag((fraction & mask) != 0 ? UE | PE : UE);
      return 0;
    }
    if (sizeof<T>() != 2 && tiny && (control & FTZ) != 0) {
      flag(UE | PE);
      return sign;
    }
    const denormal = shiftRightSticky(fraction, lowest - power);
    if ((denormal & mask) != 0) flag(tiny ? UE | PE : PE);
    return sign | keep(denormal + increment, denormal & mask, half, below);
  }
  const lost = fraction & mask;
  if (lost != 0) flag(PE);
  let kept = keep(fraction + increment, lost, half, below);
  let result = power;
  if (carries) {
    kept = u64(1) << fractionBits<T>();
    result++;
  }
  if (result > bias<T>()) return overflow<T>(sign, lost != 0);
  return sign | ((u64(result + bias<T>() - 1) << fractionBits<T>()) + kept);
}

/** The bits kept, of a sum with the rounding increment; a tie goes to the even neighbour. */
function keep(sum: u64, lost: u64, half: u64, below: i32): u64 {
  const kept = sum >> below;
  return rounding == ROUND_NEAREST && lost == half ? kept & ~u64(1) : kept;
}

function overflow<T extends number>(sign: u64, inexact: bool): u64 {
  flag(masked(OE) || inexact ? OE | PE : OE);
  const toInfinity = rounding == ROUND_NEAREST || rounding == (sign != 0 ? ROUND_DOWN : ROUND_UP);
  return sign | (toInfinity ? infinity<T>() : infinity<T>() - 1);
}
