import { assert } from '../base/assert.js';
import { cyclesOfNs, type CountingModel } from './timing-model.js';

/** Core clock of the `unit` model unless the user says otherwise: one instruction is one nanosecond. */
export const UNIT_MODEL_DEFAULT_HZ = 1_000_000_000;

/**
 * `--cpu unit`: every instruction takes one cycle, whatever it does; a repeated string instruction is one
 * instruction each time it is started or resumed. A port access takes its time on the bus on top of that.
 */
export function unitModel(coreHz: number = UNIT_MODEL_DEFAULT_HZ): CountingModel {
  assert(Number.isInteger(coreHz) && coreHz > 0, `core clock of ${coreHz} Hz`);
  return {
    kind: 'counting',
    isUnit: true,
    name: 'unit',
    counts: 'one cycle an instruction; a port access its time on the bus; no latencies, no caches',
    coreHz,
    cyclesOfInstructions: (instructions) => instructions,
    instructionsWithin: (cycles) => Math.max(1, cycles),
    cyclesOfPortAccess: (timeNs) => cyclesOfNs(timeNs, coreHz),
  };
}
