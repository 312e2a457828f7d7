/**
 * One instruction after the other: delivered, dispatched, executed, retired. The records of the block describer say what
 * an instruction consists of, the access log which addresses it touched; times come out, values play no part.
 */
import { ACCESS_BYTES, ACCESS_KIND, AccessKind } from '../../isa/timing-interface';
import { BLOCK_RIP, BLOCK_TIMING } from '../../isa/state-layout';
import { TimingCounter } from '../counters';
import {
  accessesBegin,
  accessesEnd,
  beginAccesses,
  nextAccess,
  passAccesses,
  skipAccessesBefore,
} from './access-cursor';
import { count } from './counters';
import { storeCommitted, storesVisible } from './data-accesses';
import { fence, lockedDone, serialise } from './fences';
import { deliver, fetchCycle, holdFrontEnd } from './front-end';
import * as layout from '../engine-layout';
import { InstructionKind, OperationKind, Parameter } from '../engine-layout';
import { meetValue, metFirst } from './met';
import { noteIrregular } from './met-record';
import {
  commitNonTemporal,
  commitStore,
  dataOf,
  executeOn,
  loadOperation,
  prefetchOperation,
  storeOperation,
} from './operations';
import { putTime, timeAt } from './packing';
import * as pipeline from './pipeline';
import { keepQueueBase, occupy } from './ports';
import { cycles, parameter } from './parameters';
import { ready, setReady, setResults, sourcesReady } from './scoreboard';
import { stringCycles } from './strings';

/** The last instruction was CMP or TEST and has not been dispatched: a conditional branch may take it along. */
let waiting: u32 = 0;
/** The stack pointer's value has moved in the stack engine since it was last written in a register. */
let stackMoved: bool = false;
/** When the last instruction's operations were all done: where a branch is resolved. */
export let resolved: i64 = 0;
/** The dispatch cycle; operations that its instructions have sent to the queues, and SEVERAL if one of them sent several. */
let queueCycle: i64 = -1;
let queuedIn: u32 = 0;
const SEVERAL: u32 = 0x100;

/** Address of the record of the instruction that waits; 0: none does. It lies beside a decoded block, which a snapshot does not keep. */
export function waitingRecord(): u32 {
  return waiting;
}

export function moveWaitingRecord(to: u32): void {
  waiting = to;
}

export function resetInstructions(): void {
  waiting = 0;
  stackMoved = false;
  resolved = 0;
  queueCycle = -1;
  memory.fill(layout.SCOREBOARD, 0, layout.READY_COUNT * 8);
}

/** Instructions `from` up to, not including, `to` of `block` have completed. */
export function complete(block: u32, from: u32, to: u32): void {
  beginAccesses();
  resolved = 0;
  keepQueueBase(pipeline.dispatchCycle);
  const records = load<u32>(block, BLOCK_TIMING);
  const rip = load<u64>(block, BLOCK_RIP);
  for (let index = from; index < to; index++) {
    const record = records + index * layout.RECORD_BYTES;
    const at = rip + <u64>load<u16>(record, layout.RECORD_START);
    if (waiting != 0 && takesAlong(record, at)) continue;
    deliver(at, load<u8>(record, layout.RECORD_LENGTH), load<u8>(record, layout.RECORD_OP_CACHE));
    switch (<i32>load<u8>(record, layout.RECORD_SHAPE)) {
      case layout.SHAPE_EXECUTE:
        plain(record, 1, false, true, false);
        break;
      case layout.SHAPE_FUSES:
        waiting = record;
        break;
      case layout.SHAPE_LOAD:
        skipAccessesBefore(index);
        plain(record, 1, true, false, false);
        break;
      case layout.SHAPE_STORE:
        skipAccessesBefore(index);
        plain(record, 1, false, false, true);
        break;
      case layout.SHAPE_LOAD_EXECUTE:
        skipAccessesBefore(index);
        plain(record, 1, true, true, false);
        break;
      case layout.SHAPE_LONG_EXECUTE:
        plain(record, load<u8>(record, layout.RECORD_SLOTS), false, true, false);
        break;
      case layout.SHAPE_LONG_EXECUTE_STORE:
        skipAccessesBefore(index);
        plain(record, load<u8>(record, layout.RECORD_SLOTS), false, true, true);
        break;
      case layout.SHAPE_LOAD_EXECUTE_STORE:
        skipAccessesBefore(index);
        plain(record, load<u8>(record, layout.RECORD_SLOTS), true, true, true);
        break;
      case layout.SHAPE_MOVE:
        if (parameter(Parameter.MoveElimination) != 0) eliminatedMove(record);
        else instruction(record, index);
        break;
      default:
        instruction(record, index);
    }
  }
  count(TimingCounter.Instructions, <u64>(to - from));
}

