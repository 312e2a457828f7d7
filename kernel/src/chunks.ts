import {
  PAGES_PER_FRAME,
  FRAMES_PER_GIB,
  freeDescriptors,
  heldDescriptors,
  LINE_SIZE,
} from './frame-descriptor';
import { regionOfFrame } from './frame-regions';
import { setClearLeaves, setHas } from './index-set';
import { chunkSet, fullSet, partSet, Zone, zoneAt } from './zones';

/**
 * Chunks: what a zone has within one GiB of addresses, at most 512 frames of 2 MiB.
 *
 *     address     63       41 40      30 29     21 20     12 11     0
 *                │  table    │   GiB    │  frame  │  page   │        │
 *
 *     roots       │ 2 TiB │ 0 │ 2 TiB │ …              0: a hole, which costs these 8 bytes
 *     table          │ chunk │ 0 │ chunk │ …           0: a hole, or a GiB that nobody has touched
 *     chunk             leaf lines, descriptors        lines trimmed to the frames that have RAM
 *
 * Tables lie one behind the other: as long as no 2 TiB are a hole they are one, the flat table. Its entries are counted from the
 * record of no chunk, all of whose frames are held, so that a free finds its descriptor by three loads and asks nothing on the
 * way: a chunk has a descriptor for every frame of its GiB below the end of RAM, and those that nobody has are held.
 *
 * A chunk's record is written when something in its GiB is first touched, which the zone's `written` bit says; until then it
 * holds anything. So do the words of the zone's set of partly used frames that are about it, which are cleared with it. Those
 * of the set of whole frames are ones from the start where the GiB is free as a whole, and else cleared with the record.
 * Where records and lines lie follows from the *piece*: consecutive GiBs of one zone. Records, 64 bytes each, lie in the same order as the
 * eight words that say which of a GiB's frames are whole, so that one leads to the other.
 */
@unmanaged
export class Chunk {
  /** Where the leaf line of address 0 would be. */
  lines: usize;
  /** Descriptors of the GiB's 512 frames: the chunk's own, or one of the shared blocks. */
  descriptors: usize;
  ownDescriptors: usize;
  zone: Zone;
  /** The next chunk of the same GiB: where zones or nodes meet inside. */
  sibling: Chunk | null;
  /** The chunk whose record was written before this one. */
  older: Chunk | null;
  gib: u32;
  firstFrame: u16;
  frameCount: u16;
  /** Number within the zone. */
  number: u32;
  /** Wholly free frames. */
  full: u32;
}

export const CHUNK_SIZE: usize = 64;

/** 48 bytes. Frames are numbered by address / 2 MiB. */
@unmanaged
export class Piece {
  firstGib: u32;
  gibCount: u32;
  /** Number of the first chunk. */
  firstChunk: u32;
  unused: u32;
  firstFrame: u64;
  endFrame: u64;
  /** Leaf line of frame 0 of the first GiB, or where it would be, and its descriptor. */
  lines: usize;
  descriptors: usize;
}

export const PIECE_SIZE: usize = 48;

export const PAGES_PER_GIB_SHIFT: u64 = 18;
/** GiBs in a table. */
const TABLE_SHIFT: u64 = 11;
const TABLE_MASK: u64 = 2047;
const NO_CHUNK: u64 = u64.MAX_VALUE;
export const TABLE_GIBS: u64 = 2048;

let roots: usize = 0;
let managedEnd: u64 = 0;
let managedPagesEnd: u64 = 0;
/** The chunk of GiBs that have none; the entries of tables are counted from here. */
const noChunk: usize = memory.data(64, 64);
/** The first table, and the end of the pages that are found in it and those behind it; 0 where there is a hole first. */
let flatTable: usize = 0;
let flatPagesEnd: u64 = 0;
/** The frames that lie wholly before that. */
let flatFramesEnd: u64 = 0;
/** From the words of the set of whole frames that are about a chunk to its record, and to its entry. */
let wordsToRecord: usize = 0;
let wordsToEntry: usize = 0;
/** The record that was written last. */
let newest: Chunk | null = null;

