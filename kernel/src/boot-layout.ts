import { bootAllocate } from './boot-memory';
import {
  newLine,
  print,
  printLine,
  printPages,
  printRange,
  printSize,
  printUnsigned,
} from './console';
import { kheap_init } from './kheap-init';
import { heapActive, heapEnd, heapFreeCount, heapStart } from './kernel-heap';
import { rangeAt } from './memory-map';
import { BOOT_MAPPED_END, MIB, PAGE_SHIFT, pageRoundDown } from './page';
import { pmm_free_pages, pmm_total_pages } from './page-frames';
import { pmmInitRam, metadataSizeFor } from './pmm-init';
import { EXIT_TOO_LITTLE_MEMORY, exitWith } from './power';
import { hasGigabytePages, hasFiveLevels } from './processor';
import { ramPages, ramRangeCount, ramRanges } from './ram';
import {
  Owner,
  ownerName,
  reservationAt,
  reservationCount,
  reservedPagesWithin,
} from './reservations';
import { windowAddTables, windowTablesWanted } from './window';

/**
 * Who lives where. Everything that must not be handed out is reserved before the frame allocator opens:
 *
 *     0           0x100000                                                        RAM
 *     │ low memory │ image, stack │ heap │ window tables │ bitmap │ free pages … │ … │
 *                    in place       each at the lowest place with room; the bitmap of a
 *                                   large machine at the start of its largest range
 *
 * plus, wherever the loader put them, the start info, the memory map, the command line and the modules.
 */
/** The heap is 6 MiB, or an eighth of RAM in steps of 64 KiB where that is less, and 64 KiB at least. */
const HEAP_SIZE_MAX: u64 = 6 << 20;
const HEAP_SIZE_STEP: u64 = 64 << 10;
const HEAP_SHARE: u64 = 8;

/** Window tables take at most one page in 64 of RAM. */
const WINDOW_TABLES_SHARE: u64 = 64;

/** What must be left to hand out, in pages: 128 KiB. */
const FREE_PAGES_MIN: u64 = 32;

/** Places and opens both allocators; stops the machine, with the figures, when RAM does not suffice. */
export function openAllocators(): void {
  const heap = placeHeap();
  placeWindowTables();
  const opened = heap != 0 && pmmInitRam();
  if (opened) kheap_init(heap, heap + (heapSize as usize));
  if (!opened || !heapActive() || pmm_free_pages() < FREE_PAGES_MIN) stopForLackOfMemory();
}

let heapSize: u64 = 0;

/** The size that RAM asks for; where no range has that much in one piece, half, and again. Returns 0 for no place. */
function placeHeap(): usize {
  const share = ((ramPages << PAGE_SHIFT) / HEAP_SHARE) & ~(HEAP_SIZE_STEP - 1);
  for (
    let size = max(HEAP_SIZE_STEP, min(HEAP_SIZE_MAX, share));
    size >= HEAP_SIZE_STEP;
    size /= 2
  ) {
    heapSize = pageRoundDown(size as usize) as u64;
    const place = bootAllocate(
      ramRanges(),
      ramRangeCount(),
      heapSize,
      BOOT_MAPPED_END as u64,
      Owner.Heap,
    );
    if (place != 0) return place;
  }
  return 0;
}

/** Table pages for RAM beyond 4 GiB, below it; what is not there the window does without. */
function placeWindowTables(): void {
  const wanted = min(windowTablesWanted(ramRangeCount()), ramPages / WINDOW_TABLES_SHARE);
  for (let pages = wanted; pages != 0; pages /= 2) {
    const size = pages << PAGE_SHIFT;
    const place = bootAllocate(
      ramRanges(),
      ramRangeCount(),
      size,
      BOOT_MAPPED_END as u64,
      Owner.WindowTables,
    );
    if (place == 0) continue;
    windowAddTables(place, pages as u32);
    return;
  }
}

function stopForLackOfMemory(): void {
  const reserved = reservedPagesInRam();
  const needed =
    HEAP_SIZE_STEP + metadataSizeFor(ramRanges(), ramRangeCount()) + (FREE_PAGES_MIN << PAGE_SHIFT);
  print('[nk_boot] too little memory: usable RAM ');
  printSize(ramPages << PAGE_SHIFT);
  print(', reserved ');
  printSize(reserved << PAGE_SHIFT);
  print('; beside the kernel it needs ');
  printSize(needed);
  printLine(' in pieces of 64 KiB or more');
  printLayout();
  exitWith(EXIT_TOO_LITTLE_MEMORY);
}

function reservedPagesInRam(): u64 {
  let pages: u64 = 0;
  for (let i: u32 = 0; i < ramRangeCount(); i++) {
    const range = rangeAt(ramRanges(), i);
    pages += reservedPagesWithin(range.start, range.end);
  }
  return pages;
}

/** The real layout: every reservation, in order of address, with its size. */
export function printLayout(): void {
  printLine('[nk_boot] memory layout, reserved:');
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    print('[nk_boot]   ');
    printRange(reservation.start, reservation.end);
    print(' ');
    print(ownerName(reservation.owner));
    print(', ');
    printSize(reservation.end - reservation.start);
    newLine();
  }
}

/** What the two allocators were opened with. */
export function printAllocators(): void {
  print('[nk_boot] pmm_init: ');
  printPages(pmm_total_pages());
  print(', free ');
  printPages(pmm_free_pages());
  newLine();
  print('[nk_boot] kheap_init: ');
  printRange(heapStart() as u64, heapEnd() as u64);
  print(', free ');
  printPages(heapFreeCount() as u64);
  newLine();
}

/** One line on how RAM is reached. */
export function printPaging(): void {
  print('[nk_boot] paging: ');
  printUnsigned(hasFiveLevels ? 5 : 4);
  print(' levels, identity; RAM beyond 4 GiB mapped at first touch in pages of ');
  printSize(hasGigabytePages ? (MIB as u64) << 10 : (MIB as u64) << 1);
  newLine();
}