/**
 * What waits for its branch is dispatched: with the instruction at `rip`, which then is done as well, or alone.
 * @inline */
function takesAlong(record: u32, rip: u64): bool {
  const first = waiting;
  waiting = 0;
  if (load<u8>(record, layout.RECORD_KIND) != InstructionKind.ConditionalBranch) {
    execute(first, 0, false);
    return false;
  }
  deliver(rip, load<u8>(record, layout.RECORD_LENGTH), 0);
  if (load<u8>(first, layout.RECORD_SHAPE) == layout.SHAPE_FUSES) plainFused(first);
  else execute(first, layout.RECORD_FUSES, true);
  return true;
}

function instruction(record: u32, index: u32): void {
  const kind = <i32>load<u8>(record, layout.RECORD_KIND);
  const flags = <u32>load<u8>(record, layout.RECORD_FLAGS);
  skipAccessesBefore(index);
  if ((flags & layout.RECORD_FUSES) != 0 && load<u8>(record, layout.RECORD_ACCESSES) == 0)
    waiting = record;
  else if ((flags & (layout.RECORD_ESTIMATED | layout.RECORD_UNKNOWN)) != 0) {
    if ((flags & layout.RECORD_UNKNOWN) != 0) count(TimingCounter.UnknownInstructions, 1);
    const before = pipeline.retireCycle;
    byKind(record, kind, flags, index);
    count(TimingCounter.EstimatedCycles, <u64>(pipeline.retireCycle - before));
  } else byKind(record, kind, flags, index);
}

/**
 * The operations of a record in one of the plain shapes: what `execute` does with them. All but `record` is constant, and
 * `slots` of the long ones.
 * @inline */
function plain(record: u32, slots: u32, loads: bool, executes: bool, stores: bool): void {
  const flags = <u32>load<u8>(record, layout.RECORD_FLAGS);
  if (flags != 0) moveStack(flags);
  pipeline.dispatch(slots);
  keepTogether(load<u8>(record, layout.RECORD_QUEUED), slots);
  let operation = record + layout.OPERATIONS;
  let done = pipeline.dispatchCycle + 1;
  let fromMemory = false;
  if (loads) {
    const result = loadOperation(operation, 0);
    fromMemory = result > done;
    done = max(done, result);
    operation += layout.OPERATION_BYTES;
  }
  if (executes) {
    const ports = <u32>load<u16>(operation, layout.OPERATION_PORTS);
    const result = executed(operation, ports);
    if (loads) fromMemory = fromMemory && result <= done;
    done = max(done, result);
    operation += layout.OPERATION_BYTES;
  }
  let address: i64 = 0;
  if (stores) {
    address = storeOperation(operation, 0);
    done = max(done, max(address, ready(dataOf(operation))));
  }
  resolved = done;
  pipeline.retire(slots, done, fromMemory);
  if (stores) commitStore(operation, address);
}

/** @inline */
function eliminatedMove(record: u32): void {
  pipeline.dispatch(1);
  const there = ready(load<u8>(record, layout.RECORD_SOURCE));
  setReady(load<u8>(record, layout.RECORD_DESTINATION), there);
  pipeline.retire(1, max(pipeline.dispatchCycle, there), false);
}

/** A compare or test with the branch behind it.
 * @inline */
function plainFused(record: u32): void {
  pipeline.dispatch(1);
  keepTogether(load<u8>(record, layout.RECORD_QUEUED), 1);
  const done = pipeline.dispatchCycle + 1;
  resolved = max(done, executed(record + layout.OPERATIONS, parameter(Parameter.BranchPorts)));
  pipeline.retire(1, resolved, false);
}

/** @inline */
function executed(operation: u32, ports: u32): i64 {
  const from = sourcesReady(operation);
  const at = executeOn(ports, from, 1);
  const result = at + <i64>load<u8>(operation, layout.OPERATION_LATENCY);
  setResults(operation, result);
  return result;
}

/** Dispatches an instruction that still waits for its branch: control goes elsewhere than into one. */
export function flushWaiting(): void {
  if (waiting == 0) return;
  const first = waiting;
  waiting = 0;
  execute(first, 0, false);
}

