import { DEBUG } from './debug-build';
import { Extent, extentHolding, extentStartingAt, RunOwner } from './extents';
import { EXACT_LISTS } from './heap-bins';
import {
  guardedComplaint,
  guardedHolds,
  guardedMark,
  guardedPages,
  guardedRelease,
  guardedTake,
  guardedVerify,
} from './guarded-blocks';
import {
  heapActive,
  heapBlockPages,
  heapComplaint,
  heapHolds,
  heapPageAt,
  heapQuarantine,
  heapRedZone,
  heapRelease,
  heapReleaseUsed,
  heapResize,
  heapSetRedZone,
  heapTake,
  heapTakeFromLong,
  heapTakeShort,
} from './kernel-heap';
import { kmem_cache_shrink } from './kmem-cache';
import { countMemoryError, MemoryError, memoryErrorsSilent, refuse } from './memory-errors';
import { magazineLast, magazineTake } from './object-cache';
import { isPageAligned, PAGE_SHIFT, pagesFor, PHYSICAL_ADDRESS_END } from './page';
import { framesActive, isFreeFrame } from './page-frames';
import { allocateRun, freeRun, resizeRun } from './page-runs';
import { poisonAllocated, poisonFree, RUN_BYTES_MAX, verifyFree, verifyRedZone } from './poison';
import { forgetPiece, piece, pieceOut, pieceTake, runReturn } from './piece-hand';
import {
  callBegin,
  callEnd,
  interruptsEnd,
  interruptsOff,
  interruptsRestore,
  interruptTakeWith,
} from './processor';
import {
  quarantineAdd,
  quarantineEmpty,
  quarantineIsFullFor,
  quarantineOldest,
  quarantineRemoveOldest,
  QUARANTINE_PAGES_MAX,
} from './quarantine';
import { reservationOf } from './reservations';
import { slabHolding } from './slab';
import {
  releaseSmall,
  returnSmall,
  smallCache,
  SMALL_SIZE_MAX,
  smallSize,
  takeSmall,
} from './small-blocks';

/**
 * kmalloc and its family: one interface over two sources of pages.
 *
 *     size              first                     then
 *     below 1 MiB       the kernel heap           a run of frames
 *     1 MiB and more    a run of frames           the kernel heap
 *
 * Whatever any of these functions returned, any of them takes back. Every result is page-aligned, its size is rounded
 * up to whole pages, and its contents are whatever was there. A call that fails changes nothing but a counter.
 */
const LARGE_PAGES: u64 = 256;

/**
 * At least `size` bytes, page-aligned. The caller owns them until kfree.
 * Returns 0 for size 0, for a size that no machine has, when there is no room, and before kheap_init.
 */
export function kmalloc(size: usize): usize {
  callBegin();
  const lastPage = (size - 1) >> PAGE_SHIFT;
  if (DEBUG || lastPage >= (EXACT_LISTS as usize) - 1) return allocateLong(size);
  const address = heapTakeShort((lastPage as u32) + 1);
  if (address == 0) return allocateFromLong(size);
  if (interruptsEnd()) return interruptTakeWith(address);
  return address;
}

/** When only long blocks are free: a short one from one of these. @cold */
function allocateFromLong(size: usize): usize {
  const address = heapTakeFromLong((((size - 1) >> PAGE_SHIFT) as u32) + 1);
  if (address == 0) return allocateLong(size);
  callEnd();
  return address;
}

/** What is neither: 0 bytes, long blocks, and when the heap has nothing. @cold */
function allocateLong(size: usize): usize {
  const address = size == 0 ? 0 : allocate('kmalloc', size);
  callEnd();
  return address;
}

function allocate(call: string, size: usize): usize {
  if (!heapActive()) {
    refuse(MemoryError.Uninitialised, call, size);
    return 0;
  }
  const pages = pagesFor(size as u64);
  let address: usize = 0;
  if ((size as u64) <= PHYSICAL_ADDRESS_END) {
    const large = pages >= LARGE_PAGES;
    if (DEBUG) address = guardedTake(pages);
    if (address == 0) address = large ? allocateRun(pages, RunOwner.Block) : heapTake(pages);
    if (address == 0) address = large ? heapTake(pages) : allocateRun(pages, RunOwner.Block);
    if (address == 0 && kmem_cache_shrink() != 0) return allocate(call, size); // at most once: no slab is idle then
  }
  if (address == 0 && DEBUG && !quarantineEmpty()) {
    while (!quarantineEmpty()) leaveQuarantine();
    return allocate(call, size);
  }
  if (address == 0) countMemoryError(MemoryError.OutOfMemory);
  else if (DEBUG) markNew(address, size, pages);
  return address;
}

/** Takes back what any of these, kmalloc_small or kcalloc returned. 0 does nothing; anything else is refused and counted. */
export function kfree(ptr: usize): void {
  callBegin();
  if (DEBUG || !heapReleaseUsed(heapPageAt(ptr))) return freeOther(ptr);
  callEnd();
}

/** What is no block of the heap: most of it is kmalloc_small's. */
function freeOther(ptr: usize): void {
  if (ptr == 0) return callEnd();
  if (!DEBUG && returnSmall(ptr)) return callEnd();
  freeWithCare(ptr);
}

