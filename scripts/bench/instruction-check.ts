import { runGuest, type Place } from './guest-run.js';
import { retiredInstructions, system7x } from './system7x.js';
import type { Workload } from './workloads.js';

const FEW_ITERATIONS = 2;
const MORE_ITERATIONS = 12;
/** The end of every guest polls the serial port, a few times more or less often. */
const POLLED_INSTRUCTIONS_MAX = 1000;

/**
 * Compares the instructions that s7x retires with those counted in the guest's source.
 * @throws Error when they differ: then either count, and with it a speed, would be wrong
 */
export function checkInstructionCount(place: Place, workload: Workload): void {
  const s7x = system7x(place.rootDir);
  const few = runGuest(place, s7x, workload, FEW_ITERATIONS);
  const fewRetired = retiredInstructions(few.files);
  const more = runGuest(place, s7x, workload, MORE_ITERATIONS);
  const found = retiredInstructions(more.files) - fewRetired;
  const expected = (MORE_ITERATIONS - FEW_ITERATIONS) * few.guest.instructionsPerIteration;
  if (Math.abs(found - expected) > POLLED_INSTRUCTIONS_MAX) {
    throw new Error(
      `${workload.name}: ${MORE_ITERATIONS - FEW_ITERATIONS} iterations are ${expected} instructions ` +
        `by its source, and s7x retired ${found}`,
    );
  }
}
