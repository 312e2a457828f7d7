import { PAGES_PER_FRAME } from './frame-descriptor';
import { x86 } from './x86';

/**
 * Runs of free pages inside one leaf line: 8 words, a bit a page, 1 = used.
 *
 * A run of up to 64 pages is found by folding: with bit i of `free` saying that page i is free, free & (free >> 1) says
 * that pages i and i + 1 are, and so on in doubling steps; the word behind supplies what a run needs of it. A longer one lies
 * in a stretch of free pages from somewhere in a word to somewhere in another: a step a word finds these.
 */
export const NO_RUN: u64 = u64.MAX_VALUE;
export const LAST_WORD: u64 = 7;

/**
 * Offset in pages of the lowest run of `count` pages (1 to 512) that is aligned and does not cross `boundary`; or NO_RUN. `words`: bit w is
 * clear when word w of the line has no free page.
 */
export function runInLine(line: usize, words: u64, count: u64, align: u64, boundary: u64): u64 {
  if (count > 64) return longRun(line, count, align, boundary);
  for (; words != 0; words &= words - 1) {
    const word = x86.bsf64(words);
    const at = line + ((word << 3) as usize);
    const behind = word == LAST_WORD ? 0 : ~load<u64>(at, 8);
    const starts = folded(~load<u64>(at), behind, count);
    if (starts == 0) continue;
    const start = firstWithin(starts & startsAt(word, align), word, count, boundary);
    if (start != NO_RUN) return start;
  }
  return NO_RUN;
}

/** The bits of `free` at which `count` (1 to 64) free pages begin; `behind` is the next word. @inline */
export function folded(free: u64, behind: u64, count: u64): u64 {
  let done: u64 = 1;
  for (; done << 1 <= count && free != 0; done <<= 1) {
    free &= (free >> done) | (behind << (64 - done));
    behind &= behind >> done;
  }
  const rest = count - done;
  return rest == 0 || free == 0 ? free : free & ((free >> rest) | (behind << (64 - rest)));
}

/** The bits of word `word` of a line that are multiples of `align`. */
function startsAt(word: u64, align: u64): u64 {
  if (align == 1) return u64.MAX_VALUE;
  if (align >= 64) return ((word << 6) & (align - 1)) == 0 ? 1 : 0;
  let mask: u64 = 1;
  for (let step = align; step < 64; step *= 2) mask |= mask << step;
  return mask;
}

function firstWithin(starts: u64, word: u64, count: u64, boundary: u64): u64 {
  while (starts != 0) {
    const start = (word << 6) + ctz(starts);
    if (boundary == 0 || (start & (boundary - 1)) + count <= boundary) return start;
    starts &= starts - 1;
  }
  return NO_RUN;
}

/** The lowest place from `page` on that has the alignment and from which `count` pages do not cross the boundary. */
export function fitted(page: u64, count: u64, align: u64, boundary: u64): u64 {
  const start = (page + align - 1) & ~(align - 1);
  if (boundary == 0 || (start & (boundary - 1)) + count <= boundary) return start;
  const step = max(boundary, align);
  return (start + step - 1) & ~(step - 1);
}

/** More than 64 pages. */
function longRun(line: usize, count: u64, align: u64, boundary: u64): u64 {
  let from: u64 = 0; // of the free pages that end where the word begins
  for (let base: u64 = 0; base < PAGES_PER_FRAME; base += 64) {
    const used = load<u64>(line + ((base >> 3) as usize));
    if (used == 0) continue;
    const end = base + ctz(used);
    if (from + count <= end) {
      const start = fitted(from, count, align, boundary);
      if (start + count <= end) return start;
    }
    from = base + 64 - clz(used);
  }
  if (from + count > PAGES_PER_FRAME) return NO_RUN;
  const start = fitted(from, count, align, boundary);
  return start + count <= PAGES_PER_FRAME ? start : NO_RUN;
}

/** Free pages at the start of a line. */
export function freeAtStart(line: usize): u64 {
  for (let base: u64 = 0; base < PAGES_PER_FRAME; base += 64) {
    const used = load<u64>(line + ((base >> 3) as usize));
    if (used != 0) return base + ctz(used);
  }
  return PAGES_PER_FRAME;
}

/** Free pages at the end of a line. */
export function freeAtEnd(line: usize): u64 {
  for (let base: u64 = 0; base < PAGES_PER_FRAME; base += 64) {
    const used = load<u64>(line + 56 - ((base >> 3) as usize));
    if (used != 0) return base + clz(used);
  }
  return PAGES_PER_FRAME;
}
