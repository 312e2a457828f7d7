import { AREAS_START } from './address-space';
import { pmm_free_pages } from './page-frames';
import {
  ENTRY_ACCESSED,
  ENTRY_ADDRESS,
  ENTRY_DIRTY,
  ENTRY_EXECUTE_DISABLE,
  ENTRY_PAGE_SIZE,
  ENTRY_PRESENT,
  ENTRY_USER,
  ENTRY_WRITABLE,
  entryOf,
  isLeaf,
  rootShift,
  rootTable,
  SHIFT_PD,
  SHIFT_PDPT,
  SHIFT_PT,
  TABLE_ENTRIES,
  targetOf,
} from './page-table';
import { hasGigabytePages } from './processor';
import { rememberTable } from './recent-table';
import {
  frameReturn,
  invalidate,
  invalidateAll,
  invalidationsBegin,
  invalidationsEnd,
  stockFill,
  stockTake,
  tableRetire,
  tableTake,
} from './table-frames';
import { x86 } from './x86';

/**
 * One change of the page tables over a range of linear addresses, all or nothing.
 *
 * It goes down twice. `plan` reads only: it finds what forbids the change, and counts the tables that it takes (the
 * new ones, and one for each large page that only a part of which changes). When these are in stock, `apply` changes
 * the entries and cannot fail any more. On the way up it frees each table that has become empty and replaces by one
 * large page each table whose 512 pages have become that.
 *
 * How many entries of a table are in use stands in bits 61:52 of the entry that leads to it, which the processor
 * ignores. [SDM-3A "4-Level Paging and 5-Level Paging", Ignored]
 *
 *      63  62 61        52 51                     12 11    8 7     2  1  0
 *     ┌───┬──┬────────────┬─────────────────────────┬───────┬────┬───┬──┬──┐
 *     │ 0 │  │ count 1–512│ address of the table    │       │    │ US│RW│ P│   always user and writable:
 *     └───┴──┴────────────┴─────────────────────────┴───────┴────┴───┴──┴──┘   the last level has the rights
 */
export enum Change {
  /** Empty entries get pages that lie one behind the other in physical memory. */
  Map,
  Unmap,
  /** Other rights for pages that are there. */
  Protect,
  /** Empty entries get pages of the stock, 4 KiB each; the first and, with a guard there, the last a marker. */
  Allocate,
  /** The opposite of Allocate. */
  Free,
}

/** Why a change is not made. */
export enum Obstacle {
  Nothing,
  AlreadyMapped,
  NotMapped,
  OutOfMemory,
}

const COUNT_SHIFT: u64 = 52;
const COUNT_ONE: u64 = (1 as u64) << 52;
const COUNT_MASK: u64 = 0x3ff;
export const RIGHTS: u64 = ENTRY_WRITABLE | ENTRY_USER | ENTRY_EXECUTE_DISABLE;

/** In place of a table, while planning: there is none yet, and it will be empty or one large page cut to pieces. */
const EMPTY: usize = 0;
const LARGE_PAGE: usize = 1;

/** The change at work: one at a time, with interrupts off. */
let change: Change = Change.Map;
let framesNeeded: u64 = 0;
/** Map: physical less linear address. */
let distance: u64 = 0;
/** Map, Protect, Allocate: the bits beside the address. */
let bits: u64 = 0;
/** Allocate: first and last page, and the markers for them (0: no marker, a page). */
let firstPage: u64 = 0;
let lastPage: u64 = 0;
let firstMarker: u64 = 0;
let lastMarker: u64 = 0;

/** The lowest table of the change, log2 of what its entries map, and the entries on the way there from the root on. */
let lowTable: usize = 0;
let lowShift: u64 = 0;
let depth: usize = 0;
const way: usize = memory.data(32, 8);

/** Maps [first, last] to physical memory from `physical` on. `leafBits`: everything beside the address. */
export function mapRange(first: u64, last: u64, physical: u64, leafBits: u64): Obstacle {
  distance = physical - first;
  bits = leafBits;
  return make(Change.Map, first, last);
}

export function unmapRange(first: u64, last: u64): Obstacle {
  return make(Change.Unmap, first, last);
}

export function protectRange(first: u64, last: u64, rights: u64): Obstacle {
  bits = rights;
  return make(Change.Protect, first, last);
}

