import type { Emulator } from './emulator.js';
import { runGuest, type GuestRun, type Place } from './guest-run.js';
import { ITERATIONS_MAX } from './guest.js';
import { CHECK_ITERATIONS, type Workload } from './workloads.js';

/** What one round says about one workload on one emulator. */
export interface Speed {
  /** Instructions or bytes per second of CPU time. */
  readonly unitsPerSecond: number;
  /** CPU time that does not grow with the guest's work: the emulator's start, its BIOS, its translations. */
  readonly startUpSeconds: number;
}

export interface SpeedRow {
  readonly workload: Workload;
  /** By the emulator's name, one entry a round. */
  readonly speeds: ReadonlyMap<string, readonly Speed[]>;
}

interface SpeedOptions {
  readonly place: Place;
  readonly emulators: readonly Emulator[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  /** CPU time of the guest's work in a long run. */
  readonly runSeconds: number;
  readonly progress: (text: string) => void;
}

/** One workload on one emulator, with how often it repeats its work in a long run. */
interface Contest {
  readonly workload: Workload;
  readonly emulator: Emulator;
  readonly longIterations: number;
  readonly speeds: Speed[];
}

/** The short run does this part of the long one: enough for the hot code to be compiled in both. */
const SHORT_RUN_PART = 4;
/** A first guess takes about this many units of work, and grows by the factor until it can be timed. */
const FIRST_UNITS = 1_000_000;
const GROWTH = 8;
const TIMEABLE_SECONDS = 0.25;

/**
 * Times all workloads on all emulators, in turn within each round.
 * A speed is the difference of a long and a short run in work, divided by their difference in CPU time.
 */
export function measureSpeeds(options: SpeedOptions): SpeedRow[] {
  const { place, emulators, workloads, rounds, progress } = options;
  const contests = workloads.flatMap((workload) =>
    emulators.map((emulator): Contest => {
      progress(`${workload.name} on ${emulator.name}: how long it takes`);
      const longIterations = calibrate(options, workload, emulator);
      return { workload, emulator, longIterations, speeds: [] };
    }),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const { workload, emulator, longIterations, speeds } of contests) {
      progress(`round ${round} of ${rounds}: ${workload.name} on ${emulator.name}`);
      const shortIterations = Math.ceil(longIterations / SHORT_RUN_PART);
      const short = runGuest(place, emulator, workload, shortIterations);
      const long = runGuest(place, emulator, workload, longIterations);
      speeds.push(speedOf(short, shortIterations, long, longIterations));
    }
  }
  return workloads.map((workload) => ({
    workload,
    speeds: new Map(
      contests
        .filter((contest) => contest.workload === workload)
        .map((contest) => [contest.emulator.name, contest.speeds]),
    ),
  }));
}

function speedOf(
  short: GuestRun,
  shortIterations: number,
  long: GuestRun,
  longIterations: number,
): Speed {
  const { unitsPerIteration } = long.guest;
  const seconds = Math.max(long.cpuSeconds - short.cpuSeconds, 0.001);
  const unitsPerSecond = ((longIterations - shortIterations) * unitsPerIteration) / seconds;
  const shortWorkSeconds = (shortIterations * unitsPerIteration) / unitsPerSecond;
  return { unitsPerSecond, startUpSeconds: short.cpuSeconds - shortWorkSeconds };
}

/** Checks the guest's checksum, then finds how many iterations keep this emulator busy for a long run. */
function calibrate(options: SpeedOptions, workload: Workload, emulator: Emulator): number {
  const { place, runSeconds } = options;
  const first = runGuest(place, emulator, workload, CHECK_ITERATIONS);
  if (first.checksum !== workload.checksum) {
    throw new Error(
      `${workload.name} on ${emulator.name} printed ${first.checksum} and must print ${workload.checksum}`,
    );
  }
  let iterations = Math.max(SHORT_RUN_PART, Math.ceil(FIRST_UNITS / first.guest.unitsPerIteration));
  for (;;) {
    const { cpuSeconds } = runGuest(place, emulator, workload, iterations);
    const seconds = cpuSeconds - first.cpuSeconds;
    if (seconds >= TIMEABLE_SECONDS || iterations >= ITERATIONS_MAX / GROWTH) {
      const wanted = (iterations * runSeconds) / Math.max(seconds, 0.01);
      return Math.min(ITERATIONS_MAX, Math.max(SHORT_RUN_PART, Math.round(wanted)));
    }
    iterations *= GROWTH;
  }
}
