/**
 * Execution ports as a calendar: for each cycle a mask of the ports that are taken. An operation takes the first cycle,
 * from when its operands are there, in which one of its ports is free. A next-free time for each port would be simpler
 * and wrong: younger operations fill the gaps that older ones leave while they wait.
 */
import {
  CALENDAR,
  CALENDAR_SHIFT,
  Parameter,
  PORT_ORDER_BYTES,
  PORT_ORDERS,
  QUEUE_ROOMS,
  SCHEDULER_QUEUES,
} from '../engine-layout';
import { putNumber } from './packing';
import { cycles, parameter } from './parameters';

const MASK: i64 = (1 << CALENDAR_SHIFT) - 1;

/** @inline */
function place(cycle: i64): u32 {
  return CALENDAR + ((<u32>(cycle & MASK)) << 3);
}

/** An entry's bits for the turn of the calendar that `cycle` is in.
 * @inline */
function turnOf(cycle: i64): u64 {
  return (<u64>(cycle >> CALENDAR_SHIFT)) << 16;
}

/** Ports taken in `cycle`. An entry of another turn of the calendar is an empty one.
 * @inline */
function taken(cycle: i64): u64 {
  const used = load<u64>(place(cycle)) ^ turnOf(cycle);
  return used > 0xffff ? 0 : used;
}

/** @inline */
function take(cycle: i64, ports: u64): void {
  store<u64>(place(cycle), turnOf(cycle) | ports);
}

/**
 * Takes one of `ports` for `occupancy` cycles, the first as soon as possible from `cycle` on. Returns that first cycle.
 * A port that is held for several cycles has to be free in the first; it then is taken in all of them.
 */
export function occupy(cycle: i64, ports: u32, occupancy: u32): i64 {
  return occupyHere(cycle, ports, occupancy);
}

/** The last cycle in which a port was taken by what is in no queue. */
let calendarEnd: i64 = 0;

/** The same for an address, which is in a queue where the address ports have queues.
 * @inline */
export function occupyAddress(cycle: i64, ports: u32): i64 {
  const at = takeFirst(cycle, ports, 1);
  if (parameter(Parameter.AddressQueueEntries) == 0) calendarEnd = max(calendarEnd, at);
  return at;
}

/** The same where it is called.
 * @inline */
export function occupyHere(cycle: i64, ports: u32, occupancy: u32): i64 {
  const at = takeFirst(cycle, ports, occupancy);
  calendarEnd = max(calendarEnd, at);
  return at;
}

/** @inline */
function takeFirst(cycle: i64, ports: u32, occupancy: u32): i64 {
  const wanted = <u64>ports;
  let at = cycle;
  let used = taken(at);
  while ((used & wanted) == wanted) used = taken(++at);
  const free = wanted & ~used;
  const port = free & -free;
  take(at, used | port);
  if (occupancy > 1) hold(at, port, occupancy);
  return at;
}

/** The same for one port, given by its number.
 * @inline */
export function occupyPort(cycle: i64, number: u32, occupancy: u32): i64 {
  const port = (<u64>1) << (<u64>number);
  let at = cycle;
  let used = taken(at);
  while ((used & port) != 0) used = taken(++at);
  take(at, used | port);
  if (occupancy > 1) hold(at, port, occupancy);
  return at;
}

/** The port is taken in the cycles behind the first as well. */
function hold(at: i64, port: u64, occupancy: u32): void {
  for (let held: u32 = 1; held < occupancy; held++) {
    const next = at + <i64>held;
    take(next, taken(next) | port);
  }
  calendarEnd = max(calendarEnd, at + <i64>occupancy - 1);
}

/** The last cycle in which a port is taken. */
function lastTaken(): i64 {
  let last = calendarEnd;
  for (let ports = portsWithQueues(); ports != 0; ports &= ports - 1) {
    const number = ctz(ports);
    const lanes = (entriesOf(number) + 3) & ~3;
    last = max(
      last,
      queueBase + <i64>load<i32>(SCHEDULER_QUEUES + number * QUEUE_BYTES + lanes * 4 - 4),
    );
  }
  return last;
}

/**
 * The sequences that stand for what the order of the queues depends on begin anew behind every taken branch: with this number, which
 * was drawn among those that leave no measured micro-block further off (docs/decisions/0005-the-timing-engine.md).
 */
const ORDER_BEGIN: u32 = 2_192_889_782;
let order: u32 = ORDER_BEGIN;
/** The dispatch cycle that the order was made for, and how many operations have been given a queue in it. */
let orderCycle: i64 = -1;
let position: u32 = 0;
/** Ports that operations of fewer ports have joined since one that may use any has: that one leaves them out. */
let claimed: u32 = 0;

