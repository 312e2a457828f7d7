/** Options of the environment that are counted. docs/cli.md: `S7X_VERBOSE=2` is `-vv`. */
import { describe, expect, it } from 'vitest';
import { countsOfEnvironment } from './environment.js';

const TABLE = {
  verbose: { type: 'count', alias: 'v' },
  quiet: { type: 'boolean', alias: 'q' },
} as const;
const counts = (environment: Record<string, string>, isGiven = false) =>
  countsOfEnvironment(environment, TABLE, () => isGiven);

describe('countsOfEnvironment', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['2', 2],
    ['02', 2],
    ['9', 9],
    ['10', 9],
    ['9'.repeat(400), 9],
    ['true', 1],
    ['false', 0],
    ['', 0],
  ])('%j is given %d times', (value, times) => {
    const words = Array<string>(times).fill('--verbose');
    expect(counts({ S7X_VERBOSE: value })).toEqual({
      words,
      variables: ['S7X_VERBOSE'],
      refusal: null,
    });
    expect(counts({ S7X_V: value })).toEqual({ words, variables: ['S7X_V'], refusal: null });
  });

  it.each(['-1', '1.5', '0x2', 'yes', 'TRUE', ' 2'])('%j is refused', (value) => {
    expect(counts({ S7X_VERBOSE: value }).refusal).toBe(
      `S7X_VERBOSE=${value}: --verbose is counted: a number, true or false`,
    );
  });

  it('the command line goes before it', () => {
    expect(counts({ S7X_VERBOSE: '2' }, true)).toEqual({
      words: [],
      variables: ['S7X_VERBOSE'],
      refusal: null,
    });
  });

  it('other variables are left to others', () => {
    expect(counts({ S7X_QUIET: 'true', VERBOSE: '2' })).toEqual({
      words: [],
      variables: [],
      refusal: null,
    });
  });
});
