import { commandLineHas, StartInfo } from './boot-info';

/** What the command line asks for, read once: the boot information itself may lie in page 0, which is unmapped later. */

/** Unless `quiet` or `notests`: run the test suite. */
export let wantsTests: bool = false;
/** Unless `quiet`: show the usage example. */
export let wantsExample: bool = false;
/** `canary`: one test more, which fails. */
export let wantsCanary: bool = false;
/** `park`: halt at the end instead of powering off. */
export let wantsPark: bool = false;
/** `guards`, in the debug build: blocks of the heap lie between guard pages. */
export let wantsGuards: bool = false;
/** `bench`: measure what the memory manager costs. */
export let wantsBench: bool = false;
/** `bench-quick`: an eighth of it. */
export let wantsQuickBench: bool = false;
/** `bench-counts`: the time-stamp counter counts instructions. */
export let wantsCounts: bool = false;
/** `bench-scores`: measure how page frames fragment. */
export let wantsScores: bool = false;

export function bootOptionsRead(info: StartInfo): void {
  const quiet = commandLineHas(info, 'quiet');
  wantsTests = !quiet && !commandLineHas(info, 'notests');
  wantsExample = !quiet;
  wantsCanary = commandLineHas(info, 'canary');
  wantsPark = commandLineHas(info, 'park');
  wantsGuards = commandLineHas(info, 'guards');
  wantsBench = commandLineHas(info, 'bench');
  wantsQuickBench = commandLineHas(info, 'bench-quick');
  wantsCounts = commandLineHas(info, 'bench-counts');
  wantsScores = commandLineHas(info, 'bench-scores');
}
