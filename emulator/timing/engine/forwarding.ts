/**
 * Store-to-load forwarding: what stores that have not reached the cache yet mean to the loads behind them. Stores are kept
 * by granules of eight bytes; a load takes its bytes from one store, or waits until the stores are in the cache.
 * Source: measured, micro-blocks.txt (`st_ld_fwd`, `st8_ld4_fwd`, `st4_ld8_fail`).
 * Not modelled: wrong guesses about addresses that are not known yet; false matches of low address bits.
 */
import { FORWARD_SETS, FORWARDS } from '../engine-layout';

const SET_ENTRIES: u32 = 4;
const ENTRY_BYTES: u32 = 32;
const SET_BYTES: u32 = SET_ENTRIES * ENTRY_BYTES;
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
function setOf(granule: u64): u32 {
  return FORWARDS + ((<u32>granule) & (FORWARD_SETS - 1)) * SET_BYTES;
}

/** The bytes of a granule that an access of `size` bytes from `offset` on touches, as a mask.
 * @inline */
function maskOf(offset: u32, size: u32): u32 {
  return (((<u32>1) << min(size, 8 - offset)) - 1) << offset;
}

/** Notes a store of `size` bytes. */
export function noteForward(linear: u64, size: u32, ready: i64, commit: i64): void {
  stores++;
  let granule = linear >> 3;
  let offset = (<u32>linear) & 7;
  let left = size;
  while (left > 0) {
    note(granule, maskOf(offset, left), ready, commit);
    left -= min(left, 8 - offset);
    offset = 0;
    granule++;
  }
}

function note(granule: u64, mask: u32, ready: i64, commit: i64): void {
  const set = setOf(granule);
  let entry = set;
  for (let place: u32 = 0; place < SET_ENTRIES; place++) {
    const candidate = set + place * ENTRY_BYTES;
    const same = load<u64>(candidate, ENTRY_GRANULE) == granule + 1;
    if (same && ((<u32>load<u8>(candidate, ENTRY_MASK)) & ~mask) == 0) {
      entry = candidate;
      break;
    }
    if (load<u32>(candidate, ENTRY_NUMBER) < load<u32>(entry, ENTRY_NUMBER)) entry = candidate;
  }
  store<u64>(entry, granule + 1, ENTRY_GRANULE);
  store<i64>(entry, ready, ENTRY_READY);
  store<i64>(entry, commit, ENTRY_COMMIT);
  store<u32>(entry, stores, ENTRY_NUMBER);
  store<u8>(entry, <u8>mask, ENTRY_MASK);
}

/** What a load of `size` bytes that starts at `at` meets. */
export function lookForward(linear: u64, size: u32, at: i64): Forwarding {
  let granule = linear >> 3;
  let offset = (<u32>linear) & 7;
  let left = size;
  let number: u32 = 0;
  let whole = true;
  forwardCommit = 0;
  for (let first = true; left > 0; first = false) {
    const mask = maskOf(offset, left);
    const entry = newest(granule, mask, at);
    if (entry == 0) {
      if (number != 0) whole = false;
    } else {
      const found = load<u32>(entry, ENTRY_NUMBER);
      if (((<u32>load<u8>(entry, ENTRY_MASK)) & mask) != mask) whole = false;
      if (!first && number != found) whole = false;
      number = found;
      forwardReady = load<i64>(entry, ENTRY_READY);
      forwardCommit = max(forwardCommit, load<i64>(entry, ENTRY_COMMIT));
    }
    left -= min(left, 8 - offset);
    offset = 0;
    granule++;
  }
  if (number == 0) return Forwarding.None;
  return whole ? Forwarding.Whole : Forwarding.Partial;
}

/** The youngest store in flight at `at` that touches bytes of `mask`; 0: none. */
function newest(granule: u64, mask: u32, at: i64): u32 {
  const set = setOf(granule);
  let found: u32 = 0;
  let number: u32 = 0;
  for (let place: u32 = 0; place < SET_ENTRIES; place++) {
    const entry = set + place * ENTRY_BYTES;
    if (load<u64>(entry, ENTRY_GRANULE) != granule + 1) continue;
    if (((<u32>load<u8>(entry, ENTRY_MASK)) & mask) == 0) continue;
    if (load<i64>(entry, ENTRY_COMMIT) <= at) continue;
    if (load<u32>(entry, ENTRY_NUMBER) < number) continue;
    number = load<u32>(entry, ENTRY_NUMBER);
    found = entry;
  }
  return found;
}
