/**
 * The bitmap of page frames: one bit a frame, 1 = used, in 64-bit words, and a count for every 512 words.
 *
 *     bitmap     │ word 0 │ word 1 │ … │ word 511 │ word 512 │ …        bit 0 of a word is its first frame
 *                └──────────── chunk 0 ───────────┴──── chunk 1 …
 *     counters   │ u32: used bits of chunk 0      │ u32: of chunk 1 …    32768 = nothing free here, 0 = all free
 *
 * A chunk is one page of bitmap and 128 MiB of RAM. The counters make every search skip full and empty stretches in
 * one step, so that no search reads 128 GiB of bitmap (which is what 4 PiB of RAM have).
 *
 * A *slot* is the number of a bit. What is no frame (the rest of a region's last word, the rest of the last chunk) is
 * marked used for ever. Setting up is filling with zeros: nothing here visits every word.
 */
export const SLOTS_PER_WORD: u64 = 64;
const WORDS_PER_CHUNK: u64 = 512;
const CHUNK_FULL: u32 = 32_768;
const WORD_SHIFT: u64 = 6;
const CHUNK_SHIFT: u64 = 15;
const WORD_FULL: u64 = u64.MAX_VALUE;

let bitmap: usize = 0;
let wordCount: u64 = 0;
let counters: usize = 0;
/** The word where the last frame was found or freed: the next search starts here. */
let cursor: u64 = 0;

/** Bytes that the bitmap and its counters take, for `words` words; a multiple of 8. */
export function bitmapSize(words: u64): u64 {
  return words * 8 + ((chunksOf(words) * 4 + 7) & ~7);
}

function chunksOf(words: u64): u64 {
  return (words + WORDS_PER_CHUNK - 1) / WORDS_PER_CHUNK;
}

/** Sets up `words` words of free slots in the bitmapSize(words) bytes at `memoryStart`. */
export function bitmapInit(memoryStart: usize, words: u64): void {
  bitmap = memoryStart;
  wordCount = words;
  counters = memoryStart + ((words * 8) as usize);
  cursor = 0;
  memory.fill(memoryStart, 0, bitmapSize(words) as usize);
  const behind = chunksOf(words) * WORDS_PER_CHUNK - words;
  if (behind != 0) addToChunk(words >> 9, (behind * SLOTS_PER_WORD) as u32);
}

function wordAddress(word: u64): usize {
  return bitmap + ((word << 3) as usize);
}

function chunkUsed(chunk: u64): u32 {
  return load<u32>(counters + ((chunk << 2) as usize));
}

function addToChunk(chunk: u64, change: u32): void {
  const counter = counters + ((chunk << 2) as usize);
  store<u32>(counter, load<u32>(counter) + change);
}

export function isUsed(slot: u64): bool {
  return ((load<u64>(wordAddress(slot >> WORD_SHIFT)) >> (slot & 63)) & 1) != 0;
}

/** Marks one free slot used and returns it. The caller knows that there is one. */
export function takeFreeSlot(): u64 {
  let word = cursor;
  let free = ~load<u64>(wordAddress(word));
  if (free == 0) {
    word = wordWithFreeSlot(word + 1);
    free = ~load<u64>(wordAddress(word));
    cursor = word;
  }
  store<u64>(wordAddress(word), ~free | (free & (0 - free))); // sets the lowest zero bit
  addToChunk(word >> 9, 1);
  return (word << WORD_SHIFT) + ctz(free);
}

/** The first word from `from` on, round the end, that is not full. */
function wordWithFreeSlot(from: u64): u64 {
  let word = from;
  while (true) {
    if (word >= wordCount) word = 0;
    const chunk = word >> 9;
    const chunkEnd = min((chunk + 1) << 9, wordCount);
    if (chunkUsed(chunk) != CHUNK_FULL) {
      for (; word < chunkEnd; word++) {
        if (load<u64>(wordAddress(word)) != WORD_FULL) return word;
      }
    }
    word = chunkEnd;
  }
}

