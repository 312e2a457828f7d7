/**
 * Bitwise logic. CF and OF are cleared; AF, undefined in the manual, is cleared too.
 * Source: Intel SDM Vol. 2, AND, OR, XOR, TEST.
 */
import { setFlags } from '../flags';

/** @inline */
export function and<T extends number>(a: T, b: T): T {
  const result = (a & b) as T;
  setFlags<T>(result, 0);
  return result;
}

/** @inline */
export function or<T extends number>(a: T, b: T): T {
  const result = (a | b) as T;
  setFlags<T>(result, 0);
  return result;
}

/** @inline */
export function xor<T extends number>(a: T, b: T): T {
  const result = (a ^ b) as T;
  setFlags<T>(result, 0);
  return result;
}
