import { regionAt, regionCount, regionOfFrame } from '../frame-regions';
import { MemoryError } from '../memory-errors';
import { PAGE_SHIFT, PAGE_SIZE, isPageAligned } from '../page';
import {
  isFreeFrame,
  pmm_alloc_page,
  pmm_free_page,
  pmm_free_pages,
  pmm_total_pages,
} from '../page-frames';
import { pmm_init } from '../pmm-init';
import { ramHolds } from '../ram';
import { reservationAt, reservationCount, reservationOf } from '../reservations';
import { fillPattern, holdsPattern } from './patterns';
import { check, hasFreeFrames, newErrors } from './suite';

/** Single page frames: what pmm_alloc_page gives, and what pmm_free_page refuses. */

const PAGES: usize = 64;
const pages: usize = memory.data(512, 8);

function pageAt(index: usize): usize {
  return load<usize>(pages + index * 8);
}

export function pmmBasic(): void {
  check(pmm_total_pages() > 0, 'there are managed pages');
  check(pmm_free_pages() < pmm_total_pages(), 'something is reserved');
  const before = pmm_free_pages();
  const first = pmm_alloc_page();
  const second = pmm_alloc_page();
  check(first != 0 && second != 0, 'two pages are to be had');
  check(first != second, 'they are different');
  check(isPageAligned(first) && isPageAligned(second), 'they are page-aligned');
  check(pmm_free_pages() == before - 2, 'two pages fewer are free');
  pmm_free_page(first);
  pmm_free_page(second);
  pmm_free_page(0);
  check(pmm_free_pages() == before, 'all are free again');
}

export function pmmAllocFree(): void {
  if (!hasFreeFrames(PAGES as u64)) return;
  for (let i: usize = 0; i < PAGES; i++) {
    const page = pmm_alloc_page();
    store<usize>(pages + i * 8, page);
    check(page != 0, 'a page');
    fillPattern(page, PAGE_SIZE, i as u64);
  }
  for (let i: usize = 0; i < PAGES; i++) {
    check(holdsPattern(pageAt(i), PAGE_SIZE, i as u64), 'every page keeps its contents');
  }
  for (let i: usize = 1; i < PAGES; i += 2) pmm_free_page(pageAt(i));
  for (let i: usize = 0; i < PAGES; i += 2) {
    check(holdsPattern(pageAt(i), PAGE_SIZE, i as u64), 'freeing a neighbour changes nothing');
    pmm_free_page(pageAt(i));
  }
}

const DRAINED_MAX: i32 = 2048;

/** Drains up to 2048 pages, chained through their first words: each is RAM, and nobody's (P1–P3, P6). */
export function pmmNeverReserved(): void {
  let chain: usize = 0;
  let count = 0;
  while (count < DRAINED_MAX) {
    const page = pmm_alloc_page();
    if (page == 0) break;
    check(ramHolds(page as u64, (page + PAGE_SIZE) as u64), 'every page is RAM of the map');
    check(reservationOf(page as u64) === null, 'no page is reserved');
    store<usize>(page, chain);
    chain = page;
    count += 1;
  }
  if (count < DRAINED_MAX) {
    check(pmm_free_pages() == 0, 'the last page went before the count reached zero');
    check(newErrors(MemoryError.OutOfMemory) == 1, 'being out of memory is counted');
  }
  while (chain != 0) {
    const next = load<usize>(chain);
    check(!isFreeFrame(chain), 'no page was handed out twice');
    pmm_free_page(chain);
    chain = next;
  }
}

/** The kernel image, the bitmap, the heap… cannot be freed (P4). */
export function pmmReservedStays(): void {
  const before = pmm_free_pages();
  for (let i: u32 = 0; i < reservationCount(); i++) {
    const reservation = reservationAt(i);
    pmm_free_page(reservation.start as usize);
    pmm_free_page((reservation.end - (PAGE_SIZE as u64)) as usize);
  }
  check(pmm_free_pages() == before, 'freeing reserved pages frees nothing');
  check(newErrors(MemoryError.Reserved) != 0, 'the attempts are counted');
}

/** Double, interior and foreign frees change nothing and are counted by kind (P5). */
export function pmmBadFrees(): void {
  const page = pmm_alloc_page();
  const before = pmm_free_pages();
  pmm_free_page(page + 123);
  check(newErrors(MemoryError.Misaligned) == 1, 'an address inside a page is misaligned');
  pmm_free_page(0x0010_0000_0000_0000);
  pmm_free_page(0xffff_8000_0000_0000);
  check(newErrors(MemoryError.Foreign) == 2, 'addresses outside RAM are foreign');
  check(pmm_free_pages() == before, 'no refused call frees anything');
  pmm_free_page(page);
  pmm_free_page(page);
  check(newErrors(MemoryError.DoubleFree) == 1, 'the second free is a double free');
  check(pmm_free_pages() == before + 1, 'it frees nothing');
}

/** What lies before and behind a region is not free (P10), and cannot be freed (P2). */
export function pmmEdges(): void {
  let refused: u64 = 0;
  for (let i: u32 = 0; i < regionCount(); i++) {
    const region = regionAt(i);
    const behind = region.firstFrame + region.frameCount;
    check(!isFreeFrame((behind << PAGE_SHIFT) as usize), 'the page behind a region is not free');
    if (regionOfFrame(behind) !== null) continue;
    pmm_free_page((behind << PAGE_SHIFT) as usize);
    refused += 1;
  }
  check(newErrors(MemoryError.Foreign) == refused, 'freeing it is refused');
}

/** A second pmm_init while a page is allocated is refused, and nothing changes (H22). */
export function pmmInitTwice(): void {
  const page = pmm_alloc_page();
  const total = pmm_total_pages();
  const free = pmm_free_pages();
  pmm_init(64 << 20, 0x10_0000);
  check(newErrors(MemoryError.InitRefused) == 1, 'the second pmm_init is refused');
  check(pmm_total_pages() == total && pmm_free_pages() == free, 'it changes nothing');
  pmm_free_page(page);
}
