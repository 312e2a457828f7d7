import { FRAME_HELD_MASK, FRAME_HELD_SHIFT, LINE_SIZE, HELD_NOT_KNOWN } from './frame-descriptor';

/**
 * Held lines: which pages of a frame may not go back as single ones, 512 bits like the leaf line, 0 = held.
 *
 *     descriptor   │ … │ held: 3 │ words │ free │
 *                            └──▸ line 3   │11110000…│   of a frame that has held pages and others
 *
 * Few frames need one: those in which a run, a reservation or the RAM itself begins or ends. There are 255 lines, all in the
 * image; a frame that finds none left says HELD_NOT_KNOWN, and whoever frees a page of it asks the tables of reservations
 * and runs instead.
 */
const LINES: u32 = 256;
const LINE_SHIFT: u32 = 6; // of LINE_SIZE
const lines: usize = memory.data(16_384, 64);
/** Lines in use, a bit each; line 0 is nobody's. */
const inUse: usize = memory.data(32, 8);

/** Forgets all lines, when the allocator starts over. */
export function heldLinesForget(): void {
  for (let offset: usize = 0; offset < 32; offset += 8) store<u64>(inUse + offset, 0);
  takeHeldLine(false); // line 0
}

function heldLine(line: u32): usize {
  return lines + (line as usize) * LINE_SIZE;
}

/** The line of a descriptor, 0 when it has none. */
export function heldLineOf(descriptor: u32): u32 {
  const line: u32 = descriptor >> FRAME_HELD_SHIFT; // HUGE and the like are beyond all lines
  return line < LINES ? line : 0;
}

/** Which of 64 pages are held. */
export function heldWord(line: u32, word: u64): u64 {
  return ~load<u64>(heldLine(line) + ((word << 3) as usize));
}

/** Descriptors from here on have no line: HELD_NOT_KNOWN, HUGE, UNWRITTEN. */
export const HELD_LINES_END: u32 = LINES << FRAME_HELD_SHIFT;

/** Which of 64 pages are not held, by a descriptor below HELD_LINES_END and the word's number; line 0 is ones. @inline */
export function loosePagesOf(descriptor: u32, word: u64): u64 {
  const line = ((descriptor >> (FRAME_HELD_SHIFT - LINE_SHIFT)) &
    ~((LINE_SIZE as u32) - 1)) as usize;
  return load<u64>(lines + line + (((word & 7) << 3) as usize));
}

/** A line for a frame, all of whose pages are held, or none: its number, or HELD_NOT_KNOWN. */
export function takeHeldLine(allHeld: bool): u32 {
  for (let base: u32 = 0; base < LINES; base += 64) {
    const at = inUse + ((base >> 3) as usize);
    const free = ~load<u64>(at);
    if (free == 0) continue;
    store<u64>(at, load<u64>(at) | (free & (0 - free)));
    const line = base + (ctz(free) as u32);
    const address = heldLine(line);
    const word = allHeld ? 0 : u64.MAX_VALUE;
    for (let offset: usize = 0; offset < LINE_SIZE; offset += 8) store<u64>(address + offset, word);
    return line;
  }
  return HELD_NOT_KNOWN;
}

/** Gives back the line of a descriptor, if it has one. */
export function returnHeldLine(descriptor: u32): void {
  const line = heldLineOf(descriptor);
  if (line == 0) return;
  const at = inUse + (((line >> 6) << 3) as usize);
  store<u64>(at, load<u64>(at) & ~((1 as u64) << ((line & 63) as u64)));
}

/** Notes in a line that the pages `mask` of a word are held, or no longer. */
export function changeHeldWord(line: u32, word: u64, mask: u64, held: bool): void {
  const at = heldLine(line) + ((word << 3) as usize);
  const old = load<u64>(at);
  store<u64>(at, held ? old & ~mask : old | mask);
}

/** Whether no page is held any more. */
export function isHeldLineEmpty(line: u32): bool {
  const at = heldLine(line);
  let all = u64.MAX_VALUE;
  for (let offset: usize = 0; offset < LINE_SIZE; offset += 8) all &= load<u64>(at + offset);
  return all == u64.MAX_VALUE;
}

/** The descriptor with another line, or none (0). */
export function withHeldLine(descriptor: u32, line: u32): u32 {
  return (descriptor & ~(FRAME_HELD_MASK << FRAME_HELD_SHIFT)) | (line << FRAME_HELD_SHIFT);
}

/** Lines in use. */
export function heldLinesInUse(): u32 {
  let count: u32 = 0;
  for (let word: usize = 0; word < 32; word += 8) {
    for (let bits = load<u64>(inUse + word); bits != 0; bits &= bits - 1) count += 1;
  }
  return count - 1;
}
