/**
 * Runs of free pages inside one leaf line: 8 words, a bit a page, 1 = used.
 *
 * A run of up to 64 pages is found by folding: with bit i of `free` saying that page i is free, free & (free >> 1) says
 * that pages i and i + 1 are, and so on in doubling steps; the word behind supplies what a run needs of it.
 */
export const NO_RUN: u64 = u64.MAX_VALUE;
const WORDS: u64 = 8;

/** Offset in pages of the lowest run of `count` pages (1 to 512) that is aligned and does not cross `boundary`; or NO_RUN. */
export function runInLine(line: usize, count: u64, align: u64, boundary: u64): u64 {
  if (count > 64) return longRun(line, count, align, boundary);
  let free = ~load<u64>(line);
  for (let word: u64 = 0; word < WORDS; word++) {
    const behind = word + 1 < WORDS ? ~load<u64>(line + (((word + 1) << 3) as usize)) : 0;
    const starts = folded(free, behind, count) & startsAt(word, align);
    const start = firstWithin(starts, word, count, boundary);
    if (start != NO_RUN) return start;
    free = behind;
  }
  return NO_RUN;
}

/** The bits of `free` at which `count` (1 to 64) free pages begin; `behind` is the next word. */
function folded(free: u64, behind: u64, count: u64): u64 {
  let done: u64 = 1;
  while (done < count && free != 0) {
    const step = min(done, count - done);
    free &= (free >> step) | (behind << (64 - step));
    behind &= behind >> step;
    done += step;
  }
  return free;
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

/** By words: from a free page to the next used one. */
function longRun(line: usize, count: u64, align: u64, boundary: u64): u64 {
  let start: u64 = 0;
  while (start + count <= 512) {
    const end = nextUsed(line, start, start + count);
    if (end == start + count) return start;
    start = (end + align) & ~(align - 1);
    if (boundary != 0 && (start & (boundary - 1)) + count > boundary) {
      start = (start + boundary - 1) & ~(boundary - 1);
    }
  }
  return NO_RUN;
}

function nextUsed(line: usize, from: u64, end: u64): u64 {
  while (from < end) {
    const used = load<u64>((line + ((from >> 6) << 3)) as usize) >> (from & 63);
    if (used != 0) return min(end, from + ctz(used));
    from = (from & ~63) + 64;
  }
  return end;
}
