/** Maps as /sys/firmware/memmap has them. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { parseMapText } from './map-text.js';
import { mapEntry } from './memory-map.js';

const entry = (number: number, start: string, end: string, type: string): string =>
  `/sys/firmware/memmap/${number}/end:${end}\n/sys/firmware/memmap/${number}/type:${type}\n` +
  `/sys/firmware/memmap/${number}/start:${start}\n`;

const read = (text: string) => parseMapText(text, 'box.txt').map.entries;

describe('what grep -r . /sys/firmware/memmap prints', () => {
  it('is a map, by the numbers of the entries, ends inclusive', () => {
    const text =
      entry(10, '0x100000000', '0x63fffffff', 'System RAM') +
      entry(2, '0x100000', '0xbfffffff', 'System RAM') +
      entry(0, '0x0', '0x9fbff', 'System RAM') +
      entry(1, '0x9fc00', '0xfffff', 'Reserved');
    expect(read(text)).toEqual([
      mapEntry(0n, 0x9fc00n, 1),
      mapEntry(0x9fc00n, 0x60400n, 2),
      mapEntry(0x100000n, 0xbff00000n, 1),
      mapEntry(0x100000000n, 0x540000000n, 1),
    ]);
  });

  it('is one from inside the folder, too (grep . memmap/*/*)', () => {
    expect(read('memmap/0/start:0x0\nmemmap/0/end:0xfff\nmemmap/0/type:Soft Reserved\n')).toEqual([
      mapEntry(0n, 4096n, 0xefffffff),
    ]);
  });

  it.each([
    ['reserved', 2], // Documentation/ABI/testing/sysfs-firmware-memmap; Linux 2.6.27 to 4.11 print it
    ['Reserved', 2],
    ['ACPI Tables', 3],
    ['ACPI Non-volatile Storage', 4],
    ['Unusable memory', 5],
    ['Persistent Memory', 7],
    ['Persistent Memory (legacy)', 12],
  ])('has the type %s', (word, type) => {
    expect(read(entry(0, '0x0', '0xffffffffffff', word))).toEqual([mapEntry(0n, 1n << 48n, type)]);
  });

  it.each(['', './'])('is one with files named as %s0/start (grep -r . *)', (folder) => {
    const lines = ['0/start:0x0', '0/end:0xfff', '0/type:System RAM'];
    expect(read(lines.map((line) => `${folder}${line}\n`).join(''))).toEqual([
      mapEntry(0n, 4096n, 1),
    ]);
  });

  it('has memory of a type that Linux does not name as reserved, and says so', () => {
    const { map, notes } = parseMapText(entry(5, '0x0', '0xfff', 'Unknown E820 type'), 'box.txt');
    expect(map.entries).toEqual([mapEntry(0n, 4096n, 2)]);
    expect(notes).toEqual([
      'box.txt: entry 5 is of a type that Linux does not name; read as reserved',
    ]);
  });

  it.each(['\r\n', '\r'])('may have lines that end in %j', (end) => {
    const text = entry(0, '0x0', '0x9fbff', 'System RAM').replaceAll('\n', end);
    expect(read(text)).toEqual([mapEntry(0n, 0x9fc00n, 1)]);
  });

  it('has entries of any number', () => {
    const text =
      entry(9999, '0x0', '0xfff', 'Reserved') + entry(10000, '0x1000', '0x1fff', 'Reserved');
    expect(read(text)).toEqual([mapEntry(0n, 4096n, 2), mapEntry(4096n, 4096n, 2)]);
  });

  it.each([
    [
      entry(0, '0x0', '0xffffffffffffffff', 'Reserved'),
      /entry 0 has 2\^64 bytes, more than a length/,
    ],
    [entry(0, '0x1000', '0xfff', 'Reserved'), 'box.txt: entry 0 ends before it starts'],
    [entry(3, '0x0', '0x10000000000000000', 'Reserved'), /entry 3 has the "end" '0x1000.*no addr/],
    [
      entry(0, 'start', '0xfff', 'Reserved'),
      /entry 0 has the "start" 'start', which is no address/,
    ],
    [entry(0, '0x0', '0xfff', 'Memory'), /entry 0 has the unknown type 'Memory' \(known: System/],
    ['/sys/firmware/memmap/7/start:0x0\n', 'box.txt: entry 7 has no "end"'],
    [entry(0, '0x0', '0x1', 'Reserved').repeat(2), 'box.txt: entry 0 has "end" twice'],
  ])('refuses %j', (text, sentence) => {
    expect(() => read(text)).toThrow(ConfigurationError);
    expect(() => read(text)).toThrow(sentence);
  });
});
