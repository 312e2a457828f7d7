import { DEBUG } from './debug-build';
import { HAND_IN, HAND_OUT, HAND_UNKNOWN } from './hand';
import { slabOf } from './heap-bins';
import { heapDataPage, heapHasData } from './kernel-heap';
import { countMemoryError, MemoryError, refuse } from './memory-errors';
import { PAGE_SIZE } from './page';
import { isSlab } from './page-tags';
import { poisonFree } from './poison';
import { callBegin, callEnd, interruptsOff, interruptsRestore } from './processor';
import {
  cacheAt,
  CACHE_COUNT,
  CACHE_SIZE_SHIFT,
  CACHES_OF_KMALLOC,
  cacheOpen,
  cacheReleaseIdle,
  cacheTable,
  cacheTake,
  KmemCache,
  cacheName,
  magazineAdd,
  magazineMakeRoom,
  magazineTake,
  NAME_SIZE,
  objectNumber,
  shapeOf,
} from './object-cache';
import { bulkReturn, bulkTake } from './object-bulk';
import { IN_USE, LINK_SIZE, Slab, SLAB_HEADER_SIZE, slabHolding } from './slab';

/**
 * Caches of objects of one size: kmem_cache_create, alloc, free, destroy, and both in bulk.
 *
 * A free that is not one (somebody else's object, the middle of one, one that is free) is refused and counted, and
 * changes nothing. Every call may be made from an interrupt handler.
 */
const OBJECT_SIZE_MAX: usize = 8192;
const ALIGNMENT_MIN: usize = 8;

/**
 * A cache for objects of `size` bytes (1 to 8192) at multiples of `alignment` (a power of two to 4096; 0 for 8).
 * `name` is the address of a NUL-terminated text of which 15 bytes are kept, or 0. `constructor`, unless null, runs
 * once for each object when its slab is made, with interrupts off; objects are to be freed as it left them.
 * Returns a handle, or 0 when an argument is out of range or all 128 caches exist.
 */
export function kmem_cache_create(
  name: usize,
  size: usize,
  alignment: usize,
  constructor: ((object: usize) => void) | null,
): usize {
  const flags = interruptsOff();
  const cache = create(name, size, max(alignment, ALIGNMENT_MIN), constructor);
  interruptsRestore(flags);
  return cache;
}

function create(
  name: usize,
  size: usize,
  alignment: usize,
  constructor: ((object: usize) => void) | null,
): usize {
  const isPower = (alignment & (alignment - 1)) == 0;
  if (size == 0 || size > OBJECT_SIZE_MAX || !isPower || alignment > PAGE_SIZE) {
    refuse(MemoryError.SizeMismatch, 'kmem_cache_create', size);
    return 0;
  }
  for (let index = CACHES_OF_KMALLOC; index < CACHE_COUNT; index++) {
    if (cacheAt(index).open != 0) continue;
    const cache = cacheOpen(index, size as u32, alignment as u32, constructor);
    const handle = changetype<usize>(cache);
    if (name != 0) copyName(cacheName(handle), name);
    return handle;
  }
  refuse(MemoryError.OutOfMemory, 'kmem_cache_create', size);
  return 0;
}

function copyName(to: usize, from: usize): void {
  for (let i: usize = 0; i < NAME_SIZE - 1; i++) {
    const byte = load<u8>(from + i);
    if (byte == 0) return;
    store<u8>(to + i, byte);
  }
}

/** The cache that was used last, open or not: its address needs no look. */
let recentCache: usize = cacheTable();

/**
 * An object with old contents (or as the constructor made it). 0 when there is no memory, or `cache` is none.
 * @whole */
