import {
  CHUNK_SIZE,
  chunkAt,
  chunkNumber,
  chunksInit,
  pieceAt,
  PAGES_PER_GIB_SHIFT,
  PIECE_SIZE,
  setTable,
  TABLE_GIBS,
} from './chunks';
import {
  FRAMES_PER_GIB,
  LINE_SIZE,
  PAGES_PER_FRAME,
  sharedDescriptorsInit,
} from './frame-descriptor';
import { REGION_SIZE, regionAdd, regionsInit } from './frame-regions';
import { releasePages } from './frame-states';
import { heldLinesForget } from './held-lines';
import { setBytes, setInit, setInsertRange, setLeafBytes } from './index-set';
import { rangeAt } from './memory-map';
import { nodeEnd, nodeOf } from './nodes';
import { PAGE_SHIFT } from './page';
import {
  chunkSet,
  fullSet,
  kindEnd,
  kindOf,
  partSet,
  Zone,
  ZONE_SIZE,
  zoneAdd,
  zonesEnd,
  zonesInit,
  zoneSlot,
  zoneSlots,
} from './zones';

/**
 * From ranges of RAM to zones, twice over the same *parts* (what one range has of one zone): first only counted, which
 * gives the size of the metadata, then built.
 *
 *     roots │ tables │ zones │ pieces │ regions │ sets │ full │ part │ chunk records │ leaf lines, 64 B a frame │ descriptors, 2 KiB a chunk
 *     └────────────── filled with zeros ───────────────┘        └────────────── written when first needed ───────────────────────┘
 *
 * `full` and `part` are level 0 of the sets of frames, of all zones. `full` is nearly all ones: each GiB's words are written once. A GiB has 64 bytes
 * in each, and of the records: all three are multiples of 64, and lie in the same order.
 *
 * A GiB that is RAM as a whole costs no instruction: it is a bit in three sets, which are filled. Only GiBs at the edges
 * of parts are taken apart here. So the work grows with the number of ranges, not with the amount of RAM.
 */
const FRAME_SHIFT: u64 = 21;
const FRAME_SIZE: u64 = 1 << 21;
const GIB_SHIFT: u64 = 30;
const TABLE_SIZE: u64 = TABLE_GIBS * 8;
/** Of a chunk, for all frames of its GiB; at the end of RAM, for those that there are. */
const DESCRIPTORS_SIZE: u64 = FRAMES_PER_GIB * 4;

/** What a zone will consist of. 32 bytes. */
@unmanaged
class ZonePlan {
  frames: u64;
  /** End of the last piece so far. */
  endFrame: u64;
  chunks: u32;
  pieces: u32;
  /** The zone, once it is there. */
  zone: usize;
}

const PLAN_SIZE: usize = 32;
const plans: usize = memory.data(6144, 8);

let tablesSize: u64 = 0;
let managedEnd: u64 = 0;
let pieceTotal: u64 = 0;
let chunkTotal: u64 = 0;
let zoneTotal: u64 = 0;

// The part that nextPart found.
let partStart: u64 = 0;
let partEnd: u64 = 0;
let partSlot: usize = 0;
let partNode: u32 = 0;
let partKind: u32 = 0;
let partRange: u32 = 0;

function planOf(slot: usize): ZonePlan {
  return changetype<ZonePlan>(plans + slot * PLAN_SIZE);
}

function partsBegin(): void {
  partRange = 0;
  partEnd = 0;
}

function nextPart(ranges: usize, rangeCount: u32): bool {
  for (; partRange < rangeCount; partRange++) {
    const range = rangeAt(ranges, partRange);
    const start = max(partEnd, range.start);
    if (start >= range.end) continue;
    // A frame that two nodes share belongs to the node of its first page.
    const frameStart = start & ~(FRAME_SIZE - 1);
    const nodeBorder = nodeEnd(frameStart);
    const border = min(
      kindEnd(start),
      nodeBorder > range.end ? range.end : roundUpToFrame(nodeBorder),
    );
    partStart = start;
    partEnd = min(range.end, border);
    partNode = nodeOf(frameStart);
    partKind = kindOf(start);
    partSlot = zoneSlot(partNode, partKind);
    return true;
  }
  return false;
}

