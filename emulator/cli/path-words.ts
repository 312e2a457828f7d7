/**
 * Values of options that are a path and something else: where the path is. What reads such a value and what moves its path to another
 * folder (configurations, suites) take it apart here.
 */

/** `before + path + behind` is the word. */
export interface PathWord {
  readonly before: string;
  readonly path: string;
  readonly behind: string;
}

/** `--module FILE[=ARGUMENTS]`: up to the first `=`. */
export function splitModule(word: string): PathWord {
  return upTo(word, word.indexOf('='));
}

/** `--load FILE@ADDRESS`: up to the last `@`; without one there is no address. */
export function splitLoad(word: string): PathWord {
  return upTo(word, word.lastIndexOf('@'));
}

/** `--save-at MOMENT[=FILE.snap]`: a moment may have a sign of equality itself; null where no file is named. */
export function splitSave(word: string): PathWord | null {
  const [, moment, path] = /^(.*)=([^=]+\.snap)$/s.exec(word) ?? [];
  return moment === undefined || path === undefined
    ? null
    : { before: `${moment}=`, path, behind: '' };
}

function upTo(word: string, end: number): PathWord {
  const at = end < 0 ? word.length : end;
  return { before: '', path: word.slice(0, at), behind: word.slice(at) };
}
