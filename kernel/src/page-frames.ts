import {
  Chunk,
  chunkAtEntry,
  chunkOf,
  chunkWith,
  entryOf,
  flatEntryOf,
  isFlatPage,
  wordOf,
  descriptorAddress,
  frameNumber,
  isUntouched,
} from './chunks';
import { claimedPages, isClaimedWord, popClaimed } from './claimed-word';
import { extentHolding, extentsInit } from './extents';
import { FRAME_FREE, FRAME_HUGE, FRAME_UNWRITTEN, FRAME_WORDS_SHIFT } from './frame-descriptor';
import { firstRegionEndingAfter, regionAt, regionCount, regionOfFrame } from './frame-regions';
import { countInZones, holdPages, lastPageReturned, releasePages } from './frame-states';
import { HAND_IN, HAND_OUT, HAND_UNKNOWN } from './hand';
import { HELD_LINES_END, heldLineOf, heldWord } from './held-lines';
import { setInsert } from './index-set';
import { countMemoryError, MemoryError, refuse } from './memory-errors';
import { PAGE_SHIFT, pageRoundDown, pageRoundUp } from './page';
import { claimNextWord, releaseClaim, returnPage } from './page-claim';
import {
  hand,
  handOut,
  handPage,
  setHand,
  shelfEnd,
  shelfIsFull,
  shelfPages,
  shelve,
  unshelve,
} from './page-shelf';
import { piecePagesIn, releasePiece } from './piece-hand';
import { callBegin, callEnd, interruptsEnd, interruptTakeWith } from './processor';
import {
  firstEndingAfter,
  Owner,
  reservationAt,
  reservationCount,
  reservationOf,
  reserve,
  unreserve,
  unreserveRange,
} from './reservations';
import { nextUsedPage } from './run-search';
import { partSet, zoneAt, zoneCount } from './zones';

/**
 * The page frame allocator: pages of 4 KiB, handed out and taken back one at a time.
 *
 * Every managed page is in one of three states, and the three add up at every moment:
 *
 *     total = free + reserved + allocated
 *
 * reserved pages (reservations.ts) can be neither allocated nor freed.
 */
/** A word of a leaf line is 64 pages. */
const WORD_PAGES_SHIFT: u64 = 6;
const FRAME_PAGES_SHIFT: u64 = 9;

let active: bool = false;
let totalFrames: u64 = 0;
let reservedFrames: u64 = 0;
/** Frames that ACPI tables reserve: in no figure until they are reclaimed. */
let acpiFrames: u64 = 0;

export function framesActive(): bool {
  return active;
}

/** Frames that are neither free nor reserved. */
export function allocatedFrames(): u64 {
  return totalFrames - pmm_free_pages() - reservedFrames;
}

export function reservedFrameCount(): u64 {
  return reservedFrames;
}

/** Frames that are managed, reserved for ACPI tables, and not counted. */
export function acpiFrameCount(): u64 {
  return acpiFrames;
}

/** Managed pages: every page of the sanitised map, reserved ones included. 0 before pmm_init. */
export function pmm_total_pages(): u64 {
  return totalFrames;
}

/** Pages that can still be allocated. */
export function pmm_free_pages(): u64 {
  let free: u64 = 0;
  for (let i: u32 = 0; i < zoneCount(); i++) free += zoneAt(i).free;
  return free + popcnt(claimedPages) + shelfPages() + piecePagesIn();
}

/**
 * One page of 4096 bytes, page-aligned, with whatever was in it. The caller owns it until pmm_free_page.
 * Returns 0 when no page is free, or before pmm_init.
 */
export function pmm_alloc_page(): usize {
  callBegin();
  if (hand != HAND_IN) return allocateNext();
  setHand(HAND_OUT);
  const page = handPage; // what an interrupt handler does to it behind the end is nothing to us
  if (interruptsEnd()) return interruptTakeWith(page);
  return page;
}

