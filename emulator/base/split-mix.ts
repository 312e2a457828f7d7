/**
 * SplitMix64: a seed's stream of 64-bit words, the same on every host.
 * Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, figure 17.
 */

const MASK = (1n << 64n) - 1n;
const GOLDEN_GAMMA = 0x9e37_79b9_7f4a_7c15n;

export class SplitMix64 {
  private state: bigint;

  constructor(seed: bigint) {
    this.state = seed & MASK;
  }

  next(): bigint {
    this.state = (this.state + GOLDEN_GAMMA) & MASK;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
    return z ^ (z >> 31n);
  }

  /** From 0 to `end` - 1; the remainder's bias is below 2^-32 for ends below 2^32. */
  below(end: bigint): bigint {
    return this.next() % end;
  }
}
