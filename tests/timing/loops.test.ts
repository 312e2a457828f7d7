/**
 * C loops as gcc compiled them (loops.json): in a guest they return what a processor returned, and take what steps of
 * the same kind take on Zen 1, where those were measured.
 */
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { runInGuest } from '../../scripts/loops/guest-half.js';
import { codeOf, readLoops } from '../../scripts/loops/recorded-loops.js';
import { readMeasurements } from '../../scripts/staircases/comparison.js';
import { projectRoot } from '../cli/s7x.js';

const bench = { rootDir: projectRoot, model: ZEN1 };
const recorded = readLoops(projectRoot);
const code = codeOf(recorded);
const loops = recorded.loops.map((loop, place) => ({ ...loop, place }));

describe('a C loop', () => {
  it.each(loops)('$name returns what it returned on a processor', ({ place, value, zen1 }) => {
    const run = runInGuest(bench, code, place);
    expect(run.value).toBe(value);
    if (zen1 === undefined) return;
    const ratio = run.cycles / (zen1.cycles * zen1.steps);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it('is judged by figures that were measured on Zen 1', () => {
    const { cycles } = readMeasurements(projectRoot);
    const staircases = loops.filter(({ zen1 }) => zen1 !== undefined && zen1.from in cycles);
    expect(staircases.length).toBe(3);
    for (const { zen1 } of staircases) expect(zen1?.cycles).toBe(cycles[zen1?.from ?? '']?.[1]);
  });
});
