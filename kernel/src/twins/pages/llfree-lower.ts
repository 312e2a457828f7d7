import { firstUsed, setBits } from '../bit-ranges';

/**
 * The lower half of LLFree (llfree.ts): *children* of 512 pages, each with a counter of its free pages and a line of 512
 * bits, 1 = used.
 *
 *     counters   511 │ 512 │ HUGE │ 0 │ …        u16 each; HUGE: handed out whole, its line not touched
 *     lines      0…1 │ 0…0 │  –   │ 1…1 │ …      64 bytes each
 */
export const CHILD_PAGES: u64 = 512;
export const CHILD_ORDER: u64 = 9;
const CHILD_SHIFT: u64 = 9;
const WORD_ORDER: u64 = 6;
const WORDS: u64 = 8;
const HUGE: u32 = 0x8000;
export const NO_PAGE: u64 = u64.MAX_VALUE;

let lines: usize = 0;
let counters: usize = 0;

export function lowerBytes(spanPages: u64): u64 {
  return (spanPages >> CHILD_SHIFT) * 66;
}

/** All pages are used. */
export function lowerOpen(place: usize, spanPages: u64): void {
  const children = spanPages >> CHILD_SHIFT;
  lines = place;
  counters = place + ((children << 6) as usize);
  memory.fill(lines, 0xff, (children << 6) as usize);
  memory.fill(counters, 0, (children << 1) as usize);
}

function counterAt(child: u64): usize {
  return counters + ((child << 1) as usize);
}

function wordAt(page: u64): usize {
  return lines + (((page >> 6) << 3) as usize);
}

/** 2^order pages of one of `count` children from `first` on, searched from that of page `hint`; NO_PAGE: none has them. */
export function lowerGet(first: u64, count: u64, hint: u64, order: u64): u64 {
  const start = (hint >> CHILD_SHIFT) - first;
  const size = (1 as u32) << (order as u32);
  for (let i: u64 = 0; i < count; i++) {
    const child = first + ((start + i) & (count - 1));
    const counter = load<u16>(counterAt(child)) as u32;
    if (order == CHILD_ORDER) {
      if (counter != (CHILD_PAGES as u32)) continue;
      store<u16>(counterAt(child), HUGE as u16);
      return child << CHILD_SHIFT;
    }
    if (counter < size || counter >= HUGE) continue;
    const from = hint >> CHILD_SHIFT == child ? (hint >> 6) & (WORDS - 1) : 0;
    const page = order == 0 ? takeBit(child, from) : takeBits(child, order);
    if (page == NO_PAGE) continue;
    store<u16>(counterAt(child), (counter - size) as u16);
    return page;
  }
  return NO_PAGE;
}

function takeBit(child: u64, from: u64): u64 {
  for (let i: u64 = 0; i < WORDS; i++) {
    const base = (child << CHILD_SHIFT) + (((from + i) & (WORDS - 1)) << 6);
    const open = ~load<u64>(wordAt(base));
    if (open == 0) continue;
    store<u64>(wordAt(base), ~(open & (open - 1)));
    return base + ctz(open);
  }
  return NO_PAGE;
}

/** An aligned group of 2 to 256 pages. */
function takeBits(child: u64, order: u64): u64 {
  const size = (1 as u64) << order;
  const base = child << CHILD_SHIFT;
  for (let page = base; page < base + CHILD_PAGES; page += max(size, 64)) {
    let at = page;
    if (order < WORD_ORDER) {
      const open = alignedGroups(~load<u64>(wordAt(page)), order);
      if (open == 0) continue;
      at = page + ctz(open);
    } else if (firstUsed(lines, page, page + size) != page + size) continue;
    setBits(lines, at, at + size, true);
    return at;
  }
  return NO_PAGE;
}

/** Of the bits of `open` those that begin an aligned group of 2^order ones. */
function alignedGroups(open: u64, order: u64): u64 {
  let groups = open;
  for (let step: u64 = 0; step < order; step++) groups &= groups >> ((1 as u64) << step);
  switch (order as u32) {
    case 1:
      return groups & 0x5555_5555_5555_5555;
    case 2:
      return groups & 0x1111_1111_1111_1111;
    case 3:
      return groups & 0x0101_0101_0101_0101;
    case 4:
      return groups & 0x0001_0001_0001_0001;
    default:
      return groups & 0x0000_0001_0000_0001;
  }
}

/** Frees 2^order pages; false when they are not handed out so. */
export function lowerPut(page: u64, order: u64): bool {
  const at = counterAt(page >> CHILD_SHIFT);
  const counter = load<u16>(at) as u32;
  if (order == CHILD_ORDER) {
    if (counter != HUGE) return false;
    store<u16>(at, CHILD_PAGES as u16);
    return true;
  }
  if (counter >= HUGE) return false;
  if (order == 0) {
    const bit = (1 as u64) << (page & 63);
    const used = load<u64>(wordAt(page));
    if ((used & bit) == 0) return false;
    store<u64>(wordAt(page), used & ~bit);
  } else {
    setBits(lines, page, page + ((1 as u64) << order), false);
  }
  store<u16>(at, (counter + ((1 as u32) << (order as u32))) as u16);
  return true;
}

/** Whether all pages of [first, end) are free, one by one. */
export function lowerAllFree(first: u64, end: u64): bool {
  for (let child = first >> CHILD_SHIFT; child <= (end - 1) >> CHILD_SHIFT; child++) {
    if ((load<u16>(counterAt(child)) as u32) >= HUGE) return false;
  }
  return firstUsed(lines, first, end) == end;
}

/** Makes all of [first, end) used or free, whatever they were but parts of what is handed out whole. */
export function lowerSet(first: u64, end: u64, used: bool): void {
  setBits(lines, first, end, used);
  let page = first;
  while (page < end) {
    const whole = (end >> CHILD_SHIFT) - (page >> CHILD_SHIFT);
    if ((page & (CHILD_PAGES - 1)) == 0 && whole != 0 && used) {
      memory.fill(counterAt(page >> CHILD_SHIFT), 0, (whole << 1) as usize);
      page += whole << CHILD_SHIFT;
      continue;
    }
    const behind = min(end, (page | (CHILD_PAGES - 1)) + 1);
    const at = counterAt(page >> CHILD_SHIFT);
    const counter = load<u16>(at) as u64;
    store<u16>(at, (used ? counter - (behind - page) : counter + (behind - page)) as u16);
    page = behind;
  }
}
