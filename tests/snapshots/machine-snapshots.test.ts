/**
 * A run to a moment, saved, restored in a machine made anew, and run to its end, is the run without a break: the same bytes, cycles,
 * instructions and state hash. Places are drawn from seeds that the tests' names have.
 */
import { describe, expect, it } from 'vitest';
import { loadArtefacts } from '../../emulator/cli/artefacts.js';
import type { MachineConfig } from '../../emulator/machine/machine.js';
import {
  restoreMachine,
  saveMachine,
  type RunLoopState,
  type SavedMachine,
} from '../../emulator/machine/machine-snapshot.js';
import { Moments, type MachineMoment } from '../../emulator/machine/moments.js';
import { NO_LIMITS } from '../../emulator/machine/run-end.js';
import { RunLoop } from '../../emulator/machine/run-loop.js';
import { DEFAULT_TUNING } from '../../emulator/machine/run-tuning.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { DEFAULT_TRANSLATION } from '../../emulator/translator/translator.js';
import { assembleGuest } from '../../scripts/bench/guest.js';
import { WORKLOADS } from '../../scripts/bench/workloads.js';
import { projectRoot } from '../cli/s7x.js';
import { RandomWords } from '../boots/random-words.js';
import { guestImage } from '../guests/guest.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

type Config = Partial<MachineConfig>;

const UNIT: Config = { timing: createTimingModel('unit', 2e8) };
const { timed } = loadArtefacts();
const MODELS: readonly (readonly [string, Config])[] = [
  ['unit', UNIT],
  ['unit, interpreted', { ...UNIT, translation: null }],
  [
    'unit, translated at once',
    { ...UNIT, translation: { ...DEFAULT_TRANSLATION, thresholdEntries: 1 } },
  ],
  ['zen1', { timing: createTimingModel('zen1'), timed }],
  ['skylake', { timing: createTimingModel('skylake'), timed }],
];

interface Saved {
  readonly machine: SavedMachine;
  readonly loop: RunLoopState;
  readonly serial: string;
}

/** As through a file: plain data, and copies of the memory. */
function saved({ machine, serial }: TestMachine, loop: RunLoop): Saved {
  const { state, memory, disk } = saveMachine(machine);
  return {
    machine: {
      state: JSON.parse(JSON.stringify(state)) as typeof state,
      memory: memory.map(({ address, bytes }) => ({ address, bytes: bytes.slice() })),
      disk: disk.map(({ block, bytes }) => ({ block, bytes: bytes.slice() })),
    },
    loop: JSON.parse(JSON.stringify(loop.snapshot())) as RunLoopState,
    serial,
  };
}

function finish(test: TestMachine, loop: RunLoop): object {
  let end = loop.runSlice();
  while (end === null) end = loop.runSlice();
  return { ...test.outcome(end), resets: loop.resets };
}

/** Runs to the end, and saves at the moments on the way. */
function runSaving(
  image: Uint8Array,
  config: Config,
  at: readonly MachineMoment[],
  onTripleFault: 'fail' | 'reset' = 'fail',
): { whole: ReturnType<typeof finish>; snapshots: Saved[] } {
  const test = new TestMachine(image, config);
  const snapshots: Saved[] = [];
  const moments = new Moments(
    at.map((moment) => ({ at: moment, reached: () => void snapshots.push(saved(test, loop)) })),
  );
  const loop: RunLoop = new RunLoop(
    test.machine,
    NO_LIMITS,
    onTripleFault,
    DEFAULT_TUNING,
    moments,
  );
  return { whole: finish(test, loop), snapshots };
}

function resumed(
  image: Uint8Array,
  config: Config,
  { machine, loop: state, serial }: Saved,
  onTripleFault: 'fail' | 'reset' = 'fail',
): ReturnType<typeof finish> {
  const test = new TestMachine(image, config);
  test.serial = serial;
  restoreMachine(test.machine, machine);
  const loop = new RunLoop(test.machine, NO_LIMITS, onTripleFault);
  loop.restore(state);
  return finish(test, loop);
}

const GUESTS = [
  'ticks',
  'ticks-busy',
  'two-ports',
  'floods-transmitter',
  'apic',
  'modifies-itself',
  'protected-faults',
  'task-switches',
  'debug-traps',
  'vector-registers',
  'resets-once',
  'post-codes',
  'spins-masked',
];

describe.each(MODELS)('with %s', (name, config) => {
  it.each(GUESTS.map((guest, index) => [guest, index + 1] as const))(
    '%s goes on as if there had been no break (seed %i)',
    (guest, seed) => {
      const image = guestImage(guest);
      const draw = new RandomWords(seed);
      const quiet = runSaving(image, config, [], 'reset').whole as {
        cycles: number;
        instructions: number;
      };
      const moments: MachineMoment[] = [
        { kind: 'cycle', cycle: 1 + draw.below(quiet.cycles) },
        { kind: 'instruction', count: 1 + draw.below(quiet.instructions) },
      ];
      const { whole, snapshots } = runSaving(image, config, moments, 'reset');
      expect(whole).toEqual(quiet);
      expect(snapshots).toHaveLength(2);
      for (const snapshot of snapshots) {
        expect(resumed(image, config, snapshot, 'reset')).toEqual(whole);
      }
    },
  );

  const bench = WORKLOADS.filter(({ copies }) => copies === undefined);
  it.each(bench.map((workload, index) => [workload.name, workload, index + 31] as const))(
    "the bench's %s goes on",
    (_, workload, seed) => {
      const { image } = assembleGuest(projectRoot, workload, 40);
      const quiet = runSaving(image, config, []).whole as { instructions: number };
      const count = 1 + new RandomWords(seed).below(quiet.instructions);
      const { whole, snapshots } = runSaving(image, config, [{ kind: 'instruction', count }]);
      expect(whole).toEqual(quiet);
      for (const snapshot of snapshots) expect(resumed(image, config, snapshot)).toEqual(whole);
      expect(snapshots).toHaveLength(1);
    },
  );

  it('the kernel boots on (seed 77)', () => {
    const options: Config = { ...config, commandLine: name === 'unit' ? '' : 'quiet' };
    const image = bundledKernel();
    const draw = new RandomWords(77);
    const quiet = runSaving(image, options, []).whole as { instructions: number };
    const count = 1 + draw.below(quiet.instructions);
    const { whole, snapshots } = runSaving(image, options, [{ kind: 'instruction', count }]);
    expect(whole).toEqual(quiet);
    expect(snapshots).toHaveLength(1);
    for (const snapshot of snapshots) expect(resumed(image, options, snapshot)).toEqual(whole);
  });
});
