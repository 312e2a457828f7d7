/**
 * Options out of a file: `s7x.yaml` or `s7x.json`, the nearest upwards from the working folder. They are the defaults of the
 * commands that read it, so that what the command line and the environment say goes before them.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ConfigurationError } from '../../base/errors.js';
import { didYouMean } from '../../memory/nearest-name.js';
import { readKeys, type MapNode, type SuiteNode } from '../suite/suite-node.js';
import {
  checkConfiguration,
  MACHINE_KEY,
  MACHINES_KEY,
  valueFor,
  type ConfigurationKeys,
  type OptionTable,
  type OptionValue,
} from './configuration-keys.js';
import { namesFileOf, optionNamed } from './blamed-option.js';
import { fromFolder } from './configuration-paths.js';

const NAMES = ['s7x.yaml', 's7x.json'] as const;

/** Options that say the same in different ways: one on the command line takes the place of the file's others. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ['cpu', 'functional'],
  ['ram', 'numa'],
  ['gdb', 's'],
  ['verbose', 'quiet', 'log-level'],
];

/** Options of the commands that read a configuration. */
export const CONFIGURATION_OPTIONS = {
  config: {
    type: 'string',
    requiresArg: true,
    describe:
      'options out of FILE  [the nearest s7x.yaml or s7x.json upwards]; --no-config for none',
  },
} as const;

/** Of those among them that boot machines of the user's description. */
export const NAMED_MACHINE_OPTIONS = {
  machine: {
    type: 'string',
    requiresArg: true,
    describe: 'one of the machines that the configuration names',
  },
} as const;

/** The words that may be options: those before `--`. */
export function optionWords(words: readonly string[]): readonly string[] {
  return words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
}

/** What the words of the command line and the environment say of options, before yargs reads them. */
export class GivenOptions {
  private readonly words: readonly string[];

  constructor(
    words: readonly string[],
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.words = optionWords(words);
  }

  /** The value of a long option; false where its opposite is given. */
  value(name: string): string | false | undefined {
    const { words } = this;
    if (words.includes(`--no-${name}`)) return false;
    return this.values(name)[0] ?? this.environment[variableOf(name)];
  }

  /** Of a long option on the command line. */
  private values(name: string): string[] {
    const prefix = `--${name}=`;
    return this.words.flatMap((word, place) => {
      if (word === `--${name}`) return [this.words[place + 1] ?? ''];
      return word.startsWith(prefix) ? [word.slice(prefix.length)] : [];
    });
  }

  /** @throws ConfigurationError when a machine is named, and no file that could name it is read */
  refuseMachine(): void {
    const name = this.value('machine');
    if (typeof name !== 'string') return;
    const why =
      this.value('config') === false
        ? '--no-config reads none'
        : `there is no ${NAMES.join(' or ')} in this folder or above`;
    throw new ConfigurationError(`--machine ${name}: a configuration names machines, and ${why}`);
  }

  /**
   * Whether an option is given, by its name, by its letter, or as one that varies from row to row. A flag that is given as
   * false says nothing in the place of others.
   */
  says(name: string, option: OptionTable[string] | undefined): boolean {
    const value = name.length > 1 ? this.value(name) : undefined;
    const isOff = option?.type === 'boolean' && (value === false || value === 'false');
    if (value !== undefined) return !isOff;
    return this.isVaried(name) || this.hasLetter(name, option);
  }

  /** The variable of the environment that an error is about, or null: its option is not on the command line. */
  blamedVariable(sentence: string, options: OptionTable): string | null {
    const named = optionNamed(sentence);
    for (const [name, option] of Object.entries(options)) {
      const word = this.environment[variableOf(name)];
      if (word === undefined || this.values(name).length > 0) continue;
      if (this.isVaried(name) || this.hasLetter(name, option)) continue;
      const isAbout = named === null ? namesFileOf(sentence, name, word) : name === named;
      if (isAbout) return variableOf(name);
    }
    return null;
  }

  private isVaried(name: string): boolean {
    return this.values('vary').some((word) => word.replace(/^--/, '').startsWith(`${name}=`));
  }

  private hasLetter(name: string, option: OptionTable[string] | undefined): boolean {
    const letter = name.length === 1 ? name : option?.alias;
    // `-sS`, and `-m8M` and `-o=FILE`, where letters end.
    return (
      typeof letter === 'string' &&
      letter.length === 1 &&
      this.words.some((word) => /^-([a-z]+)/i.exec(word)?.[1]?.includes(letter) === true)
    );
  }
}

function variableOf(option: string): string {
  return `S7X_${option.replaceAll('-', '_').toUpperCase()}`;
}

