/** What the caches of objects must do, as heap-checks.ts. */
import { expect } from 'vitest';
import { allocate, counts, errors, MIB, PAGE, SIZE_MAX, type HeapCheck } from './heap-calls.js';
import type { ParkedKernel } from './parked-kernel.js';

/** More than twice what a magazine holds. */
const BLOCKS = 120;
/** Every object starts at a multiple of it. */
const GRANULE = 16n;
/** Of slab-pages.ts: pages that are a multiple of it apart have one place. */
const SLAB_PAGE_PLACES = 2048n;
/** Size and alignment: strides of one and of two factors, slabs of one page, of two and of eight. */
const SHAPES: readonly (readonly [size: bigint, alignment: bigint])[] = [
  [1n, 8n],
  [24n, 8n],
  [40n, 8n],
  [1000n, 16n],
  [4097n, 4096n],
  [8192n, 4096n],
  [8192n, 8n],
];
const ERRORS = ['doubleFree', 'foreign', 'misaligned'] as const;

/** All objects of the first slab of a new cache; there is no other slab, and nothing is in the magazine. */
function wholeSlab(kernel: ParkedKernel, cache: bigint, stride: bigint): bigint[] {
  const objects: bigint[] = [];
  for (;;) {
    const object = allocate(kernel, cache, 'kmem_cache_alloc');
    const last = objects.at(-1);
    if (last !== undefined && object !== last + stride) {
      kernel.call('kmem_cache_free', cache, object); // of the second slab
      break;
    }
    objects.push(object);
  }
  expect([stride, kernel.call32('kmem_cache_shrink')]).toEqual([stride, 1]);
  expect(objects.length).toBeGreaterThanOrEqual(3);
  return objects;
}

/** The header: the nearest page below that begins with the cache's handle. */
function slabStart(kernel: ParkedKernel, cache: bigint, firstObject: bigint): bigint {
  let start = firstObject & ~(PAGE - 1n);
  while (kernel.read64(start) !== cache) start -= PAGE;
  return start;
}

