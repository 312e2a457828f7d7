/** Registers: the cycle at which the value of each is there. */
import * as layout from '../engine-layout';

/** The third and the fourth destination are no register. */
const NO_MORE_DESTINATIONS: u32 = layout.READY_NOWHERE * 0x101;

/** @inline */
export function ready(register: u32): i64 {
  return load<i64>(layout.SCOREBOARD + register * 8);
}

/** @inline */
export function setReady(register: u32, cycle: i64): void {
  store<i64>(layout.SCOREBOARD + register * 8, cycle);
}

/** When base and index of a load's or a store's address are there.
 * @inline */
export function addressReady(operation: u32): i64 {
  return max(
    ready(load<u8>(operation, layout.OPERATION_SOURCE)),
    ready(load<u8>(operation, layout.OPERATION_SOURCE + 1)),
  );
}

/** When all sources of an operation that executes are there.
 * @inline */
export function sourcesReady(operation: u32): i64 {
  const first = addressReady(operation);
  if (load<u16>(operation, layout.OPERATION_SOURCE + 2) == 0) return first;
  const second = max(
    ready(load<u8>(operation, layout.OPERATION_SOURCE + 2)),
    ready(load<u8>(operation, layout.OPERATION_SOURCE + 3)),
  );
  return max(first, second);
}

/** The registers that an operation writes are there at `result`.
 * @inline */
export function setResults(operation: u32, result: i64): void {
  setReady(load<u8>(operation, layout.OPERATION_DESTINATION), result);
  setReady(load<u8>(operation, layout.OPERATION_DESTINATION + 1), result);
  if (load<u16>(operation, layout.OPERATION_DESTINATION + 2) == NO_MORE_DESTINATIONS) return;
  setReady(
    load<u8>(operation, layout.OPERATION_DESTINATION + 2),
    result + <i64>load<u8>(operation, layout.OPERATION_LATENCY_2),
  );
  setReady(load<u8>(operation, layout.OPERATION_DESTINATION + 3), result);
}
