import { DEBUG } from './debug-build';
import { HAND_IN, HAND_UNKNOWN } from './hand';
import { poisonFree, poisonTake } from './poison';
import {
  chooseShape,
  IN_USE,
  linkAddress,
  Slab,
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
  /** 2^32 / stride, rounded up: offset × reciprocal >> 32 is offset / stride for every offset in a slab. */
  reciprocal: u64;
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

/** A handle's bytes: the fields above, the slabs' shape, a name, and the magazine: pairs of object and link. */
export const CACHE_SIZE_SHIFT: usize = 10;
export const CACHE_SIZE: usize = 1024;
const SHAPE: usize = 128;
const NAME: usize = 192;
const MAGAZINE: usize = 256;
/** Up to 256 bytes, and above: what lies idle in a magazine is 128 KiB at most. */
const MAGAZINE_SMALL: u32 = 48;
const MAGAZINE_LARGE: u32 = 16;
const SMALL_STRIDE_MAX: u32 = 256;
const ENTRY_SIZE: usize = 16;
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
  cache.reciprocal = (((1 as u64) << 32) + (stride as u64) - 1) / (stride as u64);
  cache.constructing = changetype<usize>(constructing);
  cache.objectSize = objectSize;
  cache.magazineMax = stride <= SMALL_STRIDE_MAX ? MAGAZINE_SMALL : MAGAZINE_LARGE;
  cache.open = 1;
  return cache;
}

/** An object out of the magazine, marked in use; 0 when there is no memory for more. */
export function cacheTake(cache: KmemCache): usize {
  if (cache.magazineCount == 0 && !fillMagazine(cache)) return 0;
  const count = cache.magazineCount - 1;
  cache.magazineCount = count;
  const entry = magazineEntry(cache, count);
  store<u16>(load<usize>(entry, 8), IN_USE as u16);
  const object = load<usize>(entry);
  if (DEBUG && cache.constructing == 0)
    poisonTake('kmem_cache', object, shapeOf(cache).stride as usize);
  return object;
}

export function magazineEntry(cache: KmemCache, index: u32): usize {
  return changetype<usize>(cache) + MAGAZINE + (index as usize) * ENTRY_SIZE;
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
    const entry = magazineEntry(cache, wanted - 1 - i); // the slab's first object leaves first
    store<usize>(entry, slab.objects + (index as usize) * stride);
    store<usize>(entry, linkAddress(slab, index), 8);
  }
  cache.magazineCount = wanted;
  slabWasTakenFrom(cache, slab);
  return true;
}

function makeSlab(cache: KmemCache): usize {
  const shape = shapeOf(cache);
  const start = slabMake(changetype<usize>(cache), shape);
  if (start == 0) return 0;
  cache.slabCount += 1;
  if (DEBUG) poisonFree(changetype<Slab>(start).objects, (shape.capacity * shape.stride) as usize);
  if (cache.constructing != 0) {
    const construct = changetype<(object: usize) => void>(cache.constructing);
    let object = changetype<Slab>(start).objects;
    for (let i: u32 = 0; i < shape.capacity; i++) {
      construct(object);
      object += shape.stride as usize;
    }
  }
  return start;
}

/** Puts the half of the full magazine that has been in it longest back into the slabs. */
export function magazineMakeRoom(cache: KmemCache): void {
  magazineReturn(cache, cache.magazineMax / 2);
}

function magazineReturn(cache: KmemCache, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const entry = magazineEntry(cache, i);
    putBack(cache, changetype<Slab>(slabHolding(load<usize>(entry))), load<usize>(entry, 8));
  }
  const rest = cache.magazineCount - count;
  if (rest != 0)
    memory.copy(magazineEntry(cache, 0), magazineEntry(cache, count), (rest as usize) * ENTRY_SIZE);
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
    const index = ((cache.handObject - slab.objects) as u64) / (shapeOf(cache).stride as u64);
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