/** A page from the shelf, else of the claimed word. @cold */
function allocateNext(): usize {
  let page: usize = 0;
  if (shelfEnd != 0) {
    page = unshelve();
  } else {
    if (claimedPages == 0) return allocateFromNextWord();
    page = popClaimed();
  }
  handOut(page);
  if (interruptsEnd()) return interruptTakeWith(page);
  return page;
}

/** @cold */
function allocateFromNextWord(): usize {
  let page: usize = 0;
  if (claimNextWord()) {
    page = popClaimed();
    handOut(page);
  } else {
    countMemoryError(active ? MemoryError.OutOfMemory : MemoryError.Uninitialised);
  }
  callEnd();
  return page;
}

/**
 * Takes back a page of pmm_alloc_page. 0 is allowed and does nothing. Anything else that is not an allocated single
 * page (free already, reserved, misaligned, not RAM, part of a run) is refused: nothing changes but an error counter.
 */
export function pmm_free_page(addr: usize): void {
  callBegin();
  if (addr != handPage) return freeOther(addr);
  if (hand != HAND_OUT) return freeNotOut(addr);
  setHand(HAND_IN);
  callEnd();
}

/** The hand's page is in the hand, which is a mistake, or nothing is known of it. @cold */
function freeNotOut(addr: usize): void {
  if (hand == HAND_IN) freeWithCare(addr);
  else freeOther(addr);
}

/** A page that was not handed out last. @cold */
function freeOther(addr: usize): void {
  const page = rotr<u64>(addr as u64, PAGE_SHIFT); // of an address inside a page: far beyond the end
  if (!isFlatPage(page)) return freeByTables(addr);
  const entry = flatEntryOf(addr);
  const frame = (page >> FRAME_PAGES_SHIFT) & 511;
  if (load<u32>(descriptorAddress(chunkAtEntry(entry), frame)) >= HELD_LINES_END)
    return freeByTables(addr);
  freeUsed(entry, addr, page, true);
}

/** A page beyond the flat table, or of a zone whose lines are not in one row with those of its GiB's first one. @cold */
function freeByTables(addr: usize): void {
  const page = (addr as u64) >> PAGE_SHIFT;
  const chunk = chunkOf(addr as u64);
  if (chunk === null || (addr & 4095) != 0) return freeWithCare(addr);
  const descriptor = load<u32>(descriptorAddress(chunk, (page >> FRAME_PAGES_SHIFT) & 511));
  if (descriptor >= HELD_LINES_END) return freeWithCare(addr);
  freeUsed(entryOf(chunk), addr, page, false);
}

/** Page number `page` of a chunk's frame, in whose leaf line no held page is; the shelf takes what is flat. @inline */
function freeUsed(entry: usize, addr: usize, page: u64, isFlat: bool): void {
  const word = wordOf(chunkAtEntry(entry), page);
  const used = load<u64>(word);
  const bit = (1 as u64) << (page & 63);
  if ((used & bit) == 0) return freeWithCare(addr);
  store<u64>(word, used ^ bit);
  if (!isFlat || shelfIsFull()) return finishFree(entry, addr);
  shelve(addr);
  callEnd();
}

/** A page whose bit is clear already, and for which the shelf has no room. @cold */
function finishFree(entry: usize, address: usize): void {
  if (isClaimedWord(address)) return finishClaimed(address);
  const frame = ((address as u64) >> 21) & 511;
  const chunk = chunkWith(chunkAtEntry(entry), frame);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  const free = descriptor & FRAME_FREE;
  if (free == 511) return finishWhole(chunk, frame);
  const zone = chunk.zone;
  const word = ((address >> 18) as u32) & 7;
  store<u32>(at, (descriptor | (1 << (FRAME_WORDS_SHIFT + word))) + 1);
  zone.free += 1;
  if (free == 0) setInsert(partSet(zone), frameNumber(chunk, frame));
  callEnd();
}

