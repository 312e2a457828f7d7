import { wantsGuards } from './boot-options';
import {
  areaPages,
  AreaOwner,
  areaSetSlack,
  areaSlack,
  areaTake,
  Guard,
  inAreas,
  isAreaUnused,
  vm_free,
} from './guarded-memory';
import { MemoryError, memoryErrorsSilent } from './memory-errors';
import { isPageAligned, PAGE_SHIFT } from './page';
import { poisonAllocated, RUN_BYTES_MAX, verifyRedZone } from './poison';

/**
 * Guarded blocks: in the debug build, and when the command line says `guards`, every block of kmalloc and krealloc is an
 * area between two guard pages. Whoever runs over its last page, or before its first, is stopped by the processor at that
 * instruction, and the panic names the block.
 *
 *     not mapped │ page │ page │ … │ size ┆ 5a 5a 5a │ not mapped
 *                                           slack: verified when the block is freed
 *
 * A block begins with a page, as ever, so that a write behind its size and within its last page is found by the slack only.
 * A freed block is unmapped at once, in place of a quarantine, and its addresses are not used again before all others: who
 * still uses it faults, too. When no area is to be had, the block is one of the heap. Blocks of kmalloc_pages stay what
 * they are, contiguous frames; small objects (kmalloc_small) lie in slabs. Unlike in the release build, krealloc to a smaller
 * number of pages needs new ones, too, and returns 0 when there are none.
 */
const GUARDS: u32 = Guard.Low + Guard.High;

/** A new block of `pages` pages; 0 when none is wanted, or none is to be had. The self-tests are about the heap. */
export function guardedTake(pages: u64): usize {
  if (!wantsGuards || memoryErrorsSilent()) return 0;
  return areaTake(pages, GUARDS, AreaOwner.HeapBlock);
}

/** Whether `address` is where guarded blocks are, or were. */
export function guardedHolds(address: usize): bool {
  return inAreas(address);
}

/** Pages of the block that starts at `address`; 0 when none does. */
export function guardedPages(address: usize): u64 {
  return areaPages(address, AreaOwner.HeapBlock);
}

/** Fills the block, all of it when it is new, and remembers its slack. */
export function guardedMark(address: usize, size: usize, pages: u64, isNew: bool): void {
  const bytes = (pages << PAGE_SHIFT) as usize;
  if (isNew) poisonAllocated(address, min(bytes, RUN_BYTES_MAX));
  poisonAllocated(address + size, bytes - size);
  areaSetSlack(address, bytes - size);
}

export function guardedVerify(call: string, address: usize, pages: u64): void {
  const slack = areaSlack(address);
  verifyRedZone(call, address + ((pages << PAGE_SHIFT) as usize) - slack, slack);
}

export function guardedRelease(address: usize): void {
  vm_free(address);
}

/** Why no guarded block starts at `address`. */
export function guardedComplaint(address: usize): MemoryError {
  if (!isPageAligned(address)) return MemoryError.Misaligned;
  return isAreaUnused(address) ? MemoryError.DoubleFree : MemoryError.Foreign;
}
