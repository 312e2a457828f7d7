/**
 * Calls of the allocators during which an interrupt arrives, at every boundary between two instructions, whose handler
 * allocates and frees itself.
 */
import { expect } from 'vitest';
import type { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;

export interface InterruptedCall {
  readonly name: string;
  /** Makes what the call needs; gives its arguments. */
  readonly before: (kernel: ParkedKernel) => bigint[];
  /** Gives back what the call has made, and what `before` has left. */
  readonly after: (kernel: ParkedKernel, result: bigint, args: readonly bigint[]) => void;
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
    });
    if (outcome === null) return { boundaries: boundary, interrupted };
    const blocks = [...handlers, ...(call.name === 'kfree' ? [] : [outcome.result])];
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
