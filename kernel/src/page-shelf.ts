import { chunkAtEntry, flatEntryOf, wordOf } from './chunks';
import { HAND_IN, HAND_OUT, HAND_UNKNOWN } from './hand';

/**
 * The shelf: single pages that came back a moment ago, at most 32, which go out again first. Last in, first out.
 *
 *     pmm_free_page  ──▸ │ page │ page │ … │ ──▸ pmm_alloc_page          only what the flat table (chunks.ts) leads to
 *
 * A page on the shelf is free in its leaf line, so that a second free of it is seen as of any free page. What the line is
 * summed up in (descriptor, sets, counters) still calls it used: that is what coming back and going out again need not
 * touch. So whoever looks for free pages in lines, or changes a frame, puts the shelf back first (releaseClaim).
 * Pages on the shelf count as free.
 *
 * In front of the shelf is a hand (hand.ts): the page that was handed out last. In the hand it counts as free, too, but its
 * line calls it used.
 */
const SHELF_MAX: usize = 32;
const ENTRY_SIZE: usize = 8;
const shelf: usize = memory.data(256, 16);

/** What is known of the hand's page. */
export let hand: u32 = HAND_UNKNOWN;
/** The page that was handed out last. */
export let handPage: usize = 0;

/** Says whether the hand's page is out or in. @inline */
export function setHand(state: u32): void {
  hand = state;
}

/** A page is handed out, not from the hand. @inline */
export function handOut(page: usize): void {
  hand = HAND_OUT;
  handPage = page;
}

/** Bytes of the shelf in use. */
export let shelfEnd: usize = 0;

/** Pages on the shelf and in the hand. */
export function shelfPages(): u64 {
  return ((shelfEnd / ENTRY_SIZE) as u64) + (hand == HAND_IN ? 1 : 0);
}

export function shelfIsFull(): bool {
  return shelfEnd == SHELF_MAX * ENTRY_SIZE;
}

/** Puts a page on the shelf, whose bit is clear already. */
export function shelve(page: usize): void {
  const end = shelfEnd;
  store<usize>(shelf + end, page);
  shelfEnd = end + ENTRY_SIZE;
}

/** Takes the page that came last, and sets its bit; there is one. */
export function unshelve(): usize {
  const end = shelfEnd - ENTRY_SIZE;
  shelfEnd = end;
  const page = load<usize>(shelf + end);
  const word = wordOf(chunkAtEntry(flatEntryOf(page)), (page as u64) >> 12);
  store<u64>(word, load<u64>(word) | ((1 as u64) << ((page >> 12) & 63)));
  return page;
}

/** Forgets the shelf with everything else, when the allocator starts over. */
export function forgetShelf(): void {
  hand = HAND_UNKNOWN;
  shelfEnd = 0;
}
