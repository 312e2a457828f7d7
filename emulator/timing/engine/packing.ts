/** How a state of the pipeline becomes numbers of 16 bits, each so many cycles behind a time before which nothing matters. */

/** All numbers since the last beginPacking() fit. */
export let packingFits: bool = true;

const NUMBER_MAX: i64 = 0xffff;

export function beginPacking(): void {
  packingFits = true;
}

/** What does not fit cannot be packed.
 * @inline */
export function putNumber(at: u32, number: i64): u32 {
  if (<u64>number > <u64>NUMBER_MAX) packingFits = false;
  store<u16>(at, <u16>number);
  return at + 2;
}

/** @inline */
export function putTime(at: u32, cycle: i64, floor: i64): u32 {
  return putNumber(at, max<i64>(cycle - floor, 0));
}

/** @inline */
export function timeAt(at: u32, floor: i64): i64 {
  return floor + <i64>load<u16>(at);
}

/** A ring of `size` times from `place`, the oldest, on: the number of those from the first that is later than `floor`, and they. */
export function putRing(at: u32, ring: u32, size: u32, place: u32, floor: i64): u32 {
  const end = ring + size * 8;
  const begin = ring + place * 8;
  const early = firstLater(begin, end, floor);
  const late = early == end ? firstLater(ring, begin, floor) : ring;
  store<u16>(at, <u16>(((end - early) >> 3) + ((begin - late) >> 3)));
  return putTimes(putTimes(at + 2, early, end, floor), late, begin, floor);
}

function firstLater(from: u32, end: u32, floor: i64): u32 {
  let at = from;
  while (at < end && load<i64>(at) <= floor) at += 8;
  return at;
}

function putTimes(to: u32, from: u32, end: u32, floor: i64): u32 {
  let at = to;
  let all: u64 = 0;
  for (let time = from; time < end; time += 8) {
    const later = <u64>max<i64>(load<i64>(time) - floor, 0);
    all |= later;
    store<u16>(at, <u16>later);
    at += 2;
  }
  if (all > <u64>NUMBER_MAX) packingFits = false;
  return at;
}

/** The same back: the oldest place is then 0. */
export function takeRing(at: u32, ring: u32, size: u32, floor: i64): u32 {
  const count = <u32>load<u16>(at);
  const past = size - count;
  memory.fill(ring, 0, past * 8);
  let from = at + 2;
  for (let place = past; place < size; place++) {
    store<i64>(ring + place * 8, timeAt(from, floor));
    from += 2;
  }
  return from;
}
