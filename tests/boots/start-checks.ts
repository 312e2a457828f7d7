/**
 * What the allocator's start must do, each as one check on machines of its own: pmm_init, its second call, and what is called before it.
 * frame-checks.test.ts demands them of the bundled kernel, tests/mutations that they see defects. Number 114 of the list of tests.
 */
import { expect } from 'vitest';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { errors, pcWith, reservationNamed, takePages, type BootCheck } from './frame-checks.js';
import type { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const FRAME_PAGES = 512n;
const ANY = 0n;
const LOCAL = -1n;
const SIZE_MAX = (1n << 64n) - 1n;

/** pmm_init of `bytes` from `base` on; the pages that it then manages. */
function totalOf(kernel: ParkedKernel, bytes: bigint, base: bigint): bigint {
  kernel.call('pmm_init', bytes, base);
  return kernel.call('pmm_total_pages');
}

const isSound = (kernel: ParkedKernel): void => expect(kernel.call32('nk_mem_check', 1n)).toBe(0);

/** Allocates all there is, a run where a search has to pass a GiB that nobody has touched first, and frees it; the addresses. */
function useAllOf(kernel: ParkedKernel): bigint[] {
  const free = kernel.call('pmm_free_pages');
  const pieces: [start: bigint, pages: bigint][] = [];
  const take = (pages: bigint, align = ANY): bigint => {
    const start = kernel.call('pmm_alloc_pages', pages, align, ANY, ANY, LOCAL);
    if (start !== 0n) pieces.push([start, pages]);
    return start;
  };
  isSound(kernel);
  expect(take(511n * FRAME_PAGES)).toBe(4n * GIB);
  expect(take(FRAME_PAGES - 3n)).toBe(5n * GIB - 2n * MIB);
  expect(take(100n, 2n * GIB)).toBe(6n * GIB);
  isSound(kernel);
  expect(take(5n)).toBe(6n * GIB + 100n * PAGE); // in the next partly used frame: nothing of the GiB between is one
  isSound(kernel);
  while (take(FRAME_PAGES, 2n * MIB) !== 0n);
  isSound(kernel);
  const pages = takePages(kernel, Number(free));
  const all = [...pieces, ...pages.map((page): [bigint, bigint] => [page, 1n])];
  expect(all.reduce((sum, [, count]) => sum + count, 0n)).toBe(free);
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  const shared = sorted.filter(
    ([start, count], index) => start + count * PAGE > (sorted[index + 1]?.[0] ?? SIZE_MAX),
  );
  expect(shared).toEqual([]);
  for (const page of pages) kernel.call('pmm_free_page', page);
  for (const [start, count] of pieces) kernel.call('pmm_free_pages_run', start, count);
  expect(kernel.call('pmm_free_pages')).toBe(free);
  isSound(kernel);
  return all.map(([start]) => start);
}

/** What is called before anything is initialised, and what it returns then; null: nothing. */
const BEFORE_INIT: readonly (readonly [result: bigint | null, name: string, ...args: bigint[]])[] =
  [
    [0n, 'pmm_alloc_page'],
    [null, 'pmm_free_page', 2n * MIB],
    [0n, 'pmm_alloc_pages', 3n, ANY, ANY, ANY, LOCAL],
    [null, 'pmm_free_pages_run', 2n * MIB, 3n],
    [0n, 'kmalloc', 100n],
    [0n, 'kmalloc_small', 100n],
    [0n, 'kcalloc', 3n, 4n],
    [0n, 'kmalloc_pages', 3n],
    [null, 'kfree', 2n * MIB],
    [null, 'kfree_pages', 2n * MIB, 2n],
    [0n, 'krealloc', 2n * MIB, 100n],
    [1n, 'vm_map', 0xffff_e000_0000_0000n, 2n * MIB, 1n, 1n, 0n],
    [1n, 'vm_unmap', 0xffff_e000_0000_0000n, 1n],
    [1n, 'vm_protect', 0xffff_e000_0000_0000n, 1n, 1n],
    [0n, 'vm_alloc', 1n, 0n, 0n],
  ];

export const START_CHECKS: Readonly<Record<string, BootCheck>> = {
  'pmm_init manages RAM only: the range is cut where RAM ends, and where 2^64 is': (boot) => {
    const kernel = boot(pcWith('64M'));
    expect(totalOf(kernel, GIB, 2n * MIB)).toBe((62n * MIB) / PAGE);
    expect(totalOf(kernel, 8n * MIB, 32n * MIB)).toBe((8n * MIB) / PAGE);
    expect(totalOf(kernel, SIZE_MAX, 32n * MIB)).toBe((32n * MIB) / PAGE);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  },

  'pmm_init rounds an unaligned range inward, and its pages are aligned': (boot) => {
    const kernel = boot(pcWith('64M'));
    expect(totalOf(kernel, 8n * MIB, 32n * MIB + 0xf00n)).toBe((8n * MIB) / PAGE - 1n);
    const pages = takePages(kernel, 3000);
    expect(pages.filter((page) => page % PAGE !== 0n || page < 32n * MIB + PAGE)).toEqual([]);
  },

  'the metadata lie in RAM that nobody else has, at most 0.134 bytes a page and 16 KiB': (boot) => {
    for (const size of ['8M', '64M', '8G', '64G', '1T']) {
      const map = pcWith(size);
      const { start, end } = reservationNamed(boot(map), 'page frame');
      const bytes = Number(end - start);
      expect([size, bytes >= Number(usablePages(map).pageCount) / 8]).toEqual([size, true]);
      const most = Number(usablePages(map).pageCount) * 0.134 + 16_384;
      expect([size, bytes, bytes <= most]).toEqual([size, bytes, true]);
    }
  },

  '114 before pmm_init and kheap_init every call is refused, counted, and changes nothing': (
    boot,
  ) => {
    const kernel = boot(pcWith('64M'), 'reserve'); // the first thing that the start does with memory
    expect(kernel.call('pmm_total_pages')).toBe(0n);
    expect(kernel.call('pmm_free_pages')).toBe(0n);
    for (const [result, name, ...args] of BEFORE_INIT) {
      const before = errors(kernel, 'uninitialised');
      const got = kernel.call(name, ...args);
      if (result !== null) expect([name, got & 0xffff_ffffn]).toEqual([name, result]);
      expect([name, errors(kernel, 'uninitialised')]).toEqual([name, before + 1]);
    }
    for (const name of ['pmm_free_page', 'kfree']) kernel.call(name, 0n);
    expect(kernel.call32('nk_is_active')).toBe(0);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    expect(kernel.call('pmm_free_pages')).toBe(0n);
  },

  '114 pmm_init a second time: refused while a page is allocated, else like the first time': (
    boot,
  ) => {
    const kernel = boot(pcWith('64M'));
    const [total, free] = [kernel.call('pmm_total_pages'), kernel.call('pmm_free_pages')];
    const [page = 0n] = takePages(kernel, 1);
    const refusals = errors(kernel, 'initRefused');
    kernel.call('pmm_init', 8n * MIB, 32n * MIB);
    expect(errors(kernel, 'initRefused')).toBe(refusals + 1);
    expect(kernel.call('pmm_free_pages')).toBe(free - 1n);
    kernel.call('pmm_free_page', page);
    kernel.call('pmm_init', 64n * MIB, 0n);
    expect(errors(kernel, 'initRefused')).toBe(refusals + 1);
    expect([kernel.call('pmm_total_pages'), kernel.call('pmm_free_pages')]).toEqual([total, free]);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  },

  '114 pmm_init a second time, over metadata that hold anything: all RAM is there, and goes out in the same order':
    (boot) => {
      // Of 0x01 a word of a set has members, and a short run fits into each word of a line; of 0xff none does.
      const [clean, ...dirty] = [0x00, 0x01, 0xff].map((byte) => {
        const kernel = boot(pcWith('6G'));
        const { start, end } = reservationNamed(kernel, 'page frame');
        const again = ['pmm_init', SIZE_MAX, 0n] as const;
        kernel.callMeanwhile('zone-plan/planZones', () => kernel.fill(start, end, byte), ...again);
        return useAllOf(kernel);
      });
      for (const addresses of dirty) expect(addresses).toEqual(clean);
    },

  '114 pmm_init a second time, while a word of free pages is claimed: the claim is forgotten before RAM is counted':
    (boot) => {
      // RAM that ends, or has a hole, inside a frame: its pages are counted one word at a time.
      for (const hole of ['4K@0x2fff000:hole', '12K@0x1234000:hole']) {
        const kernel = boot(pcWith('48M', hole));
        const free = kernel.call('pmm_free_pages');
        for (const page of takePages(kernel, 100)) kernel.call('pmm_free_page', page);
        isSound(kernel); // the word is claimed with all its pages now
        kernel.call('pmm_init', SIZE_MAX, 0n);
        expect(kernel.call('pmm_free_pages')).toBe(free);
        isSound(kernel);
        expect(takePages(kernel, Number(free) + 1).length).toBe(Number(free));
      }
    },
};