/**
 * `rootsStart` has a zero for each 2 TiB below `end`, which is the end of managed RAM; from the words of the sets of whole frames to the
 * records of the same chunks are `distance` bytes, in all zones.
 */
export function chunksInit(rootsStart: usize, end: u64, distance: usize): void {
  wordsToRecord = distance;
  wordsToEntry = distance - noChunk;
  roots = rootsStart;
  managedEnd = end;
  managedPagesEnd = end >> 12;
  flatTable = 0;
  flatPagesEnd = 0;
  flatFramesEnd = 0;
  changetype<Chunk>(noChunk).descriptors = heldDescriptors();
  newest = null;
}

/** Enters a table that begins with `gib`; lower ones first, and each behind the one before. */
export function setTable(gib: u64, table: usize): void {
  store<usize>(roots + (((gib >> TABLE_SHIFT) << 3) as usize), table);
  if (flatTable == 0) flatTable = table;
  if (table - flatTable != ((gib << 3) as usize)) return;
  flatPagesEnd = min(managedPagesEnd, (gib + TABLE_GIBS) << PAGES_PER_GIB_SHIFT);
  flatFramesEnd = flatPagesEnd / PAGES_PER_FRAME;
}

function tableOf(gib: u64): usize {
  return load<usize>(roots + (((gib >> TABLE_SHIFT) << 3) as usize));
}

export function newestChunk(): Chunk | null {
  return newest;
}

/** The written chunk that `address` lies in; null for a GiB that is a hole or as untouched as at the start. */
export function chunkOf(address: u64): Chunk | null {
  if (address >= managedEnd) return null;
  const table = tableOf(address >> 30);
  if (table == 0) return null;
  const entry = load<usize>(table + ((((address >> 30) & TABLE_MASK) << 3) as usize));
  if (entry == 0) return null;
  let at = changetype<usize>(chunkAtEntry(entry));
  const frame = (address >> 21) & (FRAMES_PER_GIB - 1);
  while (at != 0) {
    const chunk = changetype<Chunk>(at);
    if (hasFrame(chunk, frame)) return chunk;
    at = changetype<usize>(chunk.sibling);
  }
  return null;
}

/** Whether page number `page` is found in the flat table. @inline */
export function isFlatPage(page: u64): bool {
  return page < flatPagesEnd;
}

/** The same of frame number `frame`. @inline */
export function isFlatFrame(frame: u64): bool {
  return frame < flatFramesEnd;
}

/**
 * The flat table's entry for an address whose page is in it: of the first chunk of its GiB, or of none. Where its line is another
 * chunk's, its frame is held there.
 * @inline */
export function flatEntryOf(address: usize): usize {
  return load<usize>(flatTable + ((address >> 30) << 3));
}

/** The chunk of a table's entry. @inline */
export function chunkAtEntry(entry: usize): Chunk {
  return changetype<Chunk>(noChunk + entry);
}

export function entryOf(chunk: Chunk): usize {
  return changetype<usize>(chunk) - noChunk;
}

/** Whether frame `frame` of the GiB is the chunk's. @inline */
export function hasFrame(chunk: Chunk, frame: u64): bool {
  return (frame as u32) - (chunk.firstFrame as u32) < (chunk.frameCount as u32);
}

/** The one of the chunks of a GiB, `chunk` or behind it, that has frame `frame`. */
export function chunkWith(chunk: Chunk, frame: u64): Chunk {
  while (!hasFrame(chunk, frame)) chunk = changetype<Chunk>(changetype<usize>(chunk.sibling));
  return chunk;
}

/** Whether the GiB of `page` is managed as a whole, free, and untouched since the start. */
export function isUntouched(page: u64): bool {
  return chunkOf(page << 12) === null && regionOfFrame(page) !== null;
}

