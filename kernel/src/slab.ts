import { extentHolding, RunOwner } from './extents';
import { heapHolds, heapReleaseSlab, heapSlabOf, heapTakeSlab } from './kernel-heap';
import { PAGE_SHIFT } from './page';
import { allocateRun, freeRun } from './page-runs';

/**
 * Slabs: one to eight pages cut into objects of one size.
 *
 *     │ header, 64 B │ links: u16 an object │ pad │ object 0 │ object 1 │ … │ object n-1 │ rest │
 *
 * The links are the slab's free list, last in, first out, and at the same time what is known of each object: the next
 * free object, IN_USE, or IN_MAGAZINE. Nothing of ours lies in the objects: writing to a freed one cannot mislead the
 * allocator, a second free is seen whatever was written, and what a constructor made survives being free.
 *
 * The pages of a slab come from where kmalloc's come from: the heap (each page's descriptor then leads to the slab's
 * first), else a run of frames whose owner is Slab. So any address leads to its slab, or to none, without a read of
 * memory that is not ours.
 * Source of slabs: Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator", USENIX 1994.
 */
@unmanaged
export class Slab {
  /** Address of the cache (kmem-cache.ts). */
  cache: usize;
  /** Neighbours in a list of the cache: addresses, 0 = none. */
  next: usize;
  previous: usize;
  /** Address of object 0. */
  objects: usize;
  /** Number of the first free object, or END. */
  freeHead: u32;
  /** Objects that are not in the free list. */
  taken: u32;
  capacity: u32;
  pages: u32;
  /** `capacity`, as wide as the number of an object that is compared with it. */
  numbers: u64;
}

export const SLAB_HEADER_SIZE: usize = 64;
export const LINK_SIZE: usize = 2;
export const SLAB_PAGES_MAX: u32 = 8;

export const IN_USE: u32 = 0xffff;
export const IN_MAGAZINE: u32 = 0xfffe;
export const END: u32 = 0xfffd;

/** How a cache cuts its slabs. */
@unmanaged
export class SlabShape {
  /** From one object to the next, a multiple of the alignment. */
  stride: u32;
  pages: u32;
  capacity: u32;
  /** From the slab's start to object 0. */
  firstObject: u32;
}

/** Of a slab, at most an eighth is waste, where eight pages can do that. */
const WASTE_SHARE: u32 = 8;

/** Chooses the number of pages for objects of `stride` bytes at multiples of `alignment`. */
export function chooseShape(shape: SlabShape, stride: u32, alignment: u32): void {
  shape.stride = stride;
  for (let pages: u32 = 1; pages <= SLAB_PAGES_MAX; pages *= 2) {
    const bytes = pages << (PAGE_SHIFT as u32);
    let capacity = (bytes - (SLAB_HEADER_SIZE as u32)) / (stride + (LINK_SIZE as u32));
    while (capacity != 0 && firstObjectOf(capacity, alignment) + capacity * stride > bytes)
      capacity -= 1;
    shape.pages = pages;
    shape.capacity = capacity;
    shape.firstObject = firstObjectOf(capacity, alignment);
    if (bytes - capacity * stride <= bytes / WASTE_SHARE) return;
  }
}

function firstObjectOf(capacity: u32, alignment: u32): u32 {
  const links = (SLAB_HEADER_SIZE as u32) + capacity * (LINK_SIZE as u32);
  return (links + alignment - 1) & ~(alignment - 1);
}

/** A new slab, its first `taken` objects in use and the others free; 0 when there are no pages for it. */
export function slabMake(cache: usize, shape: SlabShape, taken: u32): usize {
  const pages = shape.pages as u64;
  let start = heapTakeSlab(pages);
  if (start == 0) start = allocateRun(pages, RunOwner.Slab);
  if (start == 0) return 0;
  const slab = changetype<Slab>(start);
  slab.cache = cache;
  slab.next = 0;
  slab.previous = 0;
  slab.objects = start + (shape.firstObject as usize);
  slab.taken = taken;
  slab.capacity = shape.capacity;
  slab.numbers = shape.capacity as u64;
  slab.pages = shape.pages;
  const links = start + SLAB_HEADER_SIZE;
  if (taken != 0) markInUse(links, taken as u64);
  slab.freeHead = taken == shape.capacity ? END : taken;
  if (taken != shape.capacity) linkFrom(links, taken as u64, shape.capacity as u64);
  return start;
}

/** The first `count` objects are in use: four links at a time as far as they go. */
function markInUse(links: usize, count: u64): void {
  let index: u64 = 0;
  for (; index + 4 <= count; index += 4) store<u64>(links + ((index << 1) as usize), u64.MAX_VALUE);
  for (; index < count; index++) store<u16>(links + ((index << 1) as usize), IN_USE as u16);
}

/** A free list of the objects from `first` to before `count` in their order, four links at a time as far as they go. */
function linkFrom(links: usize, first: u64, count: u64): void {
  let four: u64 = 0x0004_0003_0002_0001 + first * 0x0001_0001_0001_0001;
  let index = first;
  for (; index + 4 <= count; index += 4) {
    store<u64>(links + ((index << 1) as usize), four);
    four += 0x0004_0004_0004_0004;
  }
  for (; index < count; index++) store<u16>(links + ((index << 1) as usize), (index + 1) as u16);
  store<u16>(links + ((count << 1) as usize) - LINK_SIZE, END as u16);
}

/** Gives the pages of a slab back to where they came from; none of its objects is taken. */
export function slabUnmake(start: usize): void {
  changetype<Slab>(start).cache = 0;
  if (heapHolds(start)) return heapReleaseSlab(start);
  const run = extentHolding((start as u64) >> PAGE_SHIFT);
  if (run !== null) freeRun(run);
}

/** The slab whose pages hold `address`, or 0. */
export function slabHolding(address: usize): usize {
  if (heapHolds(address)) return heapSlabOf(address);
  const run = extentHolding((address as u64) >> PAGE_SHIFT);
  if (run === null || run.owner != (RunOwner.Slab as u64)) return 0;
  return (run.firstFrame << PAGE_SHIFT) as usize;
}

export function linkAddress(slab: Slab, index: u32): usize {
  return changetype<usize>(slab) + SLAB_HEADER_SIZE + (index as usize) * LINK_SIZE;
}

export function linkOf(slab: Slab, index: u32): u32 {
  return load<u16>(linkAddress(slab, index)) as u32;
}

function setLink(slab: Slab, index: u32, link: u32): void {
  store<u16>(linkAddress(slab, index), link as u16);
}

/** Takes the first object off the free list, for the magazine; there is one. Returns its number. */
export function slabTake(slab: Slab): u32 {
  const index = slab.freeHead;
  slab.freeHead = linkOf(slab, index);
  setLink(slab, index, IN_MAGAZINE);
  slab.taken += 1;
  return index;
}

/** Puts an object of the magazine, given by the address of its link, back on its slab's free list. */
export function slabPut(slab: Slab, link: usize): void {
  const index = ((link - changetype<usize>(slab) - SLAB_HEADER_SIZE) / LINK_SIZE) as u32;
  store<u16>(link, slab.freeHead as u16);
  slab.freeHead = index;
  slab.taken -= 1;
}
