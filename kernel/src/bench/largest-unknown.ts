/** For heaps that do not know their longest free block: it is found by trying (largest-block.ts). */
export function heapLargest(): u64 {
  return 0;
}
