/** How --numa cuts a map into nodes. Addresses worked out by hand from the maps' tables. */
import { describe, expect, it } from 'vitest';
import { mapEntry, type MemoryMap } from './memory-map.js';
import { nodeRanges } from './numa.js';
import { pcMap } from './pc-map.js';

const GIB = 1n << 30n;
const MIB = 1n << 20n;

/** `node: base+length` in GiB. */
function inGib(map: MemoryMap, ramBytes: bigint | null, sizes: readonly bigint[]): string[] {
  return nodeRanges(map, ramBytes, sizes).map(
    ({ node, base, length }) => `${node}: ${Number(base) / 2 ** 30}+${Number(length) / 2 ** 30}`,
  );
}

describe('the map pc', () => {
  it.each<[string, bigint[], string[]]>([
    ['two halves below the hole', [GIB, GIB], ['0: 0+1', '1: 1+1']],
    [
      'a node on both sides of the hole at 3 GiB',
      [4n * GIB, 4n * GIB],
      ['0: 0+3', '0: 4+1', '1: 5+4'],
    ],
    ['a border at the hole', [3n * GIB, GIB], ['0: 0+3', '1: 4+1']],
    ['one node', [GIB], ['0: 0+1']],
  ])('%s', (_, sizes, ranges) => {
    const ramBytes = sizes.reduce((sum, size) => sum + size, 0n);
    expect(inGib(pcMap(ramBytes).map, ramBytes, sizes)).toEqual(ranges);
  });

  it('needs the sum of the sizes to be its RAM', () => {
    expect(() => nodeRanges(pcMap(GIB).map, GIB, [GIB, GIB])).toThrow(
      /^--numa: the nodes have 2 GiB \(2147483648 bytes\) together, but the map pc has 1 GiB \(1073741824 bytes\) of RAM$/,
    );
  });

  it.each([0n, 1000n, 4097n])('refuses a node of %d bytes', (size) => {
    expect(() => nodeRanges(pcMap(GIB).map, GIB, [GIB - size, size])).toThrow(
      /--numa: a node of \d+ bytes/,
    );
  });
});

describe('another map', () => {
  const map: MemoryMap = {
    name: 'test',
    entries: [
      mapEntry(0x100000n, 3n * MIB, 1),
      mapEntry(0x200000n, MIB, 2),
      mapEntry(0x1000000n, 4n * MIB, 1),
    ],
  };

  it('shares its usable pages, in order of address', () => {
    expect(nodeRanges(map, null, [3n * MIB, 3n * MIB])).toEqual([
      { node: 0, base: 0x100000n, length: MIB },
      { node: 0, base: 0x300000n, length: MIB },
      { node: 0, base: 0x1000000n, length: MIB },
      { node: 1, base: 0x1100000n, length: 3n * MIB },
    ]);
  });

  it('says how much that is when the sizes do not fit', () => {
    expect(() => nodeRanges(map, null, [8n * MIB])).toThrow(
      /the map test has 6 MiB \(6291456 bytes\) of RAM/,
    );
  });
});
