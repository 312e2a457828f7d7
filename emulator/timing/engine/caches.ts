/**
 * The data caches and what lies behind them. All times are cycles of the core clock; lines have 64 bytes.
 * First level: least recently used, most recent way first. Second level: a bit a way, set by a use; one of those without it
 * leaves, where a fixed random sequence says. Third level: filled by what the second evicts, random replacement.
 * Not modelled: write-back traffic, coherence, the bandwidth of the paths between the levels beyond the outstanding misses.
 */
import { TimingCounter } from '../counters';
import { count } from './counters';
import {
  L1D_TAGS,
  L1I_TAGS,
  L2_REPLACEMENT,
  L2_TAGS,
  L3_TAGS,
  OUTSTANDING,
  Parameter,
  REMOTE_MEMORY,
  REMOTE_RANGE_BYTES,
  REMOTE_RANGES,
} from '../engine-layout';
import { takePath } from './fill-path';
import { streamed } from './prefetch';
import { cycles, parameter } from './parameters';
import { occupy } from './ports';
import { releaseUnit, takenUnit, takeUnit } from './units';

let random: u32 = 1;
/** Entry of OUTSTANDING that the last line took, 0 when it came from a cache. */
let outstanding: u32 = 0;
/** Where the last line that came from beyond the first level lay: 2, 3, or 4 for memory. */
let lineLevel: u32 = 0;

export function resetCaches(): void {
  random = 1;
  outstanding = 0;
  lineLevel = 0;
}

/** Cycle at which the data of `line` is there for a load or store that reaches the first level at `at`.
 * @inline */
export function dataLine(line: u64, at: i64): i64 {
  const set = firstSet(line);
  if (load<u64>(set) != line + 1) return otherDataLine(line, set, at);
  return max(at + cycles(Parameter.LoadLatency), load<i64>(set, 8));
}

/** The same when it is not the line of its set that was used last. */
function otherDataLine(line: u64, set: u32, at: i64): i64 {
  const tag = line + 1;
  if (usedAgain(set, tag, 1)) return max(at + cycles(Parameter.LoadLatency), load<i64>(set, 8));
  const there = throughPath(fill(line, at));
  // It is written before what waited for it can use it.
  occupy(there - 1, parameter(Parameter.LoadPorts), parameter(Parameter.FillOccupancy));
  enterFirst(set, tag, there);
  return there;
}

/** @inline */
function firstSet(line: u64): u32 {
  const number = (<u32>line) & (parameter(Parameter.L1dSets) - 1);
  return L1D_TAGS + number * parameter(Parameter.L1dWays) * 16;
}

/** Whether one of the set's ways from `first` on has the line; it is then the one that was used last. */
function usedAgain(set: u32, tag: u64, first: u32): bool {
  const ways = parameter(Parameter.L1dWays);
  for (let way = first; way < ways; way++) {
    const entry = set + way * 16;
    if (load<u64>(entry) != tag) continue;
    const there = load<i64>(entry, 8);
    memory.copy(set + 16, set, way * 16);
    store<u64>(set, tag);
    store<i64>(set, there, 8);
    return true;
  }
  return false;
}

/** The line is the one of its set that was used last; the one that was used longest ago leaves. */
function enterFirst(set: u32, tag: u64, there: i64): void {
  count(TimingCounter.L1dMisses, 1);
  memory.copy(set + 16, set, (parameter(Parameter.L1dWays) - 1) * 16);
  store<u64>(set, tag);
  store<i64>(set, there, 8);
}

/**
 * The same for a string instruction, which has its own rates: the line takes no time of paths, ports or outstanding misses.
 * Returns the level that had the line, 1 to 4 (memory).
 */
export function dataLineLevel(line: u64, at: i64): u32 {
  const set = firstSet(line);
  const tag = line + 1;
  if (usedAgain(set, tag, 0)) return 1;
  outstanding = 0;
  beyondFirst(line, at);
  if (outstanding != 0) releaseUnit(outstanding, at);
  enterFirst(set, tag, at);
  return lineLevel;
}

/** A line takes the path between the levels for FillPath cycles: when it is there that would come at `there`. */
function throughPath(there: i64): i64 {
  const path = cycles(Parameter.FillPath);
  return path == 0 ? there : takePath(there - path, path) + path;
}

/** The same for a fetch of instructions: how many cycles later than a hit. */
export function codeLineDelay(line: u64, at: i64): i64 {
  const ways = parameter(Parameter.L1iWays);
  const set = L1I_TAGS + ((<u32>line) & (parameter(Parameter.L1iSets) - 1)) * ways * 8;
  const tag = line + 1;
  if (load<u64>(set) == tag) return 0;
  for (let way: u32 = 1; way < ways; way++) {
    if (load<u64>(set + way * 8) != tag) continue;
    memory.copy(set + 8, set, way * 8);
    store<u64>(set, tag);
    return 0;
  }
  count(TimingCounter.L1iMisses, 1);
  memory.copy(set + 8, set, (ways - 1) * 8);
  store<u64>(set, tag);
  const next = line + 1;
  const delay = beyondFirst(line, at) - at;
  // The line behind it comes along.
  const following = L1I_TAGS + ((<u32>next) & (parameter(Parameter.L1iSets) - 1)) * ways * 8;
  if (!holds(following, ways, next + 1)) {
    beyondFirst(next, at);
    memory.copy(following + 8, following, (ways - 1) * 8);
    store<u64>(following, next + 1);
  }
  return delay;
}

