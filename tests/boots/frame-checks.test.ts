/** Page frames, page tables, and what is promised of them: each named check on the bundled kernel. */
import { describe, it } from 'vitest';
import { BOOT_CHECKS, type Boot } from './frame-checks.js';
import { ROW_CHECKS } from './row-checks.js';
import { ParkedKernel } from './parked-kernel.js';
import { PROMISE_CHECKS } from './promise-checks.js';
import { START_CHECKS } from './start-checks.js';
import { TABLE_CHECKS } from './table-checks.js';

const boot: Boot = (map, stopAt) => new ParkedKernel(map, undefined, stopAt);

describe.each([
  ['page frames', BOOT_CHECKS],
  ['rows of runs and frames', ROW_CHECKS],
  ['the start', START_CHECKS],
  ['promises', PROMISE_CHECKS],
  ['page tables', TABLE_CHECKS],
])('%s', (_, checks) => {
  it.each(Object.entries(checks))('%s', (_name, check) => check(boot));
});
