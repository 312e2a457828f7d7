import { HAND_IN } from './hand';
import {
  CACHE_COUNT,
  cacheAt,
  KmemCache,
  magazineLink,
  magazineObject,
  shapeOf,
} from './object-cache';
import { END, IN_MAGAZINE, IN_USE, linkAddress, linkOf, Slab, slabHolding } from './slab';

/**
 * The invariants of the slabs, checked from their raw data, for nk_mem_check: every slab is in exactly one list of its
 * cache and the lists end; its free list ends and has as many objects as its counts say; every object of a magazine is
 * marked so in its slab, and no other object is.
 */

/** Objects marked IN_MAGAZINE that this check has met in one cache. */
let marked: u32 = 0;

export function slabsHold(): bool {
  for (let index: u32 = 0; index < CACHE_COUNT; index++) {
    const cache = cacheAt(index);
    if (cache.open != 0 && !cacheHolds(cache)) return false;
  }
  return true;
}

function cacheHolds(cache: KmemCache): bool {
  marked = 0;
  const idle: u32 = cache.idle != 0 ? 1 : 0;
  if (idle != 0 && !slabHolds(cache, changetype<Slab>(cache.idle), 0, 0)) return false;
  const partial = listLength(cache, cache.partial, true);
  const full = listLength(cache, cache.full, false);
  if (partial == u32.MAX_VALUE || full == u32.MAX_VALUE) return false;
  if (idle + partial + full != cache.slabCount) return false;
  return marked == cache.magazineCount && magazineHolds(cache) && handHolds(cache);
}

/** Slabs in a list, each checked; the largest number when something does not hold. */
function listLength(cache: KmemCache, head: usize, isPartial: bool): u32 {
  let count: u32 = 0;
  let previous: usize = 0;
  for (let at = head; at != 0; at = changetype<Slab>(at).next) {
    if (count == cache.slabCount) return u32.MAX_VALUE; // a cycle
    const slab = changetype<Slab>(at);
    const least = isPartial ? 1 : slab.capacity;
    const most = isPartial ? slab.capacity - 1 : slab.capacity;
    if (slab.previous != previous || !slabHolds(cache, slab, least, most)) return u32.MAX_VALUE;
    previous = at;
    count += 1;
  }
  if (isPartial && cache.partialLast != previous) return u32.MAX_VALUE;
  return count;
}

function slabHolds(cache: KmemCache, slab: Slab, least: u32, most: u32): bool {
  const start = changetype<usize>(slab);
  if (slabHolding(start) != start || slab.cache != changetype<usize>(cache)) return false;
  if (slab.taken < least || slab.taken > most || slab.capacity == 0) return false;
  if (slab.numbers != (slab.capacity as u64)) return false;
  let free: u32 = 0;
  for (let at = slab.freeHead; at != END; at = linkOf(slab, at)) {
    if (at >= slab.capacity || free == slab.capacity) return false;
    free += 1;
  }
  if (free != slab.capacity - slab.taken) return false;
  let taken: u32 = 0;
  for (let index: u32 = 0; index < slab.capacity; index++) {
    const link = linkOf(slab, index);
    if (link == IN_MAGAZINE) marked += 1;
    if (link == IN_MAGAZINE || link == IN_USE) taken += 1;
  }
  return taken == slab.taken;
}

/** To its slab the object in the hand is in use. */
function handHolds(cache: KmemCache): bool {
  if (cache.hand != HAND_IN) return true;
  const start = slabHolding(cache.handObject);
  if (start == 0) return false;
  const slab = changetype<Slab>(start);
  const index = ((cache.handObject - slab.objects) as u64) / (shapeOf(cache).stride as u64);
  return slab.cache == changetype<usize>(cache) && linkOf(slab, index as u32) == IN_USE;
}

function magazineHolds(cache: KmemCache): bool {
  if (cache.magazineCount > cache.magazineMax) return false;
  for (let i: u32 = 0; i < cache.magazineCount; i++) {
    const object = magazineObject(cache, i);
    const link = magazineLink(cache, i);
    const start = slabHolding(object);
    if (start == 0 || (load<u16>(link) as u32) != IN_MAGAZINE) return false;
    const slab = changetype<Slab>(start);
    if (link < linkAddress(slab, 0) || link >= linkAddress(slab, slab.capacity)) return false;
    for (let other: u32 = 0; other < i; other++) {
      if (magazineObject(cache, other) == object) return false;
    }
  }
  return true;
}
