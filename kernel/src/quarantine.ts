/**
 * The debug build's quarantine: blocks that were freed stay unused until 64 pages have been freed behind them, so that
 * who still writes to them is found out instead of hurting the next owner.
 *
 * This file knows the queue only; kmalloc.ts puts blocks in and takes them out.
 */
export const QUARANTINE_PAGES_MAX: u64 = 64;
/** No more blocks than pages. */
const BLOCKS_MAX: u32 = 64;
const blocks: usize = memory.data(512, 8);
let first: u32 = 0;
let count: u32 = 0;
let pages: u64 = 0;

/** Whether a block of `length` pages has to wait until the oldest one has left. */
export function quarantineIsFullFor(length: u64): bool {
  return count == BLOCKS_MAX || pages + length > QUARANTINE_PAGES_MAX;
}

export function quarantineEmpty(): bool {
  return count == 0;
}

export function quarantineAdd(address: usize, length: u64): void {
  store<usize>(blocks + (((first + count) % BLOCKS_MAX) as usize) * 8, address);
  count += 1;
  pages += length;
}

/** The block that has been here longest. */
export function quarantineOldest(): usize {
  return load<usize>(blocks + (first as usize) * 8);
}

export function quarantineRemoveOldest(length: u64): void {
  first = (first + 1) % BLOCKS_MAX;
  count -= 1;
  pages -= length;
}
