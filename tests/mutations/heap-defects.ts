/**
 * The recorded defects of System 7X's heap, and some of our own, put back one at a time: which text of the kernel's
 * sources becomes which, and the check (tests/boots/heap-checks.ts) that must see it. H1 to H23 are the numbers of the
 * record of defects.
 */
import { INTERRUPTS, one, type Defect } from './defect.js';

const EXACT = '95 a hole of exactly the size asked for is used whole';
const SIZES = '96 sizes about 2^32, 2^63 and 2^64 are refused and take nothing';
const RANGES =
  '97 a heap of 0 and 1 pages is refused, one of 2 and 3 serves 1 and 2; ends round inward';
const NEIGHBOURS = '99 two free blocks are never neighbours';
const CUT = '95 a short block is cut from the low end of the shortest hole that is long enough';
const ORDERS = '98 six blocks freed in any of the 720 orders are one free block again';
const REALLOC =
  '100 krealloc grows and shrinks in place, moves, keeps contents, and fails without harm';
const LENGTHS =
  '101 kfree takes what kmalloc_pages gave, kfree_pages what kmalloc gave, and no wrong number';
const FULL =
  '102 a heap that is full falls back on frames, and is one block again when it is emptied';
const LEAK = '105 blocks of 1 MiB and more are not leaked';
const OBJECTS =
  '106 objects of a cache: aligned, distinct, whole; bad frees refused; empty slabs go back';
const BAD_FREES =
  'a freed block, the inside of one, and an address inside a page are refused and counted';
const HEAP = 'kernel-heap.ts';
const BINS = 'heap-bins.ts';
const KMALLOC = 'kmalloc.ts';

