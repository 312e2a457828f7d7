import { PAGE_SHIFT, pageRoundDown, pageRoundUp } from './page';

/**
 * Which pages are never handed out, and whose they are: a sorted array of disjoint ranges of whole pages.
 *
 * Filled before the first page is handed out; afterwards it changes only when the heap moves or the table of page
 * runs grows. A frame in here can be neither allocated nor freed. The array is in the image, or in RAM when the loader left more
 * than that takes (boot-reservations.ts).
 */
export enum Owner {
  LowMemory,
  KernelImage,
  BootInformation,
  BootModules,
  WindowTables,
  FrameBitmap,
  Heap,
  RunTable,
  AcpiTables,
  Reservations,
}

/** 24 bytes. */
@unmanaged
export class Reservation {
  start: u64;
  end: u64;
  owner: u32;
  unused: u32;
}

export const RESERVATION_SIZE: usize = 24;
const OWN_RESERVATIONS: u32 = 256;
const ownTable: usize = memory.data(6144, 8);
let table: usize = ownTable;
let capacity: u32 = OWN_RESERVATIONS;
let count: u32 = 0;

/** Pieces that the table has room for. */
export function reservationCapacity(): u32 {
  return capacity;
}

/** The table is at `place` from now on, where nobody else's data are, with room for `pieces`, which is more than before. */
export function reservationsMove(place: usize, pieces: u32): void {
  memory.copy(place, table, (count as usize) * RESERVATION_SIZE);
  table = place;
  capacity = pieces;
}

export function reservationCount(): u32 {
  return count;
}

/** Whether the next piece may find no place. */
export function reservationsFull(): bool {
  return count == capacity;
}

export function reservationAt(index: u32): Reservation {
  return changetype<Reservation>(table + (index as usize) * RESERVATION_SIZE);
}

/**
 * Reserves the pages that [start, end) touches, except those that are reserved already (they keep their owner).
 * Returns false, and changes nothing, when the table has no room for all pieces.
 */
export function reserve(start: u64, end: u64, owner: Owner): bool {
  let cursor = pageRoundDown(start as usize) as u64;
  const last = pageRoundUp(end as usize) as u64;
  const gaps = gapsWithin(cursor, last);
  if (gaps > 1 && count + gaps > capacity) return false;
  let index = firstEndingAfter(cursor);
  while (cursor < last) {
    let next = last;
    if (index < count) {
      const neighbour = reservationAt(index);
      if (neighbour.start <= cursor) {
        cursor = neighbour.end;
        index += 1;
        continue;
      }
      next = min(last, neighbour.start);
    }
    if (!insert(index, cursor, next, owner)) return false;
    cursor = next;
    index = firstEndingAfter(cursor);
  }
  return true;
}

/** How many pieces [start, end) lacks. */
function gapsWithin(start: u64, end: u64): u32 {
  let gaps: u32 = 0;
  let cursor = start;
  for (let i = firstEndingAfter(start); i < count && cursor < end; i++) {
    const piece = reservationAt(i);
    if (piece.start > cursor) gaps += 1;
    cursor = piece.end;
  }
  return cursor < end ? gaps + 1 : gaps;
}

/** Puts [start, end) before element `index`, joined to a touching neighbour of the same owner. */
function insert(index: u32, start: u64, end: u64, owner: Owner): bool {
  if (index != 0) {
    const before = reservationAt(index - 1);
    if (before.end == start && before.owner == (owner as u32)) {
      before.end = end;
      return true;
    }
  }
  if (count == capacity) return false;
  const place = reservationAt(index);
  const address = changetype<usize>(place);
  memory.copy(address + RESERVATION_SIZE, address, ((count - index) as usize) * RESERVATION_SIZE);
  place.start = start;
  place.end = end;
  place.owner = owner as u32;
  count += 1;
  return true;
}

/** Forgets all reservations of one owner. */
export function unreserve(owner: Owner): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const from = reservationAt(i);
    if (from.owner == (owner as u32)) continue;
    memory.copy(changetype<usize>(reservationAt(kept)), changetype<usize>(from), RESERVATION_SIZE);
    kept += 1;
  }
  count = kept;
}

/**
 * Forgets the whole pages of [start, end) that `owner` has reserved. False, and no change, when a piece would be in two parts then
 * and the table is full.
 */
export function unreserveRange(start: u64, end: u64, owner: Owner): bool {
  const first = pageRoundUp(start as usize) as u64;
  const last = pageRoundDown(end as usize) as u64;
  if (first < start) return true; // the last page of all addresses
  let i = firstEndingAfter(first);
  while (i < count && first < last) {
    const piece = reservationAt(i);
    if (piece.start >= last) break;
    const behind = piece.end;
    if (piece.owner == (owner as u32)) {
      if (piece.start < first && behind > last) return split(i, first, last);
      if (piece.start >= first && behind <= last) {
        remove(i);
        continue;
      }
      if (piece.start < first) piece.end = first;
      else piece.start = last;
    }
    i += 1;
  }
  return true;
}

/** Parts element `index` in two, what is before `from` and what is from `to` on. */
function split(index: u32, from: u64, to: u64): bool {
  if (count == capacity) return false;
  const piece = reservationAt(index);
  const address = changetype<usize>(piece);
  memory.copy(address + RESERVATION_SIZE, address, ((count - index) as usize) * RESERVATION_SIZE);
  reservationAt(index + 1).start = to;
  piece.end = from;
  count += 1;
  return true;
}

function remove(index: u32): void {
  const address = changetype<usize>(reservationAt(index));
  count -= 1;
  memory.copy(address, address + RESERVATION_SIZE, ((count - index) as usize) * RESERVATION_SIZE);
}

/** Index of the first reservation that ends after `address`; reservationCount() when there is none. */
export function firstEndingAfter(address: u64): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reservationAt(middle).end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The reservation that holds `address`, or null. */
export function reservationOf(address: u64): Reservation | null {
  const index = firstEndingAfter(address);
  if (index == count) return null;
  const found = reservationAt(index);
  return found.start <= address ? found : null;
}

/** Whether any page of [start, end) is reserved. */
export function reservationsTouch(start: u64, end: u64): bool {
  const index = firstEndingAfter(start);
  return index < count && reservationAt(index).start < end;
}

/** Reserved pages among [start, end). */
export function reservedPagesWithin(start: u64, end: u64): u64 {
  let pages: u64 = 0;
  for (let i = firstEndingAfter(start); i < count; i++) {
    const found = reservationAt(i);
    if (found.start >= end) break;
    pages += (min(end, found.end) - max(start, found.start)) >> PAGE_SHIFT;
  }
  return pages;
}

export function ownerName(owner: u32): string {
  switch (owner) {
    case Owner.LowMemory:
      return 'low memory, not used';
    case Owner.KernelImage:
      return 'kernel image and stack';
    case Owner.BootInformation:
      return 'boot information';
    case Owner.BootModules:
      return 'boot modules';
    case Owner.WindowTables:
      return 'page tables of the window';
    case Owner.FrameBitmap:
      return 'page frame bitmap';
    case Owner.Heap:
      return 'kernel heap';
    case Owner.AcpiTables:
      return 'ACPI tables';
    case Owner.Reservations:
      return 'table of reservations';
    default:
      return 'table of page runs';
  }
}
