/**
 * Random loops and random functions end in the same state, after the same number of instructions, whether their blocks are
 * interpreted or translated, however early they are translated and however the run is cut. The interpreter is the
 * expectation: the vectors of silicon hold it to the truth.
 */
import { describe, expect, it } from 'vitest';
import { Scatter } from '../instructions/scatter.js';
import { KINDS, nextProgram, runProgram, toldOf } from './random-programs.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

const SEED = 0x7a_11_0c;
const PROGRAMS = 60;
const INSTRUCTIONS_MAX = 4000;

describe.each(KINDS)('random $kind', (kind) => {
  const interpreted = new TierMachine(null, {}, kind.bits);
  const translating = TRANSLATING.map(([threshold, slice]) => ({
    tier: new TierMachine(threshold, {}, kind.bits),
    slice,
    name: `threshold ${threshold}, runs of ${slice}`,
  }));

  it('do not depend on the tier', () => {
    const scatter = new Scatter(SEED);
    let executed = 0;
    for (let number = 0; number < PROGRAMS; number++) {
      const program = nextProgram(kind, scatter, number);
      const run = (tier: TierMachine, slice: number): string =>
        runProgram(tier, program, slice, INSTRUCTIONS_MAX);
      const expected = run(interpreted, INSTRUCTIONS_MAX);
      executed += Number(expected.split(' ')[1]);
      for (const { tier, slice, name } of translating) {
        const told = `${name}, ${toldOf(program, SEED, number)}`;
        expect(withoutCounters(run(tier, slice)), told).toBe(withoutCounters(expected));
      }
    }
    expect(executed).toBeGreaterThan(PROGRAMS * 100);
    for (const { tier, name } of translating) {
      expect(tier.translator?.made ?? 0, name).toBeGreaterThan(PROGRAMS / 2);
    }
  });
});

/** Each machine has seen a different number of TLB misses before. */
function withoutCounters(figures: string): string {
  return figures.split(' ').slice(0, 5).join(' ');
}
