/**
 * The page frame allocator against the model, at full length (tests 83, 88 and 89): 10^8 operations, nk_mem_check every
 * 10^5. S7X_OPERATIONS=number makes it shorter or longer, S7X_SEED=number repeats a seed; docs/testing.md says what was
 * run.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { expectWholeFrames } from '../boots/frame-scores.js';
import { PageModel, randomPages } from '../boots/page-model.js';
import { RandomWords } from '../boots/random-words.js';

const OPERATIONS = Number(process.env['S7X_OPERATIONS'] ?? 1e8);
const CHECK_EVERY = 100_000;
const INSTRUCTIONS_MAX = 600;
const TIMEOUT_MS = 12 * 3_600_000;
const given = process.env['S7X_SEED'];
const SEEDS = given === undefined ? [11] : [Number(given)];

describe.each(SEEDS)(`${OPERATIONS} pages and runs at random, seed %d`, (seed) => {
  it.each([
    ['8M', OPERATIONS],
    ['48M', OPERATIONS / 10],
  ])(
    'on %s',
    (size, operations) => {
      const model = new PageModel(pcMap(parseSize(size)).map);
      randomPages(model, new RandomWords(seed), operations, CHECK_EVERY);
      expect(model.worst.allocate).toBeLessThanOrEqual(INSTRUCTIONS_MAX);
      expect(model.worst.free).toBeLessThanOrEqual(INSTRUCTIONS_MAX);
      model.releaseAll();
      model.check();
    },
    TIMEOUT_MS,
  );
});

it(
  '90: on 4 GiB 99 % of the frames that can be free are, after 100 rounds',
  () => {
    expectWholeFrames('4G');
  },
  TIMEOUT_MS,
);
