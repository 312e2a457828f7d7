/**
 * Where a register holds a value that is still needed: a sorted list of half-open ranges of positions.
 *
 * Instruction number i reads its inputs at position 2i and writes its outputs at 2i + 1, so that a value that dies in
 * an instruction and one that is born there can share a register.
 */
export class LiveInterval {
  /** Start and end of each range, flat: start0, end0, start1, end1, … */
  ranges: number[] = [];
  /** Cost of keeping this value in memory, per position. */
  weight = 0;
  /** Processor register, once assigned. */
  assigned: number | undefined;
  /** Spilling would not help: the interval is as short as it can be. */
  isMinimal = false;

  constructor(readonly register: number) {}

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  get start(): number {
    return this.ranges[0] ?? 0;
  }

  get end(): number {
    return this.ranges.at(-1) ?? 0;
  }

  /** Number of positions covered. */
  get length(): number {
    let total = 0;
    for (let index = 0; index < this.ranges.length; index += 2) {
      total += (this.ranges[index + 1] ?? 0) - (this.ranges[index] ?? 0);
    }
    return total;
  }

  /** Adds a range in front of all others; touching ranges become one. */
  prepend(start: number, end: number): void {
    const first = this.ranges.at(-2);
    // While it is built, the list runs backwards: the newest range, which is the earliest, is last.
    if (first !== undefined && first <= end) this.ranges[this.ranges.length - 2] = start;
    else this.ranges.push(start, end);
  }

  /** Turns the list, built backwards, around. */
  finish(): void {
    const forward: number[] = [];
    for (let index = this.ranges.length - 2; index >= 0; index -= 2) {
      forward.push(this.ranges[index] ?? 0, this.ranges[index + 1] ?? 0);
    }
    this.ranges = forward;
  }

  overlaps(other: LiveInterval): boolean {
    if (this.start >= other.end || other.start >= this.end) return false;
    const [a, b] = [this.ranges, other.ranges];
    let [i, j] = [0, 0];
    while (i < a.length && j < b.length) {
      if ((a[i + 1] ?? 0) <= (b[j] ?? 0)) i += 2;
      else if ((b[j + 1] ?? 0) <= (a[i] ?? 0)) j += 2;
      else return true;
    }
    return false;
  }

  /** Takes over the ranges of an interval that does not overlap this one. */
  absorb(other: LiveInterval): void {
    const merged: number[] = [];
    const [a, b] = [this.ranges, other.ranges];
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      const fromA = j >= b.length || (i < a.length && (a[i] ?? 0) < (b[j] ?? 0));
      const start = (fromA ? a[i] : b[j]) ?? 0;
      const end = (fromA ? a[i + 1] : b[j + 1]) ?? 0;
      if (fromA) i += 2;
      else j += 2;
      if (merged.length > 0 && merged.at(-1) === start) merged[merged.length - 1] = end;
      else merged.push(start, end);
    }
    this.ranges = merged;
    this.weight += other.weight;
  }
}
