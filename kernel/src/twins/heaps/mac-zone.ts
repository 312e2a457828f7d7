import { callBegin, callEnd } from '../../processor';
import { regionClose, regionOpen } from './region';
import { compactMem, disposeHandle, initZone, maxBlock, newHandle, setHandleSize } from './zone';
import { freeInZone } from './zone-blocks';

/**
 * Heap twin: a zone of the classic Macintosh, every block behind a handle (zone.ts says whence).
 * What a program does with a block costs one load more than with the other heaps; that is not in the figures of the calls.
 */
export { scratchReturn, scratchTake } from '../../bench/page-subject';
export { objectAlloc, objectFree, objectsClose, objectsOpen } from './blocks-as-objects';
export { heapRoom } from './region';

const SIZE_MAX: usize = (1 as usize) << 30;

export function openHeap(bytes: u64): usize {
  const start = regionOpen(bytes);
  if (start != 0) initZone(start, bytes as usize);
  return start;
}

export function closeHeap(): void {
  regionClose();
}

/** A handle. */
export function heapAlloc(size: usize): usize {
  if (size - 1 >= SIZE_MAX) return 0;
  callBegin();
  const handle = newHandle(size);
  callEnd();
  return handle;
}

export function heapFree(handle: usize): void {
  if (handle == 0) return;
  callBegin();
  disposeHandle(handle);
  callEnd();
}

/** The handle stays what it is. */
export function heapRealloc(handle: usize, size: usize): usize {
  callBegin();
  const done = setHandleSize(handle, size);
  callEnd();
  return done ? handle : 0;
}

/** Where the contents are now. */
export function heapAddress(handle: usize): usize {
  return load<usize>(handle);
}

/** Bytes of all free blocks: `zcbFree`. */
export function heapFreeBytes(): u64 {
  return freeInZone as u64;
}

/** The longest block without compaction. */
export function heapLargest(): u64 {
  return maxBlock() as u64;
}

export function heapCompact(): bool {
  compactMem(usize.MAX_VALUE);
  return true;
}
