/**
 * The page frame allocator against the model, at full length (tests 83, 88 and 89): 10^8 operations on 8 MiB, a tenth of it
 * on 48 MiB, nk_mem_check every 10^5. `npm run test:model` runs this file alone. The operations come in 100 parts, each on a
 * machine of its own with random words of its own, so that they can be run some at a time, in any order:
 *
 *     S7X_PARTS=1-100       which parts             S7X_SEED=11        another seed, another 10^8 operations
 *     S7X_OPERATIONS=1e8    all parts together      S7X_ONLY_SIZE=8M   only this machine
 *
 * docs/testing.md says what was run.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { expectWholeFrames } from '../boots/frame-scores.js';
import { PageModel, randomPages } from '../boots/page-model.js';
import { RandomWords } from '../boots/random-words.js';

const PARTS = 100;
const OPERATIONS = Number(process.env['S7X_OPERATIONS'] ?? 1e8);
const CHECK_EVERY = 100_000;
/** The first call puts the zones in order, and a claim may have to break a frame, or a whole GiB. */
const ALLOCATE_INSTRUCTIONS_MAX = 600;
const FREE_INSTRUCTIONS_MAX = 250;
const TIMEOUT_MS = 12 * 3_600_000;
const seed = Number(process.env['S7X_SEED'] ?? 11);
const [first = 1, last = first] = (process.env['S7X_PARTS'] ?? `1-${PARTS}`).split('-').map(Number);
if (!(first >= 1 && last >= first && last <= PARTS))
  throw new Error(`S7X_PARTS=${process.env['S7X_PARTS']}: a number or a range from 1 to ${PARTS}`);
const parts = Array.from({ length: last - first + 1 }, (_, index) => first + index);
const onlySize = process.env['S7X_ONLY_SIZE'];
const SIZES = (
  [
    ['8M', OPERATIONS / PARTS],
    ['48M', OPERATIONS / PARTS / 10],
  ] as const
).filter(([size]) => onlySize === undefined || size === onlySize);

describe.each(SIZES)('pages and runs at random on %s, %i operations a part', (size, operations) => {
  it.each(parts)(
    `part %i of ${PARTS}, seed ${seed}`,
    (part) => {
      const model = new PageModel(pcMap(parseSize(size)).map);
      randomPages(model, new RandomWords(seed * PARTS + part), operations, CHECK_EVERY);
      expect(model.worst.allocate).toBeLessThanOrEqual(ALLOCATE_INSTRUCTIONS_MAX);
      expect(model.worst.free).toBeLessThanOrEqual(FREE_INSTRUCTIONS_MAX);
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
