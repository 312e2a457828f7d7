/**
 * Shifts and rotates. `count` is the raw count byte; it is masked here to 5 bits (6 for 64-bit operands).
 * Source: Intel SDM Vol. 2, "SAL/SAR/SHL/SHR", "RCL/RCR/ROL/ROR", "SHLD", "SHRD".
 *
 * Where the manual leaves OF undefined (counts other than 1) it gets the value that the formula for count 1 gives.
 */
import { carryFlag, RFLAGS_OF, setCarryAndOverflow, setFlags, signAtOverflow } from '../flags';

/** Number of bits of T.
 * @inline */
function widthBits<T extends number>(): u32 {
  return u32(sizeof<T>() * 8);
}

/** @inline */
function maskedCount<T extends number>(count: u32): u32 {
  return sizeof<T>() == 8 ? count & 63 : count & 31;
}

/** a << count
 * @inline */
export function shiftLeft<T extends number>(a: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  let result: T;
  let carry: u32;
  if (sizeof<T>() == 8) {
    result = (u64(a) << u64(count)) as T;
    carry = u32(u64(a) >> u64(64 - count)) & 1;
  } else {
    const wide = u64(a) << u64(count);
    result = wide as T;
    carry = u32(wide >> u64(widthBits<T>())) & 1;
  }
  setFlags<T>(result, carry | (signAtOverflow<T>(result) ^ (carry << 11)));
  return result;
}

/** a >> count, zero-filled
 * @inline */
export function shiftRight<T extends number>(a: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  const beforeLast = u64(a) >> u64(count - 1);
  const result = (beforeLast >> 1) as T;
  const overflow = signAtOverflow<T>((beforeLast ^ (beforeLast >> 1)) as T);
  setFlags<T>(result, (u32(beforeLast) & 1) | overflow);
  return result;
}

/** a >> count, filled with the sign
 * @inline */
export function shiftArithmeticRight<T extends number>(a: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  let wide: i64;
  if (sizeof<T>() == 1) wide = i64(i8(a));
  else if (sizeof<T>() == 2) wide = i64(i16(a));
  else if (sizeof<T>() == 4) wide = i64(i32(a));
  else wide = i64(a);
  const beforeLast = wide >> i64(count - 1);
  const result = (beforeLast >> 1) as T;
  setFlags<T>(result, u32(beforeLast) & 1);
  return result;
}

/** a rotated left
 * @inline */
export function rotateLeft<T extends number>(a: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  const result = rotl<T>(a, (count & (widthBits<T>() - 1)) as T);
  const carry = u32(result) & 1;
  setCarryAndOverflow(carry, signAtOverflow<T>(result) ^ (carry << 11));
  return result;
}

/** a rotated right
 * @inline */
export function rotateRight<T extends number>(a: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  const result = rotr<T>(a, (count & (widthBits<T>() - 1)) as T);
  const sign = signAtOverflow<T>(result);
  setCarryAndOverflow(sign >> 11, sign ^ signAtOverflow<T>((result << 1) as T));
  return result;
}

/** CF:a rotated left through the carry */
export function rotateLeftThroughCarry<T extends number>(a: T, rawCount: u32): T {
  let count = maskedCount<T>(rawCount);
  if (sizeof<T>() < 4) count %= widthBits<T>() + 1;
  if (count == 0) return a;
  const carryIn = u64(carryFlag());
  const bits = widthBits<T>();
  const value = u64(a);
  let wide = shiftedLeft(value, count) | (carryIn << u64(count - 1));
  if (count > 1) wide |= value >> u64(bits + 1 - count);
  const result = wide as T;
  const carry = u32(value >> u64(bits - count)) & 1;
  setCarryAndOverflow(carry, signAtOverflow<T>(result) ^ (carry << 11));
  return result;
}

/** CF:a rotated right through the carry */
export function rotateRightThroughCarry<T extends number>(a: T, rawCount: u32): T {
  let count = maskedCount<T>(rawCount);
  if (sizeof<T>() < 4) count %= widthBits<T>() + 1;
  if (count == 0) return a;
  const carryIn = u64(carryFlag());
  const bits = widthBits<T>();
  const value = u64(a);
  let wide = shiftedRight(value, count) | (carryIn << u64(bits - count));
  if (count > 1) wide |= value << u64(bits + 1 - count);
  const result = wide as T;
  const carry = u32(value >> u64(count - 1)) & 1;
  const overflow = signAtOverflow<T>(result) ^ signAtOverflow<T>((result << 1) as T);
  setCarryAndOverflow(carry, overflow);
  return result;
}

/** a << count, filled from the high bits of b */
export function shiftLeftDouble<T extends number>(a: T, b: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  let result: T;
  let carry: u32;
  if (sizeof<T>() == 2) {
    // Counts above 16 are undefined in the manual; the operand then continues with a again, as on Intel processors.
    const wide = (u64(a) << 32) | (u64(b) << 16) | u64(a);
    const shifted = wide << u64(count);
    result = (shifted >> 32) as T;
    carry = u32(shifted >> 48) & 1;
  } else {
    const bits = widthBits<T>();
    result = ((a << (count as T)) | (b >> ((bits - count) as T))) as T;
    carry = u32(u64(a) >> u64(bits - count)) & 1;
  }
  setFlags<T>(result, carry | signAtOverflow<T>((a ^ result) as T));
  return result;
}

/** a >> count, filled from the low bits of b */
export function shiftRightDouble<T extends number>(a: T, b: T, rawCount: u32): T {
  const count = maskedCount<T>(rawCount);
  if (count == 0) return a;
  let result: T;
  if (sizeof<T>() == 2) {
    const wide = (u64(a) << 32) | (u64(b) << 16) | u64(a);
    result = (wide >> u64(count)) as T;
  } else {
    const bits = widthBits<T>();
    result = ((a >> (count as T)) | (b << ((bits - count) as T))) as T;
  }
  const source: u64 = sizeof<T>() == 2 ? (u64(b) << 16) | u64(a) : u64(a);
  const carry = u32(source >> u64(count - 1)) & 1;
  setFlags<T>(result, carry | (signAtOverflow<T>(result) ^ signAtOverflow<T>((result << 1) as T)));
  return result;
}

/** value << count where count may be 64.
 * @inline */
function shiftedLeft(value: u64, count: u32): u64 {
  return count > 63 ? 0 : value << u64(count);
}

/** value >> count where count may be 64.
 * @inline */
function shiftedRight(value: u64, count: u32): u64 {
  return count > 63 ? 0 : value >> u64(count);
}
