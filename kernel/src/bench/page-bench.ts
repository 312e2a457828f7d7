import { x86 } from '../x86';
import {
  allocPage,
  allocRun,
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
import { addSample, lineStart, printField, printSeries, seriesStart, seriesTotal } from './samples';

/**
 * What pages cost, at five occupancies.
 *
 *     page_alloc, page_free    steady churn: 32 random pages of those in use are freed, then 32 allocated
 *     page_pair                one page allocated and freed at once
 *     run_alloc, run_free      contiguous pages, `length` of them, allocated and freed at once
 *     pmm_init                 initialisation over all memory
 *
 * Up to 8 GiB all memory in use was allocated page by page. Beyond, 65 536 pages were, and the rest of the occupancy is
 * long runs, because a table of all pages would itself be a load on the machine.
 */
const SAMPLES: u64 = 2048;
const PAIRS: u64 = 512;
const RUNS: u64 = 128;
const BATCH: u64 = 32;
/** A series ends early, after whole batches, when it has used up this many cycles. */
const SERIES_CYCLES_MAX: u64 = 100_000_000;
/** The most memory that is allocated page by page: 8 GiB. */
const SINGLE_PAGES_MAX: u64 = 1 << 21;
const WORKING_SET: u64 = 1 << 16;

let table: usize = 0;
let held: u64 = 0;

export function benchPages(): void {
  measureInit();
  const tablePages = totalPages() <= SINGLE_PAGES_MAX ? totalPages() : WORKING_SET;
  table = scratchTake(tablePages * 8);
  if (table == 0) return;
  randomSeed(0x5eed);
  held = 0;
  const all = freePages();
  let occupied: u64 = 0;
  for (let i = 0; i < 5; i++) {
    const permille = permilleAt(i);
    const wanted = (all * permille) / 1000;
    const singles = tablePages == WORKING_SET ? min(wanted, WORKING_SET) : wanted;
    if (singles > held) held += takePages(slot(held), singles - held);
    if (wanted > held + occupied) occupied += occupy(wanted - held - occupied);
    churn(permille);
    pairs(permille);
    runs(permille);
  }
  while (held != 0) {
    held -= 1;
    freePage(load<u64>(slot(held)) as usize);
  }
  vacate();
  scratchReturn(table, tablePages * 8);
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

function churn(permille: u64): void {
  const batch = min(BATCH, held / 2);
  if (batch == 0) return;
  warmUp(batch);
  measureFrees(permille, batch);
  measureAllocations(permille, batch);
}

function warmUp(batch: u64): void {
  pickRandom(batch);
  for (let i: u64 = 0; i < batch; i++) freePage(load<u64>(slot(held + i)) as usize);
  held += takePages(slot(held), batch);
}

function measureFrees(permille: u64, batch: u64): void {
  seriesStart();
  for (let done: u64 = 0; done < SAMPLES && seriesTotal() < SERIES_CYCLES_MAX; done += batch) {
    pickRandom(batch);
    for (let i: u64 = 0; i < batch; i++) {
      const page = load<u64>(slot(held + i)) as usize;
      const start = x86.rdtsc();
      freePage(page);
      addSample(x86.rdtsc() - start);
    }
    held += takePages(slot(held), batch);
  }
  printLine('page_free', permille);
}

function measureAllocations(permille: u64, batch: u64): void {
  seriesStart();
  for (let done: u64 = 0; done < SAMPLES && seriesTotal() < SERIES_CYCLES_MAX; done += batch) {
    pickRandom(batch);
    for (let i: u64 = 0; i < batch; i++) freePage(load<u64>(slot(held + i)) as usize);
    for (let i: u64 = 0; i < batch; i++) {
      const start = x86.rdtsc();
      const page = allocPage();
      addSample(x86.rdtsc() - start);
      store<u64>(slot(held), page as u64);
      held += 1;
    }
  }
  printLine('page_alloc', permille);
}

function pairs(permille: u64): void {
  freePage(allocPage());
  seriesStart();
  for (let i: u64 = 0; i < PAIRS && seriesTotal() < SERIES_CYCLES_MAX; i++) {
    const start = x86.rdtsc();
    freePage(allocPage());
    addSample(x86.rdtsc() - start);
  }
  printLine('page_pair', permille);
}

function runs(permille: u64): void {
  for (let length: u64 = 8; length <= 2048; length *= 4) {
    const first = allocRun(length as usize);
    if (first == 0) return;
    freeRun(first, length as usize);
    for (let frees = 0; frees < 2; frees++) measureRuns(permille, length, frees != 0);
  }
}

function measureRuns(permille: u64, length: u64, frees: bool): void {
  seriesStart();
  for (let i: u64 = 0; i < RUNS && seriesTotal() < SERIES_CYCLES_MAX; i++) {
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

function printLine(operation: string, permille: u64): void {
  lineStart(operation);
  printField('pages', totalPages());
  printField('permille', permille);
  printSeries();
}
