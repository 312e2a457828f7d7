import { Chunk, chunkOf } from './chunks';
import { extentStartingAt, removeExtent } from './extents';
import { FRAMES_PER_GIB, PAGES_PER_FRAME } from './frame-descriptor';
import { releaseChunk, releasePages, returnFreeFrame } from './frame-states';
import { HAND_IN, HAND_OUT, HAND_UNKNOWN } from './hand';
import { PAGE_SHIFT } from './page';

/**
 * The hand (hand.ts) of pieces of more than one page: the run or the whole frame that was handed out last, by a call that
 * set no conditions. In the hand its pages count as free, but everything else calls them used: so whoever looks for free
 * pages, or takes back pieces on another way, puts it back first.
 */
/** Address of the piece; its pages. */
export let piece: usize = 0;
export let piecePages: u64 = 0;
/** Whether it is a run, which kmalloc_pages hands out, or a 2 MiB or 1 GiB frame. */
let isRun: bool = false;
/** What is known of it. */
let hand: u32 = HAND_UNKNOWN;

/** A run was handed out, or a frame. */
export function pieceOut(address: usize, pages: u64, run: bool): void {
  piece = address;
  piecePages = pages;
  isRun = run;
  hand = HAND_OUT;
}

/** Hands out what is in the hand, if that is a run, or a frame, of so many pages. @inline */
export function pieceTake(pages: u64, run: bool): bool {
  if (pages != piecePages || hand != HAND_IN || isRun != run) return false;
  hand = HAND_OUT;
  return true;
}

/** Takes a piece back into the hand, if it is what was handed out last. @inline */
export function pieceReturn(address: usize, pages: u64): bool {
  return address == piece && pieceReturnHere(pages);
}

/** The same, of what begins where the last one does. @inline */
export function pieceReturnHere(pages: u64): bool {
  if (pages != piecePages || hand != HAND_OUT) return false;
  hand = HAND_IN;
  return true;
}

/** The same, of a run only. @inline */
export function runReturn(address: usize, pages: u64): bool {
  return isRun && pieceReturn(address, pages);
}

/** Whether there is a piece in the hand. @inline */
export function pieceIsIn(): bool {
  return hand == HAND_IN;
}

/** Free pages in the hand. */
export function piecePagesIn(): u64 {
  return hand == HAND_IN ? piecePages : 0;
}

/** Makes what is in the hand free. @inline */
export function releasePiece(): void {
  if (hand == HAND_IN) releaseHeld();
}

/** There is a piece in the hand. @cold */
function releaseHeld(): void {
  hand = HAND_UNKNOWN;
  const page = (piece as u64) >> PAGE_SHIFT;
  if (!isRun) return releaseFrame(page);
  const run = extentStartingAt(page);
  if (run === null) return;
  removeExtent(run);
  releasePages(page, piecePages);
}

/** A frame, which has a descriptor of its own, or a GiB is free as a whole. */
function releaseFrame(page: u64): void {
  const chunk = changetype<Chunk>(changetype<usize>(chunkOf(page << PAGE_SHIFT)));
  if (piecePages == PAGES_PER_FRAME) returnFreeFrame(chunk, (page >> 9) & (FRAMES_PER_GIB - 1));
  else releaseChunk(chunk);
}

/** Forgets the piece, too, when it is out: it may come back on another way. @inline */
export function forgetPiece(): void {
  releasePiece();
  hand = HAND_UNKNOWN;
}

/** Forgets it with everything else, when the allocator starts over. */
export function forgetPieceState(): void {
  hand = HAND_UNKNOWN;
}
