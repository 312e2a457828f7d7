/** What yargs says about a bad command line, as one sentence that names options as they are written. */
import { didYouMean } from '../memory/nearest-name.js';

const UNKNOWN = /^Unknown arguments?: (.+)$/;
const NOT_A_CHOICE = /^Invalid values:\n {2}Argument: (\S+), Given: (.*), Choices: (.*)$/;
const NO_VALUE = /^Not enough arguments following: (\S+)$/;

/**
 * @param complaint yargs 18's own text
 * @param words the command line
 * @param options names of the options of all commands, such as `log-format`
 */
export function usageSentence(
  complaint: string,
  words: readonly string[],
  options: ReadonlySet<string>,
): string {
  const [, unknown] = UNKNOWN.exec(complaint) ?? [];
  if (unknown !== undefined) return unknownSentence(unknown.split(', '), words, options);
  const [, option = '', given = '', choices = ''] = NOT_A_CHOICE.exec(complaint) ?? [];
  if (option !== '') {
    return `${dashed(option)} ${unquoted(given)}: there is ${unquoted(choices)}`;
  }
  const [, without] = NO_VALUE.exec(complaint) ?? [];
  if (without === undefined) return complaint.replace(/\s*\n\s*/g, ' ');
  const name = dashed(without);
  const next = words[words.indexOf(name) + 1] ?? '';
  const hint = next.startsWith('-')
    ? `; one that begins with a dash is written ${name}=${next}`
    : '';
  return `a value is missing after ${name}${hint}`;
}

/** yargs names an unknown option twice, as it was written and in camel case, and a word of no command as well. */
function unknownSentence(
  names: readonly string[],
  words: readonly string[],
  options: ReadonlySet<string>,
): string {
  const dashedFormOf = (name: string): string =>
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const once = names.filter((name) => !/[A-Z]/.test(name) || !names.includes(dashedFormOf(name)));
  const isOption = (name: string): boolean =>
    words.some((word) => word === dashed(name) || word.startsWith(`${dashed(name)}=`)) ||
    (name.length === 1 && words.some((word) => /^-[^-]/.test(word) && word.includes(name)));
  const written = once.map((name) => (isOption(name) ? dashed(name) : name));
  const [only = ''] = once;
  const alike = [...options].filter((option) => option.startsWith(only.charAt(0)));
  const suggestion =
    once.length === 1 && isOption(only) && only.length > 1 && !options.has(only)
      ? didYouMean(only, alike)
      : '';
  return `unknown argument${written.length === 1 ? '' : 's'}: ${written.join(', ')}${suggestion}`;
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}
