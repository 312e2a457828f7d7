import {
  MEMORY_MAP_ENTRY_SIZE,
  MemoryMapEntry,
  TYPE_ACPI_RECLAIMABLE,
  TYPE_USABLE,
} from './boot-info';
import { countMemoryError, MemoryError } from './memory-errors';
import { MIB, PAGE_SIZE, pageRoundDown, pageRoundUp } from './page';
import { sortWords } from './sort-words';

/**
 * From the firmware's memory map, which may be unsorted, overlapping, wrapping and wrong, to the pages that are RAM:
 * sorted, disjoint, whole 4 KiB pages.
 *
 *   1. an entry of length 0 says nothing;
 *   2. an entry that wraps past 2^64 or passes the processor's address limit is cut there, one that starts beyond
 *      the limit is dropped; the other entries do not suffer;
 *   3. type 1 is usable. Every other type, known or not, *blocks*; type 3, ACPI tables, until they are reclaimed (ram.ts);
 *   4. a byte is RAM when some usable entry covers it and no blocking entry touches it;
 *   5. usable spans that touch are one span, and only then
 *   6. are its ends trimmed inward to page borders;
 *   7. page 0 (address 0 is the null pointer) and 0xA0000–0xFFFFF (the legacy video and ROM window) are never RAM;
 *   8. any number of entries is taken: when the table is full it is merged in place, and what even then finds no
 *      place is left out, counted and printed;
 *   9. every map takes this one path; a sanitised map comes out as it went in;
 *  10. an empty result is a result: the caller says so and stops.
 *
 * The method: each span becomes two *events*, its begin and its end; events sorted by address are swept once, with a
 * depth for each kind of span. An event is one u64:
 *
 *      63      56 55                                     3 2        0
 *     ┌──────────┬────────────────────────────────────────┬──────────┐
 *     │    0     │           address, 0 to 2^52            │   kind   │
 *     └──────────┴────────────────────────────────────────┴──────────┘
 *
 * The result is written over the events already swept: a range takes two words and used up at least two events.
 */
const USABLE: u64 = 0;
const BLOCKED: u64 = 2;
/** Blocks because the event table was full: kept apart to count what it costs. */
const OVERFLOW: u64 = 4;
const END: u64 = 1; // added to a kind
const KIND_BITS: u64 = 3;
const KIND_MASK: u64 = 7;

/** 4096 entries and the two fixed spans of rule 7 fit without merging; two events are kept for the overflow span. */
const EVENTS_MAX: u32 = 8200;
const events: usize = memory.data(65_600, 8);
let eventCount: u32 = 0;

/** Whether entries of type 3 are usable. */
let takesAcpi: bool = false;

let overflowStart: u64 = 0;
let overflowEnd: u64 = 0;

/** RAM in bytes, at most, that the last sanitising left out because its table was full (rule 8). */
export let droppedBytes: u64 = 0;
/** Entries that the last sanitising cut or dropped at the address limit (rule 2). */
export let clippedEntries: u32 = 0;

/** One sanitised range of RAM: whole pages, `end` is the first byte behind it. 16 bytes. */
@unmanaged
export class MemoryRange {
  start: u64;
  end: u64;
}

export const MEMORY_RANGE_SIZE: usize = 16;

/** Element `index` of an array of ranges. */
export function rangeAt(ranges: usize, index: u32): MemoryRange {
  return changetype<MemoryRange>(ranges + (index as usize) * MEMORY_RANGE_SIZE);
}

/** Where sanitiseFinish leaves the ranges. They stay until the next sanitiseBegin. */
export function sanitisedRanges(): usize {
  return events;
}

/**
 * Sanitises `count` entries of 24 bytes; addresses from `limit` on (at most 2^52) do not exist. Returns the number of
 * ranges at sanitisedRanges().
 */
export function sanitiseMap(entries: usize, count: u32, limit: u64): u32 {
  sanitiseBegin();
  sanitiseEntries(entries, count, limit);
  return sanitiseFinish();
}

/** The same where ACPI tables, of 1 MiB and above, are usable, too; counts nothing. */
export function sanitiseWithAcpi(entries: usize, count: u32, limit: u64): u32 {
  sanitiseBegin();
  takesAcpi = true;
  sanitiseEntries(entries, count, limit);
  takesAcpi = false;
  return sanitiseFinish();
}

/** Starts a new map: only the two fixed spans of rule 7. */
export function sanitiseBegin(): void {
  eventCount = 0;
  overflowStart = 0;
  overflowEnd = 0;
  droppedBytes = 0;
  clippedEntries = 0;
  addSpan(0, PAGE_SIZE, BLOCKED);
  addSpan(0xa_0000, 0x10_0000, BLOCKED);
}

/** Adds `count` firmware entries; addresses from `limit` on (at most 2^52) do not exist. */
export function sanitiseEntries(entries: usize, count: u32, limit: u64): void {
  for (let i: u32 = 0; i < count; i++) {
    const entry = changetype<MemoryMapEntry>(entries + (i as usize) * MEMORY_MAP_ENTRY_SIZE);
    const base = entry.base;
    const length = entry.length;
    if (length == 0) continue;
    let end = base + length;
    if (end < base || end > limit) {
      end = limit;
      if (!takesAcpi) {
        clippedEntries += 1;
        countMemoryError(MemoryError.MapClipped);
      }
    }
    if (base < end) addSpan(base, end, isUsable(entry) ? USABLE : BLOCKED);
  }
}

