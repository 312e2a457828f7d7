/**
 * Page tags: what a page of the kernel heap is, in a byte. Those of 256 MiB are 64 KiB, which stay in the processor's
 * second-level cache where 8 or 16 bytes a page do not.
 *
 *     pages       │ 0      1      2 │ 3      4      5      6 │ 7 │
 *                 └──── used, 3 ────┴──────── free, 4 ───────┴ used, 1
 *     tags     0 · 3      BODY   BODY  FREE+4 BODY  BODY FREE+4  1 · 0
 *
 * The first page of a block has its length, and so has the last page of a free one (a boundary tag): so a free finds the
 * ends of its neighbours in one step. A block of 64 pages and more has the length 0 there, and its true one in the eight
 * tags behind the first, four bits each; a free one again in the eight before its last. All other pages are inside a block:
 * they are BODY, or keep such bits from before, which say nothing. The tags before page 0 and behind the last are BODY.
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
/** The tags before page 0, and those behind the last page. */
export const TAGS_AROUND: usize = 8;

let tags: usize = 0;

/** The tags begin at `start`, zeroed. */
export function tagsInit(start: usize): void {
  tags = start + TAGS_AROUND;
}

/** @inline */
export function tagOf(page: u32): u32 {
  return load<u8>(tags + (page as usize)) as u32;
}

/** Whether `page` is a slab's. @inline */
export function isSlab(page: usize): bool {
  return (load<u8>(tags + page) as u32) == SLAB;
}

/** The tag of the page before `page`. @inline */
export function tagBefore(page: u32): u32 {
  return load<u8>(tags + (page as usize) - 1) as u32;
}

/** @inline */
export function setTag(page: u32, tag: u32): void {
  store<u8>(tags + (page as usize), tag as u8);
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

/** Pages of the used or free block at `page`, whose tag is `tag`. @inline */
export function lengthOf(page: u32, tag: u32): u32 {
  const length = tag & LENGTH;
  return length != 0 ? length : longLength(tags + (page as usize) + 1);
}

/** Pages of the free block that ends before `page`; `tag` is that of its last page. @inline */
export function lengthBefore(page: u32, tag: u32): u32 {
  const length = tag & LENGTH;
  return length != 0 ? length : longLength(tags + (page as usize) - 9);
}

/** Marks both ends of a free block of 64 pages or more. */
export function tagLongFree(page: u32, length: u32): void {
  setTag(page, FREE);
  setTag(page + length - 1, FREE);
  setLongLength(tags + (page as usize) + 1, length);
  setLongLength(tags + ((page + length) as usize) - 9, length);
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
  setLongLength(tags + (page as usize) + 1, length);
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

function longLength(at: usize): u32 {
  let bits = load<u64>(at) & 0x0f0f_0f0f_0f0f_0f0f;
  bits = (bits | (bits >> 4)) & 0x00ff_00ff_00ff_00ff;
  bits = (bits | (bits >> 8)) & 0x0000_ffff_0000_ffff;
  return (bits | (bits >> 16)) as u32;
}
