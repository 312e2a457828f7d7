/**
 * Pseudo-random numbers for benchmarks: the same sequence in every run and on every machine.
 * Source: S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016 (xorshift64*).
 */
let state: u64 = 1;

/** Starts the sequence that belongs to `seed`, which is not 0. */
export function randomSeed(seed: u64): void {
  state = seed;
}

/** From 0 to `limit` - 1; `limit` is at least 1 and below 2^32. */
export function randomBelow(limit: u64): u64 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (((state * 0x2545_f491_4f6c_dd1d) >> 32) * limit) >> 32;
}
