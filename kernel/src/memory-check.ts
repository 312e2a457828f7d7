import { DEBUG } from './debug-build';
import { extentAt, extentCapacity, extentCount } from './extents';
import { chunksHold } from './frame-check';
import { regionAt, regionCount, regionOfFrame } from './frame-regions';
import {
  firstOf,
  isClassEmpty,
  listCount,
  listMarked,
  listOf,
  NO_PAGE,
  nextOf,
  previousOf,
  slabOf,
} from './heap-bins';
import {
  heapActive,
  heapDataStart,
  heapEnd,
  heapFreeCount,
  heapLengthAt,
  heapPageCount,
  heapStart,
} from './kernel-heap';
import { PAGE_SHIFT, PAGE_SIZE } from './page';
import {
  areInside,
  BODY,
  FIRST_PAGE,
  isFree,
  isUsed,
  lengthBefore,
  lengthOf,
  QUARANTINED,
  SLAB,
  tagBefore,
  tagOf,
} from './page-tags';
import {
  acpiFrameCount,
  allocatedFrames,
  framesActive,
  isFreeFrame,
  noFreeFrame,
  pmm_free_pages,
  pmm_total_pages,
  reservedFrameCount,
} from './page-frames';
import { releaseShelf } from './page-claim';
import { pageTablesHold } from './page-table-check';
import { interruptsOff, interruptsRestore } from './processor';
import {
  Owner,
  reservationAt,
  reservationCount,
  reservationOf,
  reservedPagesWithin,
} from './reservations';
import { slabsHold } from './slab-check';
import { zoneAt, zoneCount } from './zones';

/**
 * The allocators' invariants, checked from their raw data. Level 0 does bounded work: it counts a few of the GiBs that
 * were touched, and of a large heap's tags reads only those that begin or end a block. Level 1 counts them all.
 */
/** Pages of a reservation or of a run that are looked at on level 0, from its start. */
const PAGES_CHECKED: u64 = 64;
const BODIES_CHECKED: u32 = 65_536;

/** What nk_mem_check returns: 0, or the first invariant that does not hold. */
export enum Invariant {
  AllHold,
  /** The regions' and the zones' frames add up to pmm_total_pages; free and reserved ones are not more. */
  FrameCounters,
  /** The reservations are sorted, disjoint, and add up to the reserved frames. */
  Reservations,
  /** Descriptors, counters and sets of every chunk say what its leaf lines say. */
  Chunks,
  /** The pages before and behind every region are not free. */
  Edges,
  /** No reserved page is free. */
  ReservedFrames,
  /** Extents are sorted, disjoint, inside one region, used, not reserved, and not more than what is allocated. */
  Extents,
  /** The heap's blocks tile it; no two free ones touch; lengths, tails and the count of free pages agree. */
  HeapTiling,
  /** Every free block is in the list of its length, and the lists hold nothing else. */
  HeapLists,
  /** Page tables are allocated frames, count their entries right, and map no free frame. */
  PageTables,
  /** Each slab is in one list of its cache, which ends; links, counts and magazine agree (slab-check.ts). */
  Slabs,
}

/**
 * Checks all invariants; 0 when all hold, else the number of the first that does not (see Invariant). Level 0 is quick
 * on any machine; level 1 visits everything that was ever touched.
 */
export function nk_mem_check(level: u32): u32 {
  const flags = interruptsOff();
  const broken = firstBroken(level);
  interruptsRestore(flags);
  return broken;
}

function firstBroken(level: u32): Invariant {
  if (framesActive()) {
    releaseShelf(); // then lines and what sums them up agree
    if (!frameCountersHold()) return Invariant.FrameCounters;
    if (!reservationsHold()) return Invariant.Reservations;
    if (!chunksHold(level)) return Invariant.Chunks;
    if (!edgesHold()) return Invariant.Edges;
    if (!reservedFramesHold(level)) return Invariant.ReservedFrames;
    if (!extentsHold(level)) return Invariant.Extents;
    if (!pageTablesHold()) return Invariant.PageTables;
  }
  if (heapActive()) {
    if (!heapTilingHolds()) return Invariant.HeapTiling;
    if (!heapListsHold()) return Invariant.HeapLists;
    if (!slabsHold()) return Invariant.Slabs;
  }
  return Invariant.AllHold;
}

function frameCountersHold(): bool {
  let total: u64 = 0;
  let zoned: u64 = 0;
  for (let i: u32 = 0; i < regionCount(); i++) total += regionAt(i).frameCount;
  for (let i: u32 = 0; i < zoneCount(); i++) zoned += zoneAt(i).total;
  if (total != pmm_total_pages() + acpiFrameCount() || zoned != pmm_total_pages()) return false;
  return pmm_free_pages() + reservedFrameCount() <= zoned;
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
  return reserved == reservedFrameCount() + acpiFrameCount();
}

