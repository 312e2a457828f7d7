import { callBegin, callEnd } from '../../processor';
import { regionClose, regionOpen } from './region';

/**
 * Heap twin: that of the original System 7X nanokernel, as its documents describe it, with one defect repaired.
 * Source of the technique: nk_memory of System 7X, read for its method: requests are rounded up to whole pages, a header of
 * 16 bytes lies in front of each, the first block of a list that is long enough is cut, what is freed goes to the front
 * of the list, neighbours are never joined, krealloc never grows in place. Repaired: a block that fits exactly is not cut
 * (the original took the rest for an enormous one).
 *
 *     head ──▸ last freed │ size, next ──▸ … ──▸ 0        block: │ header │ whole pages │
 *
 * Not there: the single page of the page allocator that the original hands out when the heap is exhausted.
 */
export { scratchReturn, scratchTake } from '../../bench/page-subject';
export {
  heapAddress,
  heapCompact,
  objectAlloc,
  objectFree,
  objectsClose,
  objectsOpen,
} from './blocks-as-objects';
export { heapRoom } from './region';

@unmanaged
class Block {
  /** Without the header. */
  size: usize;
  next: usize;
}
const HEADER: usize = 16;
const PAGE: usize = 4096;
const SIZE_MAX: usize = (1 as usize) << 40;

let head: usize = 0;
let free: u64 = 0;

function blockAt(address: usize): Block {
  return changetype<Block>(address);
}

export function openHeap(bytes: u64): usize {
  const start = regionOpen(bytes);
  if (start == 0) return 0;
  head = 0;
  free = 0;
  push(start, (bytes as usize) - HEADER);
  return start;
}

export function closeHeap(): void {
  regionClose();
}

function push(at: usize, size: usize): void {
  blockAt(at).size = size;
  blockAt(at).next = head;
  head = at;
  free += (size + HEADER) as u64;
}

export function heapAlloc(size: usize): usize {
  if (size - 1 >= SIZE_MAX) return 0;
  callBegin();
  const block = take((size + PAGE - 1) & ~(PAGE - 1));
  callEnd();
  return block;
}

function take(wanted: usize): usize {
  let previous: usize = 0;
  let at = head;
  while (at != 0 && blockAt(at).size < wanted) {
    previous = at;
    at = blockAt(at).next;
  }
  if (at == 0) return 0;
  const block = blockAt(at);
  if (previous == 0) head = block.next;
  else blockAt(previous).next = block.next;
  free -= (block.size + HEADER) as u64;
  if (block.size > wanted + HEADER) {
    push(at + HEADER + wanted, block.size - wanted - HEADER);
    block.size = wanted;
  }
  return at + HEADER;
}

export function heapFree(address: usize): void {
  if (address == 0) return;
  callBegin();
  push(address - HEADER, blockAt(address - HEADER).size);
  callEnd();
}

export function heapRealloc(address: usize, size: usize): usize {
  const old = blockAt(address - HEADER).size;
  if (size <= old) return address;
  const moved = heapAlloc(size);
  if (moved == 0) return 0;
  memory.copy(moved, address, old);
  heapFree(address);
  return moved;
}

/** Bytes of all free blocks, headers included. */
export function heapFreeBytes(): u64 {
  return free;
}

/** The longest free block. To try would cut it. */
export function heapLargest(): u64 {
  let largest: usize = 0;
  for (let at = head; at != 0; at = blockAt(at).next) largest = max(largest, blockAt(at).size);
  return largest as u64;
}
