import { x86 } from '../x86';
import { kfree, kmalloc } from '../kmalloc';
import { wantsCounts } from '../boot-options';
import { effort, patience } from './effort';
import {
  allocFrame,
  allocPage,
  allocRun,
  freeFrame,
  freePage,
  freePages,
  freeRun,
  metadataBytes,
  occupy,
  openPages,
  scratchReturn,
  scratchTake,
  takePages,
  totalPages,
  vacate,
} from './page-subject';
import { randomBelow, randomSeed } from './random';
import {
  addSample,
  calibrate,
  lineStart,
  printField,
  printSeries,
  samplesOpen,
  SAMPLES_BYTES,
  seriesMean,
  seriesStart,
} from './samples';

/**
 * What pages cost, at five occupancies.
 *
 *     page_alloc, page_free    steady churn: 32 random pages of those in use are freed, then 32 allocated
 *     page_pair                one page allocated and freed at once
 *     frame_alloc, frame_free  512 pages, aligned: a frame of 2 MiB, allocated and freed at once
 *     page_free_row, page_alloc_row   1000 random pages of those in use are freed, then 1000 allocated: where instructions
 *                              are counted, for the most that one call takes
 *     run_alloc, run_free      contiguous pages, `length` of them, allocated and freed at once
 *     run_alloc_row, run_free_row     16 of them, and then these back, the last one first: what an allocator keeps ready of the last
 *                              is no help
 *     frame_alloc_row, frame_free_row the same with frames
 *     pmm_init                 initialisation over all memory
 *
 * At least 64 pages are in use, which on 8 MiB is more than 1 %.
 *
 * A line with `batch=32` times 32 calls in a loop as one; one without times each call by itself, so that what the
 * processor overlaps between calls is not seen. A line with n=0 says that there was no such run.
 *
 * Up to 1 GiB all memory in use was allocated page by page. Beyond, 262 144 pages were, and the rest of the occupancy is
 * long runs, because a table of all pages would itself be a load on the machine.
 */
const IA32_TIME_STAMP_COUNTER: u32 = 0x10;
const SAMPLES: u64 = 2048;
const PAIRS: u64 = 512;
const RUNS: u64 = 128;
/** Runs or frames that are allocated before the first is freed. */
const PIECES_IN_ROW: u64 = 16;
const piecesInRow: usize = memory.data(128, 8);
const BATCH: u64 = 32;
/** In use at least, so that a batch is as long on every machine: what its ends cost is in its calls. */
const PAGES_MIN: u64 = 64;
/** Longer than what an allocator may keep ready in front of its structure. */
const ROW: u64 = 1000;
/** A series ends early when it has taken this many cycles, with all that belongs to it. */
const SERIES_CYCLES_MAX: u64 = 2_000_000;
/** Calls that take longer are not timed in batches as well. */
const BATCH_CYCLES_MAX: u64 = 50_000;
/** The most pages that are allocated one by one: 1 GiB. */
const SINGLE_PAGES_MAX: u64 = 1 << 18;
/** Pages whose contents tell whether one was handed out twice. */
const TAGGED_PAGES: u64 = 2048;

let table: usize = 0;
let held: u64 = 0;
let startedAt: u64 = 0;

export function benchPages(): void {
  const series = kmalloc(SAMPLES_BYTES as usize); // the kernel's heap, which no allocator of pages touches
  if (series == 0) unreachable();
  samplesOpen(series);
  calibrate();
  measureInit();
  const bytes = min(totalPages(), SINGLE_PAGES_MAX) * 8;
  table = scratchTake(bytes);
  if (table == 0) unreachable();
  randomSeed(0x5eed);
  held = 0;
  const all = freePages();
  let occupied: u64 = 0;
  for (let i = 0; i < 5; i++) {
    const permille = permilleAt(i);
    const wanted = max((all * permille) / 1000, PAGES_MIN);
    const singles = min(wanted, SINGLE_PAGES_MAX);
    if (singles > held) held += takePages(slot(held), singles - held);
    if (wanted > held + occupied) occupied += occupy(wanted - held - occupied);
    if (i == 0) checkDistinct();
    churn(permille);
    pairs(permille);
    frames(permille);
    runs(permille);
    if (wantsCounts) rows(permille);
  }
  while (held != 0) {
    held -= 1;
    freePage(load<u64>(slot(held)) as usize);
  }
  vacate();
  if (freePages() != all) unreachable(); // a page got lost, or came from nowhere
  scratchReturn(table, bytes);
  kfree(series);
}

