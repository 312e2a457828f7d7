/**
 * The page frame allocator on the emulated processor: tests 77 to 93 of the memory manager's list (docs/testing.md).
 * Expectations come from the page-by-page oracle of the map, a model that looks at every page, and addresses worked
 * out by hand. A failing random test is repeated with its seed: S7X_SEED=number. tests/long has longer ones.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { applyMapChanges, parseMapChange } from '../../emulator/memory/linux-memmap-format.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { drainAndRefill } from './drain.js';
import { expectWholeFrames } from './frame-scores.js';
import { parseKernelOutput } from './kernel-output.js';
import { PageModel, randomPages, randomRequest } from './page-model.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const FRAME_PAGES = 512n;
const GIB_PAGES = 1n << 18n;
const LOCAL = -1n;
const LOW_WORD = 0xffff_ffffn;
/** kernel/src/memory-errors.ts, MemoryError. */
const Kind = { doubleFree: 0n, foreign: 1n, misaligned: 2n, reserved: 3n, size: 4n } as const;

const given = process.env['S7X_SEED'];
const SEED = given === undefined ? 4711 : Number(given);

const pc = (size: string, ...changes: readonly string[]): MemoryMap =>
  applyMapChanges(pcMap(parseSize(size)).map, changes.map(parseMapChange));
const frame = (kernel: ParkedKernel): bigint =>
  kernel.call('pmm_alloc_pages', FRAME_PAGES, 2n * MIB, 0n, 0n, LOCAL);
const errorCount = (kernel: ParkedKernel, kind: bigint): bigint =>
  kernel.call('nk_mem_errors', kind);

/** All of the allocator's metadata, with no page claimed (printing the statistics gives the claim back). */
function metadataOf(kernel: ParkedKernel): string {
  kernel.call('mem_print_stats');
  const place = parseKernelOutput(kernel.serial).reservations.find(({ owner }) =>
    owner.includes('page frame'),
  );
  if (place === undefined) throw new Error('the kernel printed no place of the metadata');
  const bytes = kernel.machine.processor.read(place.start, Number(place.end - place.start));
  return Buffer.from(bytes).toString('base64');
}

describe('77, 78: every page once, never a reserved one, a hole, metadata, the heap or page 0', () => {
  it.each([
    [
      'a hole and a reserved page inside a 2 MiB frame',
      pc('16M', '64K@9M:hole', '4K@0xb00000:reserved'),
    ],
    ['RAM that ends in the middle of everything', pc('16M', '1M@15M:hole', '12K@32M:usable')],
  ])('on a machine with %s', (_, map) => {
    drainAndRefill(map);
  });
});

describe('79: pages and runs that come back leave the bitmap as it was, bit for bit', () => {
  it.each([1, 63, 64, 65, 512, 700])('%d pages in an order of their own', (count) => {
    const kernel = new ParkedKernel(pc('32M'));
    const random = new RandomWords(SEED + count);
    const warm = Array.from({ length: count }, () => kernel.call('pmm_alloc_page'));
    for (const page of warm) kernel.call('pmm_free_page', page);
    const before = metadataOf(kernel);
    const pages = Array.from({ length: count }, () => kernel.call('pmm_alloc_page'));
    expect(metadataOf(kernel)).not.toBe(before);
    pages.sort(() => random.below(2) - 0.5);
    for (const page of pages) kernel.call('pmm_free_page', page);
    expect(metadataOf(kernel)).toBe(before);
  });
});

