/** A small generator of repeatable random numbers (mulberry32). */
export class SeededRandom {
  constructor(private state: number) {}

  /** 0 to 2^32 - 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(limit: number): number {
    return this.next() % limit;
  }
  /** True in `percent` of the calls. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  bits64(): bigint {
    return (BigInt(this.next()) << 32n) | BigInt(this.next());
  }
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}
