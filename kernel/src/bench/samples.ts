import { newLine, print, printUnsigned } from '../console';
import { x86 } from '../x86';

/**
 * A series of measured durations, in cycles of the time-stamp counter, and its line on the serial port:
 *
 *     [nk_bench] op=page_alloc pages=262144 permille=500 n=2048 min=31 p50=33 p99=47 max=112 sum=68012
 *
 * Each duration is the difference of two RDTSC around one call, less the least difference of two RDTSC around nothing
 * (the line `op=rdtsc`): call and return are in it. Durations are kept in a histogram, exactly below 2048 cycles, in 32
 * steps a doubling above, so that p50 and p99 there are rounded down by at most 3 %; min, max and sum are exact.
 */
const EXACT: u64 = 2048;
const EXACT_LOG: u64 = 11;
const STEPS_LOG: u64 = 5;
const BUCKETS: usize = 3072; // exact, then 32 steps for each doubling up to 2^43

/** One series: its figures, then its buckets of u32. */
@unmanaged
class Series {
  count: u64;
  least: u64;
  greatest: u64;
  /** Cycles of all durations. */
  total: u64;
}
const SERIES_HEADER: usize = 32;
const SERIES_BYTES: usize = SERIES_HEADER + BUCKETS * 4;
const SERIES_MAX: usize = 3;
/** What samplesOpen wants. */
export const SAMPLES_BYTES: u64 = (SERIES_BYTES * SERIES_MAX) as u64;

const CALIBRATION_ROUNDS: u64 = 64;

const registers: usize = memory.data(64, 64); // a line of its own

let storage: usize = 0;
let series: usize = 0;
let overhead: u64 = 0;

/** Gives the series their memory: SAMPLES_BYTES bytes. */
export function samplesOpen(memoryOfSeries: usize): void {
  storage = memoryOfSeries;
}

function current(): Series {
  return changetype<Series>(series);
}

/** Chooses one of three series, 0 to 2, for the calls that follow. */
export function seriesSelect(index: i32): void {
  series = storage + (index as usize) * SERIES_BYTES;
}

/** Empties series 0 and chooses it. */
export function seriesStart(): void {
  seriesStartAt(0);
}

export function seriesStartAt(index: i32): void {
  seriesSelect(index);
  memory.fill(series, 0, SERIES_BYTES);
  current().least = u64.MAX_VALUE;
}

/** Cycles of a duration, in the mean; 0 of an empty series. */
export function seriesMean(): u64 {
  return current().total / max(1, current().count);
}

/**
 * RDTSC when all that came before is done and in memory, as CPUID waits for that: else what is measured begins behind the
 * stores of whoever came before, of which a copy leaves thousands of cycles. [SDM-3A "Serializing Instructions"]
 */
export function settledClock(): u64 {
  x86.cpuid(0, 0, registers);
  return x86.rdtsc();
}

/** Adds one difference of two RDTSC. */
export function addSample(ticks: u64): void {
  const cycles = ticks > overhead ? ticks - overhead : 0;
  const all = current();
  all.count += 1;
  all.total += cycles;
  all.least = min(all.least, cycles);
  all.greatest = max(all.greatest, cycles);
  const bucket = bucketAt(bucketOf(cycles));
  store<u32>(bucket, load<u32>(bucket) + 1);
}

function bucketAt(index: u64): usize {
  return series + SERIES_HEADER + (index as usize) * 4;
}

function bucketOf(cycles: u64): u64 {
  if (cycles < EXACT) return cycles;
  const log = 63 - clz(cycles);
  const step = (cycles >> (log - STEPS_LOG)) & 31;
  return min((BUCKETS as u64) - 1, EXACT + ((log - EXACT_LOG) << STEPS_LOG) + step);
}

/** The least duration of a bucket. */
function bucketStart(bucket: u64): u64 {
  if (bucket < EXACT) return bucket;
  const log = EXACT_LOG + ((bucket - EXACT) >> STEPS_LOG);
  return (32 + ((bucket - EXACT) & 31)) << (log - STEPS_LOG);
}

/** The duration that `percent` of all durations do not exceed. */
function percentile(percent: u64): u64 {
  const rank = (current().count * percent + 99) / 100;
  let seen: u64 = 0;
  for (let bucket: u64 = 0; bucket < (BUCKETS as u64); bucket++) {
    seen += load<u32>(bucketAt(bucket)) as u64;
    if (seen >= rank) return max(current().least, bucketStart(bucket));
  }
  return current().greatest;
}

/** Begins a line; the caller adds fields and ends it with printSeries, or with newLine. */
export function lineStart(operation: string): void {
  print('[nk_bench] op=');
  print(operation);
}

/** ` name=value` */
export function printField(name: string, value: u64): void {
  print(' ');
  print(name);
  print('=');
  printUnsigned(value);
}

/** The figures of the series, if it has any, and the end of the line. */
export function printSeries(): void {
  const all = current();
  printField('n', all.count);
  if (all.count != 0) {
    printField('min', all.least);
    printField('p50', percentile(50));
    printField('p99', percentile(99));
    printField('max', all.greatest);
    printField('sum', all.total);
  }
  newLine();
}

/** Measures what two RDTSC cost when there is nothing between them, and prints it. */
export function calibrate(): void {
  overhead = 0;
  seriesStart();
  for (let round: u64 = 0; round < CALIBRATION_ROUNDS; round++) {
    const start = x86.rdtsc();
    addSample(x86.rdtsc() - start);
  }
  lineStart('rdtsc');
  printSeries();
  overhead = current().least;
}
