/** Runs and rows of sweeps as test cases: what CI shows of them. */
import { basename } from 'node:path';
import { formatSize } from '../base/size.js';
import type { TestCase } from './junit.js';
import type { RunRecord } from './run-record.js';
import type { SweepRowResult } from './sweep-result.js';

/** All cases of one image are one suite. */
export function suiteName(imagePath: string | undefined): string {
  return `s7x.${imagePath === undefined ? 'no image' : basename(imagePath)}`;
}

/** `output` is what COM1 showed. */
export function caseOfRun(record: RunRecord, output: string): TestCase {
  const { config, outcome, stats, records, hash } = record;
  const map = String(config['memmap']);
  const ramBytes = map === 'pc' ? String(config['ramBytes']) : stats.ramBytes;
  const ram = formatSize(BigInt(ramBytes));
  return {
    name: `ram ${ram}, memmap ${map}, cpu ${String(config['cpu'])}`,
    ns: stats.ns,
    result: outcome.code === 0 ? 'PASS' : 'FAIL',
    message: outcome.detail,
    details: [`exit status ${outcome.code}`, ...(record.parsed?.problems ?? []), ...outcome.report],
    properties: properties(stats, records, hash),
    subtests: record.parsed?.subtests ?? [],
    output,
  };
}

export function caseOfRow(row: SweepRowResult, output: string): TestCase {
  return {
    name: rowName(row),
    ns: row.stats?.ns ?? null,
    result: row.result,
    message: row.note,
    details: [`exit status ${row.code}`, ...(row.parsed?.problems ?? [])],
    properties: row.stats === null ? {} : properties(row.stats, row.records, row.hash),
    subtests: row.parsed?.subtests ?? [],
    output,
  };
}

/** A row that an end before its time left. */
export function caseNotRun(row: Pick<SweepRowResult, 'key'>): TestCase {
  return {
    name: rowName(row),
    ns: null,
    result: 'SKIP',
    message: 'not run',
    details: [],
    properties: {},
    subtests: [],
    output: '',
  };
}

function rowName({ key }: Pick<SweepRowResult, 'key'>): string {
  return Object.entries(key)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function properties(
  stats: RunRecord['stats'],
  records: RunRecord['records'],
  hash: string | null,
): Record<string, string> {
  const came = Object.entries(records).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    cycles: String(stats.cycles),
    instructions: String(stats.instructions),
    ...(hash === null ? {} : { hash }),
    ...Object.fromEntries(came),
  };
}
