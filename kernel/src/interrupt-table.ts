import { x86 } from './x86';

/** Who takes which interrupt: the address of a function for each of the 256 vectors, or 0. */
const handlers: usize = memory.data(2048, 8);

export function interruptSetHandler(vector: u32, handler: usize): void {
  store<usize>(handlers + ((vector as usize) << 3), handler);
}

export function interruptHasHandler(vector: u32): bool {
  return load<usize>(handlers + ((vector as usize) << 3)) != 0;
}

/** Calls the handler of the vector, unless it has lost it meanwhile. */
export function interruptRun(vector: u32): void {
  if (interruptHasHandler(vector)) x86.callAt(handlers + ((vector as usize) << 3), vector);
}
