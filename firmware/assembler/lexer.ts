import { AssemblyError, type SourcePosition } from './assembly-error.js';

/** One token of a source line. `text` is the source text, for a string without its quotes. */
export type Token =
  | { readonly kind: 'identifier'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string; readonly value: bigint }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'punctuation'; readonly text: string };

const SPACE = /\s+/y;
const IDENTIFIER = /[A-Za-z_.][A-Za-z0-9_.]*/y;
const NUMBER = /[0-9][0-9A-Za-z_]*/y;
const STRING = /'([^']*)'|"([^"]*)"/y;
const PUNCTUATION = /\$\$|<<|>>|[$,:()[\]+\-*/%&|^~]/y;
const NUMBER_FORM = /^(0x[0-9a-f]+|0b[01]+|[0-9]+)$/i;

/** Splits one line into tokens; a comment (`;` to the end of the line) yields none. */
export function tokenize(line: string, position: SourcePosition): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < line.length && line[at] !== ';') {
    if (match(SPACE) !== null) continue;
    let found = match(IDENTIFIER);
    if (found !== null) {
      tokens.push({ kind: 'identifier', text: found[0] });
      continue;
    }
    found = match(NUMBER);
    if (found !== null) {
      tokens.push({ kind: 'number', text: found[0], value: numberOf(found[0], position) });
      continue;
    }
    found = match(STRING);
    if (found !== null) {
      tokens.push({ kind: 'string', text: asciiOf(found[1] ?? found[2] ?? '', position) });
      continue;
    }
    found = match(PUNCTUATION);
    if (found === null) {
      throw new AssemblyError(
        position,
        `the character ${JSON.stringify(line[at])} has no meaning here.`,
      );
    }
    tokens.push({ kind: 'punctuation', text: found[0] });
  }
  return tokens;
}

function numberOf(text: string, position: SourcePosition): bigint {
  const digits = text.replaceAll('_', '');
  if (!NUMBER_FORM.test(digits)) {
    throw new AssemblyError(position, `'${text}' is not a number (write 0x1F, 0b101 or 31).`);
  }
  return BigInt(digits.toLowerCase());
}

function asciiOf(text: string, position: SourcePosition): string {
  for (const character of text) {
    if (character > '\x7e' || (character < ' ' && character !== '\t')) {
      throw new AssemblyError(
        position,
        `the string holds ${JSON.stringify(character)}, which is not ASCII.`,
      );
    }
  }
  return text;
}
