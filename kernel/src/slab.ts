import { extentHolding, RunOwner } from './extents';
import { heapHolds, heapReleaseSlab, heapSlabOf, heapTakeSlab } from './kernel-heap';
import { PAGE_SHIFT } from './page';
import { allocateRun, freeRun } from './page-runs';
import { slabPagesForget, slabPagesKnow } from './slab-pages';

/**
 * Slabs: one to eight pages cut into objects of one size.
 *
 *     │ header, 64 B │ states: a byte for 16 bytes │ pad │ object 0 │ object 1 │ … │ object n-1 │ rest │
 *
 * The header has a bit for each object, 1 = free. The states are what is known of each address that is a multiple of 16,
 * from the slab's start on: there starts an object in use, or one in the magazine, or anything else. Nothing of ours lies in the
 * objects: writing to a freed one cannot mislead the allocator, a second free is seen whatever was written, and what a
 * constructor made survives being free.
 *
 * The pages of a slab come from where kmalloc's come from: the heap (each page's tag and link then lead to the slab's
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
  /** Objects that are not free: in use or in the magazine. */
  taken: u32;
  capacity: u32;
}

const FREE_BITS: usize = 32;
/** Bytes of these bits: as many objects as a slab has at most. */
export const FREE_BYTES: usize = 32;
const SLAB_HEADER_SIZE: usize = 64;
export const SLAB_PAGES_MAX: u32 = 8;

/** Objects start at multiples of it. */
export const GRANULE: u32 = 16;
export const GRANULE_SHIFT: usize = 4;
const GRANULES_PER_PAGE: u32 = 256;

/**
 * States: of an address where no object starts, too. A free takes 1 from what is there: 0 comes out of IN_USE, and of nothing else. Its
 * mistakes add it again.
 */
export const IN_MAGAZINE: u32 = 0;
export const IN_USE: u32 = 1;
export const NOT_TAKEN: u32 = 0x40;
const NONE_TAKEN: u64 = 0x4040_4040_4040_4040;
/** The states of the granules of an object of 64 bytes, or of as much of a larger one, that is not taken. */
export const NONE_OF_4: u32 = 0x4040_4040;
/** What makes that of its first granule IN_USE. */
export const FIRST_OF_4: u32 = 0x41;

/** How a cache cuts its slabs. */
@unmanaged
export class SlabShape {
  /** From one object to the next, a multiple of the alignment and of a granule. */
  stride: u32;
  pages: u32;
  /** At most 239: of 64 bytes. */
  capacity: u32;
  /** From the slab's start to object 0. */
  firstObject: u32;
}

/** Of a slab, at most an eighth is waste, where eight pages can do that. */
const WASTE_SHARE: u32 = 8;
/**
 * Of objects of up to a line a slab has at least so many: to make one, its pages, and states that are not in the cache, costs as much as to
 * hand out a hundred objects.
 */
const OBJECTS_MIN: u32 = 128;
const LINE_SIZE: u32 = 64;

/** Chooses the number of pages for objects of `stride` bytes at multiples of `alignment`, both multiples of a granule. */
export function chooseShape(shape: SlabShape, stride: u32, alignment: u32): void {
  shape.stride = stride;
  for (let pages: u32 = 1; pages <= SLAB_PAGES_MAX; pages *= 2) {
    const bytes = pages << (PAGE_SHIFT as u32);
    const ours = (SLAB_HEADER_SIZE as u32) + pages * GRANULES_PER_PAGE;
    const first = (ours + alignment - 1) & ~(alignment - 1);
    const capacity = (bytes - first) / stride;
    shape.pages = pages;
    shape.capacity = capacity;
    shape.firstObject = first;
    const isFew = stride <= LINE_SIZE && capacity < OBJECTS_MIN;
    if (!isFew && bytes - capacity * stride <= bytes / WASTE_SHARE) return;
  }
}

/** A new slab, its first `taken` objects not free, whose states are the caller's to write; 0 when there are no pages for it. */
export function slabMake(cache: usize, shape: SlabShape, taken: u32): usize {
  const pages = shape.pages as u64;
  let start = heapTakeSlab(pages);
  if (start == 0) start = allocateRun(pages, RunOwner.Slab);
  if (start == 0) return 0;
  const slab = changetype<Slab>(start);
  slab.cache = cache;
  slab.next = 0;
  slab.previous = 0;
  slab.taken = taken;
  slab.capacity = shape.capacity;
  makeFreeBits(start, shape.capacity, taken);
  makeStates(start + SLAB_HEADER_SIZE, shape.pages);
  slabPagesKnow(start, shape.pages, cache, statesOf(start));
  return start;
}

/** Of a new slab: all but its first `taken` objects are free. */
function makeFreeBits(start: usize, capacity: u32, taken: u32): void {
  let from: u32 = 0;
  for (let word = freeBits(start, 0); word < freeBits(start, FREE_BYTES); word += 8) {
    store<u64>(word, from < capacity ? firstBits(capacity, from) & ~firstBits(taken, from) : 0);
    from += 64;
  }
}

/** Of a new slab. */
function makeStates(states: usize, pages: u32): void {
  const end = states + ((pages * GRANULES_PER_PAGE) as usize);
  for (let state = states; state < end; state += 32) {
    store<u64>(state, NONE_TAKEN);
    store<u64>(state, NONE_TAKEN, 8);
    store<u64>(state, NONE_TAKEN, 16);
    store<u64>(state, NONE_TAKEN, 24);
  }
}

/** Of the 64 numbers from `from` on, a bit for each that is less than `count`. */
export function firstBits(count: u32, from: u32): u64 {
  if (count <= from) return 0;
  const bits = count - from;
  return bits >= 64 ? u64.MAX_VALUE : ((1 as u64) << (bits as u64)) - 1;
}

/** Gives the `pages` pages of a slab back to where they came from; none of its objects is taken. */
export function slabUnmake(start: usize, pages: u32): void {
  slabPagesForget(start, pages);
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

/** Address of a word of the bits, of the one that lies `word` bytes behind the first. */
export function freeBits(start: usize, word: usize): usize {
  return start + FREE_BITS + word;
}

/** What the granule's number, which is that of all memory, is added to: the address of its state. */
export function statesOf(start: usize): usize {
  return start + SLAB_HEADER_SIZE - (start >> GRANULE_SHIFT);
}

/** Address of the state of an object of the slab at `start`. */
export function stateAddress(start: usize, object: usize): usize {
  return statesOf(start) + (object >> GRANULE_SHIFT);
}

/** Takes the first free object, for the magazine; there is one. Returns its number. */
export function slabTake(slab: Slab): u32 {
  let word: usize = 0;
  while (load<u64>(freeBits(changetype<usize>(slab), word)) == 0) word += 8;
  const address = freeBits(changetype<usize>(slab), word);
  const free = load<u64>(address);
  store<u64>(address, free & (free - 1));
  slab.taken += 1;
  return ((word << 3) as u32) + (ctz(free) as u32);
}

/** Object number `index`, whose state is at `state`, is free again. */
export function slabPut(slab: Slab, index: u32, state: usize): void {
  const address = freeBits(changetype<usize>(slab), ((index >> 6) << 3) as usize);
  store<u64>(address, load<u64>(address) | ((1 as u64) << ((index & 63) as u64)));
  store<u8>(state, NOT_TAKEN as u8);
  slab.taken -= 1;
}
