/**
 * Execution ports as a calendar: for each cycle a mask of the ports that are taken. An operation takes the first cycle,
 * from when its operands are there, in which one of its ports is free. A next-free time for each port would be simpler
 * and wrong: younger operations fill the gaps that older ones leave while they wait.
 */
import {
  CALENDAR,
  CALENDAR_SHIFT,
  Parameter,
  QUEUE_HEADS,
  SCHEDULER_QUEUES,
} from '../engine-layout';
import { parameter } from './parameters';

const MASK: i64 = (1 << CALENDAR_SHIFT) - 1;

/** @inline */
function place(cycle: i64): u32 {
  return CALENDAR + ((<u32>(cycle & MASK)) << 3);
}

/** Ports taken in `cycle`. An entry of another turn of the calendar is an empty one. */
function taken(cycle: i64): u64 {
  const entry = load<u64>(place(cycle));
  return entry >> 16 == <u64>(cycle >> CALENDAR_SHIFT) ? entry & 0xffff : 0;
}

/** @inline */
function take(cycle: i64, ports: u64): void {
  store<u64>(place(cycle), ((<u64>(cycle >> CALENDAR_SHIFT)) << 16) | ports);
}

/**
 * Takes one of `ports` for `occupancy` cycles, the first as soon as possible from `cycle` on. Returns that first cycle.
 * A port that is held for several cycles has to be free in the first; it then is taken in all of them.
 */
export function occupy(cycle: i64, ports: u32, occupancy: u32): i64 {
  const wanted = <u64>ports;
  let at = cycle;
  let used = taken(at);
  while ((used & wanted) == wanted) used = taken(++at);
  const free = wanted & ~used;
  const port = free & -free;
  take(at, used | port);
  for (let held: u32 = 1; held < occupancy; held++) {
    const next = at + <i64>held;
    take(next, taken(next) | port);
  }
  return at;
}

/** The most entries that a queue can have. */
const QUEUE_ENTRIES_MAX: u32 = 32;
/** State of the sequence that stands for what the order of the queues depends on. */
let order: u32 = 1;
/** The dispatch cycle that the order was made for, and how many operations have been given a queue in it. */
let orderCycle: i64 = -1;
let position: u32 = 0;

let addressOrder: u32 = 1;
let addressCycle: i64 = -1;
let addressPosition: u32 = 0;

export function resetPorts(): void {
  addressOrder = 1;
  addressCycle = -1;
  addressPosition = 0;
  order = 1;
  orderCycle = -1;
  position = 0;
}

/** @inline */
function queueOf(port: u32): u32 {
  return SCHEDULER_QUEUES + port * QUEUE_ENTRIES_MAX * 8;
}

/**
 * The port whose queue an operation joins when it is dispatched in `cycle`, as a mask, where each port has a queue of its
 * own. Operations of one cycle join different queues, in an order that varies from cycle to cycle; an operation does not
 * change its queue when another port is free. (Real schedulers order them by something that is not public; an order
 * drawn anew for each cycle reproduces the measured throughput of short chains, docs/timing-model.md.)
 */
export function nextPort(ports: u32, cycle: i64): u32 {
  if ((ports & (ports - 1)) == 0) return ports;
  if (cycle != orderCycle) {
    orderCycle = cycle;
    position = 0;
    order = order * 1664525 + 1013904223;
  }
  const queued = parameter(Parameter.QueuedPorts);
  let port: u32 = 0;
  do {
    const place = ((position++ * ((order >> 30) | 1) + (order >> 28)) & 3) ^ ((order >> 26) & 3);
    port = ((<u32>1) << place) << ctz(queued);
  } while ((ports & port) == 0);
  return port;
}

/** The same for loads and store addresses: the two address ports in turn, starting anew in each cycle.  */
export function nextAddressPort(ports: u32, cycle: i64): u32 {
  if (cycle != addressCycle) {
    addressCycle = cycle;
    addressOrder = addressOrder * 1664525 + 1013904223;
    addressPosition = addressOrder >> 31;
  }
  const low = ports & -ports;
  return (addressPosition++ & 1) == 0 ? low : ports ^ low;
}

/** @inline */
function headOf(port: u32): u32 {
  return QUEUE_HEADS + port * 4;
}

/**
 * Cycle from which on the queue of `port` has room: it holds what is dispatched and not yet executing. Of the operations
 * that were put into it the latest departures are kept in a ring, in their order, as many as the queue has entries: there
 * is room once the earliest of these has left.
 */
export function queueRoom(port: u32): i64 {
  const number = ctz(port);
  return load<i64>(queueOf(number) + load<u32>(headOf(number)) * 8);
}

/** The same for whichever queue of `ports` has room first. */
export function earliestRoom(ports: u32): i64 {
  let earliest = i64.MAX_VALUE;
  for (let left = ports; left != 0; left &= left - 1) {
    earliest = min(earliest, queueRoom(left & -left));
  }
  return earliest;
}

/** The operation leaves the queue of `port` in cycle `at`. */
export function leaveQueue(port: u32, at: i64, entries: u32): void {
  const number = ctz(port);
  const queue = queueOf(number);
  const head = load<u32>(headOf(number));
  if (load<i64>(queue + head * 8) >= at) return;
  let place = head;
  for (;;) {
    const before = place == 0 ? entries - 1 : place - 1;
    const departure = load<i64>(queue + before * 8);
    // The place behind the head's turn is the earliest departure: what is later than `at` moves up by one.
    if (before == head || departure <= at) break;
    store<i64>(queue + place * 8, departure);
    place = before;
  }
  store<i64>(queue + place * 8, at);
  store<u32>(headOf(number), head + 1 == entries ? 0 : head + 1);
}
