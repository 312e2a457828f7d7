/**
 * The recorded defects of System 7X's page allocator (P1 to P10, and P11 in run-defects.ts) and others of pages and whole frames, put back
 * one at a time: see heap-defects.ts. The checks are those of tests/boots/frame-checks.ts, start-checks.ts and row-checks.ts.
 */
import { one, type Defect } from './defect.js';

const HEAP_RANGES =
  '97 a heap of 0 and 1 pages is refused, one of 2 and 3 serves 1 and 2; ends round inward';
const EDGES =
  'RAM, Total and the pages that can be had are those of the map, whatever its edges are';
const TAKEN = '77 nothing that somebody has is handed out: low memory, kernel, metadata, heap';
const BAD_FREES =
  '79, 80 second frees, addresses inside a page and the metadata themselves are refused';
const RAM_ONLY = 'pmm_init manages RAM only: the range is cut where RAM ends, and where 2^64 is';
const ROUNDED = 'pmm_init rounds an unaligned range inward, and its pages are aligned';
const METADATA =
  'the metadata lie in RAM that nobody else has, at most 0.134 bytes a page and 16 KiB';
const COST = 'a page costs the same few instructions, however much lies before it';
const HIGH = 'RAM above 4 GiB is seen and handed out first';
const BEFORE =
  '114 before pmm_init and kheap_init every call is refused, counted, and changes nothing';
const TWICE =
  '114 pmm_init a second time: refused while a page is allocated, else like the first time';
const DIRTY =
  '114 pmm_init a second time, over metadata that hold anything: all RAM is there, and goes out in the same order';
const CLAIM_FORGOTTEN =
  '114 pmm_init a second time, while a word of free pages is claimed: the claim is forgotten before RAM is counted';
const TAILS = '81 RAM that ends inside a word, a frame and a GiB: not a page more';
const HAND = '79 the page that was handed out last goes back once, whichever way it goes';
const LOWEST =
  '86 frames in a row are the lowest there are, whatever came back, and a GiB is whole when its last one has';
const SHARED = '86 frames of a GiB that zones share go back to the zone that they are of';
const TWICE_BACK = '80, 86 frames and GiBs go back once, whatever else is out';
const FLAT =
  '79, 80 beyond a hole of 2 TiB, and where zones meet in a GiB, each page goes back once, and no hole does';
const PIECE_BACK =
  '83 the run or frame that was handed out last goes back once, whichever way it goes';
const FRAMES = 'page-frames.ts';

