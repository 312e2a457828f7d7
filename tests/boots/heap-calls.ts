/** Calls of a parked kernel's heap as its checks make them, with what must hold of each. */
import { expect } from 'vitest';
import { MemoryError } from './memory-error.js';
import type { ParkedKernel } from './parked-kernel.js';

/** Throws when something does not hold; leaves nothing allocated. */
export type HeapCheck = (kernel: ParkedKernel) => void;

export const PAGE = 4096n;
export const MIB = 1n << 20n;
export const SIZE_MAX = (1n << 64n) - 1n;

export const errors = (kernel: ParkedKernel, kind: keyof typeof MemoryError): number =>
  kernel.call32('nk_mem_errors', BigInt(MemoryError[kind]));

/** Demands that `body` adds exactly `count` errors of `kind`. */
export function counts(
  kernel: ParkedKernel,
  kind: keyof typeof MemoryError,
  count: number,
  body: () => void,
): void {
  const before = errors(kernel, kind);
  body();
  expect([kind, errors(kernel, kind) - before]).toEqual([kind, count]);
}

export function allocate(kernel: ParkedKernel, size: bigint, name = 'kmalloc'): bigint {
  const block = kernel.call(name, size);
  expect([name, size, block !== 0n]).toEqual([name, size, true]);
  return block;
}

export const pagesOf = (size: bigint): bigint => (size + PAGE - 1n) / PAGE;

export function expectDisjoint(blocks: readonly { address: bigint; size: bigint }[]): void {
  const sorted = [...blocks].sort((a, b) => (a.address < b.address ? -1 : 1));
  sorted.forEach(({ address, size }, index) => {
    const next = sorted[index + 1];
    if (next !== undefined)
      expect(address + pagesOf(size) * PAGE).toBeLessThanOrEqual(next.address);
  });
}

export function mark(kernel: ParkedKernel, address: bigint, size: bigint, tag: bigint): void {
  for (let at = 0n; at < size; at += PAGE) kernel.write64(address + at, tag ^ at);
}

export function expectMarks(
  kernel: ParkedKernel,
  address: bigint,
  size: bigint,
  tag: bigint,
): void {
  for (let at = 0n; at < size; at += PAGE) expect(kernel.read64(address + at)).toBe(tag ^ at);
}
