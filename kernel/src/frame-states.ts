import {
  Chunk,
  chunkAt,
  chunkAtEntry,
  chunkOfFullWord,
  CHUNK_SIZE,
  descriptorAddress,
  firstFrameOfFullWord,
  firstPageOf,
  frameNumber,
  fullWordAtEntry,
  isWritten,
  lineOf,
  PAGES_PER_GIB_SHIFT,
  chunkHolding,
  unshareDescriptors,
  unshareWhole,
} from './chunks';
import { claimedLine, claimedPages } from './claimed-word';
import {
  ALL_FREE,
  FRAME_HUGE,
  FRAME_PLAIN_END,
  FRAME_UNWRITTEN,
  FRAME_WORDS,
  FRAME_WORDS_SHIFT,
  FRAMES_PER_GIB,
  fillDescriptors,
  FREE_FRAME,
  freeDescriptors,
  freeOf,
  HELD_FRAME,
  heldDescriptors,
  LINE_SIZE,
  PAGES_PER_FRAME,
  PAGES_PER_WORD,
} from './frame-descriptor';
import {
  HELD_LINES_END,
  heldLine,
  heldLineOf,
  isHeldLineEmpty,
  returnHeldLine,
  takeHeldLine,
  withHeldLine,
} from './held-lines';
import {
  setInsert,
  setInsertEight,
  setInsertMask,
  setInsertOnly,
  setMove,
  setRemove,
  setRemoveEight,
  setRemoveMask,
  setInsertedFirst,
  setInsertIn,
  setTakeFirst,
} from './index-set';
import { noteReturned, notesOf } from './run-notes';
import { x86 } from './x86';
import { chunkSet, fullSet, partSet, Zone } from './zones';

/**
 * Changing what frames and pages are, with everything that is counted of them: descriptors, the zone's sets and
 * counters. A GiB that changes as a whole changes in constant time, by pointing at a shared block of descriptors; a
 * frame by its descriptor; single pages by bits of the frame's leaf line, which is written when a frame is first
 * taken apart.
 *
 *     free ──holdPages──▶ held ──releasePages──▶ free          held = reserved, or part of a run
 *
 * Callers hold interrupts off, and know that all pages are managed and in the state from which they are taken.
 */

/** 512 free pages, and its line says so. */
const WHOLE_FRAME: u32 = ALL_FREE | FRAME_WORDS;
/** A frame that only its first word was taken of. */
const BEGUN_FREE: u64 = PAGES_PER_FRAME - PAGES_PER_WORD;
const FIRST_WORD: u32 = 1 << FRAME_WORDS_SHIFT;
const BEGUN_FRAME: u32 = (BEGUN_FREE as u32) | (FRAME_WORDS & ~FIRST_WORD);
const TWO_HELD_FRAMES: u64 = ((HELD_FRAME as u64) << 32) | (HELD_FRAME as u64);

/** Replaces a frame's descriptor in a chunk that has its own; counters and sets follow the number of free pages. */
export function changeDescriptor(chunk: Chunk, frame: u64, descriptor: u32): void {
  const address = descriptorAddress(chunk, frame);
  const before = freeOf(load<u32>(address));
  const after = freeOf(descriptor);
  store<u32>(address, descriptor);
  if (before == after) return;
  const zone = chunk.zone;
  zone.free += (after as u64) - (before as u64);
  const index = frameNumber(chunk, frame);
  if (before == ALL_FREE) {
    removeWhole(zone, chunk, index);
  } else if (before != 0 && (after == 0 || after == ALL_FREE)) {
    setRemove(partSet(zone), index);
  }
  if (after == ALL_FREE) {
    // Nothing is held of what is free; a line is gone by now, but that one was missing may still be noted.
    if (descriptor >= FRAME_PLAIN_END && (descriptor & FRAME_UNWRITTEN) == 0)
      store<u32>(address, WHOLE_FRAME);
    countWhole(zone, chunk);
    setInsert(fullSet(zone), index);
  } else if (after != 0 && (before == 0 || before == ALL_FREE)) {
    setInsert(partSet(zone), index);
  }
}

/** Counts a frame, all of whose pages are free now, with the others of that kind. @inline */
function countWhole(zone: Zone, chunk: Chunk): void {
  zone.fullFrames += 1;
  const full = chunk.full + 1;
  chunk.full = full;
  if (full == (FRAMES_PER_GIB as u32)) countGib(zone, chunk);
}

