/** What a configuration may say: the long options of the commands that read one, with values as the options have them. */
import type { Options } from 'yargs';
import { didYouMean } from '../../memory/nearest-name.js';
import { suiteError, type MapNode, type SuiteNode } from '../suite/suite-node.js';

/** Options of a command by their names. */
export type OptionTable = Readonly<Record<string, Options>>;

/** The options that a configuration's keys are. */
export interface ConfigurationKeys {
  /** Of each command that reads one. */
  readonly commands: readonly OptionTable[];
  /** What a machine of `machines` may say. */
  readonly machine: OptionTable;
  /** Names of options of commands that read none. */
  readonly others: ReadonlySet<string>;
}

/** A value as yargs has it. */
export type OptionValue = string | boolean | number | readonly string[];

export const MACHINE_KEY = 'machine';
export const MACHINES_KEY = 'machines';

/** @throws ConfigurationError with file, line and column at the first key or value that no command has */
export function checkConfiguration(path: string, root: MapNode, keys: ConfigurationKeys): void {
  for (const [name, { key, value }] of root.entries) {
    if (name === MACHINES_KEY) checkMachines(path, value, keys);
    else if (name === MACHINE_KEY) {
      if (value.kind !== 'text')
        throw suiteError(path, value, `${name}: ${wrong(value, 'a text')}`);
    } else {
      const options = optionsNamed(name, keys.commands);
      if (options.length === 0) throw suiteError(path, key, unknownKey(name, keys));
      checkValue(path, name, value, options);
    }
  }
}

function checkMachines(path: string, machines: SuiteNode, keys: ConfigurationKeys): void {
  const refuse = (node: SuiteNode, name: string) =>
    suiteError(path, node, `${name}: ${wrong(node, 'keys with values')}`);
  if (machines.kind !== 'map') throw refuse(machines, MACHINES_KEY);
  for (const [machine, { value: body }] of machines.entries) {
    if (body.kind !== 'map') throw refuse(body, machine);
    for (const [name, { key, value }] of body.entries) {
      const options = optionsNamed(name, [keys.machine]);
      if (options.length === 0) {
        const isElsewhere = optionsNamed(name, keys.commands).length > 0;
        const hint = isElsewhere
          ? ': it says nothing of a machine, and stands outside'
          : nearestKey(name, longNames(keys.machine));
        throw suiteError(path, key, `the machine ${machine} has no key ${name}${hint}`);
      }
      checkValue(path, name, value, options);
    }
  }
}

/** Of these tables the options of this name; a single letter is no name here. */
export function optionsNamed(name: string, tables: readonly OptionTable[]): Options[] {
  if (name.length === 1) return [];
  return tables.flatMap((table) => {
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    return option === undefined ? [] : [option];
  });
}

function longNames(table: OptionTable): string[] {
  return Object.keys(table).filter((name) => name.length > 1);
}

function unknownKey(name: string, { commands, others }: ConfigurationKeys): string {
  if (others.has(name)) {
    return `there is no key ${name}: it is an option of commands that read no configuration`;
  }
  const known = [...new Set([...commands.flatMap(longNames), MACHINE_KEY, MACHINES_KEY])];
  const byLetter = commands
    .flatMap((table) => Object.entries(table))
    .find(([, { alias }]) => alias === name)?.[0];
  const hint = byLetter === undefined ? nearestKey(name, known) : `; did you mean '${byLetter}'?`;
  return `there is no key ${name}${hint}`;
}

/** Of those with the same first letter if one is near: nobody means `log-format` by `rma`. */
function nearestKey(name: string, known: readonly string[]): string {
  const alike = known.filter((key) => key.startsWith(name.charAt(0)));
  return didYouMean(name, alike) || didYouMean(name, known);
}

function checkValue(
  path: string,
  name: string,
  node: SuiteNode,
  options: readonly Options[],
): void {
  const fitting = options.filter((option) => fits(name, option, node));
  if (fitting.length === 0) {
    const wanted = [...new Set(options.map(kindOf))].join(', or ');
    throw suiteError(path, node, `${name}: ${wrong(node, wanted)}`);
  }
  refuseProgram(path, name, node);
  if (node.kind !== 'text') return;
  const choices = fitting.flatMap((option) => option.choices?.map(String) ?? [node.text]);
  if (choices.includes(node.text)) return;
  const there = [...new Set(choices)].join(' and ');
  throw suiteError(path, node, `${name}: there is ${there}, not ${node.text}`);
}

/** A file that lies in somebody's folder starts no program. @throws ConfigurationError */
function refuseProgram(path: string, name: string, node: SuiteNode): void {
  const items = node.kind === 'list' ? node.items : [node];
  for (const item of name === 'serial' ? items : []) {
    if (item.kind !== 'text' || !item.text.startsWith('exec:')) continue;
    throw suiteError(path, item, `${name}: only the command line starts a program (exec:)`);
  }
}

/** Whether a command that has this option can take this value for it. */
function fits(name: string, option: Options, node: SuiteNode): boolean {
  switch (node.kind) {
    case 'flag':
      if (name === 'input') return !node.value;
      return ['boolean', 'count'].includes(option.type ?? '') || isOptional(option);
    case 'text':
      if (option.type === 'count') return /^\d+$/.test(node.text);
      return option.type !== 'boolean';
    case 'list':
      return option.array === true && node.items.every(({ kind }) => kind === 'text');
    case 'map':
    case 'nothing':
      return false;
  }
}

/** An option that may stand without its value. */
function isOptional({ type, array, requiresArg }: Options): boolean {
  return type === 'string' && array !== true && requiresArg !== true;
}

function kindOf(option: Options): string {
  if (option.type === 'boolean') return 'true or false';
  if (option.type === 'count') return 'a number';
  return option.array === true ? 'a text, or a list of texts' : 'a text or a number';
}

function wrong(node: SuiteNode, wanted: string): string {
  const given: Readonly<Record<SuiteNode['kind'], string>> = {
    text: 'a text',
    flag: 'a truth value; a text is put in quotes',
    list: 'a list of this kind',
    map: 'keys with values; a text with a colon in it is put in quotes',
    nothing: 'nothing',
  };
  return `this is ${wanted}, not ${given[node.kind]}`;
}

/** The value for a command's option, paths by `from`; null where it is for the option of another command. */
export function valueFor(
  name: string,
  option: Options,
  node: SuiteNode,
  from: (word: string) => string,
): OptionValue | null {
  if (!fits(name, option, node)) return null;
  switch (node.kind) {
    case 'flag':
      if (option.type === 'boolean' || name === 'input') return node.value;
      if (option.type === 'count') return Number(node.value);
      return node.value ? '' : null;
    case 'text':
      if (option.type === 'count') return Number(node.text);
      return option.array === true ? [from(node.text)] : from(node.text);
    case 'list':
      return node.items.map((item) => from(item.kind === 'text' ? item.text : ''));
    case 'map':
    case 'nothing':
      return null;
  }
}
