import { AREAS_END, mappingsStart } from './address-space';
import { isFreeFrame } from './page-frames';
import { usedEntries } from './page-map';
import { PAGE_SIZE } from './page';
import {
  ENTRY_ADDRESS,
  ENTRY_EXECUTE_DISABLE,
  ENTRY_PRESENT,
  ENTRY_WRITABLE,
  entryOf,
  isLeaf,
  rootShift,
  rootTable,
  SHIFT_PDPT,
  TABLE_ENTRIES,
} from './page-table';
import { hasExecuteDisable } from './processor';
import { ramRangeOf } from './ram';
import { reservationOf } from './reservations';
import { tableCount } from './table-frames';

/**
 * What must hold of the page tables of vm_map and vm_alloc: each is an allocated frame, none is empty, each count is
 * right, no page that is mapped is a free frame, none can be both written and executed.
 */
/** Of a page of 1 GiB, every so many frames are looked at. */
const STRIDE: u64 = 64;
let tablesSeen: u64 = 0;

export function pageTablesHold(): bool {
  tablesSeen = 0;
  const last = entryOf(rootTable(), (AREAS_END - 1) as usize, rootShift());
  for (
    let entry = entryOf(rootTable(), mappingsStart() as usize, rootShift());
    entry <= last;
    entry += 8
  ) {
    if (!entryHolds(load<u64>(entry), rootShift())) return false;
  }
  return tablesSeen == tableCount;
}

function entryHolds(value: u64, shift: u64): bool {
  if ((value & ENTRY_PRESENT) == 0) return true;
  if (isLeaf(value, shift)) return pageHolds(value, shift);
  const table = (value & ENTRY_ADDRESS) as usize;
  tablesSeen += 1;
  if (tablesSeen > tableCount || !isAllocated(table)) return false;
  let used: u64 = 0;
  for (let i: usize = 0; i < TABLE_ENTRIES; i++) {
    const below = load<u64>(table + i * 8);
    if (below != 0) used += 1;
    if (!entryHolds(below, shift - 9)) return false;
  }
  return used != 0 && used == usedEntries(value);
}

function isAllocated(frame: usize): bool {
  return (
    ramRangeOf(frame as u64) >= 0 && !isFreeFrame(frame) && reservationOf(frame as u64) === null
  );
}

function pageHolds(value: u64, shift: u64): bool {
  const isExecutable = hasExecuteDisable && (value & ENTRY_EXECUTE_DISABLE) == 0;
  if (isExecutable && (value & ENTRY_WRITABLE) != 0) return false;
  const page = value & ENTRY_ADDRESS;
  const step = (PAGE_SIZE as u64) * (shift == SHIFT_PDPT ? STRIDE : 1);
  for (let at = page; at < page + ((1 as u64) << shift); at += step) {
    if (isFreeFrame(at as usize)) return false;
  }
  return true;
}
