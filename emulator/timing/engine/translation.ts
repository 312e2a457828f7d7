/**
 * TLBs of data and of instructions, two levels each, and page walks whose accesses go through the caches. These TLBs decide
 * times only: the processor has its own, which decides what is translated.
 * Source: AMD 55723, "L1 and L2 TLBs"; AMD 24593, "Translation-Lookaside Buffer". The second level of Zen is skewed: which entry a new one
 * replaces depends on addresses in ways that are not public; here on chance, by a fixed sequence.
 * Not modelled: entries that join neighbouring pages; which ways are for pages of which size.
 */
import { TIMING_WALK } from '../../isa/state-layout';
import { WALK_COUNT, WALK_ENTRIES, WALK_PHYSICAL, WALK_SHIFT } from '../../isa/timing-interface';
import { TimingCounter } from '../counters';
import { beyondFirst } from './caches';
import { count } from './counters';
import {
  DTLB_FILTER,
  DTLB_L1,
  DTLB_L2,
  DTLB_REGIONS,
  ITLB_L1,
  ITLB_L2,
  PAGE_WALK_CACHE,
  PAGE_WALKERS,
  Parameter,
  TLB_FILLED,
  TLB_FILLED_MAX,
} from '../engine-layout';
import { walk } from './processor';
import { cycles, parameter } from './parameters';
import { takeUnit } from './units';

const L1_BYTES: u32 = 32;
const L1_KEY: u32 = 0; // u64: (linear >> shift) + 1; 0: empty
const L1_PHYSICAL: u32 = 8; // u64
const L1_SHIFT: u32 = 16; // u32
const L1_USED: u32 = 24; // u64
const L2_BYTES: u32 = 16;
const FILTER_ENTRIES: u32 = 256;
const FILTER_BYTES: u32 = 16;
const REGION_SHIFT: u64 = 21;
const REGIONS: u32 = 64;

let clock: u64 = 0;
let lastCodePage: u64 = ~0;
let lastCodePhysical: u64 = 0;
/** Cycles that the last translation took beyond a hit in the first level. */
export let translationDelay: i64 = 0;

export function resetTranslation(): void {
  clock = 0;
  random = 1;
  lastCodePage = ~0;
  filled = 0;
}

/** Physical address behind a linear data address; `translationDelay` says what it cost.
 * @inline */
export function translateData(linear: u64, at: i64): u64 {
  const page = linear >> 12;
  const filter = DTLB_FILTER + ((<u32>page) & (FILTER_ENTRIES - 1)) * FILTER_BYTES;
  const entry = load<u32>(filter, 8);
  const shift = <u64>load<u32>(entry, L1_SHIFT);
  if (load<u64>(filter) != page + 1 || load<u64>(entry, L1_KEY) != (linear >> shift) + 1)
    return lookUpData(linear, at, filter);
  store<u64>(entry, ++clock, L1_USED);
  translationDelay = 0;
  return load<u64>(entry, L1_PHYSICAL) + (linear & (((<u64>1) << shift) - 1));
}

function lookUpData(linear: u64, at: i64, filter: u32): u64 {
  // Of a large page the entry is mostly the one that its region had last.
  const region = DTLB_REGIONS + ((<u32>(linear >> REGION_SHIFT)) & (REGIONS - 1)) * 4;
  let entry = load<u32>(region);
  if (entry != 0 && holds(entry, linear)) {
    translationDelay = 0;
    store<u64>(entry, ++clock, L1_USED);
  } else {
    entry = firstLevel(DTLB_L1, parameter(Parameter.DtlbL1Entries), linear, at, false);
    store<u32>(region, entry);
  }
  store<u64>(filter, (linear >> 12) + 1);
  store<u32>(filter, entry, 8);
  const shift = <u64>load<u32>(entry, L1_SHIFT);
  return load<u64>(entry, L1_PHYSICAL) + (linear & (((<u64>1) << shift) - 1));
}

/** The same for the address of an instruction. */
export function translateCode(linear: u64, at: i64): u64 {
  if (linear >> 12 == lastCodePage) {
    translationDelay = 0;
    return lastCodePhysical + (linear & 0xfff);
  }
  const entry = firstLevel(ITLB_L1, parameter(Parameter.ItlbL1Entries), linear, at, true);
  const shift = <u64>load<u32>(entry, L1_SHIFT);
  const physical = load<u64>(entry, L1_PHYSICAL) + (linear & (((<u64>1) << shift) - 1));
  lastCodePage = linear >> 12;
  lastCodePhysical = physical & ~0xfff;
  return physical;
}

