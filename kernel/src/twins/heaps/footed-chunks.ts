/**
 * Chunks with boundary tags as dlmalloc has them: a word in front of each payload, and at the end of a chunk, while it is
 * free, its size, in what would be the chunk's own payload otherwise. Payloads at multiples of 16.
 * Source of the technique: D. Lea, "A Memory Allocator", 1996–2000, "Boundary Tags"; sizes as in its release 2.8 on a
 * machine of 64 bits.
 *
 *     chunk ─▸ │ foot: size of the chunk below, if free │ head: size, IN_USE, BELOW_IN_USE │ payload or links … │ foot of …
 *
 * The heap ends in a head that is in use and has no payload.
 */
@unmanaged
export class Chunk {
  foot: usize;
  head: usize;
  /** Links of a list, while the chunk is in one. */
  next: usize;
  previous: usize;
}
export const CHUNK_MIN: usize = 32;
/** From a chunk to its payload. */
export const TO_PAYLOAD: usize = 16;
/** What a chunk has in front of its payload: the foot belongs to the chunk below. */
const OVERHEAD: usize = 8;
const BELOW_IN_USE: usize = 1;
const IN_USE: usize = 2;
const BITS: usize = 15;
const SIZE_MAX: usize = (1 as usize) << 40;

let lowest: usize = 0;

export function chunkAt(address: usize): Chunk {
  return changetype<Chunk>(address);
}

export function sizeOf(chunk: usize): usize {
  return chunkAt(chunk).head & ~BITS;
}

export function isUsed(chunk: usize): bool {
  return (chunkAt(chunk).head & IN_USE) != 0;
}

export function isBelowUsed(chunk: usize): bool {
  return (chunkAt(chunk).head & BELOW_IN_USE) != 0;
}

export function above(chunk: usize): usize {
  return chunk + sizeOf(chunk);
}

/** The chunk below, which is free. */
export function below(chunk: usize): usize {
  return chunk - chunkAt(chunk).foot;
}

/** Bytes of the chunk for a request; 0 when no heap has them. */
export function chunkSizeFor(size: usize): usize {
  if (size - 1 >= SIZE_MAX) return 0;
  return max(CHUNK_MIN, (size + OVERHEAD + 15) & ~15);
}

/** Bytes that the user of a chunk has. */
export function payloadOf(chunk: usize): usize {
  return sizeOf(chunk) - OVERHEAD;
}

/** Makes one free chunk of `bytes` bytes, less its end, at `start`. */
export function firstChunk(start: usize, bytes: usize): void {
  lowest = start;
  const size = (bytes & ~BITS) - TO_PAYLOAD;
  chunkAt(start).head = size | BELOW_IN_USE;
  chunkAt(start + size).head = IN_USE;
  markFree(start, size);
}

/** The chunk has `size` bytes and is free; those beside it are in use. */
export function markFree(chunk: usize, size: usize): void {
  chunkAt(chunk).head = size | BELOW_IN_USE;
  const end = chunkAt(chunk + size);
  end.foot = size;
  end.head &= ~BELOW_IN_USE;
}

/** The chunk has `size` bytes and is in use; what is below it stays what it is. */
export function markUsed(chunk: usize, size: usize): void {
  chunkAt(chunk).head = size | IN_USE | (chunkAt(chunk).head & BELOW_IN_USE);
  chunkAt(chunk + size).head |= BELOW_IN_USE;
}

/** Bytes of all free chunks. */
export function heapFreeBytes(): u64 {
  let free: u64 = 0;
  for (let chunk = lowest; sizeOf(chunk) != 0; chunk = above(chunk)) {
    if (!isUsed(chunk)) free += sizeOf(chunk) as u64;
  }
  return free;
}
