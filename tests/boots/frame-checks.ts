/**
 * What the page frame allocator and its start must do, each as one check on machines of its own. frame-checks.test.ts
 * demands them of the bundled kernel; tests/mutations demands that they see each recorded defect of System 7X when it is
 * put back. Expectations: the page oracle of the map, arithmetic, the words of kernel/README.md. A check throws when
 * something does not hold. The numbers are those of the list of tests of the memory manager.
 */
import { expect } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { applyMapChanges, parseMapChange } from '../../emulator/memory/linux-memmap-format.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { parseKernelOutput, type Reservation } from './kernel-output.js';
import { MemoryError } from './memory-error.js';
import type { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const RUN_PAGES = 301n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const GIB_PAGES = 1n << 18n;
const FRAME_PAGES = 512n;
const ANY = 0n;
const LOCAL = -1n;

/** Boots the kernel under test, to its park or to the entry of a function. */
export type Boot = (map: MemoryMap, stopAt?: string) => ParkedKernel;
export type BootCheck = (boot: Boot) => void;

export const pcWith = (size: string, ...changes: readonly string[]): MemoryMap =>
  applyMapChanges(pcMap(parseSize(size)).map, changes.map(parseMapChange));

export const errors = (kernel: ParkedKernel, kind: keyof typeof MemoryError): number =>
  kernel.call32('nk_mem_errors', BigInt(MemoryError[kind]));

/** Pages, as many as there are up to `most`. */
export function takePages(kernel: ParkedKernel, most: number): bigint[] {
  const pages: bigint[] = [];
  while (pages.length < most) {
    const page = kernel.call('pmm_alloc_page');
    if (page === 0n) break;
    pages.push(page);
  }
  return pages;
}

function reservationsOf(kernel: ParkedKernel): readonly Reservation[] {
  return parseKernelOutput(kernel.serial).reservations;
}

export function reservationNamed(kernel: ParkedKernel, words: string): Reservation {
  const found = reservationsOf(kernel).find(({ owner }) => owner.includes(words));
  if (found === undefined) throw new Error(`the kernel printed no place of "${words}"`);
  return found;
}

/** Instructions of one page at a time, worst of `count`. */
function worstOf(kernel: ParkedKernel, count: number): number {
  const costs = Array.from({ length: count }, () => kernel.instructionsOf('pmm_alloc_page'));
  return Math.max(...costs);
}

/** The bound of docs/kernel.md on one page, with room for the harness. */
const PAGE_INSTRUCTIONS_MAX = 600;

export const isSound = (kernel: ParkedKernel): void =>
  expect(kernel.call32('nk_mem_check', 1n)).toBe(0);

export const BOOT_CHECKS: Readonly<Record<string, BootCheck>> = {
  'RAM, Total and the pages that can be had are those of the map, whatever its edges are': (
    boot,
  ) => {
    const map = pcWith('16M', '64K@9M:hole', '4K@0xb00000:reserved', '2K@0xc00800:reserved');
    const kernel = boot(map);
    const { pageCount, ranges } = usablePages(map);
    expect(kernel.call('pmm_total_pages')).toBe(pageCount);
    const pages = takePages(kernel, Number(pageCount) + 1).map((address) => address / PAGE);
    expect(new Set(pages).size).toBe(pages.length);
    const strange = pages.filter(
      (page) => !ranges.some(({ first, last }) => page >= first && page <= last),
    );
    expect(strange).toEqual([]);
  },

  '77 nothing that somebody has is handed out: low memory, kernel, metadata, heap': (boot) => {
    const kernel = boot(pcWith('16M'));
    const reserved = reservationsOf(kernel);
    const pages = takePages(kernel, 5000);
    expect(pages.length).toBeLessThan(5000);
    const taken = pages.filter((page) =>
      reserved.some(({ start, end }) => page + PAGE > start && page < end),
    );
    expect(taken).toEqual([]);
    const lowest = pages.reduce((least, page) => (page < least ? page : least));
    expect(lowest).toBeGreaterThanOrEqual(MIB);
  },

  '79, 80 second frees, addresses inside a page and the metadata themselves are refused': (
    boot,
  ) => {
    const kernel = boot(pcWith('64M'));
    const pages = takePages(kernel, 200);
    const [first = 0n, second = 0n] = pages;
    const free = kernel.call('pmm_free_pages');
    const metadata = reservationNamed(kernel, 'page frame');
    const refusedAs = (kind: keyof typeof MemoryError, address: bigint): void => {
      const before = errors(kernel, kind);
      kernel.call('pmm_free_page', address);
      expect([address, kernel.call('pmm_free_pages')]).toEqual([address, free]);
      expect([kind, errors(kernel, kind)]).toEqual([kind, before + 1]);
    };
    refusedAs('misaligned', first + 123n);
    refusedAs('reserved', metadata.start);
    refusedAs('reserved', metadata.end - PAGE);
    // Of a word that is used up, of the claimed one, and in the hand.
    for (const page of [first, pages.at(-2) ?? 0n, pages.at(-1) ?? 0n]) {
      const before = errors(kernel, 'doubleFree');
      kernel.call('pmm_free_page', page);
      kernel.call('pmm_free_page', page);
      expect([page, errors(kernel, 'doubleFree')]).toEqual([page, before + 1]);
    }
    expect(kernel.call('pmm_free_pages')).toBe(free + 3n);
    kernel.call('pmm_free_page', second);
    const again = takePages(kernel, 3);
    expect(new Set(again).size).toBe(3);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  },

  '79 the page that was handed out last goes back once, whichever way it goes': (boot) => {
    const kernel = boot(pcWith('64M'));
    const free = kernel.call('pmm_free_pages');
    const isRefused = (page: bigint): void => {
      const before = errors(kernel, 'doubleFree');
      kernel.call('pmm_free_page', page);
      expect(errors(kernel, 'doubleFree')).toBe(before + 1);
      expect(kernel.call('pmm_free_pages')).toBe(free);
    };
    const [page = 0n] = takePages(kernel, 1);
    kernel.call('pmm_free_pages_run', page, 1n);
    isRefused(page);
    const [next = 0n] = takePages(kernel, 1);
    kernel.call('pmm_free_page', next);
    isRefused(next);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0); // it puts back what is kept ready
    isRefused(next);
    kernel.call('pmm_free_page', takePages(kernel, 1)[0] ?? 0n);
    const all = takePages(kernel, Number(free));
    expect(new Set(all).size).toBe(Number(free));
    expect(kernel.call('pmm_alloc_page')).toBe(0n);
  },

  '83 the run or frame that was handed out last goes back once, whichever way it goes': (boot) => {
    const kernel = boot(pcWith('64M'));
    const free = kernel.call('pmm_free_pages');
    const run = (): bigint => kernel.call('kmalloc_pages', 9n);
    const frame = (): bigint =>
      kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, ANY, ANY, LOCAL);
    const ways: readonly [() => bigint, bigint, string, ...bigint[]][] = [
      [run, 9n, 'kfree'],
      [run, 9n, 'kfree_pages', 9n],
      [run, 9n, 'pmm_free_pages_run', 9n],
      [frame, FRAME_PAGES, 'pmm_free_pages_run', FRAME_PAGES],
    ];
    for (const [take, pages, name, ...rest] of ways) {
      for (const [, , again, ...restAgain] of ways.filter(([other]) => other === take)) {
        const piece = take();
        expect(kernel.call('pmm_free_pages')).toBe(free - pages);
        kernel.call(name, piece, ...rest);
        expect(kernel.call('pmm_free_pages')).toBe(free);
        const before = errors(kernel, 'doubleFree');
        kernel.call(again, piece, ...restAgain);
        expect(errors(kernel, 'doubleFree')).toBe(before + 1);
        const other = take();
        kernel.call(name, other, ...rest);
        kernel.call('pmm_free_page', other + PAGE);
        expect(errors(kernel, 'doubleFree')).toBe(before + 2);
        expect(kernel.call('pmm_free_pages')).toBe(free);
      }
    }
  },

  '83 what is in the hand is only for who asks for that, and is free for everybody else': (
    boot,
  ) => {
    const kernel = boot(pcWith('64M'));
    const free = kernel.call('pmm_free_pages');
    const frame = (limit: bigint): bigint =>
      kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, ANY, limit, LOCAL);
    const give = (address: bigint): void =>
      void kernel.call('pmm_free_pages_run', address, FRAME_PAGES);
    const first = frame(ANY);
    kernel.call('kfree_pages', first, FRAME_PAGES); // no run
    expect(errors(kernel, 'foreign')).toBe(1);
    give(first);
    kernel.call('pmm_free_pages_run', frame(ANY), FRAME_PAGES - 1n);
    expect(errors(kernel, 'sizeMismatch')).toBe(1);
    give(first);
    give(frame(ANY));
    const run = kernel.call('kmalloc_pages', FRAME_PAGES);
    kernel.call('kfree', run);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    const low = frame(16n * MIB);
    expect([low !== 0n, low < 16n * MIB]).toEqual([true, true]);
    give(low);
    const high = frame(ANY);
    expect(high).toBeGreaterThanOrEqual(16n * MIB); // DMA memory last
    give(high);
    expect(kernel.call('pmm_alloc_pages', FRAME_PAGES, 3n * MIB, ANY, ANY, LOCAL)).toBe(0n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    const frames: bigint[] = [];
    for (let next = 1n; next !== 0n;) frames.push((next = frame(ANY)));
    const [last = 0n] = frames.splice(-2);
    give(last);
    give(frame(ANY));
    const pages = takePages(kernel, Number(free));
    expect(new Set(pages).size).toBe(Number(free - BigInt(frames.length) * FRAME_PAGES));
    expect(pages).toContain(last + PAGE);
    for (const page of pages) kernel.call('pmm_free_page', page);
    frames.forEach(give);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  },

  '80 what a run holds goes back with the run only, wherever it begins and ends': (boot) => {
    const kernel = boot(pcWith('1G'));
    const free = kernel.call('pmm_free_pages');
    // A page and a run of 301 by turns: more than 255 frames hold some of both, which is more than there are lines.
    const singles: bigint[] = [];
    const runs: bigint[] = [];
    for (let n = 0; n < 400; n++) {
      runs.push(kernel.call('pmm_alloc_pages', RUN_PAGES, 0n, 0n, 0n, -1n));
      singles.push(kernel.call('pmm_alloc_pages', 1n, 2n * PAGE, 0n, 0n, -1n));
    }
    expect([runs.includes(0n), singles.includes(0n)]).toEqual([false, false]);
    const before = errors(kernel, 'foreign');
    for (const run of runs) {
      kernel.call('pmm_free_page', run);
      kernel.call('pmm_free_page', run + (RUN_PAGES - 1n) * PAGE);
    }
    expect(errors(kernel, 'foreign')).toBe(before + 2 * runs.length);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    for (const page of singles) kernel.call('pmm_free_page', page);
    for (const run of runs) kernel.call('pmm_free_pages_run', run, RUN_PAGES);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    // Nothing of it is left: a frame with a run in it takes a line again, and the check counts lines.
    const run = kernel.call('pmm_alloc_pages', 3n, 0n, 0n, 0n, -1n);
    kernel.call('pmm_free_page', run);
    expect(errors(kernel, 'foreign')).toBe(before + 2 * runs.length + 1);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  },

  'a page costs the same few instructions, however much lies before it': (boot) => {
    const kernel = boot(pcWith('1T'));
    expect(worstOf(kernel, 200)).toBeLessThan(PAGE_INSTRUCTIONS_MAX);
    for (let gib = 0; gib < 100; gib++)
      kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, ANY, ANY, LOCAL);
    for (let frame = 0; frame < 512; frame++)
      // of the GiB that the first pages are in
      kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, ANY, ANY, LOCAL);
    takePages(kernel, 700);
    expect(worstOf(kernel, 700)).toBeLessThan(PAGE_INSTRUCTIONS_MAX);
  },

  'RAM above 4 GiB is seen and handed out first': (boot) => {
    const map = pcWith('8G');
    const kernel = boot(map);
    expect(kernel.call('pmm_total_pages')).toBe(usablePages(map).pageCount);
    const pages = takePages(kernel, 100);
    expect(pages).toHaveLength(100);
    expect(pages.filter((page) => page < 4n * GIB || page >= 9n * GIB)).toEqual([]);
  },

  '81 RAM that ends inside a word, a frame and a GiB: not a page more': (boot) => {
    for (const pages of [1n, 65n, 513n, 262_145n]) {
      const kernel = boot(pcWith('8M', `${pages * 4n}K@5G:usable`));
      const first = 5n * GIB;
      if (pages > GIB_PAGES) {
        expect(kernel.call('pmm_alloc_pages', pages, ANY, ANY, ANY, LOCAL)).toBe(first);
      } else {
        const got = takePages(kernel, Number(pages)).sort((a, b) => (a < b ? -1 : 1));
        expect(got).toEqual(got.map((_, index) => first + BigInt(index) * PAGE));
      }
      expect(kernel.call('pmm_alloc_page')).toBeLessThan(GIB);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    }
  },

  '83 runs begin at a multiple of what was asked for, cross no boundary, and end below the limit': (
    boot,
  ) => {
    const kernel = boot(pcWith('8G'));
    kernel.call('pmm_alloc_pages', 3n, ANY, ANY, ANY, LOCAL);
    for (const align of [PAGE, 16n * PAGE, 64n * PAGE, MIB]) {
      const run = kernel.call('pmm_alloc_pages', 5n, align, ANY, ANY, LOCAL);
      expect([align, run !== 0n, run % align]).toEqual([align, true, 0n]);
    }
    for (const boundary of [8n * PAGE, 16n * PAGE]) {
      for (let n = 0; n < 8; n++) {
        const run = kernel.call('pmm_alloc_pages', 5n, ANY, boundary, ANY, LOCAL);
        expect([boundary, run !== 0n]).toEqual([boundary, true]);
        expect(run / boundary).toBe((run + 5n * PAGE - 1n) / boundary);
      }
    }
    for (const limit of [16n * MIB, 4n * GIB]) {
      for (const pages of [1n, 4n, 512n]) {
        const run = kernel.call('pmm_alloc_pages', pages, ANY, ANY, limit, LOCAL);
        expect([limit, pages, run !== 0n, run + pages * PAGE <= limit]).toEqual([
          limit,
          pages,
          true,
          true,
        ]);
      }
    }
    // A whole GiB: the first that is free is above 4 GiB.
    const whole = [ANY, 4n * GIB].map((limit) =>
      kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, ANY, limit, LOCAL),
    );
    expect(whole.map((run) => run !== 0n && run + GIB <= 4n * GIB)).toEqual([false, true]);
    // 511 pages from 6 MiB on are all that is free: none of these runs begins at a multiple of 4 MiB.
    const small = boot(pcWith('16M'));
    for (const page of takePages(small, 5000))
      if (page >= 6n * MIB && page < 8n * MIB - PAGE) small.call('pmm_free_page', page);
    expect(small.call('pmm_alloc_pages', 5n, 4n * MIB, ANY, ANY, LOCAL)).toBe(0n);
    expect(small.call('pmm_alloc_pages', 5n, 2n * MIB, ANY, ANY, LOCAL)).toBe(6n * MIB);
  },

  '83 a run holds no page that came back a moment ago, and goes out again as a single one': (
    boot,
  ) => {
    // The second time a frame is noted for such runs; below a limit notes are not asked.
    for (const [before, limit] of [
      [0, ANY],
      [1, ANY],
      [0, 64n * MIB],
    ] as const) {
      const kernel = boot(pcWith('64M'));
      const pages = takePages(kernel, 200);
      for (let n = 0; n < before; n++) kernel.call('pmm_alloc_pages', 20n, ANY, ANY, ANY, LOCAL);
      for (const page of pages.slice(0, 60)) kernel.call('pmm_free_page', page);
      const run = kernel.call('pmm_alloc_pages', 20n, ANY, ANY, limit, LOCAL);
      expect(run).not.toBe(0n);
      const single = takePages(kernel, 100);
      expect(single.filter((page) => page >= run && page < run + 20n * PAGE)).toEqual([]);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    }
  },

  '83 a run holds no page that is set aside for single ones': (boot) => {
    const kernel = boot(pcWith('64M'));
    for (const count of [1, 30, 70]) {
      takePages(kernel, count);
      const run = kernel.call('pmm_alloc_pages', 20n, ANY, ANY, ANY, LOCAL);
      expect(run).not.toBe(0n);
      const single = takePages(kernel, 64);
      expect(single.filter((page) => page >= run && page < run + 20n * PAGE)).toEqual([]);
    }
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    // Free pages before a word all of which is set aside: a run of both would have some of that.
    for (const before of [0, 1]) {
      const own = boot(pcWith('64M'));
      const singles = takePages(own, 64);
      while (((singles.at(-1) ?? 0n) / PAGE) % 64n !== 0n) singles.push(...takePages(own, 1));
      for (let n = 0; n < before; n++) own.call('pmm_alloc_pages', 20n, ANY, ANY, ANY, LOCAL);
      for (const page of singles.slice(-15)) own.call('pmm_free_page', page);
      const run = own.call('pmm_alloc_pages', 20n, ANY, ANY, ANY, LOCAL);
      const single = takePages(own, 64);
      expect(single.filter((page) => page >= run && page < run + 20n * PAGE)).toEqual([]);
      expect(own.call32('nk_mem_check', 1n)).toBe(0);
    }
  },

  '79, 80 beyond a hole of 2 TiB, and where zones meet in a GiB, each page goes back once, and no hole does':
    (boot) => {
      for (const [map, low] of [
        [pcWith('24M', '8M@5T:usable'), 0n],
        [pcWith('24M', '8M@4T:usable'), 0n], // where a table for all GiBs would go on, other metadata lie
        [pcWith('24M', '16M@4G:usable'), 4n * GIB],
      ] as const) {
        const kernel = boot(map);
        if (low !== 0n) {
          // Node 1 lies below node 0 in the GiB, so that their leaf lines are not in one row.
          kernel.call('pmm_nodes_clear');
          kernel.call('pmm_node_range', 0n, low, 0n);
          kernel.call('pmm_node_range', low, low + 8n * MIB, 1n);
          kernel.call('pmm_node_range', low + 8n * MIB, low + 16n * MIB, 0n);
          kernel.call('pmm_init', 16n * GIB, 0n);
        }
        const free = kernel.call('pmm_free_pages');
        const pages = takePages(kernel, Number(free) + 1);
        expect(BigInt(pages.length)).toBe(free);
        for (const page of pages) kernel.call('pmm_free_page', page);
        expect(kernel.call('pmm_free_pages')).toBe(free);
        for (const page of pages) kernel.call('pmm_free_page', page);
        expect(errors(kernel, 'doubleFree')).toBe(pages.length);
        const holes = [GIB, 3n * GIB, 2049n * GIB, 4095n * GIB, 5119n * GIB, 6000n * GIB];
        for (const hole of holes) kernel.call('pmm_free_page', hole);
        expect(errors(kernel, 'foreign')).toBe(holes.length);
        expect(kernel.call('pmm_free_pages')).toBe(free);
        isSound(kernel);
      }
    },
};
