/** Of the run loop: in how long pieces the core runs. */

/** How the loop goes about its work: nothing of this changes what the guest or its clock sees (tests/determinism). */
export interface RunTuning {
  /** Passes of a loop that only waits are counted up to the next event instead of executed. */
  readonly countsPasses: boolean;
  /** Most instructions of one uninterrupted run of the core. */
  readonly runInstructionsMax: number;
}

/** Runs are short, so that hot code gets optimised (WebAssembly has no on-stack replacement). */
export const DEFAULT_TUNING: RunTuning = { countsPasses: true, runInstructionsMax: 100_000 };
/** Short runs, at whose ends the number of instructions is exact: times in the atlas are that exact. */
export const ATLAS_TUNING: RunTuning = { countsPasses: true, runInstructionsMax: 1000 };
