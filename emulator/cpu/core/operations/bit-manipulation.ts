/**
 * BMI1, BMI2 and ADX.
 * Source: Intel SDM Vol. 2, ANDN, BEXTR, BLSI, BLSMSK, BLSR, BZHI, PDEP, PEXT, ADCX, ADOX.
 */
import { FLAG_AUX } from '../../../isa/state-layout';
import { RFLAGS_CF, RFLAGS_OF, setFlags } from '../flags';

/** ~a & b
 * @inline */
export function andNot<T extends number>(a: T, b: T): T {
  const result = (~a & b) as T;
  setFlags<T>(result, 0);
  return result;
}

/** The field of a that starts at bit b[7:0] and is b[15:8] bits long. ZF is defined; SF, AF, PF are not. */
export function bitFieldExtract<T extends number>(a: T, b: T): T {
  const start = u32(b) & 0xff;
  const length = (u32(b) >> 8) & 0xff;
  const bits = u32(sizeof<T>() * 8);
  const shifted = start >= bits ? 0 : u64(a) >> u64(start);
  const result = (length >= bits ? shifted : shifted & ((u64(1) << u64(length)) - 1)) as T;
  setFlags<T>(result, 0);
  return result;
}

/** The lowest set bit of a; CF = (a != 0)
 * @inline */
export function lowestSetBit<T extends number>(a: T): T {
  const result = (a & (0 - a)) as T;
  setFlags<T>(result, u32(a != (0 as T)));
  return result;
}

/** All bits up to and including the lowest set bit of a; CF = (a == 0)
 * @inline */
export function maskToLowestSetBit<T extends number>(a: T): T {
  const result = (a ^ (a - 1)) as T;
  setFlags<T>(result, u32(a == (0 as T)));
  return result;
}

/** a without its lowest set bit; CF = (a == 0)
 * @inline */
export function resetLowestSetBit<T extends number>(a: T): T {
  const result = (a & (a - 1)) as T;
  setFlags<T>(result, u32(a == (0 as T)));
  return result;
}

/** a with the bits from b[7:0] on cleared; CF = that number exceeds the width
 * @inline */
export function zeroHighBits<T extends number>(a: T, b: T): T {
  const start = u32(b) & 0xff;
  const bits = u32(sizeof<T>() * 8);
  const result = (start >= bits ? a : a & (((1 as T) << (start as T)) - 1)) as T;
  setFlags<T>(result, u32(start >= bits));
  return result;
}

/** The low bits of a, scattered to the set bits of mask; no flags */
export function depositBits(a: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (let rest = mask, bit: u64 = 1; rest != 0; rest &= rest - 1, bit <<= 1) {
    if (a & bit) result |= rest & (0 - rest);
  }
  return result;
}

/** The bits of a at the set bits of mask, gathered to the low end; no flags */
export function extractBits(a: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (let rest = mask, bit: u64 = 1; rest != 0; rest &= rest - 1, bit <<= 1) {
    if (a & rest & (0 - rest)) result |= bit;
  }
  return result;
}

/** a + b + the flag at bit `flagShift` of FLAG_AUX (CF for ADCX, OF for ADOX); only that flag changes
 * @inline */
function addThrough<T extends number>(a: T, b: T, flag: u32, flagShift: u32): T {
  const auxiliary = load<u32>(FLAG_AUX);
  const carryIn = (auxiliary >> flagShift) & 1;
  const result = (a + b + (carryIn as T)) as T;
  const carry = u32(result < a) | (carryIn & u32(result == a));
  store<u32>(FLAG_AUX, (auxiliary & ~flag) | (carry << flagShift));
  return result;
}

/** a + b + CF; only CF changes */
export function addCarryOnly<T extends number>(a: T, b: T): T {
  return addThrough<T>(a, b, RFLAGS_CF, 0);
}

/** a + b + OF; only OF changes */
export function addOverflowOnly<T extends number>(a: T, b: T): T {
  return addThrough<T>(a, b, RFLAGS_OF, 11);
}
