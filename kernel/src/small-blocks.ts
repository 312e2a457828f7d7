import { heapSlabOf } from './kernel-heap';
import { releaseObject } from './kmem-cache';
import {
  cacheAt,
  cacheOpen,
  cacheTable,
  cacheTake,
  CACHE_SIZE,
  CACHES_OF_KMALLOC,
  KmemCache,
  magazinePush,
  numberInSlab,
} from './object-cache';
import { PAGE_SHIFT } from './page';
import { IN_USE, Slab, slabHolding, stateAddress, statesOf } from './slab';
import { slabPageCache, slabPageNumber, slabPagePlace, slabPageStates } from './slab-pages';

/**
 * The caches behind kmalloc_small: 24 sizes, four steps to a doubling, 16 bytes apart where that is more.
 *
 *     16 32 48 64 │ 80 96 112 128 │ 160 192 224 256 │ … │ 1280 1536 1792 2048
 *
 * So no block above 64 bytes wastes more than a fifth. Each cache is opened by the first block of its size.
 * Callers hold interrupts off.
 */
export const SMALL_SIZE_MAX: usize = 2048;
const ALIGNMENT: u32 = 16;
const LINEAR_CLASSES: u32 = 4;
const LINEAR_END: usize = 64;
const LINEAR_END_LOG: u32 = 6;

/** The number of the smallest size that holds `size` bytes (1 to 2048). */
function classOf(size: usize): u32 {
  if (size <= LINEAR_END) return ((size - 1) >> 4) as u32;
  const last = (size as u32) - 1;
  const log = 31 - (clz(last) as u32);
  return LINEAR_CLASSES + (log - LINEAR_END_LOG) * 4 + ((last >> (log - 2)) & 3);
}

function sizeOfClass(index: u32): u32 {
  if (index < LINEAR_CLASSES) return (index + 1) << 4;
  const step = index - LINEAR_CLASSES;
  return (5 + (step & 3)) << (LINEAR_END_LOG - 2 + (step >> 2));
}

/** The cache for blocks of `size` bytes (1 to 2048); one that is not open has an empty magazine. @inline */
export function smallCache(size: usize): KmemCache {
  return cacheAt(classOf(size));
}

/** A block of `size` bytes (1 to 2048), or 0. */
export function takeSmall(size: usize): usize {
  const index = classOf(size);
  const cache = cacheAt(index);
  if (cache.open == 0) cacheOpen(index, sizeOfClass(index), ALIGNMENT, null);
  return cacheTake(cache);
}

/** The cache of kmalloc_small whose slab has `address`, or null. */
function cacheHolding(address: usize): KmemCache | null {
  const slab = slabHolding(address);
  if (slab == 0) return null;
  const handle = changetype<Slab>(slab).cache;
  const isOurs = handle - cacheTable() < (CACHES_OF_KMALLOC as usize) * CACHE_SIZE;
  return isOurs ? changetype<KmemCache>(handle) : null;
}

/** Frees `address` when it is plainly a block of ours in use; what is not is releaseSmall's. */
export function returnSmall(address: usize): bool {
  const page = address >> PAGE_SHIFT;
  const place = slabPagePlace(page);
  if (slabPageNumber(place) != page) return returnFromHeap(address);
  return returnTo(slabPageCache(place), slabPageStates(place), address);
}

/** The same of a page that is not in its place. */
function returnFromHeap(address: usize): bool {
  const slab = heapSlabOf(address);
  return slab != 0 && returnTo(changetype<Slab>(slab).cache, statesOf(slab), address);
}

/** @inline */
function returnTo(handle: usize, states: usize, address: usize): bool {
  if (handle - cacheTable() >= (CACHES_OF_KMALLOC as usize) * CACHE_SIZE) return false;
  return magazinePush(changetype<KmemCache>(handle), states, address);
}

/** Frees or refuses `address` when it is in a slab of ours; false when it is not. */
export function releaseSmall(call: string, address: usize): bool {
  const cache = cacheHolding(address);
  if (cache === null) return false;
  releaseObject(call, cache, address);
  return true;
}

/** Bytes of the block in use that starts at `address`; 0 when there is none. */
export function smallSize(address: usize): usize {
  const cache = cacheHolding(address);
  if (cache === null) return 0;
  const start = slabHolding(address);
  if (numberInSlab(cache, start, address) >= (changetype<Slab>(start).capacity as u64)) return 0;
  const state = load<u8>(stateAddress(start, address)) as u32;
  return state == IN_USE ? (cache.objectSize as usize) : 0;
}
