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
  let left = size;
  let from = place;
  while (left > 0 && load<i64>(ring + from * 8) <= floor) {
    left--;
    from++;
    if (from == size) from = 0;
  }
  store<u16>(at, <u16>left);
  let to = at + 2;
  for (; left > 0; left--) {
    to = putTime(to, load<i64>(ring + from * 8), floor);
    from++;
    if (from == size) from = 0;
  }
  return to;
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
