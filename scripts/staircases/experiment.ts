/** One figure that was measured on silicon, and how a guest program brings the model to it. */
import type { CoreModel } from '../../emulator/timing/core-model.js';
import { TimedGuest } from './timed-guest.js';

/** Where the project is, and the core to run. */
export interface Bench {
  readonly rootDir: string;
  readonly model: CoreModel;
}

export interface Experiment {
  /** As in tests/timing/zen1-measurements.json. */
  readonly name: string;
  /** Small enough for the normal test suite. */
  readonly quick: boolean;
  /** Cycles of one step: a load, a string instruction, a branch. */
  readonly cycles: (bench: Bench) => number;
}

/** Cycles of one of `steps` steps, of which each of `passes` passes makes so many; an equal number of passes warms up. */
export function cyclesOfStep(
  bench: Bench,
  program: { readonly source: string; readonly pages: '2 MiB' | '4 KiB' },
  passes: number,
  steps: number,
  prepare: (guest: TimedGuest) => void = () => undefined,
): number {
  const guest = new TimedGuest(bench.rootDir, bench.model, program.source, program.pages);
  prepare(guest);
  guest.run({ rbp: passes });
  return guest.run({ rbp: passes }) / (passes * steps);
}
