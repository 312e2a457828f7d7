/**
 * One instruction after the other: delivered, dispatched, executed, retired. The records of the block describer say what
 * an instruction consists of, the access log which addresses it touched; times come out, values play no part.
 */
import {
  ACCESS_BYTES,
  ACCESS_INDEX,
  ACCESS_KIND,
  ACCESS_LINEAR,
  ACCESS_SIZE,
  AccessKind,
} from '../../isa/timing-interface';
import { ACCESS_LOG, ACCESS_LOG_NEXT, BLOCK_RIP, BLOCK_TIMING } from '../../isa/state-layout';
import { TimingCounter } from '../counters';
import { count } from './counters';
import { addressCycle, loadData, storeCommitted, storeData } from './data-accesses';
import { fence, lockedDone, serialise } from './fences';
import { deliver, fetchCycle, holdFrontEnd } from './front-end';
import * as layout from '../engine-layout';
import { InstructionKind, OperationKind, Parameter } from '../engine-layout';
import * as pipeline from './pipeline';
import { earliestRoom, leaveQueue, nextAddressPort, nextPort, occupy, queueRoom } from './ports';
import { cycles, parameter } from './parameters';
import { stringCycles } from './strings';

/** The last instruction was CMP or TEST and has not been dispatched: a conditional branch may take it along. */
let waiting: u32 = 0;
let waitingRip: u64 = 0;
/** The stack pointer's value has moved in the stack engine since it was last written in a register. */
let stackMoved: bool = false;
/** When the last instruction's operations were all done: where a branch is resolved. */
export let resolved: i64 = 0;
/** The dispatch cycle; operations that its instructions have sent to the queues, and whether one of them sent several. */
let queueCycle: i64 = -1;
let queuedBefore: u32 = 0;
let severalQueued: bool = false;
let logEntry: u32 = ACCESS_LOG;
let logEnd: u32 = ACCESS_LOG;

export function resetInstructions(): void {
  waiting = 0;
  stackMoved = false;
  resolved = 0;
  queueCycle = -1;
  memory.fill(layout.SCOREBOARD, 0, layout.READY_COUNT * 8);
}

/** Instructions `from` up to, not including, `to` of `block` have completed. */
export function complete(block: u32, from: u32, to: u32): void {
  logEntry = ACCESS_LOG;
  logEnd = load<u32>(ACCESS_LOG_NEXT);
  const records = load<u32>(block, BLOCK_TIMING);
  const rip = load<u64>(block, BLOCK_RIP);
  for (let index = from; index < to; index++) {
    const record = records + index * layout.RECORD_BYTES;
    const at = rip + <u64>load<u16>(record, layout.RECORD_START);
    instruction(record, at, index);
  }
  count(TimingCounter.Instructions, <u64>(to - from));
}

