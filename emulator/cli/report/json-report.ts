/** The report as one JSON document. */
import type { RunRecord } from '../run-record.js';
import { functionRows, type FunctionRow } from './call-profile.js';
import type { RunFolder } from './run-folder.js';
import { estimatedShare, missRates, topDown, type Figure } from './timing-figures.js';

interface RunReport {
  readonly folder: string;
  readonly run: RunRecord;
  readonly topDown: readonly Figure[] | null;
  readonly misses: readonly Figure[];
  readonly estimatedPercent: number | null;
  /** Null when the run was not profiled. */
  readonly functions: readonly FunctionRow[] | null;
}

/** `before` is there when two runs are compared. */
export function jsonReport(
  folder: RunFolder,
  before: RunFolder | null,
): RunReport & { readonly before?: RunReport } {
  const report = runReport(folder);
  return before === null ? report : { ...report, before: runReport(before) };
}

function runReport({ path, record, profile }: RunFolder): RunReport {
  return {
    folder: path,
    run: record,
    topDown: topDown(record),
    misses: missRates(record),
    estimatedPercent: estimatedShare(record),
    functions: profile === null ? null : functionRows(profile),
  };
}
