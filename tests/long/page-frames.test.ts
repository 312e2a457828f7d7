/** The page frame allocator against the model, for longer (tests 83, 88 and 89): more seeds, more operations. */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { PageModel, randomPages } from '../boots/page-model.js';
import { RandomWords } from '../boots/random-words.js';

const OPERATIONS = 1_000_000;
const CHECK_EVERY = 50_000;
const INSTRUCTIONS_MAX = 600;
const SEEDS = [11, 12, 13];

describe.each(SEEDS)('pages and runs at random, seed %d', (seed) => {
  it.each(['8M', '48M'])('on %s', (size) => {
    const model = new PageModel(pcMap(parseSize(size)).map);
    randomPages(model, new RandomWords(seed), OPERATIONS, CHECK_EVERY);
    expect(model.worst.allocate).toBeLessThanOrEqual(INSTRUCTIONS_MAX);
    expect(model.worst.free).toBeLessThanOrEqual(INSTRUCTIONS_MAX);
    model.releaseAll();
    model.check();
  });
});
