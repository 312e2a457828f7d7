import {
  BODY,
  binsInit,
  descriptorBehind,
  DESCRIPTOR_SHIFT,
  DESCRIPTOR_SIZE,
  descriptorOf,
  findFree,
  FREE,
  insertFree,
  isFreeEnd,
  lastList,
  listHead,
  markUsed,
  NO_PAGE,
  PageDescriptor,
  QUARANTINED,
  removeFree,
  setSlabOf,
  SLAB,
  slabOf,
  takeShort,
  USED,
} from './heap-bins';
import { DEBUG } from './debug-build';
import { MemoryError } from './memory-errors';
import { isPageAligned, PAGE_SHIFT, PAGE_SIZE } from './page';
import { poisonFree, poisonTake } from './poison';

/**
 * The kernel heap: whole pages out of one fixed range, without a byte of header in them.
 *
 *     start                  data                                               end
 *     │ descriptors, 16 B/page │ page 0 │ page 1 │ page 2 │ …           page n-1 │
 *
 * Blocks tile the data pages without a gap, and no two free blocks are neighbours: a block that becomes free joins
 * its free neighbours at once, in a constant number of steps. New blocks are cut from the low end of a free one.
 * Callers hold interrupts off.
 */
const PAGES_PER_DESCRIPTOR_PAGE: u64 = 257; // one page of descriptors and the 256 pages that it describes
const DATA_PAGES_MAX: u64 = 0xffff_fff0; // page numbers are u32
/** One page of descriptors, one of data. */
const HEAP_PAGES_MIN: u64 = 2;

let start: usize = 0;
let dataStart: usize = 0;
let end: usize = 0;
let dataBytes: usize = 0;
/** Read early for its cache line, which holds the descriptors behind the block; nobody reads the variable. */
let lineBehind: u32 = 0;
let pageCount: u32 = 0;
let freeCount: u32 = 0;

export function heapActive(): bool {
  return pageCount != 0;
}

export function heapStart(): usize {
  return start;
}

export function heapDataStart(): usize {
  return dataStart;
}

export function heapEnd(): usize {
  return end;
}

/** Data pages, used and free. */
export function heapPageCount(): u32 {
  return pageCount;
}

export function heapFreeCount(): u32 {
  return freeCount;
}

/** Whether the heap can live in [from, to), both page-aligned. */
export function heapFits(from: usize, to: usize): bool {
  return from < to && (to - from) >> PAGE_SHIFT >= (HEAP_PAGES_MIN as usize);
}

/** Sets the heap up in [from, to), one free block. */
export function heapOpen(from: usize, to: usize): void {
  const pages = ((to - from) >> PAGE_SHIFT) as u64;
  const descriptorPages = (pages + PAGES_PER_DESCRIPTOR_PAGE - 1) / PAGES_PER_DESCRIPTOR_PAGE;
  const dataPages = min(pages - descriptorPages, DATA_PAGES_MAX);
  start = from;
  dataStart = from + ((descriptorPages << PAGE_SHIFT) as usize);
  end = dataStart + ((dataPages << PAGE_SHIFT) as usize);
  dataBytes = end - dataStart;
  pageCount = dataPages as u32;
  freeCount = pageCount;
  memory.fill(start, 0, (dataPages as usize) * DESCRIPTOR_SIZE);
  binsInit(start);
  insertFree(0, pageCount);
  if (DEBUG) poisonFree(dataStart, end - dataStart);
}

export function heapHolds(address: usize): bool {
  return address - start < end - start;
}

function pageOf(address: usize): u32 {
  return ((address - dataStart) >> PAGE_SHIFT) as u32;
}

function addressOf(page: u32): usize {
  return dataStart + (page as usize) * PAGE_SIZE;
}

/** `pages` pages, page-aligned; 0 when no free block is long enough. */
export function heapTake(pages: u64): usize {
  if (pages > (freeCount as u64)) return 0;
  const length = pages as u32;
  const page = findFree(length);
  if (page == NO_PAGE) return 0;
  const available = removeFree(page);
  if (available > length) insertFree(page + length, available - length);
  markUsed(page, length);
  freeCount -= length;
  if (DEBUG) pagesTaken(page, length);
  return addressOf(page);
}

/** The same for fewer than 64 pages, from a free block of fewer than 64: kmalloc's usual case. The debug build's is the other. */
export function heapTakeShort(length: u32): usize {
  const page = takeShort(length);
  if (page == NO_PAGE) return 0;
  freeCount -= length;
  return addressOf(page);
}

function pagesTaken(page: u32, length: u32): void {
  poisonTake('heap', addressOf(page), (length as usize) << PAGE_SHIFT);
}

function pagesFreed(page: u32, length: u32): void {
  poisonFree(addressOf(page), (length as usize) << PAGE_SHIFT);
}

/** Pages of the block that starts at `address`; 0 when no used block starts there (heapComplaint says why). */
export function heapBlockPages(address: usize): u64 {
  if (address < dataStart || !isPageAligned(address)) return 0;
  const descriptor = descriptorOf(pageOf(address));
  return descriptor.state == USED ? (descriptor.length as u64) : 0;
}

