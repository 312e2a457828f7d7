/**
 * Page tags: what a page of the kernel heap is, in a byte. Those of 256 MiB are 64 KiB, which stay in the processor's
 * second-level cache where 8 or 16 bytes a page do not.
 *
 *     pages       │ 8      9     10 │ 11     12     13    14 │ 15│
 *                 └──── used, 3 ────┴──────── free, 4 ───────┴ used, 1
 *     tags     0 · 3      BODY   BODY  FREE+4 BODY  BODY FREE+4  1 · 0
 *
 * The first page of a block has its length, and so has the last page of a free one (a boundary tag): so a free finds the
 * ends of its neighbours in one step. A block of 64 pages and more has the length 0 there, and its true one in the eight
 * tags behind the first, four bits each; a free one again in the eight before its last. All other pages are inside a block:
 * they are BODY, or keep such bits from before, which say nothing. The heap's first page is number 8: the eight tags before it,
 * and eight behind the last, are BODY.
 *
 *     tags of pages    │  0 … 2047  │          │ 2048 … 4095 │          │
 *     bytes         1024 ───────── 3072 ────── 5120 ──────── 7168 ───── of a page-aligned address
 *
 * They lie in the middle half of each page of memory. Every block begins with the first line of a page, and whoever uses it to
 * its end uses the last: all these lines share the same few sets of each cache, and what else is there is soon in memory again.
 * The quarters between stay empty; the eight tags of a length that begin or end at an edge go on into them.
 */
export const BODY: u32 = 0;
/** A used block's first page: its length, or LONG_USED. */
export const LONG_USED: u32 = 0x40;
/** Any page of a slab. */
export const SLAB: u32 = 0x41;
/** The debug build: the first page of a block that was freed and is in quarantine, beside its length's tags: a used block's. */
export const QUARANTINED: u32 = 0x42;
/** The first or the last page of a free block, plus its length when that is below 64. */
const FREE: u32 = 0x80;
/** Four bits of a long block's length. */
const BITS: u32 = 0xc0;
const EIGHT_BITS: u64 = 0xc0c0_c0c0_c0c0_c0c0;
const LENGTH: u32 = 0x3f;

/** Blocks of so many pages and more are long. */
export const LONG_PAGES: u32 = 64;
/** Number of the heap's first page: so many tags are before it, and as many behind the last page. */
export const FIRST_PAGE: u32 = 8;
/** Tags that lie side by side, and the bytes from one such group to the next. */
const GROUP: usize = 2048;
const GROUP_STRIDE: usize = 4096;
/** Where the tags begin in a page of memory. */
const GROUP_OFFSET: usize = 1024;

let tags: usize = 0; // of page number 0

/** The first place at or behind the address `from` where tags can begin. */
export function tagsStart(from: usize): usize {
  return ((from + (GROUP_STRIDE - GROUP_OFFSET - 1)) & ~(GROUP_STRIDE - 1)) + GROUP_OFFSET;
}

/** Bytes from there to the end of the tags of a heap of `count` pages. */
export function tagsLength(count: usize): usize {
  const all = count + (FIRST_PAGE as usize) * 2;
  return all + (all & ~(GROUP - 1)) + (FIRST_PAGE as usize);
}

/** The tags begin at `start` (tagsStart), zeroed. */
export function tagsInit(start: usize): void {
  tags = start;
}

/** @inline */
function tagAddress(page: u32): usize {
  return tags + ((page as usize) + ((page as usize) & ~(GROUP - 1)));
}

/** @inline */
export function tagOf(page: u32): u32 {
  return load<u8>(tagAddress(page)) as u32;
}

/** Whether `page` is a slab's. @inline */
export function isSlab(page: usize): bool {
  return (load<u8>(tagAddress(page as u32)) as u32) == SLAB;
}

/** The tag of the page before `page`. @inline */
export function tagBefore(page: u32): u32 {
  return load<u8>(tagAddress(page - 1)) as u32;
}

/** @inline */
export function setTag(page: u32, tag: u32): void {
  store<u8>(tagAddress(page), tag as u8);
}

/** Whether a used block begins with a page of this tag. @inline */
export function isUsed(tag: u32): bool {
  return tag - 1 < LONG_USED;
}

/** Whether a page of this tag is the first or the last of a free block. @inline */
export function isFree(tag: u32): bool {
  return tag - FREE < LONG_PAGES;
}

/** Whether no block begins with a page of this tag; slabs have it in all their pages. @inline */
export function isInside(tag: u32): bool {
  return tag == BODY || tag >= BITS;
}

/** Whether that is so of all of [page, end), sixteen at a time where they are BODY: groups begin at a multiple of sixteen. */
export function areInside(page: u32, end: u32): bool {
  while (page < end) {
    if ((page & 15) == 0 && page + 16 <= end && areBody(tagAddress(page))) {
      page += 16;
    } else {
      if (!isInside(tagOf(page))) return false;
      page += 1;
    }
  }
  return true;
}

/** Whether the sixteen tags at `address` are BODY. @inline */
function areBody(address: usize): bool {
  return (load<u64>(address) | load<u64>(address, 8)) == 0;
}

/** Pages of a used or free block of this tag when they are fewer than 64, else 0. @inline */
export function shortLength(tag: u32): u32 {
  return tag & LENGTH;
}

/** Pages of the used or free block at `page`, whose tag is `tag`. @inline */
export function lengthOf(page: u32, tag: u32): u32 {
  const length = shortLength(tag);
  return length != 0 ? length : longLength(tagAddress(page) + 1);
}

/** Pages of the free block that ends before `page`; `tag` is that of its last page. @inline */
export function lengthBefore(page: u32, tag: u32): u32 {
  const length = shortLength(tag);
  return length != 0 ? length : longLength(tagAddress(page - 1) - 8);
}

/** Marks both ends of a free block of 64 pages or more. */
export function tagLongFree(page: u32, length: u32): void {
  setTag(page, FREE);
  setTag(page + length - 1, FREE);
  setLongLength(tagAddress(page) + 1, length);
  setLongLength(tagAddress(page + length - 1) - 8, length);
}

/** The same of a shorter one. @inline */
export function tagShortFree(page: u32, length: u32): void {
  const tag = FREE + length;
  setTag(page, tag);
  setTag(page + length - 1, tag);
}

/** Marks a used block. @inline */
export function tagUsed(page: u32, length: u32): void {
  if (length < LONG_PAGES) return tagShortUsed(page, length);
  setTag(page + length - 1, BODY);
  setTag(page, LONG_USED);
  setLongLength(tagAddress(page) + 1, length);
}

/** The same of fewer than 64 pages. @inline */
export function tagShortUsed(page: u32, length: u32): void {
  setTag(page + length - 1, BODY);
  setTag(page, length);
}

function setLongLength(at: usize, length: u32): void {
  let bits = length as u64;
  bits = (bits | (bits << 16)) & 0x0000_ffff_0000_ffff;
  bits = (bits | (bits << 8)) & 0x00ff_00ff_00ff_00ff;
  bits = (bits | (bits << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
  store<u64>(at, bits | EIGHT_BITS);
}

/**
 * The length that eight tags from `at` have. Not where it is called from, three places that are seldom executed: so its code is in the caches
 * when one of them is. @cold */
function longLength(at: usize): u32 {
  let bits = load<u64>(at) & 0x0f0f_0f0f_0f0f_0f0f;
  bits = (bits | (bits >> 4)) & 0x00ff_00ff_00ff_00ff;
  bits = (bits | (bits >> 8)) & 0x0000_ffff_0000_ffff;
  return (bits | (bits >> 16)) as u32;
}