let addressOrder: u32 = ORDER_BEGIN;
let addressCycle: i64 = -1;
let addressPosition: u32 = 0;

export function resetPorts(): void {
  fillPortOrders();
  queueBase = 0;
  calendarEnd = 0;
  addressPosition = 0;
  position = 0;
  claimed = 0;
  beginOrders();
}

/** The sequences of orders begin anew. */
export function beginOrders(): void {
  order = ORDER_BEGIN;
  orderCycle = -1;
  addressOrder = ORDER_BEGIN;
  addressCycle = -1;
}

/** The port that the sequence's state `bits` (its upper six) puts in the place `number`, of four.
 * @inline */
function placeOf(bits: u32, number: u32): u32 {
  return ((number * ((bits >> 4) | 1) + (bits >> 2)) & 3) ^ (bits & 3);
}

/** Fills the table that answers nextPort: port, and places passed over, by state, place and ports. */
function fillPortOrders(): void {
  for (let index: u32 = 0; index < <u32>PORT_ORDER_BYTES; index++) {
    const ports = index & 15;
    let number = (index >> 4) & 3;
    let tries: u32 = 1;
    while (tries < 4 && (ports & ((<u32>1) << placeOf(index >> 6, number))) == 0) {
      number++;
      tries++;
    }
    store<u8>(PORT_ORDERS + index, <u8>(placeOf(index >> 6, number) | (tries << 4)));
  }
}

/**
 * The port whose queue an operation joins when it is dispatched in `cycle`, by its number, where each port has a queue of its
 * own. Operations of one cycle join different queues, in an order that varies from cycle to cycle; an operation does not
 * change its queue when another port is free. (Real schedulers order them by something that is not public; an order
 * drawn anew for each cycle reproduces the measured throughput of short chains, docs/timing-model.md.)
 * @inline */
export function nextPort(ports: u32, cycle: i64): u32 {
  if ((ports & (ports - 1)) != 0) return drawPort(ports, cycle);
  claimed |= ports;
  return ctz(ports);
}

/** The same by the order alone, which goes on even where there is one port to choose from.
 * @inline */
export function drawPort(ports: u32, cycle: i64): u32 {
  // Without branches: they would depend on chance.
  const fresh: bool = cycle != orderCycle;
  const before = order;
  const bits = select<u32>(before * 1664525 + 1013904223, before, fresh);
  const passed = select<u32>(0, position, fresh);
  orderCycle = cycle;
  order = bits;
  const lowest = ctz(parameter(Parameter.QueuedPorts));
  const any: bool = ports == parameter(Parameter.QueuedPorts);
  const others = ports & ~claimed;
  const eligible = select<u32>(others, ports, any && others != 0);
  const found = <u32>(
    load<u8>(
      PORT_ORDERS + (((bits >> 26) << 6) | ((passed & 3) << 4) | ((eligible >> lowest) & 15)),
    )
  );
  const port = lowest + (found & 15);
  claimed = select<u32>(0, claimed | ((<u32>1) << port), any);
  position = passed + (found >> 4);
  return port;
}

/** The same for loads and store addresses: the two address ports in turn, starting anew in each cycle.
 * @inline */
export function nextAddressPort(ports: u32, cycle: i64): u32 {
  const fresh: bool = cycle != addressCycle;
  const bits = select<u32>(addressOrder * 1664525 + 1013904223, addressOrder, fresh);
  const passed = select<u32>(bits >> 31, addressPosition, fresh);
  addressCycle = cycle;
  addressOrder = bits;
  addressPosition = passed + 1;
  const low = ports & -ports;
  return select<u32>(ports ^ low, low, passed & 1);
}

/**
 * A port's queue holds what is dispatched and not yet executing. Of the operations that were put into it the latest
 * departures are kept, four for each vector that as many as the queue has entries fill, in ascending order: there is room
 * once the earliest of as many as it has entries has left. Departures are i32 cycles from `queueBase` on.
 */
const QUEUE_BYTES: u32 = 128;
/** Departures are kept within so many cycles of the base; the base then moves up to so many before the present. */
const BASE_REACH: i64 = 1 << 30;
const BASE_MARGIN: i64 = 1 << 20;
let queueBase: i64 = 0;

/** Cycle from which on the queue of port `number` has room.
 * @inline */
export function queueRoom(number: u32): i64 {
  return load<i64>(QUEUE_ROOMS + number * 8);
}

/** The same for three queues of `ports`, of four neighbours from port `lowest` on; for both where there are two.
 * @inline */
