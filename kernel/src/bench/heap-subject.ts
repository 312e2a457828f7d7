import { kheap_init } from '../kheap-init';
import { heapEnd, heapFreeCount, heapStart } from '../kernel-heap';
import { kfree_pages, kmalloc, kmalloc_pages, kmalloc_small } from '../kmalloc';
import {
  kmem_cache_alloc,
  kmem_cache_create,
  kmem_cache_destroy,
  kmem_cache_free,
} from '../kmem-cache';
import { PAGE_SHIFT, PAGE_SIZE, pagesFor } from '../page';
import { pmm_free_pages } from '../page-frames';
import { occupy, vacate } from './page-subject';

/**
 * What heap-bench.ts measures: this kernel's heap, through its public interface alone, as a user would take it: what is
 * shorter than a page from kmalloc_small. A bench kernel of kernel/src/twins is linked with the same heap-bench.ts and
 * another file in this one's place.
 */
export { kfree as heapFree, krealloc as heapRealloc } from '../kmalloc';
export { heapLargest } from './largest-unknown';
export { scratchReturn, scratchTake } from './page-subject';

const OBJECT_BYTES: usize = 64;

let bootStart: usize = 0;
let bootEnd: usize = 0;
let objects: usize = 0;

export function heapAlloc(size: usize): usize {
  return size < PAGE_SIZE ? kmalloc_small(size) : kmalloc(size);
}

/** The largest heap that can be opened now, in bytes. */
export function heapRoom(): u64 {
  return (pmm_free_pages() / 2) << 12;
}

/** Opens the heap over `bytes` bytes of free memory and takes all other memory away from it; returns its start, or 0. */
export function openHeap(bytes: u64): usize {
  const pages = pagesFor(bytes) as usize;
  const place = kmalloc_pages(pages);
  if (place == 0) return 0;
  kfree_pages(place, pages);
  bootStart = heapStart();
  bootEnd = heapEnd();
  kheap_init(place, place + (pages << 12));
  if (heapStart() != place) return 0;
  occupy(pmm_free_pages()); // a full heap must not turn to the page frames
  return place;
}

/** Everything is free again; the heap goes back to where the boot had put it. */
export function closeHeap(): void {
  vacate();
  kheap_init(bootStart, bootEnd);
  if (heapStart() != bootStart) unreachable();
}

/** Where the block is now. */
export function heapAddress(block: usize): usize {
  return block;
}

/** Bytes of whole free pages. */
export function heapFreeBytes(): u64 {
  return (heapFreeCount() as u64) << PAGE_SHIFT;
}

/** Moves blocks together, in a heap that can, and says whether it can. */
export function heapCompact(): bool {
  return false;
}

/** A cache of objects of 64 bytes. */
export function objectsOpen(): void {
  objects = kmem_cache_create(0, OBJECT_BYTES, 0, null);
}

export function objectsClose(): void {
  kmem_cache_destroy(objects);
}

export function objectAlloc(): usize {
  return kmem_cache_alloc(objects);
}

export function objectFree(object: usize): void {
  kmem_cache_free(objects, object);
}
