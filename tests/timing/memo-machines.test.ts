/** Whole machines with what the timing engine remembers, and without: the same bytes, cycles, counters and state. */
import { describe, expect, it } from 'vitest';
import { loadArtefacts } from '../../emulator/cli/artefacts.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { assembleGuest } from '../../scripts/bench/guest.js';
import { WORKLOADS } from '../../scripts/bench/workloads.js';
import { projectRoot } from '../cli/s7x.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const { timed } = loadArtefacts();
/** Behind them, most of what a guest does is known. */
const ITERATIONS = 40;

function run(
  image: Uint8Array,
  model: string,
  remembers: boolean,
  commandLine = '',
  runInstructionsMax = 100_000,
): object {
  if (timed === undefined) throw new Error('no timed core');
  const test = new TestMachine(image, {
    timing: createTimingModel(model),
    timed: { ...timed, remembers },
    commandLine,
  });
  return test.outcome(test.run({ countsPasses: true, runInstructionsMax }));
}

describe.each(['zen1', 'skylake'])('with %s', (model) => {
  const guests = WORKLOADS.filter(({ copies }) => copies === undefined);
  it.each(guests.map((workload) => [workload.name, workload] as const))(
    "the bench's %s takes the same cycles with the memo and without",
    (name, workload) => {
      const iterations = workload.kind === 'computation' && name !== 'sieve' ? ITERATIONS : 3;
      const { image } = assembleGuest(projectRoot, workload, iterations);
      expect(run(image, model, true)).toEqual(run(image, model, false));
    },
  );

  it.each(['notests', 'quiet'])("so does the kernel's boot with '%s'", (commandLine) => {
    const without = run(bundledKernel(), model, false, commandLine);
    expect(run(bundledKernel(), model, true, commandLine)).toEqual(without);
    expect(run(bundledKernel(), model, true, commandLine, 77)).toEqual(without);
  });
});