/** @cold */
function freeWithCare(ptr: usize): void {
  const pages = pagesOf(ptr);
  if (pages != 0) discard('kfree', ptr, pages);
  else if (!releaseSmall('kfree', ptr)) complain('kfree', ptr);
  callEnd();
}

/**
 * The block at `ptr` made `new_size` bytes long: in place where it can be, else moved, with its contents up to the
 * smaller of both sizes. krealloc(0, n) is kmalloc(n); krealloc(p, 0) is kfree(p) and returns 0.
 * Returns 0 when there is no room (the block stays as it is) and when `ptr` is no block (counted).
 */
export function krealloc(ptr: usize, new_size: usize): usize {
  if (ptr == 0) return kmalloc(new_size);
  if (new_size == 0) {
    kfree(ptr);
    return 0;
  }
  const flags = interruptsOff();
  const oldPages = pagesOf(ptr);
  const newPages = pagesFor(new_size as u64);
  if (oldPages == 0) {
    const smallBytes = smallSize(ptr);
    if (smallBytes == 0) complain('krealloc', ptr);
    interruptsRestore(flags);
    return smallBytes == 0 ? 0 : reallocateSmall(ptr, smallBytes, new_size);
  }
  if (DEBUG) verifyEnd('krealloc', ptr, oldPages);
  if (newPages == oldPages || resize(ptr, newPages)) {
    if (DEBUG) markEnd(ptr, new_size, newPages);
    interruptsRestore(flags);
    return ptr;
  }
  const moved = allocate('krealloc', new_size);
  interruptsRestore(flags);
  if (moved == 0) return 0;
  // Both blocks are the caller's: copying needs no lock. Only guarded blocks do not shrink in place.
  memory.copy(moved, ptr, (min(oldPages, newPages) << PAGE_SHIFT) as usize);
  if (DEBUG) markEnd(moved, new_size, newPages);
  kfree(ptr);
  return moved;
}

/** A block of kmalloc_small stays while it is long enough; else it moves to where its new size belongs. */
function reallocateSmall(ptr: usize, bytes: usize, newSize: usize): usize {
  if (newSize <= bytes) return ptr;
  const moved = kmalloc_small(newSize);
  if (moved == 0) return 0;
  memory.copy(moved, ptr, bytes);
  kfree(ptr);
  return moved;
}

/**
 * At least `size` bytes at a multiple of 16: what does not need a page of its own. More than 2048 bytes are kmalloc's.
 * Returns 0 as kmalloc does. Goes back by kfree; krealloc keeps it small while it can.
 * @whole */
export function kmalloc_small(size: usize): usize {
  if (size == 0) return 0;
  if (size > SMALL_SIZE_MAX) return kmalloc(size);
  const cache = smallCache(size);
  const top = cache.magazineTop;
  const granule = magazineLast(cache, top);
  if (DEBUG || granule == 0) return allocateSmall(size);
  return magazineTake(cache, top, granule);
}

/** What no magazine has. @cold */
function allocateSmall(size: usize): usize {
  callBegin();
  let block: usize = 0;
  if (heapActive()) {
    block = takeSmall(size);
    if (block == 0 && kmem_cache_shrink() != 0) block = takeSmall(size);
    if (block == 0) countMemoryError(MemoryError.OutOfMemory);
  } else refuse(MemoryError.Uninitialised, 'kmalloc_small', size);
  callEnd();
  return block;
}

/** `count` × `size` zeroed bytes of kmalloc_small; 0 (counted) when the product does not fit in 64 bits. */
export function kcalloc(count: usize, size: usize): usize {
  if (count == 0 || size == 0) return 0;
  const bytes = count * size;
  if (bytes / count != size) {
    const flags = interruptsOff();
    refuse(MemoryError.OutOfMemory, 'kcalloc', size);
    interruptsRestore(flags);
    return 0;
  }
  const block = kmalloc_small(bytes);
  if (block != 0) memory.fill(block, 0, bytes);
  return block;
}

/**
 * `num_pages` contiguous pages of the frame allocator, page-aligned. The caller owns them until kfree_pages or kfree.
 * Returns 0 for 0 pages, when there is no such run, and before pmm_init.
 */
export function kmalloc_pages(num_pages: usize): usize {
  callBegin();
  if (!pieceTake(num_pages as u64, true)) return allocatePages(num_pages as u64);
  const address = piece;
  if (interruptsEnd()) return interruptTakeWith(address);
  return address;
}

/** What is not in the hand. @cold */
function allocatePages(pages: u64): usize {
  let address: usize = 0;
  if (pages != 0) {
    address = allocateRun(pages, RunOwner.Block);
    if (address != 0) pieceOut(address, pages, true);
    else countMemoryError(framesActive() ? MemoryError.OutOfMemory : MemoryError.Uninitialised);
  }
  callEnd();
  return address;
}

