import { Chunk, descriptorAddress, frameNumber, lineOf, newestChunk } from './chunks';
import { FRAME_HUGE, FRAME_UNWRITTEN, FRAME_WORDS_SHIFT, freeOf, heldOf } from './frame-descriptor';
import { setHas, setNext, setPathHolds } from './index-set';
import { claimedPages, claimedStart, claimedWord } from './page-claim';
import { chunkSet, fullSet, partSet, Zone, zoneAt, zoneCount } from './zones';

/**
 * The invariants of frames, checked from descriptors and leaf lines: what memory-check.ts counts as one. Untouched GiBs
 * cost nothing: only chunks that have a record are visited.
 */

/** Chunks that are looked at on level 0, those written last. */
const CHUNKS_CHECKED: u32 = 4;

/** The free pages of all zones add up to what the leaf lines of a zone's chunks say; on level 0 only of a few chunks. */
export function chunksHold(level: u32): bool {
  let checked: u32 = 0;
  let chunk = newestChunk();
  while (chunk !== null && (level != 0 || checked < CHUNKS_CHECKED)) {
    if (!chunkHolds(chunk)) return false;
    checked += 1;
    chunk = chunk.older;
  }
  for (let i: u32 = 0; i < zoneCount(); i++) {
    if (!zoneHolds(zoneAt(i), level)) return false;
  }
  return claimHolds();
}

/** Every frame of the chunk, and the sets' words about it. */
function chunkHolds(chunk: Chunk): bool {
  let full: u32 = 0;
  const first = chunk.firstFrame as u64;
  const end = first + (chunk.frameCount as u64);
  for (let frame: u64 = 0; frame < 512; frame++) {
    const index = frameNumber(chunk, frame);
    const isInside = frame >= first && frame < end;
    const descriptor = isInside ? load<u32>(descriptorAddress(chunk, frame)) : 0;
    const free = freeOf(descriptor);
    if (setHas(fullSet(chunk.zone), index) != (free == 512)) return false;
    if (setHas(partSet(chunk.zone), index) != (free != 0 && free != 512)) return false;
    if (isInside && !frameHolds(lineOf(chunk, frame), descriptor)) return false;
    if (free == 512) full += 1;
    if ((frame & 63) != 0) continue;
    if (!setPathHolds(fullSet(chunk.zone), index)) return false;
    if (!setPathHolds(partSet(chunk.zone), index)) return false;
  }
  const number = chunk.number as u64;
  if (!setPathHolds(chunkSet(chunk.zone), number)) return false;
  return full == chunk.full && setHas(chunkSet(chunk.zone), number) == (full == 512);
}

/** Count, mask of words, and held pages of one descriptor against its line. */
function frameHolds(line: usize, descriptor: u32): bool {
  const free = freeOf(descriptor);
  if (heldOf(descriptor) > 512 - free) return false;
  if ((descriptor & FRAME_UNWRITTEN) != 0) {
    return (descriptor & FRAME_HUGE) != 0
      ? free == 0 && heldOf(descriptor) == 512
      : free == 512 && heldOf(descriptor) == 0;
  }
  if ((descriptor & FRAME_HUGE) != 0) return false;
  let counted: u32 = 0;
  for (let word: u32 = 0; word < 8; word++) {
    const bits = ~load<u64>(line + ((word as usize) << 3));
    if (((descriptor >> (FRAME_WORDS_SHIFT + word)) & 1) != (bits != 0 ? 1 : 0)) return false;
    if (bits != 0) counted += popcnt(bits) as u32;
  }
  return counted == free;
}

/** The zone's counters: free frames and GiBs bound them; on level 1 and more the sets are counted. */
function zoneHolds(zone: Zone, level: u32): bool {
  if (zone.free > zone.total || zone.fullFrames * 512 > zone.free) return false;
  if (zone.fullChunks * 512 > zone.fullFrames) return false;
  if (level == 0) return true;
  return zone.fullFrames == fullFramesOf(zone) && zone.free == freePagesOfZone(zone);
}

/** Free frames: 512 for each GiB that is untouched, the others as their records say. */
function fullFramesOf(zone: Zone): u64 {
  let frames: u64 = zone.fullChunks * 512;
  let chunk = newestChunk();
  while (chunk !== null) {
    if (chunk.zone == zone && chunk.full != 512) frames += chunk.full as u64;
    chunk = chunk.older;
  }
  return frames;
}

/** Free frames of 512 pages, and what the partly used ones say. */
function freePagesOfZone(zone: Zone): u64 {
  let free = zone.fullFrames * 512;
  let chunk = newestChunk();
  while (chunk !== null) {
    if (chunk.zone == zone) free += partPagesOf(chunk);
    chunk = chunk.older;
  }
  return free;
}

/** Free pages of the chunk's partly used frames. */
function partPagesOf(chunk: Chunk): u64 {
  const first = frameNumber(chunk, 0);
  let pages: u64 = 0;
  let index = setNext(partSet(chunk.zone), first);
  while (index < first + 512) {
    pages += freeOf(load<u32>(descriptorAddress(chunk, index - first))) as u64;
    index = setNext(partSet(chunk.zone), index + 1);
  }
  return pages;
}

/** To everybody else the claimed pages are used. */
function claimHolds(): bool {
  if (claimedWord == 0) return claimedPages == 0;
  const hidden = load<u64>(claimedWord) & claimedPages;
  return (claimedStart & 0x3_ffff) == 0 && hidden == claimedPages;
}