describe('80, 86: what is no allocated page is refused and counted, and nothing changes', () => {
  let kernel: ParkedKernel;
  let huge = 0n;
  let run = 0n;
  let page = 0n;
  beforeAll(() => {
    kernel = new ParkedKernel(pc('6G'));
    page = kernel.call('pmm_alloc_page');
    run = kernel.call('pmm_alloc_pages', 3n, 0n, 0n, 0n, LOCAL);
    huge = frame(kernel);
  });

  it.each<[string, keyof typeof Kind, () => [string, ...bigint[]]]>([
    ['a free page', 'doubleFree', () => ['pmm_free_page', 8n * MIB]],
    ['a page of a GiB that nobody has touched', 'doubleFree', () => ['pmm_free_page', GIB]],
    ['the next page of the claimed word', 'doubleFree', () => ['pmm_free_page', page + PAGE]],
    ['an address inside a page', 'misaligned', () => ['pmm_free_page', page + 123n]],
    ['page 0 and a little', 'misaligned', () => ['pmm_free_page', 8n]],
    ['the video window', 'foreign', () => ['pmm_free_page', 0xa0000n]],
    ['the page behind low RAM', 'foreign', () => ['pmm_free_page', 3n * GIB]],
    ['the page behind all RAM', 'foreign', () => ['pmm_free_page', 7n * GIB]],
    ['an address of 2^52', 'foreign', () => ['pmm_free_page', 1n << 52n]],
    ['the highest page', 'foreign', () => ['pmm_free_page', (1n << 64n) - PAGE]],
    ['low memory', 'reserved', () => ['pmm_free_page', PAGE]],
    ['the kernel', 'reserved', () => ['pmm_free_page', MIB]],
    ['the first page of a run', 'foreign', () => ['pmm_free_page', run]],
    ['the inside of a run', 'foreign', () => ['pmm_free_page', run + PAGE]],
    ['86: a page of a 2 MiB frame', 'foreign', () => ['pmm_free_page', huge + 5n * PAGE]],
    ['86: the first page of a 2 MiB frame', 'foreign', () => ['pmm_free_page', huge]],
    ['a run with a page less', 'size', () => ['pmm_free_pages_run', run, 2n]],
    ['a run with a page more', 'size', () => ['pmm_free_pages_run', run, 4n]],
    ['the inside of a run as a run', 'foreign', () => ['pmm_free_pages_run', run + PAGE, 2n]],
    ['a frame with a page less', 'size', () => ['pmm_free_pages_run', huge, 511n]],
    ['the inside of a frame', 'foreign', () => ['pmm_free_pages_run', huge + PAGE, 511n]],
    ['two pages where one was got', 'size', () => ['pmm_free_pages_run', page, 2n]],
    ['a run that is free', 'doubleFree', () => ['pmm_free_pages_run', 8n * MIB, 3n]],
  ])('%s: %s', (_, kind, call) => {
    const [name, ...args] = call();
    const free = kernel.call('pmm_free_pages');
    const counted = errorCount(kernel, Kind[kind]);
    const claimed = kernel.call('pmm_alloc_page');
    kernel.call('pmm_free_page', claimed);
    kernel.call(name, ...args);
    expect(errorCount(kernel, Kind[kind])).toBe(counted + 1n);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    const before = metadataOf(kernel);
    kernel.call(name, ...args);
    expect(metadataOf(kernel)).toBe(before);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });
});

