/**
 * Every page that a small machine has, taken one by one from the emulated kernel: each is whole, distinct, usable by
 * the page oracle and outside what the kernel says is reserved; and all of them come back.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { applyMapChanges, parseMapChange } from '../../emulator/memory/linux-memmap-format.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { assertBootableMap } from '../../emulator/memory/validate-map.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { pagesWithin, parseKernelOutput } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE_BYTES = 4096n;
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
    const machine = map();
    const kernel = new ParkedKernel(machine);
    const { ranges } = usablePages(machine);
    const { reservations } = parseKernelOutput(kernel.serial);
    const free = kernel.call('pmm_free_pages');
    expect(kernel.call('pmm_total_pages')).toBe(usablePages(machine).pageCount);
    expect(free).toBe(usablePages(machine).pageCount - pagesWithin(reservations, ranges));

    const taken: bigint[] = [];
    for (
      let page = kernel.call('pmm_alloc_page');
      page !== 0n;
      page = kernel.call('pmm_alloc_page')
    ) {
      taken.push(page);
      if (BigInt(taken.length) > free) break;
    }
    expect(BigInt(taken.length)).toBe(free);
    expect(kernel.call('pmm_free_pages')).toBe(0n);
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken.filter((address) => address % PAGE_BYTES !== 0n)).toEqual([]);
    const usable = (address: bigint): boolean =>
      ranges.some(
        ({ first, last }) => address / PAGE_BYTES >= first && address / PAGE_BYTES <= last,
      );
    expect(taken.filter((address) => !usable(address))).toEqual([]);
    const reserved = (address: bigint): boolean =>
      reservations.some(({ start, end }) => start < address + PAGE_BYTES && end > address);
    expect(taken.filter(reserved)).toEqual([]);
    expect(kernel.call('nk_mem_check')).toBe(0n);

    // Every one of them is memory: it holds what is written to it.
    for (const address of taken) kernel.write64(address, address ^ 0x5555_5555_5555_5555n);
    expect(taken.filter((a) => kernel.read64(a) !== (a ^ 0x5555_5555_5555_5555n))).toEqual([]);

    for (const address of [
      ...taken.filter((_, i) => i % 2 === 0),
      ...taken.filter((_, i) => i % 2 === 1),
    ]) {
      kernel.call('pmm_free_page', address);
    }
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call('nk_mem_check')).toBe(0n);
    for (let kind = 0n; kind < 8n; kind++) {
      expect([kind, kernel.call('nk_mem_errors', kind)]).toEqual([kind, kind === 6n ? 1n : 0n]);
    }
  });
});

it('there are small machines in the zoo', () => {
  expect(smallZoo.length).toBeGreaterThan(2);
});
