/** Every page of small machines, taken one by one and given back (drain.ts). */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { applyMapChanges, parseMapChange } from '../../emulator/memory/linux-memmap-format.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { assertBootableMap } from '../../emulator/memory/validate-map.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { drainAndRefill } from './drain.js';

/** Usable pages of what is still a small machine: 80 MiB. */
const SMALL_PAGES = 20_000n;

const pc = (size: string, ...changes: readonly string[]): MemoryMap =>
  applyMapChanges(pcMap(parseSize(size)).map, changes.map(parseMapChange));

const smallZoo = zooNames().filter((name) => {
  const map = zooMap(name);
  if (usablePages(map).pageCount > SMALL_PAGES) return false;
  try {
    assertBootableMap(map);
    return true;
  } catch {
    return false;
  }
});

const MACHINES: readonly (readonly [name: string, map: () => MemoryMap])[] = [
  ['pc with 8 MiB', () => pc('8M')],
  ['pc with 20 MiB', () => pc('20M')],
  [
    'pc with 16 MiB, holes of a page and of half a page',
    () => pc('16M', '4K@9M:reserved', '2K@0xa00800:reserved', '1M@11M:acpi', '3M@12M:hole'),
  ],
  [
    'pc with 8 MiB and pieces above 4 GiB and 1 TiB',
    () => pc('8M', '4M@5G:usable', '2M@1T:usable', '64K@0xfffffff0000:usable'),
  ],
  ...smallZoo.map((name) => [`zoo:${name}`, () => zooMap(name)] as const),
];

describe.each(MACHINES)('%s', (_, map) => {
  it('gives each usable page once, nothing else, and takes all of them back', () => {
    drainAndRefill(map());
  });
});

it('there are small machines in the zoo', () => {
  expect(smallZoo.length).toBeGreaterThan(2);
});
