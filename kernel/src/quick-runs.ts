import { chunkAt, descriptorAddress, firstPageOf, lineOf, writtenChunkAt } from './chunks';
import { claimedLine, claimedPages } from './claimed-word';
import {
  FRAME_FREE,
  FRAME_HELD_SHIFT,
  FRAME_WORDS,
  FRAME_WORDS_SHIFT,
  FRAMES_PER_GIB,
  PAGES_PER_FRAME,
  PAGES_PER_WORD,
} from './frame-descriptor';
import { changeHeldPages, takeFreeFrames } from './frame-states';
import { hasHeldLine, heldLine } from './held-lines';
import { setFirst, setHas, setRemove, setWord } from './index-set';
import { folded, LAST_WORD, NO_RUN, runInLine } from './line-search';
import { usedLine } from './page-claim';
import { begunFrame, hasBegun, hasReturned, notesOf, returnedFrame } from './run-notes';
import { fullSet, localZone, partSet, Zone, zoneCount } from './zones';
import { x86 } from './x86';

/**
 * The short way to a run, anywhere, where it is nearly always found. What finds none goes the long way (run-search.ts).
 *
 *     2 to 64 pages        in the frame that is noted for such runs (run-notes.ts), when that has a held line already, as it has
 *                          from the first run on: what is free, what is held, and what the descriptor says of two words at most
 *     65 to 511            in the frame that is noted
 *     a multiple of 512    the lowest whole frames, when 64 that lie together begin or end with enough of them
 */

/** Members of a word of a set. */
const SET_WORD: u64 = 64;

/** Holds such a run; its first page, or NO_RUN, and nothing has changed: then there may be one elsewhere. The shelf is empty. */
export function takeQuickRun(pages: u64): u64 {
  if (pages >= PAGES_PER_FRAME) return takeWhole(pages);
  const zones = zoneCount();
  for (let step: u32 = 0; step < zones; step++) {
    const zone = localZone(step);
    if (zone.free >= pages) return takeNoted(zone, pages);
  }
  return NO_RUN;
}

/** From the noted frame of the first zone that has so many pages. @inline */
function takeNoted(zone: Zone, pages: u64): u64 {
  const notes = notesOf(zone, pages);
  const isReturned = hasReturned(notes);
  if (!isReturned && !hasBegun(notes)) return NO_RUN;
  const index = isReturned ? returnedFrame(notes) : begunFrame(notes);
  if (!setHas(partSet(zone), index)) return NO_RUN;
  return pages <= PAGES_PER_WORD
    ? takeInWords(zone, index, pages)
    : takeInFrame(zone, index, pages);
}

function takeInFrame(zone: Zone, index: u64, pages: u64): u64 {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  if ((load<u32>(descriptorAddress(chunk, frame)) & FRAME_FREE) < (pages as u32)) return NO_RUN;
  const from = runInLine(usedLine(chunk, frame), FRAME_WORDS as u64, pages, 1, 0);
  if (from == NO_RUN) return NO_RUN;
  changeHeldPages(chunk, frame, from, from + pages, true);
  return firstPageOf(chunk, frame) + from;
}

/** Whole frames of the first zone that has so many. */
function takeWhole(pages: u64): u64 {
  const frames = pages / PAGES_PER_FRAME;
  if ((pages & (PAGES_PER_FRAME - 1)) != 0 || frames > SET_WORD) return NO_RUN;
  const zones = zoneCount();
  for (let step: u32 = 0; step < zones; step++) {
    const zone = localZone(step);
    if (zone.fullFrames < frames) continue;
    const index = setFirst(fullSet(zone));
    const first = index & (SET_WORD - 1);
    const mask = (u64.MAX_VALUE >> (SET_WORD - frames)) << first;
    if (first + frames > SET_WORD || (setWord(fullSet(zone), index) & mask) != mask) return NO_RUN;
    const chunk = chunkAt(zone, index / FRAMES_PER_GIB);
    const frame = index & (FRAMES_PER_GIB - 1);
    takeFreeFrames(chunk, frame, frames, mask);
    return firstPageOf(chunk, frame);
  }
  return NO_RUN;
}

function takeInWords(zone: Zone, index: u64, pages: u64): u64 {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  if (!hasHeldLine(descriptor)) return NO_RUN;
  const leaf = lineOf(chunk, frame);
  const held = heldLine(descriptor >> FRAME_HELD_SHIFT);
  const start = startInWords(leaf, held, descriptor, pages);
  if (start == NO_RUN) return NO_RUN;
  const after =
    (descriptor & ~(holdInWords(leaf, held, start, pages) << FRAME_WORDS_SHIFT)) - (pages as u32);
  store<u32>(at, after);
  zone.free -= pages;
  if ((after & FRAME_FREE) == 0) setRemove(partSet(zone), index);
  return firstPageOf(chunk, frame) + start;
}

/** The lowest place in a frame at which so many pages are free. */
function startInWords(leaf: usize, held: usize, descriptor: u32, pages: u64): u64 {
  let words = ((descriptor & FRAME_WORDS) >> FRAME_WORDS_SHIFT) as u64;
  for (; words != 0; words &= words - 1) {
    const word = x86.bsf64(words);
    const offset = (word << 3) as usize;
    const behind = word == LAST_WORD ? 0 : freeIn(leaf + offset + 8, held + offset + 8);
    const starts = folded(freeIn(leaf + offset, held + offset), behind, pages);
    if (starts != 0) return (word << 6) + x86.bsf64(starts);
  }
  return NO_RUN;
}

/** Holds these pages; the words that have no free page now, a bit each. */
function holdInWords(leaf: usize, held: usize, start: u64, pages: u64): u32 {
  const from = start & (PAGES_PER_WORD - 1);
  const offset = ((start >> 6) << 3) as usize;
  held += offset;
  leaf += offset;
  store<u64>(held, load<u64>(held) | ((u64.MAX_VALUE >> (64 - pages)) << from));
  let full: u32 = freeIn(leaf, held) == 0 ? 1 : 0;
  if (from + pages > PAGES_PER_WORD) {
    store<u64>(held, load<u64>(held, 8) | (u64.MAX_VALUE >> (128 - from - pages)), 8);
    if (freeIn(leaf + 8, held + 8) == 0) full |= 2;
  }
  return full << ((start >> 6) as u32);
}

/** The free pages of a word of a leaf line and of its frame's held line. @inline */
function freeIn(leaf: usize, held: usize): u64 {
  const used = load<u64>(leaf) | load<u64>(held);
  return leaf == claimedLine ? ~(used | claimedPages) : ~used;
}
