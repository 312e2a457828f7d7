/** A search of all ways of a set at once: which way it is depends on chance, and a branch for each would be mispredicted. */

/** Two bits for each way. */
const WAY_BITS: u32 = 2;

/**
 * Which of the u64 of a set, of 16 at most, are `tag`: two bits for each, for waysFirst() and waysLast(). 0: none. Reads, and passes over,
 * what lies behind the set up to 8 or 16 of them.
 * @inline */
export function waysWith(set: u32, ways: u32, tag: u64): u32 {
  const wanted = i64x2.splat(tag);
  let found = eightWith(set, wanted);
  if (ways > 8) found |= eightWith(set + 64, wanted) << 16;
  return ways == 16 ? found : found & (((<u32>1) << (ways * WAY_BITS)) - 1);
}

/** @inline */
function eightWith(set: u32, wanted: v128): u32 {
  const low = i16x8.narrow_i32x4_s(
    i64x2.eq(v128.load(set), wanted),
    i64x2.eq(v128.load(set, 16), wanted),
  );
  const high = i16x8.narrow_i32x4_s(
    i64x2.eq(v128.load(set, 32), wanted),
    i64x2.eq(v128.load(set, 48), wanted),
  );
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/** @inline */
export function waysFirst(found: u32): u32 {
  return ctz(found) / WAY_BITS;
}

/** @inline */
export function waysLast(found: u32): u32 {
  return (31 - clz(found)) / WAY_BITS;
}
