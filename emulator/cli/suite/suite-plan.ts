/** The cases of suites: one for each combination of a suite's matrix, each a row as of a sweep. */
import type { Options } from 'yargs';
import { ConfigurationError, HostError } from '../../base/errors.js';
import { loadBootFiles, type LoadedImage } from '../boot-files.js';
import type { MapInput } from '../memmap-source.js';
import { MACHINE_DEFAULTS, type MachineArguments } from '../run-options.js';
import { splitLoad, splitModule, type PathWord } from '../path-words.js';
import { combinations, rowArguments, rowOf, type SweepRow } from '../sweep-plan.js';
import { SUITE_OPTIONS } from './suite-keys.js';
import { pathFrom, textOf, textsOf, valueOf, type Suite } from './suite.js';
import { suiteError, type SuiteNode } from './suite-node.js';

export interface SuiteCase {
  readonly suite: Suite;
  /** The suite, and what the matrix gives: what `--name` looks at. */
  readonly name: string;
  readonly row: SweepRow;
  /** The file that COM1's bytes have to be, or null. */
  readonly golden: string | null;
}

/** Guest time of a case that does not say. */
const DEFAULT_TIMEOUT = '10s';

type Words = Readonly<Record<string, string>>;

/** Options of `run` that suites have which do not say; paths are from the working folder. */
export type CaseDefaults = Partial<MachineArguments> & { readonly ram?: string };

/** All cases, in order of the suites. @throws ConfigurationError, HostError with file, line and column */
export function planCases(
  suites: readonly Suite[],
  defaults: CaseDefaults,
  input: MapInput,
): SuiteCase[] {
  const loaded = { defaults, images: new Map<string, LoadedImage>(), input };
  refuseEqualNames(suites);
  const cases: SuiteCase[] = [];
  for (const suite of suites) {
    for (const words of combinations(suite.matrix) ?? []) {
      const index = cases.length;
      const planned = placing(suite, words, () => planCase(suite, words, index, loaded));
      cases.push(planned);
    }
    refuseEqualCases(suite, cases);
  }
  return cases;
}

interface Planning {
  readonly defaults: CaseDefaults;
  readonly images: Map<string, LoadedImage>;
  readonly input: MapInput;
}

function planCase(
  suite: Suite,
  words: Words,
  index: number,
  { defaults, images, input }: Planning,
): SuiteCase {
  const { image: imageWord, ram: ramWord, ...varied } = words;
  const base =
    valueOf(suite.root, 'image') === null ? undefined : textOf(valueOf(suite.root, 'image'));
  const named = imageWord ?? base;
  const ramNode = valueOf(suite.root, 'ram');
  const ownRam = ramWord ?? (ramNode === null ? undefined : textOf(ramNode));
  const hasOwnNuma = 'numa' in varied || valueOf(suite.root, 'numa') !== null;
  // Nodes are RAM: the suite's word takes the place of either.
  const { ram: defaultRam, ...others } = defaults;
  const args = argumentsOf(
    suite,
    varied,
    ownRam === undefined ? others : { ...others, numa: undefined },
  );
  const image = cachedImage(images, {
    image: named === undefined ? undefined : pathFrom(suite, named, 'image'),
    ...args,
  });
  const ram = ownRam ?? (hasOwnNuma ? undefined : defaultRam);
  const row = rowOf(words, index, args, { ram, image, input });
  const key = Object.entries(row.key).map(([name, value]) => `${name} ${value}`);
  return {
    suite,
    name: key.length === 0 ? suite.name : `${suite.name}: ${key.join(', ')}`,
    row: {
      ...row,
      key: { suite: suite.name, ...row.key },
      options: { ...row.options, steps: suite.steps },
    },
    golden: suite.golden === null ? null : goldenOf(suite, suite.golden, row.key),
  };
}

/** The options of `run`, with the suite's paths from its folder. */
function argumentsOf(suite: Suite, varied: Words, defaults: CaseDefaults): MachineArguments {
  const base = Object.entries(SUITE_OPTIONS).flatMap(([name, option]) => {
    const node = valueOf(suite.root, name);
    return node === null ? [] : [[name, argumentOf(node, option)] as const];
  });
  const own: Partial<MachineArguments> = { ...Object.fromEntries(base), ...rowArguments(varied) };
  const files = Object.entries(filesOf(suite, { ...MACHINE_DEFAULTS, ...own }));
  const args: MachineArguments = {
    ...MACHINE_DEFAULTS,
    timeout: DEFAULT_TIMEOUT,
    ...withoutAlternatives(defaults, own),
    ...own,
    ...Object.fromEntries(files.filter(([name]) => name in own)),
    fail: [...suite.never],
    record: [...suite.records],
  };
  requireNoStandardInput(args);
  return args;
}

/** `--functional` is a `--cpu`: the suite's word takes the place of either. */
function withoutAlternatives(
  defaults: Partial<MachineArguments>,
  own: Partial<MachineArguments>,
): Partial<MachineArguments> {
  if (own.cpu === undefined && own.functional === undefined) return defaults;
  return { ...defaults, cpu: undefined, functional: false };
}

