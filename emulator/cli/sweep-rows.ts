/** Runs the rows of a sweep, each once or several times, and judges them. */
import { EXIT_ASSERTION, EXIT_INTERNAL, EXIT_SUCCESS } from './exit-status.js';
import type { RunRecord } from './run-record.js';
import { watchSignals } from './signals.js';
import { rowFolder } from './sweep-folder.js';
import type { SweepRow } from './sweep-plan.js';
import { runRows, StopFlag } from './sweep-pool.js';
import type { SweepRowResult } from './sweep-result.js';
import type { FunctionCycles, RowReply } from './sweep-worker.js';

export interface RowsRun {
  /** Runs of each row, which must be identical. */
  readonly repeat: number;
  /** Runs at a time. */
  readonly jobs: number;
  readonly folder: string;
  /** As many rows that fail end all. */
  readonly failuresMax: number;
  /** Functions of a row whose cycles are wanted; of all, the result has them. */
  readonly functionsOf?: (row: SweepRow) => readonly string[] | 'all';
  /** Why a row does not pass whose run did; null: it does. */
  readonly judge?: (row: SweepRow, record: RunRecord, functions: FunctionCycles) => string | null;
  /** Gets each result as it comes. */
  readonly finished: (result: SweepRowResult, done: number, all: number) => void;
}

/** Results of the rows that ran to their end, in the order of `rows`. */
export async function runSweepRows(
  rows: readonly SweepRow[],
  how: RowsRun,
): Promise<SweepRowResult[]> {
  const requests = rows.flatMap((row) =>
    Array.from({ length: how.repeat }, (_, time) => ({
      options: row.options,
      map: row.map,
      folder: time === 0 ? rowFolder(how.folder, row) : null,
      functions: how.functionsOf?.(row) ?? [],
    })),
  );
  const replies: RowReply[][] = rows.map(() => []);
  const results: (SweepRowResult | undefined)[] = [];
  let done = 0;
  let failed = 0;
  const stop = new StopFlag();
  watchSignals(() => stop.raise());
  await runRows(requests, how.jobs, stop, (place, reply) => {
    const rowPlace = Math.floor(place / how.repeat);
    const row = rows[rowPlace];
    const got = replies[rowPlace];
    const isOurs = reply.record?.outcome.kind !== 'interrupted';
    if (row === undefined || got === undefined || !isOurs) return;
    got.push(reply);
    if (got.length < how.repeat) return;
    const result = { index: row.index, key: row.key, ...judged(row, got, how) };
    results[rowPlace] = result;
    how.finished(result, ++done, rows.length);
    if (result.result !== 'PASS' && ++failed >= how.failuresMax) stop.raise();
  });
  return results.filter((each) => each !== undefined);
}

/** What the runs of one row come to. */
function judged(
  row: SweepRow,
  replies: readonly RowReply[],
  how: RowsRun,
): Omit<SweepRowResult, 'index' | 'key'> {
  const failed = replies.find((reply) => reply.error !== null)?.error;
  if (failed !== undefined && failed !== null) {
    const { code, message } = failed;
    return { result: 'ERROR', code, note: message, stats: null, records: {}, hash: null };
  }
  const all = replies.flatMap((reply) => (reply.record === null ? [] : [reply.record]));
  const first = all[0] as RunRecord;
  const { stats, records, hash, outcome } = first;
  const parsed = first.parsed === undefined ? {} : { parsed: first.parsed };
  const figures = { stats, records, hash, ...parsed };
  if (!all.every((record) => withoutHost(record) === withoutHost(first))) {
    const note = `${all.length} runs of the same row differ: a bug, please report it`;
    return { result: 'ERROR', code: EXIT_INTERNAL, note, ...figures };
  }
  const { code, detail } = outcome;
  if (code !== EXIT_SUCCESS) return { result: 'FAIL', code, note: detail, ...figures };
  const functions = replies[0]?.error === null ? replies[0].functions : null;
  const complaint = how.judge?.(row, first, functions ?? { cycles: {}, lacking: 0 }) ?? null;
  if (complaint !== null) {
    return { result: 'FAIL', code: EXIT_ASSERTION, note: complaint, ...figures };
  }
  const kept = how.functionsOf?.(row) === 'all' && functions !== null;
  return {
    result: 'PASS',
    code,
    note: '',
    ...figures,
    ...(kept ? { functions: ran(functions.cycles) } : {}),
  };
}

function ran(cycles: FunctionCycles['cycles']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(cycles).filter((each): each is [string, number] => each[1] !== null),
  );
}

function withoutHost(record: RunRecord): string {
  return JSON.stringify({ ...record, host: undefined });
}
