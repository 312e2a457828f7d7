import { callBegin, callEnd } from '../../processor';
import { treeFind, treeInsert, treeRemove, treesOpen } from './digital-trees';
import {
  above,
  below,
  chunkAt,
  chunkSizeFor,
  CHUNK_MIN,
  firstChunk,
  isBelowUsed,
  isUsed,
  markFree,
  markUsed,
  payloadOf,
  sizeOf,
  TO_PAYLOAD,
} from './footed-chunks';
import { regionClose, regionOpen } from './region';

/**
 * Heap twin: exact bins for small sizes, trees for large ones, best fit.
 * Source of the technique: D. Lea, "A Memory Allocator", 1996–2000, and what his release 2.8 says of itself: a small request
 * takes its own bin's chunk, else is cut from the *victim*, the rest of the last small chunk that was cut, so that small
 * chunks of one time lie together; a chunk beside the heap's end is the *top*, and is cut only when nothing else fits.
 *
 *     small   bin 32 ⇄ chunk ⇄ …   bin 48   …   bin 240        one size each
 *     large   trees, digital-trees.ts
 *     victim, top      free chunks that are in no bin
 *
 * Missing: growth, mapped chunks, footers; the heap is what it was opened with.
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
export { heapFreeBytes } from './footed-chunks';
export { heapRoom } from './region';

const LARGE_MIN: usize = 256;
const SMALL_STEP_LOG: usize = 4;
/** Of a list's next and previous, as if the head were a chunk. */
const TO_LINKS: usize = 16;

const heads: usize = memory.data(256, 8); // (next, previous) of each bin, in place of a chunk's links
let small: u32 = 0; // a bit for each small bin with a chunk
let victim: usize = 0;
let top: usize = 0;

function headAt(bin: usize): usize {
  return heads + (bin << SMALL_STEP_LOG) - TO_LINKS;
}

export function openHeap(bytes: u64): usize {
  const start = regionOpen(bytes);
  if (start == 0) return 0;
  small = 0;
  victim = 0;
  for (let bin: usize = 0; bin < LARGE_MIN >> SMALL_STEP_LOG; bin++) {
    const head = headAt(bin);
    chunkAt(head).next = head;
    chunkAt(head).previous = head;
  }
  treesOpen();
  firstChunk(start, bytes as usize);
  top = start;
  return start;
}

export function closeHeap(): void {
  regionClose();
}

export function heapAlloc(size: usize): usize {
  const wanted = chunkSizeFor(size);
  if (wanted == 0) return 0;
  callBegin();
  const chunk = wanted < LARGE_MIN ? takeSmall(wanted) : takeLarge(wanted);
  callEnd();
  return chunk == 0 ? 0 : chunk + TO_PAYLOAD;
}

function takeSmall(wanted: usize): usize {
  const bin = wanted >> SMALL_STEP_LOG;
  const bins = small >> (bin as u32);
  if ((bins & 3) != 0) {
    // Its own bin or the next, whose chunks are too short to be cut.
    const chunk = chunkAt(headAt(bin + (ctz(bins) as usize))).next;
    remove(chunk);
    markUsed(chunk, sizeOf(chunk));
    return chunk;
  }
  if (victim != 0 && sizeOf(victim) >= wanted) return cutVictim(wanted);
  const larger = bins != 0 ? chunkAt(headAt(bin + (ctz(bins) as usize))).next : treeFind(wanted);
  if (larger == 0) return cutTop(wanted);
  remove(larger);
  const rest = cut(larger, wanted);
  if (rest != 0) replaceVictim(rest);
  return larger;
}

function takeLarge(wanted: usize): usize {
  const victimSize = victim == 0 ? 0 : sizeOf(victim);
  const found = treeFind(wanted);
  if (found != 0 && (victimSize < wanted || sizeOf(found) < victimSize)) {
    remove(found);
    const rest = cut(found, wanted);
    if (rest != 0) insert(rest);
    return found;
  }
  return victimSize >= wanted ? cutVictim(wanted) : cutTop(wanted);
}

