/** Which rows a sweep has: RAM sizes times the values of every --vary; and which of them a shard runs. */
import type { Options } from 'yargs';
import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { zooNames } from '../memory/zoo.js';
import { didYouMean } from '../memory/nearest-name.js';
import type { MemoryMap } from '../memory/memory-map.js';
import type { LoadedImage } from './boot-files.js';
import { memoryOf, type MapInput } from './memmap-source.js';
import {
  MACHINE_OPTIONS,
  parseRunOptions,
  type MachineArguments,
  type RunOptions,
} from './run-options.js';
import { parseSizeRange } from './sweep-range.js';

export interface SweepRow {
  /** Place in the whole sweep, from 0: a shard's rows keep theirs. */
  readonly index: number;
  /** What tells this row from the others, by column name: ram, and each varied option. */
  readonly key: Readonly<Record<string, string>>;
  readonly options: RunOptions;
  readonly map: MemoryMap;
}

export interface Shard {
  /** From 1 to count. */
  readonly index: number;
  readonly count: number;
}

/** An option with the values that it takes, one a row. */
export interface Variation {
  readonly option: string;
  readonly values: readonly string[];
}

export const ROWS_MAX = 100_000;

/** All rows, in order: the first variation changes slowest. @throws ConfigurationError for a bad option or map */
export function planRows(
  args: MachineArguments,
  ramTexts: string | undefined,
  vary: readonly string[],
  image: LoadedImage,
  input: MapInput,
): SweepRow[] {
  return planVariations(args, ramTexts, vary.map(parseVariation), image, input);
}

/** The same of variations that are known already. @throws as planRows does */
export function planVariations(
  args: MachineArguments,
  ramTexts: string | undefined,
  varied: readonly Variation[],
  image: LoadedImage,
  input: MapInput,
): SweepRow[] {
  const variations = [...varied];
  const names = [...(ramTexts === undefined ? [] : ['ram']), ...variations.map((v) => v.option)];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    throw new ConfigurationError(`sweep: ${twice} varies twice; give all its values in one place`);
  }
  if (ramTexts !== undefined) {
    const sizes = parseSizeRange(ramTexts, '--ram').map((bytes) => `${bytes}B`);
    variations.unshift({ option: 'ram', values: sizes });
  }
  if (variations.length === 0) {
    throw new ConfigurationError('sweep: nothing varies; give --ram RANGE or --vary OPTION=A,B,C');
  }
  const rows = combinations(variations);
  if (rows === null) throw new ConfigurationError(`sweep: more than ${ROWS_MAX} rows`);
  return rows.map((words, index) => planRow(args, words, index, image, input));
}

/** One value of each variation, in every combination; null where they are more than ROWS_MAX. */
export function combinations(variations: readonly Variation[]): Record<string, string>[] | null {
  const count = variations.reduce((product, { values }) => product * values.length, 1);
  if (count > ROWS_MAX) return null;
  return variations.reduce<Record<string, string>[]>(
    (rows, { option, values }) =>
      rows.flatMap((row) => values.map((value) => ({ ...row, [option]: value }))),
    [{}],
  );
}

/** Rows of these sizes of RAM, numbered from `first`. @throws as planRows does */
export function planSizes(
  args: MachineArguments,
  sizes: readonly bigint[],
  first: number,
  image: LoadedImage,
  input: MapInput,
): SweepRow[] {
  return sizes.map((bytes, place) =>
    planRow(args, { ram: `${bytes}B` }, first + place, image, input),
  );
}

/** `2/8`. @throws ConfigurationError unless it is two numbers, the first from 1 to the second */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const index = Number(match?.[1] ?? 0);
  const count = Number(match?.[2] ?? 0);
  if (match === null || index < 1 || index > count) {
    throw new ConfigurationError(`--shard ${text}: write I/N with I from 1 to N, such as 1/8`);
  }
  return { index, count };
}

