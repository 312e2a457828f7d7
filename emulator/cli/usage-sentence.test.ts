/** yargs' complaints as it makes them, and what users read instead. */
import { describe, expect, it } from 'vitest';
import { usageSentence } from './usage-sentence.js';

const OPTIONS = new Set(['ram', 'memmap', 'log-format', 'expect']);

describe('usageSentence', () => {
  it.each([
    [
      'Unknown argument: memmp',
      ['run', '--memmp', 'pc'],
      "unknown argument: --memmp; did you mean 'memmap'?",
    ],
    [
      'Unknown argument: memmp',
      ['run', '--memmp=pc'],
      "unknown argument: --memmp; did you mean 'memmap'?",
    ],
    // Two exchanged letters are one mistake.
    [
      'Unknown argument: rma',
      ['run', '--rma', '8M'],
      "unknown argument: --rma; did you mean 'ram'?",
    ],
    // A part of another option's name is no suggestion.
    ['Unknown argument: format', ['run', '--format', '8M'], 'unknown argument: --format'],
    ['Unknown argument: qqqq', ['run', '--qqqq'], 'unknown argument: --qqqq'],
    // An option of another command is spelt as it should be.
    [
      'Unknown arguments: log-format, logFormat',
      ['report', '--log-format', 'json'],
      'unknown argument: --log-format',
    ],
    ['Unknown argument: other', ['run', 'k.elf', 'other'], 'unknown argument: other'],
    ['Unknown arguments: x, b', ['run', '-x', 'a', 'b'], 'unknown arguments: -x, b'],
    [
      'Invalid values:\n  Argument: uart, Given: "fast", Choices: "real", "instant"',
      ['run', '--uart', 'fast'],
      '--uart fast: there is real, instant',
    ],
    ['Not enough arguments following: append', ['--append'], 'a value is missing after --append'],
    ['Not enough arguments following: m', ['run', '-m'], 'a value is missing after -m'],
    [
      'Not enough arguments following: expect',
      ['run', '--expect', '-x'],
      'a value is missing after --expect; one that begins with a dash is written --expect=-x',
    ],
    ['Did you mean run?', ['rn'], 'Did you mean run?'],
    [
      'Invalid values:\n  Argument: a, Given: "x", Choices: "y"\n  Argument: b, Given: "x", Choices: "y"',
      ['run'],
      'Invalid values: Argument: a, Given: "x", Choices: "y" Argument: b, Given: "x", Choices: "y"',
    ],
  ])('%j of %j', (complaint, words, sentence) => {
    expect(usageSentence(complaint, words, OPTIONS)).toBe(sentence);
  });
});
