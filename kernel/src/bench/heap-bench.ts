import { benchBlocks } from './block-bench';
import { wantsCounts } from '../boot-options';
import { effort, patience } from './effort';
import { fragmentation, heapScore } from './heap-scores';
import {
  closeHeap,
  heapAddress,
  heapAlloc,
  heapCompact,
  heapFree,
  heapRealloc,
  heapRoom,
  openHeap,
  scratchReturn,
  scratchTake,
} from './heap-subject';
import { randomBelow, randomSeed } from './random';
import {
  addSample,
  calibrate,
  lineStart,
  printField,
  printSeries,
  samplesOpen,
  SAMPLES_BYTES,
  seriesSelect,
  seriesStartAt,
  settledClock,
} from './samples';
import { x86 } from '../x86';

/**
 * What the heap costs, and how it fragments, under two mixes of sizes at two or three loads.
 *
 *     mix pages      whole pages: 50 % 1, 25 % 2–4, 15 % 5–8, 5 % 9–16, 5 % 1–64
 *     mix resized    the same sizes; one operation in 16 resizes a block
 *     mix bytes      60 % 1–128, 25 % 129–1024, 10 % 1025–4096, 5 % 4097–65 536 bytes; resizes likewise
 *
 * A size is drawn; random blocks are freed until it fits below the load (500, 800 or 850 in 1000 of the heap in use); it is
 * allocated. After a request that got nothing, a random block is freed. A mix ends early when it has taken a certain time.
 * Each call is timed from when all that came before it is done. What fills the heap to its load, and the first operations at
 * it, whose code comes from memory, are not timed, but their failures and their time count.
 * Where instructions are counted there are no mixes: they are for cycles and fragmentation. heap-scores.ts says what is
 * printed of the heap's state on the way and in the end, before and, where a heap can, after compaction; block-bench.ts
 * measures single sizes.
 */
const IA32_TIME_STAMP_COUNTER: u32 = 0x10;
/** With all that belongs to it. */
const MIX_CYCLES_MAX: u64 = 90_000_000;
/** Operations between two looks at the clock. */
const LOOK_EVERY: u64 = 64;
const HEAP_BYTES_MAX: u64 = 256 << 20;
const SMALL_HEAP_BYTES_MAX: u64 = 16 << 20;
const HEAP_BYTES_MIN: u64 = 64 << 10;
const BLOCKS_MAX: u64 = 1 << 16;
const OPERATIONS: u64 = 60_000;
const SNAPSHOTS: u64 = 20;
const WARM_UP_OPERATIONS: u64 = 10_000;
/** One operation in so many resizes a block, in mixes that resize. */
const RESIZE_EVERY: u64 = 16;
const PAGE: u64 = 4096;
/** Mixes. */
const PAGES = 0;
const RESIZED = 1;
const BYTES = 2;
const ALLOCATIONS = 0;
const FREES = 1;
const RESIZINGS = 2;

let table: usize = 0; // (u64 block, u64 bytes)
let blocksMax: u64 = 0;
let mix: u32 = 0;
let limit: u64 = 0; // bytes in use, at most
let heapStart: usize = 0;
let blocks: u64 = 0;
let live: u64 = 0;
let peak: u64 = 0;
let high: u64 = 0;
let fails: u64 = 0;
let pending: u64 = 0; // the size that was drawn and does not fit yet
let startedAt: u64 = 0;

export function benchHeap(withLoops: bool): void {
  const room = min(HEAP_BYTES_MAX, heapRoom());
  if (room < HEAP_BYTES_MIN) return;
  blocksMax = min(BLOCKS_MAX, room >> 9);
  const bytes = SAMPLES_BYTES + blocksMax * 16;
  const series = scratchTake(bytes);
  if (series == 0) return;
  samplesOpen(series);
  calibrate();
  table = series + (SAMPLES_BYTES as usize);
  if (!wantsCounts) {
    benchMix(PAGES, min(room, HEAP_BYTES_MAX), 500);
    benchMix(PAGES, min(room, HEAP_BYTES_MAX), 800);
    benchMix(PAGES, min(room, HEAP_BYTES_MAX), 850);
    benchMix(RESIZED, min(room, HEAP_BYTES_MAX), 500);
    benchMix(RESIZED, min(room, HEAP_BYTES_MAX), 800);
    benchMix(BYTES, min(room, SMALL_HEAP_BYTES_MAX), 500);
    benchMix(BYTES, min(room, SMALL_HEAP_BYTES_MAX), 800);
  }
  benchBlocks(min(room, SMALL_HEAP_BYTES_MAX), table, blocksMax * 2, withLoops);
  scratchReturn(series, bytes);
}

