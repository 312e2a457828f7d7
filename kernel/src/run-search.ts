import {
  chunkOf,
  descriptorAddress,
  firstPageOf,
  frameShift,
  pageOfFrame,
  isUntouched,
  chunkAt,
  Piece,
  pieceAt,
  pieceOfChunk,
  Chunk,
} from './chunks';
import {
  FRAME_FREE,
  FRAME_UNWRITTEN,
  FRAMES_PER_GIB,
  freeOf,
  PAGES_PER_FRAME,
} from './frame-descriptor';
import { NO_MEMBER, setFirst, setNext, setNextAbsent } from './index-set';
import { NO_RUN, runInLine } from './line-search';
import { usedLine } from './page-claim';
import { fullSet, partSet, Zone, zoneCount, zoneInOrder } from './zones';

/**
 * Finding `count` contiguous free pages, of a given alignment, below a limit and not across a boundary.
 *
 * Three searches, each over all zones in the order in which memory is taken:
 *
 *     in a frame      up to 512 pages: the lowest few partly used frames, then the lowest free one      bounded
 *     of frames       more: stretches of free frames, a word for each 64 of them
 *     page by page    only when those found nothing: every frame with a free page is looked at, so that a run that
 *                     exists anywhere, across frames and zones too, is found before 0 is returned
 *
 * Nothing is changed here. The claim has been released by the caller.
 */

/** What is asked for; all in pages. align and boundary are powers of two. */
let count: u64 = 0;
let align: u64 = 1;
let boundary: u64 = 0;
let limit: u64 = 0;

/** No limit: more pages than 52 address bits have. */
const PAGES_END: u64 = (1 as u64) << 40;
/** Partly used frames that the first search looks at in a zone. */
const PARTS_TRIED: u32 = 8;

/**
 * Page number of a run, or NO_RUN. `boundaryPages` 0: none; `limitPages` 0: none, else the run ends at or before that
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
  for (let step: u32 = 0; step < zoneCount(); step++) {
    const zone = zoneInOrder(node, step);
    if (zone.free == 0) continue;
    const run = count <= PAGES_PER_FRAME ? runInFrames(zone) : runOfFrames(zone);
    if (run != NO_RUN) return run;
  }
  for (let step: u32 = 0; step < zoneCount(); step++) {
    const zone = zoneInOrder(node, step);
    if (zone.free == 0) continue;
    const run = runPageByPage(zone);
    if (run != NO_RUN) return run;
  }
  return NO_RUN;
}

/** The lowest place from `page` on that has the alignment and does not cross the boundary. */
function fitted(page: u64): u64 {
  const start = (page + align - 1) & ~(align - 1);
  if (boundary == 0 || (start & (boundary - 1)) + count <= boundary) return start;
  return (start + max(boundary, align) - 1) & ~(max(boundary, align) - 1);
}

function runInFrames(zone: Zone): u64 {
  if (align <= PAGES_PER_FRAME) {
    let index = setFirst(partSet(zone));
    for (let tried: u32 = 0; tried < PARTS_TRIED && index != NO_MEMBER; tried++) {
      const run = runInPart(zone, index);
      if (run != NO_RUN) return run;
      index = setNext(partSet(zone), index + 1);
    }
  }
  const index = setFirst(fullSet(zone));
  if (index == NO_MEMBER) return NO_RUN;
  const page = pageOfFrame(zone, index);
  return fitted(page) == page && page + count <= limit ? page : NO_RUN;
}

/** In a partly used frame; its chunk is written. */
function runInPart(zone: Zone, index: u64): u64 {
  const chunk = chunkAt(zone, index / FRAMES_PER_GIB);
  const frame = index & (FRAMES_PER_GIB - 1);
  if ((load<u32>(descriptorAddress(chunk, frame)) & FRAME_FREE) < (count as u32)) return NO_RUN;
  const offset = runInLine(usedLine(chunk, frame), count, align, boundary);
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
    const start = fitted((index + shift) * PAGES_PER_FRAME) / PAGES_PER_FRAME;
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

/** The lowest run that begins in the zone; it may end in the next one. */
function runPageByPage(zone: Zone): u64 {
  for (let i: u32 = 0; i < zone.pieceCount; i++) {
    const piece = pieceAt(zone, i);
    const end = piece.endFrame * PAGES_PER_FRAME;
    let page = piece.firstFrame * PAGES_PER_FRAME;
    while (page < end) {
      const free = nextFreePage(zone, piece, page);
      if (free == NO_RUN) break;
      const start = fitted(free);
      if (start + count > limit) return NO_RUN;
      if (start != free) {
        page = start; // maybe not free; the next step sees
        if (start >= end || nextUsedPage(start, start + 1) == start) continue;
      }
      const obstacle = nextUsedPage(start, start + count);
      if (obstacle == start + count) return start;
      page = obstacle + 1;
    }
  }
  return NO_RUN;
}

/** The first free page of the piece from `page` on, or NO_RUN. */
function nextFreePage(zone: Zone, piece: Piece, page: u64): u64 {
  const shift = frameShift(piece);
  const end = piece.endFrame - shift;
  let index = page / PAGES_PER_FRAME - shift;
  while (index < end) {
    const part = setNext(partSet(zone), index);
    const full = setNext(fullSet(zone), index);
    index = min(part, full);
    if (index >= end) return NO_RUN;
    const first = max(page, (index + shift) * PAGES_PER_FRAME);
    if (index == full) return first;
    const chunk = chunkAt(zone, index / FRAMES_PER_GIB);
    const free = nextFreeInFrame(chunk, index & (FRAMES_PER_GIB - 1), first);
    if (free != NO_RUN) return free;
    index += 1;
  }
  return NO_RUN;
}

/** The first free page from `page` on of a partly used frame that `page` lies in. */
function nextFreeInFrame(chunk: Chunk, frame: u64, page: u64): u64 {
  const line = usedLine(chunk, frame);
  const end = firstPageOf(chunk, frame) + PAGES_PER_FRAME;
  for (let at = page; at < end; at = (at & ~63) + 64) {
    const free = ~load<u64>(line + ((((at >> 6) & 7) << 3) as usize)) >> (at & 63);
    if (free != 0) return at + ctz(free);
  }
  return NO_RUN;
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
    if (chunk.full == 512) {
      page = ((page >> 18) + 1) << 18;
      continue;
    }
    const frame = (page >> 9) & 511;
    const descriptor = load<u32>(descriptorAddress(chunk, frame));
    const frameEnd = (page & ~511) + PAGES_PER_FRAME;
    if (freeOf(descriptor) == 512) {
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
