import {
  heapActive,
  heapEnd,
  heapFits,
  heapFreeCount,
  heapOpen,
  heapPageCount,
  heapStart,
} from './kernel-heap';
import { kmem_cache_shrink } from './kmem-cache';
import { MemoryError, refuse } from './memory-errors';
import { pageRoundDown, pageRoundUp } from './page';
import { allFramesFree, framesActive, reserveFrames, unreserveFrames } from './page-frames';
import { interruptsOff, interruptsRestore } from './processor';
import { ramHolds, ramRangeCount } from './ram';
import { slabPagesInit } from './slab-pages';
import { Owner, reservationsFull, reservationsTouch } from './reservations';

/**
 * Gives the heap the whole pages in [heap_start, heap_end): the start is rounded up, the end down. Their frames are
 * reserved in the frame allocator for as long as the heap lives there.
 * Refused (counted, nothing changes) when the range has less than two pages, is not RAM, or holds pages that belong
 * to somebody; and, once the heap exists, while anything in it is allocated.
 */
export function kheap_init(heap_start: usize, heap_end: usize): void {
  const flags = interruptsOff();
  if (!init(heap_start, heap_end)) refuse(MemoryError.InitRefused, 'kheap_init', heap_start);
  interruptsRestore(flags);
}

function init(from: usize, to: usize): bool {
  const start = pageRoundUp(from);
  const end = pageRoundDown(to);
  if (start < from || start == 0 || !heapFits(start, end)) return false;
  slabPagesInit();
  kmem_cache_shrink();
  if (heapActive() && heapFreeCount() != heapPageCount()) return false;
  if (ramRangeCount() != 0 && !ramHolds(start as u64, end as u64)) return false;

  // The old range, or the one that the boot allocator chose, counts as free while the new one is judged.
  unreserveFrames(Owner.Heap);
  if (
    isAvailable(start as u64, end as u64) &&
    reserveFrames(start as u64, end as u64, Owner.Heap)
  ) {
    heapOpen(start, end);
    return true;
  }
  if (heapActive()) reserveFrames(heapStart() as u64, heapEnd() as u64, Owner.Heap);
  return false;
}

function isAvailable(start: u64, end: u64): bool {
  if (reservationsFull() || reservationsTouch(start, end)) return false;
  return !framesActive() || allFramesFree(start, end);
}

/** 1 when both allocators are ready, else 0. */
export function nk_is_active(): i32 {
  return framesActive() && heapActive() ? 1 : 0;
}
