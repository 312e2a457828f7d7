/** All experiments, beside what silicon took. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { branches } from './branches.js';
import type { Bench, Experiment } from './experiment.js';
import { chases, independentLoads, pageChases } from './memory.js';
import { plainLoops, repeatedStrings } from './strings.js';

/** Known to be more than 10 % off the median; docs/accuracy.md, "Time", says why as far as that is known. */
export const OUTSIDE: ReadonlySet<string> = new Set([
  'chase 40K',
  'chase 64K',
  'indep rnd loads 16K',
  'indep rnd loads 256K',
  'loop store 8B 4096KB',
  'loop load 8B 4KB',
  'shr/jc all-1',
  'shr/jc random',
  'indirect cyclic4',
  'indirect random4',
]);

/** Those of them that are more than 10 % off the samples' middle part, too. */
export const BEYOND_SAMPLES: ReadonlySet<string> = new Set([
  'chase 64K',
  'indep rnd loads 256K',
  'loop store 8B 4096KB',
  'loop load 8B 4KB',
  'shr/jc all-1',
]);

export interface Comparison {
  readonly name: string;
  /** The median of the samples. */
  readonly measured: number;
  readonly modelled: number;
  /** Of the median: 0.1 is 10 %. */
  readonly error: number;
  /** The same from the nearest of what lies between the samples' tenth and 75th percentile; 0: it lies between them. */
  readonly errorOfSamples: number;
}

export function experiments(): Experiment[] {
  return [
    ...chases(),
    ...pageChases(),
    ...independentLoads(),
    ...repeatedStrings(),
    ...plainLoops(),
    ...branches(),
  ];
}

/** The tenth percentile of the samples, the median and the 75th percentile, in cycles. */
type Samples = readonly [number, number, number];

interface Measurements {
  readonly cycles: Readonly<Record<string, Samples>>;
}

export function readMeasurements(rootDir: string): Measurements {
  const text = readFileSync(join(rootDir, 'tests/timing/zen1-measurements.json'), 'utf8');
  return JSON.parse(text) as Measurements;
}

export function compare(
  bench: Bench,
  { cycles }: Measurements,
  experiment: Experiment,
): Comparison {
  const { name } = experiment;
  const samples = cycles[name];
  if (samples === undefined) throw new Error(`Nothing was measured as "${name}".`);
  const [low, measured, high] = samples;
  const modelled = experiment.cycles(bench);
  const nearest = Math.min(Math.max(modelled, low), high);
  const errorOfSamples = modelled / nearest - 1;
  return { name, measured, modelled, error: modelled / measured - 1, errorOfSamples };
}
