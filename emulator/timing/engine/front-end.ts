/**
 * The front end: from which cycle on an instruction is there for dispatch. Two ways lead there: the op cache, by lines of
 * code that were decoded before, and the decoders with their windows of bytes. Branches cost what the predictor misses.
 * Sources: AMD 55723, "Instruction Fetch and Decode", "Op Cache"; windows measured with straight lines of NOPs.
 * Not modelled: the loop buffer of other makers, bank conflicts, the alignment of decode windows beyond their size.
 */
import { Parameter } from '../engine-layout';
import { meetCodeLine, meetFill, meetOpCache, metFirst } from './met';
import { putNumber, putTime, timeAt } from './packing';
import { cycles, parameter } from './parameters';
import { beginOrders } from './ports';

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
  if (line != ~0 && !fromOpCache && lineOps > 0) meetFill(line, lineOps);
  line = next;
  lineOps = 0;
  meetOpCache(next);
  const hit: bool = metFirst != 0;
  if (hit != fromOpCache && delivered > 0) nextCycle();
  fromOpCache = hit;
  if (hit) return;
  meetCodeLine(rip, fetchCycle);
  if (metFirst > 0) holdFrontEnd(fetchCycle + metFirst);
}

/** Control goes on at another place than the next one: the following instruction is delivered in a cycle of its own, `bubble` later
 * than the predictor has the target, for which it takes `step`. */
export function takeBranch(step: i64, bubble: i64): void {
  predictCycle = max(predictCycle, fetchCycle - step) + step;
  holdFrontEnd(max(fetchCycle + 1, predictCycle) + bubble);
  if (!fromOpCache && lineOps > 0) meetFill(line, lineOps);
  line = ~0;
  lineOps = 0;
  beginOrders();
}

/** The innermost target buffer had the branch taken, the direction's prediction not: the predictor goes back. */
export function overridePrediction(): void {
  const step = cycles(Parameter.BtbL0Overridden);
  predictCycle = max(predictCycle, fetchCycle - step) + step;
}

/** So many cycles the front end may be behind dispatch, or ahead of it, in a state that is packed. */
const FETCH_REACH: i64 = 1 << 15;

/** The front end as numbers: its cycle relative to `dispatch`, the others to that. */
export function packFrontEnd(at: u32, dispatch: i64): u32 {
  const isDecoding: bool = decodeCycle == fetchCycle;
  const isLong: bool = isDecoding && longDelivered;
  putNumber(at, fetchCycle - dispatch + FETCH_REACH);
  store<u16>(
    at,
    <u16>(
      (delivered |
        ((<u32>fromOpCache) << 12) |
        ((<u32>redirected) << 13) |
        select<u32>(0x4000, 0, isDecoding) |
        select<u32>(0x8000, 0, isLong))
    ),
    2,
  );
  store<u16>(at, isDecoding ? <u16>bytes : 0, 4);
  store<u16>(at, <u16>lineOps, 6);
  const to = putTime(at + 8, predictCycle, fetchCycle - longestStep());
  store<u64>(to, line);
  return to + 8;
}

export function unpackFrontEnd(at: u32, dispatch: i64): u32 {
  fetchCycle = timeAt(at, dispatch - FETCH_REACH);
  const bits = <u32>load<u16>(at, 2);
  delivered = bits & 0xfff;
  fromOpCache = (bits & 0x1000) != 0;
  redirected = (bits & 0x2000) != 0;
  decodeCycle = (bits & 0x4000) != 0 ? fetchCycle : -1;
  longDelivered = (bits & 0x8000) != 0;
  bytes = load<u16>(at, 4);
  lineOps = load<u16>(at, 6);
  predictCycle = timeAt(at + 8, fetchCycle - longestStep());
  line = load<u64>(at, 10);
  return at + 18;
}

/** What the predictor has done so many cycles before the front end's makes no difference. */
function longestStep(): i64 {
  return max(
    max(cycles(Parameter.TakenBranch), cycles(Parameter.TakenBranchL0)),
    cycles(Parameter.BtbL0Overridden),
  );
}
