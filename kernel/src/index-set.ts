import { x86 } from './x86';

/**
 * Sets of numbers from 0 to 2^32 - 1 that find their lowest member, or the next one from anywhere, in a step a level.
 *
 *     level 2 (root)   │····1···│                        one word
 *     level 1          │········│1·······│ …             a bit a word of level 0: "something is in there"
 *     level 0          │········│········│··1··1··│ …    a bit a number
 *
 * Each level has 64 times the words of the one above; two levels are the least, six the most. Inserting and removing touch a higher
 * level only when a word becomes or ceases to be zero. Where the lowest member was last is remembered: as long as its word has
 * members, the lowest is there, one step away.
 */
const LEVELS_MAX: u32 = 6;
const WORD_SHIFT: u64 = 6;
/** What setFirst and setNext return when there is no such member. */
export const NO_MEMBER: u64 = u64.MAX_VALUE;

/** 64 bytes. */
@unmanaged
export class IndexSet {
  /** Addresses of the levels' words. */
  level0: usize;
  level1: usize;
  level2: usize;
  level3: usize;
  level4: usize;
  level5: usize;
  /** Numbers that the set can hold: 0 to capacity - 1. */
  capacity: u32;
  /** Level of the root. */
  top: u32;
  /** Address of a word of level 0 below which there is no member, or of `nothing`. */
  lowest: usize;
}

/** A word without members, where no set's lowest one is known. Nobody writes it. */
const nothing: usize = memory.data(8, 8);

export const INDEX_SET_SIZE: usize = 64;
/** Bits of the eight words of 512 numbers. */
const EIGHT: u64 = 0xff;

function levelWords(set: IndexSet, level: u64): usize {
  return load<usize>(changetype<usize>(set) + ((level << 3) as usize));
}

function wordAddress(set: IndexSet, level: u64, index: u64): usize {
  return levelWords(set, level) + (((index >> WORD_SHIFT) << 3) as usize);
}

function bitOf(index: u64): u64 {
  return (1 as u64) << (index & 63);
}

/** Bytes of all levels of a set of that capacity. */
export function setBytes(capacity: u64): u64 {
  let words = (capacity + 63) >> WORD_SHIFT;
  let bytes = words << 3;
  do {
    words = (words + 63) >> WORD_SHIFT;
    bytes += words << 3;
  } while (words > 1);
  return bytes;
}

/** Bytes of level 0 of a set of that capacity. */
export function setLeafBytes(capacity: u64): u64 {
  return ((capacity + 63) >> WORD_SHIFT) << 3;
}

/** Makes an empty set: level 0 at `leaves`, the rest at `above`, all of it zero. Returns the end of the rest. */
export function setInit(set: IndexSet, leaves: usize, above: usize, capacity: u64): usize {
  set.capacity = capacity as u32;
  set.lowest = nothing;
  let words = capacity;
  let at = leaves;
  for (let level: u32 = 0; level < LEVELS_MAX; level++) {
    words = (words + 63) >> WORD_SHIFT;
    store<usize>(changetype<usize>(set) + ((level as usize) << 3), at);
    at = level == 0 ? above : at + ((words << 3) as usize);
    set.top = level;
    if (words <= 1 && level != 0) break;
  }
  return at;
}

/** Writes the words of level 0 of [first, first + 512), which hold anything until then: none is a member. */
export function setClearLeaves(set: IndexSet, first: u64): void {
  const words = wordAddress(set, 0, first);
  for (let offset: usize = 0; offset < 64; offset += 8) store<u64>(words + offset, 0);
}

/** The word of members that `index` is in. */
export function setWord(set: IndexSet, index: u64): u64 {
  return load<u64>(wordAddress(set, 0, index));
}

export function setHas(set: IndexSet, index: u64): bool {
  return (load<u64>(wordAddress(set, 0, index)) & bitOf(index)) != 0;
}

/** A word of level 0 gets members. @inline */
function noteMembers(set: IndexSet, address: usize): void {
  if (address < set.lowest) set.lowest = address;
}

export function setInsert(set: IndexSet, index: u64): void {
  const address = set.level0 + (((index >> WORD_SHIFT) << 3) as usize);
  noteMembers(set, address);
  const old = load<u64>(address);
  store<u64>(address, old | bitOf(index));
  if (old == 0) insertAbove(set, index >> WORD_SHIFT);
}

/** Inserts the numbers that `mask`, which is not 0, has set, counted from `index` rounded down to a multiple of 64. */
export function setInsertMask(set: IndexSet, index: u64, mask: u64): void {
  const address = set.level0 + (((index >> WORD_SHIFT) << 3) as usize);
  noteMembers(set, address);
  const old = load<u64>(address);
  store<u64>(address, old | mask);
  if (old == 0) insertAbove(set, index >> WORD_SHIFT);
}

/** Inserts a number into an empty set. */
export function setInsertOnly(set: IndexSet, index: u64): void {
  const address = wordAddress(set, 0, index);
  set.lowest = address;
  store<u64>(address, bitOf(index));
  index >>= WORD_SHIFT;
  store<u64>(wordAddress(set, 1, index), bitOf(index));
  if (set.top != 1) insertFrom(set, 2, index >> WORD_SHIFT);
}

