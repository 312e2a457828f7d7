import {
  Chunk,
  chunkAt,
  chunkOf,
  descriptorAddress,
  firstPageOf,
  lineOf,
  wordAt,
  writtenChunkAt,
} from './chunks';
import {
  FRAME_WORDS,
  FRAME_WORDS_SHIFT,
  FRAMES_PER_GIB,
  freeOf,
  LINE_SIZE,
  PAGES_PER_FRAME,
} from './frame-descriptor';
import {
  claimedLine,
  claimedPages,
  claimedStart,
  claimReturned,
  clearClaim,
  isClaimedWord,
  setClaim,
} from './claimed-word';
import { beginFrame, changeDescriptor, freePagesOf } from './frame-states';
import { HAND_IN, HAND_UNKNOWN } from './hand';
import { heldLine, hasHeldLine, heldLineOf, heldWordOf } from './held-lines';
import { setFirst, setRemove, setTakeFirst } from './index-set';
import { PAGE_SHIFT } from './page';
import { forgetShelf, hand, handPage, setHand, shelfEnd, unshelve } from './page-shelf';
import { forgetPieceState, piecePagesIn, releasePiece } from './piece-hand';
import { fullSet, localZone, partSet, Zone, zoneCount } from './zones';
import { x86 } from './x86';

/**
 * The claim: the free pages of one word of a leaf line, at most 64, set aside for this processor. In the line they are free
 * until they are popped; what the line is summed up in, and whoever looks for pages in it (usedLine), calls them used. A page
 * of this word that goes back into its frame goes back here instead. Claimed pages count as free.
 *
 * The word is the first with a free page in the lowest frame that is partly used, else in the lowest free frame: what
 * is broken already is used up before the next 2 MiB are broken.
 */

/** What usedLine adds up. */
const sum: usize = memory.data(64, 64);

/** A line that has all pages in use of a frame, held and claimed ones too: the leaf line, or a sum that the next call overwrites. */
export function usedLine(chunk: Chunk, frame: u64): usize {
  const leaf = lineOf(chunk, frame);
  const line = heldLineOf(load<u32>(descriptorAddress(chunk, frame)));
  const claimed = claimedLine - leaf;
  if (line == 0 && (claimed >= LINE_SIZE || claimedPages == 0)) return leaf;
  sumLines(leaf, heldLine(line));
  if (claimed < LINE_SIZE) store<u64>(sum + claimed, load<u64>(sum + claimed) | claimedPages);
  return sum;
}

/** @inline */
function sumLines(leaf: usize, held: usize): void {
  store<u64>(sum, load<u64>(leaf) | load<u64>(held));
  store<u64>(sum, load<u64>(leaf, 8) | load<u64>(held, 8), 8);
  store<u64>(sum, load<u64>(leaf, 16) | load<u64>(held, 16), 16);
  store<u64>(sum, load<u64>(leaf, 24) | load<u64>(held, 24), 24);
  store<u64>(sum, load<u64>(leaf, 32) | load<u64>(held, 32), 32);
  store<u64>(sum, load<u64>(leaf, 40) | load<u64>(held, 40), 40);
  store<u64>(sum, load<u64>(leaf, 48) | load<u64>(held, 48), 48);
  store<u64>(sum, load<u64>(leaf, 56) | load<u64>(held, 56), 56);
}

/** Makes a single page in use free. Its chunk is written. */
export function returnPage(address: usize): void {
  const page = (address as u64) >> PAGE_SHIFT;
  if (isClaimedWord(address)) return claimReturned((1 as u64) << (page & 63));
  const chunk = changetype<Chunk>(changetype<usize>(chunkOf(address as u64)));
  const within = page & (PAGES_PER_FRAME - 1);
  freePagesOf(chunk, (page >> 9) & (FRAMES_PER_GIB - 1), within, within + 1);
}

/** Forgets the claim with everything else, when the allocator starts over. */
export function forgetClaim(): void {
  forgetShelf();
  forgetPieceState();
  clearClaim();
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
    const zone = localZone(step);
    const free = zone.free;
    if (free == 0) continue;
    // No frame is partly used when all free pages are those of whole ones.
    if (free == zone.fullFrames * PAGES_PER_FRAME) claimInWhole(zone);
    else claimInPart(zone, setFirst(partSet(zone)));
    return true;
  }
  return false;
}

/** Claims the first word with a free page of a partly used frame, whose chunk's record was written when it became so. */
function claimInPart(zone: Zone, index: u64): void {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  const word = x86.bsf64((descriptor >> FRAME_WORDS_SHIFT) as u64) as u32;
  const number = (firstPageOf(chunk, frame) >> 6) + (word as u64);
  const line = wordAt(chunk, number);
  let used = load<u64>(line);
  if (hasHeldLine(descriptor)) used |= heldWordOf(descriptor, word);
  const free = ~used;
  setClaim(number, line, free);
  const rest = descriptor & ~((1 as u32) << (FRAME_WORDS_SHIFT + word));
  if ((rest & FRAME_WORDS) == 0) return claimLast(zone, index, at, rest);
  const count = popcnt(free) as u32;
  store<u32>(at, rest - count);
  zone.free -= count as u64;
}

/** The word was the last with a free page: its pages are all that were free, and need no counting. */
function claimLast(zone: Zone, index: u64, at: usize, descriptor: u32): void {
  const count = freeOf(descriptor);
  store<u32>(at, descriptor - count);
  zone.free -= count as u64;
  setRemove(partSet(zone), index);
}

/** Claims the first word of the lowest free frame, of a zone that has no partly used one. */
function claimInWhole(zone: Zone): void {
  const index = setTakeFirst(fullSet(zone));
  const chunk = chunkAt(zone, index / FRAMES_PER_GIB);
  const number = firstPageOf(chunk, index & (FRAMES_PER_GIB - 1)) >> 6;
  const line = wordAt(chunk, number);
  setClaim(number, line, u64.MAX_VALUE);
  beginFrame(zone, chunk, index, line);
}

/** Puts the pages in the hand and on the shelf back into their frames, and the piece in its hand, too. @inline */
export function releaseShelf(): void {
  releasePiece();
  if (hand == HAND_IN || shelfEnd != 0) returnShelf();
}

/** There are pages in the hand or on the shelf. @cold */
function returnShelf(): void {
  if (hand == HAND_IN) {
    returnPage(handPage);
    setHand(HAND_UNKNOWN);
  }
  while (shelfEnd != 0) returnPage(unshelve());
}

/** Gives the claimed pages back to their frame, and those on the shelf to theirs. @inline */
export function releaseClaim(): void {
  releaseShelf();
  if (claimedLine != 0) returnClaim();
}

/** A word is claimed. @cold */
function returnClaim(): void {
  const pages = claimedPages;
  if (pages != 0) {
    const chunk = changetype<Chunk>(changetype<usize>(chunkOf(claimedStart as u64)));
    const frame = ((claimedStart as u64) >> 21) & (FRAMES_PER_GIB - 1);
    const bit = (1 as u32) << (FRAME_WORDS_SHIFT + (((claimedStart >> 18) as u32) & 7));
    const descriptor = load<u32>(descriptorAddress(chunk, frame));
    changeDescriptor(chunk, frame, (descriptor | bit) + (popcnt(pages) as u32));
  }
  clearClaim();
}
