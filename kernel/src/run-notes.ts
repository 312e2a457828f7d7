import { Zone, ZONE_NOTES } from './zones';

/**
 * Where a run of a size may be: three numbers of frames for each class of sizes (2^c to 2^(c + 1) - 1 pages) in each zone. They are no
 * more than hints, so that nobody has to keep them true: whoever follows one asks whether the frame is partly used, and looks.
 *
 *     begun      the frame that the last such run was taken from: it is used up before another is begun
 *     returned   the lowest in which such a run has come back since
 *     next       where the search among all partly used frames goes on
 */
const NOTE_SIZE: usize = 4;
/** 1 to 512 pages. */
const CLASSES: usize = 10;

const BEGUN: usize = ZONE_NOTES;
const RETURNED: usize = BEGUN + CLASSES * NOTE_SIZE;
const NEXT: usize = RETURNED + CLASSES * NOTE_SIZE;
/** A note has 1 more than the frame's number; 0 is none. */
const NO_NOTE: u32 = 0;

/** Where the notes of one zone about runs of `pages` pages are; to be given to the functions below. */
export function notesOf(zone: Zone, pages: u64): usize {
  return changetype<usize>(zone) + (63 - (clz(pages) as usize)) * NOTE_SIZE;
}

export function hasBegun(notes: usize): bool {
  return load<u32>(notes + BEGUN) != NO_NOTE;
}

export function begunFrame(notes: usize): u64 {
  return (load<u32>(notes + BEGUN) as u64) - 1;
}

export function noteBegun(notes: usize, frame: u64): void {
  store<u32>(notes + BEGUN, (frame as u32) + 1);
}

export function hasReturned(notes: usize): bool {
  return load<u32>(notes + RETURNED) != NO_NOTE;
}

export function returnedFrame(notes: usize): u64 {
  return (load<u32>(notes + RETURNED) as u64) - 1;
}

/** A run came back into frame `frame`. */
export function noteReturned(notes: usize, frame: u64): void {
  const known = load<u32>(notes + RETURNED);
  const note = (frame as u32) + 1;
  if (known == NO_NOTE || note < known) store<u32>(notes + RETURNED, note);
}

export function forgetReturned(notes: usize): void {
  store<u32>(notes + RETURNED, NO_NOTE);
}

/** The frame with which the search goes on. */
export function nextFrame(notes: usize): u64 {
  return load<u32>(notes + NEXT) as u64;
}

export function noteNext(notes: usize, frame: u64): void {
  store<u32>(notes + NEXT, frame as u32);
}
