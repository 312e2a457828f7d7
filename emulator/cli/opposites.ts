/**
 * `--no-OPTION`: there is one of flags, and of the options below; of others yargs would make the value false. And `--FLAG=VALUE`, which yargs
 * would take for the flag.
 */
import type { Options } from 'yargs';
import { optionWords } from './configuration/configuration.js';
import { optionsNamed } from './configuration/configuration-keys.js';

/** Options without a value of their own that have an opposite all the same: nobody types, no file is read, no machine is chosen, no failure ends all. */
const HAVE_OPPOSITES: ReadonlySet<string> = new Set(['input', 'config', 'machine', 'bail']);

/** A sentence about the first `--no-OPTION` on the command line that there is not, or null. */
export function missingOpposite(
  words: readonly string[],
  tables: readonly Readonly<Record<string, Options>>[],
): string | null {
  for (const word of optionWords(words)) {
    const [, written] = /^--no-([a-z][\w-]*)$/i.exec(word) ?? [];
    const name = written?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) ?? '';
    const options = optionsNamed(name, tables);
    const isFlag = options.some(({ type }) => type === 'boolean');
    if (options.length === 0 || isFlag || HAVE_OPPOSITES.has(name)) continue;
    return `${word}: --${name} is no flag and has no opposite; without it, it has its default`;
  }
  return null;
}

/** A sentence about the first flag on the command line that is given a value, or null. */
export function flagWithValue(
  words: readonly string[],
  tables: readonly Readonly<Record<string, Options>>[],
): string | null {
  for (const word of optionWords(words)) {
    const [, letter = '', given = ''] = /^-([a-z])=(.*)$/is.exec(word) ?? [];
    if (isFlagLetter(letter, tables) && given !== 'true' && given !== 'false') {
      return `${word}: -${letter} is a flag and takes no value`;
    }
    const [, written = '', value = ''] = /^--([a-z][\w-]*)=(.*)$/is.exec(word) ?? [];
    const name = written.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const options = optionsNamed(name, tables);
    if (options.some(({ type }) => type === 'count')) {
      return `${word}: --${name} takes no value: it counts how often it is given`;
    }
    const isFlag = options.length > 0 && options.every(({ type }) => type === 'boolean');
    if (!isFlag || value === 'true' || value === 'false') continue;
    return `${word}: --${name} is a flag and takes no value: --${name} or --no-${name}`;
  }
  return null;
}

function isFlagLetter(
  letter: string,
  tables: readonly Readonly<Record<string, Options>>[],
): boolean {
  const options = tables.flatMap((table) =>
    Object.entries(table).filter(([name, { alias }]) => name === letter || alias === letter),
  );
  return options.length > 0 && options.every(([, { type }]) => type === 'boolean');
}
