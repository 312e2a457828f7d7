/** Small blocks and caches at random against a model. A failing run is repeated with its seed: S7X_SEED=number. */
import { describe, it } from 'vitest';
import { randomSmallUse } from './small-oracle.js';

const given = process.env['S7X_SEED'];
const SEEDS = given === undefined ? [11, 12] : [Number(given)];
const OPERATIONS = 4000;

describe('small blocks: no byte twice, contents kept, all given back', () => {
  it.each(SEEDS)('seed %d', (seed) => randomSmallUse(seed, OPERATIONS));
});
