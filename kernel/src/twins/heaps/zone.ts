import {
  blockAt,
  blockSizeFor,
  FIXED,
  FREE,
  HEADER,
  isFree,
  joinAbove,
  LOCKED,
  logicalSize,
  makeFree,
  PURGEABLE,
  RELOCATABLE,
  roverReset,
  searchFromRover,
  setLogicalSize,
  sizeOf,
  takeFree,
  trim,
  zoneInit,
  zoneLimit,
  zoneStart,
} from './zone-blocks';
import { compact, purge, reserve } from './zone-compaction';

/**
 * The calls of a Macintosh zone, by their names there: handles, pointers, and the properties of blocks.
 * Source of the technique: Inside Macintosh: Memory, chapter 2, "Memory Manager Reference". A handle is the address of a
 * master pointer; master pointers lie 64 in a non-relocatable block, the free ones in a list.
 *
 *     handle ─▸ master pointer ─▸ contents of a relocatable block, until that is moved, and the master pointer with it
 *
 * A request that finds no free block compacts, then purges. Where a search starts the book does not say; here where the
 * last one ended, as the zone record's `allocPtr` suggests, which spares the zone a walk over all blocks.
 * Missing: growth and grow-zone functions, MoveHHi, subzones, temporary memory.
 */
const MASTERS: usize = 64;
const ALL: usize = usize.MAX_VALUE;

/** The first free master pointer: `hFstFree`. */
let freeMasters: usize = 0;

/** A zone with its first master pointers. */
export function initZone(start: usize, bytes: usize): void {
  zoneInit(start, bytes);
  freeMasters = 0;
  moreMasters();
}

/** 64 more master pointers. */
export function moreMasters(): bool {
  const masters = newPtr(MASTERS * 8);
  if (masters == 0) return false;
  for (let i = MASTERS; i != 0; i--) giveMaster(masters + (i - 1) * 8);
  return true;
}

function giveMaster(master: usize): void {
  store<usize>(master, freeMasters);
  freeMasters = master;
}

/** A free block of at least `size` bytes for a relocatable block; 0 when there is none. */
function findRoom(size: usize): usize {
  let found = searchFromRover(size);
  if (found != 0) return found;
  if (compact(size) >= size) found = searchFromRover(size);
  if (found != 0) return found;
  if (purge(size) == 0 && compact(size) < size) return 0;
  return searchFromRover(size);
}

function place(block: usize, size: usize, physical: usize, kind: u8): void {
  takeFree(block, physical, kind);
  setLogicalSize(block, size);
}

/** A handle; 0 when there is no room. */
export function newHandle(size: usize): usize {
  const physical = blockSizeFor(size);
  if (physical == 0 || (freeMasters == 0 && !moreMasters())) return 0;
  const block = findRoom(physical);
  if (block == 0) return 0;
  place(block, size, physical, RELOCATABLE);
  const handle = freeMasters;
  freeMasters = load<usize>(handle);
  store<usize>(handle, block + HEADER);
  blockAt(block).relativeHandle = handle - zoneStart;
  return handle;
}

export function disposeHandle(handle: usize): void {
  emptyHandle(handle);
  giveMaster(handle);
}

/** A pointer; 0 when there is no room. */
export function newPtr(size: usize): usize {
  const physical = blockSizeFor(size);
  if (physical == 0) return 0;
  let block = reserve(physical);
  if (block == 0 && compact(physical) < physical) purge(physical);
  if (block == 0) block = reserve(physical);
  if (block == 0) return 0;
  place(block, size, physical, FIXED);
  return block + HEADER;
}

export function disposePtr(pointer: usize): void {
  makeFree(pointer - HEADER, sizeOf(pointer - HEADER));
}

/** The block of a handle; 0 when it was purged. */
function blockOf(handle: usize): usize {
  const contents = load<usize>(handle);
  return contents == 0 ? 0 : contents - HEADER;
}

/** Frees the block; the handle stays, with a master pointer of 0, as when a block is purged. */
export function emptyHandle(handle: usize): void {
  const block = blockOf(handle);
  if (block == 0) return;
  makeFree(block, sizeOf(block));
  store<usize>(handle, 0);
}

function setState(handle: usize, bit: u8, on: bool): void {
  const block = blockOf(handle);
  if (block == 0) return;
  const state = blockAt(block).state;
  blockAt(block).state = on ? state | bit : state & ~bit;
}

export function hLock(handle: usize): void {
  setState(handle, LOCKED, true);
}

export function hUnlock(handle: usize): void {
  setState(handle, LOCKED, false);
}

export function hPurge(handle: usize): void {
  setState(handle, PURGEABLE, true);
}

export function hNoPurge(handle: usize): void {
  setState(handle, PURGEABLE, false);
}

export function getHandleSize(handle: usize): usize {
  const block = blockOf(handle);
  return block == 0 ? 0 : logicalSize(block);
}

/** In place, with free blocks above it, or moved, unless it is locked; false: as before. */
export function setHandleSize(handle: usize, size: usize): bool {
  const physical = blockSizeFor(size);
  const block = blockOf(handle);
  if (physical == 0 || block == 0) return false;
  if (sizeOf(block) < physical && !growInPlace(block, physical)) return moveTo(handle, size);
  trim(block, physical);
  setLogicalSize(block, size);
  return true;
}

function growInPlace(block: usize, physical: usize): bool {
  const next = block + sizeOf(block);
  if (next == zoneLimit || !isFree(next)) return false;
  joinAbove(next);
  const missing = physical - sizeOf(block);
  if (sizeOf(next) < missing) return false;
  takeFree(next, missing, FREE);
  roverReset(); // it may have been the block that is no more
  blockAt(block).size = physical as u32;
  return true;
}

/** While room is sought, the block itself may be moved, but not purged. */
function moveTo(handle: usize, size: usize): bool {
  const state = blockAt(blockOf(handle)).state;
  if ((state & LOCKED) != 0) return false;
  hNoPurge(handle);
  const physical = blockSizeFor(size);
  const place = findRoom(physical);
  const block = blockOf(handle);
  blockAt(block).state = state;
  if (place == 0) return false;
  takeFree(place, physical, RELOCATABLE);
  blockAt(place).relativeHandle = blockAt(block).relativeHandle;
  blockAt(place).state = state;
  setLogicalSize(place, size);
  memory.copy(place + HEADER, block + HEADER, logicalSize(block));
  store<usize>(handle, place + HEADER);
  makeFree(block, sizeOf(block));
  return true;
}

/** Moves blocks together until `needed` bytes are free in one piece; the longest piece, its header not counted. */
export function compactMem(needed: usize): usize {
  const largest = compact(needed == ALL ? ALL : needed + HEADER);
  return largest == 0 ? 0 : largest - HEADER;
}

/** Empties purgeable blocks until `needed` bytes are free in one piece. */
export function purgeMem(needed: usize): bool {
  return purge(needed + HEADER) != 0;
}

/** The longest contents that a new block could have as the zone is, its master pointer apart. */
export function maxBlock(): usize {
  let largest: usize = 0;
  for (let at = zoneStart; at < zoneLimit; at += sizeOf(at)) {
    if (!isFree(at)) continue;
    joinAbove(at);
    largest = max(largest, sizeOf(at));
  }
  return largest == 0 ? 0 : largest - HEADER;
}

export function isLocked(handle: usize): bool {
  const block = blockOf(handle);
  return block != 0 && (blockAt(block).state & LOCKED) != 0;
}
