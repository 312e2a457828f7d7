/** Contents that tell blocks apart, and random numbers that are the same on every boot. */

/** Fills `bytes` bytes (a multiple of 8) with words that depend on `seed` and on the address. */
export function fillPattern(address: usize, bytes: usize, seed: u64): void {
  for (let at = address; at < address + bytes; at += 8) store<u64>(at, mix(seed ^ (at as u64)));
}

/** Whether fillPattern's words for `seed` are still there, written for a block at `origin`. */
export function holdsPatternOf(address: usize, bytes: usize, seed: u64, origin: usize): bool {
  for (let offset: usize = 0; offset < bytes; offset += 8) {
    if (load<u64>(address + offset) != mix(seed ^ ((origin + offset) as u64))) return false;
  }
  return true;
}

export function holdsPattern(address: usize, bytes: usize, seed: u64): bool {
  return holdsPatternOf(address, bytes, seed, address);
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
