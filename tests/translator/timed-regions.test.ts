/**
 * Translated code tells a timing engine what interpreted code tells it: each instruction, each access and each transfer, in order; and whole machines
 * take the same cycles under each model, however early they are translated and however the run is cut.
 */
import { describe, expect, it } from 'vitest';
import { loadArtefacts } from '../../emulator/cli/artefacts.js';
import { DEFAULT_TUNING, type RunTuning } from '../../emulator/machine/run-tuning.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import type { TranslatorOptions } from '../../emulator/translator/translator.js';
import { assembleGuest } from '../../scripts/bench/guest.js';
import { WORKLOADS } from '../../scripts/bench/workloads.js';
import { projectRoot } from '../cli/s7x.js';
import { guestImage } from '../guests/guest.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';
import { Scatter } from '../instructions/scatter.js';
import { RecordingEngine } from '../timing/recording-engine.js';
import { KINDS, nextProgram, runProgram, toldOf } from './random-programs.js';
import { TierMachine } from './tier-comparison.js';

const SEED = 0x71_3e_d0;
const PROGRAMS = 40;
const INSTRUCTIONS_MAX = 4000;
/** Threshold of the translator, and instructions of one run. */
const TIMED_TIERS = [
  [1, 1_000_000],
  [2, 1_000_000],
  [1, 13],
  [3, 101],
] as const;

describe.each(KINDS)('random $kind', (kind) => {
  const machineOf = (threshold: number | null) => {
    const engine = new RecordingEngine();
    return { engine, tier: new TierMachine(threshold, {}, kind.bits, {}, engine.attach) };
  };
  type Recorded = ReturnType<typeof machineOf>;
  const interpreted = machineOf(null);
  const translating = TIMED_TIERS.map(([threshold, slice]) => ({
    ...machineOf(threshold),
    slice,
    name: `threshold ${threshold}, runs of ${slice}`,
  }));

  it('tell the engine the same in every tier', () => {
    const scatter = new Scatter(SEED);
    for (let number = 0; number < PROGRAMS; number++) {
      const program = nextProgram(kind, scatter, number);
      const run = ({ engine, tier }: Recorded, slice: number): object => {
        engine.forget();
        const end = runProgram(tier, program, slice, INSTRUCTIONS_MAX).split(' ').slice(0, 5);
        const { accesses, completed, events, left } = engine;
        return { end, accesses, completed, events, left };
      };
      const expected = run(interpreted, INSTRUCTIONS_MAX);
      expect(interpreted.engine.completed.length).toBeGreaterThan(0);
      for (const { slice, name, ...machine } of translating) {
        expect(run(machine, slice), `${name}, ${toldOf(program, SEED, number)}`).toEqual(expected);
      }
    }
    for (const { tier, name } of translating) {
      expect(tier.translator?.made ?? 0, name).toBeGreaterThan(PROGRAMS / 2);
    }
  });
});

it('a region that grows may have all others given up, where there is no more room, and the one that is entered among them', () => {
  const [, calls] = KINDS;
  if (calls === undefined) throw new Error('no programs of functions');
  const interpreted = new TierMachine(null, {}, calls.bits, {}, new RecordingEngine().attach);
  const tier = new TierMachine(1, {}, calls.bits, {}, new RecordingEngine().attach);
  const { translator } = tier;
  if (translator === null) throw new Error('no translator');
  let given = 0;
  translator.widen = () => {
    translator.untranslate(0);
    given++;
  };
  const scatter = new Scatter(SEED);
  for (let number = 0; number < PROGRAMS; number++) {
    const program = nextProgram(calls, scatter, number);
    const [expected, found] = [interpreted, tier].map((machine) =>
      runProgram(machine, program, INSTRUCTIONS_MAX, INSTRUCTIONS_MAX).split(' ').slice(0, 5),
    );
    expect(found, toldOf(program, SEED, number)).toEqual(expected);
  }
  expect(given).toBeGreaterThan(0);
});

const { timed } = loadArtefacts();
const EAGER: TranslatorOptions = { thresholdEntries: 2, regionsMax: 1000, bytesMax: 16 << 20 };
const FEW: TranslatorOptions = { thresholdEntries: 20, regionsMax: 5, bytesMax: 16 << 20 };
const SOON: TranslatorOptions = { ...EAGER, thresholdEntries: 50 };
const SHORT_RUNS: RunTuning = { countsPasses: true, runInstructionsMax: 97 };

/** A guest's run. */
function run(
  image: Uint8Array,
  model: string,
  translation: TranslatorOptions | null,
  tuning: RunTuning = DEFAULT_TUNING,
  commandLine = '',
): object {
  const timing = createTimingModel(model);
  const test = new TestMachine(image, { timing, timed, translation, commandLine });
  return test.outcome(test.run(tuning));
}

describe.each(['zen1', 'skylake'])('with %s', (model) => {
  const guests = WORKLOADS.filter(({ copies }) => copies === undefined);
  it.each(guests.map((workload) => [workload.name, workload] as const))(
    "the bench's %s takes the same cycles in each tier",
    (name, workload) => {
      const iterations = workload.kind === 'computation' && name !== 'sieve' ? 12 : 3;
      const { image } = assembleGuest(projectRoot, workload, iterations);
      expect(run(image, model, EAGER)).toEqual(run(image, model, null));
    },
  );

  it("so does the kernel's boot", () => {
    const expected = run(bundledKernel(), model, null, DEFAULT_TUNING, 'quiet');
    expect(run(bundledKernel(), model, EAGER, DEFAULT_TUNING, 'quiet')).toEqual(expected);
    expect(run(bundledKernel(), model, FEW, SHORT_RUNS, 'quiet')).toEqual(expected);
  });
});

describe('with zen1, in runs of 97 instructions and with room for five regions', () => {
  it.each([
    ...['power-off', 'ticks', 'ticks-busy', 'modifies-itself', 'two-ports', 'floods-transmitter'],
    ...['vector-registers', 'triple-fault', 'bad-pointer', 'galois', 'time-stamps', 'apic'],
    ...['debug-traps', 'protected-faults', 'task-switches', 'waits-masked'],
  ])('%s takes the same cycles as interpreted', (name) => {
    const image = guestImage(name);
    expect(run(image, 'zen1', FEW, SHORT_RUNS)).toEqual(run(image, 'zen1', null));
  });
});

describe('the kernel with its tests', () => {
  it('takes the same cycles when it is translated', () => {
    expect(run(bundledKernel(), 'zen1', SOON)).toEqual(run(bundledKernel(), 'zen1', null));
  });
});
