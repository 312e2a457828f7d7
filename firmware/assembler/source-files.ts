import { posix } from 'node:path';
import { AssemblyError, type SourcePosition } from './assembly-error.js';
import { Parser } from './parser.js';
import type { Statement } from './syntax.js';

/** Gives the text of a source file by its path with forward slashes, or null when there is none. */
export type ReadSource = (path: string) => string | null;

const INCLUDE = /^\s*%include\s+(?:"([^"]+)"|'([^']+)')\s*(?:;.*)?$/;
const PREPROCESSOR = /^\s*%/;

/**
 * Reads `path` and, in place, what it includes (paths are relative to the including file), as one list of parsed
 * lines. `%include` lines stay in the list, without a body, so that a listing shows them.
 */
export function parseSourceFiles(path: string, readSource: ReadSource): Statement[] {
  const statements: Statement[] = [];
  const parser = new Parser();
  const open: string[] = [];

  const readFile = (file: string, includedFrom: SourcePosition): void => {
    if (open.includes(file)) throw new AssemblyError(includedFrom, `'${file}' includes itself.`);
    const source = readSource(file);
    if (source === null)
      throw new AssemblyError(includedFrom, `the file '${file}' cannot be read.`);
    open.push(file);
    const lines = source.replace(/\n$/, '').split('\n');
    for (const [index, lineText] of lines.entries()) {
      const position = { file, line: index + 1 };
      const text = lineText.trimEnd();
      if (!PREPROCESSOR.test(text)) {
        statements.push(parser.parseLine(text, position));
        continue;
      }
      const include = INCLUDE.exec(text);
      if (include === null)
        throw new AssemblyError(position, 'the only line that starts with % is %include "file".');
      statements.push({ position, text, label: null, times: null, body: null });
      readFile(posix.join(posix.dirname(file), include[1] ?? include[2] ?? ''), position);
    }
    open.pop();
  };

  readFile(path, { file: path, line: 0 });
  return statements;
}
