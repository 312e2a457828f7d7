/**
 * Division. Returns false, and leaves all registers, when the quotient does not exist or does not fit (#DE).
 * Source: Intel SDM Vol. 2, DIV, IDIV. The flags, undefined in the manual, are kept.
 */
import { noteQuotient } from '../access-log';
import { TIMED } from '../timed';
import { setSlot, SLOT_RAX, SLOT_RDX, sourceA } from './operand';

/** Quotient and remainder of the last `divideWide`. */
let quotientOf: u64 = 0;
let remainderOf: u64 = 0;

/** RAX, RDX (AL, AH) ← quotient, remainder of RDX:RAX (AX) / a, unsigned */
export function divideUnsigned<T extends number>(uop: u32): bool {
  const divisor = u64(sourceA<T>(uop));
  if (sizeof<T>() == 8) {
    if (!divideWide(load<u64>(SLOT_RDX), load<u64>(SLOT_RAX), divisor)) return false;
    if (TIMED) noteQuotient(quotientOf);
    setResult<u64>(quotientOf, remainderOf);
    return true;
  }
  if (divisor == 0) return false;
  const dividend = wideDividend<T>();
  const quotient = dividend / divisor;
  if (quotient >> u64(sizeof<T>() * 8)) return false;
  if (TIMED) noteQuotient(quotient);
  setResult<T>(quotient as T, (dividend % divisor) as T);
  return true;
}

/** The same, signed: the quotient is truncated toward zero, the remainder has the dividend's sign */
export function divideSigned<T extends number>(uop: u32): bool {
  const a = sourceA<T>(uop);
  if (sizeof<T>() == 8) return divideSigned128(i64(a));
  let divisor: i64;
  let dividend = i64(wideDividend<T>());
  if (sizeof<T>() == 1) {
    divisor = i64(i8(a));
    dividend = i64(i16(dividend));
  } else if (sizeof<T>() == 2) {
    divisor = i64(i16(a));
    dividend = i64(i32(dividend));
  } else {
    divisor = i64(i32(a));
  }
  if (divisor == 0) return false;
  if (divisor == -1 && dividend == i64.MIN_VALUE) return false;
  const quotient = dividend / divisor;
  const bits = i64(64 - sizeof<T>() * 8);
  if ((quotient << bits) >> bits != quotient) return false;
  if (TIMED) noteQuotient(quotient < 0 ? 0 - u64(quotient) : u64(quotient));
  setResult<T>(quotient as T, (dividend % divisor) as T);
  return true;
}

function divideSigned128(divisor: i64): bool {
  let low = load<u64>(SLOT_RAX);
  let high = load<u64>(SLOT_RDX);
  const dividendNegative = i64(high) < 0;
  if (dividendNegative) {
    high = ~high + u64(low == 0);
    low = -low;
  }
  const magnitude = divisor < 0 ? u64(-divisor) : u64(divisor);
  if (!divideWide(high, low, magnitude)) return false;
  const quotientNegative = dividendNegative != divisor < 0;
  const limit: u64 = 0x7fffffffffffffff + u64(quotientNegative);
  if (quotientOf > limit) return false;
  if (TIMED) noteQuotient(quotientOf);
  setResult<u64>(
    quotientNegative ? -quotientOf : quotientOf,
    dividendNegative ? -remainderOf : remainderOf,
  );
  return true;
}

/** AX, DX:AX or EDX:EAX, zero-extended.
 * @inline */
function wideDividend<T extends number>(): u64 {
  if (sizeof<T>() == 1) return u64(load<u16>(SLOT_RAX));
  const bits = u64(sizeof<T>() * 8);
  return (u64(load<T>(SLOT_RDX)) << bits) | u64(load<T>(SLOT_RAX));
}

/** @inline */
function setResult<T extends number>(quotient: T, remainder: T): void {
  if (sizeof<T>() == 1) {
    store<u8>(SLOT_RAX, u8(quotient));
    store<u8>(SLOT_RAX + 1, u8(remainder));
  } else {
    setSlot<T>(SLOT_RAX, quotient);
    setSlot<T>(SLOT_RDX, remainder);
  }
}

/**
 * high:low / divisor by 32-bit digits (Knuth, The Art of Computer Programming Vol. 2, "Algorithm D"); false when the
 * quotient needs more than 64 bits.
 */
function divideWide(high: u64, low: u64, divisor: u64): bool {
  if (high >= divisor) return false;
  if (high == 0) {
    quotientOf = low / divisor;
    remainderOf = low % divisor;
    return true;
  }
  const shift = clz<u64>(divisor);
  const normalised = divisor << shift;
  const divisorHigh = normalised >> 32;
  const divisorLow = normalised & 0xffffffff;
  const top = shift == 0 ? high : (high << shift) | (low >> (64 - shift));
  const bottom = low << shift;
  const upper = divideDigit(top, bottom >> 32, divisorHigh, divisorLow);
  const rest = (top << 32) + (bottom >> 32) - upper * normalised;
  const lower = divideDigit(rest, bottom & 0xffffffff, divisorHigh, divisorLow);
  quotientOf = (upper << 32) + lower;
  remainderOf = ((rest << 32) + (bottom & 0xffffffff) - lower * normalised) >> shift;
  return true;
}

/** One 32-bit digit of the quotient of (top * 2^32 + next) by the normalised divisor. */
function divideDigit(top: u64, next: u64, divisorHigh: u64, divisorLow: u64): u64 {
  let digit = top / divisorHigh;
  let rest = top - digit * divisorHigh;
  while (digit > 0xffffffff || digit * divisorLow > ((rest << 32) | next)) {
    digit--;
    rest += divisorHigh;
    if (rest > 0xffffffff) break;
  }
  return digit;
}
