/** What this processor does not have yet: the run stops and says so. */
import { EXIT_ADDRESS, FAULT, FAULT_UNIMPLEMENTED, RIP } from '../../isa/state-layout';

/** Ends the run before the instruction has any effect. */
export function raiseUnimplemented(): void {
  store<u32>(FAULT, FAULT_UNIMPLEMENTED);
  store<u64>(EXIT_ADDRESS, load<u64>(RIP));
}