/** A file that has been read, and the machine that is chosen out of it. */
export class Configuration {
  private constructor(
    /** From the working folder, or as it was named. */
    readonly path: string,
    private readonly root: MapNode | null,
    private readonly given: GivenOptions,
  ) {}

  /**
   * Reads the file that is named, or the nearest; null where there is none.
   * @throws HostError when it cannot be read, ConfigurationError with file, line and column for what it may not say
   */
  static read(given: GivenOptions, keys: ConfigurationKeys): Configuration | null {
    const named = given.value('config');
    if (named === '') throw new ConfigurationError('--config: no file is named');
    const path = named === undefined ? nearest(process.cwd()) : named;
    if (path === null || path === false) return null;
    const root = readKeys(path, 'configuration');
    if (root !== null) checkConfiguration(path, root, keys);
    return new Configuration(path, root, given);
  }

  /** The machine that is chosen, or null. @throws ConfigurationError for one that there is not */
  get machine(): string | null {
    const node = this.root?.entries.get(MACHINE_KEY)?.value;
    const named = this.given.value('machine');
    const name = named ?? (node?.kind === 'text' ? node.text : false);
    if (name === false) return null;
    const known = [...this.machines.keys()];
    if (known.includes(name)) return name;
    const there = known.length === 0 ? '' : ` (there are: ${known.join(', ')})`;
    throw new ConfigurationError(
      `--machine ${name}: ${this.path} names no such machine${there}${didYouMean(name, known)}`,
    );
  }

  /** Values for a command's options; what is for other commands is left aside. */
  valuesFor(options: OptionTable): Readonly<Record<string, OptionValue>> {
    const values: Record<string, OptionValue> = {};
    for (const [name, node] of this.chosen('machine' in options)) {
      const option = Object.hasOwn(options, name) ? options[name] : undefined;
      if (option === undefined || this.isReplaced(name, options)) continue;
      const from = (word: string): string => fromFolder(name, word, this.folder);
      const value = valueFor(name, option, node, from);
      if (value !== null) values[name] = value;
    }
    return values;
  }

  /** The line of the file that an error is about, or null. */
  placeOf(sentence: string, options: OptionTable): string | null {
    const node = this.blamed(sentence, options);
    return node === null ? null : `${this.path}:${node.line}`;
  }

  private get machines(): MapNode['entries'] {
    const node = this.root?.entries.get(MACHINES_KEY)?.value;
    return node?.kind === 'map' ? node.entries : new Map();
  }

  /** The file's folder from the working folder. */
  private get folder(): string {
    return relative(process.cwd(), dirname(resolve(this.path)));
  }

  /** What the file says, and in its place what the chosen machine does. */
  private chosen(withMachine: boolean): ReadonlyMap<string, SuiteNode> {
    const chosen = new Map<string, SuiteNode>();
    for (const [name, { value }] of this.root?.entries ?? []) chosen.set(name, value);
    const machine = withMachine ? this.machine : null;
    const body = machine === null ? undefined : this.machines.get(machine)?.value;
    if (body?.kind !== 'map') return chosen;
    for (const [name] of body.entries) for (const other of alternatives(name)) chosen.delete(other);
    for (const [name, { value }] of body.entries) chosen.set(name, value);
    return chosen;
  }

  private isReplaced(name: string, options: OptionTable): boolean {
    return alternatives(name).some((other) => this.given.says(other, options[other]));
  }

  /** The value that a sentence is about: of the option that it begins with, or one that it quotes. */
  private blamed(sentence: string, options: OptionTable): SuiteNode | null {
    const named = optionNamed(sentence);
    const values = this.valuesFor(options);
    const chosen = this.chosen('machine' in options);
    for (const [name, value] of Object.entries(values)) {
      if (this.given.says(name, options[name])) continue;
      const words = typeof value === 'object' ? value : [String(value)];
      const isAbout =
        named === null ? words.some((word) => namesFileOf(sentence, name, word)) : name === named;
      if (isAbout) return chosen.get(name) ?? null;
    }
    return null;
  }
}

function alternatives(name: string): string[] {
  return ALTERNATIVES.filter((group) => group.includes(name)).flatMap((group) =>
    group.filter((other) => other !== name),
  );
}

/** The path from `folder` of the file in it, or in the nearest folder above that has one. @throws ConfigurationError where a folder has two */
function nearest(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const found = NAMES.filter((name) => existsSync(join(at, name)));
    const [name] = found;
    const from = relative(folder, at);
    if (found.length > 1) {
      throw new ConfigurationError(
        `${found.join(' and ')} are both in ${from === '' ? 'this folder' : from}: keep one, or name one by --config`,
      );
    }
    if (name !== undefined) return join(from, name);
    if (dirname(at) === at) return null;
  }
}