/** Fills [first, last] with pages of its own, but for the markers. */
export function allocateRange(
  first: u64,
  last: u64,
  leafBits: u64,
  markerLow: u64,
  markerHigh: u64,
): Obstacle {
  bits = leafBits;
  firstPage = first;
  lastPage = (last >> SHIFT_PT) << SHIFT_PT;
  firstMarker = markerLow;
  lastMarker = markerHigh;
  return make(Change.Allocate, first, last);
}

/** Takes back a range of allocateRange, whose pages are freed. */
export function freeRange(first: u64, last: u64): void {
  change = Change.Free;
  descend(first, last);
  applyBelow(first, last);
}

function make(kind: Change, first: u64, last: u64): Obstacle {
  change = kind;
  framesNeeded = 0;
  descend(first, last);
  if (isOnePage(first, last)) return changePage(first);
  const obstacle = plan(lowTable, lowShift, first, last);
  if (obstacle != Obstacle.Nothing) return obstacle;
  if (framesNeeded != 0 && !stockFill(framesNeeded)) return Obstacle.OutOfMemory;
  applyBelow(first, last);
  return Obstacle.Nothing;
}

/** Whether the change is of one page, of any size, whose table is there. */
function isOnePage(first: u64, last: u64): bool {
  const offset = ((1 as u64) << lowShift) - 1;
  if ((first & offset) != 0 || last - first != offset) return false;
  if (lowShift == SHIFT_PT) return true;
  const value = load<u64>(entryOf(lowTable, first as usize, lowShift));
  return value == 0 ? pageFits(lowShift, first) : isLeaf(value, lowShift);
}

/** The most frequent change, without detours. */
function changePage(address: u64): Obstacle {
  const entry = entryOf(lowTable, address as usize, lowShift);
  const value = load<u64>(entry);
  if (change == Change.Map && lowShift == SHIFT_PT)
    rememberTable(address, lowTable, parentAt(depth));
  if (change == Change.Map) {
    if (value != 0) return Obstacle.AlreadyMapped;
  } else {
    if ((value & ENTRY_PRESENT) == 0) return Obstacle.NotMapped;
    if (isAsWanted(value)) return Obstacle.Nothing;
  }
  invalidationsBegin();
  setPage(entry, lowShift, parentAt(depth), address, value);
  tidyUp(address);
  return Obstacle.Nothing;
}

/** Finds the lowest table that translates all of [first, last], and the entries that lead there. */
function descend(first: u64, last: u64): void {
  const differing = first ^ last;
  let table = rootTable();
  let shift = rootShift();
  let place = way;
  while (shift != SHIFT_PT && differing >> shift == 0) {
    const entry = entryOf(table, first as usize, shift);
    const value = load<u64>(entry);
    if ((value & (ENTRY_PRESENT | ENTRY_PAGE_SIZE)) != ENTRY_PRESENT) break;
    store<usize>(place, entry);
    place += 8;
    table = (value & ENTRY_ADDRESS) as usize;
    shift -= 9;
  }
  lowTable = table;
  lowShift = shift;
  depth = (place - way) >> 3;
}

/** Makes the planned change in the lowest table. */
function applyBelow(first: u64, last: u64): void {
  invalidationsBegin();
  apply(lowTable, lowShift, parentAt(depth), first, last);
  tidyUp(first);
}

/** Tidies as far up as tables have become empty or one page. */
function tidyUp(address: u64): void {
  let shift = lowShift + 9;
  for (let level = depth; level != 0; level--) {
    if (!tidy(parentAt(level), shift, parentAt(level - 1), address)) break;
    shift += 9;
  }
  invalidationsEnd();
}

/** The entry that leads to the table `level` steps below the root; 0 for the root itself. */
function parentAt(level: usize): usize {
  return level == 0 ? 0 : load<usize>(way + ((level - 1) << 3));
}

