/** What the caches of objects must do, as heap-checks.ts. */
import { expect } from 'vitest';
import { allocate, counts, errors, MIB, PAGE, SIZE_MAX, type HeapCheck } from './heap-calls.js';

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
    for (const object of others) kernel.call('kmem_cache_free', cache, object);
    expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
    expect(kernel.call32('kmem_cache_destroy', other)).toBe(1);
    kernel.call('kfree', table);
  },

  '106 objects in bulk: distinct, each mistake is refused for itself, all others go back': (
    kernel,
  ) => {
    const cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
    const table = allocate(kernel, PAGE);
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
    const objects = take(150); // of three slabs
    expect(new Set(objects).size).toBe(150);
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
};
