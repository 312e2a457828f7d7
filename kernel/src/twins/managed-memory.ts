import { wantsScores } from '../boot-options';
import { rangeAt } from '../memory-map';
import { PAGE_SHIFT, pagesFor } from '../page';
import { ramPages, ramRangeCount, ramRanges } from '../ram';
import { firstEndingAfter, reservationAt, reservationCount } from '../reservations';

/**
 * The memory that a page twin manages: all RAM that this kernel's boot did not reserve, less room for the benchmark's
 * tables and for the twin's own metadata. The page allocator of the kernel itself lies idle meanwhile.
 *
 *     RAM  │ reserved │ free piece 0 │ hole │ free piece 1 … │ benchmark's tables │ metadata │
 *
 * A twin indexes by page frame number from 0 to spanPages; what lies in no piece is used for ever. All is in pages.
 */
const PIECES_MAX: u32 = 256;
const pieces: usize = memory.data(4096, 8); // (u64 first, u64 end)
let count: u32 = 0;

/** Pages in all pieces: what is free when nothing is allocated. */
export let managedPages: u64 = 0;
/** One more than the highest page of any piece, rounded up to 4 MiB. */
export let spanPages: u64 = 0;
/** What placeMetadata took. */
export let metadataPlaced: u64 = 0;

const SPAN_ALIGN: u64 = 1024;
/** The table of page-bench.ts, and the tables of frame-scores.ts. */
const TABLE_PAGES_MAX: u64 = 1 << 18;
const SCORE_PAGES_MAX: u64 = 1 << 21;
const SCORE_BYTES: u64 = 600 << 10;

let scratch: usize = 0;
let scratchBytes: u64 = 0;

/** Collects the pieces; whatever a twin had in them is gone. */
export function managedOpen(): void {
  count = 0;
  for (let i: u32 = 0; i < ramRangeCount(); i++) {
    const range = rangeAt(ramRanges(), i);
    let cursor = range.start;
    for (let j = firstEndingAfter(cursor); j < reservationCount(); j++) {
      const obstacle = reservationAt(j);
      if (obstacle.start >= range.end) break;
      addPiece(cursor, obstacle.start);
      cursor = max(cursor, obstacle.end);
    }
    addPiece(cursor, range.end);
  }
  metadataPlaced = 0;
  const entries = min(ramPages, wantsScores ? SCORE_PAGES_MAX : TABLE_PAGES_MAX);
  scratchBytes = entries * 8 + (wantsScores ? SCORE_BYTES : 0);
  scratch = carve(scratchBytes);
  sum();
}

function addPiece(start: u64, end: u64): void {
  if (start >= end || count == PIECES_MAX) return;
  store<u64>(pieceAt(count), start >> PAGE_SHIFT);
  store<u64>(pieceAt(count), end >> PAGE_SHIFT, 8);
  count += 1;
}

function pieceAt(index: u32): usize {
  return pieces + ((index << 4) as usize);
}

export function pieceCount(): u32 {
  return count;
}

export function pieceFirst(index: u32): u64 {
  return load<u64>(pieceAt(index));
}

export function pieceEnd(index: u32): u64 {
  return load<u64>(pieceAt(index), 8);
}

function sum(): void {
  managedPages = 0;
  spanPages = 0;
  for (let i: u32 = 0; i < count; i++) {
    managedPages += pieceEnd(i) - pieceFirst(i);
    spanPages = max(spanPages, pieceEnd(i));
  }
  spanPages = (spanPages + SPAN_ALIGN - 1) & ~(SPAN_ALIGN - 1);
}

/** Takes the end of the largest piece; 0 when that is too short. */
function carve(bytes: u64): usize {
  let largest: u32 = 0;
  for (let i: u32 = 1; i < count; i++) {
    if (pieceEnd(i) - pieceFirst(i) > pieceEnd(largest) - pieceFirst(largest)) largest = i;
  }
  const pages = pagesFor(bytes);
  if (count == 0 || pieceEnd(largest) - pieceFirst(largest) <= pages) return 0;
  const end = pieceEnd(largest) - pages;
  store<u64>(pieceAt(largest), end, 8);
  return (end << PAGE_SHIFT) as usize;
}

/** Room for a twin's metadata, out of the largest piece; spanPages stays as it is. 0 when there is none. */
export function placeMetadata(bytes: u64): usize {
  const place = carve(bytes);
  if (place == 0) return 0;
  metadataPlaced += bytes;
  const span = spanPages;
  sum();
  spanPages = span;
  return place;
}

/** Memory for the benchmark's own tables. */
export function scratchTake(bytes: u64): usize {
  return bytes <= scratchBytes ? scratch : 0;
}

export function scratchReturn(address: usize, bytes: u64): void {
  if (address != scratch || bytes > scratchBytes) unreachable();
}

/** Bytes of metadata of the twin. */
export function metadataBytes(): u64 {
  return metadataPlaced;
}
