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
 * Page twin: a bitmap scanned by words of 64 bits from where the last allocation ended.
 * Source of the technique: Knuth, "The Art of Computer Programming" vol. 1, 2.5, next fit, over a bitmap with TZCNT.
 *
 *     words   1…1 │ 1…1 │ 11…0…1 │ 0…0 │ …
 *                          ▲ next
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';

let bitmap: usize = 0;
let free: u64 = 0;
/** The word in which the next search starts. */
let next: u64 = 0;
let words: u64 = 0;

export function openPages(): void {
  managedOpen();
  words = spanPages >> 6;
  bitmap = placeMetadata(words << 3);
  if (bitmap == 0) unreachable();
  memory.fill(bitmap, 0xff, (words << 3) as usize);
  for (let i: u32 = 0; i < pieceCount(); i++) {
    setBits(bitmap, pieceFirst(i), pieceEnd(i), false);
  }
  free = managedPages;
  next = 0;
}

export function totalPages(): u64 {
  return managedPages;
}

export function freePages(): u64 {
  return free;
}

export function allocPage(): usize {
  const flags = interruptsOff();
  const page = take();
  interruptsRestore(flags);
  return page;
}

function take(): usize {
  let index = next;
  for (let left = words; left != 0; left--) {
    const word = bitmap + ((index << 3) as usize);
    const open = ~load<u64>(word);
    if (open != 0) {
      store<u64>(word, ~(open & (open - 1)));
      free -= 1;
      next = index;
      return (((index << 6) + ctz(open)) << PAGE_SHIFT) as usize;
    }
    index += 1;
    if (index == words) index = 0;
  }
  return 0;
}

export function freePage(address: usize): void {
  const flags = interruptsOff();
  const page = (address as u64) >> PAGE_SHIFT;
  if (page < spanPages) {
    const word = bitmap + (((page >> 6) << 3) as usize);
    const bit = (1 as u64) << (page & 63);
    const used = load<u64>(word);
    if ((used & bit) != 0) {
      store<u64>(word, used & ~bit);
      free += 1;
    }
  }
  interruptsRestore(flags);
}

export function takePages(table: usize, count: u64): u64 {
  for (let i: u64 = 0; i < count; i++) {
    const page = take();
    if (page == 0) return i;
    store<u64>(table + ((i << 3) as usize), page as u64);
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
