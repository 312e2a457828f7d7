/**
 * Test 66 to 68 of the memory manager's list at full length: a million random maps through the kernel's sanitiser on
 * the emulated processor, page by page as the oracle has it; order; idempotence. S7X_SEED=number repeats another seed.
 */
import { expect, it } from 'vitest';
import { equalsOracle, firstBroken, ignoresOrder, isIdempotent } from '../boots/map-sanitiser.js';

const given = process.env['S7X_SEED'];
const SEEDS = given === undefined ? [1, 2, 3, 4] : [Number(given)];
const MAPS = 250_000;

it.each(SEEDS)(`66: the oracle's pages for ${MAPS} random maps, seed %d`, (seed) => {
  expect(firstBroken(equalsOracle, seed, MAPS)).toBeNull();
});

it.each(SEEDS)(`67: any order of ${MAPS} random maps, seed %d`, (seed) => {
  expect(firstBroken(ignoresOrder, seed + 100, MAPS)).toBeNull();
});

it.each(SEEDS)(`68: a sanitised map stays, ${MAPS} random maps, seed %d`, (seed) => {
  expect(firstBroken(isIdempotent, seed + 200, MAPS)).toBeNull();
});
