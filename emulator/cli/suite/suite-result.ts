/** `test.json`, and what people read: a line for each case as it ends, and at the end why those failed that did. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCount, formatNs } from '../quantities.js';
import type { TestSuite } from '../junit.js';
import { RECORD_FILE, rowFolder, SERIAL_FILE } from '../sweep-folder.js';
import type { SweepRowResult } from '../sweep-result.js';
import { caseOfRow } from '../test-cases.js';
import type { SuiteCase } from './suite-plan.js';

export const TEST_SCHEMA = 'https://system7x.dev/schema/test-1.json';

export interface TestResult {
  readonly schema: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** Cases that were chosen; `cases` are those that ran. */
  readonly chosen: number;
  readonly cases: readonly CaseResult[];
}

/** A case with its file; `key` begins with the suite. */
export type CaseResult = SweepRowResult & { readonly name: string; readonly file: string };

/** Lines of COM1 that a failing case shows, and characters of each: the last ones. */
const SHOWN_LINES = 10;
const SHOWN_CHARACTERS = 160;

/** `PASS  mm: ram 8 MiB  4.812 ms  14 437 210 cycles`. */
export function caseLine({ name, result, stats }: CaseResult): string {
  const figures =
    stats === null ? '' : `  ${formatNs(stats.ns)}  ${formatCount(stats.cycles)} cycles`;
  return `${result.padEnd(5)} ${name}${figures}`;
}

/** Why each case failed, and the tally. */
export function summaryLines({ cases, chosen }: TestResult, folder: string): string[] {
  const failed = cases.filter(({ result }) => result !== 'PASS');
  const suites = new Set(cases.map(({ key }) => key['suite'])).size;
  const left = chosen > cases.length ? `; not run: ${chosen - cases.length} of ${chosen}` : '';
  return [
    ...failed.flatMap((each) => failureLines(each, folder)),
    `${counted(cases.length, 'case')} of ${counted(suites, 'suite')}: ` +
      `${cases.length - failed.length} pass, ${failed.length} fail${left}`,
  ];
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function failureLines(each: CaseResult, out: string): string[] {
  const folder = rowFolder(out, each);
  const shown = lastLines(serialOf(folder));
  return [
    '',
    `${each.result} ${each.name} (${each.file})`,
    `  ${each.note}`,
    ...(shown.length === 0 ? [] : ['  last lines of COM1:', ...shown.map((line) => `    ${line}`)]),
    ...keptLines(folder),
    '',
  ];
}

/** What there is to look at: a case that could not begin has no run.json, and cannot be run again. */
function keptLines(folder: string): string[] {
  const files = [RECORD_FILE, SERIAL_FILE].filter((file) => existsSync(join(folder, file)));
  if (files.length === 0) return [];
  const replay = files.includes(RECORD_FILE) ? ` (s7x replay ${folder})` : '';
  return [`  ${folder}: ${files.join(' ')}${replay}`];
}

/** Without what would move a terminal's cursor. */
function lastLines(text: string): string[] {
  const lines = text.replace(/\r/g, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines
    .slice(-SHOWN_LINES)
    .map((line) => line.slice(-SHOWN_CHARACTERS).replace(/[^\P{Cc}\t]/gu, '\ufffd'));
}

/** What a case's serial.log says; nothing where it has none. */
export function serialOf(folder: string): string {
  const path = join(folder, SERIAL_FILE);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

export function caseResult({ suite, name }: SuiteCase, row: SweepRowResult): CaseResult {
  return { ...row, name, file: suite.path };
}

/** The cases by suites, with what COM1 showed in those that do not pass. */
export function testSuites({ cases }: TestResult, out: string): TestSuite[] {
  const names = new Set(cases.map(({ key }) => key['suite'] ?? ''));
  return [...names].map((name) => ({
    name,
    cases: cases
      .filter(({ key }) => key['suite'] === name)
      .map((each) => ({
        ...caseOfRow(each, each.result === 'PASS' ? '' : serialOf(rowFolder(out, each))),
        name: each.name,
      })),
  }));
}
