import { MemoryMapEntry, TYPE_USABLE } from './boot-info';
import { bootAllocateMetadata } from './boot-memory';
import { MemoryError, refuse } from './memory-errors';
import { sanitisedRanges } from './memory-map';
import { pageRoundUp } from './page';
import { forgetClaim } from './page-claim';
import { allocatedFrames, framesActive, framesOpen } from './page-frames';
import { interruptsOff, interruptsRestore } from './processor';
import { sanitiseRamAndAcpi, sanitiseWithinRam } from './ram';
import { Owner, reserve, unreserve } from './reservations';
import { buildZones, planZones } from './zone-plan';

/**
 * How the page frame allocator gets its RAM. Three callers, one path: sorted disjoint ranges → how much metadata they
 * need → a place for it → zones → everything reserved is held → open.
 *
 * With nothing allocated it may be initialised again, over another map; otherwise the call is refused.
 */
const oneEntry: usize = memory.data(24, 8);

/** Where the metadata is, and its size in bytes; 0 before the first initialisation. */
let metadataStart: usize = 0;
let metadataSize: u64 = 0;

/**
 * Manages the `mem_size_bytes` bytes from `phys_base` on, as far as the machine has RAM there: a map of one entry.
 * Refused (counted) while pages are allocated, and when no whole page of RAM remains.
 */
export function pmm_init(mem_size_bytes: u64, phys_base: usize): void {
  const entry = changetype<MemoryMapEntry>(oneEntry);
  entry.base = phys_base as u64;
  entry.length = mem_size_bytes;
  entry.type = TYPE_USABLE;
  pmm_init_map(oneEntry, 1);
}

/**
 * Manages the RAM of a map: `count` entries of 24 bytes, u64 base, u64 length, u32 type, u32 not used.
 * Returns 1, or 0 when it was refused; then everything is as before.
 */
export function pmm_init_map(entries: usize, count: u32): u32 {
  const flags = interruptsOff();
  const done = initFromMap(entries, count);
  interruptsRestore(flags);
  return done ? 1 : 0;
}

function initFromMap(entries: usize, count: u32): bool {
  if (framesActive() && allocatedFrames() != 0) {
    refuse(MemoryError.InitRefused, 'pmm_init', entries);
    return false;
  }
  const ranges = sanitiseWithinRam(entries, count);
  if (ranges != 0 && manage(sanitisedRanges(), ranges)) return true;
  refuse(MemoryError.InitRefused, 'pmm_init', entries);
  return false;
}

/** Manages all RAM of the machine, and ACPI tables for later, at boot. Returns false when there is no place for the metadata. */
export function pmmInitRam(): bool {
  const ranges = sanitiseRamAndAcpi();
  return manage(sanitisedRanges(), ranges);
}

/** Bytes of metadata, whole pages, for these ranges. */
export function metadataSizeFor(ranges: usize, rangeCount: u32): u64 {
  return pageRoundUp(planZones(ranges, rangeCount) as usize) as u64;
}

function manage(ranges: usize, rangeCount: u32): bool {
  const size = metadataSizeFor(ranges, rangeCount);
  unreserve(Owner.FrameBitmap);
  const place = bootAllocateMetadata(ranges, rangeCount, size, Owner.FrameBitmap);
  if (place == 0) {
    if (metadataSize != 0)
      reserve(metadataStart as u64, (metadataStart as u64) + metadataSize, Owner.FrameBitmap);
    return false;
  }
  metadataStart = place;
  metadataSize = size;
  forgetClaim(); // its word may be one of the new leaf lines
  framesOpen(buildZones(place, ranges, rangeCount));
  return true;
}
