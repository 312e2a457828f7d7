/**
 * What kmalloc, its family and the caches must do, each as one check on a parked kernel of 64 MiB. The numbers are those of
 * the list of tests of the memory manager (part "Heap, slab, VM"). heap.test.ts demands them of the bundled kernel;
 * tests/mutations demands that they see each recorded defect of System 7X when it is put back.
 * A check throws when something does not hold; it leaves nothing allocated.
 */
import { expect } from 'vitest';
import {
  allocate,
  counts,
  expectDisjoint,
  expectMarks,
  mark,
  MIB,
  PAGE,
  SIZE_MAX,
  type HeapCheck,
} from './heap-calls.js';
import { OBJECT_CHECKS } from './object-checks.js';
import type { ParkedKernel } from './parked-kernel.js';
import { heapDataPages } from './promise-checks.js';

/** The heap's range as kheap_init printed it at boot. */
function heapRange(kernel: ParkedKernel): { start: bigint; end: bigint } {
  const match = /kheap_init: \[mem (0x[0-9a-f]+)-(0x[0-9a-f]+)\]/.exec(kernel.serial);
  return { start: BigInt(match?.[1] ?? 0), end: BigInt(match?.[2] ?? 0) + 1n };
}

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, index) =>
    permutations(values.filter((_, other) => other !== index)).map((rest) => [value, ...rest]),
  );
}

/** All that the heap has can be had page by page, from inside its bounds, and not a page more; then comes other RAM. */
function expectHeapBounds(kernel: ParkedKernel): void {
  const { start, end } = heapRange(kernel);
  const pages = (end - start) / PAGE;
  const data = heapDataPages(pages);
  const blocks = Array.from({ length: Number(data) + 8 }, () => allocate(kernel, PAGE));
  const inside = blocks.filter((block) => block >= start && block + PAGE <= end);
  expect(BigInt(inside.length)).toBe(data);
  expectDisjoint(blocks.map((address) => ({ address, size: PAGE })));
  for (const block of blocks) kernel.call('kfree', block);
}

/** Blocks of 1 MiB to 1.8 MiB, allocated and freed at once; 105 wants 10^6 of them (tests/long). */
export function largeBlocks(kernel: ParkedKernel, rounds: number): void {
  const free = kernel.call('pmm_free_pages');
  for (let n = 0; n < rounds; n++)
    kernel.call('kfree', allocate(kernel, MIB + BigInt(n % 200) * PAGE));
  expect(kernel.call('pmm_free_pages')).toBe(free);
}

/** Instructions that no kfree of a heap of some hundred blocks may exceed. */
const KFREE_INSTRUCTIONS_MAX = 400;

