/**
 * Conversions between binary32, binary64 and integers, and rounding to an integral number.
 * Source: SDM Vol. 2, CVTxx2xx, ROUNDxx; Vol. 1, "Integer indefinite": out of range and NaN give it, with IE.
 */
import { flag, IE, PE, setRounding, ROUND_NEAREST, rounding } from './environment';
import {
  exponent,
  fractionBits,
  infinity,
  isInfinite,
  isNan,
  isSignalling,
  isZero,
  magnitude,
  noteDenormal,
  operand,
  propagated,
  quietBit,
  rounded,
  roundingIncrement,
  shiftRightSticky,
  signBit,
  significand,
} from './format';

/** A signed integer as a number of format T. */
export function fromInteger<T extends number>(value: i64): u64 {
  if (value == 0) return 0;
  const negative = value < 0;
  const size = negative ? u64(0) - u64(value) : u64(value);
  const shift = i32(clz(size));
  return rounded<T>(negative ? signBit<T>() : 0, 63 - shift, size << shift);
}

/** The same in one of the other format: CVTSS2SD and CVTSD2SS (T → D). */
export function toFormat<T extends number, D extends number>(value: u64): u64 {
  const a = operand<T>(value);
  const sign = (a & signBit<T>()) != 0 ? signBit<D>() : 0;
  if (isNan<T>(a)) {
    if (isSignalling<T>(a)) flag(IE);
    const payload = a & ((u64(1) << fractionBits<T>()) - 1);
    const widening = fractionBits<D>() - fractionBits<T>();
    const aligned = widening > 0 ? payload << widening : payload >> -widening;
    return sign | infinity<D>() | quietBit<D>() | aligned;
  }
  noteDenormal<T>(a);
  if (isInfinite<T>(a)) return sign | infinity<D>();
  if (isZero<T>(a)) return sign;
  return rounded<D>(sign, exponent<T>(a), significand<T>(a));
}

/** To a signed integer of `bits` (32, 64) by the rounding mode in force; the integer indefinite is 1 and zeroes. */
export function toInteger<T extends number>(value: u64, bits: i32): u64 {
  const a = operand<T>(value);
  const indefinite = u64(1) << (bits - 1);
  if (isZero<T>(a)) return 0;
  const power = exponent<T>(a);
  if (isNan<T>(a) || isInfinite<T>(a) || power >= bits) return outOfRange(indefinite);
  const negative = (a & signBit<T>()) != 0;
  const size = integral(significand<T>(a), 63 - power, negative);
  if (size > indefinite || (size == indefinite && !negative)) return outOfRange(indefinite);
  if (lost) flag(PE);
  const result = negative ? u64(0) - size : size;
  return bits == 32 ? result & 0xffffffff : result;
}

function outOfRange(indefinite: u64): u64 {
  flag(IE);
  return indefinite;
}

/** The last `integral` was inexact. */
let lost: bool = false;

/** `value` ÷ 2^shift rounded to an integer. */
function integral(value: u64, shift: i32, negative: bool): u64 {
  lost = false;
  if (shift <= 2) return value >> shift; // a significand's low bits are zero
  // Two bits behind the point are enough: half, and whether there is more.
  const kept = shiftRightSticky(value, shift - 2);
  const low = kept & 3;
  lost = low != 0;
  const result = (kept + roundingIncrement(negative, 2)) >> 2;
  return rounding == ROUND_NEAREST && low == 2 ? result & ~u64(1) : result;
}

/** ROUNDSS and its kin: `imm` bits 1-0 the mode unless bit 2 (MXCSR's), bit 3 keeps PE from being reported. */
export function toIntegral<T extends number>(value: u64, imm: u32): u64 {
  const a = operand<T>(value);
  if (isNan<T>(a)) return propagated<T>(a, a);
  if (isZero<T>(a) || isInfinite<T>(a) || exponent<T>(a) >= fractionBits<T>()) return a;
  const mode = rounding;
  if ((imm & 4) == 0) setRounding(imm & 3);
  const sign = a & signBit<T>();
  const size = integral(significand<T>(a), 63 - exponent<T>(a), sign != 0);
  setRounding(mode);
  if (lost && (imm & 8) == 0) flag(PE);
  if (size == 0) return sign;
  const shift = i32(clz(size));
  return sign | magnitude<T>(rounded<T>(0, 63 - shift, size << shift));
}
