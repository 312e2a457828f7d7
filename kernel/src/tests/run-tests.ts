import { kfree, kfree_pages, kmalloc, kmalloc_pages, krealloc } from '../kmalloc';
import { MemoryError } from '../memory-errors';
import { GIB, isPageAligned, MIB, PAGE_SIZE } from '../page';
import {
  pmm_alloc_page,
  pmm_free_page,
  pmm_free_pages,
  pmm_total_pages,
  returnFrames,
  takeFramesAt,
} from '../page-frames';
import { fillPattern, holdsPattern, holdsMoved } from './patterns';
import { check, hasFreeFrames, newErrors } from './suite';

/** Runs of contiguous frames: kmalloc_pages, and kmalloc of 1 MiB and more. */

/** Contiguous, aligned, nobody else's (H12); freed only whole (H14). */
export function runContiguous(): void {
  if (!hasFreeFrames(64)) return;
  const before = pmm_free_pages();
  const single = pmm_alloc_page();
  const run = kmalloc_pages(16);
  check(run != 0 && isPageAligned(run), 'a run of 16 pages');
  check(
    single < run || single >= run + 16 * PAGE_SIZE,
    'it does not hold a page handed out before',
  );
  check(pmm_free_pages() == before - 17, 'it takes 16 frames');
  fillPattern(run, 16 * PAGE_SIZE, 7);
  kfree_pages(run, 15);
  kfree_pages(run, 17);
  check(newErrors(MemoryError.SizeMismatch) == 2, 'another number of pages is refused');
  kfree(run + PAGE_SIZE);
  pmm_free_page(run + PAGE_SIZE);
  pmm_free_page(run);
  check(newErrors(MemoryError.Foreign) == 3, 'a part of a run cannot be freed');
  check(holdsPattern(run, 16 * PAGE_SIZE, 7), 'the contents are untouched');
  kfree_pages(run, 16);
  kfree_pages(run, 16);
  check(newErrors(MemoryError.DoubleFree) == 1, 'the second free is a double free');
  pmm_free_page(single);
  check(pmm_free_pages() == before, 'all frames are back');
}

/** A request that cannot be met has no effect (H13). */
export function runTooLong(): void {
  const before = pmm_free_pages();
  check(kmalloc_pages((pmm_total_pages() + 1) as usize) == 0, 'more pages than there are');
  check(kmalloc_pages((pmm_free_pages() + 1) as usize) == 0, 'more pages than are free');
  check(kmalloc_pages(usize.MAX_VALUE) == 0, '2^64 - 1 pages');
  check(kmalloc_pages(0) == 0, 'no pages');
  check(newErrors(MemoryError.OutOfMemory) == 3, 'three refusals are counted');
  check(pmm_free_pages() == before, 'nothing was taken');
}

/** More runs than the table of the image holds: it grows, and shrinks when they are gone. */
export function runTableGrows(): void {
  if (!hasFreeFrames(700)) return;
  let chain: usize = 0;
  for (let i = 0; i < 600; i++) {
    const run = kmalloc_pages(1);
    if (!check(run != 0, 'a run of one page')) break;
    store<usize>(run, chain);
    chain = run;
  }
  while (chain != 0) {
    const next = load<usize>(chain);
    kfree_pages(chain, 1);
    chain = next;
  }
}

/** kmalloc of 1 MiB and more comes from the frames and goes back there (H8–H10). */
export function largeBlocks(): void {
  if (!hasFreeFrames(1024)) return;
  const before = pmm_free_pages();
  const first = kmalloc(MIB);
  const second = kmalloc(MIB + 1);
  check(first != 0 && second != 0, 'blocks of 1 MiB and a little more');
  check(pmm_free_pages() == before - 256 - 257, 'they take 256 and 257 frames');
  check(first + MIB <= second || second + MIB + PAGE_SIZE <= first, 'they do not overlap');
  kfree(first);
  kfree(second);
  check(pmm_free_pages() == before, 'kfree gives the frames back');
}

/** krealloc keeps the contents of blocks that live in frames, in place and moved (H11, H20). */
export function largeRealloc(): void {
  if (!hasFreeFrames(1280)) return;
  let block = kmalloc(MIB);
  fillPattern(block, MIB, 3);
  const origin = block;
  const hasRoom = framesFreeAt(block + MIB, 256);
  const grown = krealloc(block, 2 * MIB);
  check(
    grown != 0 && (!hasRoom || grown == block),
    'with free frames behind it, it grows in place',
  );
  check(holdsMoved(grown, MIB, 3, origin), 'the contents stay');
  block = krealloc(grown, MIB);
  check(block == grown, 'it shrinks in place');
  const obstacle = kmalloc_pages(1);
  const moved = krealloc(block, 2 * MIB);
  check(moved != 0 && holdsMoved(moved, MIB, 3, origin), 'moved or not, the contents are there');
  const small = krealloc(moved, PAGE_SIZE);
  check(
    small != 0 && holdsMoved(small, PAGE_SIZE, 3, origin),
    'shrunk to a page, its contents are there',
  );
  check(krealloc(small, usize.MAX_VALUE) == 0, 'growing to 2^64 - 1 bytes fails');
  check(holdsMoved(small, PAGE_SIZE, 3, origin), 'and leaves the block');
  kfree(small);
  kfree(obstacle);
}

function framesFreeAt(address: usize, pages: u64): bool {
  if (!takeFramesAt(address, pages)) return false;
  returnFrames(address, pages);
  return true;
}

/** Sizes around 2^32 are not cut to 32 bits, and sizes that no machine has are refused (H2, H3). */
export function hugeSizes(): void {
  hugeSize(4 * GIB);
  hugeSize(4 * GIB - PAGE_SIZE);
  hugeSize(4 * GIB + 5 * PAGE_SIZE);
  check(kmalloc(usize.MAX_VALUE) == 0, '2^64 - 1 bytes');
  check(kmalloc(usize.MAX_VALUE - 4094) == 0, '2^64 - 4095 bytes');
  check(kmalloc(((1 as usize) << 63) as usize) == 0, '2^63 bytes');
  check(kmalloc(((1 as usize) << 52) as usize) == 0, '2^52 bytes');
}

/** Either refused, or really that long: the last word can be written and read back. */
function hugeSize(bytes: usize): void {
  const before = pmm_free_pages();
  const block = kmalloc(bytes);
  if (block == 0) {
    check(pmm_free_pages() == before, 'a refusal takes nothing');
    return;
  }
  check(pmm_free_pages() == before - ((bytes / PAGE_SIZE) as u64), 'it takes all of its frames');
  store<u64>(block + bytes - 8, 0x5a5a);
  check(load<u64>(block + bytes - 8) == 0x5a5a, 'its last word is memory');
  kfree(block);
}
