/** `sweep --baseline FILE`: whether rows cost more, or pass less, than those of an earlier sweep. */
import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { formatCount } from './quantities.js';
import { readSweep } from './sweep-file.js';
import type { SweepResult, SweepRowResult } from './sweep-result.js';

export interface Baseline {
  readonly path: string;
  readonly sweep: SweepResult;
  /** Part of the earlier figure that a new one may be more. */
  readonly tolerance: number;
}

/** @throws HostError, ConfigurationError naming option and value */
export function readBaseline(path: string, tolerance: string): Baseline {
  const percent = /^(\d+(?:\.\d+)?)%?$/.exec(tolerance.trim())?.[1];
  if (percent === undefined) {
    throw new ConfigurationError(`--tolerance ${tolerance}: not a percentage such as 0.5%`);
  }
  return { path, sweep: readSweep(path, '--baseline'), tolerance: Number(percent) / 100 };
}

/** A line for each figure that is exceeded. @throws ConfigurationError when no row has one to be compared with */
export function exceeded(
  rows: readonly SweepRowResult[],
  { path, sweep, tolerance }: Baseline,
): string[] {
  const before = new Map(sweep.rows.map((row) => [keyText(row), row]));
  const pairs = rows.flatMap((row) => {
    const earlier = before.get(keyText(row));
    return earlier === undefined ? [] : [[row, earlier] as const];
  });
  if (pairs.length === 0 && rows.length > 0) {
    throw new ConfigurationError(`--baseline ${path}: no row of this sweep is in it`);
  }
  return pairs.flatMap(([row, earlier]) => exceededOf(row, earlier, tolerance));
}

function exceededOf(row: SweepRowResult, earlier: SweepRowResult, tolerance: number): string[] {
  const name = Object.values(row.key).join(' ');
  if (row.result !== 'PASS') {
    return earlier.result === 'PASS' ? [`baseline: ${name}: ${row.result}, PASS before`] : [];
  }
  if (row.stats === null || earlier.stats === null || earlier.result !== 'PASS') return [];
  const figures = [
    ['cycles', row.stats.cycles, earlier.stats.cycles, formatCount],
    ['resident', row.stats.residentBytes, earlier.stats.residentBytes, formatBytes],
  ] as const;
  return figures.flatMap(([what, now, then, format]) => {
    if (now <= then * (1 + tolerance)) return [];
    const more = then === 0 ? '' : ` (+${((100 * (now - then)) / then).toFixed(3)} %)`;
    return [`baseline: ${name}: ${what} ${format(now)}, ${format(then)} before${more}`];
  });
}

function formatBytes(bytes: number): string {
  return formatSize(BigInt(bytes));
}

/** In whatever order the options were given. */
function keyText({ key }: SweepRowResult): string {
  return JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));
}
