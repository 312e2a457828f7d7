import {
  chunkAt,
  chunkAtEntry,
  chunkOf,
  chunkWith,
  descriptorAddress,
  firstPageOf,
  flatEntryOf,
  hasFrame,
  isFlatFrame,
  isFlatPage,
  PAGES_PER_GIB_SHIFT,
  chunkHolding,
  Chunk,
  pageOfFrame,
} from './chunks';
import { Extent, extentStartingAt, RunOwner } from './extents';
import {
  FRAME_ALONE,
  FRAME_GIANT,
  FRAMES_PER_GIB,
  FREE_FRAME,
  giantDescriptors,
  HELD_FRAME,
  PAGES_PER_FRAME,
} from './frame-descriptor';
import {
  changeWholeFrame,
  frameReturned,
  holdChunk,
  NO_FRAME,
  releaseChunk,
  returnFreeFrame,
  returnQuickly,
  takeLowestFrame,
  takeLowestQuickly,
  takePagesOf,
} from './frame-states';
import { NO_MEMBER, setFirst } from './index-set';
import { NO_RUN } from './line-search';
import { countMemoryError, MemoryError, refuse } from './memory-errors';
import { nodeCount } from './nodes';
import { PAGE_SHIFT, PAGE_SIZE } from './page';
import { releaseClaim, releaseShelf } from './page-claim';
import { complaintAboutPage, framesActive, freeCarefully, pmm_alloc_page } from './page-frames';
import { allocateRun, allocateRunWithin, freeRun } from './page-runs';
import {
  forgetPiece,
  piece,
  pieceIsIn,
  pieceOut,
  pieceReturnHere,
  pieceTake,
  releasePiece,
} from './piece-hand';
import {
  callBegin,
  callEnd,
  callsInsideBegin,
  callsInsideEnd,
  interruptsEnd,
  interruptTakeWith,
} from './processor';
import { findRun, findRunAnywhere } from './run-search';
import { chunkSet, fullSet, LOCAL_NODE, localZone, Zone, zoneCount, zoneInOrder } from './zones';

/**
 * Pages of any number as one piece: the general call beside pmm_alloc_page.
 *
 *     1 page         as pmm_alloc_page gives it
 *     512, aligned   a 2 MiB frame: a change of one descriptor
 *     2^18, aligned  a 1 GiB frame: a change of one chunk
 *     others         a run (page-runs.ts)
 *
 * Whole frames are tried where alignment, boundary and limit let the lowest of them pass; else the request is a run.
 */
const FRAME_SHIFT: u64 = 21;
const FRAME_SIZE: u64 = 1 << 21;
const GIB_SIZE: u64 = 1 << 30;
const GIB_PAGES: u64 = 1 << 18;
/** The descriptor of a frame that was handed out as one. */
const FRAME_OUT: u32 = HELD_FRAME | FRAME_ALONE;

/**
 * `n` contiguous pages, whose address is a multiple of `align` bytes and which do not cross a multiple of `boundary`
 * bytes (both powers of two; 0: any, none), end at or below address `limit` (0: anywhere), from `node` if it can be
 * (-1: this processor's). The caller owns them until pmm_free_pages_run with the same number.
 * Returns 0, and changes nothing, for 0 pages, when there is no such piece, before pmm_init, and for powers that are none.
 */
export function pmm_alloc_pages(n: u64, align: u64, boundary: u64, limit: u64, node: i32): usize {
  callBegin();
  if ((boundary | limit) != 0 || node > 0) return allocate(n, align, boundary, limit, node);
  // A frame is aligned to its size.
  if ((align & (align - 1)) != 0 || align > n << PAGE_SHIFT)
    return allocate(n, align, boundary, limit, node);
  if (!pieceTake(n, false)) {
    if (n == PAGES_PER_FRAME) return allocateNextFrame(align);
    if (n == GIB_PAGES) return allocateNextGib(align);
    if (align <= (PAGE_SIZE as u64) && n > 1) return allocatePlainRun(n);
    return allocate(n, align, boundary, limit, node);
  }
  const address = piece;
  if (interruptsEnd()) return interruptTakeWith(address);
  return address;
}

