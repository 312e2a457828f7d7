/**
 * Loops of taken branches. AMD 55723, "Branch Prediction": the innermost target buffer holds four taken branches forwards
 * and four backwards and loses no cycle; the next level, which holds 256, loses one for each.
 */
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { cyclesOfStep } from '../../scripts/staircases/experiment.js';
import { projectRoot } from '../cli/s7x.js';

const PASSES = 2000;
const bench = { rootDir: projectRoot, model: ZEN1 };

/** Jumps over an instruction; the loop's own branch goes backwards. */
const forwards = (count: number): string =>
  Array.from({ length: count }, (_, jump) => `jmp over${jump}\nnop\nover${jump}:`).join('\n');

/** Jumps forwards to the last place, from there backwards, place by place: `count` backwards beside the loop's own. */
const backwards = (count: number): string => {
  const places = Array.from({ length: count }, (_, place) => `back${place}: jmp back${place - 1}`);
  return `jmp back${count - 1}\nback-1: jmp done\n${places.join('\n')}\ndone:`.replaceAll(
    '-1',
    '_1',
  );
};

describe('a pass of a loop of taken branches on Zen 1', () => {
  it.each([
    [1, 2],
    [2, 3],
    [4, 5],
    // Five do not fit: each has gone when its turn comes again. The loop's own still fits.
    [5, 11],
    [8, 17],
    [40, 81],
  ])('with %i forwards takes %i cycles', (count, expected) => {
    expect(cyclesOf(forwards(count))).toBeCloseTo(expected, 0);
  });

  it.each([
    // One forwards to begin with and one to the end, `count` and the loop's own backwards.
    [1, 4],
    [3, 6],
    [4, 2 + 10],
  ])('with %i backwards and two forwards takes %i cycles', (count, expected) => {
    expect(cyclesOf(backwards(count))).toBeCloseTo(expected, 0);
  });
});

function cyclesOf(branches: string): number {
  const source = `pass:\n${branches}\nsub ebp, 1\njnz pass`;
  return cyclesOfStep(bench, { source, pages: '2 MiB' }, PASSES, 1);
}
