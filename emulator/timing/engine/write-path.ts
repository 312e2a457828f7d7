/** The way of stores into the cache: those in a row to the same 16 bytes are gathered. */
import { Parameter } from '../engine-layout';
import { cycles, parameter } from './parameters';

/** The last 16 bytes that were written to, and those of them that stores in a row have written. */
let lastChunk: u64 = ~0;
let written: u32 = 0;
let waitsForMerge: bool = false;
/** When the last 16 bytes with a word written in part were merged into their line. */
let merged: i64 = 0;
const NARROW_MERGE_CYCLES: i64 = 4;

export function resetWritePath(): void {
  lastChunk = ~0;
  written = 0;
  waitsForMerge = false;
  merged = 0;
}

/**
 * Stores in a row to the same 16 bytes are gathered; then they are written. A word of NarrowStoreBytes that they leave in
 * part as it was is read first, for its error-correcting code. Returns the cycles that the 16 bytes before cost.
 */
export function gather(linear: u64, size: u32, commit: i64): i64 {
  const chunk = linear >> 4;
  const last = linear + size - 1;
  const crosses = last >> 4 != chunk;
  const bytes = chunkBytes((<u32>linear) & 15, crosses ? 15 : (<u32>last) & 15);
  let extra: i64 = 0;
  if (chunk == lastChunk) written |= bytes;
  else {
    const narrow = size < parameter(Parameter.NarrowStoreBytes);
    if (hasPartialWord()) {
      // Two such places are merged at a time: the first of two in a row waits for the second.
      if (!narrow || waitsForMerge) extra = mergeNarrow(commit);
      waitsForMerge = narrow && !waitsForMerge;
    }
    written = bytes;
  }
  if (crosses) written = chunkBytes(0, (<u32>last) & 15);
  lastChunk = last >> 4;
  return extra;
}

/** A bit for each byte of a chunk, from number `first` to number `last`. */
function chunkBytes(first: u32, last: u32): u32 {
  return ((<u32>2) << last) - ((<u32>1) << first);
}

function hasPartialWord(): bool {
  const size = parameter(Parameter.NarrowStoreBytes);
  const word = ((<u32>1) << size) - 1;
  for (let left = written; left != 0 && size != 0; left >>= size) {
    const part = left & word;
    if (part != 0 && part != word) return true;
  }
  return false;
}

/** Too soon after the last merge, it is repeated. */
function mergeNarrow(commit: i64): i64 {
  const again = commit - merged < NARROW_MERGE_CYCLES;
  const extra = again ? cycles(Parameter.NarrowStore) : 0;
  merged = commit + extra;
  return extra;
}
