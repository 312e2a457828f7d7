import {
  KmemCache,
  magazinePop,
  makeSlabTaken,
  shapeOf,
  slabToTakeFrom,
  slabWasPutBackInto,
  slabWasTakenFrom,
} from './object-cache';
import { IN_USE, LINK_SIZE, Slab, SLAB_HEADER_SIZE, slabHolding } from './slab';

/**
 * Many objects at once: a slab's free list is followed, or grows, in one go, and what is counted of the slab changes once.
 *
 *     take    magazine first, then     freeHead ──▸ 4 ──▸ 5 ──▸ 6 ──▸ 7        4, 5, 6 become IN_USE, freeHead is 7
 *             of a new slab by counting: no list is made of what leaves at once
 *     return  objects in one slab      freeHead ──▸ 7                          6, 5, 4 are put before 7
 *
 * Callers hold interrupts off.
 */

/** Puts up to `count` objects, marked in use, at `objects`; fewer when memory runs out. Returns how many. */
export function bulkTake(cache: KmemCache, count: usize, objects: usize): usize {
  let done: usize = 0;
  while (done < count && cache.magazineCount != 0) {
    store<usize>(objects + done * 8, magazinePop(cache));
    done += 1;
  }
  while (done < count) {
    if ((cache.partial | cache.idle | cache.constructing) == 0) {
      const taken = takeOfNewSlab(cache, count - done, objects + done * 8);
      if (taken == 0) return done;
      done += taken;
      continue;
    }
    const start = slabToTakeFrom(cache);
    if (start == 0) return done;
    const slab = changetype<Slab>(start);
    const wanted = min(count - done, (slab.capacity - slab.taken) as usize);
    followFreeList(slab, shapeOf(cache).stride as usize, wanted, objects + done * 8);
    slabWasTakenFrom(cache, slab);
    done += wanted;
  }
  return done;
}

/** Makes a slab of which the first `count` objects, or all, are in use from the start. Returns how many; 0 without memory. */
function takeOfNewSlab(cache: KmemCache, count: usize, objects: usize): usize {
  const start = makeSlabTaken(cache, count);
  if (start == 0) return 0;
  const taken = changetype<Slab>(start).taken as usize;
  const stride = shapeOf(cache).stride as usize;
  let object = changetype<Slab>(start).objects;
  const end = objects + taken * 8;
  for (let at = objects; at < end; at += 8) {
    store<usize>(at, object);
    object += stride;
  }
  return taken;
}

/** Takes `count` objects, which there are, off the slab's free list. */
function followFreeList(slab: Slab, stride: usize, count: usize, objects: usize): void {
  const links = changetype<usize>(slab) + SLAB_HEADER_SIZE;
  const first = slab.objects;
  const end = objects + count * 8;
  let free = slab.freeHead as usize;
  for (let at = objects; at < end; at += 8) {
    const link = links + free * LINK_SIZE;
    store<usize>(at, first + free * stride);
    free = load<u16>(link) as usize;
    store<u16>(link, IN_USE as u16);
  }
  slab.freeHead = free as u32;
  slab.taken += count as u32;
}

/**
 * Puts the first of `count` objects back, as far as they are in one slab, in use, and not the one in the hand. Returns how
 * many; 0 when the first is not plain.
 */
export function bulkReturn(cache: KmemCache, count: usize, objects: usize): usize {
  const start = slabHolding(load<usize>(objects));
  const slab = changetype<Slab>(start);
  if (start == 0 || slab.cache != changetype<usize>(cache)) return 0;
  const links = start + SLAB_HEADER_SIZE;
  const first = slab.objects;
  const inverse = cache.inverse;
  const twos = cache.twos;
  const capacity = slab.capacity as u64;
  const inHand = cache.handObject;
  const end = objects + count * 8;
  let free = slab.freeHead;
  let at = objects;
  for (; at < end; at += 8) {
    const object = load<usize>(at);
    const index = rotr<u64>(((object - first) as u64) * inverse, twos); // objectNumber
    if (index >= capacity || object == inHand) break;
    const link = links + (index as usize) * LINK_SIZE;
    if ((load<u16>(link) as u32) != IN_USE) break;
    store<u16>(link, free as u16);
    free = index as u32;
  }
  const done = (at - objects) >> 3;
  if (done == 0) return 0;
  const before = slab.taken;
  slab.freeHead = free;
  slab.taken = before - (done as u32);
  slabWasPutBackInto(cache, slab, before);
  return done;
}
