/**
 * The blocks of a Macintosh zone and their headers; nothing is said here about where a block goes.
 * Source of the technique: Inside Macintosh: Memory, chapter 2, "Memory Manager", "Organization of Memory" ("Heap
 * Zones", "Block Headers": the header for 32-bit addresses; fields are wider here, and a block is a multiple of 16 bytes).
 *
 *     zone ─▸ │ header │ contents … │ header │ contents … │ … │ trailer: a header, FIXED, of no size that counts │
 *     header    size, with header and padding │ kind │ state │ correction │ relative handle
 *
 *     correction          bytes behind the logical size
 *     relative handle     of a relocatable block: from the zone's start to its master pointer
 *
 * Free blocks are in no list; neighbours are joined when somebody walks by.
 */
@unmanaged
export class ZoneBlock {
  size: u32;
  kind: u8;
  state: u8;
  correction: u16;
  relativeHandle: usize;
}
export const HEADER: usize = 16;
export const FREE: u8 = 0;
/** Non-relocatable: a pointer's, or a block of master pointers. */
export const FIXED: u8 = 1;
export const RELOCATABLE: u8 = 2;
export const LOCKED: u8 = 0x80;
export const PURGEABLE: u8 = 0x40;
const SIZE_MAX: usize = (1 as usize) << 30;

/** Where the first block is. */
export let zoneStart: usize = 0;
/** Where the trailer is: `bkLim`. */
export let zoneLimit: usize = 0;
/** Bytes in free blocks: `zcbFree`. */
export let freeInZone: usize = 0;
/** Where the next search for a free block starts: `allocPtr`. Always a block, or the limit. */
export let rover: usize = 0;

export function blockAt(address: usize): ZoneBlock {
  return changetype<ZoneBlock>(address);
}

export function sizeOf(block: usize): usize {
  return blockAt(block).size as usize;
}

export function isFree(block: usize): bool {
  return blockAt(block).kind == FREE;
}

/** Cannot be moved now. */
export function isPinned(block: usize): bool {
  const header = blockAt(block);
  return header.kind == FIXED || (header.kind == RELOCATABLE && (header.state & LOCKED) != 0);
}

/** Bytes of the block for so many bytes of contents; 0: more than a zone has. */
export function blockSizeFor(size: usize): usize {
  return size > SIZE_MAX ? 0 : (size + HEADER + 15) & ~15;
}

/** Bytes of contents. */
export function logicalSize(block: usize): usize {
  return sizeOf(block) - HEADER - (blockAt(block).correction as usize);
}

export function setLogicalSize(block: usize, size: usize): void {
  blockAt(block).correction = (sizeOf(block) - HEADER - size) as u16;
}

/** One free block, and the trailer. */
export function zoneInit(start: usize, bytes: usize): void {
  zoneStart = start;
  zoneLimit = start + (bytes & ~15) - HEADER;
  rover = start;
  freeInZone = 0;
  makeFree(start, zoneLimit - start);
  const trailer = blockAt(zoneLimit);
  trailer.size = HEADER as u32;
  trailer.kind = FIXED;
}

/** Makes what nobody has any more, or had, one free block. */
export function makeFree(block: usize, size: usize): void {
  const header = blockAt(block);
  header.size = size as u32;
  header.kind = FREE;
  header.state = 0;
  freeInZone += size;
}

/** Joins a free block with the free ones right above it. */
export function joinAbove(block: usize): void {
  let end = block + sizeOf(block);
  while (end < zoneLimit && isFree(end)) end += sizeOf(end);
  blockAt(block).size = (end - block) as u32;
  if (rover > block && rover < end) rover = block;
}

/** A free block becomes one of `size` bytes in use; the rest of it stays free. */
export function takeFree(block: usize, size: usize, kind: u8): void {
  const header = blockAt(block);
  const rest = sizeOf(block) - size;
  freeInZone -= size;
  header.kind = kind;
  header.state = 0;
  if (rest == 0) return;
  header.size = size as u32;
  freeInZone -= rest;
  makeFree(block + size, rest);
}

/** Frees what the block has beyond `size` bytes. */
export function trim(block: usize, size: usize): void {
  const rest = sizeOf(block) - size;
  if (rest == 0) return;
  blockAt(block).size = size as u32;
  makeFree(block + size, rest);
  joinAbove(block + size);
}

/** The next block of [from, to) that is free and has `size` bytes; 0 when there is none. */
function searchRange(size: usize, from: usize, to: usize): usize {
  for (let at = from; at < to; at += sizeOf(at)) {
    if (!isFree(at)) continue;
    joinAbove(at);
    if (sizeOf(at) >= size) return at;
  }
  return 0;
}

/** A free block of at least `size` bytes above `from`, the first from the rover on if that is there; 0: there is none. */
export function searchAbove(size: usize, from: usize): usize {
  if (freeInZone < size) return 0;
  const found = rover > from ? searchRange(size, rover, zoneLimit) : 0;
  return found == 0 ? searchRange(size, from, zoneLimit) : found;
}

/** A free block of at least `size` bytes, the first from the rover on; 0 when there is none. */
export function searchFromRover(size: usize): usize {
  if (freeInZone < size) return 0;
  const from = rover;
  let found = searchRange(size, from, zoneLimit);
  if (found == 0) found = searchRange(size, zoneStart, from);
  rover = found == 0 ? zoneStart : found;
  return found;
}

/** The next search starts with the first block. */
export function roverReset(): void {
  rover = zoneStart;
}
