/** Loads and stores: address ports, translation, cache, forwarding, and the commit of stores in program order. */
import { ACCESS_LINEAR, ACCESS_SIZE } from '../../isa/timing-interface';
import { TimingCounter } from '../counters';
import { dataLine } from './caches';
import { count } from './counters';
import { forwardCommit, forwardReady, Forwarding, lookForward, noteForward } from './forwarding';
import { Parameter } from '../engine-layout';
import { retireCycle } from './pipeline';
import { occupy, occupyHere } from './ports';
import { cycles, parameter } from './parameters';
import { translateData, translationDelay } from './translation';
import { closeBuffers, combine } from './write-combining';

/** When the last store was in the cache; the last 16 bytes that it wrote to, and those of them that stores in a row have written. */
let committed: i64 = 0;
let lastChunk: u64 = ~0;
let written: u32 = 0;
let waitsForMerge: bool = false;
/** When the last 16 bytes with a word written in part were merged into their line. */
let merged: i64 = 0;
const NARROW_MERGE_CYCLES: i64 = 4;
/** No load or store behind a fence or a locked instruction begins before this. */
let barrier: i64 = 0;

export function resetDataAccesses(now: i64): void {
  committed = now;
  lastChunk = ~0;
  written = 0;
  waitsForMerge = false;
  merged = 0;
  barrier = now;
}

export function storeCommitted(): i64 {
  return committed;
}

/** When all stores are in a cache or in memory: no buffer gathers a line any longer. */
export function storesVisible(): i64 {
  return max(committed, closeBuffers());
}

/** Loads and stores that follow wait until `cycle`. */
export function raiseBarrier(cycle: i64): void {
  barrier = max(barrier, cycle);
}

/** When the last load took its address port. */
export let addressCycle: i64 = 0;

/**
 * Cycle at which the data of a load is there whose address is known at `from`, `extra` behind that of a general register.
 * `entry`: its place in the access log.
 * @inline */
export function loadData(entry: u32, from: i64, port: u32, extra: i64): i64 {
  count(TimingCounter.Loads, 1);
  const at = occupyHere(max(from, barrier), port, 1);
  addressCycle = at;
  if (entry == 0) return at + cycles(Parameter.LoadLatency) + extra;
  const linear = load<u64>(entry, ACCESS_LINEAR);
  const size = <u32>load<u8>(entry, ACCESS_SIZE);
  if (size > parameter(Parameter.VectorBytes)) occupy(at, parameter(Parameter.LoadPorts), 1);
  const physical = translateData(linear, at);
  const begin = at + translationDelay;
  let there = dataLine(physical >> 6, begin);
  if (((<u32>linear) & 63) + size > 64) there = splitLoad(linear, size, begin, there, port);
  if (committed <= begin) return there + extra; // no store is in flight
  const meets = lookForward(linear, size, begin);
  if (meets == Forwarding.None) return there + extra;
  if (meets == Forwarding.Whole) {
    count(TimingCounter.StoreForwards, 1);
    const forwarded = forwardReady + min(extra, cycles(Parameter.ForwardedLoadExtra));
    return max(begin + cycles(Parameter.LoadLatency) + extra, forwarded);
  }
  count(TimingCounter.StoreForwardFailures, 1);
  return max(there, forwardCommit + cycles(Parameter.StoreForwardFail)) + extra;
}

/** A software prefetch whose address is known at `at` asks for its line. Returns when that is there. */
export function prefetchLine(entry: u32, at: i64): i64 {
  const physical = translateData(load<u64>(entry, ACCESS_LINEAR), at);
  return dataLine(physical >> 6, at + translationDelay);
}

function splitLoad(linear: u64, size: u32, begin: i64, there: i64, ports: u32): i64 {
  const second = occupy(begin + 1, ports, 1);
  const last = linear + size - 1;
  const physical = translateData(last, second);
  const crosses = linear >> 12 != last >> 12;
  const extra = crosses ? cycles(Parameter.PageSplitLoad) : cycles(Parameter.LineSplitLoad);
  const other = dataLine(physical >> 6, second + translationDelay);
  return max(there, other - 1) + extra;
}