export const OBJECT_CHECKS: Readonly<Record<string, HeapCheck>> = {
  '106 objects of a cache: aligned, distinct, whole; bad frees refused; empty slabs go back': (
    kernel,
  ) => {
    const caches = [48n, 64n].map((size) => kernel.call('kmem_cache_create', 0n, size, 16n, 0n));
    const [cache = 0n, other = 0n] = caches;
    const objects = Array.from({ length: 300 }, () => allocate(kernel, cache, 'kmem_cache_alloc'));
    expect(new Set(objects).size).toBe(objects.length);
    objects.forEach((object, index) => {
      expect(object % 16n).toBe(0n);
      for (let at = 0n; at < 48n; at += 8n) kernel.write64(object + at, BigInt(index));
    });
    objects.forEach((object, index) => {
      for (let at = 0n; at < 48n; at += 8n) expect(kernel.read64(object + at)).toBe(BigInt(index));
    });
    const [first = 0n] = objects;
    const strange = allocate(kernel, other, 'kmem_cache_alloc');
    counts(kernel, 'foreign', 4, () => {
      kernel.call('kmem_cache_free', cache, strange);
      kernel.call('kmem_cache_free', cache, MIB);
      kernel.call('kmem_cache_free', MIB, first);
      kernel.call('kfree', first);
    });
    counts(kernel, 'misaligned', 1, () => kernel.call('kmem_cache_free', cache, first + 8n));
    counts(kernel, 'stillInUse', 1, () =>
      expect(kernel.call32('kmem_cache_destroy', cache)).toBe(0),
    );
    kernel.call('kmem_cache_free', cache, first);
    kernel.write64(first, SIZE_MAX);
    counts(kernel, 'doubleFree', 1, () => kernel.call('kmem_cache_free', cache, first));
    expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    for (const object of objects.slice(1)) kernel.call('kmem_cache_free', cache, object);
    kernel.call('kmem_cache_free', other, strange);
    for (const handle of caches) expect(kernel.call32('kmem_cache_destroy', handle)).toBe(1);
  },

  '106 the object that was handed out last goes back once, whichever way it goes': (kernel) => {
    const cache = kernel.call('kmem_cache_create', 0n, 48n, 16n, 0n);
    const other = kernel.call('kmem_cache_create', 0n, 80n, 16n, 0n);
    const table = allocate(kernel, PAGE);
    const isRefused = (object: bigint): void =>
      counts(kernel, 'doubleFree', 2, () => {
        kernel.call('kmem_cache_free', cache, object);
        kernel.write64(table, object);
        kernel.call('kmem_cache_free_bulk', cache, 1n, table);
      });
    const others: bigint[] = [];
    for (const way of ['in bulk', 'alone', 'after a call for another cache']) {
      others.push(allocate(kernel, cache, 'kmem_cache_alloc'));
      const object = allocate(kernel, cache, 'kmem_cache_alloc');
      kernel.write64(table, object);
      if (way === 'after a call for another cache') {
        kernel.call('kmem_cache_free', other, allocate(kernel, other, 'kmem_cache_alloc'));
      }
      if (way === 'in bulk') kernel.call('kmem_cache_free_bulk', cache, 1n, table);
      else kernel.call('kmem_cache_free', cache, object);
      isRefused(object);
      expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
      kernel.call('kmem_cache_shrink');
      isRefused(object);
      const [one, two] = [1, 2].map(() => allocate(kernel, cache, 'kmem_cache_alloc'));
      expect(one).not.toBe(two);
      for (const each of [one, two]) kernel.call('kmem_cache_free', cache, each ?? 0n);
    }
    const object = allocate(kernel, cache, 'kmem_cache_alloc');
    const filler = kernel.call('kmem_cache_create', 0n, 4000n, 16n, 0n);
    const fill: bigint[] = [];
    // Until a page of another slab has the place of this object's, which then is found the long way.
    do fill.push(allocate(kernel, filler, 'kmem_cache_alloc'));
    while ((((fill.at(-1) ?? 0n) ^ object) / PAGE) % SLAB_PAGE_PLACES !== 0n);
    kernel.call('kmem_cache_free', cache, object);
    isRefused(object);
    expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    for (const each of fill) kernel.call('kmem_cache_free', filler, each);
    for (const each of others) kernel.call('kmem_cache_free', cache, each);
    const last = allocate(kernel, cache, 'kmem_cache_alloc');
    kernel.call('kmem_cache_free', cache, last); // it is in the hand when the cache ends
    for (const handle of [cache, other, filler]) {
      expect(kernel.call32('kmem_cache_destroy', handle)).toBe(1);
    }
    kernel.call('kfree', table);
  },

  '106 objects in bulk: distinct, each mistake is refused for itself, all others go back': (
    kernel,
  ) => {
    const cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
    const table = allocate(kernel, 2n * PAGE);
    const take = (count: number): bigint[] => {
      expect(kernel.call('kmem_cache_alloc_bulk', cache, BigInt(count), table)).toBe(BigInt(count));
      return Array.from({ length: count }, (_, index) => kernel.read64(table + BigInt(index * 8)));
    };
    const give = (objects: readonly bigint[]): void => {
      objects.forEach((object, index) => kernel.write64(table + BigInt(index * 8), object));
      kernel.call('kmem_cache_free_bulk', cache, BigInt(objects.length), table);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    };
    const counts = (): number[] =>
      (['doubleFree', 'foreign', 'misaligned'] as const).map((kind) => errors(kernel, kind));
    const before = counts();
    const objects = [...take(300), ...take(300)]; // a new slab and some of the next, then the rest of that and some of a third
    expect(new Set(objects).size).toBe(600);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    const [first = 0n] = objects;
    give([first + 8n, ...objects.slice(0, 50), first, table, ...objects.slice(50)]);
    expect(counts()).toEqual(before.map((count) => count + 1));
    const filling = allocate(kernel, cache, 'kmem_cache_alloc'); // the magazine, past which the hand is not used
    const held = allocate(kernel, cache, 'kmem_cache_alloc');
    const [other = 0n, third = 0n] = take(2);
    give([other, held, third]);
    kernel.call('kmem_cache_free', cache, held);
    expect(errors(kernel, 'doubleFree')).toBe((before[0] ?? 0) + 2);
    expect(new Set(take(3)).size).toBe(3);
    give([filling, ...[0n, 1n, 2n].map((index) => kernel.read64(table + index * 8n))]);
    expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
    kernel.call('kfree', table);
  },

  '106 a slab that a bulk call takes whole gives nothing to the next call': (kernel) => {
    const [like = 0n, cache = 0n] = [0, 1].map(() =>
      kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n),
    );
    const objects = wholeSlab(kernel, like, 64n);
    const capacity = objects.length;
    const table = allocate(kernel, PAGE);
    const count = BigInt(capacity);
    for (const slab of ['new', 'idle']) {
      expect([slab, kernel.call('kmem_cache_alloc_bulk', cache, count, table)]).toEqual([
        slab,
        count,
      ]);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
      if (slab === 'new') kernel.call('kmem_cache_free_bulk', cache, count, table);
    }
    const taken = Array.from({ length: capacity }, (_, index) =>
      kernel.read64(table + BigInt(index * 8)),
    );
    const next = allocate(kernel, cache, 'kmem_cache_alloc');
    expect(taken).not.toContain(next);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    for (const object of objects) kernel.call('kmem_cache_free', like, object);
    for (const object of [next, ...taken]) kernel.call('kmem_cache_free', cache, object);
    for (const emptied of [like, cache]) {
      expect(kernel.call32('kmem_cache_destroy', emptied)).toBe(1);
    }
    kernel.call('kfree', table);
  },

  '106 the last object there is comes from the hand to a bulk call, too, when there is no memory': (
    kernel,
  ) => {
    const cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
    const table = allocate(kernel, PAGE);
    const objects = [allocate(kernel, cache, 'kmem_cache_alloc')];
    const blocks: bigint[] = [];
    for (const size of [8n * MIB, MIB, PAGE]) {
      for (let block = 1n; block !== 0n;) blocks.push((block = kernel.call('kmalloc', size)));
    }
    for (let object = 1n; object !== 0n;)
      objects.push((object = kernel.call('kmem_cache_alloc', cache)));
    const [first = 0n, last = 0n] = objects.slice(-3);
    for (const object of [last, first]) kernel.call('kmem_cache_free', cache, object);
    expect(allocate(kernel, cache, 'kmem_cache_alloc')).toBe(first);
    expect(allocate(kernel, cache, 'kmem_cache_alloc')).toBe(last);
    kernel.call('kmem_cache_free', cache, last);
    expect(kernel.call('kmem_cache_alloc_bulk', cache, 1n, table)).toBe(1n);
    expect(kernel.read64(table)).toBe(last);
    for (const object of objects) kernel.call('kmem_cache_free', cache, object);
    expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
    for (const block of [...blocks, table]) kernel.call('kfree', block);
  },

  '106 blocks of kmalloc_small go back once, by their start, past what the magazine holds, too': (
    kernel,
  ) => {
    const blocks = Array.from({ length: BLOCKS }, () => allocate(kernel, 64n, 'kmalloc_small'));
    const [first = 0n, second = 0n] = blocks;
    const holds = (): void => expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
    counts(kernel, 'misaligned', 1, () => kernel.call('kfree', second + 16n));
    kernel.call('kfree', first); // into the magazine
    kernel.write64(first, SIZE_MAX);
    counts(kernel, 'doubleFree', 1, () => kernel.call('kfree', first));
    counts(kernel, 'misaligned', 2, () => {
      kernel.call('kfree', first + 16n);
      kernel.call('kfree', first + 32n);
    });
    holds();
    for (const block of blocks.slice(1)) {
      kernel.call('kfree', block);
      holds();
    }
    counts(kernel, 'doubleFree', 2, () => {
      kernel.call('kfree', first); // back in its slab by now
      kernel.call('kfree', blocks.at(-1) ?? 0n);
    });
    const again = blocks.map(() => allocate(kernel, 64n, 'kmalloc_small'));
    expect(new Set(again).size).toBe(BLOCKS);
    for (const block of again) kernel.call('kfree', block);
  },

  '106 of slabs of any shape every object goes back, and nothing beside one': (kernel) => {
    for (const [size, alignment] of SHAPES) {
      const cache = kernel.call('kmem_cache_create', 0n, size, alignment, 0n);
      const multiple = alignment > GRANULE ? alignment : GRANULE;
      const stride = ((size + multiple - 1n) / multiple) * multiple;
      const objects = wholeSlab(kernel, cache, stride);
      const [first = 0n] = objects;
      const last = objects.at(-1) ?? 0n;
      const middle = objects[objects.length >> 1] ?? 0n;
      const table = allocate(kernel, PAGE);
      const ways: readonly ((object: bigint) => void)[] = [
        (object) => void kernel.call('kmem_cache_free', cache, object),
        (object) => {
          kernel.write64(table, object);
          kernel.call('kmem_cache_free_bulk', cache, 1n, table);
        },
      ];
      const refused = [
        ...[last + stride, first - stride, first - 1n, first + 1n, last + 1n, last - 1n],
        slabStart(kernel, cache, first),
      ];
      for (const [way, free] of ways.entries()) {
        for (const address of refused) {
          const before = ERRORS.map((kind) => errors(kernel, kind));
          free(address);
          const [doubles = 0, ...others] = ERRORS.map(
            (kind, index) => errors(kernel, kind) - (before[index] ?? 0),
          );
          const made = others.reduce((sum, count) => sum + count, 0);
          expect([size, way, address - first, doubles, made]).toEqual([
            ...[size, way, address - first, 0, 1],
          ]);
          expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
        }
      }
      for (const object of [first, middle, last]) {
        kernel.call('kmem_cache_free', cache, object);
        for (const free of ways) counts(kernel, 'doubleFree', 1, () => free(object));
        expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
      }
      for (const object of objects) {
        if (![first, middle, last].includes(object)) kernel.call('kmem_cache_free', cache, object);
      }
      expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
      kernel.call('kfree', table);
    }
  },
};
