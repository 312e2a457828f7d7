import { printLine } from '../console';
import { benchHeap } from './heap-bench';
import { benchPages } from './page-bench';

/**
 * What the memory manager costs on this processor, measured by the kernel itself with RDTSC (boot argument `bench`).
 * samples.ts says what a line means; everything is given back in the end.
 */
export function nk_bench(): void {
  printLine('[nk_bench] cycles of the time-stamp counter; the least cost of RDTSC is subtracted');
  benchPages();
  benchHeap(false);
  printLine('[nk_bench] end');
}
