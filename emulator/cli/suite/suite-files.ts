/** Which files a command line's words name: files, folders with all below them, and patterns. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigurationError, HostError } from '../../base/errors.js';
import { reasonOf } from '../host-file.js';
import { SUITE_ENDING } from './suite.js';

/** Nobody's own suites are in there, and much else is. */
const PASSED_OVER = /^(?:node_modules|\..+)$/;
const WILD = /[*?{]/;

/** The suites, in order and once each. @throws HostError for a file that is not there, ConfigurationError where none is found */
export function suiteFiles(words: readonly string[]): string[] {
  const wanted = words.length === 0 ? [`**/*${SUITE_ENDING}`] : words;
  const found = new Map<string, string>();
  for (const path of wanted.flatMap(filesOf)) {
    const whole = resolve(path);
    if (!found.has(whole)) found.set(whole, path);
  }
  return [...found.values()];
}

function filesOf(word: string): string[] {
  if (existsSync(word)) {
    if (!statSync(word).isDirectory()) return [word];
    return mustFind(`${word}: no file in this folder ends in ${SUITE_ENDING}`, () =>
      filesBelow(word).filter((path) => path.endsWith(SUITE_ENDING)),
    );
  }
  if (!WILD.test(word)) {
    throw new HostError(`suite ${word} cannot be read: no such file or directory`);
  }
  const parts = word.split('/');
  const fixed = parts.slice(
    0,
    parts.findIndex((part) => WILD.test(part)),
  );
  const root = fixed.length === 0 ? '.' : fixed.join('/') || '/';
  const pattern = globExpression(word.replace(/^\.\//, ''));
  return mustFind(`no suite: no file fits ${word}`, () =>
    existsSync(root) ? filesBelow(root).filter((path) => pattern.test(path)) : [],
  );
}

function mustFind(otherwise: string, find: () => string[]): string[] {
  const paths = find();
  if (paths.length === 0) throw new ConfigurationError(otherwise);
  return paths;
}

/** All files below a folder, in order of their paths; links to folders are not followed. @throws HostError */
function filesBelow(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new HostError(`folder ${folder} cannot be read: ${reasonOf(error)}`);
  }
  return entries
    .filter(({ name }) => !PASSED_OVER.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

/** `**` is any folders, `*` and `?` are within a name, `{a,b}` is one of them. */
function globExpression(glob: string): RegExp {
  const source = glob.replace(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (!/^\{.*\}$/.test(part)) return literal(part);
    return `(?:${part.slice(1, -1).split(',').map(literal).join('|')})`;
  });
  return new RegExp(`^${source}$`, 's');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