/** The lowest frame of 2 MiB of the first zone, not out of the hand; no call but in the place of its end. @cold */
function allocateNextFrame(align: u64): usize {
  if (pieceIsIn() || zoneCount() == 0) return allocateAnyFrame(align);
  const page = takeLowestQuickly(localZone(0), FRAME_OUT);
  if (page == NO_FRAME) return allocateAnyFrame(align);
  const address = (page << PAGE_SHIFT) as usize;
  pieceOut(address, PAGES_PER_FRAME, false);
  if (interruptsEnd()) return interruptTakeWith(address);
  return address;
}

/** The lowest of the first zone that has one, whatever changes. By itself, not by allocateFrame, which takes 30 instructions more. @cold */
function allocateAnyFrame(align: u64): usize {
  forgetPiece();
  const zones = zoneCount();
  for (let step: u32 = 0; step < zones; step++) {
    const zone = localZone(step);
    if (zone.fullFrames == 0) continue;
    const address = (takeLowestFrame(zone, FRAME_OUT) << PAGE_SHIFT) as usize;
    pieceOut(address, PAGES_PER_FRAME, false);
    if (interruptsEnd()) return interruptTakeWith(address);
    return address;
  }
  return allocate(PAGES_PER_FRAME, align, 0, 0, LOCAL_NODE as i32);
}

/** The same with GiBs. @cold */
function allocateNextGib(align: u64): usize {
  forgetPiece();
  releaseClaim(); // no GiB is refused for the sake of 64 pages
  const zones = zoneCount();
  for (let step: u32 = 0; step < zones; step++) {
    const zone = localZone(step);
    if (zone.fullChunks == 0) continue;
    const chunk = chunkAt(zone, setFirst(chunkSet(zone)));
    holdChunk(chunk, giantDescriptors());
    const address = ((chunk.gib as u64) * GIB_SIZE) as usize;
    pieceOut(address, GIB_PAGES, false);
    if (interruptsEnd()) return interruptTakeWith(address);
    return address;
  }
  return allocate(GIB_PAGES, align, 0, 0, LOCAL_NODE as i32);
}

/** A run without conditions. @cold */
function allocatePlainRun(n: u64): usize {
  forgetPiece();
  const address = allocateRun(n, RunOwner.Block);
  if (address == 0) countNone();
  callEnd();
  return address;
}

/** There was no such piece. @cold */
function countNone(): void {
  countMemoryError(framesActive() ? MemoryError.OutOfMemory : MemoryError.Uninitialised);
}

/** The same, and all bytes of the pages are 0. */
export function pmm_alloc_pages_zeroed(
  n: u64,
  align: u64,
  boundary: u64,
  limit: u64,
  node: i32,
): usize {
  const address = pmm_alloc_pages(n, align, boundary, limit, node);
  if (address != 0) memory.fill(address, 0, (n << PAGE_SHIFT) as usize);
  return address;
}

/** What is not in the hand. @cold */
function allocate(n: u64, align: u64, boundary: u64, limit: u64, node: i32): usize {
  forgetPiece();
  const address = n == 0 ? 0 : allocatePiece(n, align, boundary, limit, node);
  callEnd();
  return address;
}

function allocatePiece(n: u64, align: u64, boundary: u64, limit: u64, node: i32): usize {
  if ((align & (align - 1)) != 0 || (boundary & (boundary - 1)) != 0) {
    refuse(MemoryError.Misaligned, 'pmm_alloc_pages', max(align, boundary) as usize);
    return 0;
  }
  const from = (node as u32) < nodeCount() ? (node as u32) : LOCAL_NODE;
  if (n == 1 && align <= (PAGE_SIZE as u64) && limit == 0 && from == LOCAL_NODE) {
    callsInsideBegin();
    const page = pmm_alloc_page();
    callsInsideEnd();
    return page;
  }
  let address: usize = 0;
  if (n == PAGES_PER_FRAME && align <= FRAME_SIZE && fits(boundary, FRAME_SIZE))
    address = allocateFrame(limit, from);
  else if (n == GIB_PAGES && align <= GIB_SIZE && fits(boundary, GIB_SIZE))
    address = allocateGib(limit, from);
  if (address != 0 && limit == 0 && from == LOCAL_NODE) pieceOut(address, n, false);
  // A boundary below a page is crossed by every page.
  if (address == 0 && fits(boundary, PAGE_SIZE as u64))
    address = allocateOther(n, align >> PAGE_SHIFT, boundary >> PAGE_SHIFT, limit, from);
  if (address == 0) countNone();
  return address;
}