/** The chunk that managed `page` lies in; writes its record. */
export function chunkHolding(page: u64): Chunk {
  const chunk = chunkOf(page << 12);
  if (chunk !== null) return chunk;
  // An untouched GiB is one zone's as a whole.
  const gib = page >> PAGES_PER_GIB_SHIFT;
  let index: u32 = 0;
  while (chunkNumber(zoneAt(index), gib) == NO_CHUNK) index += 1;
  return chunkAt(zoneAt(index), chunkNumber(zoneAt(index), gib));
}

/** The number in `zone` of the chunk of GiB `gib`, or NO_CHUNK when the zone has nothing of that. */
export function chunkNumber(zone: Zone, gib: u64): u64 {
  let low: u32 = 0;
  let high = zone.pieceCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieceAt(zone, middle).firstGib as u64) <= gib) low = middle;
    else high = middle - 1;
  }
  const piece = pieceAt(zone, low);
  const ahead = gib - (piece.firstGib as u64);
  return ahead < (piece.gibCount as u64) ? (piece.firstChunk as u64) + ahead : NO_CHUNK;
}

export function pieceAt(zone: Zone, index: u32): Piece {
  return changetype<Piece>(zone.pieces + (index as usize) * PIECE_SIZE);
}

/** The piece that holds chunk `number` of the zone. */
export function pieceOfChunk(zone: Zone, number: u64): Piece {
  let low: u32 = 0;
  let high = zone.pieceCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieceAt(zone, middle).firstChunk as u64) <= number) low = middle;
    else high = middle - 1;
  }
  return pieceAt(zone, low);
}

/** Chunk `number` of a zone; writes its record. @inline */
export function chunkAt(zone: Zone, number: u64): Chunk {
  if (!isWritten(zone, number)) writeChunk(zone, number);
  return writtenChunkAt(zone, number);
}

/** Whether the record of chunk `number` is written. @inline */
export function isWritten(zone: Zone, number: u64): bool {
  const written = zone.written + (((number >> 6) << 3) as usize);
  return ((load<u64>(written) >> (number & 63)) & 1) != 0;
}

/** The same of a chunk whose record is written. @inline */
export function writtenChunkAt(zone: Zone, number: u64): Chunk {
  return changetype<Chunk>(zone.chunks + (number as usize) * CHUNK_SIZE);
}

/**
 * A GiB that is in the set of free ones is free; any other starts held as a whole, and its RAM is released later. Only
 * initialisation writes the records of these others. @cold */
function writeChunk(zone: Zone, number: u64): void {
  const chunk = writtenChunkAt(zone, number);
  const written = zone.written + (((number >> 6) << 3) as usize);
  store<u64>(written, load<u64>(written) | ((1 as u64) << (number & 63)));
  const piece = pieceOfChunk(zone, number);
  const ahead = number - (piece.firstChunk as u64);
  const gib = (piece.firstGib as u64) + ahead;
  const base = gib * FRAMES_PER_GIB;
  const first = max(piece.firstFrame, base);
  const end = min(piece.endFrame, base + FRAMES_PER_GIB);
  const isFree = setHas(chunkSet(zone), number);
  setClearLeaves(partSet(zone), number * FRAMES_PER_GIB);
  if (!isFree) setClearLeaves(fullSet(zone), number * FRAMES_PER_GIB);
  chunk.lines = piece.lines - (((piece.firstGib as u64) * FRAMES_PER_GIB) as usize) * LINE_SIZE;
  chunk.ownDescriptors = piece.descriptors + ((ahead * FRAMES_PER_GIB) as usize) * 4;
  chunk.descriptors = isFree ? freeDescriptors() : heldDescriptors();
  chunk.zone = zone;
  chunk.sibling = null;
  chunk.gib = gib as u32;
  chunk.firstFrame = (first - base) as u16;
  chunk.frameCount = (end - first) as u16;
  chunk.number = number as u32;
  chunk.full = isFree ? (FRAMES_PER_GIB as u32) : 0;
  chunk.older = newest;
  newest = chunk;
  const entry = tableOf(gib) + (((gib & TABLE_MASK) << 3) as usize);
  const other = load<usize>(entry);
  if (other != 0) joinSibling(chunk, chunkAtEntry(other));
  store<usize>(entry, entryOf(chunk));
}

