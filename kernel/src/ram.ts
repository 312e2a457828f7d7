import { newLine, print, printPages, printRange, printSize, printUnsigned } from './console';
import {
  droppedBytes,
  MEMORY_RANGE_SIZE,
  rangeAt,
  sanitiseBegin,
  sanitiseBlock,
  sanitiseEntries,
  sanitiseFinish,
  sanitisedRanges,
  sanitiseMap,
  sanitiseUsable,
  sanitiseWithAcpi,
} from './memory-map';
import { PHYSICAL_ADDRESS_END, PAGE_SHIFT } from './page';
import { physicalEnd, reachableEnd } from './processor';
import { Owner, reservationAt, reservationCount, reserve, unreserve } from './reservations';

/**
 * The machine's RAM: the firmware's map, sanitised once at boot and kept. What is not in here does not exist: the
 * window maps nothing else, and no allocator can be given more.
 *
 * ACPI tables (type 3) of 1 MiB and above are not in here, but reserved: the page frame allocator has them in its metadata and
 * in none of its figures, until pmm_reclaim_acpi makes them RAM.
 */
const ranges: usize = memory.data(65_600, 8);
let rangeCount: u32 = 0;

/** Pages of all ranges. */
export let ramPages: u64 = 0;
/** RAM in bytes that 4-level page tables cannot map at its own address (beyond 2^47). */
let unreachableBytes: u64 = 0;

export function ramRanges(): usize {
  return ranges;
}

export function ramRangeCount(): u32 {
  return rangeCount;
}

/** Sanitises the firmware's map into the machine's RAM, and reserves what would be RAM but for ACPI tables. */
export function ramInit(entries: usize, count: u32): void {
  const withAcpi = sanitiseWithAcpi(entries, count, physicalEnd);
  memory.copy(ranges, sanitisedRanges(), (withAcpi as usize) * MEMORY_RANGE_SIZE);
  const found = sanitiseMap(entries, count, physicalEnd);
  unreserve(Owner.AcpiTables);
  if (droppedBytes != 0 || !reserveMissing(withAcpi, found)) unreserve(Owner.AcpiTables);
  unreachableBytes = keepRanges(found);
}

/** Keeps what was sanitised last, as far as it can be reached, as the machine's ranges. Returns the bytes that cannot be. */
function keepRanges(count: u32): u64 {
  let unreachable: u64 = 0;
  rangeCount = 0;
  ramPages = 0;
  for (let i: u32 = 0; i < count; i++) {
    const range = rangeAt(sanitisedRanges(), i);
    const end = min(range.end, reachableEnd);
    unreachable += range.end - max(range.start, end);
    if (range.start >= end) continue;
    const kept = rangeAt(ranges, rangeCount);
    kept.start = range.start;
    kept.end = end;
    rangeCount += 1;
    ramPages += (end - range.start) >> PAGE_SHIFT;
  }
  return unreachable;
}

/** Reserves what the first `all` ranges at `ranges` have and the `found` sanitised ones lack. False: no room for it. */
function reserveMissing(all: u32, found: u32): bool {
  let next: u32 = 0;
  for (let i: u32 = 0; i < all; i++) {
    const range = rangeAt(ranges, i);
    const end = min(range.end, reachableEnd);
    let cursor = range.start;
    for (; next < found && rangeAt(sanitisedRanges(), next).start < range.end; next++) {
      const known = rangeAt(sanitisedRanges(), next);
      const gap = min(known.start, end);
      if (cursor < gap && !reserve(cursor, gap, Owner.AcpiTables)) return false;
      cursor = known.end;
    }
    if (cursor < end && !reserve(cursor, end, Owner.AcpiTables)) return false;
  }
  return true;
}

/** RAM and what ACPI tables reserve: the number of ranges at sanitisedRanges(). */
export function sanitiseRamAndAcpi(): u32 {
  sanitiseBegin();
  for (let i: u32 = 0; i < rangeCount; i++) {
    const range = rangeAt(ranges, i);
    sanitiseUsable(range.start, range.end);
  }
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const piece = reservationAt(i);
    if (piece.owner == (Owner.AcpiTables as u32)) sanitiseUsable(piece.start, piece.end);
  }
  return sanitiseFinish();
}

/** What ACPI tables reserve is RAM from now on. */
export function ramTakeAcpi(): void {
  keepRanges(sanitiseRamAndAcpi());
}

/**
 * The same ten rules for a map of the caller's, which can only choose from the machine's RAM: what that lacks is
 * blocked. Before ramInit (a part under test, without a machine) every address counts as RAM.
 * Returns the number of ranges at sanitisedRanges().
 */
export function sanitiseWithinRam(entries: usize, count: u32): u32 {
  sanitiseBegin();
  sanitiseEntries(entries, count, physicalEnd);
  if (rangeCount != 0) {
    let gap: u64 = 0;
    for (let i: u32 = 0; i < rangeCount; i++) {
      const range = rangeAt(ranges, i);
      sanitiseBlock(gap, range.start);
      gap = range.end;
    }
    sanitiseBlock(gap, PHYSICAL_ADDRESS_END);
  }
  return sanitiseFinish();
}

/** Index of the range that holds `address`, or -1. */
export function ramRangeOf(address: u64): i32 {
  let low: i32 = 0;
  let high = (rangeCount as i32) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = rangeAt(ranges, middle);
    if (address < range.start) high = middle - 1;
    else if (address >= range.end) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** Whether one range holds all of [start, end), which is not empty. */
export function ramHolds(start: u64, end: u64): bool {
  const index = ramRangeOf(start);
  return index >= 0 && end > start && end <= rangeAt(ranges, index).end;
}

export function printRam(): void {
  print('[nk_boot] usable RAM, ranges: ');
  printUnsigned(rangeCount);
  newLine();
  for (let i: u32 = 0; i < rangeCount; i++) {
    const range = rangeAt(ranges, i);
    print('[nk_boot]   ');
    printRange(range.start, range.end);
    print(' ');
    printPages((range.end - range.start) >> PAGE_SHIFT);
    newLine();
  }
  print('[nk_boot] usable RAM: ');
  printPages(ramPages);
  newLine();
}

/** One line for each kind of RAM that the map has and this kernel cannot use. */
export function printLeftOut(dropped: u64, clipped: u32): void {
  if (clipped != 0) {
    print('[nk_boot] entries cut or dropped at the address limit: ');
    printUnsigned(clipped);
    newLine();
  }
  if (dropped != 0) {
    print('[nk_boot] RAM left out because the map has too many pieces: ');
    printSize(dropped);
    newLine();
  }
  if (unreachableBytes != 0) {
    print('[nk_boot] RAM left out beyond 128 TiB, which needs 5-level paging: ');
    printSize(unreachableBytes);
    newLine();
  }
}
