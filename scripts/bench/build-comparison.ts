/**
 * Compares builds of this emulator, or its tiers or timing models, on one workload, on a host that is busy with other things.
 *
 * The builds run the same guest in one process, in turn, in slices shorter than the host's scheduler lets others in: the
 * fastest slices are those that nothing disturbed, and they repeat to about one per cent.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { readBranchHints } from '../../emulator/cli/bundled-program.js';
import type * as ArtefactsModule from '../../emulator/cli/artefacts.js';
import type * as MachineModule from '../../emulator/machine/machine.js';
import type * as ImageModule from '../../emulator/machine/image.js';
import type * as RunEndModule from '../../emulator/machine/run-end.js';
import type * as RunLoopModule from '../../emulator/machine/run-loop.js';
import type * as PcMapModule from '../../emulator/memory/pc-map.js';
import type * as TimingModule from '../../emulator/timing/models.js';
import { GUEST_RAM_MIB } from './emulator.js';
import { assembleGuest, ITERATIONS_MAX } from './guest.js';
import type { Workload } from './workloads.js';

interface GuestMachine {
  /** Executes about so many instructions; returns those retired. */
  run(instructions: number): number;
}

export interface BuildSpeed {
  /** Guest instructions, or bytes that strings write, per second: of the 98th percentile of slices, and of the middle one. */
  readonly undisturbed: number;
  readonly median: number;
}

/** How a guest is cut into slices. */
interface Slicing {
  /** The guest is at its workload after this many instructions of firmware, set-up and first passes. */
  readonly bootInstructions: number;
  readonly sliceInstructionsMin: number;
  /** A run of the warm-up: short ones end in the middle of blocks so often that what is behind becomes regions of its own, which no real run has. */
  readonly warmUpInstructions: number;
}

const ORDINARY: Slicing = {
  bootInstructions: 3_000_000,
  sliceInstructionsMin: 500,
  warmUpInstructions: 100_000,
};
/** With a timing engine: there, one string instruction takes milliseconds. */
const STRINGS: Slicing = {
  bootInstructions: 12_000,
  sliceInstructionsMin: 6,
  warmUpInstructions: 60,
};
const WARM_UP_SECONDS = 2;
const SLICE_SECONDS = 0.0005;
const RUN_INSTRUCTIONS_MAX = 100_000;
const UNDISTURBED_QUANTILE = 0.98;
/** The model that counts instructions. */
export const UNTIMED = 'unit';

/** A build, its timing model, and whether it interprets everything or translates what is hot. */
export interface Contender {
  readonly rootDir: string;
  readonly cpu: string;
  readonly interprets: boolean;
}

/** Speeds of the contenders, in their order. Measures for `seconds` in each. */
export async function compareBuilds(
  contenders: readonly Contender[],
  workload: Workload,
  seconds: number,
): Promise<BuildSpeed[]> {
  readBranchHints();
  const guest = assembleGuest(contenders[0]?.rootDir ?? '', workload, ITERATIONS_MAX);
  const units = guest.unitsPerIteration / guest.instructionsPerIteration;
  const booted: (readonly [GuestMachine, Slicing])[] = [];
  for (const contender of contenders) {
    const slicing = slicingOf(contender, workload);
    booted.push([await bootGuest(contender, guest.image, slicing.bootInstructions), slicing]);
  }
  repeatFor(WARM_UP_SECONDS * booted.length, () => {
    for (const [machine, { warmUpInstructions }] of booted) machine.run(warmUpInstructions);
  });
  const runners = booted.map(([machine, { sliceInstructionsMin }]) => ({
    machine,
    instructions: sliceInstructions(machine, sliceInstructionsMin),
    speeds: [] as number[],
  }));
  repeatFor(seconds * booted.length, () => {
    for (const { machine, instructions, speeds } of runners) {
      speeds.push(sliceSpeed(machine, instructions));
    }
  });
  return runners.map(({ speeds }) => {
    speeds.sort((a, b) => a - b);
    return {
      undisturbed: quantile(speeds, UNDISTURBED_QUANTILE) * units,
      median: quantile(speeds, 0.5) * units,
    };
  });
}

function slicingOf({ cpu }: Contender, { kind }: Workload): Slicing {
  return cpu !== UNTIMED && kind === 'string' ? STRINGS : ORDINARY;
}

function repeatFor(seconds: number, action: () => void): void {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) action();
}

/** Instructions per second of one slice. */
function sliceSpeed(machine: GuestMachine, instructions: number): number {
  const start = performance.now();
  const retired = machine.run(instructions);
  return (retired * 1000) / (performance.now() - start);
}

/** Instructions that take about SLICE_SECONDS. */
function sliceInstructions(machine: GuestMachine, instructionsMin: number): number {
  const speeds = Array.from({ length: 20 }, () => sliceSpeed(machine, instructionsMin));
  speeds.sort((a, b) => a - b);
  return Math.max(instructionsMin, Math.round(quantile(speeds, 0.5) * SLICE_SECONDS));
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor((sorted.length - 1) * part)] ?? NaN;
}

/** A machine of the contender's build that has booted the guest into its workload. */
async function bootGuest(
  { rootDir, cpu, interprets }: Contender,
  image: Uint8Array,
  bootInstructions: number,
): Promise<GuestMachine> {
  const build = join(rootDir, 'dist');
  const load = (path: string): Promise<unknown> => import(pathToFileURL(join(build, path)).href);
  const { loadArtefacts } = (await load('emulator/cli/artefacts.js')) as typeof ArtefactsModule;
  const { Machine } = (await load('emulator/machine/machine.js')) as typeof MachineModule;
  const { RunLoop } = (await load('emulator/machine/run-loop.js')) as typeof RunLoopModule;
  const { NO_LIMITS } = (await load('emulator/machine/run-end.js')) as typeof RunEndModule;
  const { recogniseImage } = (await load('emulator/machine/image.js')) as typeof ImageModule;
  const { createTimingModel } = (await load('emulator/timing/models.js')) as typeof TimingModule;
  const { pcMap } = (await load('emulator/memory/pc-map.js')) as typeof PcMapModule;
  const machine = new Machine({
    ...loadArtefacts(),
    image: recogniseImage(image, 'guest'),
    commandLine: '',
    memoryMap: pcMap(BigInt(GUEST_RAM_MIB) << 20n).map,
    timing: createTimingModel(cpu),
    ...(interprets ? { translation: null } : {}),
    uartMode: 'real',
    fillPattern: 0n,
    residentMaxBytes: 1 << 30,
    trace: { categories: new Set(), event: () => undefined },
    output: { serial: () => undefined, debug: () => undefined },
  });
  const loop = new RunLoop(machine, { ...NO_LIMITS, instructions: bootInstructions }, 'fail');
  while (loop.runSlice() === null);
  const { processor } = machine;
  // Nobody looks at events from here on: an engine would end the run behind every block once the loop's next one is due.
  machine.allowanceBehindPort = () => 0;
  machine.time.budgetUntil(Number.POSITIVE_INFINITY, RUN_INSTRUCTIONS_MAX);
  return {
    run: (instructions) => {
      const before = processor.retired;
      const end = before + instructions;
      // Runs as short as the run loop's: they let V8 replace code that is still running.
      while (processor.retired < end) {
        processor.run(Math.min(end - processor.retired, RUN_INSTRUCTIONS_MAX));
      }
      return processor.retired - before;
    },
  };
}
