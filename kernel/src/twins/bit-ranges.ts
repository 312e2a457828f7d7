/**
 * Ranges of bits in an array of words, 1 = used: what the twins with a bitmap do at initialisation and for runs.
 */
const ONES: u64 = u64.MAX_VALUE;

/** The bits of one word from `from` to `to`, not included; from < to <= 64. */
function mask(from: u64, to: u64): u64 {
  return (ONES >> (64 - (to - from))) << from;
}

function wordAt(bits: usize, index: u64): usize {
  return bits + (((index >> 6) << 3) as usize);
}

/** Makes the bits of [first, end) all `used`. */
export function setBits(bits: usize, first: u64, end: u64, used: bool): void {
  let at = first;
  while (at < end) {
    if ((at & 63) == 0 && end - at >= 64) {
      const words = (end - at) >> 6;
      memory.fill(wordAt(bits, at), used ? 0xff : 0, (words << 3) as usize);
      at += words << 6;
      continue;
    }
    const to = min(end, (at | 63) + 1);
    const part = mask(at & 63, ((to - 1) & 63) + 1);
    const word = wordAt(bits, at);
    store<u64>(word, used ? load<u64>(word) | part : load<u64>(word) & ~part);
    at = to;
  }
}

/** The first bit of [first, end) that is 1; `end` when there is none. */
export function firstUsed(bits: usize, first: u64, end: u64): u64 {
  let at = first;
  while (at < end) {
    const word = load<u64>(wordAt(bits, at)) >> (at & 63);
    if (word != 0) return min(end, at + ctz(word));
    at = (at | 63) + 1;
  }
  return end;
}

/** The first bit of [first, end) that is 0; `end` when there is none. */
export function firstFree(bits: usize, first: u64, end: u64): u64 {
  let at = first;
  while (at < end) {
    const word = ~load<u64>(wordAt(bits, at)) >> (at & 63);
    if (word != 0) return min(end, at + ctz(word));
    at = (at | 63) + 1;
  }
  return end;
}

const NONE: u64 = u64.MAX_VALUE;

/** The first run of `length` zeros in [0, end) that starts at a multiple of `align`; u64.MAX_VALUE when there is none. */
export function firstFreeRun(bits: usize, end: u64, length: u64, align: u64): u64 {
  let at = firstFree(bits, 0, end);
  while (at < end) {
    at = (at + align - 1) & ~(align - 1);
    if (at + length > end) return NONE;
    const used = firstUsed(bits, at, at + length);
    if (used == at + length) return at;
    at = firstFree(bits, used, end);
  }
  return NONE;
}
