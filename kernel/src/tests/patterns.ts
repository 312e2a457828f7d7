/** Contents that tell blocks apart, and random numbers that are the same on every boot. */

/** Marks are this far apart; the last word of a block is one, too. */
const STRIDE: usize = 512;

/** Marks a block of `bytes` bytes (8 at least) with words that depend on `seed` and on their addresses. */
export function fillPattern(address: usize, bytes: usize, seed: u64): void {
  const last = address + bytes - 8;
  for (let at = address; at < last; at += STRIDE) store<u64>(at, mix(seed ^ (at as u64)));
  store<u64>(last, mix(seed ^ (last as u64)));
}

/** Whether all marks that fillPattern made are there. */
export function holdsPattern(address: usize, bytes: usize, seed: u64): bool {
  const last = address + bytes - 8;
  return load<u64>(last) == mix(seed ^ (last as u64)) && holdsMoved(address, bytes, seed, address);
}

/**
 * Whether the first `bytes` bytes of a block that fillPattern marked at `origin` hold their marks now that they are at
 * `address`. The block was at least that long; the mark in its last word is not looked at.
 */
export function holdsMoved(address: usize, bytes: usize, seed: u64, origin: usize): bool {
  for (let offset: usize = 0; offset + 8 < bytes; offset += STRIDE) {
    if (load<u64>(address + offset) != mix(seed ^ ((origin + offset) as u64))) return false;
  }
  return true;
}

/** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
function mix(value: u64): u64 {
  value = (value ^ (value >> 30)) * 0xbf58_476d_1ce4_e5b9;
  value = (value ^ (value >> 27)) * 0x94d0_49bb_1331_11eb;
  return value ^ (value >> 31);
}

let state: u64 = 0;

export function seedRandom(seed: u64): void {
  state = seed;
}

/** A number below `bound`, from SplitMix64. */
export function random(bound: u64): u64 {
  state += 0x9e37_79b9_7f4a_7c15;
  return mix(state) % bound;
}
