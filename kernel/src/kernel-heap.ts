import {
  binsInit,
  findFree,
  firstOf,
  insertFree,
  lastList,
  linkOf,
  linksLength,
  nextOf,
  NO_PAGE,
  removeFree,
  setSlabOf,
  slabOf,
  takeFromLong,
  takeShort,
} from './heap-bins';
import { DEBUG } from './debug-build';
import { MemoryError } from './memory-errors';
import { isPageAligned, PAGE_SHIFT, PAGE_SIZE } from './page';
import {
  BODY,
  FIRST_PAGE,
  isFree,
  isInside,
  isSlab,
  isUsed,
  lengthBefore,
  lengthOf,
  LONG_USED,
  QUARANTINED,
  setTag,
  shortLength,
  SLAB,
  tagBefore,
  tagOf,
  tagsInit,
  tagsLength,
  tagsStart,
  tagUsed,
} from './page-tags';
import { poisonFree, poisonTake } from './poison';

/**
 * The kernel heap: whole pages out of one fixed range, without a byte of header in them.
 *
 *     start                  data                                               end
 *     │ links, 8 B/page │ tags, 2 │ page 8 │ page 9 │ page 10 │ …         page n+7 │
 *
 * Blocks tile the data pages without a gap, and no two free blocks are neighbours: a block that becomes free joins
 * its free neighbours at once, in a constant number of steps. New blocks are cut from the low end of a free one.
 * Callers hold interrupts off.
 */
/** A link and a tag, with what they leave out, take a little more. */
const RECORD_BYTES: usize = 10;
const DATA_PAGES_MAX: u64 = 0xf7ff_fe00; // page numbers and places of links are u32; 32 places have 31 links
/** One page of links and tags, one of data. */
const HEAP_PAGES_MIN: u64 = 2;

let start: usize = 0;
let dataStart: usize = 0;
let origin: usize = 0; // where page number 0 would be
let end: usize = 0;
let dataBytes: usize = 0;
let pageCount: u32 = 0;
let pageEnd: u64 = 0; // the number behind the last page's
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
  const pages = (to - from) >> PAGE_SHIFT;
  const dataPages = dataPagesOf(pages);
  start = from;
  dataStart = from + ((pages - dataPages) << PAGE_SHIFT);
  origin = dataStart - ((FIRST_PAGE as usize) << PAGE_SHIFT);
  end = to;
  dataBytes = end - dataStart;
  pageCount = dataPages as u32;
  pageEnd = (FIRST_PAGE as u64) + (dataPages as u64);
  freeCount = pageCount;
  memory.fill(start, 0, dataStart - start);
  binsInit(start);
  tagsInit(tagsStart(start + linksLength((FIRST_PAGE as usize) + dataPages)));
  insertFree(FIRST_PAGE, pageCount);
  if (DEBUG) poisonFree(dataStart, end - dataStart);
}

/** How many of a heap's `pages` pages can be data pages beside their links and tags. */
function dataPagesOf(pages: usize): usize {
  let count = min((pages << PAGE_SHIFT) / (PAGE_SIZE + RECORD_BYTES), DATA_PAGES_MAX as usize);
  while (count + recordPages(count) > pages) count -= 1;
  return count;
}

/** Pages for the links and tags of `count` data pages. */
function recordPages(count: usize): usize {
  const tags = tagsStart(linksLength((FIRST_PAGE as usize) + count));
  return (tags + tagsLength(count) + (PAGE_SIZE - 1)) >> PAGE_SHIFT;
}

export function heapHolds(address: usize): bool {
  return address - start < end - start;
}

function pageOf(address: usize): u32 {
  return ((address - origin) >> PAGE_SHIFT) as u32;
}

function addressOf(page: u32): usize {
  return origin + (page as usize) * PAGE_SIZE;
}

/** `pages` pages, page-aligned; 0 when no free block is long enough. */
export function heapTake(pages: u64): usize {
  if (pages > (freeCount as u64)) return 0;
  const length = pages as u32;
  const page = findFree(length);
  if (page == NO_PAGE) return 0;
  const available = lengthOf(page, tagOf(page));
  removeFree(page, available);
  if (available > length) insertFree(page + length, available - length);
  tagUsed(page, length);
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

/** The same when no free block of fewer than 64 pages is long enough: from a longer one. */
export function heapTakeFromLong(length: u32): usize {
  const page = takeFromLong(length);
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
  const page = pageOf(address);
  const tag = tagOf(page);
  return isUsed(tag) ? (lengthOf(page, tag) as u64) : 0;
}

/** What is wrong with freeing `address`, which is in the heap and no used block. */
export function heapComplaint(address: usize): MemoryError {
  if (!isPageAligned(address)) return MemoryError.Misaligned;
  if (address < dataStart) return MemoryError.Reserved;
  let page = pageOf(address);
  while (isInside(tagOf(page))) page -= 1; // the first page begins a block
  return isUsed(tagOf(page)) ? MemoryError.Foreign : MemoryError.DoubleFree;
}

/** The page of the heap that `address` is the start of; what is no page's start gives a number beyond all. @inline */
export function heapPageAt(address: usize): u64 {
  return rotr<u64>((address - origin) as u64, PAGE_SHIFT);
}

/** Frees the used block at `address` and joins it with its free neighbours. */
export function heapRelease(address: usize): void {
  const page = pageOf(address);
  releaseAt(page, tagOf(page));
}

/** Frees the block at page `page` (heapPageAt) if it is a used one; else false, and no change. */
export function heapReleaseUsed(page: u64): bool {
  if (page >= pageEnd) return false;
  const tag = tagOf(page as u32);
  if (!isUsed(tag)) return false;
  releaseAt(page as u32, tag);
  return true;
}

function releaseAt(page: u32, tag: u32): void {
  const length = shortLength(tag);
  if (length == 0) return releaseLong(page);
  releasePages(page, length);
}

/** By itself: the usual way saves no register for the sake of a call. @cold */
function releaseLong(page: u32): void {
  releasePages(page, lengthOf(page, LONG_USED));
}

/** @inline */
function releasePages(page: u32, length: u32): void {
  setTag(page, BODY);
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
    setTag(first + i, SLAB);
    setSlabOf((first + i) as usize, address);
  }
  return address;
}