function roundUpToFrame(address: u64): u64 {
  return (address + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);
}

function lastGibOf(plan: ZonePlan): u64 {
  return (plan.endFrame - 1) / FRAMES_PER_GIB;
}

/** Whether the part begins in the GiB in which its zone's last piece ends: then it lengthens that piece. */
function partContinues(plan: ZonePlan): bool {
  return plan.pieces != 0 && lastGibOf(plan) == partStart >> GIB_SHIFT;
}

/** Adds the part to the plan of its zone. */
function planPart(): void {
  const plan = planOf(partSlot);
  const first = partStart >> FRAME_SHIFT;
  const end = roundUpToFrame(partEnd) >> FRAME_SHIFT;
  const lastGib = (end - 1) / FRAMES_PER_GIB;
  if (partContinues(plan)) {
    addChunks(plan, lastGib - lastGibOf(plan));
    plan.frames += end - plan.endFrame;
  } else {
    if (plan.pieces == 0) zoneTotal += 1;
    pieceTotal += 1;
    plan.pieces += 1;
    addChunks(plan, lastGib - first / FRAMES_PER_GIB + 1);
    plan.frames += end - first;
  }
  plan.endFrame = end;
}

function addChunks(plan: ZonePlan, count: u64): void {
  plan.chunks += count as u32;
  chunkTotal += count;
}

/** Bytes of metadata for these ranges; planBuild uses what this has counted. */
export function planZones(ranges: usize, rangeCount: u32): u64 {
  memory.fill(plans, 0, zoneSlots() * PLAN_SIZE);
  tablesSize = 0;
  managedEnd = 0;
  pieceTotal = 0;
  chunkTotal = 0;
  zoneTotal = 0;
  let lastTable = u64.MAX_VALUE;
  partsBegin();
  while (nextPart(ranges, rangeCount)) {
    planPart();
    const table = (partEnd - 1) >> 41;
    const first = partStart >> 41;
    tablesSize += (table - first + (first == lastTable ? 0 : 1)) * TABLE_SIZE;
    lastTable = table;
    managedEnd = partEnd;
  }
  if (managedEnd == 0) return 0;
  tablesSize -= (TABLE_GIBS - 1 - (((managedEnd - 1) >> GIB_SHIFT) & (TABLE_GIBS - 1))) * 8;
  let size = zeroedSize(rangeCount) + leavesSize() + chunkTotal * (CHUNK_SIZE as u64) + 64;
  for (let slot: usize = 0; slot < zoneSlots(); slot++) {
    const plan = planOf(slot);
    if (plan.pieces != 0) size += descriptorsSize(plan) + plan.frames * (LINE_SIZE as u64);
  }
  return size;
}

/** Bytes of a zone's descriptors: its chunks have them for all frames of their GiBs, but none beyond the end of RAM. */
function descriptorsSize(plan: ZonePlan): u64 {
  const end = roundUpToFrame(managedEnd) >> FRAME_SHIFT;
  const lastEnd = (lastGibOf(plan) + 1) * FRAMES_PER_GIB;
  const beyond = lastEnd > end ? lastEnd - end : 0;
  return ((plan.chunks as u64) * DESCRIPTORS_SIZE - beyond * 4 + 7) & ~7;
}

function rootsSize(): u64 {
  return (((managedEnd - 1) >> 41) + 1) * 8;
}

/** Bytes of level 0 of all sets of frames. */
function leavesSize(): u64 {
  return 2 * setLeafBytes(chunkTotal * FRAMES_PER_GIB);
}

