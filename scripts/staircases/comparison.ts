/** All experiments, beside what silicon took. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { branches } from './branches.js';
import type { Bench, Experiment } from './experiment.js';
import { chases, independentLoads, pageChases } from './memory.js';
import { plainLoops, repeatedStrings } from './strings.js';

/** Known to be more than 10 % off; docs/accuracy.md, "Time", says why as far as that is known. */
export const OUTSIDE: ReadonlySet<string> = new Set([
  'chase 40K',
  'chase 64K',
  'loop store 8B 4096KB',
  'loop load 8B 4KB',
  'shr/jc all-1',
  'shr/jc random',
  'indirect cyclic4',
  'indirect random4',
]);

export interface Comparison {
  readonly name: string;
  readonly measured: number;
  readonly modelled: number;
  /** Of the measured figure: 0.1 is 10 %. */
  readonly error: number;
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

interface Measurements {
  readonly cycles: Readonly<Record<string, number>>;
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
  const measured = cycles[experiment.name];
  if (measured === undefined) throw new Error(`Nothing was measured as "${experiment.name}".`);
  const modelled = experiment.cycles(bench);
  return { name: experiment.name, measured, modelled, error: modelled / measured - 1 };
}
