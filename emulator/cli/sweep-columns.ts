/** The columns of a sweep's table and CSV: which there are, which are shown (`--columns`), and in what order the rows stand (`--sort`). */
import { ConfigurationError } from '../base/errors.js';
import { formatSize, parseSize } from '../base/size.js';
import { didYouMean } from '../memory/nearest-name.js';
import { formatCount, formatNs } from './quantities.js';
import type { SweepRowResult } from './sweep-result.js';

/** One column, as people read it, and as programs do. */
export interface SweepColumn {
  readonly name: string;
  readonly text: (row: SweepRowResult) => string;
  /** In a CSV a figure is a plain number, and its column may have another name. */
  readonly csvName: string;
  readonly csv: (row: SweepRowResult) => string;
}

/** What is shown, and how: null where the order is that of the plan. */
export interface SweepView {
  /** In a table and in a CSV; null for those that each has by itself. */
  readonly columns: readonly string[] | null;
  readonly sort: { readonly column: string; readonly isDescending: boolean } | null;
}

export const WHOLE_VIEW: SweepView = { columns: null, sort: null };

function plain(name: string, cell: (row: SweepRowResult) => string): SweepColumn {
  return { name, text: cell, csvName: name, csv: cell };
}

function figure(
  name: string,
  csvName: string,
  of: (stats: NonNullable<SweepRowResult['stats']>) => number,
  format: (value: number) => string,
): SweepColumn {
  return {
    name,
    text: ({ stats }) => (stats === null ? '' : format(of(stats))),
    csvName,
    csv: ({ stats }) => (stats === null ? '' : String(of(stats))),
  };
}

const bytesText = (bytes: number): string => formatSize(BigInt(bytes));

/** Beside the options that vary and the recorded values, which come before `hash`. */
const OWN: readonly SweepColumn[] = [
  plain('result', ({ result }) => result),
  plain('code', ({ code }) => String(code)),
  figure('time', 'ns', ({ ns }) => ns, formatNs),
  figure('ns', 'ns', ({ ns }) => ns, String),
  figure('cycles', 'cycles', ({ cycles }) => cycles, formatCount),
  figure('instructions', 'instructions', ({ instructions }) => instructions, formatCount),
  figure('resident', 'resident_bytes', ({ residentBytes }) => residentBytes, bytesText),
  figure('resident_bytes', 'resident_bytes', ({ residentBytes }) => residentBytes, String),
  plain('hash', ({ hash }) => hash ?? ''),
  plain('note', ({ note }) => note),
];

const OWN_COLUMNS: readonly string[] = OWN.map(({ name }) => name);

/** @throws ConfigurationError when a recorded value has the name of another column */
export function requireFreeColumns(keys: readonly string[], recorded: readonly string[]): void {
  const taken = recorded.find((name) => [...keys, ...OWN_COLUMNS].includes(name));
  if (taken === undefined) return;
  throw new ConfigurationError(`--record ${taken}: a sweep has a column of that name already`);
}

/** All columns that a sweep with these keys and recorded values has, by their names. */
export function sweepColumns(
  keys: readonly string[],
  recorded: readonly string[],
): ReadonlyMap<string, SweepColumn> {
  const columns = [
    ...keys.map((name) => plain(name, ({ key }) => key[name] ?? '')),
    ...OWN,
    ...recorded.map((name) => plain(name, ({ records }) => records[name] ?? '')),
  ];
  return new Map(columns.map((column) => [column.name, column]));
}

/** `--columns A,B,C` and `--sort COLUMN[:desc]`. @throws ConfigurationError for one that this sweep has not */
export function parseView(
  words: { readonly columns: readonly string[]; readonly sort: string | undefined },
  known: readonly string[],
): SweepView {
  const columns = words.columns.flatMap((word) => word.split(','));
  const twice = columns.find((name, place) => columns.indexOf(name) < place);
  if (twice !== undefined) {
    throw new ConfigurationError(`--columns ${columns.join(',')}: ${twice} is there twice`);
  }
  for (const name of columns) requireColumn(`--columns ${columns.join(',')}`, name, known);
  const { sort } = words;
  if (sort === undefined) return { columns: columns.length === 0 ? null : columns, sort: null };
  const [, column = sort, order = 'asc'] = /^(.*):(asc|desc)$/s.exec(sort) ?? [];
  requireColumn(`--sort ${sort}`, column, known);
  return {
    columns: columns.length === 0 ? null : columns,
    sort: { column, isDescending: order === 'desc' },
  };
}

function requireColumn(where: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new ConfigurationError(
    `${where}: there is no column ${name} (there are: ${known.join(', ')})${didYouMean(name, known)}`,
  );
}

/** The rows by a column: numbers and sizes by their value, rows without a value last, equal ones as they were. */
export function sortedRows(
  rows: readonly SweepRowResult[],
  { sort }: SweepView,
  columns: ReadonlyMap<string, SweepColumn>,
): readonly SweepRowResult[] {
  const column = columns.get(sort?.column ?? '');
  if (sort === null || column === undefined) return rows;
  const cells = rows.map((row) => ({ row, text: column.csv(row) }));
  const there = cells.filter(({ text }) => text !== '');
  const compare = comparison(there.map(({ text }) => text));
  const sign = sort.isDescending ? -1 : 1;
  there.sort((a, b) => sign * compare(a.text, b.text));
  return [...there, ...cells.filter(({ text }) => text === '')].map(({ row }) => row);
}

/** By the first reading that all texts have. */
function comparison(texts: readonly string[]): (a: string, b: string) => number {
  for (const read of [numberOf, bytesOf]) {
    if (texts.some((text) => read(text) === null)) continue;
    return (a, b) => (read(a) ?? 0) - (read(b) ?? 0);
  }
  return (a, b) => (a < b ? -1 : a > b ? 1 : 0);
}

/** Digits may be in groups, as the table's are. */
function numberOf(text: string): number | null {
  const digits = text.replace(/(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))/g, '');
  return /^(-?\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(digits) ? Number(digits) : null;
}

function bytesOf(text: string): number | null {
  try {
    return Number(parseSize(text));
  } catch {
    return null;
  }
}