export function threeHaveRoom(ports: u32, lowest: u32): i64 {
  if (popcnt(ports) == 2) return max(queueRoom(ctz(ports)), queueRoom(31 - clz(ports)));
  const first = roomIn(ports, lowest);
  const second = roomIn(ports, lowest + 1);
  const third = roomIn(ports, lowest + 2);
  const fourth = roomIn(ports, lowest + 3);
  // The last but one of four.
  return max(
    min(max(first, second), max(third, fourth)),
    max(min(first, second), min(third, fourth)),
  );
}

/** The same for whichever queue of two address ports has room first.
 * @inline */
export function earliestRoom(ports: u32): i64 {
  return min(queueRoom(ctz(ports)), queueRoom(31 - clz(ports)));
}

/** @inline */
function roomIn(ports: u32, number: u32): i64 {
  return select<i64>(queueRoom(number), i64.MAX_VALUE, (ports >> number) & 1);
}

/** Those of `ports`, of QueuedPorts, whose queues have room in `cycle`: without branches, they would depend on chance.
 * @inline */
export function portsWithRoom(ports: u32, cycle: i64): u32 {
  const lowest = ctz(parameter(Parameter.QueuedPorts));
  return (
    ports &
    (bitOfRoom(lowest, cycle) |
      bitOfRoom(lowest + 1, cycle) |
      bitOfRoom(lowest + 2, cycle) |
      bitOfRoom(lowest + 3, cycle))
  );
}

/** @inline */
function bitOfRoom(number: u32, cycle: i64): u32 {
  return select<u32>((<u32>1) << number, 0, queueRoom(number) <= cycle);
}

/** The operation leaves the queue of port `number`, which has so many `entries`, in cycle `at`.
 * @inline */
export function leaveQueue(number: u32, at: i64, entries: u32): void {
  const queue = SCHEDULER_QUEUES + number * QUEUE_BYTES;
  // The earliest departure goes, all that are earlier than this one move down a lane.
  const left = i32x4.splat(<i32>(at - queueBase));
  const first = v128.load(queue);
  const second = entries > 4 ? v128.load(queue, 16) : left;
  const third = entries > 8 ? v128.load(queue, 32) : left;
  const fourth = entries > 12 ? v128.load(queue, 48) : left;
  const fifth = entries > 16 ? v128.load(queue, 64) : left;
  const lowest = moveDown(first, second, left);
  v128.store(queue, lowest);
  if (entries > 4) v128.store(queue, moveDown(second, third, left), 16);
  if (entries > 8) v128.store(queue, moveDown(third, fourth, left), 32);
  if (entries > 12) v128.store(queue, moveDown(fourth, fifth, left), 48);
  if (entries > 16) leaveLongQueue(queue, left, (entries + 3) / 4);
  store<i64>(QUEUE_ROOMS + number * 8, queueBase + <i64>lane(lowest, (0 - entries) & 3));
}

/** Four departures of a queue; `behind`: the four behind them, or `left` where these are the last.
 * @inline */
function moveDown(departures: v128, behind: v128, left: v128): v128 {
  return i32x4.max_s(
    departures,
    i32x4.min_s(v128.shuffle<i32>(departures, behind, 1, 2, 3, 4), left),
  );
}

/** @inline */
function lane(departures: v128, number: u32): i32 {
  if (number == 0) return i32x4.extract_lane(departures, 0);
  if (number == 1) return i32x4.extract_lane(departures, 1);
  if (number == 2) return i32x4.extract_lane(departures, 2);
  return i32x4.extract_lane(departures, 3);
}

/** The vectors from the fifth on. */
function leaveLongQueue(queue: u32, left: v128, vectors: u32): void {
  for (let number: u32 = 4; number < vectors; number++) {
    const at = queue + number * 16;
    const behind = number + 1 < vectors ? v128.load(at, 16) : left;
    v128.store(at, moveDown(v128.load(at), behind, left));
  }
}

/**
 * To be called now and then, with the present cycle: before the departures of a block's instructions, and of a string
 * instruction, which alone may take long, get out of the base's reach.
 * @inline */
export function keepQueueBase(now: i64): void {
  if (now - queueBase >= BASE_REACH) moveQueueBase(now - BASE_MARGIN);
}

/** What has left long before `base` is known to have left, no more. */
function moveQueueBase(base: i64): void {
  const moved = base - queueBase;
  for (let at: u32 = 0; at < 16 * QUEUE_BYTES; at += 4) {
    const departure = load<i32>(SCHEDULER_QUEUES + at);
    store<i32>(SCHEDULER_QUEUES + at, <i32>max<i64>(<i64>departure - moved, <i64>i32.MIN_VALUE));
  }
  queueBase = base;
}