function permilleAt(index: i32): u64 {
  switch (index) {
    case 0:
      return 10;
    case 1:
      return 500;
    case 2:
      return 900;
    case 3:
      return 990;
    default:
      return 999;
  }
}

function slot(index: u64): usize {
  return table + ((index << 3) as usize);
}

function measureInit(): void {
  seriesStart();
  const start = x86.rdtsc();
  openPages();
  addSample(x86.rdtsc() - start);
  lineStart('pmm_init');
  printField('pages', totalPages());
  printField('metadata', metadataBytes());
  printSeries();
}

/** Writes a number into each of the first pages, and finds it there again: no page was handed out twice. */
function checkDistinct(): void {
  const count = min(held, TAGGED_PAGES);
  for (let i: u64 = 0; i < count; i++) store<u64>(load<u64>(slot(i)) as usize, i);
  for (let i: u64 = 0; i < count; i++) {
    if (load<u64>(load<u64>(slot(i)) as usize) != i) unreachable();
  }
}

function begin(): void {
  seriesStart();
  startedAt = x86.rdmsr(IA32_TIME_STAMP_COUNTER);
}

/** Asked outside the timed intervals, by the other way to read the counter: every RDTSC ends or begins an interval. */
function isOverdue(): bool {
  return x86.rdmsr(IA32_TIME_STAMP_COUNTER) - startedAt >= patience(SERIES_CYCLES_MAX);
}

/** Moves `count` random pages of the table to its end, which they leave. */
function pickRandom(count: u64): void {
  for (let i: u64 = 0; i < count; i++) {
    const picked = slot(randomBelow(held));
    held -= 1;
    const page = load<u64>(picked);
    store<u64>(picked, load<u64>(slot(held)));
    store<u64>(slot(held), page);
  }
}

function freePicked(count: u64): void {
  for (let i: u64 = 0; i < count; i++) freePage(load<u64>(slot(held + i)) as usize);
}

function churn(permille: u64): void {
  const batch = min(BATCH, held / 2);
  if (batch == 0) return;
  pickRandom(batch);
  freePicked(batch);
  held += takePages(slot(held), batch);
  const samples = effort(SAMPLES);
  measureFrees(permille, batch, samples);
  measureAllocations(permille, batch, samples);
  if (seriesMean() > BATCH_CYCLES_MAX) return;
  measureBatches(permille, batch, samples / batch, true);
  measureBatches(permille, batch, samples / batch, false);
}

function measureFrees(permille: u64, batch: u64, samples: u64): void {
  begin();
  for (let done: u64 = 0; done < samples && !isOverdue(); done += batch) {
    pickRandom(batch);
    for (let i: u64 = 0; i < batch; i++) {
      const page = load<u64>(slot(held + i)) as usize;
      const start = x86.rdtsc();
      freePage(page);
      addSample(x86.rdtsc() - start);
    }
    held += takePages(slot(held), batch);
  }
  printLine('page_free', permille, 1);
}

function measureAllocations(permille: u64, batch: u64, samples: u64): void {
  begin();
  for (let done: u64 = 0; done < samples && !isOverdue(); done += batch) {
    pickRandom(batch);
    freePicked(batch);
    let taken: u64 = 0;
    while (taken < batch && (taken == 0 || !isOverdue())) {
      const start = x86.rdtsc();
      const page = allocPage();
      addSample(x86.rdtsc() - start);
      store<u64>(slot(held + taken), page as u64);
      taken += 1;
    }
    if (taken < batch) taken += takePages(slot(held + taken), batch - taken);
    held += taken;
  }
  printLine('page_alloc', permille, 1);
}

/** 32 calls at a time: frees, or allocations. */
function measureBatches(permille: u64, batch: u64, batches: u64, frees: bool): void {
  begin();
  for (let done: u64 = 0; done < batches && !isOverdue(); done++) {
    pickRandom(batch);
    const start = x86.rdtsc();
    freePicked(batch);
    const middle = x86.rdtsc();
    for (let i: u64 = 0; i < batch; i++) store<u64>(slot(held + i), allocPage() as u64);
    const end = x86.rdtsc();
    held += batch;
    addSample(frees ? middle - start : end - middle);
  }
  printLine(frees ? 'page_free' : 'page_alloc', permille, batch);
}

