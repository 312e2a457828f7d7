/**
 * What runs and whole frames do when there are many: in rows, and in any order; each as one check, as in frame-checks.ts.
 */
import { expect } from 'vitest';
import { errors, isSound, pcWith, takePages, type BootCheck } from './frame-checks.js';
import type { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const GIB_PAGES = 1n << 18n;
const FRAME_PAGES = 512n;
const FRAME = 2n * MIB;
const ANY = 0n;
const LOCAL = -1n;
const SEED = 4711;

const takeFrame = (kernel: ParkedKernel): bigint =>
  kernel.call('pmm_alloc_pages', FRAME_PAGES, FRAME, ANY, ANY, LOCAL);
const give = (kernel: ParkedKernel, address: bigint, pages: bigint): void =>
  void kernel.call('pmm_free_pages_run', address, pages);

export const ROW_CHECKS: Readonly<Record<string, BootCheck>> = {
  '83 runs of a size in a row share the frames that are begun for them, and each page goes out once':
    (boot) => {
      for (const pages of [2, 8, 20, 24, 64, 65, 100, 128, 200, 511, 512, 1024, 2048]) {
        const kernel = boot(pcWith('96M'));
        // Twelve frames in which every other page is free, and one more of those behind them in use.
        const singles = takePages(kernel, 6000);
        const other = kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, ANY, ANY, LOCAL);
        const hole = kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, ANY, ANY, LOCAL);
        const behind = kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, ANY, ANY, LOCAL);
        expect([other, hole, behind].includes(0n)).toBe(false);
        kernel.call('pmm_free_pages_run', hole, FRAME_PAGES);
        const used = new Set(singles.filter((_, index) => index % 2 === 0));
        for (const page of singles) if (!used.has(page)) kernel.call('pmm_free_page', page);
        for (let page = other; page < other + 2n * MIB; page += PAGE) used.add(page);
        for (let page = behind; page < behind + 2n * MIB; page += PAGE) used.add(page);
        const runs: bigint[] = [];
        const count = Math.min(20, Math.floor(8192 / pages));
        for (let n = 0; n < count; n++) {
          const run = kernel.call('pmm_alloc_pages', BigInt(pages), ANY, ANY, ANY, LOCAL);
          runs.push(run);
          expect([pages, n, run !== 0n]).toEqual([pages, n, true]);
          for (let page = run; page < run + BigInt(pages) * PAGE; page += PAGE) {
            expect([pages, n, used.has(page)]).toEqual([pages, n, false]);
            used.add(page);
          }
          isSound(kernel);
        }
        const perFrame = Math.max(1, Math.floor(512 / pages));
        const frames = new Set(runs.map((run) => run / (2n * MIB))).size;
        // One more, for RAM ends inside a frame, and the claimed word is in one.
        expect([pages, frames <= Math.ceil(count / perFrame) + 1]).toEqual([pages, true]);
        for (const run of runs) kernel.call('pmm_free_pages_run', run, BigInt(pages));
        isSound(kernel);
      }
      // A run that ends where others fill the rest of its second word.
      const kernel = boot(pcWith('64M'));
      const run = (pages: bigint): bigint =>
        kernel.call('pmm_alloc_pages', pages, ANY, ANY, ANY, LOCAL);
      const [first, second, third] = [run(60n), run(36n), run(32n)];
      expect([second - first, third - first]).toEqual([60n * PAGE, 96n * PAGE]);
      kernel.call('pmm_free_pages_run', second, 36n);
      isSound(kernel);
      expect(run(36n)).toBe(second);
      isSound(kernel);
    },

  '80, 86 frames and GiBs go back once, whatever else is out': (boot) => {
    const kernel = boot(pcWith('8G'));
    const free = kernel.call('pmm_free_pages');
    for (const pages of [FRAME_PAGES, GIB_PAGES]) {
      const take = (): bigint =>
        kernel.call('pmm_alloc_pages', pages, pages * PAGE, ANY, ANY, LOCAL);
      const give = (address: bigint): void =>
        void kernel.call('pmm_free_pages_run', address, pages);
      const pieces = [take(), take(), take()];
      expect(new Set(pieces).size).toBe(3);
      const counted = errors(kernel, 'doubleFree');
      for (const [index, piece] of pieces.entries()) {
        give(piece);
        give(piece);
        expect(errors(kernel, 'doubleFree')).toBe(counted + index + 1);
      }
      expect(kernel.call('pmm_free_pages')).toBe(free);
      // The last one goes into the hand, and is there while the others come back.
      const again = [take(), take(), take()].reverse();
      for (const piece of [...again, ...again]) give(piece);
      expect(errors(kernel, 'doubleFree')).toBe(counted + pieces.length + again.length);
      expect(kernel.call('pmm_free_pages')).toBe(free);
      isSound(kernel);
      const page = kernel.call('pmm_alloc_page');
      give(page & -(2n * MIB)); // a frame with one page in use
      give(GIB); // nobody has had it
      expect(kernel.call('pmm_free_pages')).toBe(free - 1n);
      isSound(kernel);
      const last = take();
      kernel.call('pmm_free_pages_run', last, pages - 1n);
      kernel.call('pmm_free_pages_run', last + PAGE, pages);
      expect(kernel.call('pmm_free_pages')).toBe(free - 1n - pages);
      give(last);
      isSound(kernel);
      kernel.call('pmm_free_page', page);
    }
  },

  '86 frames in a row are the lowest there are, whatever came back, and a GiB is whole when its last one has':
    (boot) => {
      const kernel = boot(pcWith('6G'));
      const random = new RandomWords(SEED);
      const frames = Array.from({ length: 700 }, () => takeFrame(kernel));
      expect(frames).toEqual(frames.map((_, index) => 4n * GIB + BigInt(index) * FRAME));
      isSound(kernel);
      const out = [...frames];
      for (let round = 0; round < 5; round++) {
        const back = Array.from(
          { length: 300 },
          () => out.splice(random.below(out.length), 1)[0] ?? 0n,
        );
        for (const frame of back) give(kernel, frame, FRAME_PAGES);
        isSound(kernel);
        const lowest = [...back].sort((one, other) => (one < other ? -1 : 1)).slice(0, 200);
        expect(Array.from(lowest, () => takeFrame(kernel))).toEqual(lowest);
        const rest = Array.from({ length: back.length - lowest.length }, () => takeFrame(kernel));
        expect(rest).not.toContain(0n);
        out.push(...back);
      }
      // Those of the second GiB first, then the first GiB from its end on.
      for (const frame of [...frames].reverse()) {
        give(kernel, frame, FRAME_PAGES);
        give(kernel, frame, FRAME_PAGES);
      }
      expect(errors(kernel, 'doubleFree')).toBe(frames.length);
      isSound(kernel);
      const gib = kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, ANY, ANY, LOCAL);
      expect(gib).toBe(4n * GIB);
      const frame = takeFrame(kernel); // its GiB has descriptors that all free ones share
      expect(frame).toBe(5n * GIB);
      isSound(kernel);
      give(kernel, frame, FRAME_PAGES);
      give(kernel, gib, GIB_PAGES); // the frame is not in the hand any more, and its GiB is whole
      expect(kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, ANY, ANY, LOCAL)).toBe(gib);
      expect([takeFrame(kernel), takeFrame(kernel)]).toEqual([frame, frame + FRAME]);
      isSound(kernel);
      give(kernel, frame, FRAME_PAGES);
      give(kernel, frame + FRAME, FRAME_PAGES);
      expect(new Set([takeFrame(kernel), takeFrame(kernel)])).toEqual(
        new Set([frame, frame + FRAME]),
      );
      give(kernel, gib, GIB_PAGES);
      isSound(kernel); // nothing is in the hand: the GiB is free as a whole, and below all others
      expect([takeFrame(kernel), takeFrame(kernel)]).toEqual([gib, gib + FRAME]);
      isSound(kernel);
    },

  '86 frames of a GiB that zones share go back to the zone that they are of': (boot) => {
    const kernel = boot(pcWith('64M'));
    const frames: bigint[] = [];
    for (let frame = takeFrame(kernel); frame !== 0n; frame = takeFrame(kernel)) frames.push(frame);
    expect(frames.some((frame) => frame < 16n * MIB)).toBe(true);
    expect(frames.some((frame) => frame >= 16n * MIB)).toBe(true);
    for (const frame of frames) give(kernel, frame, FRAME_PAGES);
    isSound(kernel);
    expect(Array.from(frames, () => takeFrame(kernel))).toEqual(frames);
  },

  '83, 86 runs that come and go in any order are found again, and overlap no other': (boot) => {
    const kernel = boot(pcWith('96M'));
    const random = new RandomWords(SEED);
    const free = kernel.call('pmm_free_pages');
    const runs = new Map<bigint, bigint>();
    const used = new Set<bigint>();
    const LENGTHS = [2n, 3n, 8n, 20n, 64n, 65n, 100n, 511n, 512n, 1024n];
    for (let step = 0; step < 1500; step++) {
      if (random.below(5) < 3 && runs.size < 60) {
        const pages = LENGTHS[random.below(LENGTHS.length)] ?? 2n;
        const run = kernel.call('pmm_alloc_pages', pages, ANY, ANY, ANY, LOCAL);
        if (run === 0n) continue;
        runs.set(run, pages);
        for (let page = run; page < run + pages * PAGE; page += PAGE) {
          expect(used.has(page)).toBe(false);
          used.add(page);
        }
      } else if (runs.size > 0) {
        const [run = 0n, pages = 0n] = [...runs][random.below(runs.size)] ?? [];
        runs.delete(run);
        give(kernel, run, pages);
        for (let page = run; page < run + pages * PAGE; page += PAGE) used.delete(page);
      }
      if (step % 100 === 0) isSound(kernel);
    }
    for (const [run, pages] of runs) give(kernel, run, pages);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    for (const kind of ['doubleFree', 'foreign', 'sizeMismatch'] as const)
      expect(errors(kernel, kind)).toBe(0);
    isSound(kernel);
  },

  '80 a slab goes back with its cache only, wherever its pages come from': (boot) => {
    const kernel = boot(pcWith('16M'));
    // The heap is full, so that slabs are runs of frames, whose first object is in their first page.
    while (kernel.call('kmalloc', 8n * PAGE) < 4n * MIB);
    while (kernel.call('kmalloc', PAGE) < 4n * MIB);
    const cache = kernel.call('kmem_cache_create', 0n, PAGE, 0n, 0n);
    const objects = Array.from({ length: 30 }, () => kernel.call('kmem_cache_alloc', cache));
    const free = kernel.call('pmm_free_pages');
    const pages = new Set(objects.map((object) => object & -PAGE));
    const counted = errors(kernel, 'foreign');
    const slabPages = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n];
    for (const page of pages) for (const count of slabPages) give(kernel, page, count);
    expect(errors(kernel, 'foreign')).toBe(counted + pages.size * slabPages.length);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    isSound(kernel);
    for (const object of objects) kernel.call('kmem_cache_free', cache, object);
    expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
    isSound(kernel);
  },

  '83 a run is found where the lowest free frame does not fit, without looking at all that are free':
    (boot) => {
      const kernel = boot(pcWith('1T'));
      let first = takeFrame(kernel);
      if (first % (4n * MIB) !== 0n) first = takeFrame(kernel);
      expect(first % (4n * MIB)).toBe(0n); // the next one does not begin at such an address
      const runs = Array.from({ length: 8 }, () => {
        const before = kernel.machine.processor.retired;
        const run = kernel.call('pmm_alloc_pages', 4n, 4n * MIB, ANY, ANY, LOCAL);
        // A word for each 64 frames would be more than 8000 words.
        expect(kernel.machine.processor.retired - before).toBeLessThan(6000);
        return run;
      });
      expect(runs.map((run) => run % (4n * MIB))).toEqual(runs.map(() => 0n));
      expect(runs.filter((run) => run > first)).toEqual(
        expect.arrayContaining([first + 4n * MIB, first + 8n * MIB]),
      );
      isSound(kernel);
    },
};
