import { descriptorAddress, firstPageOf, lineOf, writtenChunkAt } from './chunks';
import { claimedLine, claimedPages } from './claimed-word';
import {
  FRAME_FREE,
  FRAME_WORDS,
  FRAME_WORDS_SHIFT,
  FRAMES_PER_GIB,
  PAGES_PER_WORD,
} from './frame-descriptor';
import { hasHeldLine, heldLine, heldLineOf } from './held-lines';
import { setHas, setRemove } from './index-set';
import { folded, LAST_WORD, NO_RUN } from './line-search';
import { begunFrame, hasBegun, hasReturned, notesOf, returnedFrame } from './run-notes';
import { localZone, partSet, Zone, zoneCount } from './zones';
import { x86 } from './x86';

/**
 * The short way to a run of 2 to 64 pages, anywhere: from the frame that is noted for such runs (run-notes.ts), when that has a held
 * line already, as it has from the first run on. What run-search.ts and frame-states.ts do for any run is done here word by
 * word: in two words at most, what is free, what is held, and what the descriptor says of them.
 */
export const QUICK_PAGES_MAX: u64 = PAGES_PER_WORD;

/** Holds such a run; its first page, or NO_RUN, and nothing has changed: then there may be one elsewhere. The shelf is empty. */
export function takeQuickRun(pages: u64): u64 {
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
  return setHas(partSet(zone), index) ? takeInFrame(zone, index, pages) : NO_RUN;
}

function takeInFrame(zone: Zone, index: u64, pages: u64): u64 {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const at = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(at);
  if (!hasHeldLine(descriptor)) return NO_RUN;
  const leaf = lineOf(chunk, frame);
  const held = heldLine(heldLineOf(descriptor));
  let words = ((descriptor & FRAME_WORDS) >> FRAME_WORDS_SHIFT) as u64;
  for (; words != 0; words &= words - 1) {
    const word = x86.bsf64(words);
    const offset = (word << 3) as usize;
    const free = freeIn(leaf + offset, held + offset);
    const behind = word == LAST_WORD ? 0 : freeIn(leaf + offset + 8, held + offset + 8);
    const starts = folded(free, behind, pages);
    if (starts == 0) continue;
    const from = x86.bsf64(starts);
    let full: u64 = 0; // words without a free page now
    const mask = (u64.MAX_VALUE >> (64 - pages)) << from;
    store<u64>(held + offset, load<u64>(held + offset) | mask);
    if ((free & ~mask) == 0) full = 1;
    if (from + pages > PAGES_PER_WORD) {
      const rest = u64.MAX_VALUE >> (128 - from - pages);
      store<u64>(held + offset, load<u64>(held + offset, 8) | rest, 8);
      if ((behind & ~rest) == 0) full |= 2;
    }
    const after =
      (descriptor & ~((full << (word + (FRAME_WORDS_SHIFT as u64))) as u32)) - (pages as u32);
    store<u32>(at, after);
    zone.free -= pages;
    if ((after & FRAME_FREE) == 0) setRemove(partSet(zone), index);
    return firstPageOf(chunk, frame) + (word << 6) + from;
  }
  return NO_RUN;
}

/** The free pages of a word of a leaf line and of its frame's held line. @inline */
function freeIn(leaf: usize, held: usize): u64 {
  const used = load<u64>(leaf) | load<u64>(held);
  return leaf == claimedLine ? ~(used | claimedPages) : ~used;
}
