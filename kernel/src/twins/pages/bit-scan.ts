import { PAGE_SHIFT } from '../../page';
import { interruptsOff, interruptsRestore } from '../../processor';
import { firstFreeRun, firstUsed, setBits } from '../bit-ranges';
import {
  managedOpen,
  managedPages,
  pieceCount,
  pieceEnd,
  pieceFirst,
  placeMetadata,
  spanPages,
} from '../managed-memory';
import { giveBackRanges, occupyFromTop } from '../occupied-ranges';

/**
 * Page twin: a scan of single bits from the first, as in the original System 7X nanokernel.
 * Source of the technique: nk_memory of System 7X (first-fit bitmap, one bit a page, 1 = used), read for its method.
 *
 *     bitmap   11111101 11111111 01111111 …     every allocation starts at bit 0
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';

let bitmap: usize = 0;
let free: u64 = 0;

/** The byte loop is the original's. */
export function openPages(): void {
  managedOpen();
  const bytes = (spanPages + 7) >> 3;
  bitmap = placeMetadata(bytes);
  if (bitmap == 0) unreachable();
  for (let i: u64 = 0; i < bytes; i++) store<u8>(bitmap + (i as usize), 0xff);
  for (let i: u32 = 0; i < pieceCount(); i++) {
    setBits(bitmap, pieceFirst(i), pieceEnd(i), false);
  }
  free = managedPages;
}

export function totalPages(): u64 {
  return managedPages;
}

export function freePages(): u64 {
  return free;
}

export function allocPage(): usize {
  const flags = interruptsOff();
  const page = takeFrom(0);
  interruptsRestore(flags);
  return (page << PAGE_SHIFT) as usize;
}

/** The first free page at or above `from`, which is used then; 0 when there is none. */
function takeFrom(from: u64): u64 {
  for (let page = from; page < spanPages; page++) {
    const byte = bitmap + ((page >> 3) as usize);
    const bit = 1 << ((page & 7) as u32);
    if (((load<u8>(byte) as u32) & bit) == 0) {
      store<u8>(byte, ((load<u8>(byte) as u32) | bit) as u8);
      free -= 1;
      return page;
    }
  }
  return 0;
}

export function freePage(address: usize): void {
  const flags = interruptsOff();
  const page = (address as u64) >> PAGE_SHIFT;
  if (page < spanPages) {
    const byte = bitmap + ((page >> 3) as usize);
    const bit = 1 << ((page & 7) as u32);
    if (((load<u8>(byte) as u32) & bit) != 0) {
      store<u8>(byte, ((load<u8>(byte) as u32) & ~bit) as u8);
      free += 1;
    }
  }
  interruptsRestore(flags);
}

/** As so many calls of allocPage: nothing is freed meanwhile, so that each may start where the last one ended. */
export function takePages(table: usize, count: u64): u64 {
  let page: u64 = 0;
  for (let i: u64 = 0; i < count; i++) {
    page = takeFrom(page);
    if (page == 0) return i;
    store<u64>(table + ((i << 3) as usize), page << PAGE_SHIFT);
  }
  return count;
}

export function allocRun(pages: usize): usize {
  return allocAligned(pages as u64, 1);
}

function allocAligned(pages: u64, align: u64): usize {
  const flags = interruptsOff();
  const first = firstFreeRun(bitmap, spanPages, pages, align);
  const found = first != u64.MAX_VALUE;
  if (found) takeRange(first, pages);
  interruptsRestore(flags);
  return found ? ((first << PAGE_SHIFT) as usize) : 0;
}

export function freeRun(address: usize, pages: usize): void {
  const flags = interruptsOff();
  giveRange((address as u64) >> PAGE_SHIFT, pages as u64);
  interruptsRestore(flags);
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
