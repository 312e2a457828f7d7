/** The functions of a profile as CSV; of two runs, the functions that differ. All of them: `--top` is for reading. */
import type { Profile } from '../../machine/profile.js';
import { csvDocument } from '../csv.js';
import { functionRows, type FunctionRow } from './call-profile.js';

type Figure = Exclude<keyof FunctionRow, 'name'>;

/** Columns by their figures; scripts read these names. */
const COLUMNS: readonly (readonly [figure: Figure, column: string])[] = [
  ['selfCycles', 'self_cycles'],
  ['totalCycles', 'total_cycles'],
  ['instructions', 'instructions'],
  ['calls', 'calls'],
];

const NAME = 'function';

export function csvReport(profile: Profile, before: Profile | null): string {
  return csvDocument(before === null ? functions(profile) : changes(before, profile));
}

function functions(profile: Profile): string[][] {
  const rows = functionRows(profile).map((row) => [
    row.name,
    ...COLUMNS.map(([figure]) => String(row[figure])),
  ]);
  return [[NAME, ...COLUMNS.map(([, column]) => column)], ...rows];
}

/** The largest change of own cycles first, as the text has them. */
function changes(before: Profile, after: Profile): string[][] {
  const earlier = new Map(functionRows(before).map((row) => [row.name, row]));
  const later = new Map(functionRows(after).map((row) => [row.name, row]));
  const size = ([, from, to]: Pair): number =>
    Math.abs(valueOf(to, 'selfCycles') - valueOf(from, 'selfCycles'));
  const rows = [...new Set([...later.keys(), ...earlier.keys()])]
    .map((name): Pair => [name, earlier.get(name), later.get(name)])
    .filter(([, from, to]) =>
      COLUMNS.some(([figure]) => valueOf(from, figure) !== valueOf(to, figure)),
    )
    .sort((a, b) => size(b) - size(a))
    .map(([name, from, to]) => [
      name,
      ...COLUMNS.flatMap(([figure]) => {
        const [was, is] = [valueOf(from, figure), valueOf(to, figure)];
        return [was, is, is - was].map(String);
      }),
    ]);
  const header = COLUMNS.flatMap(([, column]) => [
    `${column}_before`,
    `${column}_after`,
    `${column}_change`,
  ]);
  return [[NAME, ...header], ...rows];
}

type Pair = readonly [
  name: string,
  before: FunctionRow | undefined,
  after: FunctionRow | undefined,
];

/** A function that did not run cost nothing. */
function valueOf(row: FunctionRow | undefined, figure: Figure): number {
  return row?.[figure] ?? 0;
}