/** Marks one used slot free. */
export function releaseSlot(slot: u64): void {
  const word = slot >> WORD_SHIFT;
  const address = wordAddress(word);
  store<u64>(address, load<u64>(address) & ~((1 as u64) << (slot & 63)));
  addToChunk(slot >> CHUNK_SHIFT, -1);
  if (load<u64>(wordAddress(cursor)) == WORD_FULL) cursor = word;
}

/** Marks `count` free slots from `first` on used. */
export function setSlots(first: u64, count: u64): void {
  changeSlots(first, count, true);
}

/** Marks `count` used slots from `first` on free. */
export function clearSlots(first: u64, count: u64): void {
  changeSlots(first, count, false);
}

function changeSlots(first: u64, count: u64, used: bool): void {
  const end = first + count;
  for (let slot = first; slot < end;) {
    const next = min(end, ((slot >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT);
    const change = (next - slot) as u32;
    addToChunk(slot >> CHUNK_SHIFT, used ? change : 0 - change);
    slot = next;
  }
  const headEnd = min(end, (first + 63) & ~63);
  const tailStart = max(headEnd, end & ~63);
  changeInWord(first, headEnd, used);
  const bytes = ((tailStart - headEnd) >> 3) as usize;
  if (bytes != 0) memory.fill(wordAddress(headEnd >> WORD_SHIFT), used ? 0xff : 0, bytes);
  changeInWord(tailStart, end, used);
}

/** The same for [start, end) inside one word; nothing when it is empty. */
function changeInWord(start: u64, end: u64, used: bool): void {
  if (start >= end) return;
  const mask = (WORD_FULL >> (64 - (end - start))) << (start & 63);
  const address = wordAddress(start >> WORD_SHIFT);
  const old = load<u64>(address);
  store<u64>(address, used ? old | mask : old & ~mask);
}

/** The first free slot in [slot, limit), or `limit`. */
export function nextFreeSlot(slot: u64, limit: u64): u64 {
  while (slot < limit) {
    if (chunkUsed(slot >> CHUNK_SHIFT) == CHUNK_FULL) {
      slot = ((slot >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
      continue;
    }
    const free = ~load<u64>(wordAddress(slot >> WORD_SHIFT)) >> (slot & 63);
    if (free != 0) return min(limit, slot + ctz(free));
    slot = (slot & ~63) + SLOTS_PER_WORD;
  }
  return limit;
}

/** The first used slot in [slot, limit), or `limit`. */
export function nextUsedSlot(slot: u64, limit: u64): u64 {
  while (slot < limit) {
    if (chunkUsed(slot >> CHUNK_SHIFT) == 0) {
      slot = ((slot >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
      continue;
    }
    const used = load<u64>(wordAddress(slot >> WORD_SHIFT)) >> (slot & 63);
    if (used != 0) return min(limit, slot + ctz(used));
    slot = (slot & ~63) + SLOTS_PER_WORD;
  }
  return limit;
}

/** The lowest slot in [slot, limit) with `count` free slots from there on, all below `limit`; or `limit`. */
export function freeRun(slot: u64, limit: u64, count: u64): u64 {
  while (true) {
    slot = nextFreeSlot(slot, limit);
    if (limit - slot < count) return limit;
    const obstacle = nextUsedSlot(slot, slot + count);
    if (obstacle == slot + count) return slot;
    slot = obstacle + 1;
  }
}

/** Chunks of the bitmap. */
export function chunkCount(): u64 {
  return chunksOf(wordCount);
}

/** Whether the counter of `chunk` equals the bits of its words, counted; words behind the bitmap count as used. */
export function chunkCounterHolds(chunk: u64): bool {
  const first = chunk * WORDS_PER_CHUNK;
  const words = min(WORDS_PER_CHUNK, wordCount - first);
  let used = (WORDS_PER_CHUNK - words) * SLOTS_PER_WORD;
  const end = wordAddress(first + words);
  for (let at = wordAddress(first); at < end; at += 8) {
    const word = load<u64>(at);
    if (word == 0) continue;
    used += word == WORD_FULL ? SLOTS_PER_WORD : popcnt(word);
  }
  return used == (chunkUsed(chunk) as u64);
}