function holds(set: u32, ways: u32, tag: u64): bool {
  for (let way: u32 = 0; way < ways; way++) if (load<u64>(set + way * 8) == tag) return true;
  return false;
}

/** A data line that the first level lacks: a prefetcher may have asked for it already. */
function fill(line: u64, at: i64): i64 {
  outstanding = 0;
  const demand = beyondFirst(line, at);
  const there = streamed(line, at, demand, lineLevel);
  // What a prefetcher delivers sooner is outstanding no longer.
  if (outstanding != 0 && there < demand) releaseUnit(outstanding, there);
  return there;
}

/** Cycle at which `line` comes from the second level or from behind it. A page walk's accesses begin here. */
export function beyondFirst(line: u64, at: i64): i64 {
  const ways = parameter(Parameter.L2Ways);
  const setNumber = (<u32>line) & (parameter(Parameter.L2Sets) - 1);
  const set = L2_TAGS + setNumber * ways * 8;
  const bits = L2_REPLACEMENT + setNumber;
  const tag = line + 1;
  for (let way: u32 = 0; way < ways; way++) {
    if (load<u64>(set + way * 8) != tag) continue;
    noteUse(bits, way, ways);
    lineLevel = 2;
    return at + cycles(Parameter.L2Latency);
  }
  count(TimingCounter.L2Misses, 1);
  const victimWay = unusedWay(bits, ways);
  const victim = set + victimWay * 8;
  const evicted = load<u64>(victim);
  store<u64>(victim, tag);
  noteUse(bits, victimWay, ways);
  const there = beyondSecond(tag, at);
  if (evicted != 0) putThird(evicted);
  return there;
}

/** From a random way on, the first that was not used since the bits of its set were cleared. */
function unusedWay(bits: u32, ways: u32): u32 {
  const unused = ~(<u32>load<u8>(bits)) & ((1 << ways) - 1);
  const first = nextRandom() & (ways - 1);
  return (first + ctz((unused | (unused << ways)) >> first)) & (ways - 1);
}

/** Notes a use. When all ways would be used, the others are so no longer. */
function noteUse(bits: u32, way: u32, ways: u32): void {
  const bit: u32 = 1 << way;
  const used = (<u32>load<u8>(bits)) | bit;
  store<u8>(bits, <u8>select(bit, used, used == (1 << ways) - 1));
}

function nextRandom(): u32 {
  random ^= random << 13;
  random ^= random >> 17;
  random ^= random << 5;
  return random;
}

/** @inline */
function thirdSet(tag: u64): u32 {
  return (
    L3_TAGS +
    ((<u32>(tag - 1)) & (parameter(Parameter.L3Sets) - 1)) * parameter(Parameter.L3Ways) * 8
  );
}

function beyondSecond(tag: u64, at: i64): i64 {
  const set = thirdSet(tag);
  const ways = parameter(Parameter.L3Ways);
  const entry = entryOf(set, ways, tag);
  if (entry != 0) {
    store<u64>(entry, 0); // a victim cache: the line moves to the second level
    lineLevel = 3;
    return at + cycles(Parameter.L3Latency);
  }
  count(TimingCounter.L3Misses, 1);
  lineLevel = 4;
  const duration = memoryCycles(tag - 1);
  const from = takeUnit(OUTSTANDING, parameter(Parameter.OutstandingMisses), at, duration);
  outstanding = takenUnit;
  return from + duration;
}

/** Cycles to the memory of `line`: another node's is further away. */
function memoryCycles(line: u64): i64 {
  const end: u32 = REMOTE_RANGES + load<u32>(REMOTE_MEMORY) * REMOTE_RANGE_BYTES;
  for (let range: u32 = REMOTE_RANGES; range < end; range += REMOTE_RANGE_BYTES) {
    if (line >= load<u64>(range) && line < load<u64>(range, 8)) return load<i64>(range, 16);
  }
  return cycles(Parameter.DramLatency);
}

function putThird(tag: u64): void {
  const set = thirdSet(tag);
  const ways = parameter(Parameter.L3Ways);
  if (ways == 0) return;
  const free = entryOf(set, ways, 0);
  if (free != 0) store<u64>(free, tag);
  else store<u64>(set + (nextRandom() % ways) * 8, tag);
}

/** Where a set has `tag`, 0 when it has not. Which way that is depends on chance: selected, not branched over. */
function entryOf(set: u32, ways: u32, tag: u64): u32 {
  let found: u32 = 0;
  const end = set + ways * 8;
  for (let entry = set; entry < end; entry += 8)
    found = select(entry, found, load<u64>(entry) == tag);
  return found;
}