/** A page of the claimed word. @cold */
function finishClaimed(address: usize): void {
  returnPage(address);
  callEnd();
}

/** The last page of its frame that was in use. @cold */
function finishWhole(chunk: Chunk, frame: u64): void {
  lastPageReturned(chunk, frame);
  callEnd();
}

/** Frees a page of a frame for whose held pages no line was left, or says why not; then ends the call. @cold */
function freeWithCare(address: usize): void {
  freeCarefully(address);
  callEnd();
}

/** The same in the middle of a call. */
export function freeCarefully(address: usize): void {
  if (address == 0) return;
  releasePiece();
  const complaint = complaintAboutPage(address);
  if (complaint >= 0) return refuse(complaint as MemoryError, 'pmm_free_page', address);
  returnPage(address);
  if (address == handPage) setHand(HAND_UNKNOWN);
}

const NO_COMPLAINT: i32 = -1;

/** Why `address` is not an allocated single page: a MemoryError, or -1 when it is one. */
export function complaintAboutPage(address: usize): i32 {
  if (!active) return MemoryError.Uninitialised;
  if ((address & 4095) != 0) return MemoryError.Misaligned;
  const page = (address as u64) >> PAGE_SHIFT;
  if (regionOfFrame(page) === null) return MemoryError.Foreign;
  if (isFreeFrame(address)) return MemoryError.DoubleFree;
  if (reservationOf(address as u64) !== null) return MemoryError.Reserved;
  if (extentHolding(page) !== null || isHuge(address)) return MemoryError.Foreign;
  return NO_COMPLAINT;
}

/** Whether the frame of `address` is one piece. */
function isHuge(address: usize): bool {
  const chunk = chunkOf(address as u64);
  if (chunk === null) return false;
  const frame = ((address as u64) >> 21) & 511;
  return (load<u32>(descriptorAddress(chunk, frame)) & FRAME_HUGE) != 0;
}

/** Whether the page at `address` is managed and free. */
export function isFreeFrame(address: usize): bool {
  const page = (address as u64) >> PAGE_SHIFT;
  if (hand == HAND_IN && page == (handPage as u64) >> PAGE_SHIFT) return true;
  return isFreePage(page);
}

/** The same by what the leaf lines say, which is that the page in the hand is used. */
function isFreePage(page: u64): bool {
  return ((freeWord(page) >> (page & 63)) & 1) != 0;
}

/** The free pages of the 64 that `page` is one of, as the leaf lines have them. */
function freeWord(page: u64): u64 {
  const chunk = chunkOf(page << PAGE_SHIFT);
  if (chunk === null) return isUntouched(page) ? u64.MAX_VALUE : 0;
  const frame = (page >> 9) & 511;
  const descriptor = load<u32>(descriptorAddress(chunk, frame));
  if ((descriptor & FRAME_UNWRITTEN) != 0)
    return (descriptor & FRAME_HUGE) == 0 ? u64.MAX_VALUE : 0;
  const held = heldWord(heldLineOf(descriptor), (page >> WORD_PAGES_SHIFT) & 7);
  return ~(load<u64>(wordOf(chunk, page)) | held);
}

/** Whether none of the pages [first, end) is managed and free; none is in the hand. */
export function noFreeFrame(first: u64, end: u64): bool {
  for (let page = first; page < end;) {
    const next = min(end, (page | 63) + 1);
    if ((freeWord(page) & ((u64.MAX_VALUE >> (64 - (next - page))) << (page & 63))) != 0)
      return false;
    page = next;
  }
  return true;
}

/** Takes exactly the `count` pages at `address`, all managed, if all are free. They are held, as a run is. */
export function takeFramesAt(address: usize, count: u64): bool {
  const first = (address as u64) >> PAGE_SHIFT;
  if (count == 0 || count > pmm_free_pages()) return false;
  releaseClaim();
  if (nextUsedPage(first, first + count) != first + count) return false;
  holdPages(first, count);
  return true;
}

