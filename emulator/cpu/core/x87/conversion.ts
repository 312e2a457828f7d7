/**
 * Conversions between double extended-precision numbers and what lies in memory: binary32, binary64, integers, decimals.
 * Source: SDM Vol. 2, FLD, FST, FILD, FIST, FISTTP, FBLD, FBSTP; Vol. 1, "Indefinites" of each format.
 */
import {
  BIAS,
  carried,
  EXPONENT_MAX,
  exponentField,
  inexact,
  isNan,
  isSignalling,
  isUnsupported,
  isZero,
  normalised,
  OPERAND,
  power,
  RESULT,
  roundedAt,
  significand,
  signBit,
  TOP_BIT,
  WAS_DENORMAL,
  write,
} from './number';
import {
  flag,
  IE,
  masked,
  noteRounding,
  OE,
  PE,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  rounding,
  UE,
} from './state';

/** OPERAND ← a number of binary32 or binary64 (`fractionBits` 23, 52); SNaNs stay signalling. */
export function fromBinary(bits: u64, fractionBits: i32): void {
  const bias = fractionBits == 23 ? 127 : 1023;
  const sign = u32(bits >> (fractionBits == 23 ? 31 : 63)) << 15;
  const field = i32(bits >> fractionBits) & (2 * bias + 1);
  const fraction = bits & ((u64(1) << fractionBits) - 1);
  store<u8>(OPERAND, 0, WAS_DENORMAL);
  if (field == 2 * bias + 1) {
    write(OPERAND, sign | EXPONENT_MAX, TOP_BIT | (fraction << (63 - fractionBits)));
  } else if (field != 0) {
    write(OPERAND, sign | u32(field - bias + BIAS), TOP_BIT | (fraction << (63 - fractionBits)));
  } else if (fraction == 0) write(OPERAND, sign, 0);
  else {
    const shift = i32(clz(fraction));
    write(OPERAND, sign | u32(BIAS - bias + 1 + (63 - fractionBits) - shift), fraction << shift);
    store<u8>(OPERAND, 1, WAS_DENORMAL);
  }
}

/** OPERAND ← a signed integer. */
export function fromInteger(value: i64): void {
  store<u8>(OPERAND, 0, WAS_DENORMAL);
  if (value == 0) {
    write(OPERAND, 0, 0);
    return;
  }
  const size = value < 0 ? u64(0) - u64(value) : u64(value);
  const shift = i32(clz(size));
  write(OPERAND, (value < 0 ? 0x8000 : 0) | u32(BIAS + 63 - shift), size << shift);
}

/** OPERAND ← ten bytes: eighteen decimal digits, two in each byte, and the sign in bit 7 of the last. */
export function fromDecimal(low: u64, high: u32): void {
  let value: u64 = 10 * u64((high >> 4) & 15) + u64(high & 15);
  for (let shift = 60; shift >= 0; shift -= 4) value = value * 10 + ((low >> shift) & 15);
  fromInteger(i64(value));
  if ((high & 0x8000) != 0) write(OPERAND, u32(load<u16>(OPERAND, 8)) | 0x8000, load<u64>(OPERAND));
}

/** The number as binary32 or binary64: IE, OE, UE, PE. */
export function toBinary(a: u32, fractionBits: i32): u64 {
  const bias = fractionBits == 23 ? 127 : 1023;
  const sign = u64(signBit(a)) << (fractionBits == 23 ? 16 : 48);
  const infinity = u64(2 * bias + 1) << fractionBits;
  const quiet = u64(1) << (fractionBits - 1);
  if (isUnsupported(a)) {
    flag(IE);
    return (u64(1) << (fractionBits == 23 ? 31 : 63)) | infinity | quiet;
  }
  if (exponentField(a) == EXPONENT_MAX) {
    if (!isNan(a)) return sign | infinity;
    if (isSignalling(a)) flag(IE);
    return sign | infinity | quiet | ((significand(a) << 1) >> (64 - fractionBits));
  }
  if (isZero(a)) return sign;
  return sign | finiteToBinary(sign != 0, power(a) + bias, normalised(a), fractionBits);
}

