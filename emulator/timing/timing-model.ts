/**
 * How long things take. A timing model never changes a value, it only says when things happen. There are two kinds: one
 * counts retired instructions; the other describes a core to the timing engine, which the processor drives as it runs.
 */
import type { CoreModel } from './core-model.js';

interface TimingModelFigures {
  /** The name on the command line (`--cpu NAME`). */
  readonly name: string;
  /** What the model counts, one sentence, for `--cpu help`. */
  readonly counts: string;
  /** Frequency of the core clock in Hz. The TSC ticks at this rate. */
  readonly coreHz: number;
  /** Cycles that one port access of `timeNs` nanoseconds on the bus takes beyond its instruction. */
  cyclesOfPortAccess(timeNs: number): number;
}

/** Cycles are a function of the number of instructions. */
export interface CountingModel extends TimingModelFigures {
  readonly kind: 'counting';
  /** Each instruction takes one cycle, so that the core can count them itself where RDTSC asks. */
  readonly isUnit: boolean;
  /** Cycles that `instructions` retired instructions take, without waiting for ports. */
  cyclesOfInstructions(instructions: number): number;
  /** The largest number of instructions that certainly take no more than `cycles` (at least 1). */
  instructionsWithin(cycles: number): number;
}

/** Cycles come from the timing engine, run with this core's parameters and rows. */
export interface EngineModel extends TimingModelFigures {
  readonly kind: 'engine';
  readonly core: CoreModel;
}

export type TimingModel = CountingModel | EngineModel;

/** Whole cycles of a clock of `coreHz` that cover `timeNs` nanoseconds. */
export function cyclesOfNs(timeNs: number, coreHz: number): number {
  return Math.ceil((timeNs * coreHz) / 1e9);
}
