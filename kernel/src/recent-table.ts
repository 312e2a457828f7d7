import { ENTRY_PRESENT, TABLE_ENTRIES } from './page-table';

/**
 * The page table that vm_map used last, so that the next page of the same 2 MiB needs no way down: most callers map one
 * page behind the other. It is forgotten when any table is freed.
 */
const REGION_SHIFT: u64 = 21;
const PAGE_SHIFT: u64 = 12;
const NO_REGION: u64 = u64.MAX_VALUE;

let region: u64 = NO_REGION;
let table: usize = 0;
/** Address of the entry that leads to the table, which counts the table's entries in use from bit 52 on. */
let parent: usize = 0;

const COUNT_ONE: u64 = (1 as u64) << 52;
const COUNT_MASK: u64 = (0x3ff as u64) << 52;
const COUNT_LAST: u64 = ((TABLE_ENTRIES as u64) - 1) << 52;

export function rememberTable(address: u64, tableAddress: usize, parentAddress: usize): void {
  region = address >> REGION_SHIFT;
  table = tableAddress;
  parent = parentAddress;
}

export function forgetTable(): void {
  region = NO_REGION;
}

/** Address of the entry for `address` in the table that was used last; 0 when that does not translate it. */
export function recentEntry(address: u64): usize {
  if (address >> REGION_SHIFT != region) return 0;
  return table + ((((address >> PAGE_SHIFT) & ((TABLE_ENTRIES as u64) - 1)) << 3) as usize);
}

/** Fills an empty entry of that table. False, and nothing done, when it is not empty or the last to be filled. */
export function fillRecent(entry: usize, value: u64): bool {
  if (load<u64>(entry) != 0) return false;
  const counted = load<u64>(parent);
  if ((counted & COUNT_MASK) == COUNT_LAST) return false; // a full table may be one large page
  store<u64>(entry, value);
  store<u64>(parent, counted + COUNT_ONE);
  return true;
}

/** Empties a present entry of that table. False, and nothing done, when it is not present or the only one in use. */
export function emptyRecent(entry: usize): bool {
  if ((load<u64>(entry) & ENTRY_PRESENT) == 0) return false;
  const counted = load<u64>(parent);
  if ((counted & COUNT_MASK) == COUNT_ONE) return false; // an empty table is freed
  store<u64>(entry, 0);
  store<u64>(parent, counted - COUNT_ONE);
  return true;
}

/** Whether all entries of that table are in use: then other rights may make it one large page. */
export function recentIsFull(): bool {
  return (load<u64>(parent) & COUNT_MASK) > COUNT_LAST;
}
