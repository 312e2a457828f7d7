/**
 * What a good compiler does not emit, by the instructions of small functions; that they give the right results is
 * differential.test.ts's affair.
 */
import { describe, expect, it } from 'vitest';
import { writeListing } from './listing.js';
import { compileProgram } from './testing/differential.js';

/** Where an instruction's text begins in a line of the listing. */
const TEXT_COLUMN = 44;

/** Mnemonics and operands of the function `f`. */
function instructionsOf(source: string): string[] {
  const listing = writeListing(compileProgram(source).image, () => undefined);
  const body = listing.slice(listing.indexOf('\nf:')).split('\n').slice(2);
  const end = body.findIndex((line) => line === '');
  return body
    .slice(0, end)
    .filter((line) => !line.startsWith(';'))
    .map((line) => line.slice(TEXT_COLUMN))
    .filter((text) => text !== '' && !text.startsWith('nop'));
}

const GLOBALS = 'let a: u32 = 1, b: u64 = 2, c: u32 = 3; const words: usize = memory.data(64);';
/** Keeps the globals from being constants. */
const SET = 'export function set(x: u32, y: u64): void { a = x; b = y; c = x + 1; }';

interface Case {
  readonly what: string;
  readonly body: string;
  /** Patterns that some instruction matches, and that none does. */
  readonly some?: readonly RegExp[];
  readonly none: readonly RegExp[];
}

const CASES: readonly Case[] = [
  {
    what: 'two comparisons of which either suffices are two branches',
    body: 'function f(x: u32, y: u64): u32 { if (x != a || y != b) { c = x; return 7; } a = 5; return 9; }',
    none: [/^set/, /^or /],
  },
  {
    what: 'two comparisons that must both hold are two branches',
    body: 'function f(x: u32, y: u64): u32 { if (x == a && y < b) { c = x; return 7; } a = 5; return 9; }',
    none: [/^set/, /^and /],
  },
  {
    what: 'a comparison and a flag are compared in memory',
    body: 'function f(x: u32): u32 { if (x != a || c != 0) { b = 1; return 7; } a = 5; return 9; }',
    some: [/^cmp dword ptr \[.*\], 0$/],
    none: [/^set/, /^test/],
  },
  {
    what: 'the answer of an inlined function is no register',
    body: `/** @inline */
function take(x: u32): bool { if (x != a) return false; c = 1; return true; }
export function f(x: u32): u32 { if (!take(x)) { b = 8; return 3; } return c + a; }`,
    none: [/^test/, /^set/, /^cmp \w+, 0$/],
  },
  {
    what: 'an answer of two inlined functions, one in the other, is none either',
    body: `/** @inline */
function both(x: u32, y: u64): bool { if (x != a || y != b) return false; c = 1; return true; }
export function f(x: u32, y: u64): u32 { if (x > 9 || !both(x, y)) { b = 8; return 3; } return c + a; }`,
    none: [/^test/, /^set/, /^cmp \w+, 0$/],
  },
  {
    what: 'a choice between a condition and no is two branches',
    body: 'function f(x: u32, y: u64): u32 { if (x != 0 && (y == b || y == 5)) { c = x; return 7; } a = 5; return 9; }',
    none: [/^set/, /^cmov/, /^and /, /^or /],
  },
  {
    what: 'a scan for a bit behind a test for none needs no second answer',
    body: 'function f(x: u64): u64 { if (x == 0) return 99; return ctz(x); }',
    some: [/^bsf /],
    none: [/^cmov/],
  },
  {
    what: 'one without that has a second answer',
    body: 'function f(x: u64): u64 { return ctz(x); }',
    some: [/^bsf /, /^cmove /],
    none: [],
  },
  {
    what: 'a scan behind a test of something else has one, too',
    body: 'function f(x: u64, y: u64): u64 { if (y == 0) return 99; return ctz(x); }',
    some: [/^cmove /],
    none: [],
  },
  {
    what: 'a bit is set, cleared, changed and tested by its number',
    body: `function f(x: u64, n: u64): u64 {
        const bit = (1 as u64) << n;
        if ((x & bit) == 0) { store<u64>(words, x | bit); return 1; }
        store<u64>(words, (x ^ bit) & ~((1 as u64) << (n + 5)));
        return 2;
      }`,
    some: [/^bt /, /^bts /, /^btc /, /^btr /],
    none: [/^shl/, /^rol/, /^not/],
  },
  {
    what: 'a short constant is compared with two bytes in memory',
    body: 'function f(p: usize): u32 { if ((load<u16>(p, 6) as u32) == 0xffff) { a = 3; return 1; } return 2; }',
    some: [
      /^cmp word ptr \[rdi\+6\], 0FFFFh$|^cmp word ptr \[rdi\+6h?\], -1$|^cmp word ptr \[rdi\+6\], 0FFFFFFFFFFFFFFFFh$/,
    ],
    none: [/^movzx/],
  },
  {
    what: 'a longer one is not: its prefix is slow to decode',
    body: 'function f(p: usize): u32 { if ((load<u16>(p, 6) as u32) == 0x1234) { a = 3; return 1; } return 2; }',
    some: [/^movzx/],
    none: [/word ptr .*, 1234h/],
  },
  {
    what: 'a constant inside a sum is part of the address',
    body: 'function f(i: usize, j: usize): u64 { return load<u64>(words + (i & 0xff0) + ((j & 7) << 3)); }',
    none: [/^add/, /^lea/],
  },
  {
    what: 'a count in memory that has just changed is not compared with 0 again',
    body: 'function f(p: usize): u32 { store<i64>(p, load<i64>(p, 8) + 1, 8); if (load<i64>(p, 8) >= 0) { a = 3; return 1; } return 2; }',
    some: [/^add qword ptr \[rdi\+8\], 1$/, /^js|^jns/],
    none: [/^cmp/, /^test/, /^mov r/],
  },
  {
    what: 'nor is a byte',
    body: 'function f(p: usize, i: usize): u32 { store<u8>(p + i, load<u8>(p + i) - 1); if (load<u8>(p + i) != 0) { a = 3; return 1; } return 2; }',
    some: [/^(sub|add) byte ptr \[/, /^jn?e/],
    none: [/^cmp/, /^test/, /^movzx/],
  },
  {
    what: 'one that changed beside it is',
    body: 'function f(p: usize): u32 { store<i64>(p, load<i64>(p, 8) + 1, 8); if (load<i64>(p) >= 0) { a = 3; return 1; } return 2; }',
    some: [/^cmp qword ptr \[rdi\], 0$/],
    none: [],
  },
  {
    what: 'one that must be above 0 is: its sum may have passed the largest number',
    body: 'function f(p: usize): u32 { store<i64>(p, load<i64>(p) + 1); if (load<i64>(p) > 0) { a = 3; return 1; } return 2; }',
    some: [/^cmp qword ptr \[rdi\], 0$/],
    none: [],
  },
];

describe('compiled code', () => {
  it.each(CASES)('$what', ({ body, some = [], none }) => {
    const own = body.startsWith('function') ? `export ${body}` : body;
    const instructions = instructionsOf(`${GLOBALS}\n${SET}\n${own}`);
    expect(instructions).toContain('ret');
    for (const pattern of some) expect(instructions).toContainEqual(expect.stringMatching(pattern));
    for (const pattern of none)
      expect(instructions).not.toContainEqual(expect.stringMatching(pattern));
  });
});
