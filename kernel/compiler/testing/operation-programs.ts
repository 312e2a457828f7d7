/**
 * Guest programs with one exported function per integer operation, and the operand values to call them with.
 */
import type { FunctionCall } from './differential.js';

export interface Program {
  readonly source: string;
  readonly calls: readonly FunctionCall[];
}

const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x123456789abcdef0n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0xfffffffffffffff9n,
];

const CONSTANTS: readonly bigint[] = [
  1n,
  2n,
  3n,
  5n,
  6n,
  7n,
  8n,
  9n,
  10n,
  11n,
  16n,
  25n,
  100n,
  127n,
  255n,
  641n,
  1000n,
  4096n,
  65535n,
  1000000007n,
  2147483647n,
];

const WIDE_CONSTANTS: readonly bigint[] = [
  0x80000000n,
  0xffffffffn,
  0x123456789abcdefn,
  0x7fffffffffffffffn,
];

const BINARY: Readonly<Record<string, string>> = {
  add: 'a + b',
  sub: 'a - b',
  mul: 'a * b',
  div: 'a / b',
  rem: 'a % b',
  and: 'a & b',
  or: 'a | b',
  xor: 'a ^ b',
  shl: 'a << b',
  shr: 'a >> b',
};

type Type = 'i32' | 'u32' | 'i64' | 'u64';
const TYPES: readonly Type[] = ['i32', 'u32', 'i64', 'u64'];

function pairs(name: string, values = EDGES): FunctionCall[] {
  return values.flatMap((a) => values.map((b) => ({ name, args: [a, b] })));
}

const singles = (name: string): FunctionCall[] => EDGES.map((a) => ({ name, args: [a] }));

/** Every two-operand operation of every type, with both operands unknown. */
export function binaryProgram(): Program {
  const lines: string[] = [];
  const calls: FunctionCall[] = [];
  for (const type of TYPES) {
    for (const [op, expression] of Object.entries(BINARY)) {
      const name = `${op}_${type}`;
      lines.push(
        `export function ${name}(a: ${type}, b: ${type}): ${type} { return ${expression}; }`,
      );
      calls.push(...pairs(name));
    }
    for (const rotate of ['rotl', 'rotr']) {
      const name = `${rotate}_${type}`;
      const body = `return ${rotate}<${type}>(a, b);`;
      lines.push(`export function ${name}(a: ${type}, b: ${type}): ${type} { ${body} }`);
      calls.push(...pairs(name));
    }
    for (const [name, expression] of comparisons(type)) {
      const parameters = `(a: ${type}, b: ${type}): i32`;
      lines.push(`export function ${name}${parameters} { return ${expression} ? 1 : 0; }`);
      lines.push(
        `export function ${name}_branch${parameters} { if (${expression}) return 7; return 9; }`,
      );
      lines.push(
        `export function ${name}_select(a: ${type}, b: ${type}): ${type} { return select<${type}>(a, b, ${expression}); }`,
      );
      for (const suffix of ['', '_branch', '_select']) calls.push(...pairs(`${name}${suffix}`));
    }
  }
  return { source: lines.join('\n'), calls };
}

function comparisons(type: Type): [string, string][] {
  const operators = { eq: '==', ne: '!=', lt: '<', gt: '>', le: '<=', ge: '>=' };
  return Object.entries(operators).map(([name, operator]) => [
    `${name}_${type}`,
    `(a ${operator} b)`,
  ]);
}

/** One-operand operations and conversions. */
export function unaryProgram(): Program {
  const lines: string[] = [];
  const calls: FunctionCall[] = [];
  for (const type of TYPES) {
    for (const op of ['clz', 'ctz', 'popcnt']) {
      lines.push(
        `export function ${op}_${type}(a: ${type}): ${type} { return ${op}<${type}>(a); }`,
      );
      calls.push(...singles(`${op}_${type}`));
    }
    for (const [op, expression] of Object.entries({
      neg: '-a',
      not: '~a',
      zero: 'a == 0 ? 5 : 6',
    })) {
      lines.push(`export function ${op}_${type}(a: ${type}): ${type} { return ${expression}; }`);
      calls.push(...singles(`${op}_${type}`));
    }
    for (const target of ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64']) {
      const name = `cast_${type}_${target}`;
      lines.push(`export function ${name}(a: ${type}): i64 { return <i64>(<${target}>a); }`);
      calls.push(...singles(name));
      const sum = `${name}_sum`;
      lines.push(
        `export function ${sum}(a: ${type}): i64 { return <i64>(<${target}>(a + 1)) + 3; }`,
      );
      calls.push(...singles(sum));
    }
  }
  return { source: lines.join('\n'), calls };
}

/** Operations with a constant on the right: other instructions than with an unknown operand. */
export function constantProgram(): Program {
  const lines: string[] = [];
  const calls: FunctionCall[] = [];
  for (const type of TYPES) {
    const isWide = type.endsWith('64');
    const isSigned = type.startsWith('i');
    const values = [...CONSTANTS, ...(isWide ? WIDE_CONSTANTS : [])];
    const signed = isSigned ? values.flatMap((value) => [value, -value]) : values;
    signed.forEach((constant, index) => {
      for (const [op, expression] of Object.entries(BINARY)) {
        const name = `${op}_${type}_c${index}`;
        const body = expression.replace('b', `(<${type}>${constant})`);
        lines.push(`export function ${name}(a: ${type}): ${type} { return ${body}; }`);
        calls.push(...singles(name));
      }
      for (const [base, expression] of comparisons(type)) {
        const name = `${base}_c${index}`;
        const condition = expression.replace('b)', `<${type}>${constant})`);
        lines.push(`export function ${name}(a: ${type}): i32 { return ${condition} ? 1 : 0; }`);
        calls.push(...singles(name));
      }
      const mask = `mask_${type}_c${index}`;
      const test = `(a & (<${type}>${constant})) != 0`;
      lines.push(`export function ${mask}(a: ${type}): i32 { if (${test}) return 3; return 4; }`);
      calls.push(...singles(mask));
    });
  }
  return { source: lines.join('\n'), calls };
}
