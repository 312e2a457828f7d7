/** What the command line says of options, before it is read. */
import { describe, expect, it } from 'vitest';
import { GivenOptions } from './configuration.js';

const FLAG = { type: 'boolean' } as const;

describe('an option is given', () => {
  it.each<[words: string[], option: string, alias: string | undefined, isGiven: boolean]>([
    [['--quiet'], 'quiet', 'q', true],
    [['-q'], 'quiet', 'q', true],
    [['-vq'], 'quiet', 'q', true],
    [['-m8M'], 'ram', 'm', true],
    [['-o=quiet'], 'quiet', 'q', false],
    [['--append', 'quiet'], 'quiet', 'q', false],
    [['--', '--quiet', '-q'], 'quiet', 'q', false],
    [['--no-quiet'], 'quiet', 'q', false],
    [['--quiet=false'], 'quiet', 'q', false],
    [['--vary', 'cpu=unit,zen1'], 'cpu', undefined, true],
    [['--vary=--cpu=unit,zen1'], 'cpu', undefined, true],
    [['--vary', 'append=cpu=1'], 'cpu', undefined, false],
  ])('%j: %s', (words, name, alias, isGiven) => {
    const option = { ...FLAG, ...(alias === undefined ? {} : { alias }) };
    expect(new GivenOptions(words, {}).says(name, option)).toBe(isGiven);
  });
});
