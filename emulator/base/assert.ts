import { InvariantViolation } from './errors.js';

/** Throws an InvariantViolation with `message` when `condition` does not hold. Messages carry the values. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** For the default branch of an exhaustive switch: the compiler complains when a case is missing. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unreachable value ${String(value)}`);
}