/** Whether an aligned piece of `size` bytes keeps within the boundary. */
function fits(boundary: u64, size: u64): bool {
  return boundary == 0 || boundary >= size;
}

function isBelow(end: u64, limit: u64): bool {
  return limit == 0 || end <= limit;
}

function allocateFrame(limit: u64, node: u32): usize {
  for (let step: u32 = 0; step < zoneCount(); step++) {
    const zone = zoneInOrder(node, step);
    const index = setFirst(fullSet(zone));
    if (index == NO_MEMBER) continue;
    if (limit != 0 && (pageOfFrame(zone, index) << PAGE_SHIFT) + FRAME_SIZE > limit) continue;
    return (takeLowestFrame(zone, FRAME_OUT) << PAGE_SHIFT) as usize;
  }
  return 0;
}

function allocateGib(limit: u64, node: u32): usize {
  releaseClaim();
  for (let step: u32 = 0; step < zoneCount(); step++) {
    const zone = zoneInOrder(node, step);
    const number = setFirst(chunkSet(zone));
    if (number == NO_MEMBER) continue;
    const address = pageOfFrame(zone, number * FRAMES_PER_GIB) << PAGE_SHIFT;
    if (!isBelow(address + GIB_SIZE, limit)) continue;
    holdChunk(chunkAt(zone, number), giantDescriptors());
    return address as usize;
  }
  return 0;
}

function allocateOther(n: u64, align: u64, boundary: u64, limit: u64, node: u32): usize {
  const lastPage = limit >> PAGE_SHIFT;
  if (limit != 0 && lastPage == 0) return 0;
  if (n > 1) return allocateRunWithin(n, max(align, 1), boundary, lastPage, node, RunOwner.Block);
  releaseShelf();
  let page = findRun(1, max(align, 1), boundary, lastPage, node);
  if (page == NO_RUN) {
    releaseClaim();
    page = findRunAnywhere(node);
  }
  if (page == NO_RUN) return 0;
  const inFrame = page & (PAGES_PER_FRAME - 1);
  takePagesOf(chunkHolding(page), (page >> 9) & (FRAMES_PER_GIB - 1), inFrame, inFrame + 1);
  return (page << PAGE_SHIFT) as usize;
}

/**
 * Takes back a piece of exactly `n` pages, of pmm_alloc_pages (or a run of kmalloc_pages: they are the same). 0 does
 * nothing; anything else, and another number of pages, is refused: nothing changes but an error counter.
 */
export function pmm_free_pages_run(addr: usize, n: u64): void {
  callBegin();
  if (addr != piece) return n == PAGES_PER_FRAME ? freeFrame(addr) : free(addr, n);
  if (!pieceReturnHere(n)) return n == PAGES_PER_FRAME ? freeNotOut(addr) : free(addr, n);
  callEnd();
}

/** The hand's frame is in the hand, which is a mistake, or nothing is known of it, or it is no frame. @cold */
function freeNotOut(address: usize): void {
  forgetPiece();
  freeFrame(address);
}

/**
 * A frame of 2 MiB that was handed out as one, and is not in the hand, where as little changes as mostly does; no call but in the place of its
 * end. What is in the hand stays there. @inline */
