/** Where storage lies, against the definition asked byte by byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { mapEntry, type MemoryMap } from '../memory/memory-map.js';
import { pcMap } from '../memory/pc-map.js';
import { zooMap, zooNames } from '../memory/zoo.js';
import { cmosMemorySize, ramBytesOf, ramLayout, requireRam } from './ram-layout.js';

const KIB = 1n << 10n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;

const mapOf = (...entries: readonly (readonly [bigint, bigint, number])[]): MemoryMap => ({
  name: 'test',
  entries: entries.map(([base, length, type]) => mapEntry(base, length, type)),
});

const spans = (map: MemoryMap): string[] =>
  ramLayout(map).map(
    ({ base, end, rom }) => `${base.toString(16)}-${end.toString(16)}${rom ? ' rom' : ''}`,
  );

describe('ramLayout', () => {
  it('of a PC with 8 MiB: conventional memory, shadow and extended memory in one piece, ROM', () => {
    expect(spans(pcMap(8n * MIB).map)).toEqual([
      '0-a0000',
      'e0000-800000',
      'fffe0000-100000000 rom',
    ]);
  });

  it('of a PC with 5 GiB: 3 GiB below the hole, 2 GiB from 4 GiB on', () => {
    expect(spans(pcMap(5n * GIB).map)).toEqual([
      '0-a0000',
      'e0000-c0000000',
      'fffe0000-100000000 rom',
      '100000000-180000000',
    ]);
  });

  it('of a PC with 4 PiB ends at 2^52', () => {
    expect(spans(pcMap(1n << 52n).map).at(-1)).toBe('100000000-10000000000000');
  });

  it.each<[string, MemoryMap, string[]]>([
    ['nothing but reserved memory', mapOf([MIB, MIB, 2]), ['0-a0000', 'e0000-100000']],
    [
      'ACPI tables, NVS and persistent memory, which are RAM',
      mapOf([MIB, MIB, 3], [2n * MIB, MIB, 4], [3n * MIB, MIB, 7], [4n * MIB, MIB, 12]),
      ['0-a0000', 'e0000-500000'],
    ],
    [
      'unusable memory and unknown types, which are not',
      mapOf([MIB, MIB, 5], [2n * MIB, MIB, 99]),
      ['0-a0000', 'e0000-100000'],
    ],
    [
      'overlaps and disorder',
      mapOf([8n * MIB, MIB, 1], [MIB, 2n * MIB, 1], [2n * MIB, 2n * MIB, 1]),
      ['0-a0000', 'e0000-400000', '800000-900000'],
    ],
    [
      'parts of pages, whose frames are whole',
      mapOf([MIB + 1n, 0x1ffen, 1], [8n * MIB + 0xfffn, 2n, 1]),
      ['0-a0000', 'e0000-102000', '800000-802000'],
    ],
    ['an entry without length', mapOf([8n * MIB, 0n, 1]), ['0-a0000', 'e0000-100000']],
    [
      'an entry over the ROM, which has its place',
      mapOf([4n * GIB - MIB, 2n * MIB, 1]),
      ['0-a0000', 'e0000-100000', 'fff00000-fffe0000', '100000000-100100000'],
    ],
    [
      'an entry that wraps past 2^64, cut at 2^52',
      mapOf([(1n << 52n) - MIB, 1n << 63n, 1], [1n << 60n, 1n << 63n, 1]),
      ['0-a0000', 'e0000-100000', 'ffffffff00000-10000000000000'],
    ],
  ])('of a map with %s', (_, map, expected) => {
    expect(spans(map).filter((span) => !span.endsWith('rom'))).toEqual(expected);
  });

  it('leaves out entries that firmware disabled (ACPI 3.0 attributes)', () => {
    const disabled = { ...mapEntry(MIB, MIB, 1), attributes: 0 };
    expect(spans({ name: 'test', entries: [disabled] })).not.toContain('e0000-200000');
  });

  it.each(zooNames())('of zoo:%s is sorted, disjoint and in whole pages', (name) => {
    const ranges = ramLayout(zooMap(name));
    ranges.forEach(({ base, end }, index) => {
      expect(base < end && base % (4n * KIB) === 0n && end % (4n * KIB) === 0n).toBe(true);
      expect(base).toBeGreaterThanOrEqual(ranges[index - 1]?.end ?? 0n);
    });
  });

  it('holds a byte exactly when an entry of RAM touches its page, or a PC has RAM there anyway', () => {
    const page = fc.bigInt({ min: 0n, max: 0x200n });
    const entry = fc.tuple(page, page, fc.constantFrom(1, 2, 3, 4, 5, 7, 12, 20));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), page, (entries, probe) => {
        const map = mapOf(...entries.map(([b, l, t]) => [b * KIB, l * KIB, t] as const));
        const address = probe * 4n * KIB;
        const touched = entries.some(
          ([b, l, type]) =>
            l > 0n &&
            [1, 3, 4, 7, 12].includes(type) &&
            b * KIB < address + 4n * KIB &&
            (b + l) * KIB > address,
        );
        const always = address < 640n * KIB || (address >= 0xe0000n && address < MIB);
        const held = ramLayout(map).some(({ base, end }) => base <= address && address < end);
        expect(held).toBe(touched || always);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});

describe('ramBytesOf', () => {
  it.each([
    [8n * MIB, 8n * MIB - 256n * KIB], // all but 0xA0000–0xDFFFF
    [5n * GIB, 5n * GIB - 256n * KIB],
  ])('of a PC with %d bytes is %d: the video window hides 256 KiB', (size, bytes) => {
    expect(ramBytesOf(ramLayout(pcMap(size).map))).toBe(bytes);
  });
});

describe('requireRam', () => {
  const ram = ramLayout(pcMap(5n * GIB).map);

  it.each([
    [0n, 0xa0000n],
    [MIB, 3n * GIB - MIB],
    [4n * GIB, 2n * GIB],
    [0xc000_0000n, 0n],
  ])('accepts 0x%s + %d', (base, size) => {
    expect(() => requireRam(ram, base, size, 'x')).not.toThrow();
  });

  it.each([
    [0x9ffffn, 2n, /nothing at 0xa0000/],
    [3n * GIB - 1n, 2n, /nothing at 0xc0000000/],
    [3n * GIB, 1n, /nothing at 0xc0000000/],
    [0xffff_fff0n, 16n, /0xfffffff0–0xffffffff lies outside/],
    [6n * GIB, 1n, /nothing at 0x180000000/],
  ])('refuses 0x%s + %d', (base, size, sentence) => {
    expect(() => requireRam(ram, base, size, 'x')).toThrow(ConfigurationError);
    expect(() => requireRam(ram, base, size, 'x')).toThrow(sentence);
  });
});

describe('cmosMemorySize', () => {
  it.each([
    [8n * MIB, 8n * MIB, 0n],
    [3n * GIB, 3n * GIB, 0n],
    [5n * GIB, 3n * GIB, 2n * GIB],
  ])('of a PC with %d bytes', (size, below, above) => {
    expect(cmosMemorySize(ramLayout(pcMap(size).map))).toEqual({
      ramBelow4GiBBytes: Number(below),
      ramAbove4GiBBytes: Number(above),
    });
  });
});