function byKind(record: u32, kind: i32, flags: u32, index: u32): void {
  const slots = <u32>load<u8>(record, layout.RECORD_SLOTS);
  const microcode = load<u8>(record, layout.RECORD_MICROCODE);
  if (microcode != 0) holdFrontEnd(fetchCycle + <i64>microcode);
  switch (kind) {
    case InstructionKind.Nop:
      pipeline.dispatch(slots);
      pipeline.retire(slots, pipeline.dispatchCycle, false);
      return;
    case InstructionKind.ZeroIdiom:
      if (parameter(Parameter.ZeroIdioms) == 0) break;
      pipeline.dispatch(slots);
      if (load<u8>(record, layout.RECORD_OPERATIONS) != 0)
        executeOn(load<u16>(record, layout.OPERATIONS + layout.OPERATION_PORTS), 0, 1);
      setReady(load<u8>(record, layout.RECORD_DESTINATION), 0);
      if ((flags & layout.RECORD_CLEARS_FLAGS) != 0) {
        setReady(layout.READY_CARRY, 0);
        setReady(layout.READY_FLAGS, 0);
      }
      pipeline.retire(slots, pipeline.dispatchCycle, false);
      return;
    case InstructionKind.EliminatedMove:
    case InstructionKind.EliminatedExchange: {
      if (parameter(Parameter.MoveElimination) == 0) break;
      if ((flags & layout.RECORD_NAMES_RSP) != 0) synchroniseStack();
      pipeline.dispatch(slots);
      const source = <u32>load<u8>(record, layout.RECORD_SOURCE);
      const destination = <u32>load<u8>(record, layout.RECORD_DESTINATION);
      const there = ready(source);
      if (kind == InstructionKind.EliminatedExchange) setReady(source, ready(destination));
      setReady(destination, there);
      pipeline.retire(slots, max(pipeline.dispatchCycle, there), false);
      return;
    }
    case InstructionKind.Serialising:
      serialise(load<u16>(record, layout.RECORD_COST));
      return;
    case InstructionKind.String:
      string(record, slots, index);
      return;
    case InstructionKind.StoreFence:
    case InstructionKind.LoadFence:
    case InstructionKind.FullFence:
      fence(kind, load<u16>(record, layout.RECORD_COST));
      return;
    default:
      break;
  }
  execute(record, flags, false);
}

/** An explicit use of the stack pointer after the stack engine moved it costs an operation. */
function synchroniseStack(): void {
  if (!stackMoved || parameter(Parameter.StackEngine) == 0) return;
  stackMoved = false;
  pipeline.dispatch(1);
  const at = occupy(
    max(pipeline.earliestExecution(), ready(layout.READY_RSP)),
    parameter(Parameter.AluPorts),
    1,
  );
  setReady(layout.READY_RSP, at + 1);
  pipeline.retire(1, at + 1, false);
}

/** An instruction moves the stack pointer or names it. */
function moveStack(flags: u32): void {
  if ((flags & layout.RECORD_NAMES_RSP) != 0) synchroniseStack();
  if ((flags & layout.RECORD_STACK) != 0) stackMoved = true;
}

/** The operations of a record, in order. `fused`: with the conditional branch behind it. */
function execute(record: u32, flags: u32, fused: bool): void {
  moveStack(flags);
  const slots = <u32>load<u8>(record, layout.RECORD_SLOTS);
  pipeline.dispatch(slots);
  keepTogether(load<u8>(record, layout.RECORD_QUEUED), slots);
  let done = pipeline.dispatchCycle + 1;
  let fromMemory = false;
  let stored: u32 = 0;
  let address: i64 = 0;
  let lockedFrom: i64 = 0;
  if ((flags & layout.RECORD_LOCKED) != 0)
    lockedFrom = storesVisible() + cycles(Parameter.LockedStart);
  let operation = record + layout.OPERATIONS;
  const end = operation + <u32>load<u8>(record, layout.RECORD_OPERATIONS) * layout.OPERATION_BYTES;
  for (; operation < end; operation += layout.OPERATION_BYTES) {
    const kind = <i32>load<u8>(operation, layout.OPERATION_KIND);
    if (kind == OperationKind.Execute) {
      const from = max(sourcesReady(operation), lockedFrom);
      let ports = <u32>load<u16>(operation, layout.OPERATION_PORTS);
      if (fused) ports = parameter(Parameter.BranchPorts);
      const extra: i64 = (flags & layout.RECORD_BY_VALUE) != 0 ? divideCycles() : 0;
      const occupancy = <u32>load<u8>(operation, layout.OPERATION_OCCUPANCY) + <u32>extra;
      const at =
        ports == 0 ? max(from, pipeline.earliestExecution()) : executeOn(ports, from, occupancy);
      const result = at + <i64>load<u8>(operation, layout.OPERATION_LATENCY) + extra;
      setResults(operation, result);
      if (result > done) {
        done = result;
        fromMemory = false;
      }
    } else if (kind == OperationKind.Load) {
      const result = loadOperation(operation, lockedFrom);
      if (result > done) {
        done = result;
        fromMemory = true;
      }
    } else if (kind == OperationKind.Prefetch) {
      done = max(done, prefetchOperation(operation));
    } else {
      stored = operation;
      address = storeOperation(operation, lockedFrom);
      done = max(done, max(address, ready(dataOf(operation))));
    }
  }
  if (lockedFrom != 0) done = lockedDone(done);
  resolved = done;
  pipeline.retire(slots, done, fromMemory);
  if (stored != 0) {
    if (load<u8>(stored, layout.OPERATION_KIND) == OperationKind.NonTemporalStore)
      commitNonTemporal(stored, address);
    else commitStore(stored, address);
  }
  setReady(layout.READY_NEVER_WAITS, 0);
}

