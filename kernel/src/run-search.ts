import {
  Chunk,
  chunkAt,
  chunkOf,
  descriptorAddress,
  firstPageOf,
  frameShift,
  isUntouched,
  pageOfFrame,
  Piece,
  pieceAt,
  pieceOfChunk,
  writtenChunkAt,
} from './chunks';
import {
  ALL_FREE,
  FRAME_FREE,
  FRAME_UNWRITTEN,
  FRAME_WORDS,
  FRAME_WORDS_SHIFT,
  FRAMES_PER_GIB,
  freeOf,
  PAGES_PER_FRAME,
} from './frame-descriptor';
import { NO_MEMBER, setFirst, setHas, setNext, setNextAbsent } from './index-set';
import { fitted, freeAtEnd, freeAtStart, NO_RUN, runInLine } from './line-search';
import { usedLine } from './page-claim';
import {
  begunFrame,
  forgetReturned,
  hasBegun,
  hasReturned,
  nextFrame,
  noteBegun,
  noteNext,
  notesOf,
  returnedFrame,
} from './run-notes';
import { fullSet, partSet, Zone, zoneCount, zoneInOrder } from './zones';

/**
 * Finding `count` contiguous free pages, of a given alignment, below a limit and not across a boundary.
 *
 * Three searches, each over all zones in the order in which memory is taken:
 *
 *     in a frame      up to 512 pages: where such a run has come back, the frame that was begun for them, the next few
 *                     partly used frames, then the lowest free one                                       bounded
 *     of frames       more: stretches of free frames, a word for each 64 of them
 *     frame by frame  only when those found nothing: every frame with a free page is looked at once, so that a run that
 *                     exists anywhere, across frames and zones too, is found before 0 is returned
 *
 * Nothing is changed here but notes (run-notes.ts). The shelf is empty; before the last search nothing is claimed.
 */

/** What is asked for; all in pages. align and boundary are powers of two. */
let count: u64 = 0;
let align: u64 = 1;
let boundary: u64 = 0;
let limit: u64 = 0;

/** No limit: more pages than 52 address bits have. */
const PAGES_END: u64 = (1 as u64) << 40;
/** Partly used frames that a search looks at in a zone, besides those that notes name. */
const PARTS_TRIED: u32 = 4;

/**
 * Page number of a run in a frame, or in a stretch of whole frames; or NO_RUN. `boundaryPages` 0: none; `limitPages` 0: none, else the run ends at or before that
 * page number.
 */
export function findRun(
  pages: u64,
  alignPages: u64,
  boundaryPages: u64,
  limitPages: u64,
  node: u32,
): u64 {
  count = pages;
  align = alignPages;
  boundary = boundaryPages;
  limit = limitPages == 0 ? PAGES_END : limitPages;
  if (boundary != 0 && count > boundary) return NO_RUN;
  const zones = zoneCount();
  for (let step: u32 = 0; step < zones; step++) {
    const zone = zoneInOrder(node, step);
    if (zone.free == 0) continue;
    const run = count <= PAGES_PER_FRAME ? runInFrames(zone) : runOfFrames(zone);
    if (run != NO_RUN) return run;
  }
  return NO_RUN;
}

/** What findRun has not found: a run of what that was asked for, if there is one. @cold */
export function findRunAnywhere(node: u32): u64 {
  if (boundary != 0 && count > boundary) return NO_RUN;
  for (let step: u32 = 0; step < zoneCount(); step++) {
    const zone = zoneInOrder(node, step);
    if (zone.free == 0) continue;
    const run = runAnywhere(zone);
    if (run != NO_RUN) return run;
  }
  return NO_RUN;
}

