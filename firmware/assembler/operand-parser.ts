import { parseExpression, type Expression } from './expression.js';
import { registerNamed, type NamedRegister } from './registers.js';
import type { MemoryOperand, Operand } from './syntax.js';
import type { TokenCursor } from './token-cursor.js';

const SIZES: Readonly<Record<string, number>> = { byte: 8, word: 16, dword: 32, qword: 64 };

/** Parses one operand: a register, `[memory]`, `selector:offset`, or a number or jump target. */
export function parseOperand(cursor: TokenCursor, localScope: string): Operand {
  let sizeBits: number | null = null;
  let distance: 'short' | 'near' | null = null;
  let isFarPointer = false;
  for (;;) {
    const word = cursor.peekWord();
    const size = SIZES[word];
    if (size !== undefined) sizeBits = size;
    else if (word === 'short' || word === 'near') distance = word;
    else if (word === 'far') isFarPointer = true;
    else break;
    cursor.next('an operand');
  }
  if (cursor.accept('[')) return parseMemory(cursor, localScope, sizeBits, isFarPointer);
  const register = registerNamed(cursor.peekWord());
  if (register !== undefined) {
    cursor.next('a register');
    return { kind: 'register', register };
  }
  const expression = parseExpression(cursor, localScope);
  if (cursor.accept(':')) {
    return {
      kind: 'far',
      selector: expression,
      offset: parseExpression(cursor, localScope),
      sizeBits,
    };
  }
  return { kind: 'immediate', expression, sizeBits, distance };
}

function parseMemory(
  cursor: TokenCursor,
  localScope: string,
  sizeBits: number | null,
  isFarPointer: boolean,
): MemoryOperand {
  let segment: NamedRegister | null = null;
  const first = registerNamed(cursor.peekWord());
  if (first?.class === 'segment' && cursor.peekIs(':', 1)) {
    segment = first;
    cursor.next('a segment register');
    cursor.expect(':');
  }
  const sum = new AddressSum(cursor);
  sum.add(parseExpression(cursor, localScope), false);
  cursor.expect(']');
  return { kind: 'memory', sizeBits, isFarPointer, segment, ...sum.parts() };
}

/** Sorts the terms of an address into base, index and displacement. */
class AddressSum {
  private readonly cursor: TokenCursor;
  private readonly plain: NamedRegister[] = [];
  private scaled: { register: NamedRegister; scale: number } | null = null;
  private displacement: Expression | null = null;

  constructor(cursor: TokenCursor) {
    this.cursor = cursor;
  }

  add(term: Expression, negative: boolean): void {
    if (term.kind === 'binary' && (term.operator === '+' || term.operator === '-')) {
      this.add(term.left, negative);
      this.add(term.right, negative !== (term.operator === '-'));
    } else if (term.kind === 'register') {
      if (negative)
        throw this.cursor.error(
          `the register ${term.register.name} cannot be subtracted in an address.`,
        );
      this.plain.push(term.register);
    } else if (
      term.kind === 'binary' &&
      term.operator === '*' &&
      this.isScaledIndex(term.left, term.right, negative)
    ) {
      return;
    } else {
      this.addDisplacement(term, negative);
    }
  }

  parts(): Pick<MemoryOperand, 'base' | 'index' | 'scale' | 'displacement'> {
    const registers = [...this.plain];
    let index = this.scaled?.register ?? null;
    if (index === null && registers.length === 2) {
      // [si+bx] and [eax+esp] are written with the index first.
      const second = registers[1];
      const secondIsBase = second !== undefined && ['bx', 'bp', 'esp'].includes(second.name);
      index = registers.splice(secondIsBase ? 0 : 1, 1)[0] ?? null;
    }
    if (registers.length > 1)
      throw this.cursor.error('an address has at most one base and one index register.');
    const base = registers[0] ?? null;
    for (const register of [base, index]) {
      if (register !== null && register.class !== 'r16' && register.class !== 'r32') {
        throw this.cursor.error(`the register ${register.name} cannot be part of an address.`);
      }
    }
    if (base !== null && index !== null && base.class !== index.class) {
      throw this.cursor.error(
        `the address mixes ${base.name} and ${index.name}, registers of different sizes.`,
      );
    }
    return { base, index, scale: this.scaled?.scale ?? 1, displacement: this.displacement };
  }

  private isScaledIndex(left: Expression, right: Expression, negative: boolean): boolean {
    const [register, factor] = left.kind === 'register' ? [left, right] : [right, left];
    if (register.kind !== 'register') return false;
    const scale = factor.kind === 'number' ? Number(factor.value) : 0;
    if (negative || this.scaled !== null || ![1, 2, 4, 8].includes(scale)) {
      throw this.cursor.error('an address has at most one index register, times 1, 2, 4 or 8.');
    }
    this.scaled = { register: register.register, scale };
    return true;
  }

  private addDisplacement(term: Expression, negative: boolean): void {
    if (this.displacement === null) {
      this.displacement = negative ? { kind: 'unary', operator: '-', operand: term } : term;
      return;
    }
    const operator = negative ? '-' : '+';
    this.displacement = { kind: 'binary', operator, left: this.displacement, right: term };
  }
}
