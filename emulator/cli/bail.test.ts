import { describe, expect, it } from 'vitest';
import { failuresMax, withBailValue } from './bail.js';

describe('--bail[=N]', () => {
  it.each([
    [undefined, Infinity],
    [false, Infinity], // --no-bail
    ['false', Infinity], // S7X_BAIL=false
    ['', 1], // a configuration's `bail: true`
    ['true', 1],
    ['3', 3],
  ])('%j: ends after %d', (given, expected) => {
    expect(failuresMax(given)).toBe(expected);
  });

  it.each(['0', '-1', 'some', '1.5'])('%s is no count', (given) => {
    expect(() => failuresMax(given)).toThrow(`--bail ${given}`);
  });

  it('has its value on the command line, and no other word is touched', () => {
    expect(['--bail', '--bail=2', '--no-bail', 'k.elf'].map(withBailValue)).toEqual([
      '--bail=1',
      '--bail=2',
      '--no-bail',
      'k.elf',
    ]);
  });
});
