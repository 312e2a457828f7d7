/**
 * Guest physical memory, sparse: a radix tree over the 40-bit page number, four levels of 1024 entries. An entry at any
 * level is empty (power-on content), uniform (one repeated pattern), a frame (leaf level only) or a child node.
 *
 *   page number   39      30 29      20 19      10 9        0
 *                 [ root    ][ level 2 ][ level 1 ][ leaf    ]   one root entry = 4 TiB, one leaf entry = 4 KiB
 */
import {
  EXIT_ADDRESS,
  FAULT,
  FAULT_RESIDENT_LIMIT,
  LEAF_CACHE,
  ONES_FRAME,
  PageUse,
  RADIX_ROOT,
  SINK_FRAME,
} from '../../isa/state-layout';
import {
  allocatePage,
  allocateUnlimited,
  codeLines,
  fillHost,
  freePage,
  PAGE_BYTES,
} from './frame-pool';
import { invalidateCode } from './code-cache';
import { pageKind, PageKind } from './ram-ranges';
import { noteFill, noteFrame, noteTableStore } from './table-marks';
import { TIMED } from './timed';
import { dropSharedMappings, flushTlb } from './tlb';
import { reportPages } from './tracing';
import {
  addReferences,
  ENTRY_FRAME,
  ENTRY_NODE,
  ENTRY_TAG,
  entryPattern,
  internPattern,
  releaseReference,
  representativeFrame,
} from './uniform';

const ROOT_SHIFT: u32 = 30;
const LEVEL_BITS: u32 = 10;
const SLOTS: u32 = 1024;
const LEAF_CACHE_BYTES: u32 = 16 * 16;
const ONES: u64 = 0xffff_ffff_ffff_ffff;

function root(): u32 {
  let node = load<u32>(RADIX_ROOT);
  if (node == 0) {
    node = allocateUnlimited(0);
    if (node == 0) unreachable();
    store<u32>(RADIX_ROOT, node);
  }
  return node;
}

/** @inline */
function slotOf(node: u32, page: u64, shift: u32): u32 {
  return node + (((<u32>(page >> shift)) & (SLOTS - 1)) << 2);
}

function rememberLeaf(page: u64, leaf: u32): void {
  const cached = LEAF_CACHE + (((<u32>(page >> LEVEL_BITS)) & 15) << 4);
  store<u64>(cached, (page >> LEVEL_BITS) + 1);
  store<u32>(cached, leaf, 8);
}

/** The entry that covers `page`, at whatever level it stands.
 * @inline */
export function entryOf(page: u64): u32 {
  const cached = LEAF_CACHE + (((<u32>(page >> LEVEL_BITS)) & 15) << 4);
  return load<u64>(cached) == (page >> LEVEL_BITS) + 1
    ? load<u32>(slotOf(load<u32>(cached, 8), page, 0))
    : foundEntry(page);
}

function foundEntry(page: u64): u32 {
  let node = root();
  let shift = ROOT_SHIFT;
  while (true) {
    const entry = load<u32>(slotOf(node, page, shift));
    if ((entry & ENTRY_TAG) != ENTRY_NODE) return entry;
    node = entry & ~ENTRY_TAG;
    shift -= LEVEL_BITS;
    if (shift == 0) {
      rememberLeaf(page, node);
      return load<u32>(slotOf(node, page, 0));
    }
  }
}

/** First page behind the radix entry that covers `page`. */
export function nodeEntrySpan(page: u64): u64 {
  let node = root();
  let shift = ROOT_SHIFT;
  while (shift != 0) {
    const entry = load<u32>(slotOf(node, page, shift));
    if ((entry & ENTRY_TAG) != ENTRY_NODE) break;
    node = entry & ~ENTRY_TAG;
    shift -= LEVEL_BITS;
  }
  return ((page >> shift) + 1) << shift;
}

/** Host page to read `page` from: its frame, or the frame that represents its uniform content.
 * @inline */
export function readableFrame(page: u64): u32 {
  const entry = entryOf(page);
  return (entry & ENTRY_TAG) == ENTRY_FRAME ? entry & ~ENTRY_TAG : representativeFrame(entry);
}

/** Ends the run: the guest touched more storage than allowed. */
function raiseResidentLimit(page: u64): void {
  store<u32>(FAULT, FAULT_RESIDENT_LIMIT);
  store<u64>(EXIT_ADDRESS, page << 12);
}

/** Puts a node in the place of an empty or uniform entry; 0 at the resident limit. */
function splitEntry(slot: u32): u32 {
  const entry = load<u32>(slot);
  const node = allocatePage(((<u64>entry) << 32) | entry);
  if (node == 0) return 0;
  addReferences(entry, SLOTS - 1);
  store<u32>(slot, node | ENTRY_NODE);
  return node;
}

/** Host page of `page` for writing, with storage from now on; 0 with the resident-limit fault raised. */
export function writableFrame(page: u64): u32 {
  const known = entryOf(page);
  if ((known & ENTRY_TAG) == ENTRY_FRAME) return known & ~ENTRY_TAG;
  let node = root();
  for (let shift = ROOT_SHIFT; shift != 0; shift -= LEVEL_BITS) {
    const slot = slotOf(node, page, shift);
    const entry = load<u32>(slot);
    node = (entry & ENTRY_TAG) == ENTRY_NODE ? entry & ~ENTRY_TAG : splitEntry(slot);
    if (node == 0) {
      raiseResidentLimit(page);
      return 0;
    }
  }
  rememberLeaf(page, node);
  const slot = slotOf(node, page, 0);
  const entry = load<u32>(slot);
  const frame = allocatePage(entryPattern(entry));
  if (frame == 0) {
    raiseResidentLimit(page);
    return 0;
  }
  releaseReference(entry);
  store<u32>(slot, frame | ENTRY_FRAME);
  if (TIMED) noteFrame(page);
  dropSharedMappings();
  reportPages(PageUse.Stored, page, 1);
  return frame;
}

