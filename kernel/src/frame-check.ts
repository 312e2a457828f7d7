import {
  Chunk,
  chunkOf,
  descriptorAddress,
  frameNumber,
  lineOf,
  newestChunk,
  wordOf,
} from './chunks';
import { claimedLine, claimedPages, claimedStart, claimedWord, NO_WORD } from './claimed-word';
import {
  ALL_FREE,
  FRAME_HELD_MASK,
  FRAME_HELD_SHIFT,
  FRAME_HUGE,
  FRAME_PLAIN_END,
  FRAME_UNWRITTEN,
  FRAME_WORDS_SHIFT,
  FRAMES_PER_GIB,
  FREE_FRAME,
  freeOf,
  HELD_ALL,
  HELD_FRAME,
  LINE_SIZE,
  PAGES_PER_FRAME,
} from './frame-descriptor';
import { heldLine, heldLineOf, heldLinesInUse, heldWord, isHeldLineEmpty } from './held-lines';
import { setHas, setPathHolds, setWord } from './index-set';
import { chunkSet, fullSet, partSet, Zone, zoneAt, zoneCount } from './zones';

/**
 * The invariants of frames, checked from descriptors and leaf lines: what memory-check.ts counts as one. Untouched GiBs
 * cost nothing: only chunks that have a record are visited.
 */

/** Chunks that are looked at on level 0, those written last. */
const CHUNKS_CHECKED: u32 = 4;

const TWO_FREE: u64 = ((FREE_FRAME as u64) << 32) | (FREE_FRAME as u64);
const TWO_HELD: u64 = ((HELD_FRAME as u64) << 32) | (HELD_FRAME as u64);

/** Frames with a held line that this check has seen. */
let heldLinesSeen: u32 = 0;

/** The free pages of all zones add up to what the leaf lines of a zone's chunks say; on level 0 only of a few chunks. */
export function chunksHold(level: u32): bool {
  let checked: u32 = 0;
  heldLinesSeen = 0;
  let chunk = newestChunk();
  while (chunk !== null && (level != 0 || checked < CHUNKS_CHECKED)) {
    if (!chunkHolds(chunk)) return false;
    checked += 1;
    chunk = chunk.older;
  }
  if (level != 0 && heldLinesSeen != heldLinesInUse()) return false;
  for (let i: u32 = 0; i < zoneCount(); i++) {
    if (!zoneHolds(zoneAt(i), level)) return false;
  }
  return claimHolds();
}

/** Every frame of the chunk, and the sets' words about it. */
function chunkHolds(chunk: Chunk): bool {
  let full: u32 = 0;
  for (let frame: u64 = 0; frame < FRAMES_PER_GIB; frame += 64) {
    if (!framesHold(chunk, frame)) return false;
    full += popcnt(setWord(fullSet(chunk.zone), frameNumber(chunk, frame))) as u32;
  }
  const number = chunk.number as u64;
  if (!setPathHolds(chunkSet(chunk.zone), number)) return false;
  return (
    full == chunk.full && setHas(chunkSet(chunk.zone), number) == (full == (FRAMES_PER_GIB as u32))
  );
}

/** The 64 frames from `from` on, and the words of the sets that are about them. */
function framesHold(chunk: Chunk, from: u64): bool {
  const first = chunk.firstFrame as u64;
  const end = min(from + 64, first + (chunk.frameCount as u64));
  const stop = descriptorAddress(chunk, end);
  let full: u64 = 0;
  let part: u64 = 0;
  const lines = lineOf(chunk, 0);
  for (let frame = max(from, first); frame < end; frame++) {
    const at = descriptorAddress(chunk, frame);
    // Most are free, or held, as a whole, and nothing more is to be said of these.
    const same = framesAlike(at, stop);
    const descriptor = load<u32>(at);
    if (same != 0) {
      if (descriptor == FREE_FRAME) full |= (u64.MAX_VALUE >> (64 - same)) << (frame & 63);
      frame += same - 1;
      continue;
    }
    const bit = (1 as u64) << (frame & 63);
    const free = freeOf(descriptor);
    if (free == ALL_FREE) full |= bit;
    else if (free != 0) part |= bit;
    if (!frameHolds(lines + (frame as usize) * LINE_SIZE, descriptor)) return false;
  }
  const index = frameNumber(chunk, from);
  if (setWord(fullSet(chunk.zone), index) != full) return false;
  if (setWord(partSet(chunk.zone), index) != part) return false;
  return setPathHolds(fullSet(chunk.zone), index) && setPathHolds(partSet(chunk.zone), index);
}