function freeFrame(address: usize): void {
  const number = rotr<u64>(address as u64, FRAME_SHIFT); // beyond all frames where none begins
  if (!isFlatFrame(number)) return free(address, PAGES_PER_FRAME);
  const entry = flatEntryOf(address);
  const frame = number & (FRAMES_PER_GIB - 1);
  const at = descriptorAddress(chunkAtEntry(entry), frame);
  if (load<u32>(at) != FRAME_OUT) return free(address, PAGES_PER_FRAME);
  if (!hasFrame(chunkAtEntry(entry), frame)) return freeBehind(address);
  if (returnQuickly(entry, frame, at)) return freeLast(address);
  callEnd();
}

/** The same where more changes than its word of the set, its descriptor and counters. @cold */
function freeLast(address: usize): void {
  frameReturned(chunkAtEntry(flatEntryOf(address)), frameInGib(address));
  callEnd();
}

/** The same, of a frame that another chunk of the GiB has: descriptors may be common to all of them. @cold */
function freeBehind(address: usize): void {
  const frame = frameInGib(address);
  returnFreeFrame(chunkWith(chunkAtEntry(flatEntryOf(address)), frame), frame);
  callEnd();
}

/** Number, in its GiB, of the frame that an address lies in. @inline */
function frameInGib(address: usize): u64 {
  return ((address as u64) >> FRAME_SHIFT) & (FRAMES_PER_GIB - 1);
}

/** What was not handed out last. @cold */
function free(addr: usize, n: u64): void {
  releasePiece();
  if (n == GIB_PAGES && returnGib(addr)) return callEnd();
  if (addr != 0) {
    const complaint = freePiece(addr, n);
    if (complaint >= 0) refuse(complaint as MemoryError, 'pmm_free_pages_run', addr);
  }
  callEnd();
}

/** Takes back a GiB that was handed out as one, if that is at `address`. @inline */
function returnGib(address: usize): bool {
  if ((address & ((GIB_SIZE as usize) - 1)) != 0 || !isFlatPage((address as u64) >> PAGE_SHIFT))
    return false;
  const chunk = chunkAtEntry(flatEntryOf(address));
  if (chunk.descriptors != giantDescriptors()) return false;
  releaseChunk(chunk);
  return true;
}

/** Frees the piece; the MemoryError when it is none, or -1. */
function freePiece(address: usize, n: u64): i32 {
  const page = (address as u64) >> PAGE_SHIFT;
  const run = (address & (PAGE_SIZE - 1)) == 0 ? extentStartingAt(page) : null;
  if (run !== null) return freeBlock(run, n);
  const complaint = complaintAboutPage(address);
  if (complaint < 0) {
    if (n != 1) return MemoryError.SizeMismatch;
    freeCarefully(address);
    return -1;
  }
  if (complaint != MemoryError.Foreign) return complaint;
  const chunk = chunkOf(address as u64);
  return chunk === null ? MemoryError.Foreign : freeWhole(chunk, page, n);
}

/** Frees a run that somebody was handed; a slab is its cache's, and what is in quarantine was freed. */
function freeBlock(run: Extent, n: u64): i32 {
  if (run.owner != (RunOwner.Block as u64))
    return run.owner == (RunOwner.Slab as u64) ? MemoryError.Foreign : MemoryError.DoubleFree;
  if (run.frameCount != n) return MemoryError.SizeMismatch;
  freeRun(run);
  return -1;
}

/** Frees a 2 MiB or a 1 GiB frame that begins with `page`. */
function freeWhole(chunk: Chunk, page: u64, n: u64): i32 {
  const frame = (page >> 9) & (FRAMES_PER_GIB - 1);
  const descriptor = load<u32>(descriptorAddress(chunk, frame));
  const isGib = (descriptor & FRAME_GIANT) != 0;
  if (!isGib && (descriptor & FRAME_ALONE) == 0) return MemoryError.Foreign;
  const first = isGib ? (chunk.gib as u64) << PAGES_PER_GIB_SHIFT : firstPageOf(chunk, frame);
  if (page != first) return MemoryError.Foreign;
  if (n != (isGib ? GIB_PAGES : PAGES_PER_FRAME)) return MemoryError.SizeMismatch;
  if (isGib) releaseChunk(chunk);
  else changeWholeFrame(chunk, frame, FREE_FRAME);
  return -1;
}
