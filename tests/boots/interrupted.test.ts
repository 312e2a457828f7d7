/**
 * Test 93 of the memory manager's list: an interrupt that allocates and frees, before every instruction of a call at
 * which interrupts are on. The handler is the test, which calls the kernel below the interrupted call's stack.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';

const FRAME_PAGES = 512n;
const ALIGN = 2n << 20n;
const BOUNDARIES_MAX = 3000;

/** A machine with a hole in its pages, and one page that is to be freed. */
function start(): { kernel: ParkedKernel; victim: bigint } {
  const kernel = new ParkedKernel(pcMap(parseSize('16M')).map);
  const pages = Array.from({ length: 130 }, () => kernel.call('pmm_alloc_page'));
  for (const page of pages.slice(10, 80)) kernel.call('pmm_free_page', page);
  return { kernel, victim: pages[100] ?? 0n };
}

describe('93: a handler that takes two pages and frees one, at every instruction boundary of', () => {
  it.each<[string, (victim: bigint) => readonly bigint[], number]>([
    ['pmm_alloc_page', () => [], -1],
    ['pmm_free_page', (victim) => [victim], 1],
    ['pmm_alloc_pages', () => [FRAME_PAGES, ALIGN, 0n, 0n, -1n], -512],
    ['pmm_alloc_pages', () => [5n, 0n, 0n, 0n, -1n], -5],
    ['pmm_alloc_pages', () => [1n, 0n, 0n, 0n, -1n], -1],
  ])('%s: no page twice, nothing lost', (name, args, change) => {
    const { kernel, victim } = start();
    const undo = (result: bigint): void => {
      if (name === 'pmm_alloc_page') kernel.call('pmm_free_page', result);
      else kernel.call('pmm_free_pages_run', result, args(0n)[0] ?? 0n);
    };
    let target = victim;
    let interruptions = 0;
    let boundary = 0;
    for (; boundary < BOUNDARIES_MAX; boundary++) {
      const free = kernel.call('pmm_free_pages');
      const taken: bigint[] = [];
      const end = kernel.callInterrupted(name, args(target), boundary, () => {
        const first = kernel.call('pmm_alloc_page');
        taken.push(kernel.call('pmm_alloc_page'));
        kernel.call('pmm_free_page', first);
      });
      if (end === null) break;
      if (end.interrupted) interruptions++;
      expect(kernel.call('pmm_free_pages')).toBe(free + BigInt(change - taken.length));
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
      expect(taken).not.toContain(name === 'pmm_free_page' ? 0n : end.result);
      for (const page of taken) kernel.call('pmm_free_page', page);
      if (name === 'pmm_free_page') target = kernel.call('pmm_alloc_page');
      else undo(end.result);
    }
    expect(boundary).toBeLessThan(BOUNDARIES_MAX);
    expect(boundary).toBeGreaterThan(8);
    expect(interruptions).toBe(boundary);
  });
});

describe('a handler that takes two objects of a cache and frees one, at every instruction boundary of', () => {
  it.each([
    ['kmem_cache_alloc', 'after a free'],
    ['kmem_cache_alloc', 'after another'],
    ['kmem_cache_free', 'what came last'],
    ['kmem_cache_free', 'what came before'],
  ])('%s, %s: no object twice, nothing lost', (name, way) => {
    const kernel = new ParkedKernel(pcMap(parseSize('16M')).map);
    const cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
    const take = (): bigint => kernel.call('kmem_cache_alloc', cache);
    const give = (object: bigint): void => void kernel.call('kmem_cache_free', cache, object);
    for (let boundary = 0; ; boundary++) {
      expect(boundary).toBeLessThan(BOUNDARIES_MAX);
      const [first, last] = [take(), take()];
      const live = new Set([first, last]);
      const isLast = way === 'after a free' || way === 'what came last';
      const target = isLast ? last : first;
      const isFree = name === 'kmem_cache_free';
      if (isFree || isLast) live.delete(target);
      if (!isFree && isLast) give(target);
      const args = isFree ? [cache, target] : [cache];
      let count = live.size;
      const end = kernel.callInterrupted(name, args, boundary, () => {
        const gone = take();
        live.add(take());
        give(gone);
        count++;
      });
      if (!isFree && end !== null) {
        live.add(end.result);
        count++;
      }
      expect([boundary, live.size, live.has(0n)]).toEqual([boundary, count, false]);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
      if (end === null) break;
      expect(end.interrupted).toBe(true);
      for (const object of live) give(object);
      expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
      expect(kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n)).toBe(cache);
    }
  });
});
