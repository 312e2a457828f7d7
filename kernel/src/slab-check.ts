import { HAND_IN } from './hand';
import {
  CACHE_COUNT,
  cacheAt,
  KmemCache,
  magazineCount,
  magazineObject,
  magazineState,
  numberInSlab,
  shapeOf,
  SPARE_PLACES,
} from './object-cache';
import { PAGE_SHIFT } from './page';
import {
  firstBits,
  FREE_BYTES,
  freeBits,
  GRANULE_SHIFT,
  IN_MAGAZINE,
  IN_USE,
  NOT_TAKEN,
  Slab,
  slabHolding,
  stateAddress,
  statesOf,
} from './slab';
import {
  NO_PAGE_NUMBER,
  SLAB_PAGE_PLACES,
  slabPageCache,
  slabPageNumber,
  slabPagePlace,
  slabPageStates,
  slabPagesUnknown,
} from './slab-pages';

/**
 * The invariants of the slabs, checked from their raw data, for nk_mem_check: every slab is in exactly one list of its
 * cache and the lists end; its free bits are as many as its counts say, and each object without one, but nothing else, is in use or
 * in the magazine by its state; every object of a magazine is marked so in its slab, and no other object is.
 */

/** Objects marked IN_MAGAZINE that this check has met in one cache. */
let marked: u32 = 0;

export function slabsHold(): bool {
  for (let index: u32 = 0; index < CACHE_COUNT; index++) {
    const cache = cacheAt(index);
    if (cache.open != 0 && !cacheHolds(cache)) return false;
  }
  return placesHold();
}

/** A page in a place is one of a slab, which says the same of it. */
function placesHold(): bool {
  for (let place: usize = 0; place < SLAB_PAGE_PLACES * 8; place += 8) {
    if ((place & 63) == 0 && slabPagesUnknown(place)) {
      place += 56;
      continue;
    }
    const page = slabPageNumber(place);
    if (page == 0 || page == NO_PAGE_NUMBER) continue;
    const start = slabHolding(page << PAGE_SHIFT);
    if (start == 0 || slabPagePlace(page) != place) return false;
    if (slabPageCache(place) != changetype<Slab>(start).cache) return false;
    if (slabPageStates(place) != statesOf(start)) return false;
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
  return marked == magazineCount(cache) && magazineHolds(cache) && handHolds(cache);
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
  if (slab.capacity != shapeOf(cache).capacity) return false;
  let free: u32 = 0;
  for (let word: u32 = 0; word < (FREE_BYTES as u32); word += 8) {
    const bits = load<u64>(freeBits(start, word as usize));
    if ((bits & ~firstBits(slab.capacity, word * 8)) != 0) return false;
    free += popcnt(bits) as u32;
  }
  return free == slab.capacity - slab.taken && statesHold(cache, slab);
}

/** An object without a free bit is in use or in the magazine, and nothing else is. */
function statesHold(cache: KmemCache, slab: Slab): bool {
  const start = changetype<usize>(slab);
  const end = start + ((shapeOf(cache).pages as usize) << PAGE_SHIFT);
  let taken: u32 = 0;
  for (let address = start; address < end; address += (1 as usize) << GRANULE_SHIFT) {
    const state = load<u8>(stateAddress(start, address)) as u32;
    if (state == NOT_TAKEN) continue;
    const index = numberInSlab(cache, start, address);
    if (index >= (slab.capacity as u64)) return false;
    const bits = load<u64>(freeBits(start, ((index >> 6) << 3) as usize));
    if (((bits >> (index & 63)) & 1) != 0) return false;
    if (state != IN_USE && state != IN_MAGAZINE) return false;
    if (state == IN_MAGAZINE) marked += 1;
    taken += 1;
  }
  return taken == slab.taken;
}

/** To its slab the object in the hand is in use. */
function handHolds(cache: KmemCache): bool {
  if (cache.hand != HAND_IN) return true;
  const object = cache.handGranule << GRANULE_SHIFT;
  const start = slabHolding(object);
  if (start == 0 || changetype<Slab>(start).cache != changetype<usize>(cache)) return false;
  return (load<u8>(stateAddress(start, object)) as u32) == IN_USE;
}

function magazineHolds(cache: KmemCache): bool {
  const count = magazineCount(cache);
  if (count > cache.magazineMax + SPARE_PLACES) return false;
  for (let i: u32 = 0; i < count; i++) {
    const object = magazineObject(cache, i);
    const state = magazineState(cache, i);
    const start = slabHolding(object);
    if (start == 0 || (load<u8>(state) as u32) != IN_MAGAZINE) return false;
    if (state != stateAddress(start, object)) return false;
    for (let other: u32 = 0; other < i; other++) {
      if (magazineObject(cache, other) == object) return false;
    }
  }
  return true;
}
