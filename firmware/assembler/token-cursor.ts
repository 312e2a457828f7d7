import { AssemblyError, type SourcePosition } from './assembly-error.js';
import type { Token } from './lexer.js';

/** Reads the tokens of one line from left to right. */
export class TokenCursor {
  readonly position: SourcePosition;
  private readonly tokens: readonly Token[];
  private index = 0;

  constructor(tokens: readonly Token[], position: SourcePosition) {
    this.tokens = tokens;
    this.position = position;
  }

  get atEnd(): boolean {
    return this.index >= this.tokens.length;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.index + ahead];
  }

  /** Takes the next token; the end of the line is an error naming `expected`. */
  next(expected: string): Token {
    const token = this.tokens[this.index];
    if (token === undefined) throw this.error(`the line ends where ${expected} should stand.`);
    this.index += 1;
    return token;
  }

  /** Takes the next token when it is this punctuation. */
  accept(punctuation: string): boolean {
    if (!this.peekIs(punctuation)) return false;
    this.index += 1;
    return true;
  }

  peekIs(punctuation: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === 'punctuation' && token.text === punctuation;
  }

  /** The next token's text in lower case when it is an identifier, else an empty string. */
  peekWord(ahead = 0): string {
    const token = this.peek(ahead);
    return token?.kind === 'identifier' ? token.text.toLowerCase() : '';
  }

  expect(punctuation: string): void {
    if (this.accept(punctuation)) return;
    const found = this.peek();
    throw this.error(
      found === undefined
        ? `the line ends where '${punctuation}' should stand.`
        : `'${found.text}' stands where '${punctuation}' should.`,
    );
  }

  expectEnd(): void {
    const token = this.peek();
    if (token !== undefined)
      throw this.error(`'${token.text}' is left over at the end of the line.`);
  }

  error(sentence: string): AssemblyError {
    return new AssemblyError(this.position, sentence);
  }
}
