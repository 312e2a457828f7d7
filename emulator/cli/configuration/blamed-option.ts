/** Which option's value a sentence about a mistake is about: the option that it begins with, or whose file it names. */
import { pathIn } from './configuration-paths.js';

/** What sentences call the files of options, before their paths. */
const FILES_OF: Readonly<Record<string, readonly string[]>> = {
  image: ['firmware'],
  module: ['initrd', 'module'],
  file: ['load'],
  disk: ['disk'],
  'symbol file': ['symbols'],
  'output folder': ['out'],
  'cannot read the memory map': ['memmap'],
};
const KIND = new RegExp(`^(${Object.keys(FILES_OF).join('|')}) `);
/** `FILE:LINE:COLUMN: `: a suite, whose own value it is. */
const PLACED = /^\S.*?:\d+:\d+: /;

/** The option that the sentence begins with, behind the name of a file, or null. */
export function optionNamed(sentence: string): string | null {
  if (PLACED.test(sentence)) return null;
  return /^(?:[^:]+: )?--([\w-]+)/.exec(sentence)?.[1] ?? null;
}

/** Whether a sentence that begins with no option begins with the path in this value of an option. */
export function namesFileOf(sentence: string, option: string, word: string): boolean {
  if (PLACED.test(sentence)) return false;
  const [begin = '', kind = ''] = KIND.exec(sentence) ?? [];
  if (kind !== '' && FILES_OF[kind]?.includes(option) !== true) return false;
  const path = pathIn(option, word)?.path ?? '';
  if (path.startsWith('zoo:')) return sentence.includes(`'${path.slice('zoo:'.length)}'`);
  const about = sentence.slice(begin.length);
  if (path === '' || !about.startsWith(path)) return false;
  // A file in the folder of results is one of that option's, too.
  return (option === 'out' ? /^(?:[\s:,/]|$)/ : /^(?:[\s:,]|$)/).test(about.slice(path.length));
}
