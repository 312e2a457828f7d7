/**
 * The bench kernel of the Macintosh zone: heap-kernel.ts, with the zone's own calls for a harness, because there is more to
 * them than what the heaps have in common.
 */
export {
  emptyAlloc,
  emptyFree,
  heapAddress,
  heapAlloc,
  heapFree,
  heapFreeBytes,
  heapRealloc,
  interrupt_handler,
  interrupt_late,
  kernel_main,
} from './heap-kernel';
export {
  compactMem,
  disposeHandle,
  disposePtr,
  emptyHandle,
  getHandleSize,
  hLock,
  hNoPurge,
  hPurge,
  hUnlock,
  isLocked,
  maxBlock,
  moreMasters,
  newHandle,
  newPtr,
  purgeMem,
  setHandleSize,
} from './heaps/zone';
export { zoneCheck } from './heaps/zone-check';