/** `field`: the exponent with the format's bias, perhaps out of its range. */
function finiteToBinary(negative: bool, field: i32, value: u64, fractionBits: i32): u64 {
  const bias = fractionBits == 23 ? 127 : 1023;
  const below = 63 - fractionBits;
  let kept = roundedAt(negative, value, 0, below);
  if (field <= 0) {
    const tiny = field < 0 || !carried;
    if (tiny && !masked(UE)) {
      flag(UE);
      noteRounding(false);
      return 0;
    }
    const shift = 1 - field;
    const low = shift > 63 ? u64(1) : value << (64 - shift);
    kept = roundedAt(negative, shift > 63 ? 0 : value >> shift, low, below);
    if (inexact) flag(tiny ? UE | PE : PE);
    return kept >> below;
  }
  if (carried) {
    kept = TOP_BIT;
    field++;
  }
  if (field > 2 * bias) {
    const up = rounding == ROUND_NEAREST || rounding == (negative ? ROUND_DOWN : ROUND_UP);
    if (!masked(OE)) {
      flag(OE);
      noteRounding(false);
      return 0;
    }
    flag(OE | PE);
    noteRounding(up);
    return (u64(2 * bias + 1) << fractionBits) - u64(!up);
  }
  if (inexact) flag(PE);
  return (u64(field - 1) << fractionBits) + (kept >> below);
}

/** The magnitude of the number rounded to an integer by the rounding mode; 2^63 and more: `tooLarge`. */
function integral(a: u32): u64 {
  const exponent = power(a);
  const value = normalised(a);
  inexactInteger = false;
  tooLarge = exponent > 63;
  if (tooLarge) return 0;
  if (exponent == 63) return value;
  const shift = 63 - exponent;
  const high = shift > 63 ? u64(0) : value >> shift;
  const low = shift > 64 ? u64(1) : shift == 64 ? value : value << (64 - shift);
  const kept = roundedAt(signBit(a) != 0, high, low, 0);
  inexactInteger = inexact;
  return kept;
}

let tooLarge: bool = false;
let inexactInteger: bool = false;

/** The number as a signed integer of `bits` bits; IE and the integer indefinite where it does not fit. */
export function toInteger(a: u32, bits: i32): u64 {
  if (isZero(a)) return 0;
  const limit = u64(1) << (bits - 1);
  const negative = signBit(a) != 0;
  const finite = !isUnsupported(a) && exponentField(a) != EXPONENT_MAX;
  const size = finite ? integral(a) : 0;
  if (!finite || tooLarge || size > (negative ? limit : limit - 1)) {
    flag(IE);
    noteRounding(false);
    return limit;
  }
  if (inexactInteger) flag(PE);
  return negative ? u64(0) - size : size;
}

/** Ten bytes of decimal digits: the low eight, and the high two in `decimalHigh`. */
export let decimalHigh: u32 = 0;

export function toDecimal(a: u32): u64 {
  const finite = !isUnsupported(a) && exponentField(a) != EXPONENT_MAX;
  let size: u64 = 0;
  if (finite && !isZero(a)) size = integral(a);
  if (!finite || (!isZero(a) && tooLarge) || size > 999999999999999999) {
    flag(IE);
    noteRounding(false);
    decimalHigh = 0xffff;
    return 0xc000_0000_0000_0000;
  }
  if (!isZero(a) && inexactInteger) flag(PE);
  let low: u64 = 0;
  for (let shift = 0; shift < 64; shift += 4) {
    low |= (size % 10) << shift;
    size /= 10;
  }
  decimalHigh = u32(size % 10) | (u32(size / 10) << 4) | signBit(a);
  return low;
}

/** RESULT ← the number rounded to an integral number (FRNDINT); it is finite and not zero. */
export function roundToIntegral(a: u32): void {
  if (power(a) >= 63) {
    write(RESULT, u32(load<u16>(a, 8)), significand(a));
    return;
  }
  const size = integral(a);
  if (inexactInteger) flag(PE);
  const sign = signBit(a);
  if (size == 0) write(RESULT, sign, 0);
  else {
    const shift = i32(clz(size));
    write(RESULT, sign | u32(BIAS + 63 - shift), size << shift);
  }
}
