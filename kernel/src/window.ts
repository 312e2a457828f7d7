import { windowSize, windowStart } from './address-space';
import { imageTouches, rightsOf } from './image-protection';
import { rangeAt } from './memory-map';
import { BOOT_MAPPED_END, PAGE_SIZE } from './page';
import {
  ENTRY_EXECUTE_DISABLE,
  ENTRY_PAGE_SIZE,
  ENTRY_PRESENT,
  ENTRY_WRITABLE,
  entryOf,
  flushTranslations,
  rootShift,
  rootTable,
  SHIFT_PD,
  SHIFT_PDPT,
  SHIFT_PML4,
  SHIFT_PML5,
  SHIFT_PT,
  TABLE_ENTRIES,
  targetOf,
} from './page-table';
import { hasExecuteDisable, hasGigabytePages } from './processor';
import { ramRangeOf, ramRanges } from './ram';

/**
 * The window: all RAM at its own address, and once more at a fixed place of the upper half (address-space.ts), mapped
 * when it is first touched. The second one reaches a frame whatever is mapped at the frame's own address; there too
 * the kernel's code cannot be written, and nothing can be executed.
 *
 * The boot stub maps 0–4 GiB. Beyond that an access faults once, and the page fault handler enters the largest page
 * that lies wholly in RAM: 1 GiB where the processor has it, else 2 MiB, else 4 KiB (at the edges of the map, so that
 * a stray pointer into a hole still faults).
 *
 * The window is a *cache* of a function everybody knows (address = address), so it may forget. When the pool of table
 * pages is used up, everything beyond 4 GiB is unmapped and the pool starts over: a bounded number of table pages
 * reaches any amount of RAM, and mapping never needs an allocator.
 */
/**
 * The first table pages are part of the image. One instruction touches at most two pages beyond 4 GiB at once (source
 * and destination), each needs at most four new tables: with eight, no instruction can push out its own mappings.
 */
const OWN_TABLES: u32 = 16;
const ownTables: usize = memory.data(65_536, 4096);

let extraTables: usize = 0;
let extraTableCount: u32 = 0;
let tablesUsed: u32 = 0;
/** How often the window forgot everything and started over. */
export let windowRecycles: u64 = 0;
/** Pages entered, of any size. */
export let windowFaults: u64 = 0;

/** Gives the window `count` more table pages at `address`, which lies below 4 GiB. */
export function windowAddTables(address: usize, count: u32): void {
  extraTables = address;
  extraTableCount = count;
}

/** Table pages that mapping all RAM at once would take, less the window's own; 0 when those suffice. */
export function windowTablesWanted(rangeCount: u32): u64 {
  let wanted: u64 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) {
    const range = rangeAt(ramRanges(), i);
    if (range.end <= (BOOT_MAPPED_END as u64)) continue;
    const last = range.end - 1;
    wanted += (last >> SHIFT_PML4) - (range.start >> SHIFT_PML4) + 1; // PDPTs
    wanted += (last >> SHIFT_PML5) - (range.start >> SHIFT_PML5); // PML4s behind the first
    if (!hasGigabytePages) wanted += (last >> SHIFT_PDPT) - (range.start >> SHIFT_PDPT) + 1; // PDs
  }
  return wanted > (OWN_TABLES as u64) ? wanted - (OWN_TABLES as u64) : 0;
}

/** Where the upper window has the byte at physical address `pa`; 0 when that is no RAM, or beyond the window. */
export function vm_physical(pa: u64): usize {
  return pa < windowSize() && ramRangeOf(pa) >= 0 ? ((windowStart() + pa) as usize) : 0;
}

/** Maps the page that holds `address`. Returns false when no window has RAM there: then the fault is a mistake. */
export function windowMap(address: usize): bool {
  const offset = (address as u64) - windowStart();
  const isUpper = (address as u64) >= windowStart() && offset < windowSize();
  if (!isUpper && address < BOOT_MAPPED_END) return false;
  const physical = isUpper ? offset : (address as u64);
  const index = ramRangeOf(physical);
  if (index < 0) return false;
  const range = rangeAt(ramRanges(), index);

  windowFaults += 1;
  if (hasGigabytePages && pageFits(physical, SHIFT_PDPT, range.start, range.end)) {
    return enter(address, physical, SHIFT_PDPT);
  }
  if (pageFits(physical, SHIFT_PD, range.start, range.end)) {
    return enter(address, physical, SHIFT_PD);
  }
  return enter(address, physical, SHIFT_PT);
}

/** Whether the page of 2^shift bytes lies in [start, end), and has the same rights all over. */
function pageFits(physical: u64, shift: u64, start: u64, end: u64): bool {
  const page = (physical >> shift) << shift;
  const size = (1 as u64) << shift;
  return page >= start && page + size <= end && !imageTouches(page, page + size);
}

/** Enters the page of 2^shift bytes that holds `address`, making the tables above it. */
function enter(address: usize, physical: u64, shift: u64): bool {
  if (tablesUsed + 4 > OWN_TABLES + extraTableCount) recycle();
  let table = rootTable();
  for (let level = rootShift(); level > shift; level -= 9) {
    table = nextTable(entryOf(table, address, level));
  }
  const page = (physical >> shift) << shift;
  const size = shift == SHIFT_PT ? 0 : ENTRY_PAGE_SIZE;
  const noExecute = hasExecuteDisable ? ENTRY_EXECUTE_DISABLE : 0;
  const rights = rightsOf(page as usize) | noExecute;
  store<u64>(entryOf(table, address, shift), page | size | rights);
  return true;
}

/** The table that the entry at `entry` points to; a new empty one where there is none. */
function nextTable(entry: usize): usize {
  if ((load<u64>(entry) & ENTRY_PRESENT) != 0) return targetOf(entry);
  const table =
    tablesUsed < OWN_TABLES
      ? ownTables + (tablesUsed as usize) * PAGE_SIZE
      : extraTables + ((tablesUsed - OWN_TABLES) as usize) * PAGE_SIZE;
  tablesUsed += 1;
  memory.fill(table, 0, PAGE_SIZE);
  store<u64>(entry, (table as u64) | ENTRY_WRITABLE | ENTRY_PRESENT);
  return table;
}

/** Unmaps both windows, but for the first 4 GiB; all table pages are free again. */
function recycle(): void {
  let table = rootTable();
  forgetUpper(table);
  let entries = TABLE_ENTRIES / 2; // of the root: the lower half
  for (let level = rootShift(); level > SHIFT_PDPT; level -= 9) {
    memory.fill(table + 8, 0, (entries - 1) * 8); // entry 0 leads to the boot stub's tables
    table = targetOf(table);
    entries = TABLE_ENTRIES;
  }
  const kept = BOOT_MAPPED_END >> (SHIFT_PDPT as usize);
  memory.fill(table + kept * 8, 0, (TABLE_ENTRIES - kept) * 8);
  flushTranslations();
  tablesUsed = 0;
  windowRecycles += 1;
}

function forgetUpper(root: usize): void {
  const entries = (windowSize() >> rootShift()) as usize;
  memory.fill(entryOf(root, windowStart() as usize, rootShift()), 0, entries * 8);
}
