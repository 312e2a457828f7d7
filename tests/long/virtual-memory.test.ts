/** The kernel's page tables for longer: a million calls in all, on four and on five levels, against the model. */
import { describe, it } from 'vitest';
import { randomMappings } from '../boots/virtual-memory-model.js';

const OPERATIONS = 25_000;
const SEEDS = Array.from({ length: 20 }, (_, index) => 200 + index);

describe.each(SEEDS)('109: map, protect and unmap at random, seed %d', (seed) => {
  it.each(['64M', '256T'])('on %s', (size) => randomMappings(size, seed, OPERATIONS));
});
