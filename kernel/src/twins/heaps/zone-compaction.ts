import {
  blockAt,
  FREE,
  HEADER,
  isFree,
  isPinned,
  joinAbove,
  makeFree,
  PURGEABLE,
  RELOCATABLE,
  roverReset,
  searchAbove,
  searchFromRover,
  sizeOf,
  takeFree,
  zoneLimit,
  zoneStart,
} from './zone-blocks';

/**
 * How a Macintosh zone makes room: it moves relocatable blocks, whose addresses only their master pointers know, and
 * empties purgeable ones.
 * Source of the technique: Inside Macintosh: Memory, chapter 1, "Heap Purging and Compaction" and "Memory Reservation" (what
 * cannot be moved is put as low as can be), and chapter 2, "Freeing Memory" and "Managing Relocatable Blocks".
 */

/** The master pointer of a relocatable block. */
function masterOf(block: usize): usize {
  return zoneStart + blockAt(block).relativeHandle;
}

/**
 * Moves relocatable blocks down, from the bottom on, until there is a free block of `needed` bytes; returns the size of
 * the longest free block that it has seen.
 */
export function compact(needed: usize): usize {
  let largest: usize = 0;
  let bottom = zoneStart; // all below is blocks without a gap, or behind something that is pinned
  let free: usize = 0;
  roverReset();
  for (let at = zoneStart; at <= zoneLimit;) {
    const size = sizeOf(at);
    if (at < zoneLimit && isFree(at)) {
      free += size;
    } else if (at == zoneLimit || isPinned(at)) {
      if (free != 0) fillGap(bottom, free);
      largest = max(largest, free);
      if (largest >= needed) return largest;
      free = 0;
      bottom = at + size;
    } else {
      if (free != 0) {
        memory.copy(bottom, at, size);
        store<usize>(masterOf(bottom), bottom + HEADER);
      }
      bottom += size;
      if (free >= needed) {
        fillGap(bottom, free);
        return free;
      }
    }
    at += size;
  }
  return largest;
}

/** The gap's bytes were free before. */
function fillGap(bottom: usize, bytes: usize): void {
  const header = blockAt(bottom);
  header.size = bytes as u32;
  header.kind = FREE;
  header.state = 0;
}

/** Empties purgeable blocks, from the bottom on, until there is a free block of `needed` bytes: it, or 0. */
export function purge(needed: usize): usize {
  for (let at = zoneStart; at < zoneLimit; at += sizeOf(at)) {
    if (isPinned(at)) continue;
    if (!isFree(at)) {
      if ((blockAt(at).state & PURGEABLE) == 0) continue;
      store<usize>(masterOf(at), 0);
      makeFree(at, sizeOf(at));
    }
    joinPurged(at);
    if (sizeOf(at) >= needed) return at;
  }
  return 0;
}

/** Empties the purgeable blocks right above a free one, too. */
function joinPurged(block: usize): void {
  joinAbove(block);
  for (;;) {
    const next = block + sizeOf(block);
    if (next == zoneLimit || isPinned(next) || (blockAt(next).state & PURGEABLE) == 0) return;
    store<usize>(masterOf(next), 0);
    makeFree(next, sizeOf(next));
    joinAbove(block);
  }
}

/** A free block of at least `size` bytes as low as can be: what can be moved from there is moved up. 0: there is none. */
export function reserve(size: usize): usize {
  for (let base = zoneStart; base < zoneLimit;) {
    if (isPinned(base)) {
      base += sizeOf(base);
      continue;
    }
    let end = base;
    while (end < zoneLimit && end - base < size && !isPinned(end)) end += sizeOf(end);
    if (end - base < size) {
      base = end;
      continue;
    }
    if (evacuate(base, end)) return base;
    break; // what is in the way has nowhere to go
  }
  return searchFromRover(size);
}

/** Moves all blocks of [base, end) above it, and makes it one free block. */
function evacuate(base: usize, end: usize): bool {
  for (let at = base; at < end; at += sizeOf(at)) {
    if (isFree(at)) continue;
    const size = sizeOf(at);
    const place = searchAbove(size, end);
    if (place == 0) return false;
    takeFree(place, size, RELOCATABLE);
    memory.copy(place, at, size);
    store<usize>(masterOf(place), place + HEADER);
    makeFree(at, size);
  }
  joinAbove(base);
  return true;
}
