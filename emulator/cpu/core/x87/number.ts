/**
 * Numbers in double extended-precision format, taken apart and put together.
 * Source: SDM Vol. 1, "Floating-Point Formats", "Unsupported Double Extended-Precision Floating-Point Encodings and
 * Pseudo-Denormals", "Operating on SNaNs and QNaNs" (table of NaN results), "Overflow", "Underflow". Tininess is detected after
 * rounding.
 */
import {
  bitsBelow,
  DE,
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

export const TOP_BIT: u64 = 1 << 63;
const QUIET_BIT: u64 = 1 << 62;
export const EXPONENT_MAX: u32 = 0x7fff;
export const BIAS: i32 = 0x3fff;
/** Added to the exponent of a result that underflows, subtracted from one that overflows, when that is not masked. */
const WRAP: i32 = 0x6000;

/** Where results are made, and the operand from memory. */
export const RESULT: u32 = u32(memory.data(16, 16));
export const OPERAND: u32 = u32(memory.data(16, 16));
/** Offset of a byte behind the number, 0 in registers: the operand was denormal in the format it had in memory. */
export const WAS_DENORMAL: u32 = 10;

/** @inline */
export function significand(at: u32): u64 {
  return load<u64>(at);
}

/** @inline */
export function exponentField(at: u32): u32 {
  return u32(load<u16>(at, 8)) & EXPONENT_MAX;
}

/** 8000h for negative numbers.
 * @inline */
export function signBit(at: u32): u32 {
  return u32(load<u16>(at, 8)) & 0x8000;
}

export function write(at: u32, head: u32, fraction: u64): void {
  store<u64>(at, fraction);
  store<u16>(at, u16(head), 8);
}

export function copy(to: u32, from: u32): void {
  write(to, u32(load<u16>(from, 8)), load<u64>(from));
}

export function isNan(at: u32): bool {
  return exponentField(at) == EXPONENT_MAX && significand(at) > TOP_BIT;
}

export function isSignalling(at: u32): bool {
  return isNan(at) && (significand(at) & QUIET_BIT) == 0;
}

export function isInfinite(at: u32): bool {
  return exponentField(at) == EXPONENT_MAX && significand(at) == TOP_BIT;
}

export function isZero(at: u32): bool {
  return exponentField(at) == 0 && significand(at) == 0;
}

/** Denormals and pseudo-denormals; and operands that were denormal in a shorter format. */
export function isDenormal(at: u32): bool {
  return (exponentField(at) == 0 && significand(at) != 0) || load<u8>(at, WAS_DENORMAL) != 0;
}

/** Unnormals, pseudo-infinities, pseudo-NaNs: an exponent without the integer bit. */
export function isUnsupported(at: u32): bool {
  return exponentField(at) != 0 && (significand(at) & TOP_BIT) == 0;
}

export function noteDenormal(at: u32): void {
  if (isDenormal(at)) flag(DE);
}

/** Significand of a finite number other than zero, its first one at bit 63. */
export function normalised(at: u32): u64 {
  return significand(at) << clz(significand(at));
}

/** Its exponent without bias: the number is 1.xxx × 2 to this power. */
export function power(at: u32): i32 {
  const field = i32(exponentField(at));
  return (field == 0 ? 1 : field) - BIAS - i32(clz(significand(at)));
}

/** RESULT ← the default QNaN, with IE. */
export function invalid(): void {
  flag(IE);
  indefinite();
}

/** RESULT ← "real indefinite". */
export function indefinite(): void {
  write(RESULT, 0xffff, TOP_BIT | QUIET_BIT);
}

export function infinite(sign: u32): void {
  write(RESULT, sign | EXPONENT_MAX, TOP_BIT);
}

export function zero(sign: u32): void {
  write(RESULT, sign, 0);
}

/** Makes the result of operands of which one is a NaN or unsupported; false, and nothing done, when neither is. */
export function propagated(a: u32, b: u32): bool {
  if (isUnsupported(a) || isUnsupported(b)) {
    invalid();
    return true;
  }
  const nanA = isNan(a);
  const nanB = isNan(b);
  if (!nanA && !nanB) return false;
  const signalsA = isSignalling(a);
  const signalsB = isSignalling(b);
  if (signalsA || signalsB) flag(IE);
  let first = nanA;
  // Of an SNaN and a QNaN, the QNaN; of two of a kind, the larger significand, then the positive one.
  if (nanA && nanB) first = signalsA == signalsB ? larger(a, b) : signalsB;
  copy(RESULT, first ? a : b);
  store<u64>(RESULT, significand(RESULT) | QUIET_BIT);
  return true;
}

function larger(a: u32, b: u32): bool {
  const fractionA = significand(a) | QUIET_BIT;
  const fractionB = significand(b) | QUIET_BIT;
  if (fractionA != fractionB) return fractionA > fractionB;
  return signBit(a) <= signBit(b);
}

/** The same with one operand. */
export function propagatedOne(a: u32): bool {
  return propagated(a, a);
}

/** `value` shifted right; ones that fall out leave a one in bit 0. */
export function shiftRightSticky(value: u64, count: i32): u64 {
  if (count <= 0) return value;
  if (count > 63) return u64(value != 0);
  return (value >> count) | u64(value << (64 - count) != 0);
}

let shiftedHigh: u64 = 0;
let shiftedLow: u64 = 0;

/** `high`:`low` shifted right by at least 1, sticky. */
function shiftPair(high: u64, low: u64, count: i32): void {
  if (count < 64) {
    shiftedHigh = high >> count;
    shiftedLow = shiftRightSticky(low, count) | (high << (64 - count));
  } else {
    shiftedHigh = 0;
    shiftedLow = shiftRightSticky(high, count - 64) | u64(low != 0);
  }
}

/** Of the last `roundedAt`: something was lost; the sum carried out of bit 63. */
export let inexact: bool = false;
export let carried: bool = false;

/** `high`:`low` (sticky) rounded to the bits of `high` above `below`; sets inexact, carried and the direction. */
export function roundedAt(negative: bool, high: u64, low: u64, below: i32): u64 {
  const mask: u64 = below == 0 ? 0 : (u64(1) << below) - 1;
  const lost = high & mask;
  inexact = lost != 0 || low != 0;
  carried = false;
  noteRounding(false);
  const kept = high & ~mask;
  if (!inexact || !roundsUp(negative, high, lost, low, below)) return kept;
  noteRounding(true);
  const sum = kept + mask + 1;
  carried = sum < kept;
  return sum;
}

function roundsUp(negative: bool, high: u64, lost: u64, low: u64, below: i32): bool {
  if (rounding != ROUND_NEAREST) return rounding == (negative ? ROUND_DOWN : ROUND_UP);
  const odd = ((high >> below) & 1) != 0;
  if (below == 0) return low > TOP_BIT || (low == TOP_BIT && odd);
  const half = u64(1) << (below - 1);
  return lost > half || (lost == half && (low != 0 || odd));
}

/**
 * RESULT ← ±1.xxx × 2^power rounded (`high` has its first one at bit 63, `low` continues it, sticky at bit 0): OE, UE, PE by
 * the precision control.
 */
export function round(sign: u32, exponent: i32, high: u64, low: u64): void {
  let field = exponent + BIAS;
  const negative = sign != 0;
  if (field <= 0) {
    // Tiny unless rounding with an unbounded exponent reaches the smallest normal number.
    roundedAt(negative, high, low, bitsBelow);
    const tiny = field < 0 || !carried;
    if (tiny && !masked(UE)) {
      flag(UE);
      field += WRAP;
    } else {
      shiftPair(high, low, 1 - field);
      const kept = roundedAt(negative, shiftedHigh, shiftedLow, bitsBelow);
      if (inexact) flag(tiny ? UE | PE : PE);
      write(RESULT, sign | u32((kept & TOP_BIT) != 0), kept);
      return;
    }
  }
  let kept = roundedAt(negative, high, low, bitsBelow);
  if (inexact) flag(PE);
  if (carried) {
    kept = TOP_BIT;
    field++;
  }
  if (field >= i32(EXPONENT_MAX)) {
    if (masked(OE)) {
      overflow(sign);
      return;
    }
    flag(OE);
    field -= WRAP;
  }
  // FSCALE alone goes beyond what wrapping brings back.
  if (field >= i32(EXPONENT_MAX)) {
    flag(PE);
    noteRounding(true);
    infinite(sign);
  } else if (field <= 0) {
    flag(PE);
    noteRounding(false);
    zero(sign);
  } else write(RESULT, sign | u32(field), kept);
}

function overflow(sign: u32): void {
  flag(OE | PE);
  const up = rounding == ROUND_NEAREST || rounding == (sign != 0 ? ROUND_DOWN : ROUND_UP);
  noteRounding(up);
  if (up) infinite(sign);
  else write(RESULT, sign | (EXPONENT_MAX - 1), bitsBelow == 0 ? ~u64(0) : ~u64(0) << bitsBelow);
}
