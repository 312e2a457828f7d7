import { wantsCounts, wantsQuickBench } from '../boot-options';

/**
 * How much a benchmark does. Boot argument `bench-quick`: an eighth, enough to see that it works. `bench-counts`: on a
 * processor whose time-stamp counter counts instructions, of which a series takes more than cycles.
 */
const QUICK_DIVISOR: u64 = 8;
const INSTRUCTIONS_PER_CYCLE: u64 = 5;

/** How often something is done that is done `count` times in a whole benchmark. */
export function effort(count: u64): u64 {
  return wantsQuickBench ? count / QUICK_DIVISOR : count;
}

/** How long something may take that may take `cycles` in a whole benchmark, in ticks of the time-stamp counter. */
export function patience(cycles: u64): u64 {
  return effort(wantsCounts ? cycles * INSTRUCTIONS_PER_CYCLE : cycles);
}
