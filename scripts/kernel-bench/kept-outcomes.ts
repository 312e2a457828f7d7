/** Outcomes of a benchmark in a file, so that it can go on after an interruption, and its documents be written again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ALONE, CONTENDERS } from './contenders.js';
import type { Outcome, Run } from './run-kernels.js';

interface Kept extends Omit<Outcome, 'run'> {
  readonly run: Omit<Run, 'contender'> & { readonly contender: string };
}

export function keepOutcomes(path: string, outcomes: readonly Outcome[]): void {
  const kept = outcomes.map(({ run, lines }): Kept => ({
    run: { ...run, contender: run.contender.name },
    lines,
  }));
  writeFileSync(path, `${JSON.stringify(kept)}\n`);
}

/** What the file has; nothing when there is none. @throws when it speaks of a contender that is not there */
export function keptOutcomes(path: string): Outcome[] {
  if (!existsSync(path)) return [];
  const kept = JSON.parse(readFileSync(path, 'utf8')) as readonly Kept[];
  return kept.map(({ run, lines }) => {
    const contender = [...CONTENDERS, ALONE].find(({ name }) => name === run.contender);
    if (contender === undefined)
      throw new Error(`${path}: no contender is called ${run.contender}`);
    return { run: { ...run, contender }, lines };
  });
}