/** A GiB is free as a whole. @cold */
function countGib(zone: Zone, chunk: Chunk): void {
  setInsert(chunkSet(zone), chunk.number as u64);
  zone.fullChunks += 1;
}

/** Counts a frame, all of whose pages were free, no longer with the others of that kind. @inline */
function removeWhole(zone: Zone, chunk: Chunk, index: u64): void {
  countTaken(zone, chunk, 1);
  setRemove(fullSet(zone), index);
}

/** The last page of a frame that was in use came back. @inline */
export function lastPageReturned(chunk: Chunk, frame: u64): void {
  const zone = chunk.zone;
  store<u32>(descriptorAddress(chunk, frame), WHOLE_FRAME);
  zone.free += 1;
  countWhole(zone, chunk);
  setMove(partSet(zone), fullSet(zone), frameNumber(chunk, frame));
}

/** Writes a frame's leaf line if it was not written yet; returns its descriptor, which now speaks of the line. */
export function writtenDescriptor(chunk: Chunk, frame: u64): u32 {
  unshareDescriptors(chunk);
  const address = descriptorAddress(chunk, frame);
  const descriptor = load<u32>(address);
  if ((descriptor & FRAME_UNWRITTEN) == 0) return descriptor;
  let written = descriptor & ~(FRAME_UNWRITTEN | FRAME_HUGE);
  if ((descriptor & FRAME_HUGE) != 0) written = withHeldLine(written, takeHeldLine(true));
  memory.fill(lineOf(chunk, frame), written < HELD_LINES_END ? 0 : 0xff, LINE_SIZE);
  store<u32>(address, written);
  return written;
}

/**
 * Sets (used) or clears the bits [from, to) of a frame in `line`, and its mask of words; `other` is its leaf line or its held
 * line, whichever `line` is not. Returns the descriptor to be.
 */
function changeBits(
  descriptor: u32,
  line: usize,
  other: usize,
  from: u64,
  to: u64,
  used: bool,
): u32 {
  for (let at = from; at < to;) {
    const word = at >> 6;
    const end = min(to, (word + 1) << 6);
    const mask = (u64.MAX_VALUE >> (64 - (end - at))) << (at & 63);
    const offset = (word << 3) as usize;
    const old = load<u64>(line + offset);
    const now = used ? old | mask : old & ~mask;
    store<u64>(line + offset, now);
    const bit = (1 as u32) << (FRAME_WORDS_SHIFT + (word as u32));
    let all = now | load<u64>(other + offset);
    if (line + offset == claimedLine || other + offset == claimedLine) all |= claimedPages;
    const isFull = all == u64.MAX_VALUE;
    descriptor = isFull ? descriptor & ~bit : descriptor | bit;
    at = end;
  }
  const count = (to - from) as u32;
  return used ? descriptor - count : descriptor + count;
}

/** Makes the pages [from, to) of a frame single pages in use, or such pages free. */
function changePages(chunk: Chunk, frame: u64, from: u64, to: u64, used: bool): void {
  const descriptor = writtenDescriptor(chunk, frame);
  const held = heldLine(heldLineOf(descriptor));
  const after = changeBits(descriptor, lineOf(chunk, frame), held, from, to, used);
  changeDescriptor(chunk, frame, after);
}

/** Holds the free pages [from, to) of a frame, or makes held ones free. */
export function changeHeldPages(chunk: Chunk, frame: u64, from: u64, to: u64, hold: bool): void {
  let descriptor = writtenDescriptor(chunk, frame);
  if (descriptor < FRAME_PLAIN_END) descriptor = withHeldLine(descriptor, takeHeldLine(false));
  const line = heldLineOf(descriptor);
  const leaf = lineOf(chunk, frame);
  let after: u32 = 0;
  if (line == 0) {
    after = changeBits(descriptor, leaf, heldLine(0), from, to, hold);
  } else {
    after = changeBits(descriptor, heldLine(line), leaf, from, to, hold);
    if (!hold && isHeldLineEmpty(line)) {
      returnHeldLine(after);
      after = withHeldLine(after, 0);
    }
  }
  changeDescriptor(chunk, frame, after);
}

/** Makes the free pages [from, to) of a frame single allocated pages. */
export function takePagesOf(chunk: Chunk, frame: u64, from: u64, to: u64): void {
  changePages(chunk, frame, from, to, true);
}