function runInFrames(zone: Zone): u64 {
  const notes = notesOf(zone, count);
  if (align <= PAGES_PER_FRAME && count < PAGES_PER_FRAME) {
    const run = limit == PAGES_END ? runByNotes(zone, notes) : runInLowest(zone);
    if (run != NO_RUN) return run;
  }
  const index = setFirst(fullSet(zone));
  if (index == NO_MEMBER) return NO_RUN;
  const page = pageOfFrame(zone, index);
  if (fitted(page, count, align, boundary) != page || page + count > limit) return NO_RUN;
  if (limit == PAGES_END) noteBegun(notes, index);
  return page;
}

/** In the frames that notes name, then in the next few of the partly used ones, from the last of which on to the first. */
function runByNotes(zone: Zone, notes: usize): u64 {
  const set = partSet(zone);
  if (hasReturned(notes)) {
    const index = returnedFrame(notes);
    const run = setHas(set, index) ? runInPart(zone, index) : NO_RUN;
    if (run != NO_RUN) return run;
    forgetReturned(notes);
  }
  if (hasBegun(notes)) {
    const index = begunFrame(notes);
    const run = setHas(set, index) ? runInPart(zone, index) : NO_RUN;
    if (run != NO_RUN) return run;
  }
  return runInNext(zone, notes);
}

/** @cold */
function runInNext(zone: Zone, notes: usize): u64 {
  const set = partSet(zone);
  let from = nextFrame(notes);
  for (let tried: u32 = 0; tried < PARTS_TRIED; tried++) {
    let index = setNext(set, from);
    if (index == NO_MEMBER && from != 0) index = setFirst(set);
    if (index == NO_MEMBER) return NO_RUN;
    from = index + 1;
    const run = runInPart(zone, index);
    noteNext(notes, from);
    if (run == NO_RUN) continue;
    noteBegun(notes, index);
    return run;
  }
  return NO_RUN;
}

/** In the lowest few partly used frames: below a limit. @cold */
function runInLowest(zone: Zone): u64 {
  let index = setFirst(partSet(zone));
  for (let tried: u32 = 0; tried < PARTS_TRIED && index != NO_MEMBER; tried++) {
    const run = runInPart(zone, index);
    if (run != NO_RUN) return run;
    index = setNext(partSet(zone), index + 1);
  }
  return NO_RUN;
}

/** In a partly used frame; its chunk is written. */
function runInPart(zone: Zone, index: u64): u64 {
  const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  const descriptor = load<u32>(descriptorAddress(chunk, frame));
  if ((descriptor & FRAME_FREE) < (count as u32)) return NO_RUN;
  const words = ((descriptor & FRAME_WORDS) >> FRAME_WORDS_SHIFT) as u64;
  const offset = runInLine(usedLine(chunk, frame), words, count, align, boundary);
  if (offset == NO_RUN) return NO_RUN;
  const page = firstPageOf(chunk, frame) + offset;
  return page + count <= limit ? page : NO_RUN;
}

/** A stretch of free frames of one piece; more than 512 pages, so that align and boundary keep to whole frames. */
function runOfFrames(zone: Zone): u64 {
  const set = fullSet(zone);
  const frames = (count + PAGES_PER_FRAME - 1) / PAGES_PER_FRAME;
  let index = setFirst(set);
  while (index != NO_MEMBER) {
    const piece = pieceOfChunk(zone, index / FRAMES_PER_GIB);
    // What to add to an index of this piece to have the number of the frame.
    const shift = frameShift(piece);
    const first = (index + shift) * PAGES_PER_FRAME;
    const start = fitted(first, count, align, boundary) / PAGES_PER_FRAME;
    if (start * PAGES_PER_FRAME + count > limit) return NO_RUN;
    if (start + frames > piece.endFrame) {
      index = setNext(set, max(index + 1, piece.endFrame - shift));
      continue;
    }
    const obstacle = setNextAbsent(set, start - shift, start - shift + frames);
    if (obstacle == start - shift + frames) return start * PAGES_PER_FRAME;
    index = setNext(set, obstacle + 1);
  }
  return NO_RUN;
}

