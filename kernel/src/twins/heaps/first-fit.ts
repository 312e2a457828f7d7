import { callBegin, callEnd } from '../../processor';
import { regionClose, regionOpen } from './region';

/**
 * Heap twin: one list of all free blocks in order of address, first fit, neighbours joined at once.
 * Source of the technique: Knuth, "The Art of Computer Programming" vol. 1, 2.5, algorithms A and B. The original System 7X
 * nanokernel had its list in the order in which blocks were freed: original-heap.ts.
 *
 *     head ──▸ free │ size, next ──▸ … ──▸ free │ size, next ──▸ 0       a block in use: │ size, – │ payload
 */
export { heapLargest } from '../../bench/largest-unknown';
export {
  heapAddress,
  heapCompact,
  objectAlloc,
  objectFree,
  objectsClose,
  objectsOpen,
} from './blocks-as-objects';
export { heapRoom } from './region';
export { scratchReturn, scratchTake } from '../../bench/page-subject';

@unmanaged
class Block {
  /** With the header. */
  size: usize;
  next: usize;
}
const HEADER: usize = 16;
const SPLIT_MIN: usize = 32;
const SIZE_MAX: usize = (1 as usize) << 40;

let head: usize = 0;

function blockAt(address: usize): Block {
  return changetype<Block>(address);
}

export function openHeap(bytes: u64): usize {
  const start = regionOpen(bytes);
  if (start == 0) return 0;
  head = start;
  blockAt(head).size = bytes as usize;
  blockAt(head).next = 0;
  return start;
}

export function closeHeap(): void {
  regionClose();
}

export function heapAlloc(size: usize): usize {
  if (size - 1 >= SIZE_MAX) return 0;
  callBegin();
  const block = take(((size + 15) & ~15) + HEADER);
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
  let next = block.next;
  if (block.size - wanted >= SPLIT_MIN) {
    const rest = blockAt(at + wanted);
    rest.size = block.size - wanted;
    rest.next = next;
    next = at + wanted;
    block.size = wanted;
  }
  if (previous == 0) head = next;
  else blockAt(previous).next = next;
  return at + HEADER;
}

export function heapFree(address: usize): void {
  if (address == 0) return;
  callBegin();
  give(address - HEADER);
  callEnd();
}

/** Walks to the free block below, and joins with it and with the one above where they touch. */
function give(at: usize): void {
  let previous: usize = 0;
  let next = head;
  while (next != 0 && next < at) {
    previous = next;
    next = blockAt(next).next;
  }
  const block = blockAt(at);
  block.next = next;
  if (next != 0 && at + block.size == next) {
    block.size += blockAt(next).size;
    block.next = blockAt(next).next;
  }
  if (previous == 0) {
    head = at;
  } else if (previous + blockAt(previous).size == at) {
    blockAt(previous).size += block.size;
    blockAt(previous).next = block.next;
  } else {
    blockAt(previous).next = at;
  }
}

/** As the original: in place while it fits, else moved. */
export function heapRealloc(address: usize, size: usize): usize {
  const old = blockAt(address - HEADER).size - HEADER;
  if (size <= old) return address;
  const moved = heapAlloc(size);
  if (moved == 0) return 0;
  memory.copy(moved, address, old);
  heapFree(address);
  return moved;
}

export function heapFreeBytes(): u64 {
  let free: u64 = 0;
  for (let at = head; at != 0; at = blockAt(at).next) free += blockAt(at).size;
  return free;
}
