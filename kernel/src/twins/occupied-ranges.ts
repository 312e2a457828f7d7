import { pieceCount, pieceEnd, pieceFirst } from './managed-memory';

/**
 * How a twin whose allocator is a map of bits is brought to an occupancy that would take hours page by page: long
 * ranges are marked as used from the highest address down, through a function of the twin that takes exactly the pages
 * it is told, or none.
 */
const RANGES_MAX: u32 = 4096;
const ranges: usize = memory.data(65_536, 8); // (u64 first, u64 pages)
let count: u32 = 0;
/** All pages from here on are used, or were given up as too scattered. */
let top: u64 = u64.MAX_VALUE;

/** Takes about `pages` pages, long ranges first; returns how many. */
export function occupyFromTop(pages: u64, takeRange: (first: u64, pages: u64) => bool): u64 {
  let left = pages;
  for (let i = (pieceCount() as i32) - 1; i >= 0 && left != 0; i--) {
    const first = pieceFirst(i);
    let end = min(top, pieceEnd(i));
    while (end > first && left != 0 && count < RANGES_MAX) {
      const length = takeBelow(first, end, left, takeRange);
      if (length != 0) left -= length;
      end -= max(length, 1);
      top = end;
    }
  }
  return pages - left;
}

/** Takes a range that ends at `end`, as long as can be by halving; returns its length. */
function takeBelow(
  first: u64,
  end: u64,
  wanted: u64,
  takeRange: (first: u64, pages: u64) => bool,
): u64 {
  for (let length = min(wanted, end - first); length != 0; length >>= 1) {
    if (!takeRange(end - length, length)) continue;
    noteRange(end - length, length);
    return length;
  }
  return 0;
}

/** Remembers a range for giveBack. */
export function noteRange(first: u64, pages: u64): void {
  if (count == RANGES_MAX) unreachable();
  const at = ranges + ((count << 4) as usize);
  store<u64>(at, first);
  store<u64>(at, pages, 8);
  count += 1;
}

/** Gives all ranges back, the last first. */
export function giveBackRanges(giveRange: (first: u64, pages: u64) => void): void {
  top = u64.MAX_VALUE;
  while (count != 0) {
    count -= 1;
    const at = ranges + ((count << 4) as usize);
    giveRange(load<u64>(at), load<u64>(at, 8));
  }
}
