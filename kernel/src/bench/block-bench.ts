import { x86 } from '../x86';
import { effort, patience } from './effort';
import {
  closeHeap,
  heapAlloc,
  heapFree,
  objectAlloc,
  objectFree,
  objectsClose,
  objectsOpen,
  openHeap,
} from './heap-subject';
import { randomBelow, randomSeed } from './random';
import {
  addSample,
  lineStart,
  printField,
  printSeries,
  seriesStartAt,
  seriesSelect,
} from './samples';

/**
 * What blocks of one size cost.
 *
 *     block_pair                  a block allocated and freed at once, 32 times in a loop timed as one
 *     object_pair                 the same for an object of 64 bytes: of a cache, where the allocator has such
 *     object_alloc, object_free   random churn among many objects, 32 at a time
 *     loop_alloc, loop_free       the same loops around functions of two and of one instruction, which do nothing
 */
const PAIR_SAMPLES: u64 = 32;
const BATCH: u64 = 32;
const CHURN_SAMPLES: u64 = 64;
const OBJECTS_MAX: u64 = 50_000;
/** Fewer objects, where so many would take longer to allocate. */
const FILL_CYCLES_MAX: u64 = 30_000_000;
const IA32_TIME_STAMP_COUNTER: u32 = 0x10;
/** Objects between two looks at the clock. */
const LOOK_EVERY: u64 = 64;
/** A heap of so many bytes for each object: there is room for headers and slabs. */
const BYTES_PER_OBJECT: u64 = 128;
const SIZES = 6;

let table: usize = 0;
/** What the functions that do nothing are called with: a word of memory, as a cache is. */
let nothing: usize = 0;

/** Called in the place of an allocation: two instructions, of which one is a return. The kernel exports both, lest they are optimised. */
export function emptyAlloc(argument: usize): usize {
  return argument + 1;
}

/** Called in the place of a free: a return. */
export function emptyFree(_argument: usize, _object: usize): void {}

/** `words` words at `place` are for the table of objects. `withLoops`: empty calls stay calls, so that their loops can be measured. */
export function benchBlocks(bytes: u64, place: usize, words: u64, withLoops: bool): void {
  table = place;
  if (openHeap(bytes) == 0) unreachable();
  randomSeed(0x5eed);
  for (let i = 0; i < SIZES; i++) pairs(sizeAt(i));
  closeHeap();
  if (openHeap(bytes) == 0) unreachable();
  objectsOpen();
  nothing = place;
  objectPairs();
  churn(min(min(OBJECTS_MAX, words - BATCH), bytes / BYTES_PER_OBJECT));
  if (withLoops) emptyLoops();
  objectsClose();
  closeHeap();
}

function sizeAt(index: i32): usize {
  switch (index) {
    case 0:
      return 16;
    case 1:
      return 64;
    case 2:
      return 512;
    case 3:
      return 2048;
    case 4:
      return 4096;
    default:
      return 32_768;
  }
}

function slot(index: u64): usize {
  return table + ((index << 3) as usize);
}

/** Between other blocks of the size, so that nothing merges with the rest of the heap. */
function pairs(size: usize): void {
  const below = heapAlloc(size);
  const gap = heapAlloc(size);
  const above = heapAlloc(size);
  if (below == 0 || gap == 0 || above == 0) unreachable();
  heapFree(gap);
  seriesStartAt(0);
  for (let i: u64 = 0; i < effort(PAIR_SAMPLES); i++) {
    const start = x86.rdtsc();
    for (let pair: u64 = 0; pair < BATCH; pair++) heapFree(heapAlloc(size));
    addSample(x86.rdtsc() - start);
  }
  lineStart('block_pair');
  printField('size', size as u64);
  printField('batch', BATCH);
  printSeries();
  heapFree(below);
  heapFree(above);
}

function objectPairs(): void {
  objectFree(objectAlloc());
  seriesStartAt(0);
  for (let i: u64 = 0; i < effort(PAIR_SAMPLES); i++) {
    const start = x86.rdtsc();
    for (let pair: u64 = 0; pair < BATCH; pair++) objectFree(objectAlloc());
    addSample(x86.rdtsc() - start);
  }
  lineStart('object_pair');
  printField('batch', BATCH);
  printSeries();
}

/** Allocates objects, at most `wanted`; returns how many. */
function fill(wanted: u64): u64 {
  const startedAt = x86.rdmsr(IA32_TIME_STAMP_COUNTER);
  for (let i: u64 = 0; i < wanted; i++) {
    const object = objectAlloc();
    if (object == 0) return i;
    store<u64>(slot(i), object as u64);
    if (i % LOOK_EVERY != LOOK_EVERY - 1) continue;
    const ticks = x86.rdmsr(IA32_TIME_STAMP_COUNTER) - startedAt;
    if (ticks >= patience(FILL_CYCLES_MAX)) return i + 1;
  }
  return wanted;
}

/** Frees 32 random objects of as many as there can be up to `wanted`, and allocates as many. */
function churn(wanted: u64): void {
  const count = fill(wanted);
  if (count < BATCH) unreachable();
  seriesStartAt(0);
  seriesStartAt(1);
  for (let sample: u64 = 0; sample < effort(CHURN_SAMPLES); sample++) {
    const first = slot(count - BATCH);
    const last = slot(count);
    pickRandom(count);
    const start = x86.rdtsc();
    for (let at = first; at < last; at += 8) objectFree(load<usize>(at));
    const middle = x86.rdtsc();
    for (let at = first; at < last; at += 8) store<usize>(at, objectAlloc());
    const end = x86.rdtsc();
    seriesSelect(0);
    addSample(end - middle);
    seriesSelect(1);
    addSample(middle - start);
  }
  for (let i = 0; i < 2; i++) {
    lineStart(i == 0 ? 'object_alloc' : 'object_free');
    printField('objects', count);
    printField('batch', BATCH);
    seriesSelect(i);
    printSeries();
  }
  for (let i: u64 = 0; i < count; i++) objectFree(load<u64>(slot(i)) as usize);
}

/** What the loops of churn take by themselves. */
function emptyLoops(): void {
  const first = slot(0);
  const last = slot(BATCH);
  seriesStartAt(0);
  seriesStartAt(1);
  for (let sample: u64 = 0; sample < effort(CHURN_SAMPLES); sample++) {
    const start = x86.rdtsc();
    for (let at = first; at < last; at += 8) emptyFree(nothing, load<usize>(at));
    const middle = x86.rdtsc();
    for (let at = first; at < last; at += 8) store<usize>(at, emptyAlloc(nothing));
    const end = x86.rdtsc();
    seriesSelect(0);
    addSample(end - middle);
    seriesSelect(1);
    addSample(middle - start);
  }
  for (let i = 0; i < 2; i++) {
    lineStart(i == 0 ? 'loop_alloc' : 'loop_free');
    printField('batch', BATCH);
    seriesSelect(i);
    printSeries();
  }
}

/** Moves 32 random objects to the end of the table. */
function pickRandom(count: u64): void {
  for (let i: u64 = 1; i <= BATCH; i++) {
    const picked = slot(randomBelow(count - i + 1));
    const object = load<u64>(picked);
    store<u64>(picked, load<u64>(slot(count - i)));
    store<u64>(slot(count - i), object);
  }
}