/**
 * Two zones have frames of the GiB. Where their lines are in one row, as those of DMA and DMA32 are, they have descriptors in
 * common, too: then the flat table leads to all of them. No chunk whose GiB is not its own is ever held or free as a whole.
 */
function joinSibling(chunk: Chunk, sibling: Chunk): void {
  chunk.sibling = sibling;
  if (sibling.lines != chunk.lines) return;
  unshareDescriptors(sibling);
  chunk.ownDescriptors = sibling.ownDescriptors;
  chunk.descriptors = sibling.ownDescriptors;
}

/** Gives the chunk descriptors of its own. @inline */
export function unshareDescriptors(chunk: Chunk): void {
  if (chunk.descriptors != chunk.ownDescriptors) copyDescriptors(chunk);
}

/** The same of a chunk whose GiB has no other and is there as a whole. @inline */
export function unshareWhole(chunk: Chunk): void {
  const own = chunk.ownDescriptors;
  if (chunk.descriptors == own) return;
  memory.copy(own, chunk.descriptors, (FRAMES_PER_GIB as usize) * 4);
  chunk.descriptors = own;
}

/** @cold */
function copyDescriptors(chunk: Chunk): void {
  const own = chunk.ownDescriptors;
  const endFrame = (managedPagesEnd + PAGES_PER_FRAME - 1) / PAGES_PER_FRAME;
  const frames = min(FRAMES_PER_GIB, endFrame - (chunk.gib as u64) * FRAMES_PER_GIB);
  memory.copy(own, chunk.descriptors, (frames as usize) * 4);
  chunk.descriptors = own;
}

export function descriptorAddress(chunk: Chunk, frame: u64): usize {
  return chunk.descriptors + ((frame << 2) as usize);
}

/** Address of the word of the set of whole frames that frame `frame` of the chunk of a table's entry is in. @inline */
export function fullWordAtEntry(entry: usize, frame: u64): usize {
  return entry + ((((frame >> 6) << 3) as usize) - wordsToEntry);
}

/** The chunk, and the number in its GiB of the first frame, that such a word is about. @inline */
export function chunkOfFullWord(address: usize): Chunk {
  return changetype<Chunk>((address & ~(CHUNK_SIZE - 1)) + wordsToRecord);
}

/** @inline */
export function firstFrameOfFullWord(address: usize): u64 {
  return ((address & (CHUNK_SIZE - 1)) << 3) as u64;
}

/** Address of the leaf line of frame `frame` of the GiB. */
export function lineOf(chunk: Chunk, frame: u64): usize {
  return wordOf(chunk, firstPageOf(chunk, frame));
}

/** Address of the word of the leaf lines that page number `page` is in: 64 pages. @inline */
export function wordOf(chunk: Chunk, page: u64): usize {
  return chunk.lines + (((page >> 6) << 3) as usize);
}

/** The same by the word's number, that of its pages / 64. @inline */
export function wordAt(chunk: Chunk, number: u64): usize {
  return chunk.lines + ((number << 3) as usize);
}

/** Number of a frame within its zone. */
export function frameNumber(chunk: Chunk, frame: u64): u64 {
  return (chunk.number as u64) * FRAMES_PER_GIB + frame;
}

/** Page number of a frame's first page. */
export function firstPageOf(chunk: Chunk, frame: u64): u64 {
  return ((chunk.gib as u64) << PAGES_PER_GIB_SHIFT) + (frame << 9);
}

/** What to add to the number of a frame of this piece to have its address / 2 MiB. */
export function frameShift(piece: Piece): u64 {
  return ((piece.firstGib as u64) - (piece.firstChunk as u64)) * FRAMES_PER_GIB;
}

/** Page number of the first page of frame `index` of the zone; writes no record. */
export function pageOfFrame(zone: Zone, index: u64): u64 {
  const piece = pieceOfChunk(zone, index / FRAMES_PER_GIB);
  return (index + frameShift(piece)) * PAGES_PER_FRAME;
}
