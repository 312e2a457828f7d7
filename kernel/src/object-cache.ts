import { DEBUG } from './debug-build';
import { HAND_IN, HAND_OUT } from './hand';
import { poisonFree, poisonTake } from './poison';
import { callsInsideBegin, callsInsideEnd } from './processor';
import {
  chooseShape,
  GRANULE,
  GRANULE_SHIFT,
  IN_MAGAZINE,
  IN_USE,
  Slab,
  slabHolding,
  slabMake,
  slabPut,
  SlabShape,
  slabTake,
  slabUnmake,
  stateAddress,
  statesOf,
} from './slab';

/**
 * What is behind a cache's handle: its slabs by how full they are, and the magazine in front of them.
 *
 *     alloc ◂── magazine, 48 objects ◂── half of it at a time ── partial │ fuller … emptier │
 *     free  ──▸ (16 if large)        ── half of it at a time ──▸ full, idle
 *
 * The magazine belongs to the one processor there is: most calls are a push or a pop and touch no slab list. Of the
 * partly used slabs the fuller ones are used first (one that falls to a quarter goes to the end), so that the emptier
 * ones come free. One slab without an object in use is kept, the others go back at once.
 * Calls in bulk go past the magazine: object-bulk.ts.
 * Source of magazines: Bonwick, Adams, "Magazines and Vmem", USENIX 2001.
 */
@unmanaged
export class KmemCache {
  /**
   * The stride is `inverse`'s inverse modulo 2^64, times 2^`twos`: offset × inverse, rotated right by `twos`, is offset /
   * stride where that is whole, and else more than any number of objects (Warren, "Hacker's Delight", 10-17).
   */
  inverse: u64;
  twos: u64;
  /** A function of one argument, or null (0). */
  constructing: usize;
  /** Lists of slabs, by the addresses of their headers; 0 = none. At most one is idle. */
  partial: usize;
  partialLast: usize;
  full: usize;
  idle: usize;
  slabCount: u32;
  /** What the caller asked for, in bytes. */
  objectSize: u32;
  open: u32;
  /** Objects that the magazine has room for. */
  magazineMax: u32;
  /** Where in the magazine the next object goes, counted from its end: −`magazineMax` when it is empty; from 0 on it must give some back. */
  magazineTop: i64;
  /** The hand (hand.ts), its object's granule, or 0: in the slab it is in use. Without an object the hand is out. */
  handGranule: usize;
  hand: u32;
}

/**
 * A handle's bytes: the fields above, the slabs' shape, a name, and the magazine: objects' granules, and behind them where their slabs'
 * states are. A free is taken in before there is room for the next: behind the end there are seven places, for it and for those of
 * interrupt handlers that come, one inside the other, before room was made.
 */
export const CACHE_SIZE_SHIFT: usize = 10;
export const CACHE_SIZE: usize = 1024;
const SHAPE: usize = 96;
const NAME: usize = 112;
/** Up to 256 bytes, and above: what lies idle in a magazine is 128 KiB at most. */
const MAGAZINE_SMALL: u32 = 48;
const MAGAZINE_LARGE: u32 = 16;
const SMALL_STRIDE_MAX: u32 = 256;
/** The ends of the two parts: an entry's place is counted from there, below 0. The word below the first part is 0. */
const GRANULES_END: usize = 520;
const STATES_END: usize = 960;
export const SPARE_PLACES: u32 = 7;
export const NAME_SIZE: usize = 16;

export const CACHE_COUNT: u32 = 128;
/** The first caches are kmalloc_small's. */
export const CACHES_OF_KMALLOC: u32 = 24;

const caches: usize = memory.data(131072, 16); // CACHE_COUNT × CACHE_SIZE

export function cacheTable(): usize {
  return caches;
}

export function cacheAt(index: u32): KmemCache {
  return changetype<KmemCache>(caches + (index as usize) * CACHE_SIZE);
}

export function shapeOf(cache: KmemCache): SlabShape {
  return changetype<SlabShape>(changetype<usize>(cache) + SHAPE);
}

/** Address of the name, NAME_SIZE bytes with a NUL at the end. */
export function cacheName(handle: usize): usize {
  return handle + NAME;
}