function isUsable(entry: MemoryMapEntry): bool {
  if (entry.type == TYPE_USABLE) return true;
  return takesAcpi && entry.type == TYPE_ACPI_RECLAIMABLE && entry.base >= (MIB as u64);
}

/** Declares that all of [start, end) is RAM that nothing blocks. */
export function sanitiseUsable(start: u64, end: u64): void {
  addSpan(start, end, USABLE);
}

/** Declares that there is no RAM in [start, end), both at most 2^52. */
export function sanitiseBlock(start: u64, end: u64): void {
  if (start < end) addSpan(start, end, BLOCKED);
}

function addSpan(start: u64, end: u64, kind: u64): void {
  if (eventCount + 4 > EVENTS_MAX) mergeEvents();
  if (eventCount + 4 > EVENTS_MAX) {
    leaveOut(start, end, kind);
    return;
  }
  pushEvent(start, kind);
  pushEvent(end, kind | END);
}

/** No place: RAM is forgotten; a blocking span must not be, so one span over all of these blocks instead. */
function leaveOut(start: u64, end: u64, kind: u64): void {
  if (kind == USABLE) {
    droppedBytes += end - start;
    return;
  }
  if (overflowEnd == 0) overflowStart = start;
  overflowStart = min(overflowStart, start);
  overflowEnd = max(overflowEnd, end);
}

function pushEvent(address: u64, kind: u64): void {
  putEvent(eventCount, (address << KIND_BITS) | kind);
  eventCount += 1;
}

function putEvent(index: u32, event: u64): void {
  store<u64>(events + ((index as usize) << 3), event);
}

// The sweep: how many spans of each kind cover the current address.
let sweepAt: u32 = 0;
let usableDepth: u32 = 0;
let blockedDepth: u32 = 0;
let overflowDepth: u32 = 0;

function sweepBegin(): void {
  sortWords(events, eventCount);
  sweepAt = 0;
  usableDepth = 0;
  blockedDepth = 0;
  overflowDepth = 0;
}

/** Applies all events at the next address and returns that address. */
function sweepNext(): u64 {
  const address = load<u64>(events + ((sweepAt as usize) << 3)) >> KIND_BITS;
  while (sweepAt < eventCount) {
    const event = load<u64>(events + ((sweepAt as usize) << 3));
    if (event >> KIND_BITS != address) break;
    const step: u32 = (event & END) != 0 ? -1 : 1;
    const kind = event & KIND_MASK & ~END;
    if (kind == USABLE) usableDepth += step;
    else if (kind == BLOCKED) blockedDepth += step;
    else overflowDepth += step;
    sweepAt += 1;
  }
  return address;
}

/** Replaces overlapping and touching spans of one kind by their union. Never yields more events than there were. */
function mergeEvents(): void {
  sweepBegin();
  let kept: u32 = 0;
  while (sweepAt < eventCount) {
    const wasUsable = usableDepth != 0;
    const wasBlocked = blockedDepth != 0;
    const address = sweepNext() << KIND_BITS;
    if ((usableDepth != 0) != wasUsable) {
      putEvent(kept, address | USABLE | (wasUsable ? END : 0));
      kept += 1;
    }
    if ((blockedDepth != 0) != wasBlocked) {
      putEvent(kept, address | BLOCKED | (wasBlocked ? END : 0));
      kept += 1;
    }
  }
  eventCount = kept;
}

/** Sweeps the map; returns the number of ranges at sanitisedRanges(). */
export function sanitiseFinish(): u32 {
  if (overflowEnd != 0) {
    pushEvent(overflowStart, OVERFLOW);
    pushEvent(overflowEnd, OVERFLOW | END);
  }
  sweepBegin();
  let ranges: u32 = 0;
  let wasRam = false;
  let start: u64 = 0;
  let wasLost = false;
  let lostStart: u64 = 0;
  while (sweepAt < eventCount) {
    const address = sweepNext();
    const covered = usableDepth != 0 && blockedDepth == 0;
    const isRam = covered && overflowDepth == 0;
    const isLost = covered && overflowDepth != 0;
    if (wasRam && !isRam) ranges = putRange(ranges, start, address);
    if (wasLost && !isLost) droppedBytes += address - lostStart;
    if (isRam && !wasRam) start = address;
    if (isLost && !wasLost) lostStart = address;
    wasRam = isRam;
    wasLost = isLost;
  }
  return ranges;
}

/** Trims [start, end) to whole pages; writes it as range `count` when any is left. Returns the new count. */
function putRange(count: u32, start: u64, end: u64): u32 {
  const first = pageRoundUp(start as usize) as u64;
  const behind = pageRoundDown(end as usize) as u64;
  if (first >= behind) return count;
  const range = rangeAt(events, count);
  range.start = first;
  range.end = behind;
  return count + 1;
}
