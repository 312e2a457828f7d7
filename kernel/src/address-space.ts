import { hasFiveLevels } from './processor';

/**
 * Linear addresses: whose is which. The lower half is physical memory at its own address (image-protection.ts,
 * window.ts); the upper half is divided at fixed places:
 *
 *     5 levels                  4 levels
 *     0xff00000000000000        0xffff800000000000    window on physical memory: 4 PiB, 96 TiB
 *     0xff20000000000000        0xffffe00000000000    mappings: what vm_map is given
 *     0xfffff00000000000        0xfffff00000000000    areas: what vm_alloc chooses, 8 TiB
 *     0xfffff80000000000        0xfffff80000000000    nothing
 *
 * An address is canonical when the bits above the highest translated one, 47 or 56, are all equal to it.
 * Source: SDM Vol. 1 "Canonical Addressing".
 */
const WINDOW_4: u64 = 0xffff_8000_0000_0000;
const WINDOW_5: u64 = 0xff00_0000_0000_0000;
const WINDOW_SIZE_4: u64 = (3 as u64) << 45;
const WINDOW_SIZE_5: u64 = (1 as u64) << 52;
const MAPPINGS_4: u64 = 0xffff_e000_0000_0000;
const MAPPINGS_5: u64 = 0xff20_0000_0000_0000;
export const AREAS_START: u64 = 0xffff_f000_0000_0000;
export const AREAS_END: u64 = 0xffff_f800_0000_0000;

const HIGHEST_BIT_4: u64 = 47;
const HIGHEST_BIT_5: u64 = 56;

export function isCanonical(address: u64): bool {
  const unused = 63 - (hasFiveLevels ? HIGHEST_BIT_5 : HIGHEST_BIT_4);
  return ((((address << unused) as i64) >> (unused as i64)) as u64) == address;
}

export function windowStart(): u64 {
  return hasFiveLevels ? WINDOW_5 : WINDOW_4;
}

export function windowSize(): u64 {
  return hasFiveLevels ? WINDOW_SIZE_5 : WINDOW_SIZE_4;
}

export function mappingsStart(): u64 {
  return hasFiveLevels ? MAPPINGS_5 : MAPPINGS_4;
}

/** Whether [start, start + pages * 4096) is canonical and lies in [low, high). */
export function rangeLiesIn(start: u64, pages: u64, low: u64, high: u64): bool {
  if (start < low || start >= high || !isCanonical(start)) return false;
  return pages <= (high - start) >> 12;
}
