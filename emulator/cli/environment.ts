/** Options by environment variables: S7X_RAM is --ram. One that another command has is left aside; an unknown one is named. */

import type { Options } from 'yargs';
import { optionsNamed } from './configuration/configuration-keys.js';

/** With the underscore: a variable such as S7XROOT is somebody else's. */
export const ENVIRONMENT_PREFIX = 'S7X_';
const UNKNOWN = /^Unknown arguments?: (.+)$/;

/** What yargs says about options that nobody gave but the environment. */
export interface FromEnvironment {
  /** Variables of other commands' options. */
  readonly leftAside: readonly string[];
  /** Variables of no option at all. */
  readonly unknown: readonly string[];
}

const variableOf = (option: string): string =>
  ENVIRONMENT_PREFIX + option.replaceAll('-', '_').toUpperCase();

/**
 * A sentence about the first flag of a command whose variable is neither true nor false, or null: yargs takes any other word for false.
 * One that names a file in another command is for that.
 * @param commands options of all commands
 */
export function flagOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  command: Readonly<Record<string, Options>>,
  commands: readonly Readonly<Record<string, Options>>[],
): string | null {
  for (const name of Object.keys(command)) {
    const value = environment[variableOf(name)] ?? '';
    if (value === '' || value === 'true' || value === 'false') continue;
    if (optionsNamed(name, commands).some(({ type }) => type !== 'boolean')) continue;
    const dashes = name.length === 1 ? '-' : '--';
    return `${variableOf(name)}=${value}: ${dashes}${name} is a flag: true or false`;
  }
  return null;
}

/** What a variable of an option that is counted says: a number, or true for once. */
const COUNTS: Readonly<Record<string, number>> = { '': 0, false: 0, true: 1 };
/** No option is counted further. */
const COUNT_MAX = 9;

/** Options of the environment that are counted, such as -v: yargs takes any value for once, also 0. */
export interface CountsOfEnvironment {
  /** What the command line would say. */
  readonly words: readonly string[];
  /** Variables that have been read. */
  readonly variables: readonly string[];
  /** A sentence about the first that says no number, or null. */
  readonly refusal: string | null;
}

/** @param isGiven whether the command line says the option itself */
export function countsOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  command: Readonly<Record<string, Options>>,
  isGiven: (name: string, option: Options) => boolean,
): CountsOfEnvironment {
  const words: string[] = [];
  const variables: string[] = [];
  for (const [name, option] of Object.entries(command)) {
    if (option.type !== 'count') continue;
    const names = [name, ...[option.alias ?? []].flat()].map(variableOf);
    const given = names.filter((variable) => environment[variable] !== undefined);
    variables.push(...given);
    const [variable] = given;
    if (variable === undefined) continue;
    const value = environment[variable] ?? '';
    const count =
      COUNTS[value] ?? (/^\d+$/.test(value) ? Math.min(Number(value), COUNT_MAX) : null);
    if (count === null) {
      const refusal = `${variable}=${value}: --${name} is counted: a number, true or false`;
      return { words, variables, refusal };
    }
    if (!isGiven(name, option)) words.push(...Array<string>(count).fill(`--${name}`));
  }
  return { words, variables, refusal: null };
}

/**
 * Takes yargs' complaint apart.
 * @param options names of the options of all commands, such as `log-format`
 * @returns null when it is about a word of the command line, or about something else
 */
export function fromEnvironment(
  complaint: string,
  environment: Readonly<Record<string, string | undefined>>,
  options: ReadonlySet<string>,
): FromEnvironment | null {
  const names = UNKNOWN.exec(complaint)?.[1]?.split(', ') ?? [];
  const variables = new Set<string>();
  for (const name of names) {
    const variable = variableOf(name.replace(/[A-Z]/g, '_$&'));
    if (environment[variable] === undefined) return null;
    variables.add(variable);
  }
  if (variables.size === 0) return null;
  const isKnown = (variable: string): boolean =>
    options.has(variable.slice(ENVIRONMENT_PREFIX.length).toLowerCase().replaceAll('_', '-'));
  return {
    leftAside: [...variables].filter(isKnown),
    unknown: [...variables].filter((variable) => !isKnown(variable)),
  };
}
