import { runGuest, type Place } from './guest-run.js';
import { retiredInstructions, system7x } from './system7x.js';
import type { Workload } from './workloads.js';

const FEW_ITERATIONS = 2;
const MORE_ITERATIONS = 12;
const COUNTED_ITERATIONS = MORE_ITERATIONS - FEW_ITERATIONS;
/** The end of every guest polls the serial port, a few times more or less often. */
const POLLED_INSTRUCTIONS_MAX = 1000;

/**
 * Compares the instructions that s7x retires with those counted in the guest's source.
 * @throws Error when they differ: then either count, and with it a speed, would be wrong
 */
export function checkInstructionCount(place: Place, workload: Workload): void {
  const { found, instructionsPerIteration } = countedIterations(place, workload);
  const expected = COUNTED_ITERATIONS * instructionsPerIteration;
  if (Math.abs(found - expected) > POLLED_INSTRUCTIONS_MAX) {
    throw new Error(
      `${workload.name}: ${COUNTED_ITERATIONS} iterations are ${expected} instructions ` +
        `by its source, and s7x retired ${found}`,
    );
  }
}

/** Instructions of an iteration as s7x retires them, the mean of ten: of a workload whose source does not count them. */
export function instructionsCounted(place: Place, workload: Workload): number {
  return Math.round(countedIterations(place, workload).found / COUNTED_ITERATIONS);
}

/** Instructions that s7x retires in COUNTED_ITERATIONS, and those of one by the guest's source. */
function countedIterations(
  place: Place,
  workload: Workload,
): { readonly found: number; readonly instructionsPerIteration: number } {
  const s7x = system7x(place.rootDir);
  const few = runGuest(place, s7x, workload, FEW_ITERATIONS);
  const fewRetired = retiredInstructions(few.files);
  const more = runGuest(place, s7x, workload, MORE_ITERATIONS);
  const found = retiredInstructions(more.files) - fewRetired;
  return { found, instructionsPerIteration: few.guest.instructionsPerIteration };
}