/** Opens cache number `index`, without slabs and without a name. */
export function cacheOpen(
  index: u32,
  objectSize: u32,
  alignment: u32,
  constructing: ((object: usize) => void) | null,
): KmemCache {
  const cache = cacheAt(index);
  memory.fill(changetype<usize>(cache), 0, CACHE_SIZE);
  const multiple = max(alignment, GRANULE);
  const stride = (objectSize + multiple - 1) & ~(multiple - 1);
  chooseShape(shapeOf(cache), stride, multiple);
  cache.twos = ctz(stride) as u64;
  cache.inverse = inverseOf((stride as u64) >> cache.twos);
  cache.constructing = changetype<usize>(constructing);
  cache.objectSize = objectSize;
  cache.magazineMax = stride <= SMALL_STRIDE_MAX ? MAGAZINE_SMALL : MAGAZINE_LARGE;
  cache.magazineTop = -(cache.magazineMax as i64);
  cache.hand = HAND_OUT;
  cache.open = 1;
  return cache;
}

/** What gives 1 when multiplied by `odd`, modulo 2^64: three bits are right at first, and each step doubles them. */
function inverseOf(odd: u64): u64 {
  let inverse = odd;
  for (let bits = 3; bits < 64; bits *= 2) inverse *= 2 - odd * inverse;
  return inverse;
}

/** The number of the object that starts `offset` bytes behind the first one of a slab; where none starts, a larger one than any. */
export function objectNumber(cache: KmemCache, offset: u64): u64 {
  return rotr<u64>(offset * cache.inverse, cache.twos);
}

/** An object out of the magazine, marked in use; 0 when there is no memory for more. */
export function cacheTake(cache: KmemCache): usize {
  if (magazineCount(cache) == 0 && !fillMagazine(cache)) return 0;
  const object = magazinePop(cache);
  if (DEBUG && cache.constructing == 0)
    poisonTake('kmem_cache', object, shapeOf(cache).stride as usize);
  return object;
}

/** Objects in the magazine. */
export function magazineCount(cache: KmemCache): u32 {
  return (cache.magazineTop as u32) + cache.magazineMax;
}

/** @inline */
function magazineEntry(cache: KmemCache, place: i64): usize {
  return changetype<usize>(cache) + ((place as usize) << 3);
}

function entryNumber(cache: KmemCache, index: u32): usize {
  return magazineEntry(cache, (index as i64) - (cache.magazineMax as i64));
}

/** Object number `index` of the magazine, 0 = the one that came first, and the address of its state. */
export function magazineObject(cache: KmemCache, index: u32): usize {
  return load<usize>(entryNumber(cache, index), GRANULES_END) << GRANULE_SHIFT;
}

export function magazineState(cache: KmemCache, index: u32): usize {
  const entry = entryNumber(cache, index);
  return load<usize>(entry, STATES_END) + load<usize>(entry, GRANULES_END);
}

/** The granule of the magazine's last object, 0 when it has none: no entry is below its first. `top`: magazineTop. @inline */
export function magazineLast(cache: KmemCache, top: i64): usize {
  return load<usize>(magazineEntry(cache, top), GRANULES_END - 8);
}

/** The last object of the magazine, whose granule is `granule`, marked in use. @inline */
export function magazineTake(cache: KmemCache, top: i64, granule: usize): usize {
  const states = load<usize>(magazineEntry(cache, top), STATES_END - 8);
  store<u8>(states + granule, IN_USE as u8);
  cache.magazineTop -= 1;
  return granule << GRANULE_SHIFT;
}

/** The last object of the magazine, which has one, marked in use. */
export function magazinePop(cache: KmemCache): usize {
  const top = cache.magazineTop;
  return magazineTake(cache, top, magazineLast(cache, top));
}

/** Puts an object, by its granule and its slab's statesOf, whose state says already that it is there, into the magazine. @inline */
export function magazineAdd(cache: KmemCache, granule: usize, states: usize): void {
  const entry = magazineEntry(cache, cache.magazineTop);
  store<usize>(entry, granule, GRANULES_END);
  store<usize>(entry, states, STATES_END);
  cache.magazineTop += 1;
}

/** Puts an object in use into the magazine, which then has room for the next. */
export function magazineRelease(cache: KmemCache, granule: usize, states: usize): void {
  store<u8>(states + granule, IN_MAGAZINE as u8);
  magazineAdd(cache, granule, states);
  if (cache.magazineTop >= 0) magazineMakeRoom(cache);
}