/** Uses the chunk, which is in no bin, up to `wanted` bytes; returns the rest, which is free and in no bin, or 0. */
function cut(chunk: usize, wanted: usize): usize {
  const size = sizeOf(chunk);
  if (size - wanted < CHUNK_MIN) {
    markUsed(chunk, size);
    return 0;
  }
  markUsed(chunk, wanted);
  markFree(chunk + wanted, size - wanted);
  return chunk + wanted;
}

function cutVictim(wanted: usize): usize {
  const chunk = victim;
  victim = cut(chunk, wanted);
  return chunk;
}

function cutTop(wanted: usize): usize {
  const chunk = top;
  if (chunk == 0 || sizeOf(chunk) < wanted) return 0;
  top = cut(chunk, wanted);
  return chunk;
}

function replaceVictim(chunk: usize): void {
  if (victim != 0) insert(victim);
  victim = chunk;
}

/** Puts a free chunk into its bin. */
function insert(chunk: usize): void {
  const size = sizeOf(chunk);
  if (size >= LARGE_MIN) {
    treeInsert(chunk, size);
    return;
  }
  const bin = size >> SMALL_STEP_LOG;
  const head = headAt(bin);
  const first = chunkAt(head).next;
  chunkAt(chunk).next = first;
  chunkAt(chunk).previous = head;
  chunkAt(first).previous = chunk;
  chunkAt(head).next = chunk;
  small |= (1 as u32) << (bin as u32);
}

/** Takes a free chunk out of its bin. */
function remove(chunk: usize): void {
  const size = sizeOf(chunk);
  if (size >= LARGE_MIN) {
    treeRemove(chunk);
    return;
  }
  const next = chunkAt(chunk).next;
  const previous = chunkAt(chunk).previous;
  chunkAt(next).previous = previous;
  chunkAt(previous).next = next;
  if (next == previous) small &= ~((1 as u32) << ((size >> SMALL_STEP_LOG) as u32));
}

export function heapFree(address: usize): void {
  if (address == 0) return;
  callBegin();
  give(address - TO_PAYLOAD, sizeOf(address - TO_PAYLOAD));
  callEnd();
}

/** Joins a chunk in use with its free neighbours; with the victim it becomes that, at the heap's end the top. */
function give(chunk: usize, size: usize): void {
  let first = chunk;
  let end = chunk + size;
  let isVictim = false;
  if (!isBelowUsed(first)) {
    first = below(first);
    if (first == victim) isVictim = true;
    else remove(first);
  }
  if (!isUsed(end)) {
    if (end == victim) isVictim = true;
    else if (end != top) remove(end);
    end = above(end);
  }
  markFree(first, end - first);
  if (isVictim) victim = 0;
  if (sizeOf(end) == 0) top = first;
  else if (isVictim) victim = first;
  else insert(first);
}

/** In place where the chunk, with a free one above it, is long enough. */
export function heapRealloc(address: usize, size: usize): usize {
  const wanted = chunkSizeFor(size);
  if (wanted == 0) return 0;
  const chunk = address - TO_PAYLOAD;
  callBegin();
  const fits = sizeOf(chunk) >= wanted || grow(chunk, wanted);
  if (fits) shrink(chunk, wanted);
  callEnd();
  if (fits) return address;
  const moved = heapAlloc(size);
  if (moved == 0) return 0;
  memory.copy(moved, address, payloadOf(chunk));
  heapFree(address);
  return moved;
}

/** Joins a free chunk above, if both have `wanted` bytes. */
function grow(chunk: usize, wanted: usize): bool {
  const next = above(chunk);
  const size = sizeOf(chunk) + sizeOf(next);
  if (isUsed(next) || size < wanted) return false;
  if (next == top) top = 0;
  else if (next == victim) victim = 0;
  else remove(next);
  markUsed(chunk, size);
  return true;
}

/** Frees what the chunk has beyond `wanted` bytes. */
function shrink(chunk: usize, wanted: usize): void {
  const size = sizeOf(chunk);
  if (size - wanted < CHUNK_MIN) return;
  markUsed(chunk, wanted);
  markUsed(chunk + wanted, size - wanted);
  give(chunk + wanted, size - wanted);
}