/**
 * What an instruction sends to the queues goes there in one cycle, in the next where this one is full: a cycle in which an
 * instruction of two such operations is dispatched takes QueuedPerCycle of them.
 * @inline */
function keepTogether(queued: u32, slots: u32): void {
  const most = parameter(Parameter.QueuedPerCycle);
  if (most == 0 || queued == 0) return;
  const cycle = pipeline.dispatchCycle;
  const before = select<u32>(0, queuedIn, cycle != queueCycle);
  queueCycle = cycle;
  queuedIn = before + queued;
  if (queued > 1 || before + queued > most) sendTogether(before, queued, slots);
}

function sendTogether(before: u32, queued: u32, slots: u32): void {
  const several = queued > 1 || before >= SEVERAL;
  const inCycle = before & (SEVERAL - 1);
  if (several && inCycle + queued > parameter(Parameter.QueuedPerCycle)) {
    pipeline.dispatchLater(slots);
    queueCycle = pipeline.dispatchCycle;
    queuedIn = queued > 1 ? SEVERAL + queued : queued;
  } else queuedIn = inCycle + queued + (several ? SEVERAL : 0);
}

/** Extra cycles of a division by the significant bits of its quotient. */
function divideCycles(): i64 {
  const entry = nextAccess(AccessKind.Value);
  if (entry == 0) return 0;
  meetValue(entry);
  return <i64>((<u64>metFirst * parameter(Parameter.DivideBits)) / 100);
}

function string(record: u32, slots: u32, index: u32): void {
  noteIrregular();
  const begin = accessesBegin();
  const end = accessesEnd(index);
  const cost = load<u16>(record, layout.RECORD_COST);
  if (cost == 0) {
    // Not repeated: its operations are ordinary loads and stores of one element.
    for (let entry = begin; entry < end; entry += ACCESS_BYTES) {
      const kind = <i32>load<u8>(entry, ACCESS_KIND);
      const isLoad = kind == AccessKind.StringLoad || kind == AccessKind.StringLoadDown;
      store<u8>(entry, <u8>(isLoad ? AccessKind.Load : AccessKind.Store), ACCESS_KIND);
    }
    execute(record, load<u8>(record, layout.RECORD_FLAGS), false);
    return;
  }
  pipeline.dispatch(slots);
  const start = max(
    pipeline.earliestExecution(),
    max(ready(layout.READY_GPR + 1), max(ready(layout.READY_GPR + 6), ready(layout.READY_GPR + 7))),
  );
  const from = max(start, storeCommitted());
  const done = from + <i64>cost + stringCycles(begin, end, from);
  passAccesses(end);
  setReady(layout.READY_GPR + 1, done);
  setReady(layout.READY_GPR + 6, done);
  setReady(layout.READY_GPR + 7, done);
  resolved = done;
  pipeline.retire(slots, done, true);
  // The microcode sequencer holds the front end, but it is memory that both wait for.
  const behind = done - cycles(Parameter.DispatchToExecute);
  pipeline.waitForQueue(behind);
  holdFrontEnd(behind);
  keepQueueBase(done);
}

/** What is between instructions, as numbers; and the registers: which of them are not there yet, and when they are. */
export function packInstructions(at: u32): u32 {
  const now = pipeline.dispatchCycle;
  store<u16>(at, <u16>((<u32>stackMoved) | ((queueCycle == now ? queuedIn : 0) << 1)));
  let waits: u64 = 0;
  let to = at + 10;
  for (let register: u32 = 0; register < <u32>layout.READY_COUNT; register++) {
    if (register == layout.READY_NOWHERE || ready(register) <= now) continue;
    waits |= (<u64>1) << (<u64>register);
    to = putTime(to, ready(register), now);
  }
  store<u64>(at, waits, 2);
  return to;
}

export function unpackInstructions(at: u32): u32 {
  const now = pipeline.dispatchCycle;
  const bits = <u32>load<u16>(at);
  stackMoved = (bits & 1) != 0;
  queuedIn = bits >> 1;
  queueCycle = now;
  resolved = 0;
  waiting = 0;
  memory.fill(layout.SCOREBOARD, 0, layout.READY_COUNT * 8);
  let from = at + 10;
  for (let waits = load<u64>(at, 2); waits != 0; waits &= waits - 1) {
    setReady(<u32>ctz(waits), timeAt(from, now));
    from += 2;
  }
  return from;
}
