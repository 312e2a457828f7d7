import { describe, expect, it } from 'vitest';
import { mapEntry, type MemoryMapEntry } from './memory-map.js';
import { assertBootableMap, MAP_ENTRIES_MAX, validateMap } from './validate-map.js';

const MIB = 1n << 20n;
const RAM = mapEntry(MIB, 7n * MIB, 1);

function findings(entries: readonly MemoryMapEntry[]): string[] {
  return validateMap({ name: 'x', entries }).map(
    ({ severity, code, entryIndex }) => `${severity} ${code} ${entryIndex ?? 'map'}`,
  );
}

describe('validateMap', () => {
  it.each<[string, MemoryMapEntry[], string[]]>([
    ['a plain map', [RAM], []],
    ['touching entries', [RAM, mapEntry(8n * MIB, MIB, 2)], []],
    ['an empty map', [], ['error empty map']],
    ['no RAM at 1 MiB', [mapEntry(16n * MIB, MIB, 1)], ['error no-ram-at-1-mib map']],
    [
      'RAM at 1 MiB under a reserved entry',
      [RAM, mapEntry(MIB, 1n, 2)],
      ['error no-ram-at-1-mib map', 'warning overlap 1'],
    ],
    ['RAM at 1 MiB that is disabled', [{ ...RAM, attributes: 0 }], ['error no-ram-at-1-mib map']],
    ['an entry without length', [RAM, mapEntry(9n * MIB, 0n, 2)], ['warning zero-length 1']],
    ['an entry that wraps', [RAM, mapEntry((1n << 64n) - 4096n, 8192n, 2)], ['error wraps 1']],
    [
      'an entry that ends at 2^64',
      [RAM, mapEntry((1n << 64n) - 4096n, 4096n, 2)],
      ['warning beyond-52-bits 1'],
    ],
    [
      'RAM across 2^52',
      [RAM, mapEntry((1n << 52n) - 4096n, 8192n, 1)],
      ['warning beyond-52-bits 1'],
    ],
    ['RAM up to 2^52', [RAM, mapEntry((1n << 52n) - 4096n, 4096n, 1)], []],
    ['entries out of order', [RAM, mapEntry(0n, 4096n, 1)], ['warning unsorted 1']],
    ['a duplicate', [RAM, RAM], ['warning overlap 1']],
    [
      'an entry within an earlier, longer one behind another',
      [RAM, mapEntry(2n * MIB, 1n, 1), mapEntry(4n * MIB, 1n, 2)],
      ['warning overlap 1', 'warning overlap 2'],
    ],
    ['an overlap with a disabled entry', [RAM, { ...RAM, attributes: 0 }], []],
  ])('finds in %s exactly what is wrong', (_, entries, expected) => {
    expect(findings(entries)).toEqual(expected);
  });

  it('names both entries of an overlap, whichever is first in the map', () => {
    const [finding] = validateMap({ name: 'x', entries: [RAM, mapEntry(0n, 2n * MIB, 2)] }).filter(
      ({ code }) => code === 'overlap',
    );
    expect(finding?.message).toBe(
      'entry 1 (0x0 + 2 MiB reserved) overlaps entry 0 (0x100000 + 7 MiB usable): what both cover is not usable',
    );
  });

  it('stops at the limit of entries and names it', () => {
    const entries = Array.from({ length: MAP_ENTRIES_MAX }, (_, i) =>
      mapEntry(MIB + BigInt(i) * 8192n, 4096n, 1),
    );
    expect(findings(entries)).toEqual([]);
    expect(findings([...entries, mapEntry(0n, 1n, 2)])).toEqual(['error too-many-entries map']);
    const [finding] = validateMap({ name: 'x', entries: Array<MemoryMapEntry>(5000).fill(RAM) });
    expect(finding?.message).toBe('the map has 5000 entries; the limit is 4096');
  });
});

describe('assertBootableMap', () => {
  it('lets odd maps pass and refuses those on which nothing boots', () => {
    expect(() => assertBootableMap({ name: 'x', entries: [RAM, RAM] })).not.toThrow();
    expect(() => assertBootableMap({ name: 'box.json', entries: [] })).toThrow(
      /^box\.json: the map is empty$/,
    );
  });
});
