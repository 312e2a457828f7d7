/**
 * Accesses are translated as they were made (timed core only).
 *
 * The timing engine hears of a block's accesses when the block ends, and walks the page tables then. So a store among them to a table that it
 * would read begins a part of the block: its instruction is begun again, as one that meets a device is (device-access.ts), for which those before
 * it are handed over. Where it is the first that is not handed over, it is made. Repeated string instructions, which
 * could not begin again after some iterations, always are: they end a block.
 *
 * To that end the frames of all tables that a walk can reach are marked: from CR3 when that or the mode of paging changes, from a directory when it
 * has been stored to. Which tables walks have read is not asked: a translation in a TLB may be older than the tables that are there now.
 */
import { CR3 } from '../../isa/state-layout';
import { instructionsWait } from './access-log';
import { beginAgain } from './device-access';
import { waitingWalksRead } from './pending-walks';
import { entryOf } from './physical';
import { gateA20, pageKind, PageKind } from './ram-ranges';
import {
  format,
  isNarrow,
  NOWHERE,
  presentFormat,
  rootCount,
  rootLevel,
  rootTable,
  setFormat,
  tableNamed,
} from './table-format';
import {
  changedCount,
  changedDirectory,
  marksComplete,
  marksLost,
  marksStale,
  noteFrameless,
  pathsChanged,
  setTableLevels,
  tableLevels,
  unmarkAll,
} from './table-marks';
import { dropAllWriteTags } from './tlb';
import { ENTRY_FRAME, ENTRY_TAG, entryPattern } from './uniform';

const TABLE_BYTES: u32 = 4096;
const LEVEL_MAX: u32 = 5;

/** CR3 when the tables were marked. */
let markedRoot: u64 = 0;
/** Frames were marked that were not. */
let newlyMarked: bool = false;

/**
 * Whether a store to the page of `host` has to wait until the instructions before its own are handed over; its instruction then begins again.
 * For all stores of an instruction to a page the answer is the same: where it has been probed, the store is made.
 */
export function storeWaits(host: u32): bool {
  if (marksStale) markTables();
  if (tableLevels(host) == 0 || !instructionsWait() || !waitingWalksRead(host & ~0xfff))
    return false;
  beginAgain();
  return true;
}

/** A run begins: the host may have changed anything. */
export function markChangedTables(): void {
  if (marksStale || load<u64>(CR3) != markedRoot || presentFormat() != format) markTables();
}

/** Marks all tables that a walk can reach now. To be called when CR3 or the mode of paging has changed. */
export function markTables(): void {
  const now = presentFormat();
  newlyMarked = false;
  pathsChanged();
  if (marksLost || now != format) {
    unmarkAll();
    setFormat(now);
  } else {
    for (let index: u32 = 0; index < changedCount; index++) markChanged(changedDirectory(index));
  }
  marksComplete();
  markedRoot = load<u64>(CR3);
  if (now != 0) {
    for (let root: u32 = 0; root < rootCount(); root++) markTable(rootTable(root), rootLevel());
  }
  if (newlyMarked) dropAllWriteTags();
}

function markChanged(frame: u32): void {
  const levels = tableLevels(frame);
  for (let level: u32 = 2; level <= LEVEL_MAX; level++)
    if (((levels >> level) & 1) != 0) markBelow(frame, level);
}

/** The table at a physical address is one of `level`; those below it are marked where it was not. */
function markTable(address: u64, level: u32): void {
  if (address == NOWHERE) return;
  const page = gateA20(address) >> 12;
  const kind = pageKind(page);
  if (kind != PageKind.Ram && kind != PageKind.Rom) return;
  const entry = entryOf(page);
  if ((entry & ENTRY_TAG) != ENTRY_FRAME) {
    noteFrameless(page);
    if (level > 1) markNamed(entryPattern(entry), level);
    return;
  }
  const frame = entry & ~ENTRY_TAG;
  const levels = tableLevels(frame);
  if (((levels >> level) & 1) != 0) return;
  setTableLevels(frame, levels | (1 << level));
  newlyMarked = true;
  if (level > 1) markBelow(frame, level);
}

/** Marks the tables that the entries of a directory name. */
function markBelow(frame: u32, level: u32): void {
  for (let at = frame; at != frame + TABLE_BYTES; at += 8) markNamed(load<u64>(at), level);
}

/** The same for eight bytes of a directory: an entry, or two of four bytes. */
function markNamed(entries: u64, level: u32): void {
  if (isNarrow()) {
    markTable(tableNamed(entries & 0xffff_ffff, level), level - 1);
    markTable(tableNamed(entries >> 32, level), level - 1);
  } else if (entries != 0) markTable(tableNamed(entries, level), level - 1);
}
