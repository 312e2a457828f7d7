/** Values out of what COM1 shows; docs/cli.md says which match counts. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { checkedRecords, SerialRecords } from './serial-records.js';

const valuesOf = (sources: readonly string[], serial: string | Uint8Array) => {
  const records = new SerialRecords(sources);
  for (const byte of Buffer.from(serial)) records.take(byte);
  return records.values();
};

describe('SerialRecords', () => {
  it.each<[source: string, serial: string, value: string | null, why: string]>([
    ['free=/free: (\\d+)/', 'free: 12\n', '12', 'the first group'],
    ['free=/free: \\d+/', 'free: 12\n', 'free: 12', 'without a group the whole match'],
    ['free=/(a)?(\\d+)/', '7\n', '7', 'the first group that took part'],
    ['free=/free: (?<n>\\d+)/', 'free: 9\n', '9', 'a group with a name'],
    ['free=/FREE: (\\d+)/i', 'free: 3\n', '3', 'flags'],
    ['free=/free: (\\d+)/', 'free: 1\nfree: 2\nused: 3\n', '2', 'the last line that matches'],
    ['free=/free: (\\d+)/', 'free: 5', '5', 'a line that has not ended'],
    ['free=/free: (\\d+)$/', 'free: 5\r\n', '5', 'carriage returns are no part of a line'],
    ['free=/^free: (\\d+)$/', '\x1b[1mfree: 6\x1b[0m\n', '6', 'nor are escape sequences'],
    ['free=/größe: (\\S+)/', 'größe: 4µ\n', '4µ', 'UTF-8'],
    ['free=/free: (\\d*)/', 'free: \n', '', 'an empty group is a value'],
    ['free=/a\\n(b)/', 'a\nb\n', null, 'a match is within a line'],
    ['free=/free: (\\d+)/', 'nothing\n', null, 'nothing came'],
  ])('%s of %j is %j: %s', (source, serial, value) => {
    expect(valuesOf([source], serial)).toEqual({ free: value });
  });

  it('a broken character before the end of a line does not join it to the next', () => {
    const serial = Buffer.concat([Buffer.from('a 1'), Buffer.of(0xc3), Buffer.from('\nb 2\n')]);
    expect(valuesOf(['a=/^a (\\d)/', 'b=/^b (\\d)$/'], serial)).toEqual({ a: '1', b: '2' });
  });

  it('of an endless line the last characters are looked at', () => {
    expect(valuesOf(['free=/free: (\\d+)/'], `${'x'.repeat(100_000)}free: 8\n`)).toEqual({
      free: '8',
    });
  });
});

describe('checkedRecords', () => {
  it.each([
    ['free', 'no expression'],
    ['free=12', 'text'],
    ['=/x/', 'no name'],
    ['9=/x/', 'a name that begins with a digit'],
    ['a b=/x/', 'a space in the name'],
  ])('refuses %s: %s', (source) => {
    expect(() => checkedRecords([source])).toThrow(
      new ConfigurationError(
        `--record ${source}: write NAME=/regular expression/, such as free=/(\\d+) KiB free/`,
      ),
    );
  });

  it('refuses a name that is there twice, flags without a meaning, and what is no expression', () => {
    expect(() => checkedRecords(['a=/x/', 'a=/y/'])).toThrow('--record: a is there twice');
    expect(() => checkedRecords(['a=/x/g'])).toThrow('has the flags i m s u here, not g');
    expect(() => checkedRecords(['a=/(/'])).toThrow(/^--record \/\(\/: /);
  });
});
