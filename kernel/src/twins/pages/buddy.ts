import { PAGE_SHIFT } from '../../page';
import { callBegin, callEnd } from '../../processor';
import {
  managedOpen,
  managedPages,
  pieceCount,
  pieceEnd,
  pieceFirst,
  placeMetadata,
  spanPages,
} from '../managed-memory';
import { giveBackRanges, noteRange } from '../occupied-ranges';

/**
 * Page twin: binary buddies with a record of 64 bytes for every page, as Linux has them.
 * Source of the technique: Knowlton, "A fast storage allocator", CACM 1965; its shape: Gorman, "Understanding the Linux
 * Virtual Memory Manager", chapter "Physical Page Allocation" (free lists by order, buddies found by flags in the page's
 * record, orders 0 to 10, a start that writes every record). Without per-processor lists and migrate types.
 *
 *     list of order 3 ──▸ record 8 ⇄ record 40 ⇄ …      record 8: BUDDY, order 3; stands for pages 8 to 15
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';
export { takePages } from './one-by-one';

/** A page: 64 bytes, as long as Linux's on a 64-bit machine. */
@unmanaged
class PageRecord {
  /** Neighbours in a list of free blocks: records, or the list's head, which has these two alone. */
  next: usize;
  previous: usize;
  flags: u64;
  /** Users; 0 of a free page. */
  count: u32;
  mapCount: i32;
  order: u64;
  owner: u64;
  unused0: u64;
  unused1: u64;
}
const RECORD_SHIFT: usize = 6;
const RECORD_BYTES: u64 = 64;
/** The first page of a free block. */
const BUDDY: u64 = 1;
/** Not RAM, or not ours. */
const RESERVED: u64 = 2;
const ORDER_MAX: u64 = 10;

/** List heads: (next, previous), addresses of records or of the head. */
const heads: usize = memory.data(176, 8);
let records: usize = 0;
let free: u64 = 0;

function recordOf(page: u64): PageRecord {
  return changetype<PageRecord>(records + ((page as usize) << RECORD_SHIFT));
}

function pageOf(record: usize): u64 {
  return ((record - records) >> RECORD_SHIFT) as u64;
}

function headOf(order: u64): usize {
  return heads + ((order << 4) as usize);
}

/** Every record is written, and then every page is freed in the largest blocks there are. */
export function openPages(): void {
  managedOpen();
  records = placeMetadata(spanPages * RECORD_BYTES);
  if (records == 0) unreachable();
  for (let order: u64 = 0; order <= ORDER_MAX; order++) {
    store<usize>(headOf(order), headOf(order));
    store<usize>(headOf(order), headOf(order), 8);
  }
  for (let page: u64 = 0; page < spanPages; page++) initRecord(page);
  free = 0;
  for (let i: u32 = 0; i < pieceCount(); i++) {
    let page = pieceFirst(i);
    while (page < pieceEnd(i)) {
      const order = largestOrder(page, pieceEnd(i) - page);
      const behind = page + (1 << order);
      for (let each = page; each < behind; each++) recordOf(each).flags = 0;
      give(page, order);
      page = behind;
    }
  }
}

function initRecord(page: u64): void {
  const record = recordOf(page);
  record.flags = RESERVED;
  record.next = changetype<usize>(record);
  record.previous = changetype<usize>(record);
  record.count = 1;
  record.mapCount = -1;
}

/** The largest order of a block that starts at `page` and has at most `pages` pages. */
function largestOrder(page: u64, pages: u64): u64 {
  let order: u64 = 0;
  while (order < ORDER_MAX && (page & ((2 << order) - 1)) == 0 && (2 as u64) << order <= pages) {
    order += 1;
  }
  return order;
}

export function totalPages(): u64 {
  return managedPages;
}

export function freePages(): u64 {
  return free;
}

/** Puts a free block at the front of its list. */
function insert(page: u64, order: u64): void {
  const record = recordOf(page);
  record.flags |= BUDDY;
  record.order = order;
  const head = headOf(order);
  const first = load<usize>(head);
  record.next = first;
  record.previous = head;
  changetype<PageRecord>(first).previous = changetype<usize>(record);
  store<usize>(head, changetype<usize>(record));
}

function remove(record: PageRecord): void {
  changetype<PageRecord>(record.previous).next = record.next;
  changetype<PageRecord>(record.next).previous = record.previous;
  record.flags &= ~BUDDY;
}

/** A block of 2^order pages; u64.MAX_VALUE when there is none. */
function take(order: u64): u64 {
  for (let found = order; found <= ORDER_MAX; found++) {
    const head = headOf(found);
    const first = load<usize>(head);
    if (first == head) continue;
    const record = changetype<PageRecord>(first);
    remove(record);
    const page = pageOf(first);
    while (found > order) {
      found -= 1;
      insert(page + (1 << found), found);
    }
    record.count = 1;
    record.order = order;
    free -= 1 << order;
    return page;
  }
  return u64.MAX_VALUE;
}

/** Frees a block, together with its buddy, and that with its, as far as they are free. */
function give(page: u64, order: u64): void {
  free += 1 << order;
  recordOf(page).count = 0;
  let start = page;
  let joined = order;
  while (joined < ORDER_MAX) {
    const buddy = start ^ ((1 as u64) << joined);
    const record = recordOf(buddy);
    if ((record.flags & BUDDY) == 0 || record.order != joined) break;
    remove(record);
    start &= buddy;
    joined += 1;
  }
  insert(start, joined);
}

export function allocPage(): usize {
  callBegin();
  const page = take(0);
  callEnd();
  return page == u64.MAX_VALUE ? 0 : ((page << PAGE_SHIFT) as usize);
}

/** What has no users, or is not ours, is not freed. */
export function freePage(address: usize): void {
  callBegin();
  const page = (address as u64) >> PAGE_SHIFT;
  if (page < spanPages) {
    const record = recordOf(page);
    if (record.count == 1 && (record.flags & RESERVED) == 0) give(page, 0);
  }
  callEnd();
}

/** The power of two that holds the run; none of more than 1024 pages. */
function orderFor(pages: u64): u64 {
  return pages <= 1 ? 0 : 64 - clz(pages - 1);
}

export function allocRun(pages: usize): usize {
  const order = orderFor(pages as u64);
  if (order > ORDER_MAX) return 0;
  callBegin();
  const page = take(order);
  callEnd();
  return page == u64.MAX_VALUE ? 0 : ((page << PAGE_SHIFT) as usize);
}

export function freeRun(address: usize, pages: usize): void {
  callBegin();
  give((address as u64) >> PAGE_SHIFT, orderFor(pages as u64));
  callEnd();
}

export function allocFrame(): usize {
  return allocRun(512);
}

export function freeFrame(address: usize): void {
  freeRun(address, 512);
}

/** Takes blocks from the largest order on. */
export function occupy(pages: u64): u64 {
  let left = min(pages, free);
  const wanted = left;
  for (let order = ORDER_MAX + 1; order != 0; order--) {
    const size = (1 as u64) << (order - 1);
    while (left >= size) {
      const page = take(order - 1);
      if (page == u64.MAX_VALUE) break;
      noteRange(page, size);
      left -= size;
    }
  }
  return wanted - left;
}

function giveRange(first: u64, pages: u64): void {
  give(first, orderFor(pages));
}

export function vacate(): void {
  giveBackRanges(giveRange);
}