/** Makes the single allocated pages [from, to) of a frame free. */
export function freePagesOf(chunk: Chunk, frame: u64, from: u64, to: u64): void {
  changePages(chunk, frame, from, to, false);
}

/** Replaces the descriptor of a frame that is free, or one piece, as a whole. */
export function changeWholeFrame(chunk: Chunk, frame: u64, descriptor: u32): void {
  unshareDescriptors(chunk);
  returnHeldLine(load<u32>(descriptorAddress(chunk, frame)));
  changeDescriptor(chunk, frame, descriptor);
}

/** Page number of no frame. */
export const NO_FRAME: u64 = u64.MAX_VALUE;

/**
 * The same where nothing changes but a word of the set, the descriptor and counters, as nearly always; else NO_FRAME, and nothing has
 * changed. No call. @inline */
export function takeLowestQuickly(zone: Zone, descriptor: u32): u64 {
  const set = fullSet(zone);
  const at = set.lowest;
  const word = load<u64>(at);
  const rest = word & (word - 1);
  if (rest == 0) return NO_FRAME;
  const chunk = chunkOfFullWord(at);
  if (!isWritten(zone, ((at - set.level0) as u64) / CHUNK_SIZE)) return NO_FRAME;
  const full = chunk.full;
  if (full == (FRAMES_PER_GIB as u32)) return NO_FRAME; // its descriptors may be shared, and it is a member of another set
  const frame = firstFrameOfFullWord(at) + x86.bsf64(word);
  store<u64>(at, rest);
  store<u32>(descriptorAddress(chunk, frame), descriptor);
  chunk.full = full - 1;
  zone.free -= PAGES_PER_FRAME;
  zone.fullFrames -= 1;
  return firstPageOf(chunk, frame);
}

/**
 * Makes frame `frame` of the chunk of a table's entry free, which was held as a whole, and whose descriptor is at `at`; true when
 * frameReturned is to follow. No call. @inline */
export function returnQuickly(entry: usize, frame: u64, at: usize): bool {
  const chunk = chunkAtEntry(entry);
  const zone = chunk.zone;
  const isFirst = setInsertIn(fullSet(zone), fullWordAtEntry(entry, frame), frame);
  store<u32>(at, FREE_FRAME);
  const full = chunk.full + 1;
  chunk.full = full;
  zone.free += PAGES_PER_FRAME;
  zone.fullFrames += 1;
  return isFirst || full == (FRAMES_PER_GIB as u32);
}

/** Such a frame is the only whole one of its word of the set, or its GiB is free as a whole. */
export function frameReturned(chunk: Chunk, frame: u64): void {
  const zone = chunk.zone;
  if (chunk.full == (FRAMES_PER_GIB as u32)) return countGib(zone, chunk);
  setInsertedFirst(fullSet(zone), frameNumber(chunk, frame));
}

/** Replaces the descriptor of the lowest free frame of a zone by one without free pages. Its page number. @inline */
export function takeLowestFrame(zone: Zone, descriptor: u32): u64 {
  const index = setTakeFirst(fullSet(zone));
  const chunk = chunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const full = chunk.full;
  // A GiB that has a free frame shares descriptors only while all are free.
  if (full == (FRAMES_PER_GIB as u32)) breakGib(zone, chunk);
  store<u32>(descriptorAddress(chunk, frame), descriptor);
  chunk.full = full - 1;
  zone.free -= PAGES_PER_FRAME;
  zone.fullFrames -= 1;
  return firstPageOf(chunk, frame);
}

/** Counts frames of a chunk, all of whose pages were free, no longer with the others of that kind. @inline */
function countTaken(zone: Zone, chunk: Chunk, frames: u64): void {
  zone.fullFrames -= frames;
  const full = chunk.full;
  chunk.full = full - (frames as u32);
  if (full == (FRAMES_PER_GIB as u32)) giantBroken(zone, chunk);
}

/** A GiB that is free as a whole will be so no longer, and gets descriptors of its own. @cold */
function breakGib(zone: Zone, chunk: Chunk): void {
  unshareWhole(chunk);
  giantBroken(zone, chunk);
}

/** A GiB that was free as a whole is so no longer. @cold */
function giantBroken(zone: Zone, chunk: Chunk): void {
  setRemove(chunkSet(zone), chunk.number as u64);
  zone.fullChunks -= 1;
}

