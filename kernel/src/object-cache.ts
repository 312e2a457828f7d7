import { DEBUG } from './debug-build';
import { HAND_IN, HAND_UNKNOWN } from './hand';
import { poisonFree, poisonTake } from './poison';
import { callsInsideBegin, callsInsideEnd } from './processor';
import {
  chooseShape,
  IN_MAGAZINE,
  IN_USE,
  LINK_SIZE,
  linkAddress,
  Slab,
  SLAB_HEADER_SIZE,
  slabHolding,
  slabMake,
  slabPut,
  SlabShape,
  slabTake,
  slabUnmake,
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
  magazineCount: u32;
  /** What the caller asked for, in bytes. */
  objectSize: u32;
  open: u32;
  /** The hand (hand.ts): in the slab its object is in use. */
  handObject: usize;
  hand: u32;
  /** Objects that the magazine has room for. */
  magazineMax: u32;
}

/** A handle's bytes: the fields above, the slabs' shape, a name, and the magazine: objects, and behind them their links. */
export const CACHE_SIZE_SHIFT: usize = 10;
export const CACHE_SIZE: usize = 1024;
const SHAPE: usize = 128;
const NAME: usize = 192;
const MAGAZINE: usize = 256;
/** Up to 256 bytes, and above: what lies idle in a magazine is 128 KiB at most. */
const MAGAZINE_SMALL: u32 = 48;
const MAGAZINE_LARGE: u32 = 16;
const SMALL_STRIDE_MAX: u32 = 256;
/** From an object in the magazine to the address of its link. */
const LINK_OF: usize = (MAGAZINE_SMALL as usize) * 8;
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
  const stride = (objectSize + alignment - 1) & ~(alignment - 1);
  chooseShape(shapeOf(cache), stride, alignment);
  cache.twos = ctz(stride) as u64;
  cache.inverse = inverseOf((stride as u64) >> cache.twos);
  cache.constructing = changetype<usize>(constructing);
  cache.objectSize = objectSize;
  cache.magazineMax = stride <= SMALL_STRIDE_MAX ? MAGAZINE_SMALL : MAGAZINE_LARGE;
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
  if (cache.magazineCount == 0 && !fillMagazine(cache)) return 0;
  const object = magazinePop(cache);
  if (DEBUG && cache.constructing == 0)
    poisonTake('kmem_cache', object, shapeOf(cache).stride as usize);
  return object;
}

function magazineEntry(cache: KmemCache, index: u32): usize {
  return changetype<usize>(cache) + ((index as usize) << 3);
}

/** An object of the magazine, and the address of its link. */
export function magazineObject(cache: KmemCache, index: u32): usize {
  return load<usize>(magazineEntry(cache, index), MAGAZINE);
}

export function magazineLink(cache: KmemCache, index: u32): usize {
  return load<usize>(magazineEntry(cache, index), MAGAZINE + LINK_OF);
}

function setMagazine(cache: KmemCache, index: u32, object: usize, link: usize): void {
  const entry = magazineEntry(cache, index);
  store<usize>(entry, object, MAGAZINE);
  store<usize>(entry, link, MAGAZINE + LINK_OF);
}

/** The last object of the magazine, which has one, marked in use. */
export function magazinePop(cache: KmemCache): usize {
  return magazineTake(cache, cache.magazineCount - 1);
}

/** The object behind the `count` others of the magazine, marked in use. @inline */
export function magazineTake(cache: KmemCache, count: u32): usize {
  cache.magazineCount = count;
  store<u16>(magazineLink(cache, count), IN_USE as u16);
  return magazineObject(cache, count);
}

/**
 * Puts an object in use, of the slab at `start`, which is the cache's, into the magazine. False, and no change, when it is
 * none, when it is the one in the hand, and when the magazine is full.
 */
export function magazinePush(cache: KmemCache, start: usize, object: usize): bool {
  const slab = changetype<Slab>(start);
  const index = objectNumber(cache, (object - slab.objects) as u64);
  if (index >= slab.numbers) return false;
  const link = start + SLAB_HEADER_SIZE + (index as usize) * LINK_SIZE;
  if ((load<u16>(link) as u32) != IN_USE || object == cache.handObject) return false;
  const count = cache.magazineCount;
  if (count == cache.magazineMax) return false;
  magazineAdd(cache, count, object, link);
  return true;
}

/** Puts an object in use, whose link is at `link`, into the magazine, which has `count` and room for one. */
export function magazineAdd(cache: KmemCache, count: u32, object: usize, link: usize): void {
  store<u16>(link, IN_MAGAZINE as u16);
  setMagazine(cache, count, object, link);
  cache.magazineCount += 1; // in memory: `count` need not be kept
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
  const wanted = min(cache.magazineMax / 2, slab.capacity - slab.taken);
  for (let i: u32 = 0; i < wanted; i++) {
    const index = slabTake(slab);
    const object = slab.objects + (index as usize) * stride;
    setMagazine(cache, wanted - 1 - i, object, linkAddress(slab, index)); // the slab's first leaves first
  }
  cache.magazineCount = wanted;
  slabWasTakenFrom(cache, slab);
  return true;
}

function makeSlab(cache: KmemCache): usize {
  const shape = shapeOf(cache);
  const start = slabMake(changetype<usize>(cache), shape, 0);
  if (start == 0) return 0;
  cache.slabCount += 1;
  if (DEBUG) poisonFree(changetype<Slab>(start).objects, (shape.capacity * shape.stride) as usize);
  if (cache.constructing != 0) {
    const construct = changetype<(object: usize) => void>(cache.constructing);
    let object = changetype<Slab>(start).objects;
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
    const slab = changetype<Slab>(slabHolding(magazineObject(cache, i)));
    putBack(cache, slab, magazineLink(cache, i));
  }
  const rest = cache.magazineCount - count;
  for (let i: u32 = 0; i < rest; i++)
    setMagazine(cache, i, magazineObject(cache, count + i), magazineLink(cache, count + i));
  cache.magazineCount = rest;
}

function putBack(cache: KmemCache, slab: Slab, link: usize): void {
  const before = slab.taken;
  slabPut(slab, link);
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
  slabUnmake(start);
}

/** Puts the object in the hand, if there is one, back into its slab. */
function emptyHand(cache: KmemCache): void {
  if (cache.hand == HAND_IN) {
    const slab = changetype<Slab>(slabHolding(cache.handObject));
    const index = objectNumber(cache, (cache.handObject - slab.objects) as u64);
    putBack(cache, slab, linkAddress(slab, index as u32));
  }
  cache.hand = HAND_UNKNOWN;
}

/** Empties hand and magazine and gives back every slab without an object in use; their number. */
export function cacheReleaseIdle(cache: KmemCache): u32 {
  const before = cache.slabCount;
  emptyHand(cache);
  magazineReturn(cache, cache.magazineCount);
  if (cache.idle != 0) {
    slabUnmake(cache.idle);
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
