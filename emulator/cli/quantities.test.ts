/** Durations, counts and frequencies as docs/cli.md "Grammars" writes them. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import {
  formatCount,
  formatNs,
  parseCount,
  parseDurationNs,
  parseFrequencyHz,
} from './quantities.js';

describe('parseDurationNs', () => {
  it.each([
    ['120ms', 120_000_000],
    ['3.5s', 3_500_000_000],
    ['2m', 120_000_000_000],
    ['5min', 300_000_000_000],
    ['7us', 7_000],
    ['1ns', 1],
    ['0.5us', 500],
    [' 1s ', 1_000_000_000],
  ])('reads %s as %d ns', (text, ns) => {
    expect(parseDurationNs(text, '--timeout')).toBe(ns);
  });

  it.each(['10', '', 's', '1h', '-1s', '1e3s', '1.s', '.5s', '0s', '0.1ns', '999999999999m'])(
    'refuses %j and names the option',
    (text) => {
      expect(() => parseDurationNs(text, '--timeout')).toThrow(ConfigurationError);
      expect(() => parseDurationNs(text, '--timeout')).toThrow(`--timeout ${text}`);
    },
  );
});

describe('parseCount', () => {
  it.each([
    ['5000', 5000],
    ['5M', 5_000_000],
    ['1.2G', 1_200_000_000],
    ['3k', 3000],
    ['3K', 3000],
    ['2T', 2_000_000_000_000],
    ['1.1G', 1_100_000_000], // not exact as a product of doubles
    ['4.35K', 4350],
  ])('reads %s as %d', (text, count) => {
    expect(parseCount(text, '--max-insns')).toBe(count);
  });

  it.each([
    '',
    '0',
    '-5',
    'many',
    '5X',
    '1e6',
    '9007199254740993',
    '0.2',
    '1.5',
    '1.0005K',
    '1.0000000001G',
  ])('refuses %j', (text) => {
    expect(() => parseCount(text, '--max-insns')).toThrow(ConfigurationError);
    expect(() => parseCount(text, '--max-insns')).toThrow(`--max-insns ${text}`);
  });
});

it.each([
  ['3G', 3_000_000_000],
  ['2.5GHz', 2_500_000_000],
  ['800Mhz', 800_000_000],
  ['1000000', 1_000_000],
])('parseFrequencyHz reads %s as %d Hz', (text, hz) => {
  expect(parseFrequencyHz(text, '--freq')).toBe(hz);
});

it.each([
  [0, '0 ns'],
  [999, '999 ns'],
  [1000, '1.000 us'],
  [4_812_000, '4.812 ms'],
  [12_345_678_901, '12.346 s'],
])('formatNs writes %d as %s', (ns, text) => {
  expect(formatNs(ns)).toBe(text);
});

it.each([
  [0, '0'],
  [999, '999'],
  [1000, '1 000'],
  [14_437_210, '14 437 210'],
  [1n << 52n, '4 503 599 627 370 496'],
])('formatCount writes %d as %s', (value, text) => {
  expect(formatCount(value)).toBe(text);
});
