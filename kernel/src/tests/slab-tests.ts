import { heapFreeCount } from '../kernel-heap';
import { kcalloc, kfree, kmalloc, kmalloc_small, krealloc } from '../kmalloc';
import {
  kmem_cache_alloc,
  kmem_cache_alloc_bulk,
  kmem_cache_create,
  kmem_cache_destroy,
  kmem_cache_free,
  kmem_cache_free_bulk,
  kmem_cache_shrink,
} from '../kmem-cache';
import { nk_mem_check } from '../memory-check';
import { MemoryError } from '../memory-errors';
import { isPageAligned, PAGE_SIZE } from '../page';
import { pmm_free_pages } from '../page-frames';
import { fillPattern, holdsMoved, holdsPattern } from './patterns';
import { check, hasFreeFrames, newErrors } from './suite';

/** Caches of objects, and the small blocks that are made of them. */

const OBJECTS: usize = 150;
/** More than 150 objects of 2048 bytes need. */
const FRAMES: u64 = 128;
const objects: usize = memory.data(1200, 8);
/** Calls of the constructor. */
let constructed: u64 = 0;
const CONSTRUCTED: u64 = 0xc057_5c7e_d000_0001;

function objectAt(index: usize): usize {
  return load<usize>(objects + index * 8);
}

function construct(object: usize): void {
  constructed += 1;
  store<u64>(object, CONSTRUCTED);
}

/** Aligned, distinct, each holding its own pattern; all slabs go back. */
export function slabBasic(): void {
  if (!hasFreeFrames(FRAMES)) return;
  for (let size: usize = 8; size <= 2048; size = size * 2 + 8) {
    const free = heapFreeCount();
    const frames = pmm_free_pages();
    const cache = kmem_cache_create(0, size, 32, null);
    check(cache != 0, 'a cache');
    check(kmem_cache_alloc_bulk(cache, OBJECTS, objects) == OBJECTS, 'objects, all or none');
    for (let i: usize = 0; i < OBJECTS; i++) {
      check((objectAt(i) & 31) == 0, 'every object is aligned');
      fillPattern(objectAt(i), size, i as u64);
    }
    check(nk_mem_check(0) == 0, 'all invariants with the objects out');
    for (let i: usize = 0; i < OBJECTS; i++)
      check(holdsPattern(objectAt(i), size, i as u64), 'every object keeps its contents');
    check(kmem_cache_destroy(cache) == 0, 'a cache in use stays');
    kmem_cache_free_bulk(cache, OBJECTS, objects);
    check(nk_mem_check(0) == 0, 'all invariants with the objects back');
    check(kmem_cache_destroy(cache) == 1, 'an unused one goes');
    check(heapFreeCount() == free && pmm_free_pages() == frames, 'and its slabs with it');
  }
  check(newErrors(MemoryError.StillInUse) != 0, 'the refusals are counted');
}

/** The constructor runs once an object, and what it made is there at every allocation. */
export function slabConstructor(): void {
  constructed = 0;
  const cache = kmem_cache_create(0, 48, 0, construct);
  for (let round = 0; round < 3; round++) {
    for (let i: usize = 0; i < OBJECTS; i++) {
      const object = kmem_cache_alloc(cache);
      store<usize>(objects + i * 8, object);
      check(load<u64>(object) == CONSTRUCTED, 'an object as its constructor left it');
    }
    for (let i: usize = 0; i < OBJECTS; i++) kmem_cache_free(cache, objectAt(i));
    if (round == 0) check(constructed >= (OBJECTS as u64), 'constructed, every one');
  }
  check(kmem_cache_destroy(cache) == 1, 'the cache goes');
  const first = constructed;
  const again = kmem_cache_create(0, 48, 0, construct);
  check(kmem_cache_alloc_bulk(again, 1, objects) == 1, 'an object of a new slab in bulk');
  kmem_cache_free_bulk(again, 1, objects);
  kmem_cache_free(again, kmem_cache_alloc(again));
  check(constructed > first && constructed - first < 256, 'once for each object of a slab');
  kmem_cache_destroy(again);
}