function instruction(record: u32, rip: u64, index: u32): void {
  const kind = <i32>load<u8>(record, layout.RECORD_KIND);
  const flags = <u32>load<u8>(record, layout.RECORD_FLAGS);
  while (logEntry < logEnd && <u32>load<u8>(logEntry, ACCESS_INDEX) < index)
    logEntry += ACCESS_BYTES;
  if (waiting != 0) {
    const first = waiting;
    waiting = 0;
    if (kind == InstructionKind.ConditionalBranch) {
      deliver(rip, load<u8>(record, layout.RECORD_LENGTH), 0);
      execute(first, layout.RECORD_FUSES, true);
      return;
    }
    execute(first, 0, false);
  }
  deliver(rip, load<u8>(record, layout.RECORD_LENGTH), load<u8>(record, layout.RECORD_OP_CACHE));
  if ((flags & layout.RECORD_FUSES) != 0 && load<u8>(record, layout.RECORD_ACCESSES) == 0) {
    waiting = record;
    waitingRip = rip;
    return;
  }
  if ((flags & (layout.RECORD_ESTIMATED | layout.RECORD_UNKNOWN)) != 0) {
    if ((flags & layout.RECORD_UNKNOWN) != 0) count(TimingCounter.UnknownInstructions, 1);
    const before = pipeline.retireCycle;
    byKind(record, kind, flags, index);
    count(TimingCounter.EstimatedCycles, <u64>(pipeline.retireCycle - before));
  } else byKind(record, kind, flags, index);
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

/** @inline */
export function ready(register: u32): i64 {
  return load<i64>(layout.SCOREBOARD + register * 8);
}

/** @inline */
function setReady(register: u32, cycle: i64): void {
  store<i64>(layout.SCOREBOARD + register * 8, cycle);
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

/** The operations of a record, in order. `fused`: with the conditional branch behind it. */
function execute(record: u32, flags: u32, fused: bool): void {
  if ((flags & layout.RECORD_NAMES_RSP) != 0) synchroniseStack();
  if ((flags & layout.RECORD_STACK) != 0) stackMoved = true;
  const slots = <u32>load<u8>(record, layout.RECORD_SLOTS);
  pipeline.dispatch(slots);
  keepTogether(load<u8>(record, layout.RECORD_QUEUED), slots);
  let done = pipeline.dispatchCycle + 1;
  let fromMemory = false;
  let storeOperation: u32 = 0;
  let storeAddress: i64 = 0;
  let storePlace: u32 = 0;
  let storeLog: u32 = 0;
  let lockedFrom: i64 = 0;
  if ((flags & layout.RECORD_LOCKED) != 0)
    lockedFrom = storeCommitted() + cycles(Parameter.LockedStart);
  let operation = record + layout.OPERATIONS;
  const end = operation + <u32>load<u8>(record, layout.RECORD_OPERATIONS) * layout.OPERATION_BYTES;
  for (; operation < end; operation += layout.OPERATION_BYTES) {
    const kind = <i32>load<u8>(operation, layout.OPERATION_KIND);
    let from = max(sourcesReady(operation), lockedFrom);
    if (kind == OperationKind.Execute) {
      let ports = <u32>load<u16>(operation, layout.OPERATION_PORTS);
      if (fused) ports = parameter(Parameter.BranchPorts);
      let latency = <i64>load<u8>(operation, layout.OPERATION_LATENCY);
      let occupancy = <u32>load<u8>(operation, layout.OPERATION_OCCUPANCY);
      if ((flags & layout.RECORD_BY_VALUE) != 0) {
        const extra = divideCycles();
        latency += extra;
        occupancy += <u32>extra;
      }
      const at =
        ports == 0 ? max(from, pipeline.earliestExecution()) : executeOn(ports, from, occupancy);
      const result = at + latency;
      setReady(load<u8>(operation, layout.OPERATION_DESTINATION), result);
      setReady(load<u8>(operation, layout.OPERATION_DESTINATION + 1), result);
      setReady(
        load<u8>(operation, layout.OPERATION_DESTINATION + 2),
        result + <i64>load<u8>(operation, layout.OPERATION_LATENCY_2),
      );
      setReady(load<u8>(operation, layout.OPERATION_DESTINATION + 3), result);
      if (result > done) {
        done = result;
        fromMemory = false;
      }
    } else if (kind == OperationKind.Load) {
      const entry = nextAccess(AccessKind.Load);
      const place = pipeline.dispatchLoad();
      const port = addressPort(parameter(Parameter.LoadPorts));
      from = max(from, pipeline.earliestExecution());
      const result = loadData(entry, from, port) + <i64>load<u8>(operation, layout.OPERATION_EXTRA);
      leaveAddressQueue(port, addressCycle);
      setReady(load<u8>(operation, layout.OPERATION_DESTINATION), result);
      store<i64>(place, result);
      if (result > done) {
        done = result;
        fromMemory = true;
      }
    } else {
      storeLog = nextAccess(AccessKind.Store);
      storePlace = pipeline.dispatchStore();
      const port = addressPort(parameter(Parameter.StoreAddressPorts));
      from = max(from, pipeline.earliestExecution());
      storeOperation = operation;
      const at = occupy(from, port, 1);
      leaveAddressQueue(port, at);
      storeAddress = at + 1;
      const data = <u32>load<u8>(operation, layout.OPERATION_DATA);
      const dataPorts = parameter(Parameter.StoreDataPorts);
      if (dataPorts != 0 && data != layout.READY_NEVER_WAITS && data < <u32>layout.READY_T0)
        executeOn(dataPorts, ready(data), 1);
      done = max(done, max(storeAddress, ready(data)));
    }
  }
  if (lockedFrom != 0) done = lockedDone(done);
  resolved = done;
  pipeline.retire(slots, done, fromMemory);
  if (storeOperation != 0) {
    const data = <u32>load<u8>(storeOperation, layout.OPERATION_DATA);
    storeData(storeLog, storePlace, storeAddress, ready(data), data == layout.READY_T1);
  }
  setReady(layout.READY_NEVER_WAITS, 0);
}

/**
 * What an instruction sends to the queues goes there in one cycle, in the next where this one is full: a cycle in which an
 * instruction of two such operations is dispatched takes QueuedPerCycle of them.
 */
function keepTogether(queued: u32, slots: u32): void {
  const most = parameter(Parameter.QueuedPerCycle);
  if (most == 0 || queued == 0) return;
  if (pipeline.dispatchCycle != queueCycle) beginQueueCycle();
  const several = queued > 1;
  if ((several || severalQueued) && queuedBefore + queued > most) {
    pipeline.dispatchLater(slots);
    beginQueueCycle();
  }
  queuedBefore += queued;
  severalQueued = severalQueued || several;
}

function beginQueueCycle(): void {
  queueCycle = pipeline.dispatchCycle;
  queuedBefore = 0;
  severalQueued = false;
}

/** An operation whose operands are there at `from` executes on one of `ports`. Returns the cycle. */
function executeOn(ports: u32, from: i64, occupancy: u32): i64 {
  if ((ports & parameter(Parameter.QueuedPorts)) == 0)
    return occupy(max(from, pipeline.earliestExecution()), ports, occupancy);
  let port = nextPort(ports, pipeline.dispatchCycle);
  for (let full = queueRoom(port); full > pipeline.dispatchCycle; full = queueRoom(port)) {
    pipeline.waitForQueue(max(pipeline.dispatchCycle + 1, earliestRoom(ports)));
    port = nextPort(ports, pipeline.dispatchCycle);
  }
  const at = occupy(max(from, pipeline.earliestExecution()), port, occupancy);
  leaveQueue(port, at, parameter(Parameter.SchedulerQueueEntries));
  return at;
}

/** The port whose queue a load or a store's address joins at dispatch: where there are no queues, all of `ports`. */
function addressPort(ports: u32): u32 {
  if (parameter(Parameter.AddressQueueEntries) == 0) return ports;
  let port = nextAddressPort(ports, pipeline.dispatchCycle);
  for (let full = queueRoom(port); full > pipeline.dispatchCycle; full = queueRoom(port)) {
    pipeline.waitForQueue(max(pipeline.dispatchCycle + 1, earliestRoom(ports)));
    port = nextAddressPort(ports, pipeline.dispatchCycle);
  }
  return port;
}

/** A load or a store's address has gone to its port in cycle `at`. */
function leaveAddressQueue(port: u32, at: i64): void {
  const entries = parameter(Parameter.AddressQueueEntries);
  if (entries != 0) leaveQueue(port, at, entries);
}

/** @inline */
function sourcesReady(operation: u32): i64 {
  const first = max(
    ready(load<u8>(operation, layout.OPERATION_SOURCE)),
    ready(load<u8>(operation, layout.OPERATION_SOURCE + 1)),
  );
  const second = max(
    ready(load<u8>(operation, layout.OPERATION_SOURCE + 2)),
    ready(load<u8>(operation, layout.OPERATION_SOURCE + 3)),
  );
  return max(first, second);
}

/** The next entry of the log of this kind, 0 when there is none. */
function nextAccess(kind: AccessKind): u32 {
  for (let entry = logEntry; entry < logEnd; entry += ACCESS_BYTES) {
    if (<i32>load<u8>(entry, ACCESS_KIND) != kind) continue;
    logEntry = entry + ACCESS_BYTES;
    return entry;
  }
  return 0;
}

/** Extra cycles of a division by the significant bits of its quotient. */
function divideCycles(): i64 {
  const entry = nextAccess(AccessKind.Value);
  if (entry == 0) return 0;
  const bits = load<u64>(entry, ACCESS_LINEAR);
  return <i64>((bits * parameter(Parameter.DivideBits)) / 100);
}

function string(record: u32, slots: u32, index: u32): void {
  let end = logEntry;
  while (end < logEnd && <u32>load<u8>(end, ACCESS_INDEX) == index) end += ACCESS_BYTES;
  const cost = load<u16>(record, layout.RECORD_COST);
  if (cost == 0) {
    // Not repeated: its operations are ordinary loads and stores of one element.
    for (let entry = logEntry; entry < end; entry += ACCESS_BYTES) {
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
  const done = from + <i64>cost + stringCycles(logEntry, end, from);
  logEntry = end;
  setReady(layout.READY_GPR + 1, done);
  setReady(layout.READY_GPR + 6, done);
  setReady(layout.READY_GPR + 7, done);
  resolved = done;
  pipeline.retire(slots, done, true);
  holdFrontEnd(done - cycles(Parameter.DispatchToExecute));
}
