import { heapAlloc, heapFree } from './heap-subject';

/** The longest block that can be had out of a heap of `bytes` bytes, to 256 bytes, found by trying. */
export function largestByTrying(bytes: u64): u64 {
  let low: u64 = 0;
  let high = bytes;
  while (high - low > 256) {
    const middle = (low + high) / 2;
    const block = heapAlloc(middle as usize);
    if (block == 0) {
      high = middle;
    } else {
      heapFree(block);
      low = middle;
    }
  }
  return low;
}
