import { heapAlloc } from '../../bench/heap-subject';

/**
 * What heap-bench.ts asks of a heap that has no caches: an object of 64 bytes is a block like any other, and a block stays
 * where it is.
 */
export { heapFree as objectFree } from '../../bench/heap-subject';

const OBJECT_BYTES: usize = 64;

export function objectsOpen(): void {
  return;
}

export function objectsClose(): void {
  return;
}

export function objectAlloc(): usize {
  return heapAlloc(OBJECT_BYTES);
}

/** Where the block is now. */
export function heapAddress(block: usize): usize {
  return block;
}

/** Nothing can be moved. */
export function heapCompact(): bool {
  return false;
}
