import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ramLayout } from '../machine/ram-layout.js';
import { disorderedMap } from './disordered-map.js';
import type { MemoryMap } from './memory-map.js';
import { pcMap } from './pc-map.js';
import { usablePages } from './usable-oracle.js';
import { validateMap } from './validate-map.js';
import { zooMap, zooNames } from './zoo.js';

const MAPS: readonly MemoryMap[] = [
  ...[8n << 20n, 3n << 30n, 1n << 40n].map((ramBytes) => pcMap(ramBytes).map),
  ...zooNames().map(zooMap),
];
const anyMap = fc.constantFrom(...MAPS);
const anySeed = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('a disordered map', () => {
  it('has the same usable pages, and the same storage', () => {
    fc.assert(
      fc.property(anyMap, anySeed, (map, seed) => {
        const disordered = disorderedMap(map, seed);
        expect(usablePages(disordered)).toEqual(usablePages(map));
        expect(ramLayout(disordered)).toEqual(ramLayout(map));
      }),
      { seed: 14, numRuns: 400 },
    );
  });

  it('is the same for the same seed, and another for another', () => {
    const [map] = MAPS as [MemoryMap];
    expect(disorderedMap(map, 7n)).toEqual(disorderedMap(map, 7n));
    expect(disorderedMap(map, 7n)).not.toEqual(disorderedMap(map, 8n));
  });

  it('has more entries than 32, out of order; some overlap, some have no length', () => {
    const [map] = MAPS as [MemoryMap];
    const codes = new Set<string>();
    for (let seed = 0n; seed < 20n; seed++) {
      const disordered = disorderedMap(map, seed);
      expect(disordered.entries.length).toBeGreaterThan(32);
      expect(disordered.entries.length).toBeLessThan(100);
      const found = validateMap(disordered).map(({ code }) => code);
      expect(found).toContain('unsorted');
      for (const code of found) codes.add(code);
    }
    expect([...codes].sort()).toEqual(['overlap', 'unsorted', 'zero-length']);
  });

  it('leaves a map that has no room to be split as it is, but for its order', () => {
    const tiny: MemoryMap = {
      name: 'tiny',
      entries: [{ base: 0x1000n, length: 1n, type: 2, attributes: 1 }],
    };
    const { entries } = disorderedMap(tiny, 1n);
    expect(entries.every(({ length }) => length <= 1n)).toBe(true);
  });
});
