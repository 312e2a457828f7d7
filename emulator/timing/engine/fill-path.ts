/**
 * The path from the second level to the first as a calendar of its own: a bit for each cycle. A string instruction asks for
 * thousands of lines at a time, so a search has to pass over many taken cycles quickly.
 */
import { FILL_PATH, FILL_PATH_WORDS } from '../engine-layout';

/** Cycles in one word of the calendar, as a shift. */
const WORD_SHIFT: i64 = 6;
const WORD_CYCLES: i64 = 1 << WORD_SHIFT;
/** Behind a word's bits: which cycles they stand for. */
const NUMBER: usize = 8;
const ENTRY_SHIFT: u32 = 4;

/** @inline */
function entryOf(cycle: i64): u32 {
  return FILL_PATH + (((<u32>(cycle >> WORD_SHIFT)) & (FILL_PATH_WORDS - 1)) << ENTRY_SHIFT);
}

/** Cycles of the word that are taken. A word that stands for other cycles is an empty one. */
function takenIn(cycle: i64): u64 {
  const entry = entryOf(cycle);
  return load<i64>(entry, NUMBER) == cycle >> WORD_SHIFT ? load<u64>(entry) : 0;
}

/** Takes the path for `duration` cycles, fewer than 64, from the first free one on that is not before `cycle`. Returns that first cycle. */
export function takePath(cycle: i64, duration: i64): i64 {
  let at = cycle;
  let free = ~takenIn(at) >> ((<u64>at) & 63);
  while (free == 0) {
    at = (at | (WORD_CYCLES - 1)) + 1;
    free = ~takenIn(at);
  }
  at += <i64>ctz(free);
  const bit = (<u64>at) & 63;
  const held = ((<u64>1) << (<u64>duration)) - 1;
  take(at, held << bit);
  if (<i64>bit + duration > WORD_CYCLES) take((at | (WORD_CYCLES - 1)) + 1, held >> (64 - bit));
  return at;
}

function take(cycle: i64, bits: u64): void {
  const entry = entryOf(cycle);
  store<u64>(entry, takenIn(cycle) | bits);
  store<i64>(entry, cycle >> WORD_SHIFT, NUMBER);
}
