/** The heap for longer: 10^7 operations, which take an hour or two. Other seeds: S7X_SEED=number. */
import { describe, it } from 'vitest';
import { randomUse } from '../boots/allocator-oracle.js';
import { randomSmallUse } from '../boots/small-oracle.js';

const OPERATIONS = 10_000_000;
const TIMEOUT_MS = 6 * 3_600_000;
const SEEDS = [Number(process.env['S7X_SEED'] ?? 1)];

describe.each(SEEDS)('10^7 operations, seed %d', (seed) => {
  it('on pages and runs of 100 MiB', () => randomUse('100M', seed, OPERATIONS), TIMEOUT_MS);
  it('on small blocks and objects', () => randomSmallUse(seed, OPERATIONS), TIMEOUT_MS);
});
