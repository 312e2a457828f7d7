/** What a mutation test puts into the kernel's sources, and which check must see it. */
import type { Edit } from './mutant.js';

export interface Defect {
  readonly name: string;
  readonly edits: readonly Edit[];
  /**
   * Name of a check (tests/boots: heap-checks, frame-checks, start-checks, promise-checks, table-checks; tests/tidy: document-checks), or
   * INTERRUPTS.
   */
  readonly seenBy: string;
}

/** The check that interrupts every instruction of an allocation. */
export const INTERRUPTS = 'interrupts at every instruction';

export const one = (
  name: string,
  seenBy: string,
  file: string,
  replace: string,
  by: string,
): Defect => ({
  name,
  seenBy,
  edits: [{ file, replace, by }],
});
