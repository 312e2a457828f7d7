import { newLine, print, printUnsigned } from '../console';
import { heapFreeCount } from '../kernel-heap';
import { kmem_cache_shrink } from '../kmem-cache';
import {
  MEMORY_ERROR_KINDS,
  memoryErrorMessages,
  nk_mem_errors,
  setMemoryErrors,
} from '../memory-errors';
import { nk_mem_check } from '../memory-check';
import { pmm_free_pages } from '../page-frames';

/**
 * The test bench: one line a test on the serial port, `[nk_test] NAME ... PASS`, FAIL with what did not hold, or SKIP.
 *
 * Around every test the bench itself demands that the same number of frames and heap pages is free before and after,
 * and that all invariants hold. Tests run silent (they provoke refusals on purpose), and leave the error counters
 * as they were.
 */
let passed: u32 = 0;
let ran: u32 = 0;
let skipped: u32 = 0;
let failures: u32 = 0;
let isSkipped: bool = false;
/** Reasons printed for one test; a check in a loop fails as often as it is made. */
const REASONS_MAX: u32 = 4;

const savedErrors: usize = memory.data(104, 8);

export function suiteBegin(): void {
  passed = 0;
  ran = 0;
  skipped = 0;
  memoryErrorMessages(false);
}

export function runTest(name: string, body: () => void): void {
  print('[nk_test] ');
  print(name);
  print(' ... ');
  failures = 0;
  isSkipped = false;
  for (let kind: u32 = 0; kind < MEMORY_ERROR_KINDS; kind++) {
    store<u64>(savedErrors + (kind as usize) * 8, nk_mem_errors(kind));
  }
  kmem_cache_shrink();
  const frames = pmm_free_pages();
  const heapPages = heapFreeCount();

  body();

  kmem_cache_shrink(); // idle slabs are not lost memory

  check(pmm_free_pages() == frames, 'as many free frames after the test as before');
  check(heapFreeCount() == heapPages, 'as many free heap pages after the test as before');
  check(nk_mem_check(0) == 0, 'all invariants after the test');
  for (let kind: u32 = 0; kind < MEMORY_ERROR_KINDS; kind++) {
    setMemoryErrors(kind, load<u64>(savedErrors + (kind as usize) * 8));
  }
  report();
}

function report(): void {
  if (failures != 0) {
    ran += 1;
    newLine();
    return;
  }
  if (isSkipped) {
    skipped += 1;
    return;
  }
  ran += 1;
  passed += 1;
  print('PASS\n');
}

/** States what must hold; a test may go on after a failure or return. Returns `holds`. */
export function check(holds: bool, what: string): bool {
  if (holds) return true;
  failures += 1;
  if (failures > REASONS_MAX) return false;
  print(failures == 1 ? 'FAIL: ' : '; ');
  print(what);
  return false;
}

/** This machine is too small for the test, which returns next. */
export function skip(reason: string): void {
  isSkipped = true;
  print('SKIP (');
  print(reason);
  print(')\n');
}

/** Whether `pages` frames are free; when not, the test is skipped. */
export function hasFreeFrames(pages: u64): bool {
  if (pmm_free_pages() >= pages) return true;
  skip('too few free frames');
  return false;
}

/** Errors of `kind` that this test has provoked. */
export function newErrors(kind: u32): u64 {
  return nk_mem_errors(kind) - load<u64>(savedErrors + (kind as usize) * 8);
}

/** Prints the summary; returns the number of tests that failed. */
export function suiteEnd(): u32 {
  memoryErrorMessages(true);
  print('[nk_test] ');
  printUnsigned(passed);
  print('/');
  printUnsigned(ran);
  print(' tests passed');
  if (skipped != 0) {
    print(', skipped: ');
    printUnsigned(skipped);
  }
  newLine();
  return ran - passed;
}
