/** `coverage.json`: code that a run has executed (`--coverage`). The same on every host. */
import type { Coverage } from '../../machine/coverage.js';

export const COVERAGE_FILE = 'coverage.json';
export const COVERAGE_SCHEMA = 'https://system7x.dev/schema/coverage-1.json';

export interface CoverageFile {
  readonly schema: string;
  /** `[linear address, bytes]` by ascending address; addresses are hexadecimal text. */
  readonly ranges: readonly (readonly [start: string, bytes: number])[];
}

export const COVERAGE_SHAPE = { ranges: [[/^0x[0-9a-f]{1,16}$/, 0]] };

export function coverageFile(coverage: Coverage): CoverageFile {
  const ranges = coverage.ranges.map(
    ({ start, bytes }) => [`0x${start.toString(16)}`, bytes] as const,
  );
  return { schema: COVERAGE_SCHEMA, ranges };
}