/** How many descriptors from `at` on, below `stop`, are all FREE_FRAME, or all HELD_FRAME: two at a time, an even number. */
function framesAlike(at: usize, stop: usize): u64 {
  const start = at;
  if (at + 8 > stop) return 0;
  const two = load<u64>(at);
  if (two != TWO_FREE && two != TWO_HELD) return 0;
  while (at + 8 <= stop && load<u64>(at) == two) at += 8;
  return ((at - start) >> 2) as u64;
}

/** A call, for most words are free or used as a whole. @cold */
function bitsOf(word: u64): u64 {
  return popcnt(word);
}

/** Count, mask of words, and held pages of one descriptor against its line. */
function frameHolds(line: usize, descriptor: u32): bool {
  const free = freeOf(descriptor);
  if ((descriptor & FRAME_UNWRITTEN) != 0) {
    return (descriptor & FRAME_HUGE) != 0
      ? free == 0 && ((descriptor >> FRAME_HELD_SHIFT) & FRAME_HELD_MASK) == HELD_ALL
      : descriptor == FREE_FRAME;
  }
  if ((descriptor & FRAME_HUGE) != 0) return false;
  let counted: u64 = 0;
  let words: u32 = 0;
  const held = heldLine(heldLineOf(descriptor));
  for (let word: u32 = 0; word < 8; word++) {
    const offset = (word as usize) << 3;
    let used = load<u64>(line + offset) | load<u64>(held + offset);
    if (line + offset == claimedLine) used |= claimedPages;
    const bits = ~used;
    if (bits == 0) continue;
    words |= (1 as u32) << word;
    if (bits == u64.MAX_VALUE) counted += 64;
    else counted += bitsOf(bits);
  }
  if (counted != (free as u64) || words != ((descriptor >> FRAME_WORDS_SHIFT) & 0xff)) return false;
  return descriptor < FRAME_PLAIN_END || heldPagesHold(line, descriptor);
}

/** What is held is no single page in use, and a line that says so says it of a page at least. */
function heldPagesHold(line: usize, descriptor: u32): bool {
  if (freeOf(descriptor) == ALL_FREE) return false;
  const held = heldLineOf(descriptor);
  if (held == 0) return true; // no line was left
  heldLinesSeen += 1;
  for (let word: u64 = 0; word < 8; word++) {
    if ((heldWord(held, word) & load<u64>(line + ((word << 3) as usize))) != 0) return false;
  }
  return !isHeldLineEmpty(held);
}

/** The zone's counters: free frames and GiBs bound them; on level 1 and more the sets are counted. */
function zoneHolds(zone: Zone, level: u32): bool {
  if (zone.free > zone.total || zone.fullFrames * PAGES_PER_FRAME > zone.free) return false;
  if (zone.fullChunks * FRAMES_PER_GIB > zone.fullFrames) return false;
  if (level == 0) return true;
  return zone.fullFrames == fullFramesOf(zone) && zone.free == freePagesOfZone(zone);
}

/** Free frames: 512 for each GiB that is untouched, the others as their records say. */
function fullFramesOf(zone: Zone): u64 {
  let frames: u64 = zone.fullChunks * FRAMES_PER_GIB;
  let chunk = newestChunk();
  while (chunk !== null) {
    if (chunk.zone == zone && chunk.full != (FRAMES_PER_GIB as u32)) frames += chunk.full as u64;
    chunk = chunk.older;
  }
  return frames;
}

/** Free frames of 512 pages, and what the partly used ones say. */
function freePagesOfZone(zone: Zone): u64 {
  let free = zone.fullFrames * PAGES_PER_FRAME;
  let chunk = newestChunk();
  while (chunk !== null) {
    if (chunk.zone == zone) free += partPagesOf(chunk);
    chunk = chunk.older;
  }
  return free;
}

/** Free pages of the chunk's partly used frames. */
function partPagesOf(chunk: Chunk): u64 {
  let pages: u64 = 0;
  const first = chunk.firstFrame as u64;
  for (let frame = first; frame < first + (chunk.frameCount as u64); frame++) {
    const free = freeOf(load<u32>(descriptorAddress(chunk, frame)));
    if (free != ALL_FREE) pages += free as u64;
  }
  return pages;
}

/** Claimed pages are free in the leaf line, and not held. */
function claimHolds(): bool {
  if (claimedWord == NO_WORD) return claimedPages == 0;
  if ((claimedStart as u64) != claimedWord << 18) return false;
  const chunk = chunkOf(claimedStart as u64);
  if (chunk === null || wordOf(chunk, (claimedStart as u64) >> 12) != claimedLine) return false;
  const frame = ((claimedStart as u64) >> 21) & 511;
  const held = heldLineOf(load<u32>(descriptorAddress(chunk, frame)));
  const used = load<u64>(claimedLine) | heldWord(held, claimedWord & 7);
  return (used & claimedPages) == 0;
}
