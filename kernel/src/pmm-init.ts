import { MemoryMapEntry, TYPE_USABLE } from './boot-info';
import { bootAllocateMetadata } from './boot-memory';
import { bitmapInit, bitmapSize, setSlots, SLOTS_PER_WORD } from './frame-bitmap';
import { REGION_SIZE, regionAdd, regionsInit, wordsForFrames } from './frame-regions';
import { MemoryError, refuse } from './memory-errors';
import { rangeAt, sanitisedRanges } from './memory-map';
import { PAGE_SHIFT, pageRoundUp } from './page';
import { allocatedFrames, framesActive, framesOpen } from './page-frames';
import { interruptsOff, interruptsRestore } from './processor';
import { ramRangeCount, ramRanges, sanitiseWithinRam } from './ram';
import { Owner, reserve, unreserve } from './reservations';

/**
 * How the page frame allocator gets its RAM. Three callers, one path: sorted disjoint ranges → place for the metadata
 * → regions and bitmap → everything reserved is marked used → open.
 *
 *     metadata   │ bitmap, 1 bit a page │ chunk counters, 1/1024 of it │ regions, 32 bytes a range │   whole pages
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

/** Manages all RAM of the machine, at boot. Returns false when there is no place for the metadata. */
export function pmmInitRam(): bool {
  return manage(ramRanges(), ramRangeCount());
}

/** Bytes of metadata, whole pages, for these ranges. */
export function metadataSizeFor(ranges: usize, rangeCount: u32): u64 {
  let words: u64 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) words += wordsForFrames(framesOf(ranges, i));
  return pageRoundUp((bitmapSize(words) as usize) + (rangeCount as usize) * REGION_SIZE) as u64;
}

function framesOf(ranges: usize, index: u32): u64 {
  const range = rangeAt(ranges, index);
  return (range.end - range.start) >> PAGE_SHIFT;
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

  let words: u64 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) words += wordsForFrames(framesOf(ranges, i));
  bitmapInit(place, words);
  regionsInit(place + (bitmapSize(words) as usize));
  framesOpen(addRegions(ranges, rangeCount));
  return true;
}

/** One region a range; the rest of each region's last word is no frame and marked used. Returns the total of frames. */
function addRegions(ranges: usize, rangeCount: u32): u64 {
  let slot: u64 = 0;
  let total: u64 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) {
    const frames = framesOf(ranges, i);
    regionAdd(rangeAt(ranges, i).start >> PAGE_SHIFT, frames, slot);
    const next = slot + wordsForFrames(frames) * SLOTS_PER_WORD;
    if (slot + frames != next) setSlots(slot + frames, next - (slot + frames));
    slot = next;
    total += frames;
  }
  return total;
}
