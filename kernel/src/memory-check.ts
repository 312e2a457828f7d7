import { extentAt, extentCapacity, extentCount } from './extents';
import {
  chunkCount,
  chunkCounterHolds,
  isUsed,
  nextFreeSlot,
  SLOTS_PER_WORD,
} from './frame-bitmap';
import { Region, regionAt, regionCount, regionOfFrame, wordsForFrames } from './frame-regions';
import {
  BODY,
  descriptorOf,
  FREE,
  listCount,
  listHead,
  listMarked,
  listOf,
  NO_PAGE,
  TAIL,
  USED,
} from './heap-bins';
import { heapActive, heapEnd, heapFreeCount, heapPageCount, heapStart } from './kernel-heap';
import { PAGE_SHIFT } from './page';
import {
  allocatedFrames,
  framesActive,
  pmm_free_pages,
  pmm_total_pages,
  reservedFrameCount,
} from './page-frames';
import { pageTablesHold } from './page-table-check';
import { interruptsOff, interruptsRestore } from './processor';
import {
  Owner,
  reservationAt,
  reservationCount,
  reservationOf,
  reservedPagesWithin,
} from './reservations';

/**
 * The allocators' invariants, checked from their raw data. Bounded work: of a large machine's bitmap the first and
 * the last chunks are counted, and of a large heap's descriptors only those that begin or end a block are read.
 */
const CHUNKS_CHECKED: u64 = 8;
const BODIES_CHECKED: u32 = 65_536;

/** What nk_mem_check returns: 0, or the first invariant that does not hold. */
export enum Invariant {
  AllHold,
  /** The regions' frames and free frames add up to pmm_total_pages and pmm_free_pages. */
  FrameCounters,
  /** The reservations are sorted, disjoint, and add up to the reserved frames. */
  Reservations,
  /** Every chunk counter equals the bits of its chunk. */
  ChunkCounters,
  /** The bits behind a region's last frame are used. */
  TailBits,
  /** Every reserved frame is marked used. */
  ReservedFrames,
  /** Extents are sorted, disjoint, inside one region, used, not reserved, and not more than what is allocated. */
  Extents,
  /** The heap's blocks tile it; no two free ones touch; lengths, tails and the count of free pages agree. */
  HeapTiling,
  /** Every free block is in the list of its length, and the lists hold nothing else. */
  HeapLists,
  /** Page tables are allocated frames, count their entries right, and map no free frame. */
  PageTables,
}

/** Checks all invariants; 0 when all hold, else the number of the first that does not (see Invariant). */
export function nk_mem_check(): u32 {
  const flags = interruptsOff();
  const broken = firstBroken();
  interruptsRestore(flags);
  return broken;
}

function firstBroken(): Invariant {
  if (framesActive()) {
    if (!frameCountersHold()) return Invariant.FrameCounters;
    if (!reservationsHold()) return Invariant.Reservations;
    if (!chunkCountersHold()) return Invariant.ChunkCounters;
    if (!tailBitsHold()) return Invariant.TailBits;
    if (!reservedFramesHold()) return Invariant.ReservedFrames;
    if (!extentsHold()) return Invariant.Extents;
    if (!pageTablesHold()) return Invariant.PageTables;
  }
  if (heapActive()) {
    if (!heapTilingHolds()) return Invariant.HeapTiling;
    if (!heapListsHold()) return Invariant.HeapLists;
  }
  return Invariant.AllHold;
}

function frameCountersHold(): bool {
  let total: u64 = 0;
  let free: u64 = 0;
  for (let i: u32 = 0; i < regionCount(); i++) {
    const region = regionAt(i);
    if (region.freeCount > region.frameCount) return false;
    total += region.frameCount;
    free += region.freeCount;
  }
  return total == pmm_total_pages() && free == pmm_free_pages();
}

function reservationsHold(): bool {
  let last: u64 = 0;
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    if (reservation.start < last || reservation.end <= reservation.start) return false;
    last = reservation.end;
  }
  let reserved: u64 = 0;
  for (let i: u32 = 0; i < regionCount(); i++) {
    const region = regionAt(i);
    const start = region.firstFrame << PAGE_SHIFT;
    reserved += reservedPagesWithin(start, start + (region.frameCount << PAGE_SHIFT));
  }
  if (heapActive()) {
    const heap = reservationOf(heapStart() as u64);
    if (heap === null || heap.owner != (Owner.Heap as u32) || heap.end < (heapEnd() as u64))
      return false;
  }
  return reserved == reservedFrameCount();
}