export function kmem_cache_alloc(cache: usize): usize {
  if (DEBUG || cache != recentCache) return allocateElsewhere(cache);
  if (changetype<KmemCache>(cache).hand == HAND_IN) {
    changetype<KmemCache>(cache).hand = HAND_OUT;
    return changetype<KmemCache>(cache).handObject;
  }
  const left = (changetype<KmemCache>(cache).magazineCount as i32) - 1;
  if (left < 0) return allocateWithCare(cache); // also of what is no open cache
  const object = magazineTake(changetype<KmemCache>(cache), left as u32);
  changetype<KmemCache>(cache).handObject = object;
  changetype<KmemCache>(cache).hand = HAND_OUT;
  return object;
}

/** From another cache than the last call. @cold */
function allocateElsewhere(cache: usize): usize {
  if (DEBUG || !mayBeCache(cache)) return allocateWithCare(cache);
  recentCache = cache;
  return kmem_cache_alloc(cache);
}

/** @cold */
function allocateWithCare(cache: usize): usize {
  callBegin();
  const object = isCache(cache) ? takeObject(changetype<KmemCache>(cache)) : noCache(cache);
  callEnd();
  return object;
}

function takeObject(cache: KmemCache): usize {
  let object = cacheTake(cache);
  if (object == 0) {
    kmem_cache_shrink();
    object = cacheTake(cache); // from another cache's idle slab, or what was in this one's hand
  }
  if (object == 0) countMemoryError(MemoryError.OutOfMemory);
  return object;
}

/**
 * Takes back an object of `cache`. 0 does nothing; anything else is refused and counted. What is not plain is looked at
 * with care: outside the heap, a full magazine, mistakes.
 * @whole */
export function kmem_cache_free(cache: usize, object: usize): void {
  if (DEBUG || cache != recentCache) return freeElsewhere(cache, object);
  if (object == changetype<KmemCache>(cache).handObject) {
    if (changetype<KmemCache>(cache).hand != HAND_OUT) return freeWithCare(cache, object);
    changetype<KmemCache>(cache).hand = HAND_IN;
    return;
  }
  if (!heapHasData(object)) return freeWithCare(cache, object);
  const page = heapDataPage(object);
  if (!isSlab(page)) return freeWithCare(cache, object);
  const slab = slabOf(page);
  if (changetype<Slab>(slab).cache != cache) return freeWithCare(cache, object);
  // As magazinePush, which as a call takes 21 instructions more, and inlined 8 (tests/boots/hot-paths.test.ts allows none).
  const offset = (object - changetype<Slab>(slab).objects) as u64;
  const index = objectNumber(changetype<KmemCache>(cache), offset);
  if (index >= changetype<Slab>(slab).numbers) return freeWithCare(cache, object);
  const link = slab + (index as usize) * LINK_SIZE + SLAB_HEADER_SIZE;
  if ((load<u16>(link) as u32) != IN_USE) return freeWithCare(cache, object);
  const count = changetype<KmemCache>(cache).magazineCount;
  if (count == changetype<KmemCache>(cache).magazineMax) return freeWithCare(cache, object);
  magazineAdd(changetype<KmemCache>(cache), count, object, link);
}

/** To another cache than that of the last call. @cold */
function freeElsewhere(cache: usize, object: usize): void {
  if (DEBUG || !mayBeCache(cache)) return freeWithCare(cache, object);
  recentCache = cache;
  kmem_cache_free(cache, object);
}

/** @cold */
function freeWithCare(cache: usize, object: usize): void {
  callBegin();
  if (object == 0) return callEnd();
  if (isCache(cache)) releaseObject('kmem_cache_free', changetype<KmemCache>(cache), object);
  else noCache(cache);
  callEnd();
}

/** `count` objects, their addresses at `objects`; all of them (the result is `count`) or none (0). */
export function kmem_cache_alloc_bulk(cache: usize, count: usize, objects: usize): usize {
  const flags = interruptsOff();
  const got = isCache(cache)
    ? takeMany(changetype<KmemCache>(cache), count, objects)
    : noCache(cache);
  interruptsRestore(flags);
  return got;
}

