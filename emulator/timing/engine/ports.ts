/**
 * Execution ports as a calendar: for each cycle a mask of the ports that are taken. An operation takes the first cycle,
 * from when its operands are there, in which one of its ports is free. A next-free time for each port would be simpler
 * and wrong: younger operations fill the gaps that older ones leave while they wait.
 */
import { CALENDAR, CALENDAR_SHIFT } from '../engine-layout';

const MASK: i64 = (1 << CALENDAR_SHIFT) - 1;

/** @inline */
function place(cycle: i64): u32 {
  return CALENDAR + (<u32>(cycle & MASK) << 3);
}

/** Ports taken in `cycle`. An entry of another turn of the calendar is an empty one. */
function taken(cycle: i64): u64 {
  const entry = load<u64>(place(cycle));
  return entry >> 16 == <u64>(cycle >> CALENDAR_SHIFT) ? entry & 0xffff : 0;
}

/** @inline */
function take(cycle: i64, ports: u64): void {
  store<u64>(place(cycle), (<u64>(cycle >> CALENDAR_SHIFT) << 16) | ports);
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