/** The lowest run that begins in the zone; it may end in the next one. @cold */
function runAnywhere(zone: Zone): u64 {
  for (let i: u32 = 0; i < zone.pieceCount; i++) {
    const run = runInPiece(zone, pieceAt(zone, i));
    if (run != NO_RUN) return run;
  }
  return NO_RUN;
}

/** The same in a piece: across frames, then inside each. */
function runInPiece(zone: Zone, piece: Piece): u64 {
  const shift = frameShift(piece);
  const end = piece.endFrame - shift;
  const isInside = count <= PAGES_PER_FRAME && align <= PAGES_PER_FRAME;
  let index = piece.firstFrame - shift;
  let behind = index; // the frame behind the last one with a free page
  let start = (index + shift) * PAGES_PER_FRAME; // of the free pages that end where that begins
  for (; ; index = behind) {
    const part = setNext(partSet(zone), index);
    const full = setNext(fullSet(zone), index);
    index = min(part, full);
    if (index >= end) break;
    const page = (index + shift) * PAGES_PER_FRAME;
    if (page >= limit) return NO_RUN;
    if (index != behind) start = page;
    if (index == full) {
      const needed = startIn(start) + count;
      if (needed > limit) return NO_RUN;
      // No further than the run would reach: there may be millions of free frames.
      const reach = (needed + PAGES_PER_FRAME - 1) / PAGES_PER_FRAME - shift;
      behind = setNextAbsent(fullSet(zone), index, min(end, max(reach, index + 1)));
      if (needed <= (behind + shift) * PAGES_PER_FRAME) return startIn(start);
      continue;
    }
    const chunk = writtenChunkAt(zone, index / FRAMES_PER_GIB);
    const line = usedLine(chunk, index & (FRAMES_PER_GIB - 1));
    if (fitsIn(start, page + freeAtStart(line))) return startIn(start);
    const run = isInside ? runInPart(zone, index) : NO_RUN;
    if (run != NO_RUN) return run;
    behind = index + 1;
    start = (behind + shift) * PAGES_PER_FRAME - freeAtEnd(line);
  }
  // The free pages at the end of the piece, with what the next one begins with.
  const border = piece.endFrame * PAGES_PER_FRAME;
  const first = behind == end ? startIn(start) : border;
  const last = first + count;
  return first < border && last <= limit && nextUsedPage(border, last) == last ? first : NO_RUN;
}

function startIn(page: u64): u64 {
  return fitted(page, count, align, boundary);
}

/** Whether the free pages from `from` to `to` have room for a run. */
function fitsIn(from: u64, to: u64): bool {
  const end = startIn(from) + count;
  return end <= to && end <= limit;
}

/** The first page in [page, end) that is used or not managed, or `end`. A GiB or a frame that is free is one step. */
export function nextUsedPage(page: u64, end: u64): u64 {
  while (page < end) {
    const chunk = chunkOf(page << 12);
    if (chunk === null) {
      if (!isUntouched(page)) return page;
      page = ((page >> 18) + 1) << 18;
      continue;
    }
    if (chunk.full == (FRAMES_PER_GIB as u32)) {
      page = ((page >> 18) + 1) << 18;
      continue;
    }
    const frame = (page >> 9) & 511;
    const descriptor = load<u32>(descriptorAddress(chunk, frame));
    const frameEnd = (page & ~511) + PAGES_PER_FRAME;
    if (freeOf(descriptor) == ALL_FREE) {
      page = frameEnd;
      continue;
    }
    if ((descriptor & FRAME_UNWRITTEN) != 0) return page;
    const line = usedLine(chunk, frame);
    while (page < frameEnd) {
      const used = load<u64>(line + ((((page >> 6) & 7) << 3) as usize)) >> (page & 63);
      if (used != 0) return min(end, page + ctz(used));
      page = (page & ~63) + 64;
    }
  }
  return end;
}
