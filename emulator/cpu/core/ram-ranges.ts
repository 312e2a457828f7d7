/**
 * Which physical addresses have RAM or ROM behind them: the sorted table RAM_RANGES, which the host writes.
 * The unit is a 4 KiB page; a page that a range touches belongs to it.
 */
import { A20_MASKED, RAM_RANGES, RAM_RANGE_BYTES, RamKind } from '../../isa/state-layout';

export enum PageKind {
  /** No memory: reads as ones, swallows writes. */
  None = 0,
  Ram = 1,
  Rom = 2,
  /** Registers of a device: see device-access.ts. */
  Device = 3,
}

/** The interval that the last answer is true for, in pages; scratch. */
let intervalFirst: u64 = 1;
export let intervalEnd: u64 = 0;
let intervalKind: PageKind = PageKind.None;
/** The same for the answer before, if that was another: page tables and what they map often lie apart. */
let otherFirst: u64 = 1;
let otherEnd: u64 = 0;
let otherKind: PageKind = PageKind.None;

/** The table was changed: forgets the last answers. */
export function forgetRamInterval(): void {
  intervalFirst = 1;
  intervalEnd = 0;
  otherFirst = 1;
  otherEnd = 0;
}

/** Makes the answer before the last one the last one, and the other way round. */
function exchangeIntervals(): void {
  const first = intervalFirst;
  const end = intervalEnd;
  const kind = intervalKind;
  intervalFirst = otherFirst;
  intervalEnd = otherEnd;
  intervalKind = otherKind;
  otherFirst = first;
  otherEnd = end;
  otherKind = kind;
}

/** Whether the last answer is true for `page`, too.
 * @inline */
function inInterval(page: u64): bool {
  return page >= intervalFirst && page < intervalEnd;
}

/** What is behind physical page `page` (an address >> 12); intervalEnd is then the first page with another answer, or earlier.
 * @inline */
export function pageKind(page: u64): PageKind {
  return inInterval(page) ? intervalKind : otherPageKind(page);
}

function otherPageKind(page: u64): PageKind {
  exchangeIntervals();
  return inInterval(page) ? intervalKind : foundPageKind(page);
}

function foundPageKind(page: u64): PageKind {
  let low: u32 = 0;
  let high = load<u32>(RAM_RANGES);
  // The number of ranges that begin at or below the page.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rangeFirst(middle) <= page) low = middle + 1;
    else high = middle;
  }
  intervalFirst = 0;
  intervalEnd = low == load<u32>(RAM_RANGES) ? (<u64>1) << 52 : rangeFirst(low);
  intervalKind = PageKind.None;
  if (low != 0) {
    const end = rangeEnd(low - 1);
    if (page < end) {
      intervalFirst = rangeFirst(low - 1);
      intervalEnd = min(end, intervalEnd);
      intervalKind = rangeKind(low - 1);
    } else intervalFirst = end;
  }
  return intervalKind;
}

export function rangeKind(index: u32): PageKind {
  const kind = load<u32>(RAM_RANGES + 8 + index * RAM_RANGE_BYTES, 16);
  if (kind == RamKind.Device) return PageKind.Device;
  return kind == RamKind.Rom ? PageKind.Rom : PageKind.Ram;
}

/** @inline */
export function rangeFirst(index: u32): u64 {
  return load<u64>(RAM_RANGES + 8 + index * RAM_RANGE_BYTES) >> 12;
}

/** @inline */
export function rangeEnd(index: u32): u64 {
  return (load<u64>(RAM_RANGES + 8 + index * RAM_RANGE_BYTES, 8) + 4095) >> 12;
}

/** The physical address that leaves the processor, after the A20 gate.
 * @inline */
export function gateA20(physical: u64): u64 {
  return load<u32>(A20_MASKED) != 0 ? physical & ~((<u64>1) << 20) : physical;
}

/** Physical addresses are contiguous within 1 << this many bytes. */
export function a20Shift(): u32 {
  return load<u32>(A20_MASKED) != 0 ? 20 : 63;
}
