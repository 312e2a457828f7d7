import { kfree_pages, kmalloc_pages } from '../../kmalloc';
import { pagesFor } from '../../page';
import { pmm_free_pages } from '../../page-frames';

/** The memory that a heap twin manages: a run of pages of this kernel. */
let place: usize = 0;
let pages: usize = 0;

/** The largest heap that can be opened now, in bytes. */
export function heapRoom(): u64 {
  return (pmm_free_pages() / 2) << 12;
}

/** `bytes` bytes; 0 when there are none. */
export function regionOpen(bytes: u64): usize {
  pages = pagesFor(bytes) as usize;
  place = kmalloc_pages(pages);
  return place;
}

export function regionClose(): void {
  kfree_pages(place, pages);
}