/** Number of the object that starts at `object`, of the cache's slab at `start`; where none starts, a larger one than any. */
export function numberInSlab(cache: KmemCache, start: usize, object: usize): u64 {
  return objectNumber(cache, (object - start - (shapeOf(cache).firstObject as usize)) as u64);
}

/**
 * Puts an object in use, of a slab of the cache whose statesOf is `states`, into the magazine. False, and no change, when it is
 * none, when it is or was in the hand, and when the magazine has no room for another one behind it.
 */
export function magazinePush(cache: KmemCache, states: usize, object: usize): bool {
  if ((object & ((GRANULE as usize) - 1)) != 0) return false;
  const granule = object >> GRANULE_SHIFT;
  if ((load<u8>(states + granule) as u32) != IN_USE || granule == cache.handGranule) return false;
  if (cache.magazineTop >= -1) return false;
  store<u8>(states + granule, IN_MAGAZINE as u8);
  magazineAdd(cache, granule, states);
  return true;
}

/** The fullest slab that has a free object: partly used, idle, or new; 0 when there is no memory. */
export function slabToTakeFrom(cache: KmemCache): usize {
  let start = cache.partial;
  if (start != 0) return start;
  start = cache.idle != 0 ? cache.idle : makeSlab(cache);
  if (start == 0) return 0;
  cache.idle = 0;
  linkPartial(cache, start);
  return start;
}

/** Objects of a partly used slab were taken: it may be full now. */
export function slabWasTakenFrom(cache: KmemCache, slab: Slab): void {
  if (slab.taken != slab.capacity) return;
  unlinkPartial(cache, slab);
  linkFull(cache, changetype<usize>(slab));
}

/** Puts objects of the fullest slab that has any into the empty magazine, up to half of what it holds. */
function fillMagazine(cache: KmemCache): bool {
  const start = slabToTakeFrom(cache);
  if (start == 0) return false;
  const slab = changetype<Slab>(start);
  const stride = shapeOf(cache).stride as usize;
  const first = start + (shapeOf(cache).firstObject as usize);
  const wanted = min(cache.magazineMax / 2, slab.capacity - slab.taken);
  for (let i: u32 = 0; i < wanted; i++) {
    const object = first + (slabTake(slab) as usize) * stride;
    const granule = object >> GRANULE_SHIFT;
    const entry = entryNumber(cache, wanted - 1 - i); // the slab's first leaves first
    store<u8>(statesOf(start) + granule, IN_MAGAZINE as u8);
    store<usize>(entry, granule, GRANULES_END);
    store<usize>(entry, statesOf(start), STATES_END);
  }
  cache.magazineTop = (wanted as i64) - (cache.magazineMax as i64);
  slabWasTakenFrom(cache, slab);
  return true;
}

function makeSlab(cache: KmemCache): usize {
  const shape = shapeOf(cache);
  const start = slabMake(changetype<usize>(cache), shape, 0);
  if (start == 0) return 0;
  cache.slabCount += 1;
  const first = start + (shape.firstObject as usize);
  if (DEBUG) poisonFree(first, (shape.capacity * shape.stride) as usize);
  if (cache.constructing != 0) {
    const construct = changetype<(object: usize) => void>(cache.constructing);
    let object = first;
    callsInsideBegin(); // a constructor may allocate
    for (let i: u32 = 0; i < shape.capacity; i++) {
      construct(object);
      object += shape.stride as usize;
    }
    callsInsideEnd();
  }
  return start;
}

/**
 * A new slab with its first `count` objects, or all, in use; 0 when there is no memory. Not for objects that are constructed: a
 * constructor is called before they are in use.
 */
export function makeSlabTaken(cache: KmemCache, count: usize): usize {
  const shape = shapeOf(cache);
  const taken = min(count, shape.capacity as usize) as u32;
  const start = slabMake(changetype<usize>(cache), shape, taken);
  if (start == 0) return 0;
  cache.slabCount += 1;
  if (taken == shape.capacity) linkFull(cache, start);
  else linkPartial(cache, start);
  return start;
}

/** Puts the half of the full magazine that has been in it longest back into the slabs. */
export function magazineMakeRoom(cache: KmemCache): void {
  magazineReturn(cache, cache.magazineMax / 2);
}

