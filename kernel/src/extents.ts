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
/** Bytes up to which a loop is faster than the start of a string instruction: 16 extents. */
const MOVED_ONE_BY_ONE: usize = 384;
const ownTable: usize = memory.data(6144, 8);

let table: usize = 0;
let capacity: u64 = 0;
let count: u64 = 0;
/** Index of the extent that was asked for last, or of one beside it: where the next one often is. Nobody has to keep it true. */
let recent: u64 = 0;

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
  const index = isBehindRecent(firstFrame) ? recent + 1 : firstExtentAtOrAfter(firstFrame);
  recent = index;
  const extent = extentAt(index);
  // A string instruction that goes down takes as long as this, and its start.
  const place = changetype<usize>(extent);
  for (let at = changetype<usize>(extentAt(count)); at != place; at -= EXTENT_SIZE)
    copyExtent(at, at - EXTENT_SIZE);
  extent.firstFrame = firstFrame;
  extent.frameCount = frameCount;
  extent.owner = owner as u64;
  count += 1;
}

/** Whether the place of an extent that begins with `frame` is behind the recent one. @inline */
function isBehindRecent(frame: u64): bool {
  const next = recent + 1;
  if (next > count || extentAt(recent).firstFrame > frame) return false;
  return next == count || extentAt(next).firstFrame > frame;
}

/** Forgets an extent that extentStartingAt or extentHolding returned. */
export function removeExtent(extent: Extent): void {
  let at = changetype<usize>(extent);
  count -= 1;
  const end = changetype<usize>(extentAt(count));
  if (end - at > MOVED_ONE_BY_ONE) return memory.copy(at, at + EXTENT_SIZE, end - at);
  for (; at != end; at += EXTENT_SIZE) copyExtent(at, at + EXTENT_SIZE);
}

/** @inline */
function copyExtent(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
}

/** The extent that begins with `frame`, or null. */
export function extentStartingAt(frame: u64): Extent | null {
  if (isAt(recent, frame)) return extentAt(recent);
  if (isAt(recent - 1, frame)) {
    recent -= 1;
    return extentAt(recent);
  }
  const index = firstExtentAtOrAfter(frame);
  if (index == count) return null;
  recent = index;
  const extent = extentAt(index);
  return extent.firstFrame == frame ? extent : null;
}

/** Whether extent `index`, if there is such a one, begins with `frame`. @inline */
function isAt(index: u64, frame: u64): bool {
  return index < count && extentAt(index).firstFrame == frame;
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
