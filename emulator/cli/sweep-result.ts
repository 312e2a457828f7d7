/** `sweep.json`: the rows of a sweep, joined from shards where they ran apart, and what they say as a whole. */
import { ConfigurationError } from '../base/errors.js';
import {
  EXIT_ASSERTION,
  EXIT_HOST,
  EXIT_INTERNAL,
  EXIT_SUCCESS,
  EXIT_USAGE,
} from './exit-status.js';
import { optional, orNull } from './document-shape.js';
import { PARSED_TESTS_SHAPE, type ParsedTests } from './guest-tests/subtest.js';
import { RUN_FIGURES_SHAPE, type RunRecord } from './run-record.js';
import { cliffs } from './sweep-cliffs.js';
import type { Shard } from './sweep-plan.js';

export const SWEEP_SCHEMA = 'https://system7x.dev/schema/sweep-1.json';

export interface SweepRowResult {
  readonly index: number;
  readonly key: Readonly<Record<string, string>>;
  readonly result: 'PASS' | 'FAIL' | 'ERROR';
  /** Exit status that `s7x run` would have had. */
  readonly code: number;
  readonly note: string;
  readonly stats: RunRecord['stats'] | null;
  /** `--record`: values by name; none of a row that could not be run. */
  readonly records: RunRecord['records'];
  readonly hash: string | null;
  /** `--parse`: the tests that the guest has run. */
  readonly parsed?: ParsedTests;
  /** With `--fit`: cycles of each function that ran, with all that it called. */
  readonly functions?: Readonly<Record<string, number>>;
}

export interface SweepResult {
  readonly schema: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly image: { readonly path: string; readonly sha256: string };
  /** What the rows are of, to tell shards of one sweep from those of another. */
  readonly plan: { readonly rows: number; readonly digest: string };
  readonly shard: Shard;
  readonly repeat: number;
  readonly rows: readonly SweepRowResult[];
  /** Rows that --bail or a signal left; absent where all have run. */
  readonly notRun?: readonly Pick<SweepRowResult, 'index' | 'key'>[];
}

/** 0 or 4; a row that could not be run at all passes its own status on. */
export function statusOfRows(rows: readonly SweepRowResult[]): number {
  for (const code of [EXIT_INTERNAL, EXIT_HOST, EXIT_USAGE]) {
    if (rows.some((row) => row.result === 'ERROR' && row.code === code)) return code;
  }
  return rows.every((row) => row.result === 'PASS') ? EXIT_SUCCESS : EXIT_ASSERTION;
}

/** What --merge needs of a sweep.json. */
export const SWEEP_SHAPE = {
  image: { path: '', sha256: '' },
  plan: { rows: 0, digest: '' },
  rows: [
    {
      index: 0,
      key: {},
      result: /^(PASS|FAIL|ERROR)$/,
      code: 0,
      note: '',
      stats: orNull(RUN_FIGURES_SHAPE),
      records: { everyValue: orNull('') },
      hash: orNull(''),
      parsed: optional(PARSED_TESTS_SHAPE),
    },
  ],
};

/** Joins the shards of one sweep. @throws ConfigurationError when they do not belong together or one is missing */
export function mergeSweeps(parts: readonly { path: string; sweep: SweepResult }[]): SweepResult {
  const first = parts[0];
  if (first === undefined) throw new ConfigurationError('--merge: no file is given');
  for (const { path, sweep } of parts) {
    if (sweep.plan.digest !== first.sweep.plan.digest) {
      throw new ConfigurationError(
        `--merge ${path}: not a shard of the same sweep as ${first.path}`,
      );
    }
  }
  const byIndex = new Map<number, SweepRowResult>();
  for (const { path, sweep } of parts) {
    for (const row of sweep.rows) {
      if (byIndex.has(row.index)) {
        throw new ConfigurationError(`--merge ${path}: row ${row.index} is there twice`);
      }
      byIndex.set(row.index, row);
    }
  }
  const missing = first.sweep.plan.rows - byIndex.size;
  if (missing > 0) {
    throw new ConfigurationError(
      `--merge: ${missing} of ${first.sweep.plan.rows} rows are missing`,
    );
  }
  const rows = [...byIndex.values()].sort((a, b) => a.index - b.index);
  return { ...first.sweep, shard: { index: 1, count: 1 }, rows };
}

/** The names of the columns that tell rows apart. */
export function keyColumns(sweep: SweepResult): string[] {
  return Object.keys(sweep.rows[0]?.key ?? {});
}

/** The names of recorded values, which every row that was run has. */
export function recordColumns(sweep: SweepResult): string[] {
  return [...new Set(sweep.rows.flatMap(({ records }) => Object.keys(records)))];
}

/** What a sweep says as a whole: where it turns from pass to fail, how many rows do what. */
export function sweepSummary(sweep: SweepResult): string[] {
  return [...cliffLines(sweep), tally(sweep)];
}

function tally({ rows, plan, shard }: SweepResult): string {
  const passed = rows.filter(({ result }) => result === 'PASS').length;
  const planned = Math.ceil((plan.rows - (shard.index - 1)) / shard.count);
  const left = planned > rows.length ? `; not run: ${planned - rows.length} of ${planned}` : '';
  return `${rows.length} runs: ${passed} pass, ${rows.length - passed} fail${left}`;
}

/** Where a sweep over RAM alone turns from pass to fail or back. */
function cliffLines(sweep: SweepResult): string[] {
  if (keyColumns(sweep).join() !== 'ram') return [];
  return cliffs(sweep.rows).map(
    ({ passes, fails }) =>
      `cliff: passes at ${passes.key['ram'] ?? ''}, fails at ${fails.key['ram'] ?? ''}`,
  );
}