export const FRAME_DEFECTS: readonly Defect[] = [
  one(
    "P1 the heap's frames can be allocated as well",
    HEAP_RANGES,
    'kheap-init.ts',
    'isAvailable(start as u64, end as u64) &&\n    reserveFrames(start as u64, end as u64, Owner.Heap)',
    'isAvailable(start as u64, end as u64)',
  ),
  one(
    'P1 the kernel image can be allocated',
    TAKEN,
    'boot-reservations.ts',
    'room = room && take(x86.kernelStart() as u64, x86.kernelEnd() as u64, Owner.KernelImage);',
    'room = room && take(x86.kernelStart() as u64, x86.kernelStart() as u64, Owner.KernelImage);',
  ),
  one(
    'P2 the end of the range is counted from its base, whatever RAM there is',
    RAM_ONLY,
    'ram.ts',
    'if (rangeCount != 0) {\n    let gap',
    'if (rangeCount == u32.MAX_VALUE) {\n    let gap',
  ),
  one(
    'P3 the metadata are placed at the base, whatever lies there',
    METADATA,
    'boot-memory.ts',
    'if (lowestGap(first.start, first.end, size) == first.start)',
    'if (first.end - first.start >= size)',
  ),
  one(
    "P4 the metadata's own pages can be freed",
    BAD_FREES,
    FRAMES,
    'if (reservationOf(address as u64) !== null) return MemoryError.Reserved;\n',
    '',
  ),
  one(
    'P5 an address inside a page frees it',
    BAD_FREES,
    FRAMES,
    'const page = rotr<u64>(addr as u64, PAGE_SHIFT);',
    'const page = (addr as u64) >> PAGE_SHIFT;',
  ),
  one(
    'P5 a page can be freed twice while its word is claimed',
    BAD_FREES,
    'claimed-word.ts',
    '  store<u64>(claimedLine, load<u64>(claimedLine) | (pages & (0 - pages)));\n',
    '',
  ),
  one(
    'P5 a second free counts a page more',
    BAD_FREES,
    FRAMES,
    'if (isFreeFrame(address)) return MemoryError.DoubleFree;\n',
    '',
  ),
  one(
    'P6 an unaligned base gives a page that begins before it',
    ROUNDED,
    'memory-map.ts',
    'const first = pageRoundUp(start as usize) as u64;',
    'const first = pageRoundDown(start as usize) as u64;',
  ),
  one('P6 page 0 is RAM', EDGES, 'memory-map.ts', '  addSpan(0, PAGE_SIZE, BLOCKED);\n', ''),
  one(
    'P7 the lowest frame is found by looking at one after the other',
    COST,
    'index-set.ts',
    'if (load<u64>(set.lowest) == 0) findFirst(set);',
    'let lowest: u64 = 0;\n  while (!setHas(set, lowest)) lowest++;\n  set.lowest = wordAddress(set, 0, lowest);',
  ),
  one(
    'P8 addresses are cut to 32 bits',
    HIGH,
    'claimed-word.ts',
    'claimedStart = (word << (PAGE_SHIFT + 6)) as usize;',
    'claimedStart = ((word << (PAGE_SHIFT + 6)) & 0xffff_ffff) as usize;',
  ),
  one(
    'P8 RAM above 4 GiB is not seen',
    HIGH,
    'ram.ts',
    'const found = sanitiseMap(entries, count, physicalEnd);',
    'const found = sanitiseMap(entries, count, (1 as u64) << 32);',
  ),
  one(
    'P9 the end of a range may wrap',
    RAM_ONLY,
    'memory-map.ts',
    'if (end < base || end > limit) {',
    'if (end > limit) {',
  ),
  one(
    'P9 a page is freed before there is an allocator',
    BEFORE,
    FRAMES,
    'if (!active) return MemoryError.Uninitialised;\n',
    '',
  ),
  one(
    'P9 page tables are changed before there is an allocator',
    BEFORE,
    'virtual-memory.ts',
    'if (!framesActive()) return Refusal.Uninitialised;\n',
    '',
  ),
  one(
    'P9 a second pmm_init forgets what is allocated',
    TWICE,
    'pmm-init.ts',
    'if (framesActive() && allocatedFrames() != 0) {',
    'if (framesActive() && allocatedFrames() == u64.MAX_VALUE) {',
  ),
  one(
    'a second start counts RAM while a word is claimed still',
    CLAIM_FORGOTTEN,
    'pmm-init.ts',
    '  forgetClaim(); // its word may be one of the new leaf lines\n',
    '',
  ),
  one(
    'the words of partly used frames are not cleared when a GiB is touched',
    DIRTY,
    'chunks.ts',
    '  setClearLeaves(partSet(zone), number * FRAMES_PER_GIB);\n',
    '',
  ),
  one(
    'the words of whole frames are not cleared when a GiB begins that is not free as a whole',
    DIRTY,
    'chunks.ts',
    '  if (!isFree) setClearLeaves(fullSet(zone), number * FRAMES_PER_GIB);\n',
    '',
  ),
  one(
    'a word that was never written is read',
    DIRTY,
    'index-set.ts',
    'return (load<u64>(wordAddress(set, 1, word)) & bitOf(word)) != 0;',
    'return true;',
  ),
  one(
    'a record that is not zero is taken for a written one',
    DIRTY,
    'chunks.ts',
    'if (!isWritten(zone, number)) writeChunk(zone, number);',
    'if (writtenChunkAt(zone, number).lines == 0) writeChunk(zone, number);',
  ),
  one(
    'tables beyond a hole are taken for the flat one',
    FLAT,
    'chunks.ts',
    'if (table - flatTable != ((gib << 3) as usize)) return;',
    'if (table < flatTable) return;',
  ),
  one(
    'zones whose lines are not in one row have descriptors in common',
    FLAT,
    'chunks.ts',
    '  if (sibling.lines != chunk.lines) return;\n',
    '',
  ),
  one(
    'the last page of a frame is counted in the zone that comes first',
    FLAT,
    FRAMES,
    'chunkWith(chunkAtEntry(entry), frame)',
    'chunkAtEntry(entry)',
  ),
  one(
    'P10 the pages behind the last one, up to the end of its frame, are free',
    TAILS,
    'zone-plan.ts',
    '    releasePages(partStart >> PAGE_SHIFT, (partEnd - partStart) >> PAGE_SHIFT);',
    '    releasePages(partStart >> PAGE_SHIFT, (roundUpToFrame(partEnd) - partStart) >> PAGE_SHIFT);',
  ),
  one(
    'P10 the same behind whole GiBs',
    TAILS,
    'zone-plan.ts',
    '  releasePages(wholeEnd, (partEnd >> PAGE_SHIFT) - wholeEnd);',
    '  releasePages(wholeEnd, (roundUpToFrame(partEnd) >> PAGE_SHIFT) - wholeEnd);',
  ),
  one(
    'a page on the shelf is not free in its line',
    BAD_FREES,
    FRAMES,
    '  store<u64>(word, used ^ bit);\n  if (!isFlat || shelfIsFull())',
    '  if (!isFlat || shelfIsFull())',
  ),
  one(
    'a page comes from the shelf without its bit',
    BAD_FREES,
    'page-shelf.ts',
    '  store<u64>(word, load<u64>(word) | ((1 as u64) << ((page >> 12) & 63)));\n',
    '',
  ),
  one(
    'the page in the hand can be freed',
    HAND,
    FRAMES,
    '  if (hand == HAND_IN) freeWithCare(addr);\n  else freeOther(addr);\n',
    '  freeOther(addr);\n',
  ),
  one(
    'the page in the hand is not free to those who ask',
    HAND,
    FRAMES,
    '  if (hand == HAND_IN && page == (handPage as u64) >> PAGE_SHIFT) return true;\n',
    '',
  ),
  one(
    'a page that goes back another way stays out of the hand',
    HAND,
    FRAMES,
    '  if (address == handPage) setHand(HAND_UNKNOWN);\n',
    '',
  ),
  one(
    'the page in the hand is lost when the shelf is put back',
    HAND,
    'page-claim.ts',
    '    returnPage(handPage);\n',
    '',
  ),
  one(
    'a claim takes the held pages of its word, too',
    TAKEN,
    'page-claim.ts',
    'used |= heldWordOf(descriptor, word);',
    'used |= 0;',
  ),
  one(
    'a set does not notice that a member comes below its lowest one',
    LOWEST,
    'index-set.ts',
    'if (address < set.lowest) set.lowest = address;',
    '',
  ),
  one(
    'a frame goes out although its GiB has descriptors that others share',
    LOWEST,
    'frame-states.ts',
    'if (full == (FRAMES_PER_GIB as u32)) return NO_FRAME;',
    '',
  ),
  one(
    'the last frame of a GiB comes back, and the GiB is not free as a whole',
    LOWEST,
    'frame-states.ts',
    'if (chunk.full == (FRAMES_PER_GIB as u32)) return countGib(zone, chunk);',
    '',
  ),
  one(
    'a frame goes back through the descriptors that zones of its GiB share',
    SHARED,
    'page-pieces.ts',
    'if (!hasFrame(chunkAtEntry(entry), frame)) return freeBehind(address);',
    '',
  ),
  one(
    'a frame comes back that is not out',
    TWICE_BACK,
    'page-pieces.ts',
    '  if (load<u32>(at) != FRAME_OUT) return free(address, PAGES_PER_FRAME);\n',
    '',
  ),
  one(
    'a frame that is in the hand comes back, and stays there',
    PIECE_BACK,
    'page-pieces.ts',
    '  forgetPiece();\n  freeFrame(address);',
    '  freeFrame(address);',
  ),
  one(
    'a word of the set gets its first frame, and nobody above knows',
    LOWEST,
    'frame-states.ts',
    'return isFirst || full == (FRAMES_PER_GIB as u32);',
    'return full == (FRAMES_PER_GIB as u32);',
  ),
  one(
    'the words of the sets and the records of chunks lie in another order than they are counted in',
    SHARED,
    'zone-plan.ts',
    'setInit(partSet(zone), leaves + ((leavesSize() / 2) as usize), at, frames)',
    'setInit(partSet(zone), leaves + (setLeafBytes(frames) as usize), at, frames)',
  ),
  one(
    'a GiB that is free as a whole loses a frame, and still is one',
    LOWEST,
    'frame-states.ts',
    'if (full == (FRAMES_PER_GIB as u32)) breakGib(zone, chunk);',
    'if (full == (FRAMES_PER_GIB as u32)) unshareWhole(chunk);',
  ),
  one(
    'a GiB comes back that is not out',
    TWICE_BACK,
    'page-pieces.ts',
    '  if (chunk.descriptors != giantDescriptors()) return false;\n',
    '',
  ),
];
