import { kheap_init, nk_is_active } from '../kheap-init';
import { heapDataStart, heapEnd, heapFreeCount, heapPageCount, heapStart } from '../kernel-heap';
import { kfree, kfree_pages, kmalloc, krealloc } from '../kmalloc';
import { MemoryError } from '../memory-errors';
import { PAGE_SIZE } from '../page';
import { pmm_alloc_page, pmm_free_page } from '../page-frames';
import { nk_mem_check } from '../memory-check';
import { x86 } from '../x86';
import { check, newErrors, skip } from './suite';

/** The kernel heap, used as it should not be: refused, counted, and nothing else changes. */

/** A second kfree, before and after the block has joined its neighbours (H6). */
export function kheapDoubleFree(): void {
  const first = kmalloc(PAGE_SIZE);
  const second = kmalloc(2 * PAGE_SIZE);
  const third = kmalloc(PAGE_SIZE);
  kfree(second);
  kfree(second);
  check(newErrors(MemoryError.DoubleFree) == 1, 'the second kfree is a double free');
  kfree(first);
  kfree(second);
  check(newErrors(MemoryError.DoubleFree) == 2, 'so it is when the block is part of a longer one');
  check(krealloc(first, 100) == 0, 'krealloc of a freed block fails');
  check(newErrors(MemoryError.DoubleFree) == 3, 'and is counted');
  const again = kmalloc(PAGE_SIZE);
  const other = kmalloc(PAGE_SIZE);
  check(again != other, 'two blocks are two blocks');
  kfree(again);
  kfree(other);
  kfree(third);
}

/** Pointers into blocks, into the heap's descriptors, to single frames, to nowhere (H7). */
export function kheapBadFrees(): void {
  const block = kmalloc(3 * PAGE_SIZE);
  const page = pmm_alloc_page();
  const free = heapFreeCount();
  kfree(block + 16);
  check(newErrors(MemoryError.Misaligned) == 1, 'an address inside a page');
  kfree(block + PAGE_SIZE);
  kfree(block + 2 * PAGE_SIZE);
  check(newErrors(MemoryError.Foreign) == 2, 'pages inside a block');
  kfree(heapStart());
  kfree(heapDataStart() - PAGE_SIZE);
  kfree(x86.kernelStart());
  check(newErrors(MemoryError.Reserved) == 3, "the heap's own descriptors, and the kernel image");
  kfree(page);
  kfree(0x0010_0000_0000_0000);
  check(newErrors(MemoryError.Foreign) == 4, 'a single frame, and an address that is not RAM');
  kfree_pages(block, 2);
  check(newErrors(MemoryError.SizeMismatch) == 1, 'the wrong number of pages');
  check(krealloc(block + PAGE_SIZE, 100) == 0, 'krealloc inside a block fails');
  check(heapFreeCount() == free, 'no refused call frees anything');
  check(nk_mem_check(0) == 0, 'all invariants');
  kfree_pages(block, 3);
  pmm_free_page(page);
}

/** kheap_init while a block is allocated is refused (H22). */
export function kheapInitTwice(): void {
  const start = heapStart();
  const pages = heapPageCount();
  const block = kmalloc(100);
  kheap_init(start, heapEnd());
  check(newErrors(MemoryError.InitRefused) == 1, 'the second kheap_init is refused');
  check(heapStart() == start && heapPageCount() == pages, 'the heap is where it was');
  kfree(block);
  check(nk_is_active() == 1, 'both allocators are active');
}

/** Ranges that are too short, not RAM, or somebody's; and one of 8 KiB, which serves one page (H4, H5, H16). */
export function kheapRanges(): void {
  if (heapFreeCount() != heapPageCount()) return skip('the heap is in use');
  const start = heapStart();
  const end = heapEnd();
  kheap_init(start, start);
  kheap_init(start, start - PAGE_SIZE);
  kheap_init(start, start + 5000);
  kheap_init(start + 1, start + 2 * PAGE_SIZE + 1);
  kheap_init(0, 0x8000);
  kheap_init(0x0010_0000_0000_0000, 0x0010_0000_0010_0000);
  kheap_init(usize.MAX_VALUE - 100, usize.MAX_VALUE);
  check(newErrors(MemoryError.InitRefused) == 7, 'seven ranges are refused');
  check(heapStart() == start && heapEnd() == end, 'the heap is where it was');
  check(nk_mem_check(0) == 0, 'all invariants');

  kheap_init(start + 1, start + 3 * PAGE_SIZE + 4095);
  check(
    heapStart() == start + PAGE_SIZE && heapEnd() == start + 3 * PAGE_SIZE,
    'start rounded up, end down',
  );
  check(heapPageCount() == 1, 'two pages: one of descriptors, one of data');
  const only = kmalloc(PAGE_SIZE);
  check(only == start + 2 * PAGE_SIZE, 'which is to be had');
  check(nk_mem_check(0) == 0, 'all invariants of the small heap');
  kfree(only);

  kheap_init(start, end);
  check(heapStart() == start && heapEnd() == end, 'and back again');
}