const CHECKS: Readonly<Record<string, HeapCheck>> = {
  '94 blocks of 1 byte to 10 MiB are page-aligned, disjoint and keep their contents': (kernel) => {
    const sizes = [1n, 4095n, 4096n, 4097n, 65_536n, MIB - 1n, MIB, MIB + 1n, 3n * MIB, 10n * MIB];
    const blocks = sizes.map((size) => ({ address: allocate(kernel, size), size }));
    expectDisjoint(blocks);
    blocks.forEach(({ address, size }, index) => {
      expect(address % PAGE).toBe(0n);
      mark(kernel, address, size, BigInt(index + 1) << 40n);
    });
    blocks.forEach(({ address, size }, index) => {
      expectMarks(kernel, address, size, BigInt(index + 1) << 40n);
      kernel.call('kfree', address);
    });
  },

  '95 a hole of exactly the size asked for is used whole': (kernel) => {
    const [a, b, c] = [allocate(kernel, PAGE), allocate(kernel, PAGE), allocate(kernel, PAGE)];
    kernel.call('kfree', b);
    expect(allocate(kernel, PAGE)).toBe(b);
    const d = allocate(kernel, PAGE);
    expect([a, b, c]).not.toContain(d);
    expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    for (const block of [a, b, c, d]) kernel.call('kfree', block);
  },

  '96 sizes about 2^32, 2^63 and 2^64 are refused and take nothing': (kernel) => {
    const sizes = [SIZE_MAX, SIZE_MAX - 4094n, 1n << 32n, (1n << 32n) - 1n, 1n << 63n];
    for (const size of [...sizes, (1n << 32n) + 5n * PAGE, 1n << 52n]) {
      counts(kernel, 'outOfMemory', 1, () => {
        expect([size, kernel.call('kmalloc', size)]).toEqual([size, 0n]);
      });
    }
  },

  '97 a heap of 0 and 1 pages is refused, one of 2 and 3 serves 1 and 2; ends round inward': (
    kernel,
  ) => {
    const { start, end } = heapRange(kernel);
    counts(kernel, 'initRefused', 5, () => {
      kernel.call('kheap_init', start, start);
      kernel.call('kheap_init', start, start - PAGE);
      kernel.call('kheap_init', start, start + PAGE);
      kernel.call('kheap_init', start, start + 5000n);
      kernel.call('kheap_init', start + 1n, start + 2n * PAGE + 4095n);
    });
    const free = kernel.call('pmm_free_pages') + (end - start) / PAGE;
    for (const pages of [2n, 3n]) {
      counts(kernel, 'initRefused', 0, () => {
        kernel.call('kheap_init', start, start + pages * PAGE + 904n);
      });
      expect(kernel.call('pmm_free_pages')).toBe(free - pages);
      expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
      const heapEnd = start + pages * PAGE;
      const inside = Array.from({ length: Number(pages - 1n) }, () => allocate(kernel, PAGE));
      const outside = allocate(kernel, PAGE);
      for (const block of inside) expect([block >= start, block < heapEnd]).toEqual([true, true]);
      expect(outside < start || outside >= heapEnd).toBe(true);
      for (const block of [...inside, outside]) kernel.call('kfree', block);
    }
    kernel.call('kheap_init', start, end);
  },

  '95 a short block is cut from the low end of the shortest hole that is long enough': (kernel) => {
    const [five, wall, three, end] = [5n, 1n, 3n, 1n].map((pages) =>
      allocate(kernel, pages * PAGE),
    ) as [bigint, bigint, bigint, bigint];
    kernel.call('kfree', five);
    kernel.call('kfree', three);
    const blocks = ([2n, 1n, 4n, 1n] as const).map((pages) => {
      const block = allocate(kernel, pages * PAGE);
      expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
      return block;
    });
    expect(blocks).toEqual([three, three + 2n * PAGE, five, five + 4n * PAGE]);
    for (const block of [...blocks, wall, end]) kernel.call('kfree', block);
  },

  '98 six blocks freed in any of the 720 orders are one free block again': (kernel) => {
    const { start } = heapRange(kernel);
    const all = allocate(kernel, 100n * PAGE);
    kernel.call('kfree', all);
    for (const order of permutations([0, 1, 2, 3, 4, 5])) {
      const blocks = order.map((_, index) => allocate(kernel, BigInt(index + 1) * PAGE));
      for (const index of order) kernel.call('kfree', blocks[index] ?? 0n);
      const again = allocate(kernel, 100n * PAGE);
      expect([again, again > start]).toEqual([all, true]);
      kernel.call('kfree', again);
    }
  },

  '99 two free blocks are never neighbours': (kernel) => {
    const blocks = Array.from({ length: 40 }, () => allocate(kernel, PAGE));
    const order = [
      ...blocks.filter((_, i) => i % 2 === 0),
      ...blocks.filter((_, i) => i % 2 === 1),
    ];
    for (const block of order) {
      kernel.call('kfree', block);
      expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    }
  },

  '100 krealloc grows and shrinks in place, moves, keeps contents, and fails without harm': (
    kernel,
  ) => {
    for (const unit of [PAGE, MIB]) {
      let block = allocate(kernel, unit);
      mark(kernel, block, unit, 7n);
      expect(kernel.call('krealloc', block, 3n * unit)).toBe(block);
      expect(kernel.call('krealloc', block, unit)).toBe(block);
      const wall = unit === PAGE ? allocate(kernel, PAGE) : kernel.call('kmalloc_pages', 1n);
      const moved = kernel.call('krealloc', block, 4n * unit);
      expect(moved).not.toBe(0n);
      expectMarks(kernel, moved, unit, 7n);
      block = moved;
      counts(kernel, 'outOfMemory', 1, () => {
        expect(kernel.call('krealloc', block, 1n << 40n)).toBe(0n);
      });
      expectMarks(kernel, block, unit, 7n);
      kernel.call('kfree', wall);
      kernel.call('kfree', block);
    }
    const up = allocate(kernel, PAGE);
    const wall = allocate(kernel, PAGE);
    mark(kernel, up, PAGE, 9n);
    const large = kernel.call('krealloc', up, 2n * MIB);
    expectMarks(kernel, large, PAGE, 9n);
    const wider = kernel.call('krealloc', large, 3n * MIB);
    expectMarks(kernel, wider, PAGE, 9n);
    kernel.call('kfree', wider);
    kernel.call('kfree', wall);
  },

  '101 kfree takes what kmalloc_pages gave, kfree_pages what kmalloc gave, and no wrong number': (
    kernel,
  ) => {
    const run = allocate(kernel, 5n, 'kmalloc_pages');
    const block = allocate(kernel, 5n * PAGE);
    counts(kernel, 'sizeMismatch', 4, () => {
      for (const pages of [4n, 6n]) {
        kernel.call('kfree_pages', run, pages);
        kernel.call('kfree_pages', block, pages);
      }
    });
    kernel.call('kfree', run);
    kernel.call('kfree_pages', block, 5n);
  },

  '102 a heap that is full falls back on frames, and is one block again when it is emptied': (
    kernel,
  ) => {
    const { start, end } = heapRange(kernel);
    const size = 64n * PAGE;
    const blocks: { address: bigint; size: bigint }[] = [];
    for (let n = 0; n < 60; n++) blocks.push({ address: allocate(kernel, size), size });
    expectDisjoint(blocks);
    expect(
      blocks.filter(({ address }) => address < start || address >= end).length,
    ).toBeGreaterThan(20);
    blocks.forEach(({ address }, index) => mark(kernel, address, size, BigInt(index)));
    blocks.forEach(({ address }, index) => {
      expectMarks(kernel, address, size, BigInt(index));
      kernel.call('kfree', address);
    });
    const whole = allocate(kernel, 255n * PAGE);
    expect(whole).toBe(blocks[0]?.address);
    kernel.call('kfree', whole);
  },

  '103 the five tests of System 7X and the others of the suite pass, and the heap is whole behind them':
    (kernel) => {
      const said = kernel.saidDuring(() => expect(kernel.call32('nk_memory_run_tests')).toBe(0));
      for (const name of [
        'pmm_basic',
        'pmm_alloc_free',
        'kheap_basic',
        'kheap_realloc',
        'kheap_stress',
      ])
        expect(said).toContain(`[nk_test] ${name} ... PASS`);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
      expectHeapBounds(kernel);
    },

  '105 blocks of 1 MiB and more are not leaked': (kernel) => largeBlocks(kernel, 2000),

  ...OBJECT_CHECKS,

  'a freed block, the inside of one, and an address inside a page are refused and counted': (
    kernel,
  ) => {
    const [a, b] = [allocate(kernel, 3n * PAGE), allocate(kernel, PAGE)];
    counts(kernel, 'misaligned', 2, () => {
      kernel.call('kfree', a + 16n);
      expect(kernel.call('krealloc', a + 8n, 100n)).toBe(0n);
    });
    counts(kernel, 'foreign', 1, () => kernel.call('kfree', a + PAGE));
    kernel.call('kfree', a);
    counts(kernel, 'doubleFree', 2, () => {
      kernel.call('kfree', a);
      kernel.call('kfree_pages', a, 3n);
    });
    expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    const again = [allocate(kernel, PAGE), allocate(kernel, PAGE)];
    expect(again[0]).not.toBe(again[1]);
    for (const block of [...again, b]) kernel.call('kfree', block);
  },

  'kmalloc_pages that fails takes nothing': (kernel) => {
    const free = kernel.call('pmm_free_pages');
    for (const pages of [free + 1n, free + 1000n, SIZE_MAX]) {
      expect(kernel.call('kmalloc_pages', pages)).toBe(0n);
      expect(kernel.call('pmm_free_pages')).toBe(free);
    }
  },

  'a run overlaps nothing that was handed out before': (kernel) => {
    const pages = Array.from({ length: 8 }, () => allocate(kernel, 0n, 'pmm_alloc_page'));
    pages.forEach((page, index) => {
      if (index % 2 === 0) kernel.call('pmm_free_page', page);
    });
    const held = pages.filter((_, index) => index % 2 === 1);
    const run = allocate(kernel, 6n, 'kmalloc_pages');
    const next = allocate(kernel, 6n, 'kmalloc_pages');
    expectDisjoint([
      ...held.map((address) => ({ address, size: PAGE })),
      { address: run, size: 6n * PAGE },
      { address: next, size: 6n * PAGE },
    ]);
    for (const page of held) kernel.call('pmm_free_page', page);
    kernel.call('kfree_pages', run, 6n);
    kernel.call('kfree_pages', next, 6n);
  },

  'kfree takes a bounded number of instructions, however many blocks there are': (kernel) => {
    const blocks = Array.from({ length: 700 }, () => allocate(kernel, PAGE));
    const order = [
      ...blocks.filter((_, i) => i % 2 === 0),
      ...blocks.filter((_, i) => i % 2 === 1),
    ];
    const most = Math.max(...order.map((block) => kernel.instructionsOf('kfree', block)));
    expect(most).toBeLessThan(KFREE_INSTRUCTIONS_MAX);
  },

  'kheap_init while a block is allocated is refused': (kernel) => {
    const { start, end } = heapRange(kernel);
    const block = allocate(kernel, PAGE);
    counts(kernel, 'initRefused', 1, () => kernel.call('kheap_init', start, end));
    expect(allocate(kernel, PAGE)).not.toBe(block);
    kernel.call('kfree', block);
    kernel.call('kfree', block + PAGE);
  },

  'kcalloc refuses a product beyond 2^64, and what it gives is zero': (kernel) => {
    expect(kernel.call('kcalloc', (1n << 32n) + 1n, 1n << 32n)).toBe(0n);
    expect(kernel.call('kcalloc', 1n << 63n, 2n)).toBe(0n);
    expect(kernel.call('kcalloc', (1n << 63n) + 50n, 2n)).toBe(0n);
    const dirty = allocate(kernel, 96n, 'kmalloc_small');
    kernel.write64(dirty, SIZE_MAX);
    kernel.call('kfree', dirty);
    const block = kernel.call('kcalloc', 12n, 8n);
    expect([block, kernel.read64(block)]).toEqual([dirty, 0n]);
    kernel.call('kfree', block);
  },

  '113 the first four lines of mem_print_stats are those of System 7X': (kernel) => {
    const said = kernel.saidDuring(() => kernel.call('mem_print_stats'));
    const mib = (pages: bigint): string =>
      `${pages / 256n}.${String(((pages % 256n) * 100n) / 256n).padStart(2, '0')}`;
    const row = (label: string, pages: bigint): string =>
      `[nk_mem]   ${label}: ${pages} pages (${mib(pages)} MiB)`;
    const [total, free] = [kernel.call('pmm_total_pages'), kernel.call('pmm_free_pages')];
    expect(said.split('\n').slice(0, 4)).toEqual([
      '[nk_mem] Physical Memory Statistics:',
      row('Total', total),
      row('Free ', free),
      row('Used ', total - free),
    ]);
    expect(said).not.toContain('Slabs');
    const small = allocate(kernel, 100n, 'kmalloc_small');
    const more = kernel.saidDuring(() => kernel.call('mem_print_stats'));
    expect(more).toMatch(
      /\n\[nk_mem\] {3}Heap : .*\n\[nk_mem\] {3}Slabs: 1 \(4 KiB\) of 1 caches, objects at hand 23\n(.*\n)*\[nk_mem\] {3}Errors: /,
    );
    kernel.call('kfree', small);
  },
};

/** Each check, with what holds of all of them: nothing is lost, all invariants hold. */
export const HEAP_CHECKS: ReadonlyMap<string, HeapCheck> = new Map(
  Object.entries(CHECKS).map(([name, check]) => [
    name,
    (kernel: ParkedKernel) => {
      kernel.call('kmem_cache_shrink');
      const free = kernel.call('pmm_free_pages');
      check(kernel);
      kernel.call('kmem_cache_shrink');
      expect(kernel.call('pmm_free_pages')).toBe(free);
      expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    },
  ]),
);

export const heapCheck = (name: string): HeapCheck => {
  const check = HEAP_CHECKS.get(name);
  if (check === undefined) throw new Error(`there is no check "${name}"`);
  return check;
};
