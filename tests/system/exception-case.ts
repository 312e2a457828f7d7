/** One row of a table of exceptions: what causes it, and what its handler finds. */
import type { TestMachine } from './test-machine.js';

export interface ExceptionCase {
  readonly does: string;
  readonly code: string;
  readonly vector: number;
  /** null: none is pushed. */
  readonly error: number | null;
  /** Pushed RIP less CODE. */
  readonly at: number;
  readonly level?: number;
  readonly set?: (machine: TestMachine) => void;
}