/** Takes back a block of exactly `num_pages` pages; another number is refused and counted. 0 does nothing. */
export function kfree_pages(ptr: usize, num_pages: usize): void {
  callBegin();
  if (DEBUG || !runReturn(ptr, num_pages as u64)) return freePages(ptr, num_pages);
  callEnd();
}

/** What was not handed out last. @cold */
function freePages(ptr: usize, num_pages: usize): void {
  if (ptr == 0) return callEnd();
  const pages = pagesOf(ptr);
  if (pages == 0) complain('kfree_pages', ptr);
  else if (pages != (num_pages as u64)) refuse(MemoryError.SizeMismatch, 'kfree_pages', ptr);
  else discard('kfree_pages', ptr, pages);
  callEnd();
}

/** Pages of the block that starts at `address`, wherever it lives; 0 when none starts there. */
function pagesOf(address: usize): u64 {
  if (heapHolds(address)) return heapBlockPages(address);
  if (DEBUG && guardedHolds(address)) return guardedPages(address);
  forgetPiece();
  const run = runAt(address);
  return run === null ? 0 : run.frameCount;
}

function runAt(address: usize): Extent | null {
  if (!isPageAligned(address)) return null;
  const run = extentStartingAt((address as u64) >> PAGE_SHIFT);
  return run !== null && run.owner == (RunOwner.Block as u64) ? run : null;
}

/** Frees a block of `pages` pages: at once, or, in the debug build, when it has been in quarantine. */
function discard(call: string, address: usize, pages: u64): void {
  if (!DEBUG) return release(address);
  verifyEnd(call, address, pages);
  if (pages > QUARANTINE_PAGES_MAX || memoryErrorsSilent() || guardedHolds(address))
    return release(address);
  while (quarantineIsFullFor(pages)) leaveQuarantine();
  poisonFree(address, min((pages << PAGE_SHIFT) as usize, RUN_BYTES_MAX));
  setQuarantined(address, true);
  quarantineAdd(address, pages);
}

function setQuarantined(address: usize, inside: bool): void {
  if (heapHolds(address)) return heapQuarantine(address, inside);
  const run = extentStartingAt((address as u64) >> PAGE_SHIFT);
  if (run !== null) run.owner = (inside ? RunOwner.Quarantine : RunOwner.Block) as u64;
}

/** Frees the block that has been in quarantine longest, if nobody wrote to it. */
function leaveQuarantine(): void {
  const address = quarantineOldest();
  setQuarantined(address, false);
  const pages = pagesOf(address);
  quarantineRemoveOldest(pages);
  verifyFree('quarantine', address, min((pages << PAGE_SHIFT) as usize, RUN_BYTES_MAX));
  release(address);
}

/** The debug build: fills a new run (the heap fills its own pages), and remembers where the block's red zone begins. */
function markNew(address: usize, size: usize, pages: u64): void {
  if (heapHolds(address)) markEnd(address, size, pages);
  else if (guardedHolds(address)) guardedMark(address, size, pages, true);
  else poisonAllocated(address, min((pages << PAGE_SHIFT) as usize, RUN_BYTES_MAX));
}

function markEnd(address: usize, size: usize, pages: u64): void {
  if (guardedHolds(address)) return guardedMark(address, size, pages, false);
  if (!heapHolds(address)) return;
  const redZone = ((pages << PAGE_SHIFT) as usize) - size;
  poisonAllocated(address + size, redZone);
  heapSetRedZone(address, redZone);
}

function verifyEnd(call: string, address: usize, pages: u64): void {
  if (guardedHolds(address)) return guardedVerify(call, address, pages);
  if (!heapHolds(address)) return;
  const redZone = heapRedZone(address);
  verifyRedZone(call, address + ((pages << PAGE_SHIFT) as usize) - redZone, redZone);
}

/** Frees the block that starts at `address`. */
function release(address: usize): void {
  if (DEBUG && guardedHolds(address)) return guardedRelease(address);
  if (heapHolds(address)) return heapRelease(address);
  const run = runAt(address);
  if (run !== null) freeRun(run);
}

/** Resizes the block at `address` where it is. */
function resize(address: usize, pages: u64): bool {
  if (heapHolds(address)) return heapResize(address, pages);
  const run = runAt(address);
  return run !== null && resizeRun(run, pages);
}

/** Counts why `address` is no block of ours. */
function complain(call: string, address: usize): void {
  refuse(complaintAbout(address), call, address);
}

function complaintAbout(address: usize): MemoryError {
  if (!heapActive() && !framesActive()) return MemoryError.Uninitialised;
  if (slabHolding(address) != 0) return MemoryError.Foreign; // an object of somebody's cache
  if (heapHolds(address)) return heapComplaint(address);
  if (DEBUG && guardedHolds(address)) return guardedComplaint(address);
  if (!isPageAligned(address)) return MemoryError.Misaligned;
  const run = extentHolding((address as u64) >> PAGE_SHIFT);
  if (run !== null)
    return run.owner == (RunOwner.Quarantine as u64) ? MemoryError.DoubleFree : MemoryError.Foreign;
  if (reservationOf(address as u64) !== null) return MemoryError.Reserved;
  return isFreeFrame(address) ? MemoryError.DoubleFree : MemoryError.Foreign;
}
