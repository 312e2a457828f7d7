/**
 * Bit tests, scans and counts, and the byte swap.
 * Source: Intel SDM Vol. 2, BT, BTS, BTR, BTC, BSF, BSR, TZCNT, LZCNT, POPCNT, BSWAP.
 */
import {
  RFLAGS_AF,
  RFLAGS_CF,
  RFLAGS_OF,
  RFLAGS_ZF,
  setCarry,
  setFlags,
  setStatusFlags,
  signExtended,
} from '../flags';
import { setDestination, sourceA } from './operand';
import { FLAG_AUX, FLAG_RESULT } from '../../../isa/state-layout';

/** CF ← bit (index mod width) of a; every other flag is kept.
 * @inline */
export function bitTest<T extends number>(a: T, index: T): void {
  setCarry(u32(a >> bitNumber<T>(index)) & 1);
}

/** The same, and the bit set
 * @inline */
export function bitTestAndSet<T extends number>(a: T, index: T): T {
  bitTest<T>(a, index);
  return (a | singleBit<T>(index)) as T;
}

/** The same, and the bit cleared
 * @inline */
export function bitTestAndReset<T extends number>(a: T, index: T): T {
  bitTest<T>(a, index);
  return (a & ~singleBit<T>(index)) as T;
}

/** The same, and the bit complemented
 * @inline */
export function bitTestAndComplement<T extends number>(a: T, index: T): T {
  bitTest<T>(a, index);
  return (a ^ singleBit<T>(index)) as T;
}

/** Address of the unit of a bit string that holds bit `index` (signed): base + (index / width) * bytes.
 * @inline */
export function bitStringAddress<T extends number>(base: u64, index: T): u64 {
  if (sizeof<T>() == 2) return base + u64((signExtended<T>(index) >> 4) << 1);
  if (sizeof<T>() == 4) return base + u64((signExtended<T>(index) >> 5) << 2);
  return base + u64((signExtended<T>(index) >> 6) << 3);
}

/** dst ← index of the lowest set bit of a; a == 0: dst is kept, ZF = 1. The other flags (undefined) are kept.
 * @inline */
export function bitScanForward<T extends number>(uop: u32): void {
  const a = sourceA<T>(uop);
  if (a) setDestination<T>(uop, ctz<T>(a));
  setZero(a == (0 as T));
}

/** dst ← index of the highest set bit of a, likewise.
 * @inline */
export function bitScanReverse<T extends number>(uop: u32): void {
  const a = sourceA<T>(uop);
  if (a) setDestination<T>(uop, (((sizeof<T>() * 8 - 1) as T) - leadingZeros<T>(a)) as T);
  setZero(a == (0 as T));
}

/** Number of zero bits below the lowest set bit; CF = (a == 0), ZF = (result == 0).
 * @inline */
export function trailingZeroCount<T extends number>(a: T): T {
  const count = trailingZeros<T>(a);
  setCountFlags<T>(a, count);
  return count;
}

/** Number of zero bits above the highest set bit; flags as TZCNT.
 * @inline */
export function leadingZeroCount<T extends number>(a: T): T {
  const count = leadingZeros<T>(a);
  setCountFlags<T>(a, count);
  return count;
}

/** Number of set bits; ZF = (a == 0), all other flags cleared.
 * @inline */
export function populationCount<T extends number>(a: T): T {
  setStatusFlags(a ? 0 : RFLAGS_ZF);
  return popcnt<T>(a);
}

/** @inline */
export function byteSwap<T extends number>(a: T): T {
  return bswap<T>(a);
}

/** Zero bits below the lowest set bit; the width when there is none.
 * @inline */
function trailingZeros<T extends number>(a: T): T {
  if (sizeof<T>() == 2) return ctz<u32>(u32(a) | 0x10000) as T;
  return ctz<T>(a);
}

/** Zero bits above the highest set bit; the width when there is none.
 * @inline */
function leadingZeros<T extends number>(a: T): T {
  if (sizeof<T>() == 2) return (clz<u32>(u32(a)) - 16) as T;
  return clz<T>(a);
}

/** Zero bits below the lowest set bit of the value's own width: ctz and clz count in 32 bits at least.
 * @inline */
function zerosBelow<T extends number>(a: T): T {
  if (sizeof<T>() == 2) return ctz<u32>(u32(a) | 0x10000) as T;
  return ctz<T>(a) as T;
}

/** @inline */
function zerosAbove<T extends number>(a: T): T {
  if (sizeof<T>() == 2) return (clz<u32>(u32(a)) - 16) as T;
  return clz<T>(a) as T;
}

/** @inline */
function bitNumber<T extends number>(index: T): T {
  return (index & ((sizeof<T>() * 8 - 1) as T)) as T;
}

/** @inline */
function singleBit<T extends number>(index: T): T {
  return ((1 as T) << bitNumber<T>(index)) as T;
}

/** ZF ← zero; CF, AF and OF are kept, SF and PF are those of a result of 0 or 1.
 * @inline */
function setZero(zero: bool): void {
  store<u64>(FLAG_RESULT, u64(!zero));
  store<u32>(FLAG_AUX, load<u32>(FLAG_AUX) & (RFLAGS_CF | RFLAGS_AF | RFLAGS_OF));
}

/** @inline */
function setCountFlags<T extends number>(a: T, count: T): void {
  setFlags<T>(count, u32(a == (0 as T)));
}