function zeroedSize(rangeCount: u32): u64 {
  let size = rootsSize() + tablesSize + zoneTotal * (ZONE_SIZE as u64);
  size += pieceTotal * (PIECE_SIZE as u64) + (rangeCount as u64) * (REGION_SIZE as u64);
  for (let slot: usize = 0; slot < zoneSlots(); slot++) {
    const chunks = planOf(slot).chunks as u64;
    if (chunks == 0) continue;
    const frames = chunks * FRAMES_PER_GIB;
    size += 2 * (setBytes(frames) - setLeafBytes(frames));
    size += setBytes(chunks) + setLeafBytes(chunks);
  }
  return size;
}

/** Builds the zones of the ranges of the last planZones, all RAM free, in the metadata at `place`. Returns its pages. */
export function buildZones(place: usize, ranges: usize, rangeCount: u32): u64 {
  const zeroed = zeroedSize(rangeCount);
  memory.fill(place, 0, zeroed as usize);
  sharedDescriptorsInit();
  heldLinesForget();
  chunksInit(place, managedEnd, leavesSize() as usize);
  const tables = place + (rootsSize() as usize);
  zonesInit(tables + (tablesSize as usize));
  const leaves = (place + (zeroed as usize) + LINE_SIZE - 1) & ~(LINE_SIZE - 1);
  layOut(tables + (tablesSize as usize), leaves, ranges, rangeCount);
  zonesEnd();
  fillPieces(tables, ranges, rangeCount);

  let pages: u64 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) {
    const range = rangeAt(ranges, i);
    const count = (range.end - range.start) >> PAGE_SHIFT;
    regionAdd(range.start >> PAGE_SHIFT, count);
    pages += count;
  }
  partsBegin();
  while (nextPart(ranges, rangeCount)) freePart(zoneByPlan(partSlot));
  return pages;
}

/** Where a built zone is: in the plan of its slot. */
function zoneByPlan(slot: usize): Zone {
  return changetype<Zone>(planOf(slot).zone);
}

/** Gives each zone its pieces, chunk records, sets, leaf lines and descriptors. */
function layOut(zonesAt: usize, leavesAt: usize, ranges: usize, rangeCount: u32): void {
  let at = zonesAt + (zoneTotal as usize) * ZONE_SIZE;
  for (let slot: usize = 0; slot < zoneSlots(); slot++) {
    const plan = planOf(slot);
    if (plan.pieces == 0) continue;
    const zone = zoneAdd((slot as u32) / 3, (slot as u32) % 3);
    plan.zone = changetype<usize>(zone);
    zone.pieces = at;
    at += (plan.pieces as usize) * PIECE_SIZE;
  }
  regionsInit(at);
  at += (rangeCount as usize) * REGION_SIZE;
  let leaves = leavesAt;
  let records = leavesAt + (leavesSize() as usize);
  let lines = records + (chunkTotal as usize) * CHUNK_SIZE;
  for (let slot: usize = 0; slot < zoneSlots(); slot++) {
    const plan = planOf(slot);
    if (plan.pieces == 0) continue;
    const zone = zoneByPlan(slot);
    const chunks = plan.chunks as u64;
    zone.chunkCount = plan.chunks;
    zone.chunks = records;
    records += (chunks as usize) * CHUNK_SIZE;
    zone.written = at;
    at += setLeafBytes(chunks) as usize;
    const frames = chunks * FRAMES_PER_GIB;
    at = setInit(fullSet(zone), leaves, at, frames);
    at = setInit(partSet(zone), leaves + ((leavesSize() / 2) as usize), at, frames);
    at = setInit(chunkSet(zone), at, at + (setLeafBytes(chunks) as usize), chunks);
    leaves += setLeafBytes(frames) as usize;
    // Until its pieces are known: where the zone's lines and descriptors begin.
    plan.endFrame = lines as u64;
    lines += (plan.frames as usize) * LINE_SIZE;
  }
  for (let slot: usize = 0; slot < zoneSlots(); slot++) {
    const plan = planOf(slot);
    if (plan.pieces == 0) continue;
    placePieces(slot, plan.endFrame as usize, lines, ranges, rangeCount);
    lines += descriptorsSize(plan) as usize;
  }
}

