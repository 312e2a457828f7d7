/** Numerical Recipes' linear congruential generator: enough to scatter bytes. */
export class Scatter {
  constructor(private state: number) {}

  byte(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state >>> 24;
  }

  /** A number from 0 up to, not including, `end`, which is at most 65536. */
  below(end: number): number {
    return ((this.byte() << 8) | this.byte()) % end;
  }
}
