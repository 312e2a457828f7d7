import { kfree_pages, kmalloc_pages } from '../kmalloc';
import { pagesFor } from '../page';
import { pmm_alloc_page, pmm_free_pages } from '../page-frames';
import { pmm_alloc_pages, pmm_free_pages_run } from '../page-pieces';
import { pmm_init } from '../pmm-init';
import { physicalEnd } from '../processor';
import { Owner, reservationAt, reservationCount } from '../reservations';

/**
 * What page-bench.ts measures: this kernel's page frame allocator, through its public interface alone. A bench kernel
 * of kernel/src/twins is linked with the same page-bench.ts and another file in this one's place.
 */
export { pmm_alloc_page as allocPage, pmm_free_page as freePage } from '../page-frames';
export { pmm_total_pages as totalPages, pmm_free_pages as freePages } from '../page-frames';
export { kmalloc_pages as allocRun, kfree_pages as freeRun } from '../kmalloc';

const PIECES_MAX: u64 = 512;
const PIECES_BYTES: u64 = 8192;
const FRAME_PAGES: u64 = 512;
const FRAME_BYTES: u64 = 2 << 20;
/** Any processor's memory, anywhere. */
const NO_LIMIT: u64 = 0;
const HERE: i32 = -1;
let pieces: usize = 0; // (u64 address, u64 pages), in memory of their own
let pieceCount: u64 = 0;

/** Initialises the allocator over all RAM; nothing is allocated. */
export function openPages(): void {
  pmm_init(physicalEnd, 0);
}

/** Allocates pages one by one into the table at `table`, at most `count`; returns how many. */
export function takePages(table: usize, count: u64): u64 {
  for (let i: u64 = 0; i < count; i++) {
    const page = pmm_alloc_page();
    if (page == 0) return i;
    store<u64>(table + ((i << 3) as usize), page as u64);
  }
  return count;
}

/** An aligned frame of 2 MiB; 0 when there is none. */
export function allocFrame(): usize {
  return pmm_alloc_pages(FRAME_PAGES, FRAME_BYTES, 0, NO_LIMIT, HERE);
}

export function freeFrame(address: usize): void {
  pmm_free_pages_run(address, FRAME_PAGES);
}

/** Occupies about `pages` pages in runs that are as long as there are; returns how many. */
export function occupy(pages: u64): u64 {
  if (pieces == 0) pieces = scratchTake(PIECES_BYTES);
  if (pieces == 0) return 0;
  let left = min(pages, pmm_free_pages());
  let length = left;
  const wanted = left;
  while (left != 0 && pieceCount < PIECES_MAX) {
    length = min(length, left);
    const run = kmalloc_pages(length as usize);
    if (run == 0) {
      if (length == 1) break;
      length = (length + 1) / 2;
      continue;
    }
    const piece = pieces + ((pieceCount * 16) as usize);
    store<u64>(piece, run as u64);
    store<u64>(piece, length, 8);
    pieceCount += 1;
    left -= length;
  }
  return wanted - left;
}

/** Gives back everything that was occupied. */
export function vacate(): void {
  while (pieceCount != 0) {
    pieceCount -= 1;
    const piece = pieces + ((pieceCount * 16) as usize);
    kfree_pages(load<u64>(piece) as usize, load<u64>(piece, 8) as usize);
  }
  if (pieces != 0) scratchReturn(pieces, PIECES_BYTES);
  pieces = 0;
}

/** Memory for the benchmark's own tables. */
export function scratchTake(bytes: u64): usize {
  return kmalloc_pages(pagesFor(bytes) as usize);
}

export function scratchReturn(address: usize, bytes: u64): void {
  kfree_pages(address, pagesFor(bytes) as usize);
}

/** Bytes of metadata. */
export function metadataBytes(): u64 {
  let bytes: u64 = 0;
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    if (reservation.owner == (Owner.FrameBitmap as u32))
      bytes += reservation.end - reservation.start;
  }
  return bytes;
}
