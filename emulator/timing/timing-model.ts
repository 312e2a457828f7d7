/**
 * How long things take. A timing model never changes a value, it only says when things happen.
 *
 * The processor counts what it retires; the model turns that into cycles of the core clock; the machine asks the
 * model how far the processor may run before the next event is due. Neither knows the other: they meet in numbers
 * of retired instructions and in the time of port accesses, and only `machine/` sees both.
 */
export interface TimingModel {
  /** The name on the command line (`--cpu NAME`). */
  readonly name: string;
  /** What the model counts, one sentence, for `--cpu help`. */
  readonly counts: string;
  /** Frequency of the core clock in Hz. The TSC ticks at this rate. */
  readonly coreHz: number;
  /** Cycles that `instructions` retired instructions take, without waiting for ports. */
  cyclesOfInstructions(instructions: number): number;
  /** The largest number of instructions that certainly take no more than `cycles` (at least 1). */
  instructionsWithin(cycles: number): number;
  /** Cycles that one port access of `timeNs` nanoseconds on the bus takes beyond its instruction. */
  cyclesOfPortAccess(timeNs: number): number;
}
