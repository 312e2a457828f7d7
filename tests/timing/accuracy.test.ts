/** What `npm run accuracy` reads and how it counts. */
import { describe, expect, it } from 'vitest';
import { parseMeasuredBlocks } from '../../scripts/accuracy/measured-blocks.js';
import { agreement, kendallTauB } from '../../scripts/accuracy/statistics.js';

describe('a file of measured blocks', () => {
  it('is a straight line without the columns of a loop, and a loop with them', () => {
    const straight = parseMeasuredBlocks(
      'f',
      'hex,zen1_cycles_per_iter,pages_touched\n90,0.25,2\n',
      null,
    );
    expect(straight.mode).toBe('unrolled');
    expect(straight.blocks[0]).toMatchObject({ hex: '90', cycles: 0.25, pages: 2, loop: null });
    const header = 'hex,cycles_per_iter,pages,loop_reg,copies_per_loop';
    const loop = parseMeasuredBlocks('f', `${header}\n90,0.2,0,15,11\n`, null);
    expect(loop.mode).toBe('loop');
    expect(loop.blocks[0]?.loop).toEqual({ register: 15, copies: 11 });
  });

  it('may be two columns without a header, with comments', () => {
    const { blocks } = parseMeasuredBlocks('f', '# mine\n4801d8,1.0\n\n90,0.2\n', 50);
    expect(blocks.map(({ hex, loop }) => [hex, loop?.copies])).toEqual([
      ['4801d8', 50],
      ['90', 50],
    ]);
  });

  it.each([
    ['', 'f: the file has no blocks'],
    ['hex,cycles\n', 'f: the file has no blocks'],
    ['code,time\n90,1\n', "f:1: the header 'code,time' names no columns hex and cycles"],
    ['hex,cycles\n9,1\n', "f:2: a block must be bytes in hexadecimal digits, not '9'"],
    ['hex,cycles\n90,fast\n', "f:2: the cycles must be a number, not 'fast'"],
    ['hex,cycles\n90,0\n', "f:2: the cycles must be more than 0, not '0'"],
    ['hex,cycles,setup\n90,1,rax\n', "f:2: a setup is register=value, not 'rax'"],
    [
      'hex,cycles,loop_reg,copies_per_loop\n90,1,16,4\n',
      "f:2: loop_reg must be a register, 0 to 15, not '16'",
    ],
  ])('is refused with file, line and value: %j', (text, message) => {
    expect(() => parseMeasuredBlocks('f', text, null)).toThrow(message);
  });
});

describe("Kendall's tau-b", () => {
  const tau = (measured: number[], modelled: number[]): number =>
    kendallTauB(
      measured.map((value, index) => ({ measured: value, modelled: modelled[index] ?? 0 })),
    );

  it('is 1 for the same order and -1 for the opposite one', () => {
    expect(tau([1, 2, 3], [10, 20, 30])).toBe(1);
    expect(tau([1, 2, 3], [3, 2, 1])).toBe(-1);
  });

  it('counts ties as the definition does', () => {
    const measured = [1, 1, 2, 3, 3, 4, 5, 2];
    const modelled = [2, 1, 1, 3, 3, 2, 5, 4];
    let difference = 0;
    let untiedMeasured = 0;
    let untiedModelled = 0;
    for (let i = 0; i < measured.length; i++) {
      for (let j = 0; j < i; j++) {
        const a = Math.sign((measured[i] ?? 0) - (measured[j] ?? 0));
        const b = Math.sign((modelled[i] ?? 0) - (modelled[j] ?? 0));
        difference += a * b;
        untiedMeasured += a * a;
        untiedModelled += b * b;
      }
    }
    expect(tau(measured, modelled)).toBeCloseTo(
      difference / Math.sqrt(untiedMeasured * untiedModelled),
      12,
    );
  });
});

describe('the agreement of model and measurement', () => {
  it('is the mean, the median and the sign of relative errors', () => {
    const found = agreement([
      { measured: 1, modelled: 1.05 },
      { measured: 2, modelled: 1 },
      { measured: 4, modelled: 4 },
    ]);
    expect(found.mape).toBeCloseTo(0.55 / 3, 12);
    expect(found.medianError).toBeCloseTo(0.05, 12);
    expect(found.bias).toBeCloseTo(-0.15, 12);
    expect(found.within10Percent).toBeCloseTo(2 / 3, 12);
  });
});
