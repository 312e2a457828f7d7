/** Loads and stores: address ports, translation, cache, forwarding, and the commit of stores in program order. */
import { ACCESS_LINEAR, ACCESS_SIZE } from '../../isa/timing-interface';
import { TimingCounter } from '../counters';
import { dataLine, filledLine } from './caches';
import { count } from './counters';
import { forwardCommit, forwardReady, Forwarding, lookForward, noteForward } from './forwarding';
import { Parameter } from '../engine-layout';
import {
  meetBuffers,
  meetLastLine,
  meetLoad,
  meetStore,
  meetWrite,
  metCrossing,
  metDelay,
  metFilled,
  metFirst,
  metForwardCycles,
  metForwarding,
  metLineCycles,
  metSplit,
} from './met';
import { isTracing, noteIrregular } from './met-record';
import { dispatchCycle, retireCycle } from './pipeline';
import { occupy, occupyAddress } from './ports';
import { putTime, timeAt } from './packing';
import { cycles, parameter } from './parameters';
import { translateData, translationDelay } from './translation';
import { combine } from './write-combining';
import { gather, resetWritePath } from './write-path';

/** When the last store was in the cache. */
let committed: i64 = 0;
/** No load or store behind a fence or a locked instruction begins before this. */
let barrier: i64 = 0;

export function resetDataAccesses(now: i64): void {
  committed = now;
  barrier = now;
  resetWritePath();
}

export function storeCommitted(): i64 {
  return committed;
}

/** When all stores are in a cache or in memory: no buffer gathers a line any longer. */
export function storesVisible(): i64 {
  // What was written long before makes no difference.
  const at = max(committed, dispatchCycle - cycles(Parameter.LockedStart));
  meetBuffers(at);
  return at + metFirst;
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
  const at = occupyAddress(max(from, barrier), port);
  addressCycle = at;
  if (entry == 0) return at + cycles(Parameter.LoadLatency) + extra;
  const linear = load<u64>(entry, ACCESS_LINEAR);
  const size = <u32>load<u8>(entry, ACCESS_SIZE);
  if (size > parameter(Parameter.VectorBytes)) occupy(at, parameter(Parameter.LoadPorts), 1);
  if (isTracing) return tracedLoad(entry, at, port, extra);
  const physical = translateData(linear, at);
  const begin = at + translationDelay;
  let there = dataLine(physical >> 6, begin);
  if (filledLine()) fillPort(there);
  if (((<u32>linear) & 63) + size > 64)
    there = splitLoad(entry, begin, there, port, crossesPage(linear, size));
  if (committed <= begin) return there + extra; // no store is in flight
  const meets = lookForward(linear, size, begin);
  if (meets == Forwarding.None) return there + extra;
  const waits = meets == Forwarding.Whole ? forwardReady : forwardCommit;
  return forwardedLoad(meets, waits, begin, there, extra);
}

/** The same where what is met is written down. */
function tracedLoad(entry: u32, at: i64, port: u32, extra: i64): i64 {
  meetLoad(entry, at, committed);
  const begin = at + metDelay();
  let there = begin + metLineCycles();
  if (metFilled()) fillPort(there);
  const meets = metForwarding();
  const waits = begin + metForwardCycles();
  if (metSplit()) there = splitLoad(entry, begin, there, port, metCrossing());
  if (meets == Forwarding.None) return there + extra;
  return forwardedLoad(meets, waits, begin, there, extra);
}

/** A load whose bytes are those of stores that are on their way: when the data is there. */
function forwardedLoad(meets: Forwarding, waits: i64, begin: i64, there: i64, extra: i64): i64 {
  if (meets == Forwarding.Whole) {
    count(TimingCounter.StoreForwards, 1);
    const forwarded = waits + min(extra, cycles(Parameter.ForwardedLoadExtra));
    return max(begin + cycles(Parameter.LoadLatency) + extra, forwarded);
  }
  count(TimingCounter.StoreForwardFailures, 1);
  return max(there, waits + cycles(Parameter.StoreForwardFail)) + extra;
}

/** A line that has come at `there` is written before what waited for it can use it. */
function fillPort(there: i64): void {
  occupy(there - 1, parameter(Parameter.LoadPorts), parameter(Parameter.FillOccupancy));
}