/** What forbids the change in [first, last], which `table` with entries of 2^shift bytes translates. */
function plan(table: usize, shift: u64, first: u64, last: u64): Obstacle {
  if (shift == SHIFT_PT && table <= LARGE_PAGE) {
    if (change == Change.Allocate) framesNeeded += pagesToAllocate(first, last);
    return framesNeeded > pmm_free_pages() ? Obstacle.OutOfMemory : Obstacle.Nothing;
  }
  const offset = ((1 as u64) << shift) - 1;
  let obstacle = Obstacle.Nothing;
  let from = first;
  let to = first;
  do {
    to = min(from | offset, last);
    const isWhole = (from & offset) == 0 && to == (from | offset);
    obstacle = adds(change)
      ? planAddition(table, shift, from, to, isWhole)
      : planAlteration(table, shift, from, to, isWhole);
    from = to + 1;
  } while (obstacle == Obstacle.Nothing && to != last);
  return obstacle;
}

/** Map and Allocate: one entry, of which [from, to] changes. */
function planAddition(table: usize, shift: u64, from: u64, to: u64, isWhole: bool): Obstacle {
  const value = table == EMPTY ? 0 : load<u64>(entryOf(table, from as usize, shift));
  if (value == 0) {
    if (isWhole && pageFits(shift, from)) {
      if (change == Change.Allocate) framesNeeded += pagesToAllocate(from, to);
      return Obstacle.Nothing;
    }
    framesNeeded += 1;
    if (framesNeeded > pmm_free_pages()) return Obstacle.OutOfMemory;
    return plan(EMPTY, shift - 9, from, to);
  }
  if (shift == SHIFT_PT || isLeaf(value, shift)) return Obstacle.AlreadyMapped;
  return plan((value & ENTRY_ADDRESS) as usize, shift - 9, from, to);
}

/** Unmap and Protect: one entry, of which [from, to] changes. */
function planAlteration(table: usize, shift: u64, from: u64, to: u64, isWhole: bool): Obstacle {
  if (table != LARGE_PAGE) {
    const value = load<u64>(entryOf(table, from as usize, shift));
    if ((value & ENTRY_PRESENT) == 0) return Obstacle.NotMapped;
    if (!isLeaf(value, shift)) {
      return plan((value & ENTRY_ADDRESS) as usize, shift - 9, from, to);
    }
    if (isAsWanted(value)) return Obstacle.Nothing;
  }
  if (isWhole) return Obstacle.Nothing;
  framesNeeded += 1;
  return plan(LARGE_PAGE, shift - 9, from, to);
}

function adds(kind: Change): bool {
  return kind == Change.Map || kind == Change.Allocate;
}

/** Whether the page of 2^shift bytes at `address` can be one entry. */
function pageFits(shift: u64, address: u64): bool {
  if (shift == SHIFT_PT) return true;
  if (change != Change.Map || !isPageShift(shift)) return false;
  return ((address + distance) & (((1 as u64) << shift) - 1)) == 0;
}

function isPageShift(shift: u64): bool {
  return shift == SHIFT_PT || shift == SHIFT_PD || (shift == SHIFT_PDPT && hasGigabytePages);
}

function isAsWanted(value: u64): bool {
  return change == Change.Protect && (value & RIGHTS) == bits;
}

/** Of the pages in [first, last], those that get a frame and no marker. */
function pagesToAllocate(first: u64, last: u64): u64 {
  let pages = ((last - first) >> SHIFT_PT) + 1;
  if (first <= firstPage && firstMarker != 0) pages -= 1;
  if (last >= lastPage && lastMarker != 0) pages -= 1;
  return pages;
}

/** Makes the planned change in [first, last]. `parent` is the entry that leads to `table`; 0 for the root. */
function apply(table: usize, shift: u64, parent: usize, first: u64, last: u64): void {
  const offset = ((1 as u64) << shift) - 1;
  let from = first;
  let to = first;
  do {
    to = min(from | offset, last);
    const isWhole = (from & offset) == 0 && to == (from | offset);
    applyTo(entryOf(table, from as usize, shift), shift, parent, from, to, isWhole);
    from = to + 1;
  } while (to != last);
}

/** One entry, of which [from, to] changes. */
function applyTo(entry: usize, shift: u64, parent: usize, from: u64, to: u64, isWhole: bool): void {
  const value = load<u64>(entry);
  if (shift == SHIFT_PT || isLeaf(value, shift)) {
    if (isAsWanted(value)) return;
    if (isWhole) return setPage(entry, shift, parent, from, value);
    split(entry, shift, value);
  } else if (value == 0) {
    if (isWhole && pageFits(shift, from)) return setPage(entry, shift, parent, from, value);
    setEntry(entry, parent, entryFor(tableTake(), 0));
  }
  apply(targetOf(entry), shift - 9, entry, from, to);
  tidy(entry, shift, parent, from);
}

