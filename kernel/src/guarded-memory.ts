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
 *      63       52 51              16 15        8 7     3  2  1  0
 *     ┌───────────┬──────────────────┬───────────┬───────┬──┬──┬──┐
 *     │ slack     │ pages of the area│ owner     │ 0     │hi│ 1│ 0│   hi: the marker behind the area
 *     └───────────┴──────────────────┴───────────┴───────┴──┴──┴──┘
 *
 * The slack, bytes at the end of the last page that nobody asked for, is known of blocks of the heap (guarded-blocks.ts).
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
/** More than the areas have room for. */
const PAGES_MAX: u64 = (1 as u64) << 36;
const SLACK_SHIFT: u64 = 52;
const WITHOUT_SLACK: u64 = ((1 as u64) << SLACK_SHIFT) - 1;

/** Where the next area is looked for. */
let cursor: u64 = AREAS_START;

/**
 * `n` pages, readable and writable, with old contents, and unmapped pages beside them as `guards` (a sum of Guard)
 * says. `owner` (0 to 255) is named when somebody runs into them. Returns 0 when there is no room.
 */
export function vm_alloc(n: u64, guards: u32, owner: u32): usize {
  const interrupts = interruptsOff();
  const area = framesActive() ? areaTake(n, guards, owner) : 0;
  if (area == 0 && n != 0)
    countMemoryError(framesActive() ? MemoryError.OutOfMemory : MemoryError.Uninitialised);
  interruptsRestore(interrupts);
  return area;
}

/** The same, for callers that hold interrupts off and can do without: counts no error. */
export function areaTake(pages: u64, guards: u32, owner: u32): usize {
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
  )
    return 0;
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
  const pages = pagesOfMarker(marker);
  const behind = address + ((pages << PAGE_SHIFT) as usize);
  const isHigh = entryAt(behind) == ((marker & WITHOUT_SLACK) | MARKER_HIGH);
  freeRange(low as u64, (behind as u64) + (isHigh ? (PAGE_SIZE as u64) : 0) - 1);
}

/** Pages of the area that starts at `address` and is `owner`'s; 0 when there is none. */
export function areaPages(address: usize, owner: u32): u64 {
  if (!isPageAligned(address)) return 0;
  const marker = entryAt(address - PAGE_SIZE);
  if (!isMarker(marker) || (marker & MARKER_HIGH) != 0) return 0;
  return ((marker >> OWNER_SHIFT) & OWNER_MASK) == (owner as u64) ? pagesOfMarker(marker) : 0;
}

/** Notes how many bytes of the last page of an area, less than a page, nobody asked for. */
export function areaSetSlack(area: usize, bytes: usize): void {
  const entry = lastEntryOf(area - PAGE_SIZE);
  store<u64>(entry, (load<u64>(entry) & WITHOUT_SLACK) | ((bytes as u64) << SLACK_SHIFT));
}

export function areaSlack(area: usize): usize {
  return (entryAt(area - PAGE_SIZE) >> SLACK_SHIFT) as usize;
}

/** Whether an area may be, or have been, at `address`. */
export function inAreas(address: usize): bool {
  return rangeLiesIn(address as u64, 1, AREAS_START, AREAS_END);
}

/** Whether nothing is at `address`, neither an area nor a guard. */
export function isAreaUnused(address: usize): bool {
  return entryAt(address) == 0;
}

function pagesOfMarker(marker: u64): u64 {
  return (marker & WITHOUT_SLACK) >> PAGES_SHIFT;
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
  return inAreas(address) ? load<u64>(lastEntryOf(address)) : 0;
}

/** Where that entry is. */
function lastEntryOf(address: usize): usize {
  let shift = rootShift();
  let entry = entryOf(rootTable(), address, shift);
  let value = load<u64>(entry);
  while (shift != SHIFT_PT && (value & ENTRY_PRESENT) != 0 && !isLeaf(value, shift)) {
    shift -= 9;
    entry = entryOf((value & ENTRY_ADDRESS) as usize, address, shift);
    value = load<u64>(entry);
  }
  return entry;
}

function isMarker(value: u64): bool {
  return (value & (ENTRY_PRESENT | MARKER)) == MARKER;
}

/** Prints whose guard page holds `address`; nothing when it is in none. */
export function printGuardOwner(address: usize): void {
  const marker = entryAt(address);
  if (!isMarker(marker)) return;
  const isHigh = (marker & MARKER_HIGH) != 0;
  const pages = pagesOfMarker(marker);
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
