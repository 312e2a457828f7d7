/** When lines are coloured (no-color.org: NO_COLOR that is not empty; FORCE_COLOR), and what of them. */
import { describe, expect, it } from 'vitest';
import { coloured, wantsColour } from './log-colour.js';

describe('lines are coloured', () => {
  it.each([
    ['on a terminal', undefined, true, {}, true],
    ['not elsewhere', undefined, false, {}, false],
    ['not on one without colours', undefined, true, { TERM: 'dumb' }, false],
    ['not with NO_COLOR', undefined, true, { NO_COLOR: '1' }, false],
    ['with NO_COLOR that is empty', undefined, true, { NO_COLOR: '' }, true],
    ['with FORCE_COLOR anywhere', undefined, false, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
    ['not with FORCE_COLOR=0', undefined, true, { FORCE_COLOR: '0' }, false],
    ['not with both', undefined, true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['with --color anywhere', true, false, { NO_COLOR: '1' }, true],
    ['not with --no-color', false, true, { FORCE_COLOR: '1' }, false],
  ])('%s', (_when, option, isTerminal, environment, expected) => {
    expect(wantsColour(option, isTerminal, environment)).toBe(expected);
  });
});

describe('of a line', () => {
  it.each([
    ['s7x: PASS  done', 's7x: \x1b[32mPASS\x1b[0m  done'],
    [
      's7x: error: FAIL  it hangs: error: PASS ',
      's7x: \x1b[1;31merror: FAIL\x1b[0m  it hangs: error: PASS ',
    ],
    ['s7x: warning: late', 's7x: \x1b[33mwarning:\x1b[0m late'],
    ['s7x: [10:00:00.000] warning: late', 's7x: [10:00:00.000] \x1b[33mwarning:\x1b[0m late'],
    ['s7x: instructions 12, no PASS', 's7x: instructions 12, no PASS'],
  ])('%s', (line, expected) => {
    expect(coloured(line)).toBe(expected);
  });
});
