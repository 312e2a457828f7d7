/** The plots of the documents: points lie where their axes say, and what is drawn as measured was measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { curves } from '../../scripts/plots/curves.js';
import { density } from '../../scripts/plots/density.js';
import { placeOf } from '../../scripts/plots/frame.js';
import { bytes, decades, grouped, powersOfTwo } from '../../scripts/plots/scale.js';
import { readMeasurements } from '../../scripts/staircases/comparison.js';
import { projectRoot } from '../cli/s7x.js';

const folder = join(projectRoot, 'docs/plots');
const plots = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}));

describe('a logarithmic axis', () => {
  const axis = decades('cycles', 1, 10_000);

  it.each([
    [1, 0],
    [10, 0.25],
    [100, 0.5],
    [10_000, 1],
  ])('has %i at %d of its length', (value, share) => {
    expect(axis.position(value)).toBeCloseTo(share, 12);
  });

  it('writes 1, 2 and 5 of each power of ten, or powers of two', () => {
    const labels = decades('cycles', 0.4, 12).ticks.map(({ label }) => label);
    expect(labels).toEqual(['0.5', '1', '2', '5', '10']);
    const sizes = powersOfTwo('bytes', { low: 300, high: 2_097_152 }, 4, bytes);
    expect(sizes.ticks.map(({ label }) => label)).toEqual(['512 B', '8 KiB', '128 KiB', '2 MiB']);
    expect([0.05, 999, 16_384, 1_000_000].map(grouped)).toEqual([
      '0.05',
      '999',
      '16 384',
      '1 000 000',
    ]);
  });
});

describe('a plot', () => {
  const plot = { title: 't', x: decades('x', 1, 100), y: decades('y', 1, 100) };

  it('has its low values at the left and below', () => {
    const [low, high] = [placeOf(plot, { x: 1, y: 1 }), placeOf(plot, { x: 100, y: 100 })];
    expect(low.x).toBeLessThan(high.x);
    expect(low.y).toBeGreaterThan(high.y);
  });

  it('draws a measured point as a circle in its place, with its figures for who points at it', () => {
    const point = { name: 'p<q', x: 10, measured: 10, modelled: 1 };
    const text = curves(plot, [{ label: 'line', points: [point] }]);
    const { x, y } = placeOf(plot, { x: 10, y: 10 });
    expect(text).toContain(`<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}"`);
    expect(text).toContain('<title>p&lt;q: measured 10.00, modelled 1.00 cycles</title>');
  });

  it('of many pairs counts those of a cell together', () => {
    const text = density('t', [
      { measured: 10, modelled: 10 },
      { measured: 10, modelled: 10 },
      { measured: 100, modelled: 1 },
    ]);
    expect(text.match(/<title>(1|2)<\/title>/g)?.sort()).toEqual([
      '<title>1</title>',
      '<title>2</title>',
    ]);
  });
});

describe('docs/plots', () => {
  it.each([
    ['docs/accuracy.md', plots.filter(({ name }) => !name.startsWith('kernel-'))],
    ['docs/kernel-bench.md', plots.filter(({ name }) => name.startsWith('kernel-'))],
  ])('are all shown in %s', (document, ofDocument) => {
    const page = readFileSync(join(projectRoot, document), 'utf8');
    const shown = [...page.matchAll(/]\(plots\/([a-z0-9-]+\.svg)\)/g)].map(([, name]) => name);
    expect(shown.sort()).toEqual(ofDocument.map(({ name }) => name).sort());
  });

  it('draw as measured what was measured', () => {
    const { cycles } = readMeasurements(projectRoot);
    const drawn = plots.flatMap(({ text }) =>
      [...text.matchAll(/<title>([^<]*): measured ([\d.]+), modelled/g)].map(
        ([, name = '', value]) => [name, value],
      ),
    );
    expect(drawn.length).toBeGreaterThan(100);
    for (const [name = '', value] of drawn) expect(cycles[name]?.[1].toFixed(2), name).toBe(value);
  });
});