export const HEAP_DEFECTS: readonly Defect[] = [
  {
    name: 'H1 an exact fit leaves a rest of nothing',
    seenBy: EXACT,
    edits: [
      {
        file: HEAP,
        replace: 'if (available > length) insertFree(page + length, available - length);',
        by: 'insertFree(page + length, available - length);',
      },
      {
        file: BINS,
        replace: 'if (rest != 0) insertShort(page + length, rest);',
        by: 'insertShort(page + length, rest);',
      },
    ],
  },
  one(
    'H2 sizes cut to 32 bits',
    SIZES,
    'page.ts',
    'return (bytes >> PAGE_SHIFT) +',
    'return ((bytes & 0xffff_ffff) >> PAGE_SHIFT) +',
  ),
  {
    name: 'H3 rounding up wraps',
    seenBy: SIZES,
    edits: [
      {
        file: 'page.ts',
        replace: 'return (bytes >> PAGE_SHIFT) + ((bytes & PAGE_OFFSET_MASK) != 0 ? 1 : 0);',
        by: 'return max((bytes + PAGE_OFFSET_MASK) >> PAGE_SHIFT, 1);',
      },
      {
        file: KMALLOC,
        replace: 'if ((size as u64) <= PHYSICAL_ADDRESS_END) {',
        by: 'if (size != 0) {',
      },
    ],
  },
  one(
    'H4 a range of no length is a heap',
    RANGES,
    HEAP,
    'return from < to && (to - from) >> PAGE_SHIFT >= (HEAP_PAGES_MIN as usize);',
    'return true;',
  ),
  one(
    'H5 the end of the heap is rounded up',
    RANGES,
    'kheap-init.ts',
    'const end = pageRoundDown(to);',
    'const end = pageRoundUp(to);',
  ),
  one(
    'H6 a free block can be freed',
    BAD_FREES,
    HEAP,
    'if (!isUsed(tag)) return false;',
    'if (tag == BODY) return false;',
  ),
  one(
    'H6 a free block can be freed, the long way',
    BAD_FREES,
    HEAP,
    'return isUsed(tag) ? (lengthOf(page, tag) as u64) : 0;',
    'return isUsed(tag) || isFree(tag) ? (lengthOf(page, tag) as u64) : 0;',
  ),
  one(
    'H7 an address inside a page is taken for its block',
    BAD_FREES,
    HEAP,
    'return rotr<u64>((address - origin) as u64, PAGE_SHIFT);',
    'return ((address - origin) as u64) >> PAGE_SHIFT;',
  ),
  one(
    'H7 an address inside a page is taken for its block, the long way',
    BAD_FREES,
    HEAP,
    'if (address < dataStart || !isPageAligned(address)) return 0;',
    'if (address < dataStart) return 0;',
  ),
  one(
    'H8 the fallback is one page, whatever was asked for',
    FULL,
    KMALLOC,
    'heapTake(pages) : allocateRun(pages, RunOwner.Block);\n    if (address == 0 && kmem',
    'heapTake(pages) : allocateRun(1, RunOwner.Block);\n    if (address == 0 && kmem',
  ),
  one(
    'H9 a block of frames is freed into the heap',
    FULL,
    KMALLOC,
    'if (heapHolds(address)) return heapRelease(address);\n  const run = runAt(address);\n  if (run !== null) freeRun(run);',
    'heapRelease(address);',
  ),
  one(
    'H10 kfree of 1 MiB and more does nothing',
    LEAK,
    KMALLOC,
    'if (run !== null) freeRun(run);',
    'if (run !== null && run.frameCount < LARGE_PAGES) freeRun(run);',
  ),
  one(
    'H11 krealloc of a block of frames loses its contents',
    REALLOC,
    KMALLOC,
    'memory.copy(moved, ptr, (min(oldPages, newPages) << PAGE_SHIFT) as usize);',
    'if (heapHolds(ptr)) memory.copy(moved, ptr, (min(oldPages, newPages) << PAGE_SHIFT) as usize);',
  ),
  one(
    'H12 a run is not contiguous',
    'a run overlaps nothing that was handed out before',
    'page-runs.ts',
    'const address = takeRun(pages, align, boundary, limit, node);\n  if (address == 0) return 0;',
    'const address = takeRun(1, align, boundary, limit, node);\n  if (address == 0) return 0;',
  ),
  one(
    'H13 a run that cannot be had takes a page',
    'kmalloc_pages that fails takes nothing',
    'page-runs.ts',
    'const address = takeRun(pages, align, boundary, limit, node);\n  if (address == 0) return 0;',
    'const address = takeRun(pages, align, boundary, limit, node);\n  if (address == 0) {\n    takeRun(1, 1, 0, 0, node);\n    return 0;\n  }',
  ),
  one(
    'H14 kfree_pages believes any number',
    LENGTHS,
    KMALLOC,
    "else if (pages != (num_pages as u64)) refuse(MemoryError.SizeMismatch, 'kfree_pages', ptr);\n",
    '',
  ),
  one(
    'H15 blocks are not page-aligned',
    '94 blocks of 1 byte to 10 MiB are page-aligned, disjoint and keep their contents',
    HEAP,
    'return origin + (page as usize) * PAGE_SIZE;',
    'return origin + 16 + (page as usize) * PAGE_SIZE;',
  ),
  {
    name: 'H16 a header makes a page take two',
    seenBy: RANGES,
    edits: [
      {
        file: KMALLOC,
        replace: 'const pages = pagesFor(size as u64);\n  let address',
        by: 'const pages = pagesFor((size as u64) + 16);\n  let address',
      },
      {
        file: KMALLOC,
        replace: 'const lastPage = (size - 1) >> PAGE_SHIFT;',
        by: 'const lastPage = (size + 15) >> PAGE_SHIFT;',
      },
    ],
  },
  one(
    'H17 a freed block does not join the one before it',
    NEIGHBOURS,
    HEAP,
    '  if (isFree(before)) {',
    '  if (before == NO_PAGE) {',
  ),
  one(
    'H17 a freed block does not join the one behind it',
    ORDERS,
    HEAP,
    '  if (isFree(behind)) {',
    '  if (behind == NO_PAGE) {',
  ),
  one(
    'H18 kfree walks over the heap',
    'kfree takes a bounded number of instructions, however many blocks there are',
    HEAP,
    '  freeCount += length;\n  if (DEBUG) pagesFreed(page, length);',
    '  freeCount += length;\n  for (let at: u32 = 0; at < page; at++) if (tagOf(at) == NO_PAGE) return;',
  ),
  one(
    'H19 small blocks have no fallback',
    FULL,
    KMALLOC,
    'heapTake(pages) : allocateRun(pages, RunOwner.Block);\n    if (address == 0 && kmem',
    'heapTake(pages) : 0;\n    if (address == 0 && kmem',
  ),
  one(
    'H20 krealloc never works in place',
    REALLOC,
    KMALLOC,
    'if (newPages == oldPages || resize(ptr, newPages)) {',
    'if (newPages == oldPages || (newPages < oldPages && resize(ptr, newPages))) {',
  ),
  one(
    'H21 no protection from interrupts',
    INTERRUPTS,
    'processor.ts',
    '  x86.mov32(inCall, 1);\n',
    '',
  ),
  one(
    'an interrupt that waits is forgotten',
    INTERRUPTS,
    'processor.ts',
    '  return load<u32>(inCall, WAITING) != 0;',
    '  return false;',
  ),
  one(
    'an interrupt that waits lets another pass',
    INTERRUPTS,
    'interrupt-handlers.ts',
    'frame.rflags &= ~RFLAGS_IF;\n',
    'return true;\n',
  ),
  one(
    'a call inside another one lets the interrupt in that waits',
    INTERRUPTS,
    'processor.ts',
    '  if (callsAround != 0) return;\n',
    '',
  ),
  one(
    'behind a call inside another one an interrupt is not held back',
    INTERRUPTS,
    'processor.ts',
    'load<u32>(inCall) == 0 && callsAround == 0) return false;',
    'load<u32>(inCall) == 0) return false;',
  ),
  one(
    'an interrupt that waited leaves interrupts off',
    INTERRUPTS,
    'processor.ts',
    '  x86.sti();\n',
    '',
  ),
  one(
    'an interrupt inside a whole function does not wait',
    INTERRUPTS,
    'processor.ts',
    'if (rip - x86.wholeStart() < x86.textEnd() - x86.wholeStart()) {',
    'if (rip == 0) {',
  ),
  one(
    'behind a whole function the interrupt that waits is forgotten',
    INTERRUPTS,
    'processor.ts',
    '  if (load<u32>(inCall) == 0 && load<u32>(inCall, WAITING) != 0) interruptTake();\n',
    '',
  ),
  one(
    'H22 a second kheap_init forgets what is allocated',
    'kheap_init while a block is allocated is refused',
    'kheap-init.ts',
    'if (heapActive() && heapFreeCount() != heapPageCount()) return false;\n',
    '',
  ),
  one(
    'H23 kcalloc multiplies without a look',
    'kcalloc refuses a product beyond 2^64, and what it gives is zero',
    KMALLOC,
    'if (bytes / count != size) {',
    'if (count == 0) {',
  ),
  one(
    'an object in the magazine can be freed',
    OBJECTS,
    'kmem-cache.ts',
    'if (isInHand || (load<u8>(stateAddress(start, object)) as u32) != IN_USE)\n',
    'if (isInHand)\n',
  ),
  one(
    'a short block is cut from the list of its own length',
    CUT,
    BINS,
    'const rest = ctz(lists) as u32;',
    'const rest: u32 = 0;',
  ),
  one(
    "another cache's object can be freed",
    OBJECTS,
    'kmem-cache.ts',
    'if (start == 0 || slab.cache != changetype<usize>(cache))',
    'if (start == 0)',
  ),
];
