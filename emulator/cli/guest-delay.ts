/** A time of the guest from now on, as the machine's clock takes it. */
import { cyclesOfNs } from '../timing/timing-model.js';

/** Longer than any run; the clock counts below 2^53. */
const CYCLES_MAX = 2 ** 52;

/** The cycles of a clock of `coreHz` that cover `ns` nanoseconds: at least one, at most CYCLES_MAX. */
export function delayCycles(ns: number, coreHz: number): number {
  return Math.min(CYCLES_MAX, Math.max(1, cyclesOfNs(ns, coreHz)));
}