function benchMix(kind: u32, bytes: u64, load: u64): void {
  mix = kind;
  heapStart = openHeap(bytes);
  if (heapStart == 0) unreachable();
  randomSeed(0x5eed);
  blocks = 0;
  live = 0;
  peak = 0;
  high = 0;
  fails = 0;
  pending = 0;
  startedAt = x86.rdmsr(IA32_TIME_STAMP_COUNTER);
  limit = (bytes * load) / 1000;
  for (let i = ALLOCATIONS; i <= RESIZINGS; i++) seriesStartAt(i);
  fillUp();
  churn(effort(WARM_UP_OPERATIONS)); // not timed: it brings the code into the caches
  for (let i = ALLOCATIONS; i <= RESIZINGS; i++) seriesStartAt(i);
  const step = effort(OPERATIONS) / SNAPSHOTS;
  for (let snapshot: u64 = 1; snapshot <= SNAPSHOTS && !isOverdue(); snapshot++) {
    churn(step);
    lineStart('heap_frag');
    printMix(bytes, load);
    printField('step', snapshot);
    fragmentation(bytes, live, fails);
  }
  for (let i = ALLOCATIONS; i <= lastOperation(); i++) {
    lineStart(i == ALLOCATIONS ? 'kmalloc' : i == FREES ? 'kfree' : 'krealloc');
    printMix(bytes, load);
    seriesSelect(i);
    printSeries();
  }
  lineStart('heap_score');
  printMix(bytes, load);
  heapScore(fails, live, bytes, high, peak, blocks);
  measureCompaction(bytes, load);
  while (blocks != 0) removeBlock(blocks - 1);
  closeHeap();
}

/** Of the heap as the mix has left it. */
function measureCompaction(bytes: u64, load: u64): void {
  const start = x86.rdtsc();
  const done = heapCompact();
  const ticks = x86.rdtsc() - start;
  if (!done) return;
  lineStart('heap_compact');
  printMix(bytes, load);
  printField('ticks', ticks);
  fragmentation(bytes, live, fails);
}

/** The last of the series that this mix has. */
function lastOperation(): i32 {
  return mix == PAGES ? FREES : RESIZINGS;
}

function printMix(bytes: u64, load: u64): void {
  printField('heap', bytes);
  printField(mix == PAGES ? 'pages' : mix == RESIZED ? 'resized' : 'bytes', 1);
  printField('permille', load);
}

function randomSize(): u64 {
  const share = randomBelow(100);
  if (mix == BYTES) {
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

function isOverdue(): bool {
  return x86.rdmsr(IA32_TIME_STAMP_COUNTER) - startedAt >= patience(MIX_CYCLES_MAX);
}

/** Allocates until the heap is in use as much as it is to be; the size that did not fit is pending. */
function fillUp(): void {
  for (let i: u64 = 0; i < blocksMax; i++) {
    if (i % LOOK_EVERY == 0 && isOverdue()) return;
    pending = randomSize();
    if (live + pending > limit) return;
    allocate(pending);
  }
}

/** Random use. */
function churn(operations: u64): void {
  for (let i: u64 = 0; i < operations; i++) {
    if (i % LOOK_EVERY == 0 && isOverdue()) return;
    if (pending == 0) pending = randomSize();
    if (mix != PAGES && i % RESIZE_EVERY == 0 && blocks != 0) {
      resizeBlock(randomBelow(blocks), randomSize());
    } else if (live + pending <= limit && blocks < blocksMax) {
      allocate(pending);
      pending = 0;
    } else if (blocks != 0) {
      const ticks = removeBlock(randomBelow(blocks));
      seriesSelect(FREES);
      addSample(ticks);
    }
  }
}

function allocate(size: u64): void {
  const start = settledClock();
  const block = heapAlloc(size as usize);
  const ticks = x86.rdtsc() - start;
  seriesSelect(ALLOCATIONS);
  addSample(ticks);
  if (block != 0) {
    addBlock(block, size);
    return;
  }
  fails += 1;
  if (blocks != 0) removeBlock(randomBelow(blocks));
}

function addBlock(block: usize, size: u64): void {
  store<u64>(entry(blocks), block as u64);
  store<u64>(entry(blocks), size, 8);
  blocks += 1;
  noteUse(block, size);
}

/** The first and the last word of a block are written, which is what a block is for, and finds overlaps. */
function noteUse(block: usize, size: u64): void {
  const address = heapAddress(block);
  live += size;
  peak = max(peak, live);
  high = max(high, ((address - heapStart) as u64) + size);
  store<u8>(address, size as u8);
  store<u8>(address + (size as usize) - 1, size as u8);
}

/** Frees a block and drops it from the table; returns what the call took. */
function removeBlock(index: u64): u64 {
  const at = entry(index);
  const block = load<u64>(at) as usize;
  const size = load<u64>(at, 8);
  checkBlock(block, size);
  live -= size;
  blocks -= 1;
  store<u64>(at, load<u64>(entry(blocks)));
  store<u64>(at, load<u64>(entry(blocks), 8), 8);
  const start = settledClock();
  heapFree(block);
  return x86.rdtsc() - start;
}

function checkBlock(block: usize, size: u64): void {
  const address = heapAddress(block);
  if (load<u8>(address) != (size as u8)) unreachable();
  if (load<u8>(address + (size as usize) - 1) != (size as u8)) unreachable();
}

function resizeBlock(index: u64, size: u64): void {
  const at = entry(index);
  const old = load<u64>(at, 8);
  if (live - old + size > limit) return;
  checkBlock(load<u64>(at) as usize, old);
  const start = settledClock();
  const block = heapRealloc(load<u64>(at) as usize, size as usize);
  const ticks = x86.rdtsc() - start;
  seriesSelect(RESIZINGS);
  addSample(ticks);
  if (block == 0) {
    fails += 1;
    return;
  }
  if (load<u8>(heapAddress(block)) != (old as u8)) unreachable(); // the contents came along
  store<u64>(at, block as u64);
  store<u64>(at, size, 8);
  live -= old;
  noteUse(block, size);
}
