/** Paths in a configuration are from its own folder: the same words, from the working folder. */
import { isAbsolute, join } from 'node:path';

/** Options whose value is a path, and nothing else. */
const WHOLE: ReadonlySet<string> = new Set([
  'firmware',
  'disk',
  'initrd',
  'input',
  'memmap',
  'out',
  'json',
  'csv',
  'tap',
  'junit',
  'cast',
  'html',
  'baseline',
  'merge',
]);

/** Words in the place of a path. */
const NO_PATH = /^$|^-$|^zoo:/;

/**
 * @param option name of the option
 * @param word what the configuration says
 * @param folder the configuration's folder from the working folder; nothing where they are the same
 */
export function fromFolder(option: string, word: string, folder: string): string {
  const at = (path: string): string =>
    folder === '' || isAbsolute(path) || NO_PATH.test(path) ? path : join(folder, path);
  const upTo = (end: number): string =>
    end < 0 ? at(word) : at(word.slice(0, end)) + word.slice(end);
  const behind = (prefix: string): string =>
    word.startsWith(prefix) ? prefix + at(word.slice(prefix.length)) : word;
  switch (option) {
    case 'memmap':
      return word === 'pc' ? word : at(word);
    case 'module':
      return upTo(word.indexOf('='));
    case 'load':
      return upTo(word.lastIndexOf('@'));
    case 'save-at':
      // As parseSaveRequests: MOMENT=FILE.snap, and a moment may have a sign of equality itself.
      return behind(/^(.*=)[^=]+\.snap$/s.exec(word)?.[1] ?? word);
    case 'serial':
      return behind('file:');
    case 'gdb':
      return behind('unix:');
    case 'vary':
      return varied(word, folder);
    default:
      return WHOLE.has(option) ? at(word) : word;
  }
}

/** `OPTION=A,B,C`. */
function varied(word: string, folder: string): string {
  const equals = word.indexOf('=');
  if (equals < 0) return word;
  const option = word.slice(0, equals).replace(/^--/, '');
  const values = word.slice(equals + 1).split(',');
  return `${option}=${values.map((value) => fromFolder(option, value, folder)).join(',')}`;
}
