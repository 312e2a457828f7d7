/** A set of page numbers below 2^52: single pages as bits of small blocks, long ranges as intervals. */

type Range = readonly [first: number, count: number];

const BLOCK_PAGES = 1024;
const WORD_BITS = 32;

export class PageSet {
  private readonly blocks = new Map<number, Uint32Array>();
  /** Disjoint, ascending; each at least one block long. */
  private intervals: Range[] = [];

  has(page: number): boolean {
    const bits = this.blocks.get(Math.floor(page / BLOCK_PAGES));
    const place = page % BLOCK_PAGES;
    if (bits !== undefined && ((bits[place >> 5] ?? 0) & (1 << (place & 31))) !== 0) return true;
    return this.intervals.some(([first, count]) => page >= first && page < first + count);
  }

  /** Adds pages `first` to `first + count - 1`; returns those that were not there, in ascending ranges. */
  add(first: number, count: number): Range[] {
    return count < BLOCK_PAGES ? this.addPages(first, count) : this.addInterval(first, count);
  }

  private addPages(first: number, count: number): Range[] {
    const added: [number, number][] = [];
    for (let page = first; page < first + count; page++) {
      if (this.has(page)) continue;
      this.setBit(page);
      const last = added.at(-1);
      if (last !== undefined && last[0] + last[1] === page) last[1]++;
      else added.push([page, 1]);
    }
    return added;
  }

  private setBit(page: number): void {
    const block = Math.floor(page / BLOCK_PAGES);
    let bits = this.blocks.get(block);
    if (bits === undefined) {
      bits = new Uint32Array(BLOCK_PAGES / WORD_BITS);
      this.blocks.set(block, bits);
    }
    const place = page % BLOCK_PAGES;
    bits[place >> 5] = (bits[place >> 5] ?? 0) | (1 << (place & 31));
  }

  private addInterval(first: number, count: number): Range[] {
    const end = first + count;
    const covered = [...this.intervals, ...this.singles(first, end)]
      .filter(([from, pages]) => from < end && from + pages > first)
      .sort(([a], [b]) => a - b);
    const added: Range[] = [];
    let at = first;
    for (const [from, pages] of covered) {
      if (from > at) added.push([at, from - at]);
      at = Math.max(at, from + pages);
    }
    if (at < end) added.push([at, end - at]);
    this.intervals = joined([...this.intervals, [first, count]]);
    return added;
  }

  /** Pages from `first` to `end` - 1 that are in the set as bits. */
  private singles(first: number, end: number): Range[] {
    const found: Range[] = [];
    for (const [block, bits] of this.blocks) {
      const base = block * BLOCK_PAGES;
      if (base >= end || base + BLOCK_PAGES <= first) continue;
      for (let place = 0; place < BLOCK_PAGES; place++) {
        const isSet = ((bits[place >> 5] ?? 0) & (1 << (place & 31))) !== 0;
        if (isSet && base + place >= first && base + place < end) found.push([base + place, 1]);
      }
    }
    return found;
  }
}

/** Ascending and disjoint; touching ranges become one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = [];
  for (const [first, count] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last === undefined || last[0] + last[1] < first) result.push([first, count]);
    else last[1] = Math.max(last[1], first + count - last[0]);
  }
  return result;
}