function rows(permille: u64): void {
  const row = min(effort(ROW), held);
  pickRandom(row);
  begin();
  for (let i: u64 = 0; i < row; i++) {
    const page = load<u64>(slot(held + i)) as usize;
    const start = x86.rdtsc();
    freePage(page);
    addSample(x86.rdtsc() - start);
  }
  printLine('page_free_row', permille, 1);
  begin();
  let taken: u64 = 0;
  for (; taken < row && !isOverdue(); taken++) {
    const start = x86.rdtsc();
    const page = allocPage();
    addSample(x86.rdtsc() - start);
    store<u64>(slot(held + taken), page as u64);
  }
  printLine('page_alloc_row', permille, 1);
  held += taken + takePages(slot(held + taken), row - taken);
}

function pairs(permille: u64): void {
  freePage(allocPage());
  const count = effort(PAIRS);
  begin();
  for (let i: u64 = 0; i < count && !isOverdue(); i++) {
    const start = x86.rdtsc();
    freePage(allocPage());
    addSample(x86.rdtsc() - start);
  }
  printLine('page_pair', permille, 1);
  if (seriesMean() > BATCH_CYCLES_MAX) return;
  begin();
  for (let i: u64 = 0; i < count / BATCH; i++) {
    const start = x86.rdtsc();
    for (let pair: u64 = 0; pair < BATCH; pair++) freePage(allocPage());
    addSample(x86.rdtsc() - start);
  }
  printLine('page_pair', permille, BATCH);
}

function frames(permille: u64): void {
  const first = allocFrame();
  if (first != 0) freeFrame(first);
  for (let frees = 0; frees < 2; frees++) {
    begin();
    for (let i: u64 = 0; first != 0 && i < effort(RUNS) && !isOverdue(); i++) {
      const start = x86.rdtsc();
      const frame = allocFrame();
      const middle = x86.rdtsc();
      freeFrame(frame);
      const end = x86.rdtsc();
      addSample(frees != 0 ? end - middle : middle - start);
    }
    printLine(frees != 0 ? 'frame_free' : 'frame_alloc', permille, 1);
  }
  measurePieces(permille, 0, false);
  measurePieces(permille, 0, true);
}

function runs(permille: u64): void {
  for (let length: u64 = 8; length <= 2048; length *= 4) {
    const first = allocRun(length as usize);
    if (first != 0) freeRun(first, length as usize);
    for (let frees = 0; frees < 2; frees++) measureRuns(permille, length, frees != 0, first != 0);
    for (let frees = 0; frees < 2; frees++) measurePieces(permille, length, frees != 0);
  }
}

/** Rows of runs, or of frames: `length` 0. */
function measurePieces(permille: u64, length: u64, frees: bool): void {
  begin();
  for (let done: u64 = 0; done < effort(RUNS) && !isOverdue(); done += PIECES_IN_ROW) {
    let taken: u64 = 0;
    for (; taken < PIECES_IN_ROW; taken++) {
      const start = x86.rdtsc();
      const piece = length == 0 ? allocFrame() : allocRun(length as usize);
      const end = x86.rdtsc();
      if (piece == 0) break;
      if (!frees) addSample(end - start);
      store<usize>(piecesInRow + ((taken << 3) as usize), piece);
    }
    if (taken == 0) break;
    for (let i = taken; i != 0; i--) {
      const piece = load<usize>(piecesInRow + (((i - 1) << 3) as usize));
      const start = x86.rdtsc();
      if (length == 0) freeFrame(piece);
      else freeRun(piece, length as usize);
      const end = x86.rdtsc();
      if (frees) addSample(end - start);
    }
  }
  if (length == 0) return printLine(frees ? 'frame_free_row' : 'frame_alloc_row', permille, 1);
  lineStart(frees ? 'run_free_row' : 'run_alloc_row');
  printField('length', length);
  printField('pages', totalPages());
  printField('permille', permille);
  printSeries();
}

function measureRuns(permille: u64, length: u64, frees: bool, exists: bool): void {
  begin();
  for (let i: u64 = 0; exists && i < effort(RUNS) && !isOverdue(); i++) {
    const start = x86.rdtsc();
    const run = allocRun(length as usize);
    const middle = x86.rdtsc();
    freeRun(run, length as usize);
    const end = x86.rdtsc();
    addSample(frees ? end - middle : middle - start);
  }
  lineStart(frees ? 'run_free' : 'run_alloc');
  printField('length', length);
  printField('pages', totalPages());
  printField('permille', permille);
  printSeries();
}

function printLine(operation: string, permille: u64, batch: u64): void {
  lineStart(operation);
  printField('pages', totalPages());
  printField('permille', permille);
  if (batch > 1) printField('batch', batch);
  printSeries();
}
