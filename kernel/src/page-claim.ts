import {
  Chunk,
  chunkAt,
  chunkOf,
  descriptorAddress,
  firstPageOf,
  lineOf,
  wordOf,
  writtenChunkAt,
} from './chunks';
import { FRAME_WORDS_SHIFT, FRAMES_PER_GIB, freeOf, PAGES_PER_FRAME } from './frame-descriptor';
import { changeDescriptor, freePagesOf, writtenDescriptor } from './frame-states';
import { HAND_IN, HAND_UNKNOWN } from './hand';
import { NO_MEMBER, setFirst, setRemove } from './index-set';
import { PAGE_SHIFT } from './page';
import { forgetShelf, hand, handPage, setHand, shelfEnd, unshelve } from './page-shelf';
import { forgetPieceState, piecePagesIn, releasePiece } from './piece-hand';
import { fullSet, partSet, Zone, zoneCount, zoneInOrder } from './zones';
import { x86 } from './x86';

/**
 * The claim: the free pages of one word of a leaf line, at most 64, set aside for this processor. To everybody else the
 * claimed pages are used; they are popped from here without touching anything shared, and a single page of this word that
 * comes back goes back here. Claimed pages count as free.
 *
 * The word is the first with a free page in the lowest frame that is partly used, else in the lowest free frame: what
 * is broken already is used up before the next 2 MiB are broken.
 */

/** Number of the claimed word: that of its pages / 64; NO_WORD for none. */
export let claimedWord: u64 = u64.MAX_VALUE;
export const NO_WORD: u64 = u64.MAX_VALUE;
/** Its free pages. */
export let claimedPages: u64 = 0;
/** Address of the page of bit 0. */
export let claimedStart: usize = 0;

/** The node that this processor is on. */
export const LOCAL_NODE: u32 = 0;

export function setClaimedPages(pages: u64): void {
  claimedPages = pages;
}

/** Forgets the claim with everything else, when the allocator starts over. */
export function forgetClaim(): void {
  forgetShelf();
  forgetPieceState();
  claimedWord = NO_WORD;
  claimedPages = 0;
}

/**
 * Claims the next word. Returns false when no page is free. No page is claimed when this is called. The piece in its hand
 * stays there while there are others.
 */
export function claimNextWord(): bool {
  if (claimLowestWord()) return true;
  if (piecePagesIn() == 0) return false;
  releasePiece();
  return claimLowestWord();
}

function claimLowestWord(): bool {
  const zones = zoneCount();
  for (let step: u32 = 0; step < zones; step++) {
    const zone = zoneInOrder(LOCAL_NODE, step);
    const part = setFirst(partSet(zone));
    if (part != NO_MEMBER) {
      claimInPart(zone, part);
      return true;
    }
    const full = setFirst(fullSet(zone));
    if (full == NO_MEMBER) continue;
    claimInWhole(chunkAt(zone, full / FRAMES_PER_GIB), full & (FRAMES_PER_GIB - 1));
    return true;
  }
  return false;
}

/** The free pages of a frame's word are claimed; in its line they are used. @inline */
function setClaim(chunk: Chunk, frame: u64, word: u32, pages: u64): void {
  const first = firstPageOf(chunk, frame);
  store<u64>(wordOf(chunk, first) + ((word << 3) as usize), u64.MAX_VALUE);
  claimedWord = (first >> 6) + (word as u64);
  claimedPages = pages;
  claimedStart = (claimedWord << (PAGE_SHIFT + 6)) as usize;
}

/** Claims the first word with a free page of a partly used frame, whose chunk's record was written when it became so. */
function claimInPart(zone: Zone, index: u64): void {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  const before = freeOf(descriptor);
  const word = x86.bsf64((descriptor >> FRAME_WORDS_SHIFT) as u64) as u32;
  const free = ~load<u64>(lineOf(chunk, frame) + ((word << 3) as usize));
  setClaim(chunk, frame, word, free);
  const count: u32 = (free & (free - 1)) == 0 ? 1 : (popcnt(free) as u32);
  const after = (descriptor & ~((1 as u32) << (FRAME_WORDS_SHIFT + word))) - count;
  store<u32>(at, after);
  zone.free -= count as u64;
  if (before == count) setRemove(partSet(zone), index);
}

/** Claims the first word of a free frame. */
function claimInWhole(chunk: Chunk, frame: u64): void {
  const descriptor = writtenDescriptor(chunk, frame);
  setClaim(chunk, frame, 0, u64.MAX_VALUE);
  changeDescriptor(chunk, frame, (descriptor & ~(1 << FRAME_WORDS_SHIFT)) - 64);
}

/** Puts the pages in the hand and on the shelf back into their frames, and the piece in its hand, too. */
export function releaseShelf(): void {
  releasePiece();
  if (hand == HAND_IN) {
    putBack(handPage as u64);
    setHand(HAND_UNKNOWN);
  }
  while (shelfEnd != 0) putBack(unshelve() as u64);
}

/** Gives the claimed pages back to their frame, and those on the shelf to theirs. */
export function releaseClaim(): void {
  releaseShelf();
  const pages = claimedPages;
  if (pages != 0) {
    const chunk = changetype<Chunk>(changetype<usize>(chunkOf(claimedStart as u64)));
    const frame = ((claimedStart as u64) >> 21) & (FRAMES_PER_GIB - 1);
    const bit = (1 as u32) << (FRAME_WORDS_SHIFT + (((claimedStart >> 18) as u32) & 7));
    const word = wordOf(chunk, (claimedStart as u64) >> PAGE_SHIFT);
    store<u64>(word, load<u64>(word) & ~pages);
    const descriptor = load<u32>(descriptorAddress(chunk, frame));
    changeDescriptor(chunk, frame, (descriptor | bit) + (popcnt(pages) as u32));
  }
  claimedWord = NO_WORD;
  claimedPages = 0;
}

/** Makes an allocated page free. */
function putBack(address: u64): void {
  const chunk = changetype<Chunk>(changetype<usize>(chunkOf(address)));
  const page = (address >> PAGE_SHIFT) & (PAGES_PER_FRAME - 1);
  freePagesOf(chunk, (address >> 21) & (FRAMES_PER_GIB - 1), page, page + 1);
}
