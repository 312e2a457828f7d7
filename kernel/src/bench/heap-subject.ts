import { kheap_init } from '../kheap-init';
import { heapEnd, heapStart } from '../kernel-heap';
import { kfree_pages, kmalloc_pages } from '../kmalloc';
import { pagesFor } from '../page';
import { pmm_free_pages } from '../page-frames';
import { occupy, vacate } from './page-subject';

/**
 * What heap-bench.ts measures: this kernel's heap, through its public interface alone. A bench kernel of kernel/twins
 * is linked with the same heap-bench.ts and another file in this one's place.
 */
export { kmalloc as heapAlloc, kfree as heapFree, krealloc as heapRealloc } from '../kmalloc';
export { scratchReturn, scratchTake } from './page-subject';

let bootStart: usize = 0;
let bootEnd: usize = 0;

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
}

/** Where the block is now. */
export function heapAddress(block: usize): usize {
  return block;
}
