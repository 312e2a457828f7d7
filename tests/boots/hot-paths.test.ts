/**
 * The instructions of the calls that are made most, each in its usual case, as docs/kernel.md has them: a bound that a
 * change of the kernel or of its compiler must not pass unseen. Counted from the function's first instruction to its
 * `ret`; the way there is the caller's.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';
import { mappingsStart } from './virtual-memory-model.js';

const PAGE = 4096n;
/** The harness's HLT, to which the call returns. */
const HARNESS_INSTRUCTIONS = 1;
const SHELF_PAGES = 32;

let kernel: ParkedKernel;
let page = 0n;

const cost = (name: string, ...args: bigint[]): number =>
  kernel.instructionsOf(name, ...args) - HARNESS_INSTRUCTIONS;

beforeAll(() => {
  kernel = new ParkedKernel(pcMap(parseSize('6G')).map);
  page = kernel.call('pmm_alloc_page');
});

describe('pages', () => {
  it('that go out and come back at once: 9 and 10 instructions', () => {
    const other = kernel.call('pmm_alloc_page');
    kernel.call('pmm_free_page', other);
    expect(cost('pmm_alloc_page')).toBeLessThanOrEqual(9);
    expect(cost('pmm_free_page', other)).toBeLessThanOrEqual(10);
  });

  it.each(['6G', '8M'])('that come back and go out again, of %s: 35 and 27 instructions', (ram) => {
    const own = new ParkedKernel(pcMap(parseSize(ram)).map); // of 8 MiB every other frame has held pages
    const ownCost = (name: string, ...args: bigint[]): number =>
      own.instructionsOf(name, ...args) - HARNESS_INSTRUCTIONS;
    const pages = Array.from({ length: 300 }, () => own.call('pmm_alloc_page'));
    const some = pages.filter((_, index) => index % 10 === 0).slice(0, SHELF_PAGES);
    for (const each of some) expect(ownCost('pmm_free_page', each)).toBeLessThanOrEqual(35);
    for (let n = 0; n < some.length; n++) expect(ownCost('pmm_alloc_page')).toBeLessThanOrEqual(27);
    for (const each of pages) expect(ownCost('pmm_free_page', each)).toBeLessThanOrEqual(200);
  });
});

describe('any page, while frames are taken apart, used up and made whole again', () => {
  it.each(['8M', '20M', '24M', '48M'])(
    'of %s: at most 200 instructions, back at most 120',
    (ram) => {
      const own = new ParkedKernel(pcMap(parseSize(ram)).map);
      const random = new RandomWords(4711);
      const pages: bigint[] = [];
      let [mostOut, mostBack] = [0, 0];
      const take = (): boolean => {
        const before = own.machine.processor.retired;
        const got = own.call('pmm_alloc_page');
        mostOut = Math.max(mostOut, own.machine.processor.retired - before - HARNESS_INSTRUCTIONS);
        if (got !== 0n) pages.push(got);
        return got !== 0n;
      };
      const free = (index: number): void => {
        const [got = 0n] = pages.splice(index, 1);
        mostBack = Math.max(
          mostBack,
          own.instructionsOf('pmm_free_page', got) - HARNESS_INSTRUCTIONS,
        );
      };
      while (take()); // every frame is taken apart, in each zone
      while (pages.length > 0) free(pages.length - 1); // each frame is whole again before the next is
      while (take());
      for (let n = pages.length / 2; n > 0; n--) free(random.below(pages.length));
      while (take());
      while (pages.length > 0) free(pages.length - 1);
      while (take());
      expect(mostOut).toBeLessThanOrEqual(200);
      expect(mostBack).toBeLessThanOrEqual(120);
      while (pages.length > 0) free(random.below(pages.length));
      expect(own.call32('nk_mem_check', 1n)).toBe(0);
    },
  );
});

describe('one page that is mapped', () => {
  it.each<[string, number, (at: bigint) => [string, ...bigint[]]]>([
    ['mapped', 75, (at) => ['vm_map', at, page, 1n, 3n, 0n]],
    ['given other rights', 62, (at) => ['vm_protect', at, 1n, 1n]],
    ['unmapped', 50, (at) => ['vm_unmap', at, 1n]],
  ])('is %s, in the table that was used last, in %i instructions', (_, most, call) => {
    const at = mappingsStart(kernel);
    for (const n of [500n, 501n]) kernel.call('vm_map', at + n * PAGE, page, 1n, 3n, 0n);
    const [name] = call(at);
    if (name !== 'vm_map') kernel.call('vm_map', at, page, 1n, 3n, 0n);
    expect(cost(...call(at))).toBeLessThanOrEqual(most);
    kernel.call('vm_unmap', at, 1n);
    kernel.call('vm_unmap', at + 500n * PAGE, 2n);
  });
});

describe('objects', () => {
  it('that go out and come back at once: 8 and 15 instructions', () => {
    const cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
    kernel.call('kmem_cache_free', cache, kernel.call('kmem_cache_alloc', cache));
    const object = kernel.call('kmem_cache_alloc', cache);
    expect(cost('kmem_cache_free', cache, object)).toBeLessThanOrEqual(15);
    expect(cost('kmem_cache_alloc', cache)).toBeLessThanOrEqual(8);
    kernel.call('kmem_cache_free', cache, object);
  });

  it('out of the magazine in 14 instructions, into it in 20', () => {
    const cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
    const objects = Array.from({ length: 4 }, () => kernel.call('kmem_cache_alloc', cache));
    for (const object of objects)
      expect(cost('kmem_cache_free', cache, object)).toBeLessThanOrEqual(20);
    for (let n = 0; n < 3; n++) expect(cost('kmem_cache_alloc', cache)).toBeLessThanOrEqual(14);
    for (const object of objects.slice(1)) kernel.call('kmem_cache_free', cache, object);
  });
});

describe('blocks', () => {
  it('of a page, between blocks in use: out in 56 instructions, back in 87', () => {
    const blocks = Array.from({ length: 9 }, () => kernel.call('kmalloc', PAGE));
    for (const index of [1, 3, 5]) kernel.call('kfree', blocks[index] ?? 0n);
    expect(cost('kmalloc', PAGE)).toBeLessThanOrEqual(56);
    expect(cost('kfree', blocks[5] ?? 0n)).toBeLessThanOrEqual(87);
    expect(cost('kfree', blocks[7] ?? 0n)).toBeLessThanOrEqual(87);
  });

  it('of 64 bytes: out of the magazine in 22, into it in 52', () => {
    const blocks = Array.from({ length: 3 }, () => kernel.call('kmalloc_small', 64n));
    for (const block of blocks) expect(cost('kfree', block)).toBeLessThanOrEqual(52);
    for (let count = 0; count < blocks.length; count++)
      expect(cost('kmalloc_small', 64n)).toBeLessThanOrEqual(22);
  });
});
