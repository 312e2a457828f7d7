import {
  Chunk,
  chunkAt,
  chunkAtEntry,
  chunkWith,
  descriptorAddress,
  firstPageOf,
  flatEntryOf,
  frameNumber,
  isFlatPage,
  lineOf,
  wordAt,
  writtenChunkAt,
} from './chunks';
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
import { changeDescriptor, takeFreeFrames } from './frame-states';
import { hasHeldLine, heldLine, isHeldLineEmpty, returnHeldLine, withHeldLine } from './held-lines';
import { setFirst, setInsert, setRemove, setWord } from './index-set';
import { folded, LAST_WORD, NO_RUN } from './line-search';
import {
  begunFrame,
  hasBegun,
  hasReturned,
  noteReturned,
  notesOf,
  returnedFrame,
} from './run-notes';
import { PAGE_SHIFT } from './page';
import { fullSet, localZone, partSet, Zone, zoneCount } from './zones';
import { x86 } from './x86';

/**
 * The short way to a run, anywhere, where it is nearly always found, and back. What finds none goes the long way (run-search.ts).
 *
 *     2 to 511 pages       in the frame that is noted for such runs (run-notes.ts), when that has a held line already, as it has
 *                          from the first run on
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
  return pages <= PAGES_PER_WORD ? takeInWord(zone, index, pages) : takeInFrame(zone, index, pages);
}

/**
 * 64 pages at most, from a frame that was partly used, if it still is and has a held line: with the first free page, where as many are
 * free in its word, as they mostly are. No call, but in the place of its end.
 */
function takeInWord(zone: Zone, index: u64, pages: u64): u64 {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const at = descriptorAddress(chunk, index & (FRAMES_PER_GIB - 1));
  const descriptor = load<u32>(at);
  if (!hasHeldLine(descriptor) || (descriptor & FRAME_FREE) < (pages as u32)) return NO_RUN;
  const word = x86.bsf64((descriptor >> FRAME_WORDS_SHIFT) as u64);
  const number = (firstPageOf(chunk, index & (FRAMES_PER_GIB - 1)) >> 6) + word;
  const held = heldLine(descriptor >> FRAME_HELD_SHIFT) + ((word << 3) as usize);
  const free = freeIn(wordAt(chunk, number), held);
  const first = x86.bsf64(free);
  const taken = (u64.MAX_VALUE >> (PAGES_PER_WORD - pages)) << first;
  if ((free & taken) != taken || first + pages > PAGES_PER_WORD)
    return takeInFrame(zone, index, pages);
  store<u64>(held, load<u64>(held) | taken);
  let left = descriptor - (pages as u32);
  if (free == taken) left &= ~((1 as u32) << (FRAME_WORDS_SHIFT + (word as u32)));
  store<u32>(at, left);
  zone.free -= pages;
  const page = (number << 6) + first;
  return (left & FRAME_FREE) == 0 ? usedUp(zone, index, page) : page;
}

/** A frame has no free page any more. @cold */
function usedUp(zone: Zone, index: u64, page: u64): u64 {
  setRemove(partSet(zone), index);
  return page;
}

/** From anywhere in such a frame. */
function takeInFrame(zone: Zone, index: u64, pages: u64): u64 {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  if (!hasHeldLine(descriptor) || (descriptor & FRAME_FREE) < (pages as u32)) return NO_RUN;
  const leaf = lineOf(chunk, frame);
  const held = heldLine(descriptor >> FRAME_HELD_SHIFT);
  const start =
    pages <= PAGES_PER_WORD
      ? startInWords(leaf, held, descriptor, pages)
      : startInFrame(leaf, held, descriptor, pages);
  if (start == NO_RUN) return NO_RUN;
  const full = holdInFrame(leaf, held, start, start + pages) << FRAME_WORDS_SHIFT;
  const left = (descriptor & ~full) - (pages as u32);
  store<u32>(at, left);
  zone.free -= pages;
  const page = firstPageOf(chunk, frame) + start;
  return (left & FRAME_FREE) == 0 ? usedUp(zone, index, page) : page;
}

