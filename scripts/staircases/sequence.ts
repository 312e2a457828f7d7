/** Numbers and orders that look random and are the same in every run. */

/** 32 bits of a linear congruential sequence, from its better half. */
export class Sequence {
  private state: bigint;

  constructor(seed: number) {
    this.state = BigInt(seed);
  }

  below(limit: number): number {
    this.state = (this.state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number(this.state >> 33n) % limit;
  }
}

/** 0 to `length` - 1 in some order (Fisher and Yates). */
export function shuffled(length: number, random: Sequence): Uint32Array {
  return exchanged(length, random, 1);
}

/** The same as one cycle: each number leads to another, and after `length` steps all were there (Sattolo). */
export function cyclic(length: number, random: Sequence): Uint32Array {
  return exchanged(length, random, 0);
}

function exchanged(length: number, random: Sequence, itself: 0 | 1): Uint32Array {
  const order = Uint32Array.from({ length }, (_, number) => number);
  for (let left = length - 1; left > 0; left--) {
    const other = random.below(left + itself);
    const number = order[left] ?? 0;
    order[left] = order[other] ?? 0;
    order[other] = number;
  }
  return order;
}
