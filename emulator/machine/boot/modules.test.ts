/** Expectations: the rule itself. Modules lie on whole pages of usable memory, none over another, as high as may be. */
import { expect, it } from 'vitest';
import { placed } from './structure.js';
import { placeModules, type BootModule } from './modules.js';

const PAGE = 4096n;
const map = {
  name: 'two ranges',
  entries: [
    { base: 0n, length: 0x9_fc00n, type: 1, attributes: 1 },
    { base: 0x10_0000n, length: 0x100_0000n, type: 1, attributes: 1 },
    { base: 0x200_0000n, length: 0x4000n, type: 1, attributes: 1 },
  ],
};
const module = (sizeBytes: number): BootModule => ({
  path: 'module',
  bytes: new Uint8Array(sizeBytes),
  commandLine: '',
});
const addresses = (modules: BootModule[], image: bigint[] = [], limit = 1n << 32n): bigint[] => {
  const taken = image.map((address) => placed(address, new Uint8Array(0x1000)));
  return placeModules(modules, map, taken, limit).map(({ address }) => address);
};

it.each<[string, number[], bigint[], bigint, bigint[]]>([
  ['one below the other', [1, 4096, 4097], [], 1n << 32n, [0x200_3000n, 0x200_2000n, 0x200_0000n]],
  [
    'in the range below where the highest is full',
    [0x4000, 1],
    [],
    1n << 32n,
    [0x200_0000n, 0x10f_f000n],
  ],
  ['around the image', [1, 0x2000], [0x200_2000n], 1n << 32n, [0x200_3000n, 0x200_0000n]],
  ['below the limit', [1], [], 0x80_0800n, [0x7f_f000n]],
])('they lie %s', (_, sizes, image, limit, expected) => {
  expect(addresses(sizes.map(module), image, limit)).toEqual(expected);
});

it('conventional memory is not for modules', () => {
  expect(() => addresses([module(1)], [], 0x10_0000n)).toThrow(
    /module: no room for its 4 KiB in usable memory below 0x100000/,
  );
});

it('four thousand of them are placed at once', () => {
  const found = addresses(Array.from({ length: 4000 }, () => module(1)));
  const pages = found.map((address) => address / PAGE);
  expect(new Set(pages).size).toBe(4000);
  expect(pages).toEqual([...pages].sort((a, b) => (a < b ? 1 : -1)));
}, 5000);
