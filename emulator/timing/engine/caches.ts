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
import { waysFirst, waysLast, waysWith } from './set-search';
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

/** A line has come into the first level since filledLine() was asked: that takes a load port in the cycle before it is there. */
export let lineFilled: bool = false;

/** Whether the last dataLine() has brought its line into the first level.
 * @inline */
export function filledLine(): bool {
  if (!lineFilled) return false;
  lineFilled = false;
  return true;
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
  if (moveToFront(set, line + 1)) return max(at + cycles(Parameter.LoadLatency), load<i64>(set, 8));
  const there = throughPath(fill(line, at));
  lineFilled = true;
  enterFirst(set, line + 1, there);
  return there;
}

/** @inline */
function firstSet(line: u64): u32 {
  const number = (<u32>line) & (parameter(Parameter.L1dSets) - 1);
  return L1D_TAGS + number * parameter(Parameter.L1dWays) * 16;
}

/**
 * Whether one of the set's ways behind the first has the line; it is then the first, the one that was used last. All that were used after it
 * move up by a way: where none has it, all, and the one that was used longest ago is gone.
 */
function moveToFront(set: u32, tag: u64): bool {
  const end = set + parameter(Parameter.L1dWays) * 16;
  let before = v128.load(set);
  for (let entry = set + 16; entry < end; entry += 16) {
    const present = v128.load(entry);
    v128.store(entry, before);
    if (i64x2.extract_lane(present, 0) == tag) {
      v128.store(set, present);
      return true;
    }
    before = present;
  }
  return false;
}

/** The line takes the set's first way, behind a moveToFront() that has not found it. */
function enterFirst(set: u32, tag: u64, there: i64): void {
  count(TimingCounter.L1dMisses, 1);
  v128.store(set, i64x2.replace_lane(i64x2.splat(<i64>tag), 1, there));
}

/**
 * The same for a string instruction, which has its own rates: the line takes no time of paths, ports or outstanding misses.
 * Returns the level that had the line, 1 to 4 (memory).
 */
export function dataLineLevel(line: u64, at: i64): u32 {
  const set = firstSet(line);
  const tag = line + 1;
  if (load<u64>(set) == tag || moveToFront(set, tag)) return 1;
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
  const found = waysWith(set, ways, tag);
  if (found != 0) {
    noteUse(bits, waysFirst(found), ways);
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
  const found = waysWith(set, parameter(Parameter.L3Ways), tag);
  if (found != 0) {
    store<u64>(set + waysFirst(found) * 8, 0); // a victim cache: the line moves to the second level
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

/** The line is in no cache any more. */
export function evict(line: u64): void {
  const tag = line + 1;
  const first = firstSet(line);
  const end = first + parameter(Parameter.L1dWays) * 16;
  for (let entry = first; entry < end; entry += 16)
    if (load<u64>(entry) == tag) store<u64>(entry, 0);
  const set = (<u32>line) & (parameter(Parameter.L2Sets) - 1);
  forget(L2_TAGS + set * parameter(Parameter.L2Ways) * 8, parameter(Parameter.L2Ways), tag);
  forget(thirdSet(tag), parameter(Parameter.L3Ways), tag);
}

function forget(set: u32, ways: u32, tag: u64): void {
  const found = waysWith(set, ways, tag);
  if (found != 0) store<u64>(set + waysFirst(found) * 8, 0);
}

/** When the line of the last writeLine() is in memory. */
export let lineWritten: i64 = 0;

/** A line goes to memory: it takes an outstanding miss, as soon as one is free from `at` on. Returns when that is. */
export function writeLine(line: u64, at: i64): i64 {
  const duration = memoryCycles(line);
  const from = takeUnit(OUTSTANDING, parameter(Parameter.OutstandingMisses), at, duration);
  lineWritten = from + duration;
  return from;
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
  const free = waysWith(set, ways, 0);
  const way = free != 0 ? waysLast(free) : nextRandom() % ways;
  store<u64>(set + way * 8, tag);
}