/** What is wrong with freeing `address`, which is in the heap and no used block. */
export function heapComplaint(address: usize): MemoryError {
  if (!isPageAligned(address)) return MemoryError.Misaligned;
  if (address < dataStart) return MemoryError.Reserved;
  let page = pageOf(address);
  while (descriptorOf(page).state == BODY) page -= 1; // page 0 begins a block
  const state = descriptorOf(page).state;
  return state == USED ? MemoryError.Foreign : MemoryError.DoubleFree;
}

/** The page of the heap that `address` is the start of; what is no page's start gives a number beyond all. @inline */
export function heapPageAt(address: usize): u64 {
  return rotr<u64>((address - dataStart) as u64, PAGE_SHIFT);
}

/** Frees the used block at `address` and joins it with its free neighbours. */
export function heapRelease(address: usize): void {
  heapReleaseAt(pageOf(address));
}

/** Frees the block at page `page` (heapPageAt) if it is a used one; else false, and no change. */
export function heapReleaseUsed(page: u64): bool {
  if (page >= (pageCount as u64) || descriptorOf(page as u32).state != USED) return false;
  heapReleaseAt(page as u32);
  return true;
}

function heapReleaseAt(page: u32): void {
  // Only stored, lest it be dropped: joinAndInsert will want that line.
  lineBehind = load<u32>(changetype<usize>(descriptorOf(page)), 64);
  const length = descriptorOf(page).length;
  descriptorOf(page).state = BODY;
  freeCount += length;
  if (DEBUG) pagesFreed(page, length);
  joinAndInsert(page, length);
}

/** `pages` pages for a slab, each of which leads to the first; 0 when there is no room. */
export function heapTakeSlab(pages: u64): usize {
  const address = heapTake(pages);
  if (address == 0) return 0;
  const first = pageOf(address);
  for (let i: u32 = 0; i < (pages as u32); i++) {
    const descriptor = descriptorOf(first + i);
    descriptor.state = SLAB;
    setSlabOf(descriptor, address);
  }
  return address;
}

/** Whether the heap's data pages, not its descriptors, hold `address`. */
export function heapHasData(address: usize): bool {
  return address - dataStart < dataBytes;
}

/** Descriptor of the data page that holds `address`. */
export function heapDescriptor(address: usize): PageDescriptor {
  return descriptorBehind(
    ((address - dataStart) >> (PAGE_SHIFT - DESCRIPTOR_SHIFT)) & ~(DESCRIPTOR_SIZE - 1),
  );
}

/** The start of the heap's slab that has `address`; 0 when it is in none. */
export function heapSlabOf(address: usize): usize {
  if (!heapHasData(address)) return 0;
  const descriptor = heapDescriptor(address);
  return descriptor.state == SLAB ? slabOf(descriptor) : 0;
}

/** Frees the slab that starts at `address`. */
export function heapReleaseSlab(address: usize): void {
  const first = pageOf(address);
  const length = descriptorOf(first).length;
  for (let i: u32 = 0; i < length; i++) descriptorOf(first + i).state = BODY;
  freeCount += length;
  if (DEBUG) pagesFreed(first, length);
  joinAndInsert(first, length);
}

/** Lists [page, page + length), which no descriptor calls used, joined with the free blocks before and behind it. */
function joinAndInsert(page: u32, length: u32): void {
  if (page != 0) {
    const before = descriptorOf(page - 1);
    if (isFreeEnd(before)) {
      const first = page - before.length;
      length += removeFree(first);
      page = first;
    }
  }
  const behind = page + length;
  if (behind < pageCount && descriptorOf(behind).state == FREE) length += removeFree(behind);
  insertFree(page, length);
}

/** Makes the used block at `address` `pages` long (at least 1) where it is. False, and no change, when it cannot grow. */
export function heapResize(address: usize, pages: u64): bool {
  const page = pageOf(address);
  const old = descriptorOf(page).length;
  if (pages <= (old as u64)) {
    const length = pages as u32;
    if (length < old) {
      markUsed(page, length);
      freeCount += old - length;
      if (DEBUG) pagesFreed(page + length, old - length);
      joinAndInsert(page + length, old - length);
    }
    return true;
  }
  const behind = page + old;
  if (behind >= pageCount || descriptorOf(behind).state != FREE) return false;
  const total = (old as u64) + (descriptorOf(behind).length as u64);
  if (pages > total) return false;
  const length = pages as u32;
  removeFree(behind);
  if (total > pages) insertFree(page + length, (total - pages) as u32);
  markUsed(page, length);
  freeCount -= length - old;
  if (DEBUG) pagesTaken(behind, length - old);
  return true;
}

/** The debug build: puts the used block at `address` in quarantine, or takes it out. */
export function heapQuarantine(address: usize, inside: bool): void {
  descriptorOf(pageOf(address)).state = inside ? QUARANTINED : USED;
}

/** The debug build: the bytes at the end of the used block at `address` that were not asked for. */
export function heapRedZone(address: usize): usize {
  return descriptorOf(pageOf(address)).next as usize;
}

export function heapSetRedZone(address: usize, bytes: usize): void {
  descriptorOf(pageOf(address)).next = bytes as u32;
}

/** Pages of the longest free block, 0 when there is none. */
export function heapLargestFree(): u32 {
  const list = lastList();
  let longest: u32 = 0;
  if (list == NO_PAGE) return longest;
  for (let page = listHead(list); page != NO_PAGE; page = descriptorOf(page).next) {
    longest = max(longest, descriptorOf(page).length);
  }
  return longest;
}
