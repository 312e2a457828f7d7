import { PAGE_SHIFT, PAGE_SIZE } from '../../page';
import { callBegin, callEnd } from '../../processor';
import { managedOpen, managedPages, pieceCount, pieceEnd, pieceFirst } from '../managed-memory';

/**
 * Page twin: a last-in-first-out list that runs through the free pages themselves.
 * Source of the technique: Cox, Kaashoek, Morris, "xv6: a simple, Unix-like teaching operating system", chapter on page
 * tables, "Code: physical memory allocator". xv6 also fills freed pages with junk; this does not.
 *
 *     head ──▸ page │ next ──▸ page │ next ──▸ …
 *
 * It knows no runs, and its start writes to every page.
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';
export { takePages } from './one-by-one';

let head: usize = 0;
let free: u64 = 0;

export function openPages(): void {
  managedOpen();
  head = 0;
  free = 0;
  for (let i = pieceCount(); i != 0; i--) {
    const first = (pieceFirst(i - 1) << PAGE_SHIFT) as usize;
    for (
      let page = (pieceEnd(i - 1) << PAGE_SHIFT) as usize;
      page > first;
      page = push(page - PAGE_SIZE)
    );
  }
}

function push(page: usize): usize {
  store<usize>(page, head);
  head = page;
  free += 1;
  return page;
}

export function totalPages(): u64 {
  return managedPages;
}

export function freePages(): u64 {
  return free;
}

export function allocPage(): usize {
  callBegin();
  const page = head;
  if (page != 0) {
    head = load<usize>(page);
    free -= 1;
  }
  callEnd();
  return page;
}

export function freePage(address: usize): void {
  if ((address & (PAGE_SIZE - 1)) != 0) unreachable();
  callBegin();
  push(address);
  callEnd();
}

/** No runs. */
export function allocRun(_pages: usize): usize {
  return 0;
}

export function freeRun(address: usize, _pages: usize): void {
  if (address != 0) unreachable();
}

export function allocFrame(): usize {
  return 0;
}

export function freeFrame(address: usize): void {
  if (address != 0) unreachable();
}

/** It is run only where every page is taken singly. */
export function occupy(_pages: u64): u64 {
  return 0;
}

export function vacate(): void {
  return;
}
