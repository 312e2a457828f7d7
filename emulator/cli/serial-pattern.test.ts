/** Patterns that take text piece by piece, against the same question asked of the whole text each time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePattern } from './serial-pattern.js';

/** Lengths of the text at which the pattern has just matched. */
function matches(source: string, text: string): number[] {
  const pattern = parsePattern(source, '--expect');
  return [...text].flatMap((character, index) => (pattern.take(character) ? [index + 1] : []));
}

describe('a text', () => {
  it.each<[string, string, number[]]>([
    ['aab', 'aaab', [4]],
    ['aa', 'aaaa', [2, 3, 4]],
    ['abab', 'ababab', [4, 6]],
    ['abcabd', 'abcabcabd', [9]],
    ['x', '', []],
    ['/', '//', [1, 2]],
    ['a\nb', 'a\nb', [3]],
  ])('%j in %j matches at %j', (source, text, expected) => {
    expect(matches(source, text)).toEqual(expected);
  });

  it('matches exactly where the text so far ends in it, for any texts of few letters', () => {
    const letters = fc.stringMatching(/^[ab]{1,5}$/);
    fc.assert(
      fc.property(letters, fc.stringMatching(/^[ab]{0,40}$/), (source, text) => {
        const ends = [...text].flatMap((_, index) =>
          text.slice(0, index + 1).endsWith(source) ? [index + 1] : [],
        );
        expect(matches(source, text)).toEqual(ends);
      }),
      { seed: 77, numRuns: 2000 },
    );
  });
});

describe('an expression', () => {
  it.each([
    ['/ready/g', 'g', '/\\/ready\\/g/'],
    ['/a+/iy', 'y', '/\\/a\\+\\/iy/'],
    ['/v/ims/d', 'd', '/\\/v\\/ims\\/d/'],
  ])(
    'with flags that mean nothing on a stream, %s, is refused, and what it is as text',
    (source, flag, text) => {
      expect(() => parsePattern(source, '--fail')).toThrow(
        `--fail ${source}: a regular expression has the flags i m s u here, not ${flag}; as text, write it as an expression, such as ${text}`,
      );
      expect(matches(text, source)).toEqual([source.length]);
    },
  );

  it.each(['/dev/sda1', '/bin/sh', '/a/x', '//', '/sys/block'])(
    '%s is none, but text',
    (source) => {
      expect(matches(source, `at ${source}`)).toEqual([3 + source.length]);
    },
  );

  it.each<[string, string, number]>([
    ['/a.c/', 'x\nabc', 5],
    ['/a.c/', 'a\ncabc', 6],
    ['/a\\nb/', 'a\nb', 3],
    ['/one.two/s', 'one\ntwo', 7],
    ['/a[^x]b/', 'a\nb', 3],
    ['/a\\sb/', 'a\nb', 3],
    ['/^b/', 'a\nb', 0], // the beginning of everything, not of the line
    ['/^b/m', 'a\nb', 3],
    ['/(?<=a\\n)b/', 'a\nb', 3],
    ['/x$/', 'ax', 2],
    ['/end$/m', 'the end', 7],
    ['/PANIC/i', 'a\nkernel panic', 14],
    ['/\\bok\\b/', 'not_ok ok', 9],
    ['/(a|b)\\1/', 'abb', 3],
    ['/[0-9]+ of [0-9]+ ok/', 'x\n12 of 12 ok', 13],
    ['/a[\\t-z]b/', 'a\nb', 3],
    ['/a[]x]?b/', 'ab', 0], // in JavaScript [] is a class without members
  ])('%s in %j first matches after %d characters', (source, text, first) => {
    expect(matches(source, text)[0] ?? 0).toBe(first);
    // Asked of the whole text each time, it says the same.
    const [, body = '', flags = ''] = /^\/(.*)\/(\w*)$/s.exec(source) ?? [];
    const regex = new RegExp(body, flags);
    const whole = [...text].findIndex((_, index) => regex.test(text.slice(0, index + 1))) + 1;
    expect(whole).toBe(first);
  });

  it('reaches back 4096 characters', () => {
    expect(matches('/a[.]+b/', `a${'.'.repeat(4094)}b`)).toEqual([4096]);
    expect(matches('/a[.]+b/', `a${'.'.repeat(4095)}b`)).toEqual([]);
  });
});
