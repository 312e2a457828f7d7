/**
 * Dispatch and retirement: where instructions pass in program order. Dispatch waits for the front end and for room in the
 * reorder buffer and the queues; retirement is in order, so many slots a cycle. Whatever dispatch misses is put to the
 * account of what it waited for (top-down split).
 */
import { TimingCounter } from '../counters';
import { count } from './counters';
import { fetchCycle, holdFrontEnd, letFrontEndRun, redirected, redirectionOver } from './front-end';
import { LOAD_QUEUE, OP_QUEUE, Parameter, REORDER_BUFFER, STORE_QUEUE } from '../engine-layout';
import { putNumber, putRing, takeRing, timeAt } from './packing';
import { cycles, parameter } from './parameters';

/** The cycle in which dispatch is, and the slots it has used in it. */
export let dispatchCycle: i64 = 0;
let dispatched: u32 = 0;
/** Instructions that were dispatched in it. */
let instructions: u32 = 0;
/** The cycle in which the last instruction retired: the engine's present. */
export let retireCycle: i64 = 0;
let retired: u32 = 0;
/** Places in the rings. */
let slotPlace: u32 = 0;
let loadPlace: u32 = 0;
let storePlace: u32 = 0;
let queuePlace: u32 = 0;
/** The last instruction that retired late waited for memory. */
let memoryBound: bool = false;

export function resetPipeline(now: i64): void {
  dispatchCycle = now;
  dispatched = 0;
  instructions = 0;
  retireCycle = now;
  retired = 0;
  slotPlace = 0;
  loadPlace = 0;
  storePlace = 0;
  queuePlace = 0;
  memoryBound = false;
}

/** @inline */
function waitUntil(cycle: i64, account: TimingCounter): void {
  if (cycle > dispatchCycle) missUntil(cycle, account);
}

/** Dispatch stands still until `cycle`; the slots that it misses go to the account.
 * @inline */
function missUntil(cycle: i64, account: TimingCounter): void {
  const width = parameter(Parameter.DispatchWidth);
  count(account, <u64>(cycle - dispatchCycle) * width - dispatched);
  dispatchCycle = cycle;
  dispatched = 0;
  instructions = 0;
}

/** The place behind `place` in a ring of so many entries.
 * @inline */
function following(place: u32, entries: u32): u32 {
  const next = place + 1;
  return select<u32>(0, next, next >= entries);
}

/** Dispatches an instruction of `slots` macro-ops as soon as the front end has delivered it and there is room.
 * @inline */
export function dispatch(slots: u32): void {
  waitUntil(
    fetchCycle,
    redirected ? TimingCounter.SlotsBadSpeculation : TimingCounter.SlotsFrontEnd,
  );
  redirectionOver();
  if (slots == 0) return;
  const size = parameter(Parameter.ReorderBufferSlots);
  let last = slotPlace + slots - 1;
  if (last >= size) last -= size;
  waitUntil(
    load<i64>(REORDER_BUFFER + last * 8),
    memoryBound ? TimingCounter.SlotsBackEndMemory : TimingCounter.SlotsBackEndCore,
  );
  const width = parameter(Parameter.DispatchWidth);
  const most = parameter(Parameter.DispatchInstructions);
  const used = dispatched + slots;
  if (most != 0) dispatchWhole(slots, width, most);
  else if (slots >= width && used > width) {
    if (dispatched > 0) nextCycle();
    dispatchCycle += <i64>((slots - 1) / width);
    dispatched = ((slots - 1) % width) + 1;
  } else {
    // Slots left over in this cycle are taken by the first operations of the instruction.
    dispatchCycle += select<i64>(1, 0, used > width);
    dispatched = select<u32>(used - width, used, used > width);
  }
  count(TimingCounter.SlotsRetiring, <u64>slots);
  // The front end runs ahead by as much as the queue holds.
  const place = queuePlace;
  const entry = OP_QUEUE + place * 8;
  letFrontEndRun(load<i64>(entry));
  store<i64>(entry, dispatchCycle);
  queuePlace = following(place, parameter(Parameter.OpQueueEntries));
}

/** An instruction's macro-ops go together where a cycle has room for them, and for no more than `most` instructions.
 * @inline */
function dispatchWhole(slots: u32, width: u32, most: u32): void {
  if (dispatched + slots > width || instructions >= most) nextCycle();
  instructions++;
  if (slots > width) dispatchCycle += <i64>((slots - 1) / width);
  dispatched += slots > width ? ((slots - 1) % width) + 1 : slots;
}

/** The `slots` that were dispatched last, or as many of them as are in this cycle, are dispatched a cycle later. */
export function dispatchLater(slots: u32): void {
  const moved = min(slots, dispatched);
  dispatched -= moved;
  nextCycle();
  dispatched = moved;
  instructions = 1;
}

/** What is left of the cycle's slots is missed: the next instruction does not fit. */
function nextCycle(): void {
  missUntil(dispatchCycle + 1, TimingCounter.SlotsBackEndCore);
}

/** Dispatch waits for room in a scheduler's queue. */
export function waitForQueue(cycle: i64): void {
  waitUntil(cycle, memoryBound ? TimingCounter.SlotsBackEndMemory : TimingCounter.SlotsBackEndCore);
}

