import { x86 } from '../x86';
import {
  closeHeap,
  heapAddress,
  heapAlloc,
  heapFree,
  heapRealloc,
  heapRoom,
  openHeap,
  scratchReturn,
  scratchTake,
} from './heap-subject';
import { randomBelow, randomSeed } from './random';
import { addSample, lineStart, printField, printSeries, seriesStart } from './samples';

/**
 * What the heap costs, and how it fragments, under two mixes of sizes at two loads.
 *
 *     mix pages    whole pages: 50 % 1, 25 % 2–4, 15 % 5–8, 5 % 9–16, 5 % 1–64
 *     mix bytes    60 % 1–128, 25 % 129–1024, 10 % 1025–4096, 5 % 4097–65 536 bytes
 *
 * Random blocks are freed and allocated so that the bytes in use stay just below the load (500 or 800 in 1000); after a
 * request that got nothing, a random block is freed. Then:
 * `fails` such requests, `live` bytes in use, `largest` the longest block that can still be had, `high` the
 * furthest end of a block from the heap's start, `peak` the most bytes that were in use.
 */
const HEAP_BYTES_MAX: u64 = 256 << 20;
const SMALL_HEAP_BYTES_MAX: u64 = 16 << 20;
const HEAP_BYTES_MIN: u64 = 64 << 10;
const BLOCKS_MAX: u64 = 1 << 16;
const OPERATIONS: u64 = 40_000;
/** One operation in so many resizes a block. */
const RESIZE_EVERY: u64 = 16;
const PAGE: u64 = 4096;

let table: usize = 0; // (u64 block, u64 bytes)
let heapStart: usize = 0;
let blocks: u64 = 0;
let live: u64 = 0;
let peak: u64 = 0;
let high: u64 = 0;
let fails: u64 = 0;

export function benchHeap(): void {
  const room = min(HEAP_BYTES_MAX, heapRoom());
  if (room < HEAP_BYTES_MIN) return;
  const blocksMax = min(BLOCKS_MAX, room >> 9);
  table = scratchTake(blocksMax * 16);
  if (table == 0) return;
  for (let mix = 0; mix < 2; mix++) {
    const bytes = min(room, mix == 0 ? HEAP_BYTES_MAX : SMALL_HEAP_BYTES_MAX);
    benchMix(bytes, mix != 0, 500, blocksMax);
    benchMix(bytes, mix != 0, 800, blocksMax);
  }
  scratchReturn(table, blocksMax * 16);
}

function benchMix(bytes: u64, small: bool, load: u64, blocksMax: u64): void {
  heapStart = openHeap(bytes);
  if (heapStart == 0) return;
  randomSeed(0x5eed);
  blocks = 0;
  live = 0;
  peak = 0;
  high = 0;
  fails = 0;
  const limit = (bytes * load) / 1000;
  for (let pass = 0; pass < 3; pass++) {
    seriesStart();
    churn(limit, small, blocksMax, pass);
    lineStart(pass == 0 ? 'kmalloc' : pass == 1 ? 'kfree' : 'krealloc');
    printMix(bytes, small, load);
    printSeries();
  }
  const largest = largestBlock(bytes);
  lineStart('heap_score');
  printMix(bytes, small, load);
  printField('fails', fails);
  printField('live', live);
  printField('largest', largest);
  printField('high', high);
  printField('peak', peak);
  printField('blocks', blocks);
  seriesStart();
  printSeries();
  while (blocks != 0) removeBlock(blocks - 1);
  closeHeap();
}

function printMix(bytes: u64, small: bool, load: u64): void {
  printField('heap', bytes);
  printField(small ? 'bytes' : 'pages', 1);
  printField('permille', load);
}

function randomSize(small: bool): u64 {
  const share = randomBelow(100);
  if (small) {
    if (share < 60) return 1 + randomBelow(128);
    if (share < 85) return 129 + randomBelow(896);
    if (share < 95) return 1025 + randomBelow(3072);
    return 4097 + randomBelow(61_440);
  }
  if (share < 50) return PAGE;
  if (share < 75) return (2 + randomBelow(3)) * PAGE;
  if (share < 90) return (5 + randomBelow(4)) * PAGE;
  if (share < 95) return (9 + randomBelow(8)) * PAGE;
  return (1 + randomBelow(64)) * PAGE;
}

function entry(index: u64): usize {
  return table + ((index << 4) as usize);
}

/** Random use; what is measured: 0 the allocations, 1 the frees, 2 the resizings. */
function churn(limit: u64, small: bool, blocksMax: u64, measured: i32): void {
  for (let i: u64 = 0; i < OPERATIONS; i++) {
    const size = randomSize(small);
    if (i % RESIZE_EVERY == 0 && blocks != 0) {
      resizeBlock(randomBelow(blocks), size, limit, measured == 2);
    } else if (live + size <= limit && blocks < blocksMax) {
      const start = x86.rdtsc();
      const block = heapAlloc(size as usize);
      const ticks = x86.rdtsc() - start;
      if (measured == 0) addSample(ticks);
      if (block != 0) {
        addBlock(block, size);
        continue;
      }
      fails += 1;
      if (blocks != 0) removeBlock(randomBelow(blocks));
    } else if (blocks != 0) {
      const ticks = removeBlock(randomBelow(blocks));
      if (measured == 1) addSample(ticks);
    }
  }
}

function addBlock(block: usize, size: u64): void {
  store<u64>(entry(blocks), block as u64);
  store<u64>(entry(blocks), size, 8);
  blocks += 1;
  noteUse(block, size);
}

function noteUse(block: usize, size: u64): void {
  live += size;
  peak = max(peak, live);
  high = max(high, ((heapAddress(block) - heapStart) as u64) + size);
}

/** Frees a block and drops it from the table; returns what the call took. */
function removeBlock(index: u64): u64 {
  const at = entry(index);
  const block = load<u64>(at) as usize;
  live -= load<u64>(at, 8);
  blocks -= 1;
  store<u64>(at, load<u64>(entry(blocks)));
  store<u64>(at, load<u64>(entry(blocks), 8), 8);
  const start = x86.rdtsc();
  heapFree(block);
  return x86.rdtsc() - start;
}

function resizeBlock(index: u64, size: u64, limit: u64, measured: bool): void {
  const at = entry(index);
  const old = load<u64>(at, 8);
  if (live - old + size > limit) return;
  const start = x86.rdtsc();
  const block = heapRealloc(load<u64>(at) as usize, size as usize);
  const ticks = x86.rdtsc() - start;
  if (measured) addSample(ticks);
  if (block == 0) {
    fails += 1;
    return;
  }
  store<u64>(at, block as u64);
  store<u64>(at, size, 8);
  live -= old;
  noteUse(block, size);
}

/** The longest block that can be had, to 256 bytes, by trying. */
function largestBlock(bytes: u64): u64 {
  let low: u64 = 0;
  let high = bytes;
  while (high - low > 256) {
    const middle = (low + high) / 2;
    const block = heapAlloc(middle as usize);
    if (block == 0) {
      high = middle;
    } else {
      heapFree(block);
      low = middle;
    }
  }
  return low;
}
