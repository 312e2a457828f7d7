/**
 * Takes every page that a machine's kernel has, one by one: each is whole, distinct, usable by the page oracle, outside
 * what the kernel says is reserved, and is memory; and all of them come back.
 */
import { expect } from 'vitest';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { pagesWithin, parseKernelOutput, type AddressRange } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE_BYTES = 4096n;
const ERROR_KINDS = 8n;
const OUT_OF_MEMORY = 6n;
const MARK = 0x5555_5555_5555_5555n;

export function drainAndRefill(map: MemoryMap): void {
  const kernel = new ParkedKernel(map);
  const { ranges, pageCount } = usablePages(map);
  const { reservations } = parseKernelOutput(kernel.serial);
  const free = kernel.call('pmm_free_pages');
  expect(kernel.call('pmm_total_pages')).toBe(pageCount);
  expect(free).toBe(pageCount - pagesWithin(reservations, ranges));

  const taken = drain(kernel, free);
  expect(BigInt(taken.length)).toBe(free);
  expect(kernel.call('pmm_free_pages')).toBe(0n);
  expect(new Set(taken).size).toBe(taken.length);
  expect(taken.filter((address) => address % PAGE_BYTES !== 0n)).toEqual([]);
  const usable = ranges.map(({ first, last }) => ({
    start: first * PAGE_BYTES,
    end: (last + 1n) * PAGE_BYTES,
  }));
  expect(taken.filter((address) => !touchesAny(address, usable))).toEqual([]);
  expect(taken.filter((address) => touchesAny(address, reservations))).toEqual([]);
  expect(kernel.call32('nk_mem_check', 1n)).toBe(0);

  for (const address of taken) kernel.write64(address, address ^ MARK);
  expect(taken.filter((address) => kernel.read64(address) !== (address ^ MARK))).toEqual([]);

  for (const address of everySecondFirst(taken)) kernel.call('pmm_free_page', address);
  expect(kernel.call('pmm_free_pages')).toBe(free);
  expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  for (let kind = 0n; kind < ERROR_KINDS; kind++) {
    const errors = kernel.call('nk_mem_errors', kind);
    expect([kind, errors]).toEqual([kind, kind === OUT_OF_MEMORY ? 1n : 0n]);
  }
}

/** All pages, in the order in which they come; stops behind the first too many. */
function drain(kernel: ParkedKernel, free: bigint): bigint[] {
  const taken: bigint[] = [];
  while (BigInt(taken.length) <= free) {
    const page = kernel.call('pmm_alloc_page');
    if (page === 0n) break;
    taken.push(page);
  }
  return taken;
}

/** Whether the page at `address` shares a byte with one of the ranges. */
function touchesAny(address: bigint, ranges: readonly AddressRange[]): boolean {
  return ranges.some(({ start, end }) => start < address + PAGE_BYTES && end > address);
}

function everySecondFirst(pages: readonly bigint[]): bigint[] {
  return [0, 1].flatMap((rest) => pages.filter((_, index) => index % 2 === rest));
}
