/** How a run ended. */
export type RunEndKind =
  /** The guest switched the machine off through PM1a. */
  | 'power-off'
  /** The guest wrote to isa-debug-exit. */
  | 'debug-exit'
  /** Shutdown of the processor: a triple fault. */
  | 'shutdown'
  /** Proved: nothing that the machine can do changes its state any more. */
  | 'hang'
  /** An instruction of the SDM that this processor does not have. */
  | 'unimplemented'
  /** The guest touched more storage than --resident-max allows. */
  | 'resident-limit'
  /** A limit in guest time, cycles or instructions was reached. */
  | 'limit'
  /** The host asked for it: an expectation was met or failed, a signal came. */
  | 'stopped';

export interface RunEnd {
  readonly kind: RunEndKind;
  /** One sentence with the values: addresses, symbols, bytes. */
  readonly detail: string;
  /** Value written to isa-debug-exit; absent otherwise. */
  readonly value?: number;
  /** Lines of a crash or hang report; empty for the ordinary ends. */
  readonly report: readonly string[];
}

export interface RunLimits {
  /** First cycle that must not be reached; Infinity for none. */
  readonly cycles: number;
  /** Retired instructions; Infinity for none. */
  readonly instructions: number;
  /** Where the cycle limit comes from, for the message: `--timeout 10s`. */
  readonly cyclesOrigin: string;
}

export const NO_LIMITS: RunLimits = {
  cycles: Number.POSITIVE_INFINITY,
  instructions: Number.POSITIVE_INFINITY,
  cyclesOrigin: '',
};
