/** Reproducible random numbers for tests: xoshiro128** (Blackman and Vigna), seeded by one number that the test prints. */
export class RandomWords {
  private readonly state: Uint32Array;

  constructor(seed: number) {
    // SplitMix32 spreads the seed over the state, as the authors advise.
    let word = seed >>> 0;
    this.state = Uint32Array.from({ length: 4 }, () => {
      word = (word + 0x9e37_79b9) >>> 0;
      let mixed = word;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
      return (mixed ^ (mixed >>> 16)) >>> 0;
    });
  }

  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.state;
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    const c2 = c ^ a;
    const d2 = d ^ b;
    this.state.set([a ^ d2, b ^ c2, c2 ^ shifted, rotate(d2, 11)]);
    return result;
  }

  /** From 0 to `end` - 1. */
  below(end: number): number {
    return Math.floor((this.next() / 2 ** 32) * end);
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
