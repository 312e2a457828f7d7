import { AREAS_END, AREAS_START, rangeLiesIn } from './address-space';
import { newLine, print, printAddress, printUnsigned } from './console';
import { countMemoryError, MemoryError, refuse } from './memory-errors';
import { isPageAligned, PAGE_SHIFT, PAGE_SIZE } from './page';
import { framesActive } from './page-frames';
import { allocateRange, freeRange, Obstacle } from './page-map';
import {
  ENTRY_ADDRESS,
  ENTRY_PRESENT,
  entryOf,
  isLeaf,
  rootShift,
  rootTable,
  SHIFT_PT,
} from './page-table';
import { interruptsOff, interruptsRestore } from './processor';
import { leafBits, Protection } from './virtual-memory';

/**
 * Areas: memory between pages that are not mapped, for stacks and for blocks whose misuse must be seen at once.
 *
 *     linear   │ low marker │ page │ page │ … │ page │ high marker │
 *                not mapped    frames of any place      not mapped, where GUARD_HI asks for it
 *
 * The record of an area is in the page tables themselves: the entry of the page before it, which is not present, so
 * that the processor ignores all other bits. It is there without GUARD_LO, too: memory before an area never is
 * anybody's. A page fault finds it with one walk.
 *
 *      63                          16 15        8 7     3  2  1  0
 *     ┌──────────────────────────────┬───────────┬───────┬──┬──┬──┐
 *     │ pages of the area            │ owner     │ 0     │hi│ 1│ 0│   hi: the marker behind the area
 *     └──────────────────────────────┴───────────┴───────┴──┴──┴──┘
 *
 * Addresses are used in turn and again only after all 8 TiB: what points into an area that is gone faults.
 */
export enum Guard {
  Low = 1,
  High = 2,
}

/** Whose an area is, for the message of a fault beside it. Other numbers are printed as such. */
export enum AreaOwner {
  Nobody,
  Stack,
  HeapBlock,
  SelfTest,
}

const MARKER: u64 = 1 << 1;
const MARKER_HIGH: u64 = 1 << 2;
const OWNER_SHIFT: u64 = 8;
const OWNER_MASK: u64 = 0xff;
const PAGES_SHIFT: u64 = 16;
/** More than any machine has: 2^40 pages are 4 PiB. */
const PAGES_MAX: u64 = (1 as u64) << 40;

/** Where the next area is looked for. */
let cursor: u64 = AREAS_START;

/**
 * `n` pages, readable and writable, with old contents, and unmapped pages beside them as `guards` (a sum of Guard)
 * says. `owner` (0 to 255) is named when somebody runs into them. Returns 0 when there is no room.
 */
export function vm_alloc(n: u64, guards: u32, owner: u32): usize {
  const interrupts = interruptsOff();
  const area = allocateArea(n, guards, owner);
  interruptsRestore(interrupts);
  return area;
}

function allocateArea(pages: u64, guards: u32, owner: u32): usize {
  if (!framesActive()) {
    countMemoryError(MemoryError.Uninitialised);
    return 0;
  }
  if (pages == 0) return 0;
  const isHigh = (guards & Guard.High) != 0;
  const size = (pages + (isHigh ? 2 : 1)) << PAGE_SHIFT;
  const start = pages > PAGES_MAX ? 0 : areaPlace(cursor, size);
  const low = MARKER | (((owner as u64) & OWNER_MASK) << OWNER_SHIFT) | (pages << PAGES_SHIFT);
  const bits = leafBits(Protection.Read | Protection.Write, 0);
  if (
    start == 0 ||
    allocateRange(start, start + size - 1, bits, low, isHigh ? low | MARKER_HIGH : 0) !=
      Obstacle.Nothing
  ) {
    countMemoryError(MemoryError.OutOfMemory);
    return 0;
  }
  cursor = start + size;
  return (start as usize) + PAGE_SIZE;
}

/** Takes back an area of vm_alloc. 0 does nothing; anything else that is not the start of an area is refused. */
export function vm_free(address: usize): void {
  if (address == 0) return;
  const interrupts = interruptsOff();
  freeArea(address);
  interruptsRestore(interrupts);
}