/** What addresses without RAM read as. */
export function onesFrame(): u32 {
  let frame = load<u32>(ONES_FRAME);
  if (frame == 0) {
    frame = allocateUnlimited(ONES);
    if (frame == 0) unreachable();
    store<u32>(ONES_FRAME, frame);
  }
  return frame;
}

/** Takes the stores to addresses without RAM and to ROM; never read. */
export function sinkFrame(): u32 {
  let frame = load<u32>(SINK_FRAME);
  if (frame == 0) {
    frame = allocateUnlimited(0);
    if (frame == 0) unreachable();
    store<u32>(SINK_FRAME, frame);
  }
  return frame;
}

// ── fills ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** From this length on a fill gives frames back; shorter ones overwrite them where they are. */
const RELEASE_BYTES: u64 = 0x10000;

let fillEntry: u32 = 0;
let fillPattern: u64 = 0;
let fillKeepsFrames: bool = false;
let fillFreed: bool = false;

/** Gives back the storage and references below `entry`. */
function releaseEntry(entry: u32): void {
  const tag = entry & ENTRY_TAG;
  if (tag == ENTRY_FRAME) {
    fillFreed = true;
    freePage(entry & ~ENTRY_TAG);
  } else if (tag == ENTRY_NODE) {
    const node = entry & ~ENTRY_TAG;
    for (let slot = node; slot != node + PAGE_BYTES; slot += 4) releaseEntry(load<u32>(slot));
    fillFreed = true;
    freePage(node);
  } else releaseReference(entry);
}

function fillFrame(frame: u32): void {
  if (codeLines(frame) != 0) invalidateCode(frame, PAGE_BYTES, false);
  if (TIMED) noteTableStore(frame);
  fillHost(frame, PAGE_BYTES, fillPattern);
}

function fillSlot(slot: u32, shift: u32): void {
  const entry = load<u32>(slot);
  if (entry == fillEntry) return;
  if (shift == 0 && fillKeepsFrames && (entry & ENTRY_TAG) == ENTRY_FRAME) {
    const frame = entry & ~ENTRY_TAG;
    fillFrame(frame);
    return;
  }
  releaseEntry(entry);
  addReferences(fillEntry, 1);
  store<u32>(slot, fillEntry);
}

/** Replaces a node by one entry when all its entries have become the fill's: fills page by page end up as small as large ones. */
function collapseNode(slot: u32, node: u32): void {
  for (let at = node; at != node + PAGE_BYTES; at += 4) {
    if (load<u32>(at) != fillEntry) return;
  }
  addReferences(fillEntry, 1 - SLOTS);
  store<u32>(slot, fillEntry);
  freePage(node);
  memory.fill(LEAF_CACHE, 0, LEAF_CACHE_BYTES);
}

/** Fills pages `first` to `end` - 1, all below `node`; false at the resident limit. */
function fillNode(node: u32, shift: u32, first: u64, end: u64): bool {
  const slotPages = (<u64>1) << shift;
  let page = first;
  while (page < end) {
    const slot = slotOf(node, page, shift);
    const slotEnd = (page & ~(slotPages - 1)) + slotPages;
    const stop = min(slotEnd, end);
    if (stop - page == slotPages) fillSlot(slot, shift);
    else {
      const entry = load<u32>(slot);
      if (entry != fillEntry) {
        const child = (entry & ENTRY_TAG) == ENTRY_NODE ? entry & ~ENTRY_TAG : splitEntry(slot);
        if (child == 0) {
          raiseResidentLimit(page);
          return false;
        }
        if (!fillNode(child, shift - LEVEL_BITS, page, stop)) return false;
        if (stop == slotEnd) collapseNode(slot, child);
      }
    }
    page = stop;
  }
  return true;
}

/** Without a free pattern slot: fills page by page, with storage. */
function fillFrames(first: u64, end: u64): bool {
  for (let page = first; page < end; page++) {
    const frame = writableFrame(page);
    if (frame == 0) return false;
    fillFrame(frame);
  }
  return true;
}

/** Fills RAM pages `first` to `end` - 1 with `pattern`; false (and the fault raised) at the resident limit. */
export function fillPages(first: u64, end: u64, pattern: u64): bool {
  reportPages(PageUse.Filled, first, end - first);
  if (TIMED) noteFill();
  fillEntry = internPattern(pattern);
  fillPattern = pattern;
  if (fillEntry == ENTRY_TAG) return fillFrames(first, end);
  fillKeepsFrames = end - first < RELEASE_BYTES >> 12;
  fillFreed = false;
  addReferences(fillEntry, 1); // keeps the pattern while entries change
  const complete = fillNode(root(), ROOT_SHIFT, first, end);
  releaseReference(fillEntry);
  if (fillFreed) {
    memory.fill(LEAF_CACHE, 0, LEAF_CACHE_BYTES);
    flushTlb(false);
  } else dropSharedMappings();
  return complete;
}

/** Whether `page` can be given storage: RAM, or ROM when `loading` it. */
export function pageTakesWrites(page: u64, loading: bool): bool {
  const kind = pageKind(page);
  return kind == PageKind.Ram || (loading && kind == PageKind.Rom);
}