/** A software prefetch whose address is known at `at` asks for its line. Returns when that is there. */
export function prefetchLine(entry: u32, at: i64): i64 {
  meetStore(entry, at);
  const there = at + metDelay() + metLineCycles();
  if (metFilled()) fillPort(there);
  return there;
}

function splitLoad(entry: u32, begin: i64, there: i64, ports: u32, crosses: bool): i64 {
  const second = occupy(begin + 1, ports, 1);
  const other = lastLine(entry, second);
  const extra = crosses ? cycles(Parameter.PageSplitLoad) : cycles(Parameter.LineSplitLoad);
  return max(there, other - 1) + extra;
}

/** When the line of an access's last byte is there, asked for at `at`. */
function lastLine(entry: u32, at: i64): i64 {
  meetLastLine(entry, at);
  const there = at + metDelay() + metLineCycles();
  if (metFilled()) fillPort(there);
  return there;
}

/**
 * A store that has retired is written to the cache, after those before it. `address`: when its address was known, `data`:
 * its value; `modify`: the value is the same instruction's result.
 */
export function storeData(entry: u32, place: u32, address: i64, data: i64, modify: bool): void {
  count(TimingCounter.Stores, 1);
  if (isTracing) {
    tracedStore(entry, place, address, data, modify);
    return;
  }
  const linear = entry == 0 ? 0 : load<u64>(entry, ACCESS_LINEAR);
  const size: u32 = entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE);
  const physical = translateData(linear, address);
  const line = dataLine(physical >> 6, address + translationDelay);
  if (filledLine()) fillPort(line);
  let commit = earliestCommit(line, size);
  if (((<u32>linear) & 63) + size > 64)
    commit = splitStore(entry, address, commit, crossesPage(linear, size));
  commit += gather(linear, size, commit);
  committed = commit;
  store<i64>(place, commit);
  noteForward(linear, size, forwardFrom(address, data, modify), commit);
}

/** The same where what is met is written down. */
function tracedStore(entry: u32, place: u32, address: i64, data: i64, modify: bool): void {
  meetStore(entry, address);
  const line = address + metDelay() + metLineCycles();
  if (metFilled()) fillPort(line);
  let commit = earliestCommit(line, entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE));
  if (metSplit()) commit = splitStore(entry, address, commit, metCrossing());
  meetWrite(entry, commit, forwardFrom(address, data, modify));
  committed = commit + metFirst;
  store<i64>(place, committed);
}

/** When a store of `size` bytes is written, whose line a load would have at `line`: behind the one before, and when it has retired.
 * @inline */
function earliestCommit(line: i64, size: u32): i64 {
  const cycle = max(max(committed, retireCycle) + 1, line - cycles(Parameter.LoadLatency));
  return size > parameter(Parameter.VectorBytes) ? cycle + 1 : cycle;
}

function splitStore(entry: u32, address: i64, commit: i64, crosses: bool): i64 {
  const extra = crosses ? cycles(Parameter.PageSplitStore) : cycles(Parameter.LineSplitStore);
  return max(commit + extra, lastLine(entry, address) - cycles(Parameter.LoadLatency));
}

/** From when on a store's data can be forwarded.
 * @inline */
function forwardFrom(address: i64, data: i64, modify: bool): i64 {
  const cycle = max(data, address) + cycles(Parameter.StoreForward);
  return modify ? cycle - cycles(Parameter.StoreForwardModify) : cycle;
}

/** @inline */
function crossesPage(linear: u64, size: u32): bool {
  return linear >> 12 != (linear + size - 1) >> 12;
}

/** The same for a store past the caches. */
export function storeNonTemporal(entry: u32, place: u32, address: i64, data: i64): void {
  count(TimingCounter.Stores, 1);
  noteIrregular();
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

/** The last store and the barrier as numbers. A locked instruction still looks at a store that was written LockedStart cycles ago. */
export function packDataAccesses(at: u32, now: i64): u32 {
  const to = putTime(at, committed, now - cycles(Parameter.LockedStart));
  return putTime(to, barrier, now);
}

export function unpackDataAccesses(at: u32, now: i64): u32 {
  committed = timeAt(at, now - cycles(Parameter.LockedStart));
  barrier = timeAt(at + 2, now);
  return at + 4;
}
