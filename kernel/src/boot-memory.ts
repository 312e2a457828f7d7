import { rangeAt } from './memory-map';
import { BOOT_MAPPED_END, PHYSICAL_ADDRESS_END } from './page';
import { firstEndingAfter, Owner, reservationAt, reservationCount, reserve } from './reservations';

/**
 * The first allocator: finds room among sorted usable ranges for what must exist before pages can be handed out, and
 * reserves it. Nothing is ever given back here.
 *
 * All sizes are in bytes, multiples of 4096; all results are page-aligned; 0 means that no range has room.
 */

/** Metadata up to this size stays in low memory, which the boot stub has mapped; larger goes where RAM is plenty. */
const SMALL: u64 = 16 << 20;

/** The lowest free place of `size` bytes that ends at or below `limit`. */
export function bootAllocate(
  ranges: usize,
  rangeCount: u32,
  size: u64,
  limit: u64,
  owner: Owner,
): usize {
  for (let i: u32 = 0; i < rangeCount; i++) {
    const range = rangeAt(ranges, i);
    const place = lowestGap(range.start, min(range.end, limit), size);
    if (place != 0) return taken(place, size, owner);
  }
  return 0;
}

/**
 * Room for allocator metadata, in this order: at the very start of the managed RAM (the documented place, free when
 * the caller manages a range that nothing else lives in); small: the lowest place below 4 GiB; the largest range;
 * anywhere.
 */
export function bootAllocateMetadata(
  ranges: usize,
  rangeCount: u32,
  size: u64,
  owner: Owner,
): usize {
  if (rangeCount == 0) return 0;
  const first = rangeAt(ranges, 0);
  if (lowestGap(first.start, first.end, size) == first.start)
    return taken(first.start, size, owner);

  if (size <= SMALL) {
    const low = bootAllocate(ranges, rangeCount, size, BOOT_MAPPED_END as u64, owner);
    if (low != 0) return low;
  }

  let largest = first;
  for (let i: u32 = 1; i < rangeCount; i++) {
    const range = rangeAt(ranges, i);
    if (range.end - range.start > largest.end - largest.start) largest = range;
  }
  const place = lowestGap(largest.start, largest.end, size);
  if (place != 0) return taken(place, size, owner);
  return bootAllocate(ranges, rangeCount, size, PHYSICAL_ADDRESS_END, owner);
}

function taken(place: u64, size: u64, owner: Owner): usize {
  return reserve(place, place + size, owner) ? (place as usize) : 0;
}

/** The lowest address in [start, end) with `size` unreserved bytes behind it, or 0. */
function lowestGap(start: u64, end: u64, size: u64): u64 {
  let cursor = start;
  for (let i = firstEndingAfter(start); i < reservationCount(); i++) {
    const obstacle = reservationAt(i);
    if (obstacle.start >= end) break;
    if (obstacle.start > cursor && obstacle.start - cursor >= size) return cursor;
    cursor = max(cursor, obstacle.end);
  }
  return cursor < end && end - cursor >= size ? cursor : 0;
}
