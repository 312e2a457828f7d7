import {
  emptyHand,
  KmemCache,
  magazineCount,
  magazinePop,
  makeSlabTaken,
  shapeOf,
  slabToTakeFrom,
  slabWasPutBackInto,
  slabWasTakenFrom,
} from './object-cache';
import {
  FIRST_OF_4,
  freeBits,
  GRANULE_SHIFT,
  IN_USE,
  NONE_OF_4,
  NOT_TAKEN,
  Slab,
  slabHolding,
  statesOf,
} from './slab';

/**
 * Many objects at once: a word of a slab's free bits is read and written once for all its objects, and so is what is counted of the
 * slab.
 *
 *     take    magazine first, then     free bits  …0111 0000 ──▸ …0100 0000        4 and 5 become IN_USE
 *             of a new slab without a look at its bits, which are written once
 *     return  objects in one slab                 …0100 0000 ──▸ …0111 0000
 *
 * Callers hold interrupts off.
 */

/** Puts up to `count` objects, marked in use, at `objects`; fewer when memory runs out. Returns how many. */
export function bulkTake(cache: KmemCache, count: usize, objects: usize): usize {
  let done: usize = 0;
  while (done < count && magazineCount(cache) != 0) {
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
    takeFromSlab(cache, start, wanted, objects + done * 8);
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
  const shape = shapeOf(cache);
  const first = start + (shape.firstObject as usize);
  takeRow(objects, objects + taken * 8, first, shape.stride as usize, statesOf(start));
  return taken;
}

/** Takes the first `count` free objects of the slab, which has so many: of each word what is free in a row. */
function takeFromSlab(cache: KmemCache, start: usize, count: usize, objects: usize): void {
  const stride = shapeOf(cache).stride as usize;
  const states = statesOf(start);
  const end = objects + count * 8;
  let first = start + (shapeOf(cache).firstObject as usize);
  let word = freeBits(start, 0);
  let at = objects;
  while (at < end) {
    const free = load<u64>(word);
    if (free == 0) {
      word += 8;
      first += stride << 6;
      continue;
    }
    const number = ctz(free);
    const inRow = ctz(~(free >> number)); // 64 of all ones
    const taken = min(inRow, ((end - at) >> 3) as u64);
    store<u64>(word, free & ~((u64.MAX_VALUE >> (64 - taken)) << number));
    const object = first + (number as usize) * stride;
    const next = at + ((taken << 3) as usize);
    takeRow(at, next, object, stride, states);
    at = next;
  }
  changetype<Slab>(start).taken += count as u32;
}

/**
 * Objects `stride` bytes apart, from `object` on, are in use; their addresses at `at` to before `end`. A word of states of which one object
 * has four is written whole: stores of bytes have to be merged with what is there.
 */
function takeRow(at: usize, end: usize, object: usize, stride: usize, states: usize): void {
  const step = stride >> GRANULE_SHIFT;
  let state = states + (object >> GRANULE_SHIFT);
  if ((step & 3) == 0) {
    const word = NONE_OF_4 ^ (FIRST_OF_4 << (((state & 3) << 3) as u32));
    state &= ~3;
    for (; at < end; at += 8) {
      store<usize>(at, object);
      store<u32>(state, word);
      object += stride;
      state += step;
    }
    return;
  }
  for (; at < end; at += 8) {
    store<usize>(at, object);
    store<u8>(state, IN_USE as u8);
    object += stride;
    state += step;
  }
}

/**
 * Puts the first of `count` objects back, as far as they are in one slab and in use. Returns how many; 0 when the first is not
 * plain.
 */
export function bulkReturn(cache: KmemCache, count: usize, objects: usize): usize {
  emptyHand(cache);
  const start = slabHolding(load<usize>(objects));
  const slab = changetype<Slab>(start);
  if (start == 0 || slab.cache != changetype<usize>(cache)) return 0;
  const first = start + (shapeOf(cache).firstObject as usize);
  const inverse = cache.inverse;
  const twos = cache.twos;
  const capacity = slab.capacity as u64;
  const states = statesOf(start);
  const bits = freeBits(start, 0);
  const end = objects + count * 8;
  let number: u64 = 0;
  let free = load<u64>(bits);
  let at = objects;
  for (; at < end; at += 8) {
    const object = load<usize>(at);
    const index = rotr<u64>(((object - first) as u64) * inverse, twos); // objectNumber
    if (index >= capacity) break;
    const state = states + (object >> GRANULE_SHIFT);
    if ((load<u8>(state) as u32) != IN_USE) break;
    store<u8>(state, NOT_TAKEN as u8);
    if (index >> 6 != number) {
      store<u64>(bits + ((number as usize) << 3), free);
      number = index >> 6;
      free = load<u64>(bits + ((number as usize) << 3));
    }
    free |= (1 as u64) << (index & 63);
  }
  store<u64>(bits + ((number as usize) << 3), free);
  const done = (at - objects) >> 3;
  if (done == 0) return 0;
  const before = slab.taken;
  slab.taken = before - (done as u32);
  slabWasPutBackInto(cache, slab, before);
  return done;
}