/** Changes an entry that maps a page, is a marker, or is empty and now maps one. */
function setPage(entry: usize, shift: u64, parent: usize, address: u64, old: u64): void {
  const size = shift == SHIFT_PT ? 0 : ENTRY_PAGE_SIZE;
  switch (change) {
    case Change.Map:
      return setEntry(entry, parent, (address + distance) | bits | size);
    case Change.Allocate:
      return setEntry(entry, parent, contentsAt(address));
    case Change.Protect:
      store<u64>(entry, (old & ~RIGHTS) | bits);
      return invalidate(address);
    case Change.Unmap:
      setEntry(entry, parent, 0);
      return invalidate(address);
    default:
      setEntry(entry, parent, 0);
      if ((old & ENTRY_PRESENT) == 0) return;
      x86.invlpg(address as usize); // before the frame is anybody else's
      frameReturn((old & ENTRY_ADDRESS) as usize);
  }
}

function contentsAt(address: u64): u64 {
  if (address == firstPage && firstMarker != 0) return firstMarker;
  if (address == lastPage && lastMarker != 0) return lastMarker;
  return (stockTake() as u64) | bits;
}

/** Stores an entry and keeps the count of its table. */
function setEntry(entry: usize, parent: usize, value: u64): void {
  const old = load<u64>(entry);
  store<u64>(entry, value);
  if (parent == 0 || (old == 0) == (value == 0)) return;
  const count = load<u64>(parent);
  store<u64>(parent, value == 0 ? count - COUNT_ONE : count + COUNT_ONE);
}

function entryFor(table: usize, count: u64): u64 {
  return (table as u64) | (count << COUNT_SHIFT) | ENTRY_USER | ENTRY_WRITABLE | ENTRY_PRESENT;
}

/** Entries in use of the table that an entry with this value leads to. */
export function usedEntries(value: u64): u64 {
  return (value >> COUNT_SHIFT) & COUNT_MASK;
}

/** Replaces a large page by a table of 512 smaller ones with the same translations. */
function split(entry: usize, shift: u64, page: u64): void {
  const table = tableTake();
  const small = shift - 9;
  const first = small == SHIFT_PT ? page & ~ENTRY_PAGE_SIZE : page;
  for (let i: usize = 0; i < TABLE_ENTRIES; i++) {
    store<u64>(table + i * 8, first + ((i as u64) << small));
  }
  store<u64>(entry, entryFor(table, TABLE_ENTRIES as u64));
}

/**
 * After a change below `entry`, which leads to a table: frees that when it is empty or amounts to one large page.
 * Returns whether the entry is another one now.
 */
function tidy(entry: usize, shift: u64, parent: usize, address: u64): bool {
  const value = load<u64>(entry);
  const table = targetOf(entry);
  if (usedEntries(value) == 0) {
    setEntry(entry, parent, 0);
    tableRetire(table, address);
    return true;
  }
  if (usedEntries(value) != (TABLE_ENTRIES as u64) || !isPageShift(shift)) return false;
  if (address >= AREAS_START) return false; // pages of 4 KiB for ever: giving them back must not need a table
  const page = asOnePage(table, shift);
  if (page == 0) return false;
  store<u64>(entry, page);
  invalidateAll();
  tableRetire(table, address);
  return true;
}

/** The entry of 2^shift bytes that does what all of `table` does; 0 when there is none. */
function asOnePage(table: usize, shift: u64): u64 {
  const small = shift - 9;
  let page = load<u64>(table);
  if (!isLeaf(page, small)) return 0;
  const used = ENTRY_ACCESSED | ENTRY_DIRTY;
  const first = page & ~used;
  if ((first & ENTRY_ADDRESS & (((1 as u64) << shift) - 1)) != 0) return 0;
  for (let i: usize = 1; i < TABLE_ENTRIES; i++) {
    const other = load<u64>(table + i * 8);
    if ((other & ~used) != first + ((i as u64) << small)) return 0;
    page |= other & used;
  }
  return page | ENTRY_PAGE_SIZE;
}
