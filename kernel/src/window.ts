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
 * The window: all RAM at its own address, mapped when it is first touched.
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

/** Maps the page that holds `address`. Returns false when it is below 4 GiB or not RAM: then the fault is a mistake. */
export function windowMap(address: usize): bool {
  if (address < BOOT_MAPPED_END) return false;
  const index = ramRangeOf(address as u64);
  if (index < 0) return false;
  const range = rangeAt(ramRanges(), index);

  windowFaults += 1;
  if (hasGigabytePages && pageLiesIn(address, SHIFT_PDPT, range.start, range.end)) {
    return enter(address, SHIFT_PDPT);
  }
  if (pageLiesIn(address, SHIFT_PD, range.start, range.end)) return enter(address, SHIFT_PD);
  return enter(address, SHIFT_PT);
}

function pageLiesIn(address: usize, shift: u64, start: u64, end: u64): bool {
  const page = ((address as u64) >> shift) << shift;
  return page >= start && page + ((1 as u64) << shift) <= end;
}

/** Enters the page of 2^shift bytes that holds `address`, making the tables above it. */
function enter(address: usize, shift: u64): bool {
  if (tablesUsed + 4 > OWN_TABLES + extraTableCount) recycle();
  let table = rootTable();
  for (let level = rootShift(); level > shift; level -= 9) {
    table = nextTable(entryOf(table, address, level));
  }
  const page = ((address as u64) >> shift) << shift;
  const size = shift == SHIFT_PT ? 0 : ENTRY_PAGE_SIZE;
  const noExecute = hasExecuteDisable ? ENTRY_EXECUTE_DISABLE : 0;
  store<u64>(
    entryOf(table, address, shift),
    page | size | noExecute | ENTRY_WRITABLE | ENTRY_PRESENT,
  );
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

/** Unmaps everything beyond 4 GiB; all table pages are free again. */
function recycle(): void {
  let table = rootTable();
  for (let level = rootShift(); level > SHIFT_PDPT; level -= 9) {
    memory.fill(table + 8, 0, (TABLE_ENTRIES - 1) * 8); // entry 0 leads to the boot stub's tables
    table = targetOf(table);
  }
  const kept = BOOT_MAPPED_END >> (SHIFT_PDPT as usize);
  memory.fill(table + kept * 8, 0, (TABLE_ENTRIES - kept) * 8);
  flushTranslations();
  tablesUsed = 0;
  windowRecycles += 1;
}