/** Double, foreign, interior and cross-cache frees are refused, whatever was written to the objects. */
export function slabMisuse(): void {
  const cache = kmem_cache_create(0, 64, 0, null);
  const other = kmem_cache_create(0, 64, 0, null);
  const object = kmem_cache_alloc(cache);
  const stranger = kmem_cache_alloc(other);
  const block = kmalloc(100);
  kmem_cache_free(cache, 0);
  kmem_cache_free(cache, stranger);
  kmem_cache_free(cache, block);
  kmem_cache_free(cache, 0x0010_0000_0000_0000);
  kmem_cache_free(object, object);
  kfree(object);
  check(newErrors(MemoryError.Foreign) == 5, 'what is none of its objects');
  kmem_cache_free(cache, object + 8);
  kmem_cache_free(cache, object & ~(PAGE_SIZE - 1));
  check(
    newErrors(MemoryError.Misaligned) == 2,
    'the inside of an object, and the header of a slab',
  );
  kmem_cache_free(cache, object);
  memory.fill(object, 0xff, 64);
  kmem_cache_free(cache, object);
  check(newErrors(MemoryError.DoubleFree) == 1, 'an object in the magazine');
  kmem_cache_shrink();
  const next = kmem_cache_alloc(cache);
  check(next != 0 && newErrors(MemoryError.OutOfMemory) == 0, 'the lists are whole');
  check(kmem_cache_create(0, 0, 0, null) == 0, 'objects of no size');
  check(kmem_cache_create(0, 9000, 0, null) == 0, 'objects of 9000 bytes');
  check(kmem_cache_create(0, 64, 24, null) == 0, 'an alignment that is no power of two');
  check(newErrors(MemoryError.SizeMismatch) == 3, 'no caches');
  check(nk_mem_check(0) == 0, 'all invariants');
  kmem_cache_free(cache, next);
  kmem_cache_free(other, stranger);
  kfree(block);
  kmem_cache_destroy(cache);
  kmem_cache_destroy(other);
}

/** kmalloc_small, kcalloc and what krealloc and kfree do with their blocks (H23). */
export function smallBlocks(): void {
  for (let size: usize = 1; size <= 3000; size += 7) {
    const block = kmalloc_small(size);
    check(block != 0 && (block & 15) == 0, 'a block at a multiple of 16');
    check(size <= 2048 || isPageAligned(block), 'more than 2048 bytes are whole pages');
    memory.fill(block, 0xee, size);
    kfree(block);
  }
  const zeroed = kcalloc(9, 100);
  let sum: u64 = 0;
  for (let i: usize = 0; i < 900; i++) sum += load<u8>(zeroed + i);
  check(zeroed != 0 && sum == 0, 'kcalloc gives zeros');
  check(kcalloc(0x1_0000_0001, 0x1_0000_0000) == 0, 'a product beyond 2^64');
  check(kcalloc(usize.MAX_VALUE, usize.MAX_VALUE) == 0, 'and the largest');
  check(kcalloc(0, 8) == 0 && kcalloc(8, 0) == 0 && kmalloc_small(0) == 0, 'nothing');
  check(newErrors(MemoryError.OutOfMemory) == 2, 'two refusals');
  fillPattern(zeroed, 900, 4);
  check(krealloc(zeroed, 10) == zeroed, 'a small block stays when it is long enough');
  const grown = krealloc(zeroed, 40_000);
  check(isPageAligned(grown) && holdsMoved(grown, 800, 4, zeroed), 'grown, it is whole pages');
  kfree(zeroed);
  check(newErrors(MemoryError.DoubleFree) == 1, 'the old place is free');
  check(krealloc(zeroed, 2000) == 0, 'and krealloc says so');
  kfree(grown);
}
