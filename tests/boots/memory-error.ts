/** Numbers of kernel/src/memory-errors.ts, MemoryError, for nk_mem_errors. */
export const MemoryError = {
  doubleFree: 0,
  foreign: 1,
  misaligned: 2,
  reserved: 3,
  sizeMismatch: 4,
  uninitialised: 5,
  outOfMemory: 6,
  initRefused: 7,
  stillInUse: 10,
  writtenAfterFree: 11,
  writtenBeyondEnd: 12,
} as const;