/** Says above level 0 that there is something in word `index` of it. */
function insertAbove(set: IndexSet, index: u64): void {
  insertInLevel1(set, index);
}

/** The same in place. @inline */
function insertInLevel1(set: IndexSet, index: u64): void {
  const address = wordAddress(set, 1, index);
  const old = load<u64>(address);
  store<u64>(address, old | bitOf(index));
  if (old == 0 && set.top != 1) insertFrom(set, 2, index >> WORD_SHIFT);
}

/** Says in `level` and above that there is something in word `index` below. */
function insertFrom(set: IndexSet, from: u64, index: u64): void {
  for (let level = from; level <= (set.top as u64); level++) {
    const address = wordAddress(set, level, index);
    const old = load<u64>(address);
    store<u64>(address, old | bitOf(index));
    if (old != 0) return;
    index >>= WORD_SHIFT;
  }
}

export function setRemove(set: IndexSet, index: u64): void {
  setRemoveMask(set, index, bitOf(index));
}

/** Removes the numbers that `mask` has set, counted as in setInsertMask; they are members. */
export function setRemoveMask(set: IndexSet, index: u64, mask: u64): void {
  const address = set.level0 + (((index >> WORD_SHIFT) << 3) as usize);
  const rest = load<u64>(address) & ~mask;
  store<u64>(address, rest);
  if (rest == 0) removeAbove(set, index >> WORD_SHIFT);
}

/** Inserts the 512 numbers from `first` on, a multiple of that; none is a member. */
export function setInsertEight(set: IndexSet, first: u64): void {
  const words = wordAddress(set, 0, first);
  noteMembers(set, words);
  fillEight(words, u64.MAX_VALUE);
  const index = first >> WORD_SHIFT;
  const address = wordAddress(set, 1, index);
  const old = load<u64>(address);
  store<u64>(address, old | (EIGHT << (index & 63)));
  if (old == 0) insertFrom(set, 2, index >> WORD_SHIFT);
}

/** Removes the 512 numbers from `first` on, a multiple of that; all are members. */
export function setRemoveEight(set: IndexSet, first: u64): void {
  const words = wordAddress(set, 0, first);
  fillEight(words, 0);
  const index = first >> WORD_SHIFT;
  const address = wordAddress(set, 1, index);
  const rest = load<u64>(address) & ~(EIGHT << (index & 63));
  store<u64>(address, rest);
  if (rest == 0) removeFrom(set, 2, index >> WORD_SHIFT);
}

/** @inline */
function fillEight(words: usize, value: u64): void {
  store<u64>(words, value);
  store<u64>(words, value, 8);
  store<u64>(words, value, 16);
  store<u64>(words, value, 24);
  store<u64>(words, value, 32);
  store<u64>(words, value, 40);
  store<u64>(words, value, 48);
  store<u64>(words, value, 56);
}

/** Moves a member of one set to another of the same capacity. @inline */
export function setMove(from: IndexSet, to: IndexSet, index: u64): void {
  const offset = ((index >> WORD_SHIFT) << 3) as usize;
  const place = to.level0 + offset;
  noteMembers(to, place);
  const old = load<u64>(place);
  const rest = load<u64>(from.level0 + offset) ^ bitOf(index);
  store<u64>(from.level0 + offset, rest);
  store<u64>(place, old | bitOf(index));
  if (old == 0) insertInLevel1(to, index >> WORD_SHIFT);
  if (rest == 0) removeInLevel1(from, index >> WORD_SHIFT);
}

/** Says above level 0 that there is nothing in word `index` of it. */
function removeAbove(set: IndexSet, index: u64): void {
  removeInLevel1(set, index);
}

/** The same in place. @inline */
function removeInLevel1(set: IndexSet, index: u64): void {
  const address = wordAddress(set, 1, index);
  const rest = load<u64>(address) & ~bitOf(index);
  store<u64>(address, rest);
  if (rest == 0 && set.top != 1) removeFrom(set, 2, index >> WORD_SHIFT);
}

function removeFrom(set: IndexSet, from: u64, index: u64): void {
  for (let level = from; level <= (set.top as u64); level++) {
    const address = wordAddress(set, level, index);
    const rest = load<u64>(address) & ~bitOf(index);
    store<u64>(address, rest);
    if (rest != 0) return;
    index >>= WORD_SHIFT;
  }
}

/** Of a word that is set as a whole nothing is read: it may never have been written. */
function setBits(address: usize, bits: u64): void {
  store<u64>(address, bits == u64.MAX_VALUE ? bits : load<u64>(address) | bits);
}

