import { newLine, print, printPages, printRange, printSize, printUnsigned } from './console';
import {
  rangeAt,
  sanitiseBegin,
  sanitiseBlock,
  sanitiseEntries,
  sanitiseFinish,
  sanitisedRanges,
  sanitiseMap,
} from './memory-map';
import { PHYSICAL_ADDRESS_END, PAGE_SHIFT } from './page';
import { physicalEnd, reachableEnd } from './processor';

/**
 * The machine's RAM: the firmware's map, sanitised once at boot and kept. What is not in here does not exist: the
 * window maps nothing else, and no allocator can be given more.
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

/** Sanitises the firmware's map into the machine's RAM. */
export function ramInit(entries: usize, count: u32): void {
  const found = sanitiseMap(entries, count, physicalEnd);
  rangeCount = 0;
  ramPages = 0;
  unreachableBytes = 0;
  for (let i: u32 = 0; i < found; i++) {
    const range = rangeAt(sanitisedRanges(), i);
    const end = min(range.end, reachableEnd);
    unreachableBytes += range.end - max(range.start, end);
    if (range.start >= end) continue;
    const kept = rangeAt(ranges, rangeCount);
    kept.start = range.start;
    kept.end = end;
    rangeCount += 1;
    ramPages += (end - range.start) >> PAGE_SHIFT;
  }
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