function edgesHold(): bool {
  let last: u64 = 0;
  for (let i: u32 = 0; i < regionCount(); i++) {
    const region = regionAt(i);
    const first = region.firstFrame;
    if (first != last && (first == 0 || isFreeFrame(((first - 1) << PAGE_SHIFT) as usize)))
      return false;
    last = first + region.frameCount;
    if (isFreeFrame((last << PAGE_SHIFT) as usize) && regionOfFrame(last) === null) return false;
  }
  return true;
}

/** Whether none of `count` pages from page number `first` on is free; on level 0 only of the first few. */
function noneFree(first: u64, count: u64, level: u32): bool {
  const checked = level == 0 ? min(count, PAGES_CHECKED) : count;
  return noFreeFrame(first, first + checked);
}

function reservedFramesHold(level: u32): bool {
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    const first = reservation.start >> PAGE_SHIFT;
    const count = (reservation.end - reservation.start) >> PAGE_SHIFT;
    if (!noneFree(first, count, level)) return false;
  }
  return true;
}

function extentsHold(level: u32): bool {
  let pages: u64 = 0;
  let last: u64 = 0;
  if (extentCount() > extentCapacity()) return false;
  for (let i: u64 = 0; i < extentCount(); i++) {
    const extent = extentAt(i);
    const region = regionOfFrame(extent.firstFrame);
    if (region === null || extent.frameCount == 0 || extent.firstFrame < last) return false;
    last = extent.firstFrame + extent.frameCount;
    if (last > region.firstFrame + region.frameCount) return false;
    if (!noneFree(extent.firstFrame, extent.frameCount, level)) return false;
    if (reservedPagesWithin(extent.firstFrame << PAGE_SHIFT, last << PAGE_SHIFT) != 0) return false;
    pages += extent.frameCount;
  }
  return pages <= allocatedFrames();
}

function heapTilingHolds(): bool {
  const end = FIRST_PAGE + heapPageCount();
  let page = FIRST_PAGE;
  let free: u32 = 0;
  let wasFree: bool = false;
  if (tagBefore(FIRST_PAGE) != BODY || tagOf(end) != BODY) return false;
  while (page < end) {
    const tag = tagOf(page);
    if (!isBlock(tag)) return false;
    const length = heapLengthAt(page);
    if (length == 0 || length > end - page || (isFree(tag) && wasFree)) return false;
    if (tag == SLAB) {
      const slab = heapDataStart() + ((page - FIRST_PAGE) as usize) * PAGE_SIZE;
      if (slabOf(page as usize) != slab) return false;
    } else if (!insideHolds(page, length, tag)) return false;
    if (isFree(tag)) free += length;
    wasFree = isFree(tag);
    page += length;
  }
  return free == heapFreeCount();
}

/** What the tag of a block's first page may say. */
function isBlock(tag: u32): bool {
  return isFree(tag) || isUsed(tag) || tag == SLAB || (DEBUG && tag == QUARANTINED);
}

/** The pages behind a block's first: inside it all, but for the last of a free block. */
function insideHolds(page: u32, length: u32, tag: u32): bool {
  if (length == 1) return true;
  const last = tagBefore(page + length);
  if (isFree(tag)) {
    if (last != tag || lengthBefore(page + length, last) != length) return false;
  } else if (last != BODY) return false;
  return areInside(page + 1, page + min(length - 1, BODIES_CHECKED));
}

function heapListsHold(): bool {
  let listed: u64 = 0;
  for (let list: u32 = 0; list < listCount(); list++) {
    if ((list & 31) == 0 && isClassEmpty(list)) {
      list += 31;
      continue;
    }
    const head = firstOf(list);
    let previous = head; // the first has none
    if (listMarked(list) != (head != NO_PAGE)) return false;
    for (let page = head; page != NO_PAGE; page = nextOf(page)) {
      if (page - FIRST_PAGE >= heapPageCount()) return false;
      const tag = tagOf(page);
      if (!isFree(tag)) return false;
      if (page != head && previousOf(page) != previous) return false;
      const length = lengthOf(page, tag);
      if (listOf(length) != list) return false;
      listed += length;
      if (listed > (heapFreeCount() as u64)) return false; // a cycle, or a block listed twice
      previous = page;
    }
  }
  return listed == (heapFreeCount() as u64);
}
