/**
 * Calls of the allocators during which an interrupt arrives, at every boundary between two instructions, whose handler
 * allocates and frees itself.
 */
import { expect } from 'vitest';
import type { ParkedKernel } from './parked-kernel.js';
import { mappingsStart } from './virtual-memory-model.js';

const PAGE = 4096n;

export interface InterruptedCall {
  readonly name: string;
  /** Makes what the call needs; gives its arguments. */
  readonly before: (kernel: ParkedKernel) => bigint[];
  /** Gives back what the call has made, and what `before` has left. */
  readonly after: (kernel: ParkedKernel, result: bigint, args: readonly bigint[]) => void;
  /** What the handler does besides. */
  readonly handler?: (kernel: ParkedKernel, args: readonly bigint[]) => void;
}

/** Calls whose result is no block. */
const WITHOUT_BLOCK: readonly string[] = ['kfree', 'vm_map', 'kmem_cache_free'];

/** A page whose tables are not there, and the handler maps the next one: both calls want the same tables. */
function mapTwoPages(): InterruptedCall {
  let free = 0n;
  return {
    name: 'vm_map',
    before: (kernel) => {
      free = kernel.call('pmm_free_pages');
      return [mappingsStart(kernel), 0x10_0000n, 1n, 3n, 0n];
    },
    handler: (kernel, [at = 0n, frame = 0n]) => {
      expect(kernel.call32('vm_map', at + PAGE, frame, 1n, 3n, 0n)).toBe(0);
    },
    after: (kernel, result, [at = 0n]) => {
      expect(result).toBe(0n);
      kernel.call('vm_unmap', at, 1n);
      kernel.call('vm_unmap', at + PAGE, 1n);
      expect(kernel.call('pmm_free_pages')).toBe(free);
    },
  };
}

/** An object of a cache from which the handler takes two, and to which it gives one back. */
function objectOf(name: 'kmem_cache_alloc' | 'kmem_cache_free'): InterruptedCall {
  let cache = 0n;
  const live = new Set<bigint>();
  const take = (kernel: ParkedKernel): bigint => {
    const object = kernel.call('kmem_cache_alloc', cache);
    expect(live.has(object)).toBe(false);
    live.add(object);
    return object;
  };
  const give = (kernel: ParkedKernel, object: bigint): void => {
    live.delete(object);
    kernel.call('kmem_cache_free', cache, object);
  };
  return {
    name,
    before: (kernel) => {
      cache = kernel.call('kmem_cache_create', 0n, 64n, 0n, 0n);
      live.clear();
      const [first = 0n] = [take(kernel), take(kernel), take(kernel)];
      if (name === 'kmem_cache_alloc') return [cache];
      live.delete(first);
      return [cache, first];
    },
    handler: (kernel) => {
      const [held = 0n] = live;
      take(kernel);
      take(kernel);
      give(kernel, held);
    },
    after: (kernel, result) => {
      expect(live.has(result)).toBe(false);
      if (name === 'kmem_cache_alloc') live.add(result);
      take(kernel);
      take(kernel);
      for (const object of live) give(kernel, object);
      expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
    },
  };
}

export const INTERRUPTED_CALLS: readonly InterruptedCall[] = [
  {
    name: 'kmalloc',
    before: () => [3n * PAGE],
    after: (kernel, block) => kernel.call('kfree', block),
  },
  {
    name: 'kfree',
    before: (kernel) => [kernel.call('kmalloc', 2n * PAGE)],
    after: () => undefined,
  },
  {
    name: 'krealloc',
    before: (kernel) => [kernel.call('kmalloc', PAGE), 4n * PAGE],
    after: (kernel, block) => kernel.call('kfree', block),
  },
  {
    name: 'kmalloc_pages',
    before: () => [3n],
    after: (kernel, run) => kernel.call('kfree', run),
  },
  {
    name: 'kmalloc_small',
    before: () => [100n],
    after: (kernel, block) => kernel.call('kfree', block),
  },
  mapTwoPages(),
  objectOf('kmem_cache_alloc'),
  objectOf('kmem_cache_free'),
];

/** Interrupts `call` at each of its instructions; gives how many there are, and how often the interrupt came in time. */
export function interruptEverywhere(
  kernel: ParkedKernel,
  call: InterruptedCall,
): { boundaries: number; interrupted: number } {
  let interrupted = 0;
  for (let boundary = 0; ; boundary++) {
    const args = call.before(kernel);
    const handlers: bigint[] = [];
    const outcome = kernel.callInterrupted(call.name, args, boundary, () => {
      handlers.push(kernel.call('kmalloc', 2n * PAGE), kernel.call('kmalloc_small', 100n));
      handlers.push(kernel.call('kmalloc_pages', 2n));
      const gone = kernel.call('kmalloc', PAGE);
      kernel.call('kfree', gone);
      call.handler?.(kernel, args);
    });
    if (outcome === null) return { boundaries: boundary, interrupted };
    const blocks = [...handlers, ...(WITHOUT_BLOCK.includes(call.name) ? [] : [outcome.result])];
    expect([boundary, blocks.includes(0n), new Set(blocks).size]).toEqual([
      boundary,
      false,
      blocks.length,
    ]);
    expect([boundary, kernel.call('nk_mem_check', 1n)]).toEqual([boundary, 0n]);
    for (const block of handlers) kernel.call('kfree', block);
    call.after(kernel, outcome.result, args);
    if (outcome.interrupted) interrupted++;
  }
}
