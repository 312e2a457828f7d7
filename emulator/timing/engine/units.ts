/**
 * Units of which there are a few, each busy with one thing at a time: outstanding misses, page walkers. Instructions are timed in program
 * order, their accesses lie in any: each unit remembers the last time in which it is busy, and what lies wholly before that takes it too.
 */
const UNIT_BYTES: u32 = 16; // {i64 from, i64 to}
const TO: usize = 8;

/** The entry that the last takeUnit() wrote; 0: none. */
export let takenUnit: u32 = 0;

/** Takes one of `count` units for `duration` cycles, as soon as one is free, not before `at`. Returns when. */
export function takeUnit(units: u32, count: u32, at: i64, duration: i64): i64 {
  let first = units;
  const end = units + count * UNIT_BYTES;
  for (let unit = units; unit < end; unit += UNIT_BYTES) {
    const to = load<i64>(unit, TO);
    if (to <= at) return take(unit, at, duration);
    if (to < load<i64>(first, TO)) first = unit;
  }
  for (let unit = units; unit < end; unit += UNIT_BYTES) {
    if (load<i64>(unit) < at + duration) continue;
    takenUnit = 0;
    return at;
  }
  const from = load<i64>(first, TO);
  takenUnit = first;
  store<i64>(first, from + duration, TO);
  return from;
}

function take(unit: u32, from: i64, duration: i64): i64 {
  takenUnit = unit;
  store<i64>(unit, from);
  store<i64>(unit, from + duration, TO);
  return from;
}

/** The unit is free sooner than it was taken for. */
export function releaseUnit(unit: u32, at: i64): void {
  store<i64>(unit, at, TO);
}