/** Whether the heap's data pages, not its links and tags, hold `address`. */
export function heapHasData(address: usize): bool {
  return address - dataStart < dataBytes;
}

/** The data page that holds `address`, which the heap's data pages do. @inline */
export function heapDataPage(address: usize): usize {
  return (address - origin) >> PAGE_SHIFT;
}

/** The start of the heap's slab that has `address`; 0 when it is in none. */
export function heapSlabOf(address: usize): usize {
  if (!heapHasData(address)) return 0;
  const page = heapDataPage(address);
  return isSlab(page) ? slabOf(page) : 0;
}

/** Pages of the slab whose first page is `page`. */
export function heapSlabPages(page: u32): u32 {
  const slab = slabOf(page as usize);
  let length: u32 = 1;
  while (tagOf(page + length) == SLAB && slabOf((page + length) as usize) == slab) length += 1;
  return length;
}

/** Frees the slab that starts at `address`. */
export function heapReleaseSlab(address: usize): void {
  const first = pageOf(address);
  const length = heapSlabPages(first);
  for (let i: u32 = 0; i < length; i++) setTag(first + i, BODY);
  freeCount += length;
  if (DEBUG) pagesFreed(first, length);
  joinAndInsert(first, length);
}

/** Lists [page, page + length), which no tag calls used, joined with the free blocks before and behind it. */
function joinAndInsert(page: u32, length: u32): void {
  const behind = tagOf(page + length);
  const before = tagBefore(page);
  if (isFree(before) || isFree(behind)) return joinNeighbours(page, length, before, behind);
  insertFree(page, length);
}

/** The same where one of the tags before and behind it is a free block's. */
function joinNeighbours(page: u32, length: u32, before: u32, behind: u32): void {
  const end = page + length;
  if (isFree(before)) {
    const added = lengthBefore(page, before);
    page -= added;
    length += added;
    removeFree(page, added);
  }
  if (isFree(behind)) {
    const added = lengthOf(end, behind);
    length += added;
    removeFree(end, added);
  }
  insertFree(page, length);
}

/** Makes the used block at `address` `pages` long (at least 1) where it is. False, and no change, when it cannot grow. */
export function heapResize(address: usize, pages: u64): bool {
  const page = pageOf(address);
  const old = lengthOf(page, tagOf(page));
  if (pages <= (old as u64)) {
    const length = pages as u32;
    if (length < old) {
      tagUsed(page, length);
      freeCount += old - length;
      if (DEBUG) pagesFreed(page + length, old - length);
      joinAndInsert(page + length, old - length);
    }
    return true;
  }
  const behind = page + old;
  const tagBehind = tagOf(behind);
  if (!isFree(tagBehind)) return false;
  const available = lengthOf(behind, tagBehind);
  const total = (old as u64) + (available as u64);
  if (pages > total) return false;
  const length = pages as u32;
  removeFree(behind, available);
  if (total > pages) insertFree(page + length, (total - pages) as u32);
  tagUsed(page, length);
  freeCount -= length - old;
  if (DEBUG) pagesTaken(behind, length - old);
  return true;
}

/** The debug build: puts the used block at `address` in quarantine, or takes it out. */
export function heapQuarantine(address: usize, inside: bool): void {
  const page = pageOf(address);
  const length = inside ? lengthOf(page, tagOf(page)) : linkOf(page).previous;
  linkOf(page).previous = length;
  if (inside) setTag(page, QUARANTINED);
  else setTag(page, min(length, LONG_USED));
}

/** Pages of the block that begins with `page`, whatever it is; 0 when none does. */
export function heapLengthAt(page: u32): u32 {
  const tag = tagOf(page);
  if (tag == SLAB) return heapSlabPages(page);
  if (tag == QUARANTINED) return linkOf(page).previous;
  return isUsed(tag) || isFree(tag) ? lengthOf(page, tag) : 0;
}

/** The debug build: the bytes at the end of the used block at `address` that were not asked for. */
export function heapRedZone(address: usize): usize {
  return linkOf(pageOf(address)).next as usize;
}

export function heapSetRedZone(address: usize, bytes: usize): void {
  linkOf(pageOf(address)).next = bytes as u32;
}

/** Pages of the longest free block, 0 when there is none. */
export function heapLargestFree(): u32 {
  const list = lastList();
  let longest: u32 = 0;
  if (list == NO_PAGE) return longest;
  for (let page = firstOf(list); page != NO_PAGE; page = nextOf(page)) {
    longest = max(longest, lengthOf(page, tagOf(page)));
  }
  return longest;
}