describe('81, 82: totals that are no multiple of 8, 64, 512, 32768 or 2^18', () => {
  it.each([1n, 7n, 9n, 63n, 65n, 511n, 513n])('%d pages above 4 GiB', (pages) => {
    const map = pc('8M', `${pages * 4n}K@5G:usable`);
    const kernel = new ParkedKernel(map);
    const first = 5n * GIB;
    const got = new Set(Array.from({ length: Number(pages) }, () => kernel.call('pmm_alloc_page')));
    expect([...got].every((page) => page >= first && page < first + pages * PAGE)).toBe(true);
    expect(got.size).toBe(Number(pages));
    expect(kernel.call('pmm_alloc_page')).toBeLessThan(GIB);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it.each([32_769n, 262_143n, 262_145n])('%d pages as one run above 4 GiB', (pages) => {
    const kernel = new ParkedKernel(pc('8M', `${pages * 4n}K@5G:usable`));
    const free = kernel.call('pmm_free_pages');
    const run = kernel.call('pmm_alloc_pages', pages, 0n, 0n, 0n, LOCAL);
    expect(run).toBe(5n * GIB);
    expect(kernel.call('pmm_free_pages')).toBe(free - pages);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    kernel.call('pmm_free_pages_run', run, pages);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('82: the first and the last page of every zone can be had and come back', () => {
    const kernel = new ParkedKernel(pc('6G'));
    const edges = [16n * MIB - PAGE, 16n * MIB, 3n * GIB - PAGE, 4n * GIB, 7n * GIB - PAGE];
    for (const edge of edges) {
      const page = kernel.call('pmm_alloc_pages', 1n, 0n, 0n, edge + PAGE, LOCAL);
      expect(page).toBeLessThanOrEqual(edge);
      kernel.call('pmm_free_pages_run', page, 1n);
    }
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });
});

describe('83, 84: runs on random bitmaps', () => {
  it.each([1, 2, 3])(`are found when and only when there is one (seed ${SEED} + %d)`, (offset) => {
    const random = new RandomWords(SEED + offset);
    const model = new PageModel(pc('24M'));
    const load = random.pick([100, 1500, 2600]);
    for (let n = 0; n < load; n++) model.allocatePage();
    for (let n = 0; n < load; n++) if (random.below(3) === 0) model.releaseAny(random);
    let refused = 0;
    for (let n = 0; n < 250; n++) {
      if (!model.allocateRun(randomRequest(random, model))) refused++;
      if (random.below(3) === 0) model.releaseAny(random);
    }
    model.check();
    expect(refused).toBeGreaterThan(0);
    model.releaseAll();
    model.check();
  });

  it('of 1 to 1025 pages, each next to the other', () => {
    const model = new PageModel(pc('24M'));
    for (let count = 1; count <= 1025; count += 31) {
      model.allocateRun({ count, align: 1, boundary: 0, limit: 0 });
      model.releaseAll();
    }
    model.check();
  });

  it('84: one that there is not changes nothing', () => {
    const kernel = new ParkedKernel(pc('16M'));
    const pages = Array.from({ length: 900 }, () => kernel.call('pmm_alloc_page'));
    pages.forEach((page, index) => {
      if (index % 2 === 0) kernel.call('pmm_free_page', page);
    });
    const before = metadataOf(kernel);
    for (const n of [0n, 3000n, 5000n, 1n << 40n, (1n << 64n) - 1n]) {
      expect(kernel.call('pmm_alloc_pages', n, 0n, 0n, 0n, LOCAL)).toBe(0n);
    }
    expect(kernel.call('pmm_alloc_pages', 2n, 0n, PAGE, 0n, LOCAL)).toBe(0n);
    expect(kernel.call('pmm_alloc_pages', 2n, 3n * PAGE, 0n, 0n, LOCAL)).toBe(0n);
    expect(kernel.call('pmm_alloc_pages', 2n, 0n, 0n, 100n, LOCAL)).toBe(0n);
    expect(metadataOf(kernel)).toBe(before);
  });
});

describe('85: frames of 2 MiB and 1 GiB', () => {
  it('are aligned, break into pages, and form again when all pages are back', () => {
    const kernel = new ParkedKernel(pc('4G'));
    const free = kernel.call('pmm_free_pages');
    const giant = kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, 0n, 0n, LOCAL);
    expect([giant % GIB, giant]).toEqual([0n, 4n * GIB]);
    expect(kernel.call('pmm_free_pages')).toBe(free - GIB_PAGES);
    kernel.call('pmm_free_pages_run', giant, GIB_PAGES);

    const frames = Array.from({ length: 512 }, () => frame(kernel));
    expect(new Set(frames).size).toBe(512);
    expect(frames.every((address) => address % (2n * MIB) === 0n)).toBe(true);
    const random = new RandomWords(SEED);
    frames.sort(() => random.below(2) - 0.5);
    for (const address of frames) kernel.call('pmm_free_pages_run', address, FRAME_PAGES);
    const pages = Array.from({ length: 600 }, () => kernel.call('pmm_alloc_page'));
    for (const page of pages) kernel.call('pmm_free_page', page);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, 0n, 0n, LOCAL)).toBe(giant);
    kernel.call('pmm_free_pages_run', giant, GIB_PAGES);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('cost the same few instructions wherever they are', () => {
    const kernel = new ParkedKernel(pc('64G'));
    const cost = (body: () => void): number => {
      const before = kernel.machine.processor.retired;
      body();
      return kernel.machine.processor.retired - before;
    };
    frame(kernel);
    const costs = Array.from({ length: 100 }, () => cost(() => frame(kernel)));
    expect(Math.max(...costs)).toBeLessThan(350);
  });
});

it('87: the leaf lines of frames that were never broken are not written', () => {
  const kernel = new ParkedKernel(pc('1T'));
  const resident = kernel.machine.processor.residentBytes;
  const frames = Array.from({ length: 300 }, () => frame(kernel));
  expect(frames).not.toContain(0n);
  const giant = kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, 0n, 0n, LOCAL);
  expect(giant).not.toBe(0n);
  // 300 lines alone would be 19 KiB, of 1 GiB 32 KiB; one GiB's descriptors and the set's words are in 3 pages.
  expect(kernel.machine.processor.residentBytes - resident).toBeLessThanOrEqual(16 * 1024);
});

describe(`88, 89: pages and runs at random against the model (seed ${SEED})`, () => {
  it.each(['8M', '40M'])('on %s, within bounds on the instructions of a call', (size) => {
    const model = new PageModel(pc(size));
    randomPages(model, new RandomWords(SEED), 8000, 500);
    expect(model.worst.allocate).toBeLessThanOrEqual(600);
    expect(model.worst.free).toBeLessThanOrEqual(600);
    model.releaseAll();
    model.check();
  });
});

it('90: half full to nine tenths full, 100 rounds of churn: 99 % of the 2 MiB frames that can be free are', () => {
  expectWholeFrames('128M'); // tests/long: 4 GiB
});

describe('91: NORMAL first, then DMA32, then DMA', () => {
  it('a page comes from below 4 GiB only when nothing above is free, and from below 16 MiB last', () => {
    const kernel = new ParkedKernel(pc('32M', '1M@4G:usable'));
    const order: string[] = [];
    for (
      let page = kernel.call('pmm_alloc_page');
      page !== 0n;
      page = kernel.call('pmm_alloc_page')
    ) {
      const zone = page >= 4n * GIB ? 'NORMAL' : page >= 16n * MIB ? 'DMA32' : 'DMA';
      if (order.at(-1) !== zone) order.push(zone);
    }
    expect(order).toEqual(['NORMAL', 'DMA32', 'DMA']);
  });

  it('a limit picks the zone', () => {
    const kernel = new ParkedKernel(pc('8G'));
    const below = (limit: bigint): bigint =>
      kernel.call('pmm_alloc_pages', 4n, 0n, 0n, limit, LOCAL);
    expect(below(16n * MIB)).toBeLessThan(16n * MIB);
    expect(below(4n * GIB)).toBeLessThan(4n * GIB);
    expect(below(0n)).toBeGreaterThanOrEqual(4n * GIB);
  });
});

describe('92: nodes', () => {
  /** Node 0 has the first GiB and 4 to 5 GiB, node 1 1 to 2 GiB and 5 GiB and a bit, node 2 the rest that is listed. */
  const start = (): ParkedKernel => {
    const kernel = new ParkedKernel(pc('8G'));
    kernel.call('pmm_nodes_clear');
    const ranges = [
      [0n, GIB, 0n],
      [GIB, 2n * GIB, 1n],
      [4n * GIB, 5n * GIB, 0n],
      [5n * GIB, 6n * GIB + 3n * MIB, 1n],
      [8n * GIB, 9n * GIB, 2n],
    ] as const;
    for (const range of ranges) {
      expect(kernel.call('pmm_node_range', ...range) & LOW_WORD).toBe(1n);
    }
    kernel.call('pmm_init', 16n * GIB, 0n);
    return kernel;
  };
  const from = (kernel: ParkedKernel, node: bigint): bigint =>
    kernel.call('pmm_alloc_pages', 2n, 0n, 0n, 0n, node);

  it('give their own NORMAL memory first; a gap belongs to the node below', () => {
    const kernel = start();
    expect(kernel.call('pmm_total_pages')).toBe(2097054n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    expect(from(kernel, 0n) >> 30n).toBe(4n);
    expect(from(kernel, 1n) >> 30n).toBe(5n);
    expect(from(kernel, 2n) >> 30n).toBe(8n);
    const gap = kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, 0n, 0n, 1n);
    expect(gap >> 30n).toBe(6n);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('fall back on the nearest by distance', () => {
    const kernel = start();
    kernel.call('pmm_node_distance', 0n, 1n, 40n);
    kernel.call('pmm_node_distance', 0n, 2n, 15n);
    kernel.call('pmm_init', 16n * GIB, 0n);
    const giant = (): bigint => kernel.call('pmm_alloc_pages', GIB_PAGES, GIB, 0n, 0n, 0n) >> 30n;
    expect([giant(), giant(), giant()]).toEqual([4n, 8n, 5n]);
  });

  it.each([
    ['overlaps another', GIB / 2n, 2n * GIB, 1n],
    ['is empty', 20n * GIB, 20n * GIB, 1n],
    ['has node number 64', 20n * GIB, 21n * GIB, 64n],
  ])('a range that %s is refused', (_, base, end, node) => {
    const kernel = new ParkedKernel(pc('64M'));
    kernel.call('pmm_nodes_clear');
    kernel.call('pmm_node_range', 0n, GIB, 0n);
    expect(kernel.call('pmm_node_range', base, end, node) & LOW_WORD).toBe(0n);
  });
});