/** The lowest place in a frame at which so many pages, more than 64, are free. */
function startInFrame(leaf: usize, held: usize, descriptor: u32, pages: u64): u64 {
  const first = x86.bsf64(((descriptor & FRAME_WORDS) >> FRAME_WORDS_SHIFT) as u64);
  let from = first << 6; // of the free pages that end where the word begins
  for (let base = from; base < PAGES_PER_FRAME; base += PAGES_PER_WORD) {
    const offset = (base >> 3) as usize;
    const used = ~freeIn(leaf + offset, held + offset);
    if (used == 0) continue;
    if (from + pages <= base + x86.bsf64(used)) return from;
    from = base + PAGES_PER_WORD - clz(used);
  }
  return from + pages <= PAGES_PER_FRAME ? from : NO_RUN;
}

/** Holds the free pages [from, to) of a frame; the words that have no free page now, a bit each. */
function holdInFrame(leaf: usize, held: usize, from: u64, to: u64): u32 {
  flipHeld(held, from, to);
  const head = ((from >> 6) << 3) as usize;
  const tail = (((to - 1) >> 6) << 3) as usize;
  let full = wordsOf(from, to);
  if (freeIn(leaf + head, held + head) != 0) full &= full - 1;
  if (freeIn(leaf + tail, held + tail) != 0) full &= ~((1 as u32) << (((to - 1) >> 6) as u32));
  return full;
}

/** The words that the pages [from, to) lie in, a bit each. @inline */
function wordsOf(from: u64, to: u64): u32 {
  return ((2 as u32) << (((to - 1) >> 6) as u32)) - ((1 as u32) << ((from >> 6) as u32));
}

/** Says of the pages [from, to), in a held line, that they are held when they are not, and that they are not when they are. */
function flipHeld(held: usize, from: u64, to: u64): void {
  let at = held + (((from >> 6) << 3) as usize);
  const last = held + ((((to - 1) >> 6) << 3) as usize);
  let mask = u64.MAX_VALUE << (from & 63);
  for (; at != last; at += 8) {
    store<u64>(at, load<u64>(at) ^ mask);
    mask = u64.MAX_VALUE;
  }
  store<u64>(at, load<u64>(at) ^ (mask & (u64.MAX_VALUE >> (63 - ((to - 1) & 63)))));
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

/** The lowest place in a frame at which so many pages, 64 at most, are free. */
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

/** The free pages of a word of a leaf line and of its frame's held line. @inline */
function freeIn(leaf: usize, held: usize): u64 {
  const used = load<u64>(leaf) | load<u64>(held);
  return leaf == claimedLine ? ~(used | claimedPages) : ~used;
}

/** Makes a run free, where it lies in one frame that has a held line. False, and nothing has changed, where it does not: then releasePages does it. */
export function returnQuickRun(first: u64, pages: u64): bool {
  const from = first & (PAGES_PER_FRAME - 1);
  if (pages >= PAGES_PER_FRAME || from + pages > PAGES_PER_FRAME) return false;
  if (!isFlatPage(first)) return false;
  const frame = (first >> 9) & (FRAMES_PER_GIB - 1);
  const chunk = chunkWith(chunkAtEntry(flatEntryOf((first << PAGE_SHIFT) as usize)), frame);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  if (!hasHeldLine(descriptor)) return false;
  const line = descriptor >> FRAME_HELD_SHIFT;
  flipHeld(heldLine(line), from, from + pages);
  const words = wordsOf(from, from + pages) << FRAME_WORDS_SHIFT;
  const after = (descriptor | words) + (pages as u32);
  const zone = chunk.zone;
  const index = frameNumber(chunk, frame);
  noteReturned(notesOf(zone, pages), index);
  if (isHeldLineEmpty(line)) return returnLastRun(chunk, frame, after);
  store<u32>(at, after);
  zone.free += pages;
  if ((descriptor & FRAME_FREE) == 0) setInsert(partSet(zone), index);
  return true;
}

/** The frame holds nothing any more, and does without its line; `descriptor` is it otherwise. @cold */
function returnLastRun(chunk: Chunk, frame: u64, descriptor: u32): bool {
  returnHeldLine(descriptor);
  changeDescriptor(chunk, frame, withHeldLine(descriptor, 0));
  return true;
}
