/**
 * Page marks: what kfree has to know of a page, in half a byte, so that the marks of a heap stay in the processor's second-level
 * cache where its descriptors do not: of 256 MiB they are 32 KiB.
 *
 *     pages        │ 0      1      2 │ 3      4      5      6 │ 7 │
 *                  └──── used, 3 ────┴──────── free, 4 ───────┴ used, 1
 *     marks     0 ·  3      0      0   FREE   0      0   FREE    1 · 0 0 …
 *
 * One load has the mark of a block's first page, of the page before, and of the page behind a block of up to 13.
 * Outside the heap's pages marks are OTHER.
 */
/** Inside a block, of a slab, in quarantine: no page that kfree takes, and none that it joins. */
export const MARK_OTHER: u32 = 0;
/** The longest used block whose mark is its length. */
export const MARK_LENGTH_MAX: u32 = 13;
/** The first page of a longer one. */
export const MARK_LONG: u32 = 14;
/** The first or the last page of a free block. */
export const MARK_FREE: u32 = 15;
/** Bytes beside half a byte a page: the mark before page 0, and what the load of the last page's mark has behind it. */
export const MARKS_EXTRA: u64 = 10;

/** All bits of the first page's mark; and, moved by a block's length times four, of its last page's. */
const FIRST: u64 = 0xf0;
const LAST: u64 = 0xf;

let marks: usize = 0;

/** The marks are at `start`, zeroed. */
export function marksInit(start: usize): void {
  marks = start;
}

/** Where the mark of the page before `page` is, in 4 of the byte's bits. @inline */
function marksAt(page: u32): usize {
  return marks + ((page >> 1) as usize);
}

/** How far up the marks are that marksAt leads to. @inline */
function shiftOf(page: u32): u64 {
  return ((page & 1) << 2) as u64;
}

/** The mark of the page before `page` in bits 3:0, that of `page` in bits 7:4, and 13 more. @inline */
export function marksFrom(page: u32): u64 {
  return load<u64>(marksAt(page)) >> shiftOf(page);
}

/** Marks both ends of a block of up to 13 pages, none of whose other pages is marked, as a free one's. @inline */
export function markShortFree(page: u32, length: u32): void {
  const ends = FIRST | (LAST << ((length << 2) as u64));
  store<u64>(marksAt(page), load<u64>(marksAt(page)) | (ends << shiftOf(page)));
}

export function markOf(page: u32): u32 {
  return ((marksFrom(page) >> 4) & 15) as u32;
}

/** @inline */
export function setMark(page: u32, mark: u32): void {
  const number = page + 1;
  const at = marks + ((number >> 1) as usize);
  const shift = (number & 1) << 2;
  store<u8>(at, (((load<u8>(at) as u32) & (0xf0 >> shift)) | (mark << shift)) as u8);
}

/** The mark of a used block's first page. @inline */
export function usedMark(length: u32): u32 {
  return min(length, MARK_LONG);
}
