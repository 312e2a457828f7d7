/**
 * The front end: from which cycle on an instruction is there for dispatch. Two ways lead there: the op cache, by lines of
 * code that were decoded before, and the decoders with their windows of bytes. Branches cost what the predictor misses.
 * Sources: AMD 55723, "Instruction Fetch and Decode", "Op Cache"; windows measured with straight lines of NOPs.
 * Not modelled: the loop buffer of other makers, bank conflicts, the alignment of decode windows beyond their size.
 */
import { TimingCounter } from '../counters';
import { codeLineDelay } from './caches';
import { count } from './counters';
import { OP_CACHE, Parameter } from '../engine-layout';
import { cycles, parameter } from './parameters';
import { beginOrders } from './ports';
import { translateCode, translationDelay } from './translation';

/** The cycle in which the front end delivers, and what it has delivered in it. */
export let fetchCycle: i64 = 0;
let delivered: u32 = 0;
/** What the decoders have done in `decodeCycle`. */
let decodeCycle: i64 = 0;
let bytes: u32 = 0;
let longDelivered: bool = false;
/** When the predictor has the next target. */
let predictCycle: i64 = 0;
/** Line of code (64 bytes) being delivered, whether it comes out of the op cache, and ops delivered from it by decoding. */
let line: u64 = ~0;
let fromOpCache: bool = false;
let lineOps: u32 = 0;
/** The front end waits for the resolution of a branch: what dispatch misses then is bad speculation's. */
export let redirected: bool = false;

export function resetFrontEnd(): void {
  fetchCycle = 0;
  delivered = 0;
  decodeCycle = 0;
  bytes = 0;
  longDelivered = false;
  predictCycle = 0;
  line = ~0;
  lineOps = 0;
  redirected = false;
}

/** Nothing is delivered before `cycle`.
 * @inline */
export function holdFrontEnd(cycle: i64): void {
  if (cycle > fetchCycle) {
    fetchCycle = cycle;
    delivered = 0;
  }
}

/** The same without a branch, where it would depend on chance.
 * @inline */
export function letFrontEndRun(cycle: i64): void {
  const present = fetchCycle;
  const held: bool = cycle > present;
  fetchCycle = select<i64>(cycle, present, held);
  delivered = select<u32>(0, delivered, held);
}

export function redirectFrontEnd(cycle: i64): void {
  holdFrontEnd(cycle);
  predictCycle = max(predictCycle, cycle);
  redirected = true;
}

export function redirectionOver(): void {
  redirected = false;
}

/** @inline */
function nextCycle(): void {
  fetchCycle++;
  delivered = 0;
}

/** Delivers an instruction of `length` bytes and `ops` op-cache slots at `rip`: it is there in `fetchCycle`.
 * @inline */
export function deliver(rip: u64, length: u32, ops: u32): void {
  const shift = <u64>parameter(Parameter.OpCacheLineShift);
  if (rip >> shift != line) enterLine(rip >> shift, rip);
  if (fromOpCache) {
    const together = delivered + ops;
    const full: bool = together > parameter(Parameter.OpCacheOpsPerCycle);
    fetchCycle += select<i64>(1, 0, full);
    delivered = select<u32>(ops, together, full);
  } else decode(length, ops);
}

/** The same from the decoders. */
function decode(length: u32, ops: u32): void {
  lineOps += ops;
  if (fetchCycle != decodeCycle) decodeIn(fetchCycle, 0);
  const decodeBytes = parameter(Parameter.DecodeBytes);
  const long: bool = length > parameter(Parameter.DecodeLongBytes);
  if (
    delivered >= parameter(Parameter.DecodeInstructions) ||
    bytes >= decodeBytes ||
    (long && longDelivered)
  ) {
    const carried = bytes > decodeBytes ? bytes - decodeBytes : 0;
    nextCycle();
    decodeIn(fetchCycle, carried);
  }
  delivered++;
  bytes += length;
  if (long) longDelivered = true;
}

/** The decoders begin a cycle, with bytes that the one before has left. */
function decodeIn(cycle: i64, carried: u32): void {
  decodeCycle = cycle;
  bytes = carried;
  longDelivered = false;
}

function enterLine(next: u64, rip: u64): void {
  if (line != ~0 && !fromOpCache && lineOps > 0) fillOpCache(line, lineOps);
  line = next;
  lineOps = 0;
  const hit: bool = inOpCache(next);
  if (hit != fromOpCache && delivered > 0) nextCycle();
  fromOpCache = hit;
  if (hit) return;
  count(TimingCounter.OpCacheMisses, 1);
  const physical = translateCode(rip, fetchCycle);
  const delay = translationDelay + codeLineDelay(physical >> 6, fetchCycle + translationDelay);
  if (delay > 0) holdFrontEnd(fetchCycle + delay);
}

/** @inline */
function opCacheSet(code: u64): u32 {
  return (
    OP_CACHE +
    ((<u32>code) & (parameter(Parameter.OpCacheSets) - 1)) * parameter(Parameter.OpCacheWays) * 8
  );
}

function inOpCache(code: u64): bool {
  const ways = parameter(Parameter.OpCacheWays);
  const set = opCacheSet(code);
  const tag = code + 1;
  if (ways == 0) return false;
  if (load<u64>(set) == tag) return true;
  for (let way: u32 = 1; way < ways; way++) {
    if (load<u64>(set + way * 8) != tag) continue;
    memory.copy(set + 8, set, way * 8);
    store<u64>(set, tag);
    return true;
  }
  return false;
}

/** Enters a line of `ops` operations: as many entries as they need. */
function fillOpCache(code: u64, ops: u32): void {
  const ways = parameter(Parameter.OpCacheWays);
  if (ways == 0) return;
  const perEntry = parameter(Parameter.OpCacheOpsPerEntry);
  const entries = min((ops + perEntry - 1) / perEntry, ways);
  const set = opCacheSet(code);
  memory.copy(set + entries * 8, set, (ways - entries) * 8);
  for (let way: u32 = 0; way < entries; way++) store<u64>(set + way * 8, code + 1);
}

/** Control goes on at another place than the next one: the following instruction is delivered in a cycle of its own, `bubble` later
 * than the predictor has the target, for which it takes `step`. */
export function takeBranch(step: i64, bubble: i64): void {
  predictCycle = max(predictCycle, fetchCycle - step) + step;
  holdFrontEnd(max(fetchCycle + 1, predictCycle) + bubble);
  if (!fromOpCache && lineOps > 0) fillOpCache(line, lineOps);
  line = ~0;
  lineOps = 0;
  beginOrders();
}

/** The innermost target buffer had the branch taken, the direction's prediction not: the predictor goes back. */
export function overridePrediction(): void {
  const step = cycles(Parameter.BtbL0Overridden);
  predictCycle = max(predictCycle, fetchCycle - step) + step;
}
