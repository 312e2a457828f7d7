/**
 * Memory of ACPI tables (type 3 of the firmware's map) becomes RAM when pmm_reclaim_acpi is called, once. What is RAM before and after says a
 * page-by-page oracle that shares no code with the kernel: after, of the map in which these entries are usable.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { applyMapChanges, parseMapChange } from '../../emulator/memory/linux-memmap-format.js';
import {
  E820_ACPI_RECLAIMABLE,
  E820_USABLE,
  type MemoryMap,
} from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { giveModules } from './boot-modules.js';
import { parseKernelOutput } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const pc = (size: string, ...changes: readonly string[]): MemoryMap =>
  applyMapChanges(pcMap(parseSize(size)).map, changes.map(parseMapChange));

function afterwards(map: MemoryMap): MemoryMap {
  const entries = map.entries.map((entry) =>
    entry.type === E820_ACPI_RECLAIMABLE && entry.base >= MIB
      ? { ...entry, type: E820_USABLE }
      : entry,
  );
  return { ...map, entries };
}

function drain(kernel: ParkedKernel): Set<bigint> {
  const pages = new Set<bigint>();
  for (;;) {
    const page = kernel.call('pmm_alloc_page');
    if (page === 0n) return pages;
    expect(pages.has(page)).toBe(false);
    pages.add(page);
  }
}

const counts = (kernel: ParkedKernel): bigint[] =>
  ['pmm_total_pages', 'pmm_free_pages'].map((name) => kernel.call(name));
const statistics = (kernel: ParkedKernel): string =>
  kernel.saidDuring(() => kernel.call('mem_print_stats'));

describe.each<[string, MemoryMap]>([
  ['inside RAM', pc('16M', '20K#9M')],
  ['with half pages at both ends', pc('16M', '10K#9437696')],
  ['behind RAM', pc('16M', '36K#16M')],
  ['two, one of them with a reserved page inside', pc('16M', '64K#9M', '4K$0x908000', '8K#20M')],
  ['as large as two frames, from the middle of one on', pc('16M', '4M#11M')],
  ['beside some below 1 MiB, which stays', pc('16M', '4K#0x9e000', '12K#10M')],
  ['none', pc('16M')],
])('ACPI tables: %s', (_, map) => {
  it('are no RAM until they are reclaimed, and are then, once', () => {
    const [before, after] = [usablePages(map).pageCount, usablePages(afterwards(map)).pageCount];
    const kernel = new ParkedKernel(map);
    const [total = 0n, free = 0n] = counts(kernel);
    expect(total).toBe(before);
    const held = kernel.call('pmm_alloc_page');
    expect(kernel.call('pmm_reclaim_acpi')).toBe(after - before);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    expect(counts(kernel)).toEqual([after, free - 1n + after - before]);
    expect(kernel.call('pmm_reclaim_acpi')).toBe(0n);
    expect(counts(kernel)).toEqual([after, free - 1n + after - before]);
    kernel.call('pmm_free_page', held);
    const said = statistics(kernel);
    const { total: printed, reserved } = parseKernelOutput(said).counts[0] ?? {};
    expect([printed, reserved]).toEqual([after, total - free]);
    const zones = [...said.matchAll(/Node 0 \w+ *: (\d+) pages/g)];
    expect(zones.reduce((sum, [, pages]) => sum + BigInt(pages ?? 0), 0n)).toBe(after);
    const wanted = new Set<bigint>();
    for (const { first, last } of usablePages(afterwards(map)).ranges)
      for (let page = first; page <= last; page++) wanted.add(page * PAGE);
    for (const page of drain(kernel)) expect(wanted.has(page)).toBe(true);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('are never handed out before', () => {
    const kernel = new ParkedKernel(map);
    const usable = usablePages(map).ranges;
    const pages = drain(kernel);
    for (const page of pages) {
      const isRam = usable.some(({ first, last }) => page / PAGE >= first && page / PAGE <= last);
      expect([page, isRam]).toEqual([page, true]);
    }
  });
});

describe('pmm_reclaim_acpi', () => {
  it('frees every page of them, which cannot be freed by hand', () => {
    const kernel = new ParkedKernel(pc('16M', '64K#9M'));
    const refused = kernel.call('nk_mem_errors', 3n);
    kernel.call('pmm_free_page', 9n * MIB);
    expect(kernel.call('nk_mem_errors', 3n)).toBe(refused + 1n);
    expect(kernel.call('pmm_reclaim_acpi')).toBe(16n);
    const pages = drain(kernel);
    for (let page = 9n * MIB; page < 9n * MIB + 16n * PAGE; page += PAGE)
      expect(pages.has(page)).toBe(true);
  });

  it.each<[string, string, bigint, number]>([
    ['the first half of their first page', '38K#0xd00800', 0xcff000n, 0x1800],
    ['the second half of their last page', '38K#0xd00000', 0xd09800n, 0x1800],
    ['a page in the middle', '38K#0xd00000', 0xd04000n, 0x1000],
  ])('leaves out a page that a boot module has, of which it is %s', (_, change, address, size) => {
    const map = pc('16M', change);
    const bytes = new Uint8Array(size).fill(0x5a);
    const kernel = new ParkedKernel(map, undefined, undefined, '', (machine) => {
      giveModules(machine, 12n * MIB, [{ address, bytes }]);
    });
    const [first, end] = [address / PAGE, (address + BigInt(size) + PAGE - 1n) / PAGE];
    const before = new Set<bigint>();
    for (const { first: from, last } of usablePages(map).ranges)
      for (let page = from; page <= last; page++) before.add(page);
    const added: bigint[] = [];
    for (const { first: from, last } of usablePages(afterwards(map)).ranges)
      for (let page = from; page <= last; page++)
        if (!before.has(page) && (page < first || page >= end)) added.push(page * PAGE);
    expect(kernel.call('pmm_reclaim_acpi')).toBe(BigInt(added.length));
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    const pages = drain(kernel);
    for (const page of added) expect([page, pages.has(page)]).toEqual([page, true]);
    for (let page = first; page < end; page++)
      expect([page, pages.has(page * PAGE)]).toEqual([page, false]);
    const released = [...before].filter((page) => page >= first && page < end).length;
    expect(kernel.call('pmm_release_boot_memory', first * PAGE, end * PAGE)).toBe(BigInt(released));
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('makes them reachable above 4 GiB, where what is no RAM is not mapped', () => {
    const kernel = new ParkedKernel(pc('6G', '1M#20G'));
    expect(kernel.call('vm_physical', 20n * GIB)).toBe(0n);
    expect(kernel.call('pmm_reclaim_acpi')).toBe(256n);
    expect(kernel.call('vm_physical', 20n * GIB)).not.toBe(0n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('finds nothing where pmm_init was given another map, and all that it found stays RAM', () => {
    const map = pc('64M', '64K#9M');
    const other = new ParkedKernel(map);
    const table = 48n * MIB;
    const give = (kernel: ParkedKernel): number => {
      for (const [index, value] of [0n, 64n * MIB, 1n].entries())
        kernel.write64(table + BigInt(index) * 8n, value);
      return kernel.call32('pmm_init_map', table, 1n);
    };
    expect(give(other)).toBe(1);
    const total = other.call('pmm_total_pages');
    expect([total, other.call('pmm_reclaim_acpi')]).toEqual([usablePages(map).pageCount, 0n]);
    const kernel = new ParkedKernel(map);
    kernel.call('pmm_reclaim_acpi');
    expect(give(kernel)).toBe(1);
    expect(kernel.call('pmm_total_pages')).toBe(total + 16n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });
});
