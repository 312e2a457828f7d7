/**
 * What a comment says of the function behind it, in its last word: `@inline`, or in the kernel `@cold` (docs/dialect.md).
 * TypeScript, which checks the same sources, refuses decorators of functions.
 */
import { CompileError } from './compile-error.js';

/** A word, the end of the comment, and the function behind that. */
const ANNOTATIONS = /@(\w+)( \*\/\n(?:(?:export )?function (\w+))?)?/g;
const IS_OURS = /^(inline|cold)$/i;

/** The text with AssemblyScript's decorator in front of each function that is to be inlined; lines stay where they are. */
export function withInlineDecorators(text: string): string {
  return text.replaceAll(/@inline \*\/\n(?=(export )?function )/g, '$&@inline ');
}

/**
 * Names, `file/function`, of the functions that are seldom called.
 * @throws CompileError where a comment ends in another word, or one of ours is not the last before a function
 */
export function coldFunctionsOf(path: string, text: string): string[] {
  const cold: string[] = [];
  for (const { 1: word = '', 2: end, 3: name, index } of text.matchAll(ANNOTATIONS)) {
    if (end === undefined && !IS_OURS.test(word)) continue;
    const place = `${path}:${text.slice(0, index).split('\n').length}`;
    if (word !== 'inline' && word !== 'cold')
      throw new CompileError(`${place}: @${word} is neither @inline nor @cold`);
    if (name === undefined)
      throw new CompileError(`${place}: @${word} is not the end of a function's comment`);
    if (word === 'cold') cold.push(`${path.replace(/\.ts$/, '')}/${name}`);
  }
  return cold;
}
