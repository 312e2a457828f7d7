/**
 * The recorded defects of System 7X's heap, and some of our own slabs', put back one at a time: which text of the kernel's
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
const SUITE =
  '103 the five tests of System 7X and the others of the suite pass, and the heap is whole behind them';
const HAND = '106 the object that was handed out last goes back once, whichever way it goes';
const REALLOC =
  '100 krealloc grows and shrinks in place, moves, keeps contents, and fails without harm';
const LENGTHS =
  '101 kfree takes what kmalloc_pages gave, kfree_pages what kmalloc gave, and no wrong number';
const FULL =
  '102 a heap that is full falls back on frames, and is one block again when it is emptied';
const LEAK = '105 blocks of 1 MiB and more are not leaked';
const OBJECTS =
  '106 objects of a cache: aligned, distinct, whole; bad frees refused; empty slabs go back';
const IN_BULK =
  '106 objects in bulk: distinct, each mistake is refused for itself, all others go back';
const WHOLE_SLAB = '106 a slab that a bulk call takes whole gives nothing to the next call';
const LAST_OBJECT =
  '106 the last object there is comes from the hand to a bulk call, too, when there is no memory';
const SMALL =
  '106 blocks of kmalloc_small go back once, by their start, past what the magazine holds, too';
const SHAPES = '106 of slabs of any shape every object goes back, and nothing beside one';
const BAD_FREES =
  'a freed block, the inside of one, and an address inside a page are refused and counted';

const HEAP = 'kernel-heap.ts';
const BINS = 'heap-bins.ts';
const CACHES = 'kmem-cache.ts';
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
    'return rotr<u64>((address - dataStart) as u64, PAGE_SHIFT);',
    'return ((address - dataStart) as u64) >> PAGE_SHIFT;',
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
    'return dataStart + (page as usize) * PAGE_SIZE;',
    'return dataStart + 16 + (page as usize) * PAGE_SIZE;',
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
    '  if (isFree(tagBehind)) {',
    '  if (tagBehind == NO_PAGE) {',
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
    'a block of kmalloc_small that is in the magazine can be freed',
    SMALL,
    'object-cache.ts',
    'if ((load<u8>(states + granule) as u32) != IN_USE || granule == cache.handGranule) return false;',
    'if (granule == cache.handGranule) return false;',
  ),
  one(
    'a full magazine takes one more',
    SMALL,
    'object-cache.ts',
    '  if (cache.magazineTop >= -1) return false;\n',
    '',
  ),
  one(
    'kfree takes the object of a cache',
    OBJECTS,
    'small-blocks.ts',
    '  if (handle - cacheTable() >= (CACHES_OF_KMALLOC as usize) * CACHE_SIZE) return false;\n',
    '',
  ),
  one(
    'an address is the object whose number is rounded down',
    SHAPES,
    'object-cache.ts',
    'return rotr<u64>(offset * cache.inverse, cache.twos);',
    'return (offset * cache.inverse) >> cache.twos;',
  ),
  one(
    'the inverse of a stride is right in its low 48 bits only',
    SHAPES,
    'object-cache.ts',
    'for (let bits = 3; bits < 64; bits *= 2)',
    'for (let bits = 3; bits < 32; bits *= 2)',
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
  one(
    'an object in the magazine can be freed, the short way',
    OBJECTS,
    CACHES,
    '  if ((load<u8>(state) as u32) != IN_MAGAZINE) return freeUndone(cache, granule, states);\n',
    '',
  ),
  one(
    "another cache's object can be freed, the short way",
    OBJECTS,
    CACHES,
    '  if (slabPageCache(place) != cache) return freeElsewhere(cache, granule);\n',
    '',
  ),
  one(
    'the inside of an object can be freed, the short way',
    OBJECTS,
    CACHES,
    'const granule = rotr<usize>(object, GRANULE_SHIFT);',
    'const granule = object >> GRANULE_SHIFT;',
  ),
  one(
    'a full magazine takes one more, the short way',
    OBJECTS,
    CACHES,
    '  if (changetype<KmemCache>(cache).magazineTop >= 0) freeOfFull(changetype<KmemCache>(cache));\n',
    '',
  ),
  one(
    'a free that is refused leaves a mark',
    OBJECTS,
    CACHES,
    '  store<u8>(states + granule, load<u8>(states + granule) + 1);\n',
    '',
  ),
  one(
    'the object in the hand can be freed, the short way',
    HAND,
    CACHES,
    '    if (changetype<KmemCache>(cache).hand != HAND_OUT) return freeElsewhere(cache, granule);\n',
    '',
  ),
  one(
    'the object in the hand can be freed',
    HAND,
    CACHES,
    'if (isInHand || (load<u8>(stateAddress(start, object)) as u32) != IN_USE)\n',
    'if ((load<u8>(stateAddress(start, object)) as u32) != IN_USE)\n',
  ),
  one(
    'an object that goes back the long way stays out of the hand',
    HAND,
    CACHES,
    '  if (granule == cache.handGranule) cache.handGranule = 0;\n',
    '',
  ),
  one(
    'the object in the hand is lost when its cache shrinks',
    HAND,
    'object-cache.ts',
    '  emptyHand(cache);\n',
    '  cache.hand = HAND_OUT;\n',
  ),
  one(
    'the object in the hand is no object without memory for others',
    LAST_OBJECT,
    CACHES,
    '    kmem_cache_shrink();\n    object = cacheTake(cache);',
    '    if (kmem_cache_shrink() != 0) object = cacheTake(cache);',
  ),
  one(
    'empty slabs stay for ever',
    OBJECTS,
    'object-cache.ts',
    '  if (slab.taken == 0) {\n    unlinkPartial(cache, slab);',
    '  if (slab.taken == u32.MAX_VALUE) {\n    unlinkPartial(cache, slab);',
  ),
  one(
    'an object goes back twice in one call in bulk',
    IN_BULK,
    'object-bulk.ts',
    '    if ((load<u8>(state) as u32) != IN_USE) break;\n',
    '',
  ),
  one(
    'a slab that a bulk call empties stays among those with free objects',
    IN_BULK,
    'object-bulk.ts',
    '    slabWasTakenFrom(cache, slab);\n',
    '',
  ),
  one(
    'pages of a slab that went back stay in their places',
    OBJECTS,
    'slab.ts',
    '  slabPagesForget(start, pages);\n',
    '',
  ),
  one(
    'what a bulk call takes of a new slab is not in use',
    IN_BULK,
    'object-bulk.ts',
    '      store<u32>(state, word);\n',
    '',
  ),
  one(
    'what was handed out last goes back in bulk and stays out of the hand',
    HAND,
    'object-bulk.ts',
    '  emptyHand(cache);\n',
    '',
  ),
  one(
    'a new slab of which a bulk call takes all has one more that is free',
    WHOLE_SLAB,
    'slab.ts',
    '& ~firstBits(taken, from)',
    '& ~firstBits(taken - 1, from)',
  ),
  one(
    'a new slab of which a bulk call takes all is among those with free objects',
    WHOLE_SLAB,
    'object-cache.ts',
    '  if (taken == shape.capacity) linkFull(cache, start);\n  else linkPartial(cache, start);\n',
    '  linkPartial(cache, start);\n',
  ),
  one(
    'a bulk call takes objects of a new slab that were not constructed',
    SUITE,
    'object-bulk.ts',
    ' | cache.constructing) == 0',
    ') == 0',
  ),
  one(
    'a bulk call that takes all of a slab leaves its last object free',
    WHOLE_SLAB,
    'object-bulk.ts',
    '>> (64 - taken)) << number',
    '>> (65 - taken)) << number',
  ),
  one(
    'a bulk call takes an object between two for one of them',
    IN_BULK,
    'object-bulk.ts',
    'const index = rotr<u64>(((object - first) as u64) * inverse, twos);',
    'const index = ((object - first) as u64) / (shapeOf(cache).stride as u64);',
  ),
];