/** Holds `count` free frames from `frame` on as a whole: those that `mask` has set in their word of a set. */
export function takeFreeFrames(chunk: Chunk, frame: u64, count: u64, mask: u64): void {
  unshareDescriptors(chunk);
  fillDescriptors(descriptorAddress(chunk, frame), count, HELD_FRAME);
  const zone = chunk.zone;
  zone.free -= count * PAGES_PER_FRAME;
  countTaken(zone, chunk, count);
  setRemoveMask(fullSet(zone), frameNumber(chunk, frame), mask);
}

/** Makes a frame free that was held as a whole. */
export function returnFreeFrame(chunk: Chunk, frame: u64): void {
  store<u32>(descriptorAddress(chunk, frame), FREE_FRAME);
  const zone = chunk.zone;
  zone.free += PAGES_PER_FRAME;
  countWhole(zone, chunk);
  setInsert(fullSet(zone), frameNumber(chunk, frame));
}

/**
 * Takes the first word, which is at `line`, of a frame that was free and is in no set any more, of a zone that has no partly used one:
 * 64 pages that are in no count any more. @inline */
export function beginFrame(zone: Zone, chunk: Chunk, index: u64, line: usize): void {
  unshareDescriptors(chunk);
  const address = descriptorAddress(chunk, index & (FRAMES_PER_GIB - 1));
  if ((load<u32>(address) & FRAME_UNWRITTEN) != 0) clearLine(line);
  store<u32>(address, BEGUN_FRAME);
  zone.free -= PAGES_PER_FRAME - BEGUN_FREE;
  countTaken(zone, chunk, 1);
  setInsertOnly(partSet(zone), index);
}

/** 64 bytes. @inline */
function clearLine(line: usize): void {
  store<u64>(line, 0);
  store<u64>(line, 0, 8);
  store<u64>(line, 0, 16);
  store<u64>(line, 0, 24);
  store<u64>(line, 0, 32);
  store<u64>(line, 0, 40);
  store<u64>(line, 0, 48);
  store<u64>(line, 0, 56);
}

/** Makes `count` free pages from page number `first` on held. */
export function holdPages(first: u64, count: u64): void {
  const from = first & (PAGES_PER_FRAME - 1);
  if (count >= PAGES_PER_FRAME || from + count > PAGES_PER_FRAME || count == 0)
    return changeMany(first, count, true);
  const frame = (first >> 9) & (FRAMES_PER_GIB - 1);
  changeHeldPages(chunkHolding(first), frame, from, from + count, true);
}

/** Makes `count` held pages from page number `first` on free. */
export function releasePages(first: u64, count: u64): void {
  const from = first & (PAGES_PER_FRAME - 1);
  if (count >= PAGES_PER_FRAME || from + count > PAGES_PER_FRAME || count == 0)
    return changeMany(first, count, false);
  const frame = (first >> 9) & (FRAMES_PER_GIB - 1);
  const chunk = chunkHolding(first);
  changeHeldPages(chunk, frame, from, from + count, false);
  noteReturned(notesOf(chunk.zone, count), frameNumber(chunk, frame));
}

/** Other than some pages of one frame: whole frames of one GiB, or anything. */
function changeMany(first: u64, count: u64, hold: bool): void {
  const from = (first >> 9) & (FRAMES_PER_GIB - 1);
  const to = from + (count >> 9);
  if (count == 0 || ((first | count) & (PAGES_PER_FRAME - 1)) != 0 || to >= FRAMES_PER_GIB)
    return changeRange(first, first + count, hold);
  const chunk = chunkHolding(first);
  if (to > (chunk.firstFrame as u64) + (chunk.frameCount as u64))
    return changeRange(first, first + count, hold);
  changeWholeFrames(chunk, from, to, hold);
}

function changeRange(first: u64, end: u64, hold: bool): void {
  for (let page = first; page < end;) {
    const chunk = chunkHolding(page);
    const base = (chunk.gib as u64) << PAGES_PER_GIB_SHIFT;
    const to = min(end, endOfChunk(chunk));
    if (to - page == (1 as u64) << PAGES_PER_GIB_SHIFT) {
      if (hold) holdChunk(chunk, heldDescriptors());
      else {
        if (chunk.descriptors == chunk.ownDescriptors) returnHeldLines(chunk, 0, FRAMES_PER_GIB);
        releaseChunk(chunk);
      }
    } else {
      changeFrames(chunk, page - base, to - base, hold);
    }
    page = to;
  }
}

