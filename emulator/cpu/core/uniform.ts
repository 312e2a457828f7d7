/**
 * Uniform content: pages, or whole subtrees of pages, that repeat one 8-byte pattern and need no storage of their own.
 * A radix entry names the pattern by its index. Index 0 is the content of memory at power-on and is never given back.
 */
import {
  UNIFORM_PATTERNS,
  UNIFORM_PATTERNS_MAX,
  UNIFORM_PATTERNS_USED,
} from '../../isa/state-layout';
import { invalidateCode } from './code-cache';
import { allocateUnlimited, codeLines, fillHost, freePage, PAGE_BYTES } from './frame-pool';

/** Radix entries: the low two bits say what the rest is. */
export const ENTRY_TAG: u32 = 3;
const ENTRY_EMPTY: u32 = 0; // power-on content
const ENTRY_UNIFORM: u32 = 1; // bits 31:2 = index of the pattern
export const ENTRY_FRAME: u32 = 2; // bits 31:12 = host page
export const ENTRY_NODE: u32 = 3; // bits 31:12 = host page of the child node

const RECORD_BYTES: u32 = 16;
const REPRESENTATIVE: usize = 8;
const REFERENCES: usize = 12;

function record(entry: u32): u32 {
  return UNIFORM_PATTERNS + (entry >> 2) * RECORD_BYTES;
}

/** The pattern of an empty or uniform entry. */
export function entryPattern(entry: u32): u64 {
  return load<u64>(record(entry));
}

/** The entry for `pattern`, without a reference taken; ENTRY_TAG (no valid entry) when the table is full. */
export function internPattern(pattern: u64): u32 {
  if (pattern == load<u64>(UNIFORM_PATTERNS)) return ENTRY_EMPTY;
  const used = max(load<u32>(UNIFORM_PATTERNS_USED), 1);
  let vacant: u32 = 0;
  for (let index: u32 = 1; index < used; index++) {
    const at = UNIFORM_PATTERNS + index * RECORD_BYTES;
    if (load<u32>(at, REFERENCES) == 0) vacant = index;
    else if (load<u64>(at) == pattern) return (index << 2) | ENTRY_UNIFORM;
  }
  if (vacant == 0) {
    if (used == UNIFORM_PATTERNS_MAX) return ENTRY_TAG;
    vacant = used;
    store<u32>(UNIFORM_PATTERNS_USED, used + 1);
  }
  const at = UNIFORM_PATTERNS + vacant * RECORD_BYTES;
  store<u64>(at, pattern);
  const representative = load<u32>(at, REPRESENTATIVE);
  if (representative != 0) {
    if (codeLines(representative) != 0) invalidateCode(representative, PAGE_BYTES, false);
    fillHost(representative, PAGE_BYTES, pattern);
  }
  return (vacant << 2) | ENTRY_UNIFORM;
}

/** Counts `count` more radix entries that name this pattern. */
export function addReferences(entry: u32, count: u32): void {
  if ((entry & ENTRY_TAG) != ENTRY_UNIFORM) return;
  const at = record(entry);
  store<u32>(at, load<u32>(at, REFERENCES) + count, REFERENCES);
}

export function releaseReference(entry: u32): void {
  if ((entry & ENTRY_TAG) != ENTRY_UNIFORM) return;
  const at = record(entry);
  store<u32>(at, load<u32>(at, REFERENCES) - 1, REFERENCES);
}

/** A page with the content of an empty or uniform entry, for reading only; shared by all pages of that content. */
export function representativeFrame(entry: u32): u32 {
  const at = record(entry);
  let frame = load<u32>(at, REPRESENTATIVE);
  if (frame == 0) {
    frame = allocateUnlimited(load<u64>(at));
    if (frame == 0) unreachable();
    store<u32>(at, frame, REPRESENTATIVE);
  }
  return frame;
}

/** Sets what untouched memory reads as. Only before anything was read or written. */
export function setPowerOnPattern(pattern: u64): void {
  store<u64>(UNIFORM_PATTERNS, pattern);
  const representative = load<u32>(UNIFORM_PATTERNS, REPRESENTATIVE);
  if (representative == 0) return;
  freePage(representative);
  store<u32>(UNIFORM_PATTERNS, 0, REPRESENTATIVE);
}
