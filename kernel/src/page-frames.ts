import { extentHolding, extentsInit } from './extents';
import {
  clearSlots,
  freeRun,
  isUsed,
  nextUsedSlot,
  releaseSlot,
  setSlots,
  takeFreeSlot,
} from './frame-bitmap';
import {
  firstRegionEndingAfter,
  regionAt,
  regionCount,
  regionOfFrame,
  regionOfSlot,
} from './frame-regions';
import { countMemoryError, MemoryError, refuse } from './memory-errors';
import { isPageAligned, PAGE_SHIFT } from './page';
import { interruptsOff, interruptsRestore } from './processor';
import {
  reservationAt,
  reservationCount,
  reservationOf,
  reserve,
  unreserve,
  Owner,
} from './reservations';

/**
 * The page frame allocator: pages of 4 KiB, handed out and taken back one at a time, and, for the heap, in runs.
 *
 * Every managed frame is in one of three states, and the three add up at every moment:
 *
 *     total = free + reserved + allocated
 *
 * reserved frames (reservations.ts) can be neither allocated nor freed. A used bit means reserved or allocated.
 */
let active: bool = false;
let totalFrames: u64 = 0;
let freeFrames: u64 = 0;
let reservedFrames: u64 = 0;

export function framesActive(): bool {
  return active;
}

/** Frames that are neither free nor reserved. */
export function allocatedFrames(): u64 {
  return totalFrames - freeFrames - reservedFrames;
}

export function reservedFrameCount(): u64 {
  return reservedFrames;
}

/** Managed pages: every page of the sanitised map, reserved ones included. 0 before pmm_init. */
export function pmm_total_pages(): u64 {
  return totalFrames;
}

/** Pages that can still be allocated. */
export function pmm_free_pages(): u64 {
  return freeFrames;
}

/**
 * One page of 4096 bytes, page-aligned, with whatever was in it. The caller owns it until pmm_free_page.
 * Returns 0 when no page is free, or before pmm_init.
 */
export function pmm_alloc_page(): usize {
  const flags = interruptsOff();
  const page = allocateFrame();
  interruptsRestore(flags);
  return page;
}

function allocateFrame(): usize {
  if (freeFrames == 0) {
    countMemoryError(active ? MemoryError.OutOfMemory : MemoryError.Uninitialised);
    return 0;
  }
  const slot = takeFreeSlot();
  const region = regionOfSlot(slot);
  region.freeCount -= 1;
  freeFrames -= 1;
  return ((region.firstFrame + (slot - region.firstSlot)) << PAGE_SHIFT) as usize;
}

/**
 * Takes back a page of pmm_alloc_page. 0 is allowed and does nothing. Anything else that is not an allocated single
 * page (free already, reserved, misaligned, not RAM, part of a run) is refused: nothing changes but an error counter.
 */
export function pmm_free_page(addr: usize): void {
  if (addr == 0) return;
  const flags = interruptsOff();
  freeFrame(addr);
  interruptsRestore(flags);
}

function freeFrame(address: usize): void {
  if (!active) return refuse(MemoryError.Uninitialised, 'pmm_free_page', address);
  if (!isPageAligned(address)) return refuse(MemoryError.Misaligned, 'pmm_free_page', address);
  const frame = (address as u64) >> PAGE_SHIFT;
  const region = regionOfFrame(frame);
  if (region === null) return refuse(MemoryError.Foreign, 'pmm_free_page', address);
  const slot = region.firstSlot + (frame - region.firstFrame);
  if (!isUsed(slot)) return refuse(MemoryError.DoubleFree, 'pmm_free_page', address);
  if (reservationOf(address as u64) !== null)
    return refuse(MemoryError.Reserved, 'pmm_free_page', address);
  if (extentHolding(frame) !== null) return refuse(MemoryError.Foreign, 'pmm_free_page', address);
  releaseSlot(slot);
  region.freeCount += 1;
  freeFrames += 1;
}

