/**
 * What the page frame allocator knows about a 2 MiB frame, in a u32:
 *
 *      31      30      29        28       27        18 17        10 9          0
 *     ┌───────┬───────┬──────┬───────────┬────────────┬────────────┬────────────┐
 *     │ GIANT │ ALONE │ HUGE │ UNWRITTEN │    held    │   words    │    free    │
 *     └───────┴───────┴──────┴───────────┴────────────┴────────────┴────────────┘
 *
 * free       free pages, 0 to 512
 * words      bit w: word w of the leaf line has a free page
 * held       0, or the number of the line (held-lines.ts) that says which used pages pmm_free_page may not take back:
 *            reserved, part of a run, or no RAM at all. HELD_ALL in a frame that is HUGE, and so held as a whole
 * UNWRITTEN  the leaf line was not written yet: all pages are free, or, with HUGE, all are used
 * HUGE       the whole frame is one piece: of a run, of a reservation, of a 2 MiB or of a 1 GiB frame
 * ALONE      handed out as one 2 MiB frame           GIANT     handed out as part of a 1 GiB frame
 *
 * Below PLAIN_END nothing is held; below HELD_LINES_END (held-lines.ts) what is held is in a line, so that the fast path of a
 * free can tell.
 */
export const PAGES_PER_FRAME: u64 = 512;
/** `free` of a frame all of whose pages are. */
export const ALL_FREE: u32 = PAGES_PER_FRAME as u32;
export const FRAME_FREE: u32 = 0x3ff;
export const FRAME_WORDS_SHIFT: u32 = 10;
export const FRAME_WORDS: u32 = 0xff << 10;
export const FRAME_HELD_SHIFT: u32 = 18;
export const FRAME_HELD_MASK: u32 = 0x3ff;
/** In place of a line's number: some pages are held, and no line was left to say which. */
export const HELD_NOT_KNOWN: u32 = 1023;
export const FRAME_UNWRITTEN: u32 = 1 << 28;
export const FRAME_HUGE: u32 = 1 << 29;
export const FRAME_ALONE: u32 = 1 << 30;
export const FRAME_GIANT: u32 = 1 << 31;
/** Below: nothing held, line written. */
export const FRAME_PLAIN_END: u32 = 1 << 18;

/** 512 free pages, the line not written. */
export const FREE_FRAME: u32 = ALL_FREE | FRAME_WORDS | FRAME_UNWRITTEN;
/** In place of a line's number: all pages are held. */
export const HELD_ALL: u32 = ALL_FREE;
/** All pages held, the line not written. */
export const HELD_FRAME: u32 = (HELD_ALL << FRAME_HELD_SHIFT) | FRAME_HUGE | FRAME_UNWRITTEN;
/** A line of a frame: 8 words, a bit a page, 1 = used. */
export const LINE_SIZE: usize = 64;

/** Frames in a GiB, whose descriptors take 2 KiB. */
export const FRAMES_PER_GIB: u64 = 512;
/** Pages of a word of a leaf line. */
export const PAGES_PER_WORD: u64 = 64;

// Descriptors that all frames of a GiB share while the GiB is one piece: free, held, or handed out whole.
const freeBlock: usize = memory.data(2048, 8);
const heldBlock: usize = memory.data(2048, 8);
const giantBlock: usize = memory.data(2048, 8);

export function freeDescriptors(): usize {
  return freeBlock;
}

export function heldDescriptors(): usize {
  return heldBlock;
}

export function giantDescriptors(): usize {
  return giantBlock;
}

/** Writes them, once: they never change. */
export function sharedDescriptorsInit(): void {
  if (load<u32>(giantBlock) != 0) return;
  fillDescriptors(freeBlock, FRAMES_PER_GIB, FREE_FRAME);
  fillDescriptors(heldBlock, FRAMES_PER_GIB, HELD_FRAME);
  fillDescriptors(giantBlock, FRAMES_PER_GIB, HELD_FRAME | FRAME_GIANT);
}

/** Writes `count` equal descriptors, four at a time: a string instruction's start would cost more. */
export function fillDescriptors(address: usize, count: u64, descriptor: u32): void {
  const two = ((descriptor as u64) << 32) | (descriptor as u64);
  const end = address + ((count << 2) as usize);
  for (; address + 16 <= end; address += 16) {
    store<u64>(address, two);
    store<u64>(address, two, 8);
  }
  for (; address < end; address += 4) store<u32>(address, descriptor);
}

export function freeOf(descriptor: u32): u32 {
  return descriptor & FRAME_FREE;
}