/** The rows of one shard: every count-th one, so that big and small machines spread evenly. */
export function rowsOfShard(rows: readonly SweepRow[], shard: Shard): SweepRow[] {
  return rows.filter(({ index }) => index % shard.count === shard.index - 1);
}

function planRow(
  args: MachineArguments,
  words: Readonly<Record<string, string>>,
  index: number,
  image: LoadedImage,
  input: MapInput,
): SweepRow {
  const { ram, ...others } = words;
  return rowOf(words, index, { ...args, ...rowArguments(others) }, { ram, image, input });
}

/** A row out of all its arguments; `words` tell it from the others. @throws ConfigurationError as planRows does */
export function rowOf(
  words: Readonly<Record<string, string>>,
  index: number,
  args: MachineArguments,
  from: { readonly ram: string | undefined; readonly image: LoadedImage; readonly input: MapInput },
): SweepRow {
  const options = parseRunOptions(args, from.ram, from.image);
  const { map } = memoryOf(options, from.input);
  const key = Object.fromEntries(
    Object.entries(words).map(([name, value]) => [
      name,
      name === 'ram' ? formatSize(options.ramBytes) : value,
    ]),
  );
  return { index, key, options, map };
}

/** The varied words, all but the RAM, as yargs would have given them. */
export function rowArguments(words: Readonly<Record<string, string>>): Partial<MachineArguments> {
  const entries = Object.entries(words).map(([name, value]) => [
    name,
    argumentOf(name as keyof typeof MACHINE_OPTIONS, value),
  ]);
  return Object.fromEntries(entries) as Partial<MachineArguments>;
}

/** One value, checked as yargs would have: a list of one, a truth value, one of the choices. */
function argumentOf(name: keyof typeof MACHINE_OPTIONS, value: string): unknown {
  const definition: Options = MACHINE_OPTIONS[name];
  if (definition.array === true) return [value];
  const choices = definition.type === 'boolean' ? ['true', 'false'] : definition.choices;
  if (choices !== undefined && !choices.includes(value)) {
    throw new ConfigurationError(`--vary ${name}=${value}: there is ${choices.join(' and ')}`);
  }
  return definition.type === 'boolean' ? value === 'true' : value;
}

function parseVariation(text: string): Variation {
  const at = text.indexOf('=');
  const option = text.slice(0, at).replace(/^--/, '');
  const known = ['ram', ...Object.keys(MACHINE_OPTIONS)];
  if (at < 1) {
    throw new ConfigurationError(`--vary ${text}: write OPTION=A,B,C, such as memmap=zoo:*`);
  }
  if (!known.includes(option)) {
    throw new ConfigurationError(
      `--vary ${text}: there is no option ${option}${didYouMean(option, known)}`,
    );
  }
  const list = text.slice(at + 1);
  const values = expandedValues(option, list.split(','), `--vary ${text}`);
  if (values.some((value) => value === '') && option !== 'append') {
    throw new ConfigurationError(`--vary ${text}: a value is empty`);
  }
  return { option, values };
}

/** What the words for an option stand for: ranges of RAM, maps of the zoo. @throws ConfigurationError */
export function expandedValues(option: string, words: readonly string[], where: string): string[] {
  if (option !== 'ram') return words.flatMap(expandZoo);
  return parseSizeRange(words.join(','), where).map((bytes) => `${bytes}B`);
}

/** `zoo:*`, `zoo:dell-*`: every map whose name fits. */
function expandZoo(value: string): string[] {
  if (!value.startsWith('zoo:') || !value.includes('*')) return [value];
  const parts = value
    .slice('zoo:'.length)
    .split('*')
    .map((part) => part.replace(/[^\w-]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  const names = zooNames().filter((name) => pattern.test(name));
  if (names.length === 0) throw new ConfigurationError(`${value}: no map of the zoo fits`);
  return names.map((name) => `zoo:${name}`);
}