/** Inserts [first, first + count): fills, a step a level. Whole words of level 0 may hold anything until then. */
export function setInsertRange(set: IndexSet, first: u64, count: u64): void {
  if (count == 0) return;
  noteMembers(set, wordAddress(set, 0, first));
  let last = first + count - 1;
  for (let level: u64 = 0; level <= (set.top as u64); level++) {
    const from = wordAddress(set, level, first);
    const to = wordAddress(set, level, last);
    const head = u64.MAX_VALUE << (first & 63);
    const tail = u64.MAX_VALUE >> (63 - (last & 63));
    if (from == to) {
      setBits(from, head & tail);
    } else {
      setBits(from, head);
      memory.fill(from + 8, 0xff, to - from - 8);
      setBits(to, tail);
    }
    first >>= WORD_SHIFT;
    last >>= WORD_SHIFT;
  }
}

/** The lowest member, or NO_MEMBER. @inline */
export function setFirst(set: IndexSet): u64 {
  const word = load<u64>(set.lowest);
  return word != 0 ? memberAt(set, word) : findFirst(set);
}

/** The lowest of the members `word` of the word `set.lowest`. @inline */
function memberAt(set: IndexSet, word: u64): u64 {
  return (((set.lowest - set.level0) as u64) << 3) + x86.bsf64(word);
}

/**
 * Inserts a number, whose word is at `address`; true when that had no member, which then is to be said to setInsertedFirst.
 * @inline */
export function setInsertIn(set: IndexSet, address: usize, index: u64): bool {
  const old = load<u64>(address);
  store<u64>(address, old | bitOf(index));
  noteMembers(set, address);
  return old == 0;
}

/** The word of a number has its first member. */
export function setInsertedFirst(set: IndexSet, index: u64): void {
  insertAbove(set, index >> WORD_SHIFT);
}

/** The lowest member, from the root on, whose word is remembered. @cold */
function findFirst(set: IndexSet): u64 {
  const root = load<u64>(levelWords(set, set.top as u64));
  if (root == 0) return NO_MEMBER;
  const index = descend(set, set.top as u64, x86.bsf64(root));
  set.lowest = wordAddress(set, 0, index);
  return index;
}

/** Removes the lowest member, of which there is one, and returns it. @inline */
export function setTakeFirst(set: IndexSet): u64 {
  if (load<u64>(set.lowest) == 0) findFirst(set);
  const at = set.lowest;
  const word = load<u64>(at);
  const rest = word & (word - 1);
  const index = (((at - set.level0) as u64) << 3) + x86.bsf64(word);
  store<u64>(at, rest);
  if (rest == 0) removeAbove(set, index >> WORD_SHIFT);
  return index;
}

/**
 * The lowest member that is not less than `from`, or NO_MEMBER. Of a word of level 0 that is not marked above nothing is
 * read: it may never have been written.
 */
export function setNext(set: IndexSet, from: u64): u64 {
  let end = set.capacity as u64;
  let lowest: u64 = 0;
  if (from < end && !isMarked(set, from >> WORD_SHIFT)) {
    from = (from >> WORD_SHIFT) + 1;
    end = (end + 63) >> WORD_SHIFT;
    lowest = 1;
  }
  for (let level = lowest; level <= (set.top as u64); level++) {
    if (from >= end) return NO_MEMBER;
    const rest = load<u64>(wordAddress(set, level, from)) & (u64.MAX_VALUE << (from & 63));
    if (rest != 0) return descend(set, level, (from & ~63) + ctz(rest));
    from = (from >> WORD_SHIFT) + 1;
    end = (end + 63) >> WORD_SHIFT;
  }
  return NO_MEMBER;
}

/** Whether level 1 says that a word of level 0 has a member. */
function isMarked(set: IndexSet, word: u64): bool {
  return (load<u64>(wordAddress(set, 1, word)) & bitOf(word)) != 0;
}

/** The lowest member below bit `index` of `level`. */
function descend(set: IndexSet, level: u64, index: u64): u64 {
  while (level != 0) {
    level -= 1;
    const members = load<u64>(levelWords(set, level) + ((index << 3) as usize));
    index = (index << WORD_SHIFT) + x86.bsf64(members); // it has some, says the level above
  }
  return index;
}

/** The lowest number in [from, end) that is no member, or `end`. Reads a word for each 64 members in between. */
export function setNextAbsent(set: IndexSet, from: u64, end: u64): u64 {
  while (from < end) {
    const absent = ~load<u64>(wordAddress(set, 0, from)) >> (from & 63);
    if (absent != 0) return min(end, from + ctz(absent));
    from = (from & ~63) + 64;
  }
  return end;
}

/**
 * Whether every word above level 0 says the truth about the word below it, for the word that holds `index`, and no member there is
 * below where the lowest are said to be.
 */
export function setPathHolds(set: IndexSet, index: u64): bool {
  const word = wordAddress(set, 0, index);
  if (load<u64>(word) != 0 && word < set.lowest && set.lowest != nothing) return false;
  for (let level: u64 = 0; level < (set.top as u64); level++) {
    const isEmpty = load<u64>(wordAddress(set, level, index)) == 0;
    index >>= WORD_SHIFT;
    const isMarked = (load<u64>(wordAddress(set, level + 1, index)) & bitOf(index)) != 0;
    if (isEmpty == isMarked) return false;
  }
  return true;
}