/** Number of the page behind the chunk's last. */
function endOfChunk(chunk: Chunk): u64 {
  const frames = (chunk.firstFrame as u64) + (chunk.frameCount as u64);
  return ((chunk.gib as u64) << PAGES_PER_GIB_SHIFT) + (frames << 9);
}

/** The pages [first, end), which are managed, are pages of their zones' totals, or are none. */
export function countInZones(first: u64, end: u64, counted: bool): void {
  for (let page = first; page < end;) {
    const chunk = chunkHolding(page);
    const to = min(end, endOfChunk(chunk));
    chunk.zone.total += counted ? to - page : page - to;
    page = to;
  }
}

/** Pages [from, to) of a GiB. */
function changeFrames(chunk: Chunk, from: u64, to: u64, hold: bool): void {
  while (from < to) {
    const frame = from / PAGES_PER_FRAME;
    const base = frame * PAGES_PER_FRAME;
    const whole = from == base ? to / PAGES_PER_FRAME : frame;
    if (whole > frame + 1) {
      changeWholeFrames(chunk, frame, whole, hold);
      from = whole * PAGES_PER_FRAME;
      continue;
    }
    const end = min(to, base + PAGES_PER_FRAME);
    const count = end - from;
    if (count == PAGES_PER_FRAME) changeWholeFrame(chunk, frame, hold ? HELD_FRAME : FREE_FRAME);
    else changeHeldPages(chunk, frame, from - base, end - base, hold);
    from = end;
  }
}

/** What is held as a whole now may have been held bit by bit. */
function returnHeldLines(chunk: Chunk, from: u64, to: u64): void {
  const end = descriptorAddress(chunk, to);
  let at = descriptorAddress(chunk, from);
  for (; at + 8 <= end; at += 8) {
    if (load<u64>(at) == TWO_HELD_FRAMES) continue;
    returnHeldLine(load<u32>(at));
    returnHeldLine(load<u32>(at, 4));
  }
  if (at < end) returnHeldLine(load<u32>(at));
}

/** The frames [from, to) of a GiB, which are free, or held, as a whole: what is counted of them changes once for all. */
function changeWholeFrames(chunk: Chunk, from: u64, to: u64, hold: bool): void {
  unshareDescriptors(chunk);
  if (!hold) returnHeldLines(chunk, from, to);
  fillDescriptors(descriptorAddress(chunk, from), to - from, hold ? HELD_FRAME : FREE_FRAME);
  const zone = chunk.zone;
  const count = to - from;
  if (hold && chunk.full == (FRAMES_PER_GIB as u32)) giantBroken(zone, chunk);
  const more = hold ? 0 - count : count;
  zone.free += more * PAGES_PER_FRAME;
  zone.fullFrames += more;
  chunk.full += more as u32;
  const last = frameNumber(chunk, to);
  for (let at = frameNumber(chunk, from); at < last;) {
    const end = min(last, (at | 63) + 1);
    const mask = (u64.MAX_VALUE >> (64 - (end - at))) << (at & 63);
    if (hold) setRemoveMask(fullSet(zone), at, mask);
    else setInsertMask(fullSet(zone), at, mask);
    at = end;
  }
  if (chunk.full == (FRAMES_PER_GIB as u32)) countGib(zone, chunk);
}

/** Takes a wholly free GiB: all its descriptors are `shared` from now on. */
export function holdChunk(chunk: Chunk, shared: usize): void {
  const zone = chunk.zone;
  const first = frameNumber(chunk, 0);
  setRemoveEight(fullSet(zone), first);
  setRemove(chunkSet(zone), chunk.number as u64);
  zone.fullChunks -= 1;
  zone.fullFrames -= FRAMES_PER_GIB;
  zone.free -= FRAMES_PER_GIB * PAGES_PER_FRAME;
  chunk.full = 0;
  chunk.descriptors = shared;
}

/** Frees a GiB that is held as a whole. */
export function releaseChunk(chunk: Chunk): void {
  const zone = chunk.zone;
  const first = frameNumber(chunk, 0);
  setInsertEight(fullSet(zone), first);
  setInsert(chunkSet(zone), chunk.number as u64);
  zone.fullChunks += 1;
  zone.fullFrames += FRAMES_PER_GIB;
  zone.free += FRAMES_PER_GIB * PAGES_PER_FRAME;
  chunk.full = FRAMES_PER_GIB as u32;
  chunk.descriptors = freeDescriptors();
}
