/**
 * Addition and subtraction: result and flags.
 * Source: Intel SDM Vol. 2, ADD, ADC, SUB, SBB, CMP, INC, DEC, NEG; Vol. 1, "Status Flags".
 */
import { carryFlag, RFLAGS_AF, setFlags, signAtOverflow } from '../flags';

/** Carry out of bit 3: wherever the result's bit 4 is not the sum of the operands' without carry.
 * @inline */
function auxiliaryCarry<T extends number>(a: T, b: T, result: T): u32 {
  return u32(a ^ b ^ result) & RFLAGS_AF;
}

/** a + b
 * @inline */
export function add<T extends number>(a: T, b: T): T {
  const result = (a + b) as T;
  const overflow = signAtOverflow<T>(((a ^ result) & (b ^ result)) as T);
  setFlags<T>(result, u32(result < a) | auxiliaryCarry<T>(a, b, result) | overflow);
  return result;
}

/** a + b + CF
 * @inline */
export function addWithCarry<T extends number>(a: T, b: T): T {
  const carryIn = carryFlag();
  const result = (a + b + (carryIn as T)) as T;
  const carry = u32(result < a) | (carryIn & u32(result == a));
  const overflow = signAtOverflow<T>(((a ^ result) & (b ^ result)) as T);
  setFlags<T>(result, carry | auxiliaryCarry<T>(a, b, result) | overflow);
  return result;
}

/** a - b; also the flags of CMP
 * @inline */
export function subtract<T extends number>(a: T, b: T): T {
  const result = (a - b) as T;
  const overflow = signAtOverflow<T>(((a ^ b) & (a ^ result)) as T);
  setFlags<T>(result, u32(a < b) | auxiliaryCarry<T>(a, b, result) | overflow);
  return result;
}

/** a - b - CF
 * @inline */
export function subtractWithBorrow<T extends number>(a: T, b: T): T {
  const borrowIn = carryFlag();
  const result = (a - b - (borrowIn as T)) as T;
  const borrow = u32(a < b) | (borrowIn & u32(a == b));
  const overflow = signAtOverflow<T>(((a ^ b) & (a ^ result)) as T);
  setFlags<T>(result, borrow | auxiliaryCarry<T>(a, b, result) | overflow);
  return result;
}

/** a + 1; CF is kept
 * @inline */
export function increment<T extends number>(a: T): T {
  const result = (a + (1 as T)) as T;
  const overflow = signAtOverflow<T>((result & ~a) as T);
  setFlags<T>(result, carryFlag() | auxiliaryCarry<T>(a, 1 as T, result) | overflow);
  return result;
}

/** a - 1; CF is kept
 * @inline */
export function decrement<T extends number>(a: T): T {
  const result = (a - (1 as T)) as T;
  const overflow = signAtOverflow<T>((a & ~result) as T);
  setFlags<T>(result, carryFlag() | auxiliaryCarry<T>(a, 1 as T, result) | overflow);
  return result;
}

/** 0 - a
 * @inline */
export function negate<T extends number>(a: T): T {
  return subtract<T>(0 as T, a);
}
