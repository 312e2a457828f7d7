/** Paths in a configuration are from its own folder: the same words, from the working folder. */
import { isAbsolute, join } from 'node:path';
import { splitLoad, splitModule, splitSave, type PathWord } from '../path-words.js';

/** Options whose value is a path, and nothing else. */
const WHOLE: ReadonlySet<string> = new Set([
  'firmware',
  'disk',
  'symbols',
  'initrd',
  'input',
  'memmap',
  'out',
  'json',
  'csv',
  'tap',
  'junit',
  'cast',
  'serial-log',
  'log-file',
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
  if (option === 'vary') return varied(word, folder);
  const parts = pathIn(option, word);
  if (parts === null) return word;
  const { before, path, behind } = parts;
  const isElsewhere = folder === '' || isAbsolute(path) || NO_PATH.test(path);
  return before + (isElsewhere ? path : join(folder, path)) + behind;
}

/** The path in an option's value; null where it has none. */
export function pathIn(option: string, word: string): PathWord | null {
  switch (option) {
    case 'memmap':
      return word === 'pc' ? null : whole(word);
    case 'module':
      return splitModule(word);
    case 'load':
      return splitLoad(word);
    case 'save-at':
      return splitSave(word);
    case 'serial':
      return behindPrefix('file:', word) ?? behindPrefix('unix:', word);
    case 'gdb':
      return behindPrefix('unix:', word);
    default:
      return WHOLE.has(option) ? whole(word) : null;
  }
}

function whole(path: string): PathWord {
  return { before: '', path, behind: '' };
}

function behindPrefix(before: string, word: string): PathWord | null {
  return word.startsWith(before) ? { before, path: word.slice(before.length), behind: '' } : null;
}

/** `OPTION=A,B,C`. */
function varied(word: string, folder: string): string {
  const equals = word.indexOf('=');
  if (equals < 0) return word;
  const option = word.slice(0, equals).replace(/^--/, '');
  const values = word.slice(equals + 1).split(',');
  return `${option}=${values.map((value) => fromFolder(option, value, folder)).join(',')}`;
}