/** Takes `count` contiguous free frames, the lowest there are; returns their address, or 0 and changes nothing. */
export function takeFrames(count: u64): usize {
  if (count == 0 || count > freeFrames) return 0;
  for (let i: u32 = 0; i < regionCount(); i++) {
    const region = regionAt(i);
    if (region.freeCount < count) continue;
    const limit = region.firstSlot + region.frameCount;
    const slot = freeRun(region.firstSlot, limit, count);
    if (slot == limit) continue;
    setSlots(slot, count);
    region.freeCount -= count;
    freeFrames -= count;
    return ((region.firstFrame + (slot - region.firstSlot)) << PAGE_SHIFT) as usize;
  }
  return 0;
}

/** Takes exactly the `count` frames at `address`, all of one region, if all are free. */
export function takeFramesAt(address: usize, count: u64): bool {
  const frame = (address as u64) >> PAGE_SHIFT;
  const region = regionOfFrame(frame);
  if (region === null) return false;
  const offset = frame - region.firstFrame;
  if (region.frameCount - offset < count) return false;
  const slot = region.firstSlot + offset;
  if (nextUsedSlot(slot, slot + count) != slot + count) return false;
  setSlots(slot, count);
  region.freeCount -= count;
  freeFrames -= count;
  return true;
}

/** Gives back `count` used frames at `address`, all of one region. The caller knows that they are its own. */
export function returnFrames(address: usize, count: u64): void {
  const frame = (address as u64) >> PAGE_SHIFT;
  const region = regionOfFrame(frame);
  if (region === null) return;
  clearSlots(region.firstSlot + (frame - region.firstFrame), count);
  region.freeCount += count;
  freeFrames += count;
}

/** Whether the frame at `address` is managed and free. */
export function isFreeFrame(address: usize): bool {
  const frame = (address as u64) >> PAGE_SHIFT;
  const region = regionOfFrame(frame);
  return region !== null && !isUsed(region.firstSlot + (frame - region.firstFrame));
}

/** Whether every managed frame in [start, end) is free. */
export function allFramesFree(start: u64, end: u64): bool {
  const first = start >> PAGE_SHIFT;
  const behind = end >> PAGE_SHIFT;
  for (let i = firstRegionEndingAfter(first); i < regionCount(); i++) {
    const region = regionAt(i);
    if (region.firstFrame >= behind) break;
    const from = max(first, region.firstFrame) - region.firstFrame + region.firstSlot;
    const to =
      min(behind, region.firstFrame + region.frameCount) - region.firstFrame + region.firstSlot;
    if (nextUsedSlot(from, to) != to) return false;
  }
  return true;
}

/** Reserves [start, end), whose managed frames are all free. Returns false when the table of reservations is full. */
export function reserveFrames(start: u64, end: u64, owner: Owner): bool {
  if (!reserve(start, end, owner)) return false;
  markReserved(start, end, true);
  return true;
}

/** Makes all frames that `owner` reserved free again. */
export function unreserveFrames(owner: Owner): void {
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    if (reservation.owner == (owner as u32))
      markReserved(reservation.start, reservation.end, false);
  }
  unreserve(owner);
}

/** Moves the managed frames of [start, end) between free and reserved. */
function markReserved(start: u64, end: u64, reserved: bool): void {
  const first = start >> PAGE_SHIFT;
  const behind = end >> PAGE_SHIFT;
  for (let i = firstRegionEndingAfter(first); i < regionCount(); i++) {
    const region = regionAt(i);
    if (region.firstFrame >= behind) break;
    const from = max(first, region.firstFrame);
    const frames = min(behind, region.firstFrame + region.frameCount) - from;
    const slot = region.firstSlot + (from - region.firstFrame);
    if (reserved) {
      setSlots(slot, frames);
      region.freeCount -= frames;
      freeFrames -= frames;
      reservedFrames += frames;
    } else {
      clearSlots(slot, frames);
      region.freeCount += frames;
      freeFrames += frames;
      reservedFrames -= frames;
    }
  }
}

/** Opens the allocator over the regions of frame-regions.ts, all of whose bits are free, less all reservations. */
export function framesOpen(total: u64): void {
  totalFrames = total;
  freeFrames = total;
  reservedFrames = 0;
  extentsInit();
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    markReserved(reservation.start, reservation.end, true);
  }
  active = true;
}