/** What is further ahead than so many cycles does not recur soon. */
const PACKED_REACH: i64 = 2048;
/** In a packed state: the order was made for the present dispatch cycle. */
const PLACE_HELD: u32 = 0x80;

/** The orders' places in their sequences, the queues, and the calendar from the first cycle on in which something can execute. */
export function packPorts(at: u32, now: i64): u32 {
  store<u32>(at, order);
  store<u32>(at, addressOrder, 4);
  const places: u32 = orderCycle == now ? PLACE_HELD | (position & 3) : 0;
  const addressPlaces: u32 = addressCycle == now ? PLACE_HELD | (addressPosition & 1) : 0;
  store<u8>(at, <u8>places, 8);
  store<u8>(at, <u8>addressPlaces, 9);
  store<u16>(at, <u16>claimed, 10);
  let to = at + 12;
  for (let ports = portsWithQueues(); ports != 0; ports &= ports - 1)
    to = packQueue(to, ctz(ports), now);
  const from = now + cycles(Parameter.DispatchToExecute);
  const end = lastTaken();
  if (end - from > PACKED_REACH) return putNumber(to, -1);
  // Cycles in which a port is taken, and which are.
  const count = to;
  to += 2;
  for (let cycle = from; cycle <= end; cycle++) {
    const ports = taken(cycle);
    if (ports == 0) continue;
    store<u16>(to, <u16>(cycle - from));
    store<u16>(to, <u16>ports, 2);
    to += 4;
  }
  store<u16>(count, <u16>((to - count - 2) >> 2));
  return to;
}

export function unpackPorts(at: u32, now: i64): u32 {
  order = load<u32>(at);
  addressOrder = load<u32>(at, 4);
  const places = <u32>load<u8>(at, 8);
  const addressPlaces = <u32>load<u8>(at, 9);
  position = places & 3;
  orderCycle = (places & PLACE_HELD) != 0 ? now : -1;
  addressPosition = addressPlaces & 1;
  addressCycle = (addressPlaces & PLACE_HELD) != 0 ? now : -1;
  claimed = load<u16>(at, 10);
  const first = now + cycles(Parameter.DispatchToExecute);
  const last = lastTaken();
  for (let cycle = first; cycle <= last; cycle++) store<u64>(place(cycle), 0);
  calendarEnd = first;
  let from = at + 12;
  for (let ports = portsWithQueues(); ports != 0; ports &= ports - 1)
    from = unpackQueue(from, ctz(ports), now);
  const end = from + 2 + ((<u32>load<u16>(from)) << 2);
  for (from += 2; from < end; from += 4) {
    calendarEnd = first + <i64>load<u16>(from);
    take(calendarEnd, <u64>load<u16>(from, 2));
  }
  return end;
}

/** @inline */
function portsWithQueues(): u32 {
  const addresses =
    parameter(Parameter.AddressQueueEntries) == 0
      ? 0
      : parameter(Parameter.LoadPorts) | parameter(Parameter.StoreAddressPorts);
  return parameter(Parameter.QueuedPorts) | addresses;
}

/** @inline */
function entriesOf(number: u32): u32 {
  return ((parameter(Parameter.QueuedPorts) >> number) & 1) != 0
    ? parameter(Parameter.SchedulerQueueEntries)
    : parameter(Parameter.AddressQueueEntries);
}

/** The departures from a queue that are to come, the last first. */
function packQueue(at: u32, number: u32, now: i64): u32 {
  const entries = entriesOf(number);
  const present = now - queueBase;
  const queue = SCHEDULER_QUEUES + number * QUEUE_BYTES;
  let lane = ((entries + 3) & ~3) - 1;
  let to = at + 2;
  let count: u32 = 0;
  while (count < entries) {
    const departure = <i64>load<i32>(queue + lane * 4);
    if (departure <= present) break;
    to = putNumber(to, departure - present);
    count++;
    lane--;
  }
  store<u16>(at, <u16>count);
  return to;
}

function unpackQueue(at: u32, number: u32, now: i64): u32 {
  const entries = entriesOf(number);
  const present = <i32>(now - queueBase);
  const queue = SCHEDULER_QUEUES + number * QUEUE_BYTES;
  const lanes = (entries + 3) & ~3;
  const count = <u32>load<u16>(at);
  let from = at + 2;
  for (let lane: u32 = 0; lane < lanes; lane++) {
    const place = queue + (lanes - 1 - lane) * 4;
    if (lane < count) {
      store<i32>(place, present + <i32>load<u16>(from));
      from += 2;
    } else store<i32>(place, i32.MIN_VALUE);
  }
  const room = <i64>load<i32>(queue + (lanes - entries) * 4);
  store<i64>(QUEUE_ROOMS + number * 8, queueBase + room);
  return from;
}
