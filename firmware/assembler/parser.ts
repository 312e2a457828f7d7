import type { SourcePosition } from './assembly-error.js';
import { parseExpression, qualifiedName, type Expression } from './expression.js';
import { tokenize } from './lexer.js';
import { parseOperand } from './operand-parser.js';
import { registerNamed } from './registers.js';
import type { Body, DataItem, Operand, Statement } from './syntax.js';
import { TokenCursor } from './token-cursor.js';

const UNIT_BYTES: Readonly<Record<string, number>> = { db: 1, dw: 2, dd: 4, dq: 8 };
const DIRECTIVES = new Set(['db', 'dw', 'dd', 'dq', 'times', 'align', 'bits', 'org', 'equ']);
const PREFIXES = new Set(
  'rep repe repz repne repnz lock o16 o32 a16 a32 es cs ss ds fs gs'.split(' '),
);

/** Parses lines in order; it remembers the label that local labels (`.name`) belong to. */
export class Parser {
  private localScope = '';

  parseLine(text: string, position: SourcePosition): Statement {
    const cursor = new TokenCursor(tokenize(text, position), position);
    const label = this.parseLabel(cursor);
    if (label !== null && cursor.peekWord() === 'equ') {
      cursor.next('equ');
      const value = parseExpression(cursor, this.localScope);
      cursor.expectEnd();
      return {
        position,
        text,
        label: null,
        times: null,
        body: { kind: 'equ', name: label, value },
      };
    }
    // A label of its own opens a new scope for local labels; an equ or a local label does not.
    if (label !== null && !label.includes('.')) this.localScope = label;
    let times: Expression | null = null;
    if (cursor.peekWord() === 'times') {
      cursor.next('times');
      times = parseExpression(cursor, this.localScope);
      if (cursor.atEnd) throw cursor.error("'times' needs something to repeat.");
    }
    const body = cursor.atEnd ? null : this.parseBody(cursor);
    if (times !== null && body?.kind !== 'data' && body?.kind !== 'instruction') {
      throw cursor.error("'times' repeats data or an instruction, nothing else.");
    }
    cursor.expectEnd();
    return { position, text, label, times, body };
  }

  private parseLabel(cursor: TokenCursor): string | null {
    const token = cursor.peek();
    if (token?.kind !== 'identifier') return null;
    const hasColon = cursor.peekIs(':', 1);
    const namesDirective = DIRECTIVES.has(cursor.peekWord(1)) && !DIRECTIVES.has(cursor.peekWord());
    if (!hasColon && !namesDirective) return null;
    if (registerNamed(token.text) !== undefined) {
      throw cursor.error(`'${token.text}' is a register and cannot be a label.`);
    }
    if (token.text.startsWith('.') && this.localScope === '') {
      throw cursor.error(`the local label '${token.text}' has no label above it.`);
    }
    cursor.next('a label');
    cursor.accept(':');
    return qualifiedName(token.text, this.localScope);
  }

  private parseBody(cursor: TokenCursor): Body {
    const token = cursor.next('an instruction');
    if (token.kind !== 'identifier')
      throw cursor.error(`'${token.text}' stands where an instruction should.`);
    const word = token.text.toLowerCase();
    const unitBytes = UNIT_BYTES[word];
    if (unitBytes !== undefined) return { kind: 'data', unitBytes, items: this.parseData(cursor) };
    switch (word) {
      case 'align': {
        const boundary = parseExpression(cursor, this.localScope);
        const fill = cursor.accept(',') ? parseExpression(cursor, this.localScope) : null;
        return { kind: 'align', boundary, fill };
      }
      case 'bits': {
        const size = cursor.next('16 or 32').text;
        if (size !== '16' && size !== '32')
          throw cursor.error(`'bits ${size}' is neither bits 16 nor bits 32.`);
        return { kind: 'bits', bits: size === '16' ? 16 : 32 };
      }
      case 'org':
        return { kind: 'org', origin: parseExpression(cursor, this.localScope) };
      case 'equ':
        throw cursor.error("'equ' needs a name before it.");
      default:
        return this.parseInstruction(word, cursor);
    }
  }

  private parseData(cursor: TokenCursor): DataItem[] {
    const items: DataItem[] = [];
    do {
      const token = cursor.peek();
      if (token?.kind === 'string' && (cursor.peek(1) === undefined || cursor.peekIs(',', 1))) {
        cursor.next('a string');
        items.push({ kind: 'text', text: token.text });
      } else {
        items.push(parseExpression(cursor, this.localScope));
      }
    } while (cursor.accept(','));
    return items;
  }

  private parseInstruction(first: string, cursor: TokenCursor): Body {
    const prefixes: string[] = [];
    let mnemonic = first;
    while (PREFIXES.has(mnemonic)) {
      prefixes.push(mnemonic);
      mnemonic = cursor.next('an instruction').text.toLowerCase();
    }
    const operands: Operand[] = [];
    if (!cursor.atEnd) {
      do operands.push(parseOperand(cursor, this.localScope));
      while (cursor.accept(','));
    }
    return { kind: 'instruction', prefixes, mnemonic, operands };
  }
}