/** A load takes a place in its queue until its data is there. Returns the place's address.
 * @inline */
export function dispatchLoad(): u32 {
  const entry = LOAD_QUEUE + loadPlace * 8;
  waitUntil(load<i64>(entry), TimingCounter.SlotsBackEndMemory);
  loadPlace = following(loadPlace, parameter(Parameter.LoadQueueEntries));
  return entry;
}

/** A store takes a place in its queue until it is in the cache. Returns the place's address.
 * @inline */
export function dispatchStore(): u32 {
  const entry = STORE_QUEUE + storePlace * 8;
  waitUntil(load<i64>(entry), TimingCounter.SlotsBackEndMemory);
  storePlace = following(storePlace, parameter(Parameter.StoreQueueEntries));
  return entry;
}

/** Retires an instruction of `slots` macro-ops whose operations end at `done`; `fromMemory`: a load was the last.
 * @inline */
export function retire(slots: u32, done: i64, fromMemory: bool): void {
  // Without branches: they would depend on chance.
  const earliest = done + 1;
  const present = retireCycle;
  const late: bool = earliest > present;
  memoryBound = select<bool>(fromMemory, memoryBound, earliest > present + 1);
  const cycle = select<i64>(earliest, present, late);
  const before = select<u32>(0, retired, late);
  if (slots == 0) {
    retireCycle = cycle;
    retired = before;
    return;
  }
  retireSlot(cycle, before);
  if (slots != 1) {
    for (let slot: u32 = 1; slot < slots; slot++) retireSlot(retireCycle, retired);
  }
}

/** Retires a macro-op in `cycle`, in which as many as `before` have retired, or in the next.
 * @inline */
function retireSlot(cycle: i64, before: u32): void {
  const full: bool = before >= parameter(Parameter.RetireWidth);
  const at = cycle + select<i64>(1, 0, full);
  retireCycle = at;
  retired = select<u32>(1, before + 1, full);
  const place = slotPlace;
  store<i64>(REORDER_BUFFER + place * 8, at);
  slotPlace = following(place, parameter(Parameter.ReorderBufferSlots));
}

/** Time passes in which nothing is to be done: no slots are missed. */
export function idleUntil(cycle: i64): void {
  if (cycle > retireCycle) {
    retireCycle = cycle;
    retired = 0;
  }
  if (retireCycle > dispatchCycle) {
    dispatchCycle = retireCycle;
    dispatched = 0;
    instructions = 0;
  }
  holdFrontEnd(retireCycle);
}

/** Empties the pipeline: nothing that follows begins before `cycle`. */
export function drainTo(cycle: i64, account: TimingCounter): void {
  if (cycle > retireCycle) {
    retireCycle = cycle;
    retired = 0;
  }
  waitUntil(retireCycle, account);
  holdFrontEnd(retireCycle);
}

/** The earliest cycle in which what was dispatched last can execute.
 * @inline */
export function earliestExecution(): i64 {
  return dispatchCycle + cycles(Parameter.DispatchToExecute);
}

/** Dispatch, retirement and the queues as numbers, relative to the dispatch cycle; the queue of operations to the front end's. */
export function packPipeline(at: u32): u32 {
  store<u16>(at, <u16>(dispatched | (instructions << 8)));
  store<u16>(at, <u16>(retired | ((<u32>memoryBound) << 8)), 2);
  let to = putNumber(at + 4, retireCycle - dispatchCycle);
  to = putRing(
    to,
    REORDER_BUFFER,
    parameter(Parameter.ReorderBufferSlots),
    slotPlace,
    dispatchCycle,
  );
  to = putRing(to, LOAD_QUEUE, parameter(Parameter.LoadQueueEntries), loadPlace, dispatchCycle);
  to = putRing(to, STORE_QUEUE, parameter(Parameter.StoreQueueEntries), storePlace, dispatchCycle);
  return putRing(to, OP_QUEUE, parameter(Parameter.OpQueueEntries), queuePlace, fetchCycle);
}

/** The same back, where the dispatch cycle and the front end are already. */
export function unpackPipeline(at: u32): u32 {
  dispatched = load<u8>(at);
  instructions = load<u8>(at, 1);
  retired = load<u8>(at, 2);
  memoryBound = load<u8>(at, 3) != 0;
  retireCycle = timeAt(at + 4, dispatchCycle);
  slotPlace = 0;
  loadPlace = 0;
  storePlace = 0;
  queuePlace = 0;
  let from = takeRing(
    at + 6,
    REORDER_BUFFER,
    parameter(Parameter.ReorderBufferSlots),
    dispatchCycle,
  );
  from = takeRing(from, LOAD_QUEUE, parameter(Parameter.LoadQueueEntries), dispatchCycle);
  from = takeRing(from, STORE_QUEUE, parameter(Parameter.StoreQueueEntries), dispatchCycle);
  return takeRing(from, OP_QUEUE, parameter(Parameter.OpQueueEntries), fetchCycle);
}

/** Where the pipeline's state is kept elsewhere: its present. */
export function movePresent(dispatch: i64, retirement: i64): void {
  dispatchCycle = dispatch;
  retireCycle = retirement;
}
