import { MemoryError, refuse } from './memory-errors';

/**
 * The debug build's poison: what is allocated reads 0x5A…, what is free reads 0x43…, and is still that when it is
 * allocated again; else somebody wrote to memory that was no longer theirs.
 *
 *     free page      43 43 43 43 …      every byte verified when it is taken
 *     new block      5a 5a 5a 5a …      what lies between its size and the end of its last page stays so: a red zone,
 *                                       verified when the block is freed
 */
const ALLOCATED: u8 = 0x5a;
const FREE: u8 = 0x43;
const FREE_WORD: u64 = 0x4343_4343_4343_4343;

/** Of a run of frames, which can be terabytes, so much is poisoned. */
export const RUN_BYTES_MAX: usize = 65_536;

export function poisonFree(address: usize, bytes: usize): void {
  memory.fill(address, FREE, bytes);
}

export function poisonAllocated(address: usize, bytes: usize): void {
  memory.fill(address, ALLOCATED, bytes);
}

/** Reports the first word of free memory, a multiple of 8 bytes, that is not as poisonFree left it. */
export function verifyFree(call: string, address: usize, bytes: usize): void {
  const end = address + (bytes & ~7);
  for (let at = address; at < end; at += 8) {
    if (load<u64>(at) == FREE_WORD) continue;
    refuse(MemoryError.WrittenAfterFree, call, at);
    return;
  }
}

/** Takes free memory: verifies it and fills it for its new owner. */
export function poisonTake(call: string, address: usize, bytes: usize): void {
  verifyFree(call, address, bytes);
  poisonAllocated(address, bytes);
}

/** Reports the first byte of a red zone that was written to. */
export function verifyRedZone(call: string, address: usize, bytes: usize): void {
  for (let at = address; at < address + bytes; at++) {
    if (load<u8>(at) == ALLOCATED) continue;
    refuse(MemoryError.WrittenBeyondEnd, call, at);
    return;
  }
}
