import { heapAlloc as newBlock, heapRealloc as resize } from './mac-zone';
import { hLock, hUnlock, isLocked } from './zone';

/** Heap twin: mac-zone.ts in which every 16th block is locked as soon as it is there, and stays so until it is freed. */
export {
  closeHeap,
  heapAddress,
  heapCompact,
  heapFree,
  heapFreeBytes,
  heapLargest,
  heapRoom,
  objectAlloc,
  objectFree,
  objectsClose,
  objectsOpen,
  openHeap,
  scratchReturn,
  scratchTake,
} from './mac-zone';

const LOCK_EVERY: u32 = 16;

let allocations: u32 = 0;

export function heapAlloc(size: usize): usize {
  const handle = newBlock(size);
  if (handle == 0) return 0;
  allocations += 1;
  if (allocations % LOCK_EVERY == 0) hLock(handle);
  return handle;
}

/** As a program has to: unlocked meanwhile. */
export function heapRealloc(handle: usize, size: usize): usize {
  const locked = isLocked(handle);
  if (locked) hUnlock(handle);
  const resized = resize(handle, size);
  if (locked) hLock(handle);
  return resized;
}
