/**
 * Extents: the runs of contiguous frames that are allocated as one piece, sorted by first frame, 24 bytes each.
 * Sorted, because any address inside a run must be recognised as part of it: a hash of first frames could not.
 *
 * This file knows the table only; who owns the frames, and where a bigger table comes from, is page-runs.ts.
 */
@unmanaged
export class Extent {
  firstFrame: u64;
  frameCount: u64;
  /** RunOwner */
  owner: u64;
}

export enum RunOwner {
  /** A block of kmalloc or kmalloc_pages. */
  Block,
  Slab,
  /** The debug build: a block that was freed. */
  Quarantine,
}

export const EXTENT_SIZE: usize = 24;
/** The first table is part of the image: 256 extents. */
const OWN_CAPACITY: u64 = 256;
const ownTable: usize = memory.data(6144, 8);

let table: usize = 0;
let capacity: u64 = 0;
let count: u64 = 0;

/** No extents, in the image's own table. */
export function extentsInit(): void {
  table = ownTable;
  capacity = OWN_CAPACITY;
  count = 0;
}

export function extentCount(): u64 {
  return count;
}

export function extentCapacity(): u64 {
  return capacity;
}

export function ownExtentTable(): usize {
  return ownTable;
}

export function ownExtentCapacity(): u64 {
  return OWN_CAPACITY;
}

export function extentAt(index: u64): Extent {
  return changetype<Extent>(table + (index as usize) * EXTENT_SIZE);
}

/** Moves all extents to a table at `place` with room for `newCapacity`, which is not less than extentCount(). */
export function moveExtents(place: usize, newCapacity: u64): void {
  memory.copy(place, table, (count as usize) * EXTENT_SIZE);
  table = place;
  capacity = newCapacity;
}

/** Records [firstFrame, firstFrame + frameCount), which overlaps no other; there is room. */
export function insertExtent(firstFrame: u64, frameCount: u64, owner: RunOwner): void {
  const index = firstExtentAtOrAfter(firstFrame);
  const extent = extentAt(index);
  const address = changetype<usize>(extent);
  // A copy of nothing would cost a string instruction's start.
  if (index != count)
    memory.copy(address + EXTENT_SIZE, address, ((count - index) as usize) * EXTENT_SIZE);
  extent.firstFrame = firstFrame;
  extent.frameCount = frameCount;
  extent.owner = owner as u64;
  count += 1;
}

/** Forgets an extent that extentStartingAt or extentHolding returned. */
export function removeExtent(extent: Extent): void {
  const address = changetype<usize>(extent);
  const behind = address + EXTENT_SIZE;
  const end = changetype<usize>(extentAt(count));
  if (behind != end) memory.copy(address, behind, end - behind);
  count -= 1;
}

/** The extent that begins with `frame`, or null. */
export function extentStartingAt(frame: u64): Extent | null {
  const index = firstExtentAtOrAfter(frame);
  if (index == count) return null;
  const extent = extentAt(index);
  return extent.firstFrame == frame ? extent : null;
}

/** The extent that `frame` is part of, or null. */
export function extentHolding(frame: u64): Extent | null {
  const index = firstExtentAtOrAfter(frame + 1);
  if (index == 0) return null;
  const extent = extentAt(index - 1);
  return frame - extent.firstFrame < extent.frameCount ? extent : null;
}

function firstExtentAtOrAfter(frame: u64): u64 {
  let low: u64 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (extentAt(middle).firstFrame < frame) low = middle + 1;
    else high = middle;
  }
  return low;
}
