/** The memory manager for longer: more seeds, larger machines, every map of the zoo that has less than 1 GB. */
import { describe, it } from 'vitest';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { assertBootableMap } from '../../emulator/memory/validate-map.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { randomUse } from '../boots/allocator-oracle.js';
import { drainAndRefill } from '../boots/drain.js';

const PAGES_MAX = 240_000n;
const OPERATIONS = 10_000;
const SEEDS = Array.from({ length: 20 }, (_, index) => 100 + index);

const drainable = zooNames().filter((name) => {
  const map = zooMap(name);
  if (usablePages(map).pageCount > PAGES_MAX) return false;
  try {
    assertBootableMap(map);
    return true;
  } catch {
    return false;
  }
});

it.each(drainable)('zoo:%s gives each usable page once and takes all of them back', (name) => {
  drainAndRefill(zooMap(name));
});

describe.each(SEEDS)('random use, seed %d', (seed) => {
  it.each(['8M', '100M', '6G', '2T'])('on %s', (size) => randomUse(size, seed, OPERATIONS));
});