function freeArea(address: usize): void {
  if (!isPageAligned(address)) return refuse(MemoryError.Misaligned, 'vm_free', address);
  const low = address - PAGE_SIZE;
  const marker = entryAt(low);
  if (!isMarker(marker) || (marker & MARKER_HIGH) != 0)
    return refuse(MemoryError.Foreign, 'vm_free', address);
  const pages = marker >> PAGES_SHIFT;
  const behind = address + ((pages << PAGE_SHIFT) as usize);
  const isHigh = entryAt(behind) == (marker | MARKER_HIGH);
  freeRange(low as u64, (behind as u64) + (isHigh ? (PAGE_SIZE as u64) : 0) - 1);
}

/** The lowest `size` unused bytes of the areas from `from` on, else from the start; 0 when there are none. */
export function areaPlace(from: u64, size: u64): u64 {
  if (size > AREAS_END - AREAS_START) return 0;
  const place = placeBetween(from, AREAS_END, size);
  return place != 0 ? place : placeBetween(AREAS_START, AREAS_END, size);
}

function placeBetween(from: u64, end: u64, size: u64): u64 {
  let place = from;
  while (place <= end - size) {
    const used = firstUsed(place, place + size);
    if (used == place + size) return place;
    place = used + (PAGE_SIZE as u64);
  }
  return 0;
}

/** The first page of [start, end) whose entry is not empty, or `end`. */
function firstUsed(start: u64, end: u64): u64 {
  let address = start;
  while (address < end) {
    let table = rootTable();
    let shift = rootShift();
    let value = load<u64>(entryOf(table, address as usize, shift));
    while (shift != SHIFT_PT && value != 0) {
      table = (value & ENTRY_ADDRESS) as usize;
      shift -= 9;
      value = load<u64>(entryOf(table, address as usize, shift));
    }
    if (value != 0) return address;
    address = (address | (((1 as u64) << shift) - 1)) + 1;
    if (address == 0) break; // the last entry of all
  }
  return end;
}

/** The last entry of the way down to `address`, 0 when the way ends before, or outside the areas. */
function entryAt(address: usize): u64 {
  if (!rangeLiesIn(address as u64, 1, AREAS_START, AREAS_END)) return 0;
  let shift = rootShift();
  let value = load<u64>(entryOf(rootTable(), address, shift));
  while (shift != SHIFT_PT && (value & ENTRY_PRESENT) != 0 && !isLeaf(value, shift)) {
    shift -= 9;
    value = load<u64>(entryOf((value & ENTRY_ADDRESS) as usize, address, shift));
  }
  return value;
}

function isMarker(value: u64): bool {
  return (value & (ENTRY_PRESENT | MARKER)) == MARKER;
}

/** Prints whose guard page holds `address`; nothing when it is in none. */
export function printGuardOwner(address: usize): void {
  const marker = entryAt(address);
  if (!isMarker(marker)) return;
  const isHigh = (marker & MARKER_HIGH) != 0;
  const pages = marker >> PAGES_SHIFT;
  const page = ((address as u64) >> PAGE_SHIFT) << PAGE_SHIFT;
  const start = isHigh ? page - (pages << PAGE_SHIFT) : page + (PAGE_SIZE as u64);
  const end = start + (pages << PAGE_SHIFT);
  print('[nk_panic]   ');
  printUnsigned(isHigh ? (address as u64) - end : start - (address as u64));
  print(isHigh ? ' bytes behind the end of ' : ' bytes before the start of ');
  print(areaOwnerName((marker >> OWNER_SHIFT) & OWNER_MASK));
  print(' at ');
  printAddress(start);
  print(', pages: ');
  printUnsigned(pages);
  newLine();
}

function areaOwnerName(owner: u64): string {
  switch (owner as u32) {
    case AreaOwner.Nobody:
      return 'an area that has no name';
    case AreaOwner.Stack:
      return 'a stack';
    case AreaOwner.HeapBlock:
      return 'a block of the heap';
    case AreaOwner.SelfTest:
      return "the self-test's area";
    default:
      return 'an area of another owner';
  }
}
