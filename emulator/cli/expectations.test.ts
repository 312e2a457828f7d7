/** Patterns on a byte stream: in order, as soon as they are there, line or no line. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { SerialExpectations } from './expectations.js';

/** Feeds text, byte k at cycle 10 k (from 1); stops where the run would. */
function feed(
  text: string | Uint8Array,
  expects: readonly string[],
  fails: readonly string[] = [],
): { expectations: SerialExpectations; decided: number[] } {
  const expectations = new SerialExpectations(expects, fails);
  const decided: number[] = [];
  [...Buffer.from(text)].forEach((byte, index) => {
    if (expectations.take(byte, (index + 1) * 10)) decided.push(index + 1);
  });
  return { expectations, decided };
}

describe('--expect', () => {
  it.each<[string, string, string[], number[]]>([
    ['a text matches with its last byte', 'PMM ready: 5\n', ['ready'], [9]],
    ['a prompt needs no new line', 'boot\nlogin: ', ['login: '], [12]],
    ['several match in order', 'a b c', ['a', 'c'], [1, 5]],
    ['what came before the last match does not count', 'b a b', ['a', 'b'], [3, 5]],
    ['the same text twice needs to come twice', 'x.x', ['x', 'x'], [1, 3]],
    ['an order that does not come stays open', 'b a', ['a', 'b'], [3]],
    ['special characters are text', 'a.c [x] 1+1\n', ['[x] 1+1'], [11]],
    ['an expression takes flags', 'Total: 42 PAGES', ['/total: \\d+ pages/i'], [15]],
    ['an expression may span lines', 'one\ntwo', ['/one.two/s'], [7]],
    ['^ with flag m begins a line', 'x ok\nok', ['/^ok/m'], [7]],
    ['a slash alone is text', '/', ['/'], [1]],
  ])('%s', (_, text, expects, decided) => {
    expect(feed(text, expects).decided).toEqual(decided);
  });

  it('tells cycle and line of each match, and null for what did not come', () => {
    const { expectations } = feed('one\ntwo\nthree', ['ne', 'three', 'four']);
    expect(expectations.results()).toEqual([
      { pattern: 'ne', cycle: 30, line: 1 },
      { pattern: 'three', cycle: 130, line: 3 },
      { pattern: 'four', cycle: null, line: null },
    ]);
    expect([expectations.matched, expectations.expected]).toEqual([2, 3]);
    expect(expectations.next).toBe('four');
    expect(expectations.allMatched).toBe(false);
  });

  it.each([
    ['colours', '\x1b[1;32mok\x1b[0m done', 'ok done'],
    ['a window title', '\x1b]0;title\x07ok', 'ok'],
    ['a window title with ST', '\x1b]0;title\x1b\\ok', 'ok'],
    ['carriage returns', 'o\rk', 'ok'],
  ])('%s of a terminal do not stand in the way', (_, text, pattern) => {
    expect(feed(text, [pattern]).expectations.allMatched).toBe(true);
  });

  it('reads UTF-8 whose bytes come one by one', () => {
    expect(feed('größe ✓', ['größe ✓']).expectations.allMatched).toBe(true);
  });

  it('finds a pattern across 4096 characters of window after megabytes without one', () => {
    const { decided } = feed(`${'.'.repeat(20_000)}needle`, ['needle']);
    expect(decided).toEqual([20_006]);
  });
});

describe('--fail', () => {
  it('matches at any time, once, with its place', () => {
    const { expectations, decided } = feed('ok\npanic: 1\npanic: 2', ['never'], ['panic']);
    expect(decided).toEqual([8]);
    expect(expectations.failed).toEqual({ pattern: 'panic', cycle: 80, line: 2 });
  });

  it.each([
    ['@generic', 'KERNEL PANIC', true],
    ['@generic', 'Unhandled Exception 14', true],
    ['@generic', 'all is well', false],
    ['@linux', 'BUG: unable', true],
    ['@linux', 'debug: able', false],
    ['@rust', "thread 'main' panicked at src/main.rs", true],
  ])('the set %s on %j: %s', (set, text, failed) => {
    expect(feed(text, [], [set]).expectations.failed !== null).toBe(failed);
  });

  it('sees a byte that completes both: the failure counts', () => {
    const { expectations } = feed('bad', ['bad'], ['bad']);
    expect(expectations.failed).not.toBeNull();
  });
});

describe('patterns', () => {
  it.each<[string[], string[], RegExp]>([
    [[''], [], /--expect: the text is empty/],
    [[], [''], /--fail: the text is empty/],
    [['/(/'], [], /--expect \/\(\/: .*[Uu]nterminated/],
    [[], ['@windows'], /--fail @windows: no such set.*@generic, @linux, @rust/],
  ])('%j %j are refused', (expects, fails, sentence) => {
    expect(() => new SerialExpectations(expects, fails)).toThrow(ConfigurationError);
    expect(() => new SerialExpectations(expects, fails)).toThrow(sentence);
  });
});