function magazineReturn(cache: KmemCache, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const object = magazineObject(cache, i);
    putBack(cache, slabHolding(object), object, magazineState(cache, i));
  }
  const rest = magazineCount(cache) - count;
  for (let i: u32 = 0; i < rest; i++) {
    const to = entryNumber(cache, i);
    const from = to + ((count as usize) << 3);
    store<usize>(to, load<usize>(from, GRANULES_END), GRANULES_END);
    store<usize>(to, load<usize>(from, STATES_END), STATES_END);
  }
  cache.magazineTop -= count as i64;
}

function putBack(cache: KmemCache, start: usize, object: usize, state: usize): void {
  const slab = changetype<Slab>(start);
  const before = slab.taken;
  slabPut(slab, numberInSlab(cache, start, object) as u32, state);
  slabWasPutBackInto(cache, slab, before);
}

/** Objects were put back into a slab of which `before` were taken: it may be in another list now. */
export function slabWasPutBackInto(cache: KmemCache, slab: Slab, before: u32): void {
  const start = changetype<usize>(slab);
  if (before == slab.capacity) {
    unlinkFull(cache, slab);
    linkPartial(cache, start);
  }
  const few = slab.capacity / 4;
  if (slab.taken == 0) {
    unlinkPartial(cache, slab);
    keepOrReturn(cache, start);
  } else if (slab.taken <= few && before > few && slab.next != 0) {
    unlinkPartial(cache, slab);
    linkPartialLast(cache, start);
  }
}

function keepOrReturn(cache: KmemCache, start: usize): void {
  if (cache.idle == 0) {
    cache.idle = start;
    return;
  }
  cache.slabCount -= 1;
  slabUnmake(start, shapeOf(cache).pages);
}

/** Puts the object in the hand, if there is one, back into its slab. */
export function emptyHand(cache: KmemCache): void {
  if (cache.hand == HAND_IN) {
    const object = cache.handGranule << GRANULE_SHIFT;
    const start = slabHolding(object);
    putBack(cache, start, object, stateAddress(start, object));
  }
  cache.hand = HAND_OUT;
  cache.handGranule = 0;
}

/** Empties hand and magazine and gives back every slab without an object in use; their number. */
export function cacheReleaseIdle(cache: KmemCache): u32 {
  const before = cache.slabCount;
  emptyHand(cache);
  magazineReturn(cache, magazineCount(cache));
  if (cache.idle != 0) {
    slabUnmake(cache.idle, shapeOf(cache).pages);
    cache.idle = 0;
    cache.slabCount -= 1;
  }
  return before - cache.slabCount;
}

function linkPartial(cache: KmemCache, start: usize): void {
  const slab = changetype<Slab>(start);
  const head = cache.partial;
  slab.previous = 0;
  slab.next = head;
  if (head != 0) changetype<Slab>(head).previous = start;
  else cache.partialLast = start;
  cache.partial = start;
}

function linkPartialLast(cache: KmemCache, start: usize): void {
  const slab = changetype<Slab>(start);
  const last = cache.partialLast;
  slab.next = 0;
  slab.previous = last;
  if (last != 0) changetype<Slab>(last).next = start;
  else cache.partial = start;
  cache.partialLast = start;
}

function unlinkPartial(cache: KmemCache, slab: Slab): void {
  if (slab.previous != 0) changetype<Slab>(slab.previous).next = slab.next;
  else cache.partial = slab.next;
  if (slab.next != 0) changetype<Slab>(slab.next).previous = slab.previous;
  else cache.partialLast = slab.previous;
  slab.next = 0;
  slab.previous = 0;
}

function linkFull(cache: KmemCache, start: usize): void {
  const slab = changetype<Slab>(start);
  const head = cache.full;
  slab.previous = 0;
  slab.next = head;
  if (head != 0) changetype<Slab>(head).previous = start;
  cache.full = start;
}

function unlinkFull(cache: KmemCache, slab: Slab): void {
  if (slab.previous != 0) changetype<Slab>(slab.previous).next = slab.next;
  else cache.full = slab.next;
  if (slab.next != 0) changetype<Slab>(slab.next).previous = slab.previous;
  slab.next = 0;
  slab.previous = 0;
}
