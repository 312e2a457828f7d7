/**
 * Blocks with boundary tags, as the heap twins with lists by size have them: headers of 16 bytes, payloads at multiples
 * of 16. Source: Knuth, "The Art of Computer Programming" vol. 1, 2.5, boundary tags; the bits after Masmano, Ripoll,
 * Crespo, Real, "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.
 *
 *     below     the block below it, 0 for the lowest
 *     size      of the whole block; bit 0: free
 *     links     next and previous in its list, only while it is free, where the payload was
 *
 * The last block of a heap is an empty one in use, so that none is joined with what lies behind.
 */
@unmanaged
export class Block {
  below: usize;
  tag: usize;
  next: usize;
  previous: usize;
}
export const HEADER: usize = 16;
export const BLOCK_MIN: usize = 32;
const FREE: usize = 1;
const SIZE_MAX: usize = (1 as usize) << 40;

let lowest: usize = 0;

export function blockAt(address: usize): Block {
  return changetype<Block>(address);
}

export function sizeOf(block: Block): usize {
  return block.tag & ~FREE;
}

export function isFree(block: Block): bool {
  return (block.tag & FREE) != 0;
}

export function above(block: Block): Block {
  return blockAt(changetype<usize>(block) + sizeOf(block));
}

/** Bytes of the block for a request; 0 when no heap has them. */
export function blockSizeFor(size: usize): usize {
  if (size - 1 >= SIZE_MAX) return 0;
  return max(BLOCK_MIN, ((size + 15) & ~15) + HEADER);
}

/** Makes one free block, in no list yet, of `bytes` bytes at `start`. */
export function firstBlock(start: usize, bytes: usize): Block {
  lowest = start;
  const block = blockAt(start);
  block.below = 0;
  block.tag = (bytes - HEADER) | FREE;
  const end = above(block);
  end.below = start;
  end.tag = 0;
  return block;
}

export function markUsed(block: Block): void {
  block.tag &= ~FREE;
}

export function markFree(block: Block): void {
  block.tag |= FREE;
}

/** Joins two neighbours, neither of which is in a list; the upper one is no more. */
export function join(lower: Block, upper: Block): void {
  lower.tag += sizeOf(upper);
  above(lower).below = changetype<usize>(lower);
}

/** Cuts a block to `size` bytes; the rest, at least BLOCK_MIN bytes and in no list, is free. */
export function cut(block: Block, size: usize): Block {
  const rest = blockAt(changetype<usize>(block) + size);
  rest.below = changetype<usize>(block);
  rest.tag = (sizeOf(block) - size) | FREE;
  block.tag = size | (block.tag & FREE);
  above(rest).below = changetype<usize>(rest);
  return rest;
}

/** Bytes of all free blocks. */
export function freeBytes(): u64 {
  let free: u64 = 0;
  for (let block = blockAt(lowest); sizeOf(block) != 0; block = above(block)) {
    if (isFree(block)) free += sizeOf(block) as u64;
  }
  return free;
}