function argumentOf(node: SuiteNode, option: Options): unknown {
  if (option.array === true) return textsOf(node);
  return node.kind === 'flag' ? node.value : textOf(node);
}

/** @throws ConfigurationError for standard input, which is nobody's own here */
function requireNoStandardInput({ memmap }: MachineArguments): void {
  if (memmap !== '-') return;
  throw new ConfigurationError('--memmap -: a suite reads no standard input; name a file');
}

/** The options that name files. @throws ConfigurationError where a name is empty */
function filesOf(suite: Suite, args: MachineArguments): Partial<MachineArguments> {
  const { memmap, firmware, disk, initrd, symbols } = args;
  const from = (path: string | undefined, option: string): string | undefined =>
    path === undefined ? undefined : pathFrom(suite, path, option);
  return {
    memmap:
      memmap === 'pc' || memmap === '-' || memmap.startsWith('zoo:')
        ? memmap
        : pathFrom(suite, memmap, 'memmap'),
    firmware: from(firmware, 'firmware'),
    disk: from(disk, 'disk'),
    initrd: from(initrd, 'initrd'),
    symbols: from(symbols, 'symbols'),
    module: args.module.map((word) => inFolder(suite, splitModule(word), 'module')),
    load: args.load.map((word) => inFolder(suite, splitLoad(word), 'load')),
  };
}

function inFolder(suite: Suite, { before, path, behind }: PathWord, option: string): string {
  return before + pathFrom(suite, path, option) + behind;
}

function cachedImage(
  images: Map<string, LoadedImage>,
  args: MachineArguments & { readonly image: string | undefined },
): LoadedImage {
  const { image, boot, firmware, initrd, module, load, entry, disk, symbols } = args;
  const files = { image, boot, firmware, initrd, module, load, entry, disk, symbols };
  const key = JSON.stringify(files);
  const known = images.get(key) ?? loadBootFiles(files);
  images.set(key, known);
  return known;
}

function goldenOf(suite: Suite, pattern: string, key: Words): string {
  const path = pattern.replace(/\{([\w-]+)\}/g, (_, name: string) => {
    const value = key[name];
    if (value !== undefined) return value.replace(/[^\w.-]+/g, '-');
    throw new ConfigurationError(`golden ${pattern}: the matrix has no ${name}`);
  });
  return pathFrom(suite, path, 'golden');
}

/** What `make` gives; what it refuses, it refuses with the place of the key that is to blame, where one is known. */
function placing<T>(suite: Suite, words: Words, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof HostError)) throw error;
    const node = blamed(suite, words, error.message);
    const message =
      node === null
        ? `${suite.path}: ${error.message}`
        : suiteError(suite.path, node, error.message).message;
    throw error instanceof HostError ? new HostError(message) : new ConfigurationError(message);
  }
}

/** The key of the option that a sentence begins with, or whose value it names. */
function blamed(suite: Suite, words: Words, sentence: string): SuiteNode | null {
  const [, option = ''] = /^--([\w-]+)/.exec(sentence) ?? [];
  const matrix = valueOf(suite.root, 'matrix');
  const nodes = [...(matrix?.kind === 'map' ? matrix.entries : []), ...suite.root.entries];
  const word = option === 'fail' ? 'never' : option;
  const byName = nodes.find(([name]) => name === word);
  const byValue = nodes.find(([name, { value }]) => {
    const texts = name in words ? [words[name] ?? ''] : textsOf(value);
    return texts.some((text) => text.length > 1 && namesValue(sentence, text));
  });
  const [name = '', entry] = byName ?? byValue ?? [];
  const node = entry?.value ?? null;
  if (node?.kind !== 'list') return node;
  const isBlamed = (text: string): boolean =>
    name in words ? text === words[name] : namesValue(sentence, text);
  return node.items.find((item) => isBlamed(textOf(item))) ?? node;
}

/** Whether the value stands in the sentence by itself, or as the end of a path; not as a part of another word. */
function namesValue(sentence: string, text: string): boolean {
  const before = /^[\w.-]/.test(text) ? '(?<![\\w.-])' : '';
  const behind = /\w$/.test(text) ? '(?![\\w/-]|\\.\\w)' : '';
  const words = text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(before + words + behind).test(sentence);
}

function refuseEqualNames(suites: readonly Suite[]): void {
  const byName = new Map<string, Suite>();
  for (const suite of suites) {
    const other = byName.get(suite.name);
    if (other !== undefined) {
      const node = valueOf(suite.root, 'name') ?? suite.root;
      throw suiteError(
        suite.path,
        node,
        `the suite ${other.path} has the same name, ${suite.name}: give each its own (name)`,
      );
    }
    byName.set(suite.name, suite);
  }
}

function refuseEqualCases(suite: Suite, cases: readonly SuiteCase[]): void {
  const names = cases.filter((each) => each.suite === suite).map(({ name }) => name);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      const node = valueOf(suite.root, 'matrix') ?? suite.root;
      throw suiteError(suite.path, node, `the case ${name} is there twice`);
    }
    seen.add(name);
  }
}