/** Gives back `count` held pages at `address`. The caller knows that they are its own. */
export function returnFrames(address: usize, count: u64): void {
  releasePages((address as u64) >> PAGE_SHIFT, count);
}

/** Whether every managed frame in [start, end) is free. */
export function allFramesFree(start: u64, end: u64): bool {
  const first = start >> PAGE_SHIFT;
  const behind = end >> PAGE_SHIFT;
  releaseClaim();
  for (let i = firstRegionEndingAfter(first); i < regionCount(); i++) {
    const region = regionAt(i);
    if (region.firstFrame >= behind) break;
    const to = min(behind, region.firstFrame + region.frameCount);
    if (nextUsedPage(max(first, region.firstFrame), to) != to) return false;
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

/**
 * Makes the whole pages of [start, end) that `owner` reserved free, as far as the table has room for what is left of a piece.
 * Returns how many frames are free now that were not.
 */
export function unreserveFramesWithin(start: u64, end: u64, owner: Owner): u64 {
  const last = pageRoundDown(end as usize) as u64;
  const before = reservedFrames;
  let cursor = pageRoundUp(start as usize) as u64;
  while (cursor >= start && cursor < last) {
    const index = firstEndingAfter(cursor);
    if (index == reservationCount()) break;
    const piece = reservationAt(index);
    const from = max(piece.start, cursor);
    const to = min(piece.end, last);
    if (from >= last) break;
    if (piece.owner == (owner as u32)) {
      if (!unreserveRange(from, to, owner)) break;
      markReserved(from, to, false);
    }
    cursor = to;
  }
  return before - reservedFrames;
}

/** Moves the managed frames of [start, end) between free and reserved. */
function markReserved(start: u64, end: u64, reserved: bool): void {
  const first = start >> PAGE_SHIFT;
  const behind = end >> PAGE_SHIFT;
  releaseClaim();
  for (let i = firstRegionEndingAfter(first); i < regionCount(); i++) {
    const region = regionAt(i);
    if (region.firstFrame >= behind) break;
    const from = max(first, region.firstFrame);
    const frames = min(behind, region.firstFrame + region.frameCount) - from;
    if (reserved) {
      holdPages(from, frames);
      reservedFrames += frames;
    } else {
      releasePages(from, frames);
      reservedFrames -= frames;
    }
  }
}

/** Opens the allocator over the zones that were built, all of whose `total` pages are free, less all reservations; nothing is claimed. */
export function framesOpen(total: u64): void {
  totalFrames = total;
  reservedFrames = 0;
  extentsInit();
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    markReserved(reservation.start, reservation.end, true);
  }
  acpiFrames = acpiTablesCounted(false);
  totalFrames -= acpiFrames;
  reservedFrames -= acpiFrames;
  active = true;
}

/** Counts what ACPI tables reserve and makes it free; how many frames. The second time there are none. */
export function reclaimAcpiFrames(): u64 {
  const frames = acpiFrames;
  if (frames == 0) return 0;
  acpiTablesCounted(true);
  acpiFrames = 0;
  totalFrames += frames;
  reservedFrames += frames;
  unreserveFrames(Owner.AcpiTables);
  return frames;
}

/** Has the zones count the managed frames that ACPI tables reserve, or leave them out; how many they are. */
function acpiTablesCounted(counted: bool): u64 {
  let frames: u64 = 0;
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    if (reservation.owner != (Owner.AcpiTables as u32)) continue;
    const first = reservation.start >> PAGE_SHIFT;
    const behind = reservation.end >> PAGE_SHIFT;
    for (let at = firstRegionEndingAfter(first); at < regionCount(); at++) {
      const region = regionAt(at);
      if (region.firstFrame >= behind) break;
      const from = max(first, region.firstFrame);
      const to = min(behind, region.firstFrame + region.frameCount);
      countInZones(from, to, counted);
      frames += to - from;
    }
  }
  return frames;
}
