/** All guest programs that were measured on silicon, the long ones too, on the zen1 core; and the plots that show them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { figures } from '../../scripts/plots/figures.js';
import {
  BEYOND_SAMPLES,
  compare,
  experiments,
  OUTSIDE,
  readMeasurements,
} from '../../scripts/staircases/comparison.js';
import { MEASURED_MACHINE } from '../../scripts/staircases/measured-machine.js';
import { projectRoot } from '../cli/s7x.js';

const measurements = readMeasurements(projectRoot);
const comparisons = experiments().map((experiment) =>
  compare({ rootDir: projectRoot, model: MEASURED_MACHINE }, measurements, experiment),
);

describe('zen1 takes the cycles of silicon, within 10 % of the median', () => {
  it.each(comparisons.filter(({ name }) => !OUTSIDE.has(name)))('$name', ({ error }) => {
    expect(Math.abs(error)).toBeLessThanOrEqual(0.1);
  });
});

describe('a figure that docs/accuracy.md lists as missed', () => {
  it.each(comparisons.filter(({ name }) => OUTSIDE.has(name)))(
    'is still missed: $name',
    (found) => {
      expect(Math.abs(found.error)).toBeGreaterThan(0.1);
      expect(Math.abs(found.errorOfSamples) > 0.1).toBe(BEYOND_SAMPLES.has(found.name));
    },
  );

  it('is one of the measured ones', () => {
    const names = new Set(comparisons.map(({ name }) => name));
    expect([...OUTSIDE].filter((name) => !names.has(name))).toEqual([]);
    expect([...BEYOND_SAMPLES].filter((name) => !OUTSIDE.has(name))).toEqual([]);
  });
});

describe('docs/plots', () => {
  it.each([...figures(comparisons)])('%s is what today’s model draws', (name, text) => {
    expect(readFileSync(join(projectRoot, 'docs/plots', name), 'utf8')).toBe(text);
  });
});
