import { callBegin, callEnd } from '../../processor';
import { regionClose, regionOpen } from './region';
import {
  above,
  Block,
  blockAt,
  blockSizeFor,
  BLOCK_MIN,
  cut,
  firstBlock,
  HEADER,
  isFree,
  join,
  markFree,
  markUsed,
  sizeOf,
} from './tagged-blocks';

/**
 * Heap twin: two-level segregated fit.
 * Source of the technique: Masmano, Ripoll, Crespo, Real, "TLSF: a new dynamic memory allocator for real-time systems",
 * ECRTS 2004: lists for each doubling, 32 in each; bitmaps say which are not empty; a request is rounded up to the next
 * list, so that its first block fits; neighbours are joined at once.
 *
 *     first   0…0 1 0 1          a bit for each doubling with a free block
 *     second  0…1 0 1 1          a bit for each of its 32 lists
 */
export { scratchReturn, scratchTake } from '../../bench/page-subject';
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
export { freeBytes as heapFreeBytes } from './tagged-blocks';

const LISTS_LOG: usize = 5;
const LISTS: usize = 32;
/** Below 512 bytes lists are 16 bytes apart: the first row. */
const SMALL_LOG: usize = 9;
const ROWS: usize = 33;

const heads: usize = memory.data(8448, 8); // ROWS × LISTS × 8 bytes
const second: usize = memory.data(132, 8); // u32 for each row
let first: u64 = 0;
let row: usize = 0;
let column: usize = 0;

/** Sets row and column to the list of blocks of this size. */
function locate(size: usize): void {
  if (size < 1 << SMALL_LOG) {
    row = 0;
    column = size >> (SMALL_LOG - LISTS_LOG);
    return;
  }
  const log = 63 - clz(size);
  column = (size >> (log - LISTS_LOG)) & (LISTS - 1);
  row = log - SMALL_LOG + 1;
}

function headAt(): usize {
  return heads + (row * LISTS + column) * 8;
}

function insert(block: Block): void {
  locate(sizeOf(block));
  const at = headAt();
  const head = load<usize>(at);
  block.next = head;
  block.previous = 0;
  if (head != 0) blockAt(head).previous = changetype<usize>(block);
  store<usize>(at, changetype<usize>(block));
  first |= (1 as u64) << (row as u64);
  const mask = second + row * 4;
  store<u32>(mask, load<u32>(mask) | ((1 as u32) << (column as u32)));
}

function remove(block: Block): void {
  locate(sizeOf(block));
  unlink(block);
}

/** Takes a block out of the list at row and column. */
function unlink(block: Block): void {
  if (block.next != 0) blockAt(block.next).previous = block.previous;
  if (block.previous != 0) {
    blockAt(block.previous).next = block.next;
    return;
  }
  store<usize>(headAt(), block.next);
  if (block.next != 0) return;
  const mask = second + row * 4;
  const left = load<u32>(mask) & ~((1 as u32) << (column as u32));
  store<u32>(mask, left);
  if (left == 0) first &= ~((1 as u64) << (row as u64));
}

/** A free block of at least `size` bytes, out of its list; 0 when there is none. */
function find(size: usize): usize {
  const step: usize =
    size < 1 << SMALL_LOG ? 15 : ((1 as usize) << (63 - clz(size) - LISTS_LOG)) - 1;
  locate(size + step);
  if (row >= ROWS) return 0;
  let lists = load<u32>(second + row * 4) & ((-1 as i32 as u32) << (column as u32));
  if (lists == 0) {
    const rows = first & ((-1 as i64 as u64) << ((row as u64) + 1));
    if (rows == 0) return 0;
    row = ctz(rows) as usize;
    lists = load<u32>(second + row * 4);
  }
  column = ctz(lists) as usize;
  const block = load<usize>(headAt());
  unlink(blockAt(block));
  return block;
}

export function openHeap(bytes: u64): usize {
  const start = regionOpen(bytes);
  if (start == 0) return 0;
  first = 0;
  memory.fill(heads, 0, ROWS * LISTS * 8);
  memory.fill(second, 0, ROWS * 4);
  insert(firstBlock(start, bytes as usize));
  return start;
}

export function closeHeap(): void {
  regionClose();
}

export function heapAlloc(size: usize): usize {
  const wanted = blockSizeFor(size);
  if (wanted == 0) return 0;
  callBegin();
  const found = find(wanted);
  if (found != 0) {
    markUsed(blockAt(found));
    trim(blockAt(found), wanted);
  }
  callEnd();
  return found == 0 ? 0 : found + HEADER;
}

/** Gives back what a block in use has beyond `size` bytes. */
function trim(block: Block, size: usize): void {
  if (sizeOf(block) - size >= BLOCK_MIN) insert(cut(block, size));
}

export function heapFree(address: usize): void {
  if (address == 0) return;
  callBegin();
  give(blockAt(address - HEADER));
  callEnd();
}

function give(block: Block): void {
  let joined = block;
  markFree(joined);
  if (joined.below != 0 && isFree(blockAt(joined.below))) {
    joined = blockAt(block.below);
    remove(joined);
    join(joined, block);
  }
  const next = above(joined);
  if (isFree(next)) {
    remove(next);
    join(joined, next);
  }
  insert(joined);
}

/** In place where the block, with a free one above it, is long enough. */
export function heapRealloc(address: usize, size: usize): usize {
  const wanted = blockSizeFor(size);
  if (wanted == 0) return 0;
  const block = blockAt(address - HEADER);
  const old = sizeOf(block);
  callBegin();
  const next = above(block);
  if (wanted > old && isFree(next) && old + sizeOf(next) >= wanted) {
    remove(next);
    join(block, next);
  }
  const fits = sizeOf(block) >= wanted;
  if (fits) shrink(block, wanted);
  callEnd();
  if (fits) return address;
  const moved = heapAlloc(size);
  if (moved == 0) return 0;
  memory.copy(moved, address, old - HEADER);
  heapFree(address);
  return moved;
}

/** What is cut off joins a free block above it. */
function shrink(block: Block, size: usize): void {
  if (sizeOf(block) - size < BLOCK_MIN) return;
  const rest = cut(block, size);
  markUsed(rest);
  give(rest);
}