function takeMany(cache: KmemCache, count: usize, objects: usize): usize {
  for (let i = DEBUG ? (0 as usize) : bulkTake(cache, count, objects); i < count; i++) {
    const object = takeObject(cache);
    if (object == 0) {
      releaseMany(cache, i, objects);
      return 0;
    }
    store<usize>(objects + i * 8, object);
  }
  return count;
}

/** Takes back `count` objects; each that is none of `cache` is refused and counted for itself. */
export function kmem_cache_free_bulk(cache: usize, count: usize, objects: usize): void {
  const flags = interruptsOff();
  if (isCache(cache)) releaseMany(changetype<KmemCache>(cache), count, objects);
  else noCache(cache);
  interruptsRestore(flags);
}

function releaseMany(cache: KmemCache, count: usize, objects: usize): void {
  for (let i: usize = 0; i < count;) {
    const done = DEBUG ? (0 as usize) : bulkReturn(cache, count - i, objects + i * 8);
    i += done;
    if (done != 0) continue;
    // With care: every mistake, and what is or was in the hand.
    releaseObject('kmem_cache_free_bulk', cache, load<usize>(objects + i * 8));
    i += 1;
  }
}

/** Ends a cache, its slabs go back. Returns 1, or 0 (counted) when it is none or one of its objects is in use. */
export function kmem_cache_destroy(cache: usize): u32 {
  const flags = interruptsOff();
  const done = destroy(cache);
  interruptsRestore(flags);
  return done ? 1 : 0;
}

function destroy(handle: usize): bool {
  if (!isCache(handle)) return noCache(handle) != 0;
  const cache = changetype<KmemCache>(handle);
  cacheReleaseIdle(cache);
  if (cache.slabCount != 0) {
    refuse(MemoryError.StillInUse, 'kmem_cache_destroy', handle);
    return false;
  }
  cache.open = 0;
  return true;
}

/** Gives back all slabs without an object in use, of all caches. Returns the number of slabs. */
export function kmem_cache_shrink(): u32 {
  const flags = interruptsOff();
  let slabs: u32 = 0;
  for (let index: u32 = 0; index < CACHE_COUNT; index++) {
    const cache = cacheAt(index);
    if (cache.open != 0) slabs += cacheReleaseIdle(cache);
  }
  interruptsRestore(flags);
  return slabs;
}

/** Whether `address` is that of a cache, open or not: one comparison, as bits that should be 0 come out on top. */
function mayBeCache(address: usize): bool {
  return rotr<usize>(address - cacheTable(), CACHE_SIZE_SHIFT) < (CACHE_COUNT as usize);
}

/** Whether `address` is a handle that kmem_cache_create returned. */
function isCache(address: usize): bool {
  return mayBeCache(address) && changetype<KmemCache>(address).open != 0;
}

function noCache(address: usize): usize {
  refuse(MemoryError.Foreign, 'kmem_cache', address);
  return 0;
}

/** Puts an object in use into the magazine; anything else is refused. Callers hold interrupts off. */
export function releaseObject(call: string, cache: KmemCache, object: usize): void {
  const start = slabHolding(object);
  const slab = changetype<Slab>(start);
  if (start == 0 || slab.cache != changetype<usize>(cache))
    return refuse(MemoryError.Foreign, call, object);
  const index = objectNumber(cache, (object - slab.objects) as u64);
  if (index >= slab.numbers) return refuse(MemoryError.Misaligned, call, object);
  const link = start + SLAB_HEADER_SIZE + (index as usize) * LINK_SIZE;
  const isInHand = object == cache.handObject && cache.hand == HAND_IN;
  if (isInHand || (load<u16>(link) as u32) != IN_USE)
    return refuse(MemoryError.DoubleFree, call, object);
  if (object == cache.handObject) cache.hand = HAND_UNKNOWN;
  if (cache.magazineCount == cache.magazineMax) magazineMakeRoom(cache);
  if (DEBUG && cache.constructing == 0) poisonFree(object, shapeOf(cache).stride as usize);
  magazineAdd(cache, cache.magazineCount, object, link);
}
