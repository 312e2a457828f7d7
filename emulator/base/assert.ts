import { InvariantViolation } from './errors.js';

/** Throws an InvariantViolation with `message` when `condition` does not hold. Messages carry the values. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
