/**
 * Minimum, maximum, comparison by predicate, and the order that COMISS and its kin report; T = u32, u64.
 * Source: SDM Vol. 2, MINPS, MAXPS, CMPPS (table "Comparison Predicate for CMPPS"), COMISS, UCOMISS.
 */
import { flag, IE } from './environment';
import { isNan, isSignalling, isZero, noteDenormal, operand, signBit } from './format';

/** Whether a < b of numbers that are no NaN: sign and magnitude. */
function less<T extends number>(a: u64, b: u64): bool {
  if (isZero<T>(a) && isZero<T>(b)) return false;
  const negativeA = (a & signBit<T>()) != 0;
  const negativeB = (b & signBit<T>()) != 0;
  if (negativeA != negativeB) return negativeA;
  return negativeA ? a > b : a < b;
}

/** MIN: the second operand unless the first is less: so for NaNs and for two zeroes. */
export function minimum<T extends number>(first: u64, second: u64): u64 {
  const a = operand<T>(first);
  const b = operand<T>(second);
  if (unordered<T>(a, b, true)) return b;
  return less<T>(a, b) ? a : b;
}

export function maximum<T extends number>(first: u64, second: u64): u64 {
  const a = operand<T>(first);
  const b = operand<T>(second);
  if (unordered<T>(a, b, true)) return b;
  return less<T>(b, a) ? a : b;
}

/** Whether one is a NaN; IE for SNaNs, and for QNaNs when `signalling`; else DE for denormals. */
function unordered<T extends number>(a: u64, b: u64, signalling: bool): bool {
  if (isNan<T>(a) || isNan<T>(b)) {
    if (signalling || isSignalling<T>(a) || isSignalling<T>(b)) flag(IE);
    return true;
  }
  noteDenormal<T>(operand<T>(a));
  noteDenormal<T>(operand<T>(b));
  return false;
}

/**
 * CMP: EQ LT LE UNORD NEQ NLT NLE ORD by bits 2-0 of the predicate; LT, LE and their negations signal QNaNs. Bit 3 turns round
 * what an unordered pair gives, bit 4 whether QNaNs signal.
 */
export function compares<T extends number>(first: u64, second: u64, predicate: u32): bool {
  const relation = predicate & 3;
  const negated = (predicate & 4) != 0;
  const signalling = (relation == 1 || relation == 2) != ((predicate & 16) != 0);
  let holds: bool;
  if (unordered<T>(first, second, signalling)) holds = (relation == 3) != ((predicate & 8) != 0);
  else {
    const a = operand<T>(first);
    const b = operand<T>(second);
    // FALSE and TRUE are what UNORD and ORD give to an ordered pair.
    if (relation == 0) holds = !less<T>(a, b) && !less<T>(b, a);
    else if (relation == 1) holds = less<T>(a, b);
    else holds = relation == 2 && !less<T>(b, a);
  }
  return holds != negated;
}

/** ZF, PF, CF (bits 6, 2, 0) of COMISS and COMISD (`signalling`), UCOMISS and UCOMISD. */
export function order<T extends number>(first: u64, second: u64, signalling: bool): u32 {
  if (unordered<T>(first, second, signalling)) return 0x45;
  const a = operand<T>(first);
  const b = operand<T>(second);
  if (less<T>(a, b)) return 1;
  return less<T>(b, a) ? 0 : 0x40;
}
