/** The operations of an instruction, once it is dispatched: each goes to a port's queue, to the port, and gives its result. */
import { AccessKind } from '../../isa/timing-interface';
import { nextAccess } from './access-cursor';
import { addressCycle, loadData, prefetchLine, storeData, storeNonTemporal } from './data-accesses';
import * as layout from '../engine-layout';
import { Parameter } from '../engine-layout';
import * as pipeline from './pipeline';
import {
  drawPort,
  earliestRoom,
  leaveQueue,
  nextAddressPort,
  nextPort,
  occupy,
  occupyAddress,
  occupyHere,
  occupyPort,
  portsWithRoom,
  queueRoom,
  threeHaveRoom,
} from './ports';
import { parameter } from './parameters';
import { addressReady, ready, setReady } from './scoreboard';

/** The store whose address was the last to be known: its places in the access log and in the store queue. */
let storeEntry: u32 = 0;
let storePlace: u32 = 0;

/** An operation whose operands are there at `from` executes on one of `ports`. Returns the cycle.
 * @inline */
export function executeOn(ports: u32, from: i64, occupancy: u32): i64 {
  const isQueued: bool = (ports & parameter(Parameter.QueuedPorts)) != 0;
  if (!isQueued) {
    const at = occupyHere(max(from, pipeline.earliestExecution()), ports, occupancy);
    const through = parameter(Parameter.AddressResultPorts);
    return through != 0 && ports == parameter(Parameter.LoadPorts) ? resultPasses(through, at) : at;
  }
  const port = queuedPort(ports);
  const at = occupyPort(max(from, pipeline.earliestExecution()), port, occupancy);
  leaveQueue(port, at, parameter(Parameter.SchedulerQueueEntries));
  return at;
}

/** What is computed at an address port in cycle `at` passes through an ALU in the next, or later. Returns the cycle before that. */
function resultPasses(ports: u32, at: i64): i64 {
  return executeOn(ports, at + 1, 1) - 1;
}

/** The port whose queue an operation joins at dispatch, once there is room.
 * @inline */
function queuedPort(ports: u32): u32 {
  const cycle = pipeline.dispatchCycle;
  const port = nextPort(ports, cycle);
  return queueRoom(port) > cycle ? portWithRoom(ports) : port;
}

/**
 * Dispatch waits until three queues have room, or all of fewer; the order chooses among those that then have. (If one were enough, an
 * operation would mostly follow the one that has left, and which queue each is in would depend on all that was before.)
 */
function portWithRoom(ports: u32): u32 {
  const next = pipeline.dispatchCycle + 1;
  if ((ports & (ports - 1)) == 0) {
    const only = ctz(ports);
    pipeline.waitForQueue(max(next, queueRoom(only)));
    return only;
  }
  const cycle = max(next, threeHaveRoom(ports, ctz(parameter(Parameter.QueuedPorts))));
  pipeline.waitForQueue(cycle);
  return drawPort(portsWithRoom(ports, cycle), cycle);
}

/** A load. Returns when its data is there.
 * @inline */
export function loadOperation(operation: u32, after: i64): i64 {
  const entry = nextAccess(AccessKind.Load);
  const place = pipeline.dispatchLoad();
  const port = addressPort(parameter(Parameter.LoadPorts));
  const from = max(max(addressReady(operation), after), pipeline.earliestExecution());
  const result = loadData(entry, from, port, <i64>load<u8>(operation, layout.OPERATION_EXTRA));
  leaveAddressQueue(port, addressCycle);
  setReady(load<u8>(operation, layout.OPERATION_DESTINATION), result);
  store<i64>(place, result);
  return result;
}

/**
 * A software prefetch: it is done when it has gone through its port. It keeps its place in the load queue until the line is
 * there, as a load does (an estimate). Returns the cycle behind that of the port.
 */
export function prefetchOperation(operation: u32): i64 {
  const entry = nextAccess(AccessKind.Prefetch);
  const place = pipeline.dispatchLoad();
  const port = addressPort(parameter(Parameter.LoadPorts));
  const from = max(addressReady(operation), pipeline.earliestExecution());
  const at = occupyAddress(from, port);
  leaveAddressQueue(port, at);
  store<i64>(place, entry == 0 ? at + 1 : prefetchLine(entry, at));
  return at + 1;
}

/** The address of a store, and the port that its data takes. Returns when the address is known.
 * @inline */
export function storeOperation(operation: u32, after: i64): i64 {
  storeEntry = nextAccess(AccessKind.Store);
  storePlace = pipeline.dispatchStore();
  const port = addressPort(parameter(Parameter.StoreAddressPorts));
  const from = max(max(addressReady(operation), after), pipeline.earliestExecution());
  const at = occupyAddress(from, port);
  leaveAddressQueue(port, at);
  const data = dataOf(operation);
  const dataPorts = parameter(Parameter.StoreDataPorts);
  if (dataPorts != 0 && data != layout.READY_NEVER_WAITS && data < <u32>layout.READY_T0)
    executeOn(dataPorts, ready(data), 1);
  else if (isVector(data)) vectorData(ready(data));
  return at + 1;
}

/** @inline */
function isVector(data: u32): bool {
  return data - layout.READY_VECTOR < <u32>(layout.READY_X87 - layout.READY_VECTOR);
}

/** A vector goes to the store queue from `from` on. */
function vectorData(from: i64): void {
  const ports = parameter(Parameter.VectorStorePorts);
  if (ports != 0) occupy(max(from, pipeline.earliestExecution()), ports, 1);
}

/** The store has retired: it is written. */
export function commitStore(operation: u32, address: i64): void {
  const data = dataOf(operation);
  storeData(storeEntry, storePlace, address, ready(data), data == layout.READY_T1);
}

/** The same for a store past the caches. */
export function commitNonTemporal(operation: u32, address: i64): void {
  storeNonTemporal(storeEntry, storePlace, address, ready(dataOf(operation)));
}

/** The register whose value a store writes.
 * @inline */
export function dataOf(operation: u32): u32 {
  return load<u8>(operation, layout.OPERATION_DATA);
}

/** The port whose queue a load or a store's address joins at dispatch: where there are no queues, all of `ports`.
 * @inline */
function addressPort(ports: u32): u32 {
  if (parameter(Parameter.AddressQueueEntries) == 0) return ports;
  const cycle = pipeline.dispatchCycle;
  const port = nextAddressPort(ports, cycle);
  return queueRoom(ctz(port)) > cycle ? addressPortWithRoom(ports) : port;
}

function addressPortWithRoom(ports: u32): u32 {
  let cycle = max(pipeline.dispatchCycle + 1, earliestRoom(ports));
  let port = nextAddressPort(ports, cycle);
  while (queueRoom(ctz(port)) > cycle) port = nextAddressPort(ports, ++cycle);
  pipeline.waitForQueue(cycle);
  return port;
}

/** A load or a store's address has gone to its port in cycle `at`.
 * @inline */
function leaveAddressQueue(port: u32, at: i64): void {
  const entries = parameter(Parameter.AddressQueueEntries);
  if (entries != 0) leaveQueue(ctz(port), at, entries);
}