/** Writes the pieces of one zone, whose leaf lines and descriptors begin at these addresses. */
function placePieces(
  slot: usize,
  lines: usize,
  descriptors: usize,
  ranges: usize,
  rangeCount: u32,
): void {
  const plan = planOf(slot);
  const zone = zoneByPlan(slot);
  let frames: u64 = 0;
  let chunks: u32 = 0;
  plan.pieces = 0;
  partsBegin();
  while (nextPart(ranges, rangeCount)) {
    if (partSlot != slot) continue;
    const first = partStart >> FRAME_SHIFT;
    const end = roundUpToFrame(partEnd) >> FRAME_SHIFT;
    const lastGib = (end - 1) / FRAMES_PER_GIB;
    if (partContinues(plan)) {
      const piece = pieceAt(zone, plan.pieces - 1);
      chunks += (lastGib - lastGibOf(plan)) as u32;
      frames += end - plan.endFrame;
      piece.gibCount = (lastGib as u32) - piece.firstGib + 1;
      piece.endFrame = end;
    } else {
      const piece = pieceAt(zone, plan.pieces);
      const firstGib = first / FRAMES_PER_GIB;
      const skipped = (frames - (first - firstGib * FRAMES_PER_GIB)) as usize;
      piece.firstGib = firstGib as u32;
      piece.gibCount = (lastGib - firstGib + 1) as u32;
      piece.firstChunk = chunks;
      piece.firstFrame = first;
      piece.endFrame = end;
      piece.lines = lines + skipped * LINE_SIZE;
      piece.descriptors = descriptors + (chunks as usize) * (DESCRIPTORS_SIZE as usize);
      plan.pieces += 1;
      zone.pieceCount = plan.pieces;
      chunks += piece.gibCount;
      frames += end - first;
    }
    plan.endFrame = end;
    zone.total += (partEnd - partStart) >> PAGE_SHIFT;
  }
}

/** Gives each 2 TiB that have RAM their table. */
function fillPieces(tables: usize, ranges: usize, rangeCount: u32): void {
  let lastTable = u64.MAX_VALUE;
  let at = tables;
  partsBegin();
  while (nextPart(ranges, rangeCount)) {
    for (let table = partStart >> 41; table <= (partEnd - 1) >> 41; table++) {
      if (table == lastTable) continue;
      setTable(table * TABLE_GIBS, at);
      at += TABLE_SIZE as usize;
      lastTable = table;
    }
  }
}

/** Makes the RAM of the part free: whole GiBs by filling, the rest page by page. */
function freePart(zone: Zone): void {
  const firstGib = (partStart + (((1 as u64) << GIB_SHIFT) - 1)) >> GIB_SHIFT;
  const endGib = partEnd >> GIB_SHIFT;
  if (firstGib >= endGib) {
    chunkAt(zone, chunkNumber(zone, partStart >> GIB_SHIFT));
    chunkAt(zone, chunkNumber(zone, (partEnd - 1) >> GIB_SHIFT));
    releasePages(partStart >> PAGE_SHIFT, (partEnd - partStart) >> PAGE_SHIFT);
    return;
  }
  const count = endGib - firstGib;
  const number = chunkNumber(zone, firstGib);
  setInsertRange(chunkSet(zone), number, count);
  setInsertRange(fullSet(zone), number * FRAMES_PER_GIB, count * FRAMES_PER_GIB);
  zone.fullChunks += count;
  zone.fullFrames += count * FRAMES_PER_GIB;
  zone.free += count * FRAMES_PER_GIB * PAGES_PER_FRAME;
  const first = partStart >> PAGE_SHIFT;
  const wholeStart = firstGib << PAGES_PER_GIB_SHIFT;
  const wholeEnd = endGib << PAGES_PER_GIB_SHIFT;
  chunkAt(zone, chunkNumber(zone, partStart >> GIB_SHIFT));
  chunkAt(zone, chunkNumber(zone, (partEnd - 1) >> GIB_SHIFT));
  releasePages(first, wholeStart - first);
  releasePages(wholeEnd, (partEnd >> PAGE_SHIFT) - wholeEnd);
}
