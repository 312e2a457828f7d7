import {
  FRAME_HELD_MASK,
  FRAME_HELD_SHIFT,
  FRAME_PLAIN_END,
  LINE_SIZE,
  HELD_NOT_KNOWN,
} from './frame-descriptor';

/**
 * Held lines: which pages of a frame may not go back as single ones, 512 bits like the leaf line, 1 = held.
 *
 *     descriptor   │ … │ held: 3 │ words │ free │
 *                            └──▸ line 3   │00001111…│   of a frame that has held pages and others
 *     leaf line                            │01100000…│   its single pages in use
 *
 * A page is free when neither line has its bit. The leaf line of such a frame says nothing of what is held, so that a free
 * of a single page asks the leaf line alone, and goes one way in every frame.
 *
 * Few frames need one: those in which a run, a reservation or the RAM itself begins or ends. There are 255 lines, all in the
 * image; a frame that finds none left says HELD_NOT_KNOWN: what is held is used in its leaf line, and whoever frees a page of
 * it asks the tables of reservations and runs.
 */
const LINES: u32 = 256;
const LINE_SHIFT: u32 = 6; // of LINE_SIZE
const lines: usize = memory.data(16_384, 64);
/** Lines in use, a bit each; line 0 is nobody's, zeros, and stands for no line. */
const inUse: usize = memory.data(32, 8);

/** Forgets all lines, when the allocator starts over. */
export function heldLinesForget(): void {
  for (let offset: usize = 0; offset < 32; offset += 8) store<u64>(inUse + offset, 0);
  takeHeldLine(false); // line 0
}

/** Address of a line. */
export function heldLine(line: u32): usize {
  return lines + (line as usize) * LINE_SIZE;
}

/** The line of a descriptor, 0 when it has none. */
export function heldLineOf(descriptor: u32): u32 {
  const line: u32 = descriptor >> FRAME_HELD_SHIFT; // HUGE and the like are beyond all lines
  return line < LINES ? line : 0;
}

/** Which of 64 pages are held. */
export function heldWord(line: u32, word: u64): u64 {
  return load<u64>(heldLine(line) + ((word << 3) as usize));
}

/** Descriptors from here on have no line: HELD_NOT_KNOWN, HUGE, UNWRITTEN. */
export const HELD_LINES_END: u32 = LINES << FRAME_HELD_SHIFT;

/** Whether a descriptor has a line. @inline */
export function hasHeldLine(descriptor: u32): bool {
  return descriptor - FRAME_PLAIN_END < HELD_LINES_END - FRAME_PLAIN_END;
}

/** heldWord of a descriptor that has a line. @inline */
export function heldWordOf(descriptor: u32, word: u32): u64 {
  const line = (descriptor >> (FRAME_HELD_SHIFT - LINE_SHIFT)) & ~((LINE_SIZE as u32) - 1);
  return load<u64>(lines + ((line + (word << 3)) as usize));
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
    const word: u64 = allHeld ? u64.MAX_VALUE : 0;
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

/** Whether no page is held any more. */
export function isHeldLineEmpty(line: u32): bool {
  const at = heldLine(line);
  let all: u64 = 0;
  for (let offset: usize = 0; offset < LINE_SIZE; offset += 8) all |= load<u64>(at + offset);
  return all == 0;
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