/** The entry for `linear`, fetched from the second level or by a walk where the first does not have it. */
function firstLevel(table: u32, entries: u32, linear: u64, at: i64, code: bool): u32 {
  translationDelay = 0;
  let oldest = table;
  for (let number: u32 = 0; number < entries; number++) {
    const entry = table + number * L1_BYTES;
    if (holds(entry, linear)) {
      store<u64>(entry, ++clock, L1_USED);
      return entry;
    }
    if (load<u64>(entry, L1_USED) < load<u64>(oldest, L1_USED)) oldest = entry;
  }
  count(code ? TimingCounter.ItlbL1Misses : TimingCounter.DtlbL1Misses, 1);
  secondLevel(linear, at, code);
  store<u64>(oldest, (linear >> foundShift) + 1, L1_KEY);
  store<u64>(oldest, foundPhysical, L1_PHYSICAL);
  store<u32>(oldest, <u32>foundShift, L1_SHIFT);
  store<u64>(oldest, ++clock, L1_USED);
  return oldest;
}

/** Whether an entry of a first level is for `linear`.
 * @inline */
function holds(entry: u32, linear: u64): bool {
  const key = load<u64>(entry, L1_KEY);
  return key != 0 && key == (linear >> (<u64>load<u32>(entry, L1_SHIFT))) + 1;
}

let foundPhysical: u64 = 0;
let foundShift: u64 = 12;

function secondLevel(linear: u64, at: i64, code: bool): void {
  const table: u32 = code ? ITLB_L2 : DTLB_L2;
  const ways = code ? parameter(Parameter.ItlbL2Ways) : parameter(Parameter.DtlbL2Ways);
  const sets = code ? parameter(Parameter.ItlbL2Sets) : parameter(Parameter.DtlbL2Sets);
  translationDelay = cycles(Parameter.DtlbL2Latency);
  for (let shift: u64 = 12; shift <= 21; shift += 9) {
    const key = (linear >> shift) * 2 + (shift == 12 ? 1 : 2);
    const set = table + (<u32>(key >> 1) % sets) * ways * L2_BYTES;
    for (let way: u32 = 0; way < ways; way++) {
      const entry = set + way * L2_BYTES;
      if (load<u64>(entry) != key) continue;
      foundPhysical = load<u64>(entry, 8);
      foundShift = shift;
      return;
    }
  }
  count(code ? TimingCounter.ItlbL2Misses : TimingCounter.DtlbL2Misses, 1);
  translationDelay += pageWalk(linear, at + translationDelay);
  if (foundShift > 21) return; // pages of 1 GiB stay in the first level
  const key = (linear >> foundShift) * 2 + (foundShift == 12 ? 1 : 2);
  const set = table + (<u32>(key >> 1) % sets) * ways * L2_BYTES;
  const entry = set + freeWay(set, ways) * L2_BYTES;
  store<u64>(entry, key);
  store<u64>(entry, foundPhysical, 8);
  if (filled < <u32>TLB_FILLED_MAX) store<u32>(TLB_FILLED + filled * 4, entry);
  filled++;
}

let random: u32 = 1;
/** Second-level entries filled since all were forgotten; more than TLB_FILLED_MAX: which is not known. */
let filled: u32 = 0;

/** An empty way, else any. */
function freeWay(set: u32, ways: u32): u32 {
  for (let way: u32 = 0; way < ways; way++) if (load<u64>(set + way * L2_BYTES) == 0) return way;
  random ^= random << 13;
  random ^= random >> 17;
  random ^= random << 5;
  return random % ways;
}

