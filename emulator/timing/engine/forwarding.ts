/**
 * Store-to-load forwarding: what stores that have not reached the cache yet mean to the loads behind them. Stores are kept
 * by granules of eight bytes; a load takes its bytes from one store, or waits until the store is in the cache.
 * Source: measured, micro-blocks.txt (`st_ld_fwd`, `st8_ld4_fwd`, `st4_ld8_fail`).
 * Not modelled: wrong guesses about addresses that are not known yet; false matches of low address bits.
 */
import { FORWARD_ENTRIES, FORWARDS } from '../engine-layout';

const ENTRY_BYTES: u32 = 32;
const ENTRY_GRANULE: u32 = 0; // u64: address >> 3, plus 1
const ENTRY_READY: u32 = 8; // i64: when the data can be forwarded
const ENTRY_COMMIT: u32 = 16; // i64: when it is in the cache
const ENTRY_NUMBER: u32 = 24; // u32: number of the store
const ENTRY_MASK: u32 = 28; // u8: bytes of the granule

export enum Forwarding {
  /** No store in flight touches the bytes. */
  None,
  /** One store has them all: `forwardReady`. */
  Whole,
  /** Bytes of a store and others: `forwardCommit`. */
  Partial,
}

export let forwardReady: i64 = 0;
export let forwardCommit: i64 = 0;
let stores: u32 = 0;

/** @inline */
function entryOf(granule: u64): u32 {
  return FORWARDS + (<u32>granule & (FORWARD_ENTRIES - 1)) * ENTRY_BYTES;
}

/** Bytes of the granule at `address >> 3` that an access of `size` bytes touches, as a mask; `first`: the first granule's.
 * @inline */
function maskOf(offset: u32, size: u32): u32 {
  return ((<u32>1 << min(size, 8 - offset)) - 1) << offset;
}

/** Notes a store of `size` bytes. */
export function noteForward(linear: u64, size: u32, ready: i64, commit: i64): void {
  stores++;
  let granule = linear >> 3;
  let offset = <u32>linear & 7;
  let left = size;
  while (left > 0) {
    const entry = entryOf(granule);
    store<u64>(entry, granule + 1, ENTRY_GRANULE);
    store<i64>(entry, ready, ENTRY_READY);
    store<i64>(entry, commit, ENTRY_COMMIT);
    store<u32>(entry, stores, ENTRY_NUMBER);
    store<u8>(entry, <u8>maskOf(offset, left), ENTRY_MASK);
    left -= min(left, 8 - offset);
    offset = 0;
    granule++;
  }
}

/** What a load of `size` bytes that starts at `at` meets. */
export function lookForward(linear: u64, size: u32, at: i64): Forwarding {
  let granule = linear >> 3;
  let offset = <u32>linear & 7;
  let left = size;
  let found: u32 = 0;
  let whole = true;
  forwardCommit = 0;
  for (let first = true; left > 0; first = false) {
    const entry = entryOf(granule);
    const mask = maskOf(offset, left);
    if (load<u64>(entry, ENTRY_GRANULE) == granule + 1 && load<i64>(entry, ENTRY_COMMIT) > at) {
      const stored = <u32>load<u8>(entry, ENTRY_MASK);
      if ((stored & mask) != 0) {
        const number = load<u32>(entry, ENTRY_NUMBER);
        if ((stored & mask) != mask || (!first && number != found)) whole = false;
        if (found == 0 && !first) whole = false;
        found = number;
        forwardReady = load<i64>(entry, ENTRY_READY);
        forwardCommit = max(forwardCommit, load<i64>(entry, ENTRY_COMMIT));
      } else if (found != 0) whole = false;
    } else if (found != 0) whole = false;
    left -= min(left, 8 - offset);
    offset = 0;
    granule++;
  }
  if (found == 0) return Forwarding.None;
  return whole ? Forwarding.Whole : Forwarding.Partial;
}
