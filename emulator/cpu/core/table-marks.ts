/**
 * Frames that hold page tables, timed core only: marks, by level, and what makes them incomplete. Who marks them is in table-frames.ts.
 *
 * A store to such a frame takes the slow path, and so does every store while marks are stale: then there may be tables that are not marked.
 * Marks are no part of a processor's state: where they are decides how instructions are handed to the timing engine, not what comes of it.
 */
import { FRAMES, POOL_NEXT, TABLE_LEVELS } from '../../isa/state-layout';
import { dropAllWriteTags } from './tlb';

/** Levels above that of PTEs: a store to such a table may make others tables. */
const DIRECTORY_LEVELS: u32 = ~((1 << 1) | 1);
/** Directories stored to since the marks were complete, as far as there is room. */
const CHANGED_MAX: u32 = 16;
const changed: usize = memory.data(16 * 4, 4);
export let changedCount: u32 = 0;
/** After so many stores to marked frames the marks are made anew: the guest may use some for something else by now. */
const STORES_MAX: u32 = 0x10000;
let stores: u32 = 0;
/** All marks are to be made anew. */
export let marksLost: bool = true;
/** There may be tables without a mark. */
export let marksStale: bool = true;

/** Changes whenever walks may read other tables than before. */
export let pathGeneration: u32 = 1;

export function pathsChanged(): void {
  pathGeneration++;
}

/** Bitmap of tables whose pages have no frame of their own, by the page's number: of others, too. */
const FRAMELESS_BYTES: u32 = 512;
const frameless: usize = memory.data(512, 8);
let anyFrameless: bool = false;

/** Bit n: the frame is a table of level n.
 * @inline */
export function tableLevels(host: u32): u32 {
  return load<u8>(TABLE_LEVELS + (host >> 12));
}

export function setTableLevels(frame: u32, levels: u32): void {
  store<u8>(TABLE_LEVELS + (frame >> 12), <u8>levels);
}

/** A store to the page of `host` needs no look at its marks.
 * @inline */
export function storesUnmarked(host: u32): bool {
  return !marksStale && tableLevels(host) == 0;
}

/** Nothing is known any more about which frames are tables. */
export function loseMarks(): void {
  marksLost = true;
  marksStale = true;
  pathsChanged();
}

/** Stores are made to the frame of `host`. */
export function noteTableStore(host: u32): void {
  const levels = tableLevels(host);
  if (levels == 0) return;
  if (++stores == STORES_MAX) loseMarks();
  if ((levels & DIRECTORY_LEVELS) == 0) return;
  pathsChanged();
  marksStale = true;
  dropAllWriteTags();
  const frame = host & ~0xfff;
  if (changedCount != 0 && changedDirectory(changedCount - 1) == frame) return;
  if (changedCount == CHANGED_MAX) marksLost = true;
  else store<u32>(changed + 4 * changedCount++, frame);
}

export function changedDirectory(index: u32): u32 {
  return load<u32>(changed + 4 * index);
}

/** The frame is given back. */
export function unmarkFrame(frame: u32): void {
  if (tableLevels(frame) == 0) return;
  setTableLevels(frame, 0);
  loseMarks();
}

export function unmarkAll(): void {
  const next = load<u32>(POOL_NEXT);
  if (next > <u32>FRAMES) memory.fill(TABLE_LEVELS + (FRAMES >> 12), 0, (next - FRAMES) >> 12);
  if (anyFrameless) memory.fill(frameless, 0, FRAMELESS_BYTES);
  anyFrameless = false;
  stores = 0;
}

/** All tables are marked. */
export function marksComplete(): void {
  changedCount = 0;
  marksLost = false;
  marksStale = false;
}

/** @inline */
function framelessByte(page: u64): usize {
  return frameless + ((<u32>(page >> 3)) & (FRAMELESS_BYTES - 1));
}

/** The page is a table and has no frame of its own. */
export function noteFrameless(page: u64): void {
  const at = framelessByte(page);
  store<u8>(at, <u8>((<u32>load<u8>(at)) | (1 << ((<u32>page) & 7))));
  anyFrameless = true;
}

/** Pages are filled, and need no frame for it: directories may be among them. */
export function noteFill(): void {
  if (!anyFrameless) return;
  loseMarks();
  dropAllWriteTags();
}

/** The page gets a frame of its own. */
export function noteFrame(page: u64): void {
  if (anyFrameless && (((<u32>load<u8>(framelessByte(page))) >> ((<u32>page) & 7)) & 1) != 0)
    loseMarks();
}
