/**
 * What a comment says of the function behind it, in its last word: `@inline`, or in the kernel `@cold` or `@whole`
 * (docs/dialect.md).
 * TypeScript, which checks the same sources, refuses decorators of functions.
 */
import { CompileError } from './compile-error.js';

/** A word, the end of the comment, and the function behind that. */
const ANNOTATIONS = /@(\w+)( \*\/\n(?:(?:export )?function (\w+))?)?/g;
const IS_OURS = /^(inline|cold|whole)$/i;

/** The text with AssemblyScript's decorator in front of each function that is to be inlined; lines stay where they are. */
export function withInlineDecorators(text: string): string {
  return text.replaceAll(/@inline \*\/\n(?=(export )?function )/g, '$&@inline ');
}

/** Names, `file/function`, of what comments say something of. */
export interface AnnotatedFunctions {
  /** Seldom called. */
  readonly cold: string[];
  /** An interrupt inside them is taken when they have ended. */
  readonly whole: string[];
}

/**
 * Adds the functions of a file to `names`.
 * @throws CompileError where a comment ends in another word, or one of ours is not the last before a function
 */
export function addAnnotated(names: AnnotatedFunctions, path: string, text: string): void {
  for (const { 1: word = '', 2: end, 3: name, index } of text.matchAll(ANNOTATIONS)) {
    if (end === undefined && !IS_OURS.test(word)) continue;
    const place = `${path}:${text.slice(0, index).split('\n').length}`;
    if (word !== 'inline' && word !== 'cold' && word !== 'whole')
      throw new CompileError(`${place}: @${word} is none of @inline, @cold and @whole`);
    if (name === undefined)
      throw new CompileError(`${place}: @${word} is not the end of a function's comment`);
    if (word !== 'inline') names[word].push(`${path.replace(/\.ts$/, '')}/${name}`);
  }
}
