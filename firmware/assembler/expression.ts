import type { SourcePosition } from './assembly-error.js';
import { AssemblyError } from './assembly-error.js';
import { registerNamed, type NamedRegister } from './registers.js';
import type { TokenCursor } from './token-cursor.js';

/** An expression as written. `here` is `$`, `origin` is `$$`; registers occur only inside `[…]`. */
export type Expression =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'register'; readonly register: NamedRegister }
  | { readonly kind: 'here' }
  | { readonly kind: 'origin' }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

/**
 * What an expression is worth in one layout pass. `known` is false while a symbol further down has no address yet
 * (the value is then 0); `movable` is true when it depends on an address, which may still change between passes.
 */
export interface Value {
  readonly value: bigint;
  readonly known: boolean;
  readonly movable: boolean;
}

/** What the surroundings of an expression tell it: `$`, `$$` and the symbols. */
export interface Scope {
  readonly position: SourcePosition;
  readonly here: bigint;
  readonly origin: bigint;
  lookup(name: string, position: SourcePosition): Value;
}

/** Binary operators from the loosest to the tightest, as in NASM. */
const PRECEDENCE: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Parses an expression; `localScope` is the label that a name starting with a dot belongs to. */
export function parseExpression(cursor: TokenCursor, localScope: string, level = 0): Expression {
  const operators = PRECEDENCE[level];
  if (operators === undefined) return parseUnary(cursor, localScope);
  let left = parseExpression(cursor, localScope, level + 1);
  for (;;) {
    const operator = operators.find((candidate) => cursor.accept(candidate));
    if (operator === undefined) return left;
    left = {
      kind: 'binary',
      operator,
      left,
      right: parseExpression(cursor, localScope, level + 1),
    };
  }
}

function parseUnary(cursor: TokenCursor, localScope: string): Expression {
  const token = cursor.next('a value');
  switch (token.kind) {
    case 'number':
      return { kind: 'number', value: token.value };
    case 'string':
      return { kind: 'number', value: characterConstant(token.text, cursor) };
    case 'identifier': {
      const register = registerNamed(token.text);
      if (register !== undefined) return { kind: 'register', register };
      return { kind: 'symbol', name: qualifiedName(token.text, localScope) };
    }
    case 'punctuation':
      break;
  }
  if (token.text === '$') return { kind: 'here' };
  if (token.text === '$$') return { kind: 'origin' };
  if (token.text === '-' || token.text === '~' || token.text === '+') {
    return { kind: 'unary', operator: token.text, operand: parseUnary(cursor, localScope) };
  }
  if (token.text === '(') {
    const inner = parseExpression(cursor, localScope);
    cursor.expect(')');
    return inner;
  }
  throw cursor.error(`'${token.text}' stands where a value should.`);
}

/** `.loop` below the label `copy` is the symbol `copy.loop`. */
export function qualifiedName(name: string, localScope: string): string {
  return name.startsWith('.') ? localScope + name : name;
}

/** 'SMAP' as a number: the first character is the lowest byte. */
function characterConstant(text: string, cursor: TokenCursor): bigint {
  if (text.length === 0 || text.length > 8) {
    throw cursor.error(
      `a string used as a number has 1 to 8 characters, this one has ${text.length}.`,
    );
  }
  return [...text].reduceRight(
    (value, character) => (value << 8n) | BigInt(character.charCodeAt(0)),
    0n,
  );
}

export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'number':
      return { value: expression.value, known: true, movable: false };
    case 'here':
      return { value: scope.here, known: true, movable: true };
    case 'origin':
      return { value: scope.origin, known: true, movable: false };
    case 'symbol':
      return scope.lookup(expression.name, scope.position);
    case 'register':
      throw new AssemblyError(
        scope.position,
        `the register ${expression.register.name} stands where a number should.`,
      );
    case 'unary': {
      const operand = evaluate(expression.operand, scope);
      return { ...operand, value: applyUnary(expression.operator, operand.value) };
    }
    case 'binary': {
      const left = evaluate(expression.left, scope);
      const right = evaluate(expression.right, scope);
      const known = left.known && right.known;
      const value = known
        ? applyBinary(expression.operator, left.value, right.value, scope.position)
        : 0n;
      return { value, known, movable: left.movable || right.movable };
    }
  }
}

function applyUnary(operator: string, operand: bigint): bigint {
  if (operator === '-') return -operand;
  return operator === '~' ? ~operand : operand;
}

function applyBinary(
  operator: string,
  left: bigint,
  right: bigint,
  position: SourcePosition,
): bigint {
  if ((operator === '/' || operator === '%') && right === 0n)
    throw new AssemblyError(position, 'division by zero.');
  if ((operator === '<<' || operator === '>>') && (right < 0n || right > 63n)) {
    throw new AssemblyError(position, `a shift by ${right} is outside 0 to 63.`);
  }
  switch (operator) {
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '&':
      return left & right;
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}
