import { interruptHasHandler, interruptRun, interruptSetHandler } from './interrupt-table';
import { MemoryError, refuse } from './memory-errors';
import { InterruptFrame } from './panic';
import { interruptWaits } from './processor';

/**
 * Interrupts that are no exceptions: vectors 32 to 255, each with a function that somebody has given it.
 *
 *     interrupt ──▸ entry stub ──▸ no call in progress: handler(vector), IF = 0 ──▸ IRETQ
 *                              └─▸ a call of the allocators: vector noted, IF = 0 in the frame ──▸ IRETQ
 *                                         the call ends: handler(vector), STI
 *                              └─▸ a function that is whole (dialect.md): the same, but it ends by way of interrupt_late
 *
 * So a handler may call the allocators, and never finds one of their calls half done.
 */
const FIRST_VECTOR: u32 = 32;
const VECTORS: u32 = 256;
const RFLAGS_IF: u64 = 1 << 9;

/**
 * Lets the function at address `handler` take the interrupts of `vector` (32 to 255) from now on, with interrupts off
 * and the vector as its argument; 0: an interrupt of that vector is the end again. The handler acknowledges the interrupt.
 * Returns 1, or 0 (counted) for an exception's vector.
 */
export function nk_interrupt(vector: u32, handler: usize): u32 {
  if (vector < FIRST_VECTOR || vector >= VECTORS) {
    refuse(MemoryError.SizeMismatch, 'nk_interrupt', vector as usize);
    return 0;
  }
  interruptSetHandler(vector, handler);
  return 1;
}

/** An interrupt has arrived: runs its handler, or lets it wait. False when it has none. */
export function interruptArrived(frame: InterruptFrame): bool {
  const vector = frame.vector as u32;
  if (!interruptHasHandler(vector)) return false;
  if (interruptWaits(vector, frame.rip as usize, frame.rsp as usize)) frame.rflags &= ~RFLAGS_IF;
  else interruptRun(vector);
  return true;
}