/** Reads the entries that lead to the page, from the deepest that the page-walk cache does not hold. */
function pageWalk(linear: u64, at: i64): i64 {
  count(TimingCounter.PageWalks, 1);
  walk(linear);
  const shift = load<u32>(TIMING_WALK + WALK_SHIFT);
  const entries = load<u32>(TIMING_WALK + WALK_COUNT);
  foundShift = shift == 0 ? 12 : <u64>shift > 12 && <u64>shift < 21 ? 12 : <u64>shift;
  foundPhysical = load<u64>(TIMING_WALK + WALK_PHYSICAL) & ~(((<u64>1) << foundShift) - 1);
  if (shift == 22) foundShift = 21;
  if (foundShift == 21) foundPhysical = load<u64>(TIMING_WALK + WALK_PHYSICAL) & ~0x1fffff;
  let now = at;
  let first: u32 = entries > 0 ? entries - 1 : 0;
  // Entries above the last are mostly in the page-walk cache.
  while (first > 0 && !walkCached(load<u64>(TIMING_WALK + WALK_ENTRIES + (first - 1) * 8))) first--;
  for (let number = first; number < entries; number++) {
    const physical = load<u64>(TIMING_WALK + WALK_ENTRIES + number * 8);
    now = beyondFirst(physical >> 6, now) + cycles(Parameter.PageWalk);
    noteWalk(physical);
  }
  if (parameter(Parameter.NestedPaging) != 0) now = hostWalk(linear, now);
  const duration = now - at;
  return takeUnit(PAGE_WALKERS, parameter(Parameter.PageWalkers), at, duration) + duration - at;
}

/** Line at which the last level of the host's page tables begins: behind all memory that a guest has. */
const HOST_TABLE: u64 = 1 << 46;

/**
 * The host's last entry for the page; those above it, and those for the guest's tables, count as cached. The translation is
 * for the smaller of the two pages (AMD 24593, "Nested Paging").
 */
function hostWalk(linear: u64, at: i64): i64 {
  foundPhysical += linear & (((<u64>1) << foundShift) - 1) & ~0xfff;
  foundShift = 12;
  return beyondFirst(HOST_TABLE + (foundPhysical >> 15), at) + cycles(Parameter.PageWalk);
}

/** @inline */
function walkPlace(physical: u64): u32 {
  const entries = parameter(Parameter.PageWalkCacheEntries);
  return PAGE_WALK_CACHE + (((<u32>(physical >> 3)) ^ (<u32>(physical >> 12))) & (entries - 1)) * 8;
}

function walkCached(physical: u64): bool {
  return load<u64>(walkPlace(physical)) == physical + 1;
}

function noteWalk(physical: u64): void {
  store<u64>(walkPlace(physical), physical + 1);
}

/** Forgets translations: of one page, or all (global pages are not told apart). */
export function forgetPage(linear: u64): void {
  forgetFirst(DTLB_L1, parameter(Parameter.DtlbL1Entries), linear);
  forgetFirst(ITLB_L1, parameter(Parameter.ItlbL1Entries), linear);
  forgetSecond(DTLB_L2, parameter(Parameter.DtlbL2Sets), parameter(Parameter.DtlbL2Ways), linear);
  forgetSecond(ITLB_L2, parameter(Parameter.ItlbL2Sets), parameter(Parameter.ItlbL2Ways), linear);
  memory.fill(PAGE_WALK_CACHE, 0, 64 * 8);
  lastCodePage = ~0;
}

function forgetFirst(table: u32, entries: u32, linear: u64): void {
  const end = table + entries * L1_BYTES;
  for (let entry = table; entry < end; entry += L1_BYTES)
    if (holds(entry, linear)) store<u64>(entry, 0, L1_KEY);
}

function forgetSecond(table: u32, sets: u32, ways: u32, linear: u64): void {
  for (let shift: u64 = 12; shift <= 21; shift += 9) {
    const key = (linear >> shift) * 2 + (shift == 12 ? 1 : 2);
    const set = table + (<u32>(key >> 1) % sets) * ways * L2_BYTES;
    for (let way: u32 = 0; way < ways; way++) {
      if (load<u64>(set + way * L2_BYTES) == key) store<u64>(set + way * L2_BYTES, 0);
    }
  }
}

export function forgetTranslations(): void {
  memory.fill(DTLB_L1, 0, parameter(Parameter.DtlbL1Entries) * L1_BYTES);
  memory.fill(ITLB_L1, 0, parameter(Parameter.ItlbL1Entries) * L1_BYTES);
  forgetAllSecond();
  memory.fill(PAGE_WALK_CACHE, 0, 64 * 8);
  lastCodePage = ~0;
}

/** Mostly a few pages have been used since the last time: they alone are forgotten. */
function forgetAllSecond(): void {
  if (filled > <u32>TLB_FILLED_MAX) {
    memory.fill(DTLB_L2, 0, 2048 * L2_BYTES);
    memory.fill(ITLB_L2, 0, 2048 * L2_BYTES);
  } else {
    for (let number: u32 = 0; number < filled; number++)
      store<u64>(load<u32>(TLB_FILLED + number * 4), 0);
  }
  filled = 0;
}
