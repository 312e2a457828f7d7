import { TIMING_COUNTERS } from '../../isa/state-layout';
import { TimingCounter } from '../counters';

/** Adds to a counter.
 * @inline */
export function count(counter: TimingCounter, amount: u64): void {
  const at = TIMING_COUNTERS + ((<u32>counter) << 3);
  store<u64>(at, load<u64>(at) + amount);
}