function chunkCountersHold(): bool {
  const chunks = chunkCount();
  for (let chunk: u64 = 0; chunk < chunks; chunk++) {
    if (chunk == CHUNKS_CHECKED && chunks > 2 * CHUNKS_CHECKED) chunk = chunks - CHUNKS_CHECKED;
    if (!chunkCounterHolds(chunk)) return false;
  }
  return true;
}

function tailBitsHold(): bool {
  for (let i: u32 = 0; i < regionCount(); i++) {
    const region = regionAt(i);
    const end = region.firstSlot + wordsForFrames(region.frameCount) * SLOTS_PER_WORD;
    for (let slot = region.firstSlot + region.frameCount; slot < end; slot++) {
      if (!isUsed(slot)) return false;
    }
  }
  return true;
}

/** Whether no frame of [frame, frame + count), as far as `region` has them, is free. */
function noneFree(region: Region, frame: u64, count: u64): bool {
  const from = max(frame, region.firstFrame);
  const to = min(frame + count, region.firstFrame + region.frameCount);
  if (from >= to) return true;
  const slot = region.firstSlot + (from - region.firstFrame);
  return nextFreeSlot(slot, slot + (to - from)) == slot + (to - from);
}

function reservedFramesHold(): bool {
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    const first = reservation.start >> PAGE_SHIFT;
    const count = (reservation.end - reservation.start) >> PAGE_SHIFT;
    for (let r: u32 = 0; r < regionCount(); r++) {
      if (!noneFree(regionAt(r), first, count)) return false;
    }
  }
  return true;
}

function extentsHold(): bool {
  let pages: u64 = 0;
  let last: u64 = 0;
  if (extentCount() > extentCapacity()) return false;
  for (let i: u64 = 0; i < extentCount(); i++) {
    const extent = extentAt(i);
    const region = regionOfFrame(extent.firstFrame);
    if (region === null || extent.frameCount == 0 || extent.firstFrame < last) return false;
    last = extent.firstFrame + extent.frameCount;
    if (last > region.firstFrame + region.frameCount) return false;
    if (!noneFree(region, extent.firstFrame, extent.frameCount)) return false;
    if (reservedPagesWithin(extent.firstFrame << PAGE_SHIFT, last << PAGE_SHIFT) != 0) return false;
    pages += extent.frameCount;
  }
  return pages <= allocatedFrames();
}

function heapTilingHolds(): bool {
  let page: u32 = 0;
  let free: u32 = 0;
  let wasFree = false;
  while (page < heapPageCount()) {
    const descriptor = descriptorOf(page);
    const length = descriptor.length;
    const isFree = descriptor.state == FREE;
    if (!isFree && descriptor.state != USED) return false;
    if (length == 0 || length > heapPageCount() - page || (isFree && wasFree)) return false;
    if (!insideHolds(page, length, isFree)) return false;
    if (isFree) free += length;
    wasFree = isFree;
    page += length;
  }
  return free == heapFreeCount();
}

/** The pages behind a block's first: BODY all, but for the tail of a free block. */
function insideHolds(page: u32, length: u32, isFree: bool): bool {
  if (length == 1) return true;
  const tail = descriptorOf(page + length - 1);
  if (isFree ? tail.state != TAIL || tail.length != length : tail.state != BODY) return false;
  const checked = min(length - 1, BODIES_CHECKED);
  for (let i: u32 = 1; i < checked; i++) {
    if (descriptorOf(page + i).state != BODY) return false;
  }
  return true;
}

function heapListsHold(): bool {
  let listed: u64 = 0;
  for (let list: u32 = 0; list < listCount(); list++) {
    let previous = NO_PAGE;
    const head = listHead(list);
    if (listMarked(list) != (head != NO_PAGE)) return false;
    for (let page = head; page != NO_PAGE; page = descriptorOf(page).next) {
      if (page >= heapPageCount()) return false;
      const descriptor = descriptorOf(page);
      if (descriptor.state != FREE || descriptor.previous != previous) return false;
      if (listOf(descriptor.length) != list) return false;
      listed += descriptor.length;
      if (listed > (heapFreeCount() as u64)) return false; // a cycle, or a block listed twice
      previous = page;
    }
  }
  return listed == (heapFreeCount() as u64);
}
