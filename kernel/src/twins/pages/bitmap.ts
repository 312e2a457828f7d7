import { PAGE_SHIFT } from '../../page';
import { callBegin, callEnd } from '../../processor';
import { firstFreeRun, firstUsed, setBits } from '../bit-ranges';
import {
  managedPages,
  pieceCount,
  pieceEnd,
  pieceFirst,
  placeMetadata,
  spanPages,
} from '../managed-memory';
import { giveBackRanges, occupyFromTop } from '../occupied-ranges';

/**
 * What the twins with one bit a page (1 = used) have in common: the bitmap, runs and frames in it. How a single page is
 * found is each one's own.
 */
export let bitmap: usize = 0;
let free: u64 = 0;

/** Places `bytes` bytes of bitmap, which the caller fills with ones before openPieces(). */
export function placeBitmap(bytes: u64): void {
  bitmap = placeMetadata(bytes);
  if (bitmap == 0) unreachable();
}

/** The pages of RAM become free. */
export function openPieces(): void {
  for (let i: u32 = 0; i < pieceCount(); i++) {
    setBits(bitmap, pieceFirst(i), pieceEnd(i), false);
  }
  free = managedPages;
}

/** One page was taken from the bitmap. */
export function countTaken(): void {
  free -= 1;
}

/** One page came back to it. */
export function countGiven(): void {
  free += 1;
}

export function totalPages(): u64 {
  return managedPages;
}

export function freePages(): u64 {
  return free;
}

export function allocRun(pages: usize): usize {
  return allocAligned(pages as u64, 1);
}

function allocAligned(pages: u64, align: u64): usize {
  callBegin();
  const first = firstFreeRun(bitmap, spanPages, pages, align);
  const found = first != u64.MAX_VALUE;
  if (found) takeRange(first, pages);
  callEnd();
  return found ? ((first << PAGE_SHIFT) as usize) : 0;
}

export function freeRun(address: usize, pages: usize): void {
  callBegin();
  giveRange((address as u64) >> PAGE_SHIFT, pages as u64);
  callEnd();
}

export function allocFrame(): usize {
  return allocAligned(512, 512);
}

export function freeFrame(address: usize): void {
  freeRun(address, 512);
}

function takeRange(first: u64, pages: u64): bool {
  if (firstUsed(bitmap, first, first + pages) != first + pages) return false;
  setBits(bitmap, first, first + pages, true);
  free -= pages;
  return true;
}

function giveRange(first: u64, pages: u64): void {
  setBits(bitmap, first, first + pages, false);
  free += pages;
}

export function occupy(pages: u64): u64 {
  return occupyFromTop(min(pages, free), takeRange);
}

export function vacate(): void {
  giveBackRanges(giveRange);
}