/**
 * A store that has retired is written to the cache, after those before it. `address`: when its address was known, `data`:
 * its value; `modify`: the value is the same instruction's result.
 */
export function storeData(entry: u32, place: u32, address: i64, data: i64, modify: bool): void {
  count(TimingCounter.Stores, 1);
  const linear = entry == 0 ? 0 : load<u64>(entry, ACCESS_LINEAR);
  const size: u32 = entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE);
  const physical = translateData(linear, address);
  const line = dataLine(physical >> 6, address + translationDelay) - cycles(Parameter.LoadLatency);
  let commit = max(max(committed + 1, retireCycle + 1), line);
  if (size > parameter(Parameter.VectorBytes)) commit++;
  const offset = (<u32>linear) & 63;
  if (offset + size > 64) {
    const last = linear + size - 1;
    const crosses = linear >> 12 != last >> 12;
    commit += crosses ? cycles(Parameter.PageSplitStore) : cycles(Parameter.LineSplitStore);
    const second = translateData(last, address);
    commit = max(
      commit,
      dataLine(second >> 6, address + translationDelay) - cycles(Parameter.LoadLatency),
    );
  }
  commit += gather(linear, size, commit);
  committed = commit;
  store<i64>(place, commit);
  let forward = max(data, address) + cycles(Parameter.StoreForward);
  if (modify) forward -= cycles(Parameter.StoreForwardModify);
  noteForward(linear, size, forward, commit);
}

/** The same for a store past the caches. */
export function storeNonTemporal(entry: u32, place: u32, address: i64, data: i64): void {
  count(TimingCounter.Stores, 1);
  const linear = entry == 0 ? 0 : load<u64>(entry, ACCESS_LINEAR);
  const size: u32 = entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE);
  const physical = translateData(linear, address);
  const from = max(max(committed, retireCycle) + 1, address + translationDelay);
  let commit = combine(physical >> 6, from);
  if (size > parameter(Parameter.VectorBytes)) commit++;
  if (((<u32>linear) & 63) + size > 64) {
    const second = translateData(linear + size - 1, address);
    commit = combine(second >> 6, commit + cycles(Parameter.LineSplitStore));
  }
  committed = commit;
  store<i64>(place, commit);
  noteForward(linear, size, max(data, address) + cycles(Parameter.StoreForward), commit);
}

/**
 * Stores in a row to the same 16 bytes are gathered; then they are written. A word of NarrowStoreBytes that they leave in
 * part as it was is read first, for its error-correcting code. Returns the cycles that the 16 bytes before cost.
 */
function gather(linear: u64, size: u32, commit: i64): i64 {
  const chunk = linear >> 4;
  const last = linear + size - 1;
  const crosses = last >> 4 != chunk;
  const bytes = chunkBytes((<u32>linear) & 15, crosses ? 15 : (<u32>last) & 15);
  let extra: i64 = 0;
  if (chunk == lastChunk) written |= bytes;
  else {
    const narrow = size < parameter(Parameter.NarrowStoreBytes);
    if (hasPartialWord()) {
      // Two such places are merged at a time: the first of two in a row waits for the second.
      if (!narrow || waitsForMerge) extra = mergeNarrow(commit);
      waitsForMerge = narrow && !waitsForMerge;
    }
    written = bytes;
  }
  if (crosses) written = chunkBytes(0, (<u32>last) & 15);
  lastChunk = last >> 4;
  return extra;
}

/** A bit for each byte of a chunk, from number `first` to number `last`. */
function chunkBytes(first: u32, last: u32): u32 {
  return ((<u32>2) << last) - ((<u32>1) << first);
}

function hasPartialWord(): bool {
  const size = parameter(Parameter.NarrowStoreBytes);
  const word = ((<u32>1) << size) - 1;
  for (let left = written; left != 0 && size != 0; left >>= size) {
    const part = left & word;
    if (part != 0 && part != word) return true;
  }
  return false;
}

/** Too soon after the last merge, it is repeated. */
function mergeNarrow(commit: i64): i64 {
  const again = commit - merged < NARROW_MERGE_CYCLES;
  const extra = again ? cycles(Parameter.NarrowStore) : 0;
  merged = commit + extra;
  return extra;
}
