/**
 * What kernel/README.md and the kernel's own output say, each as one check against what the kernel does: the record of
 * defects has eleven places where System 7X's documents, diagnostics and tests said something else. See frame-checks.ts.
 */
import { expect } from 'vitest';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { pcWith, type BootCheck } from './frame-checks.js';
import { pagesWithin, parseKernelOutput } from './kernel-output.js';
import { MemoryError } from './memory-error.js';

const PAGE = 4096n;
const KIB = 1n << 10n;
const MIB = 1n << 20n;

/** kernel/README.md: "an eighth of RAM in steps of 64 KiB, at least 64 KiB and at most 6 MiB". */
function heapBytes(ram: bigint): bigint {
  const share = (ram / 8n / (64n * KIB)) * 64n * KIB;
  const most = share > 6n * MIB ? 6n * MIB : share;
  return most < 64n * KIB ? 64n * KIB : most;
}

/**
 * Pages of a heap of `pages` that are no records: 496 links of 8 bytes in each page but its first and last line, then 2048 tags of a byte in
 * the middle half of each page; eight page numbers before the first page and behind the last. (kernel/README.md)
 */
export function heapDataPages(pages: bigint): bigint {
  let data = pages;
  const fits = (): boolean => {
    const numbers = data + 8n;
    const linksEnd = 64n + numbers * 8n + (numbers / 496n) * 128n;
    const tagPage = (linksEnd + 3071n) / PAGE; // the first whose second quarter begins behind the links
    const tags = data + 16n;
    const tagsEnd = tagPage * PAGE + 1024n + (tags / 2048n) * PAGE + (tags % 2048n) + 8n;
    return data * PAGE + tagsEnd <= pages * PAGE;
  };
  while (!fits()) data -= 1n;
  return data;
}

/** Pages that [first, end) and [from, to) share. */
function spanLength(first: bigint, end: bigint, from: bigint, to: bigint): bigint {
  const start = first > from ? first : from;
  const stop = end < to ? end : to;
  return stop > start ? stop - start : 0n;
}

export const PROMISE_CHECKS: Readonly<Record<string, BootCheck>> = {
  'the layout that is printed is disjoint, in order, and what is reserved': (boot) => {
    for (const size of ['16M', '8G']) {
      const map = pcWith(size);
      const kernel = boot(map);
      const { reservations, counts } = parseKernelOutput(kernel.serial);
      let last = 0n;
      for (const { start, end } of reservations) {
        expect([size, start >= last, end > start]).toEqual([size, true, true]);
        last = end;
      }
      const reserved = pagesWithin(reservations, usablePages(map).ranges);
      expect([size, reserved]).toEqual([size, counts.at(-1)?.reserved]);
    }
  },

  'the heap has the size that kernel/README.md says, and what is printed of it is so': (boot) => {
    for (const size of ['8M', '16M', '64M']) {
      const map = pcWith(size);
      const kernel = boot(map);
      const wanted = heapBytes(usablePages(map).pageCount * PAGE);
      const { reservations } = parseKernelOutput(kernel.serial);
      const heap = reservations.find(({ owner }) => owner.includes('heap'));
      expect([size, (heap?.end ?? 0n) - (heap?.start ?? 0n)]).toEqual([size, wanted]);
      const free = /kheap_init: .*, free (\d+) pages/.exec(kernel.serial)?.[1];
      expect([size, BigInt(free ?? 0)]).toEqual([size, heapDataPages(wanted / PAGE)]);
    }
  },

  'a figure of any size is printed whole': (boot) => {
    const map = pcWith('4P');
    const { pageCount } = usablePages(map);
    const kernel = boot(map);
    expect(kernel.serial).toContain(`Total: ${pageCount} pages (${pageCount / 256n}.`);
    expect(parseKernelOutput(kernel.serial).counts.at(-1)?.total).toBe(pageCount);
  },

  'blocks of 32 MiB and 128 MiB are that long and share nothing': (boot) => {
    const kernel = boot(pcWith('512M'));
    const free = kernel.call('pmm_free_pages');
    const small = kernel.call('kmalloc', 32n * MIB);
    const large = kernel.call('kmalloc', 128n * MIB);
    expect([small !== 0n, large !== 0n]).toEqual([true, true]);
    expect(small + 32n * MIB <= large || large + 128n * MIB <= small).toBe(true);
    expect(free - kernel.call('pmm_free_pages')).toBe((160n * MIB) / PAGE);
    kernel.call('kfree', small);
    kernel.call('kfree', large);
    expect(kernel.call('pmm_free_pages')).toBe(free);
  },

  "104 the example of System 7X's README on its numbers: pmm_init of 8 GiB from 1 MiB on, a heap from 2 to 8 MiB":
    (boot) => {
      const map = pcWith('8G');
      const kernel = boot(map);
      kernel.call('pmm_init', 8n << 30n, MIB);
      const { ranges } = usablePages(map);
      const last = ((8n << 30n) + MIB) / PAGE;
      const inside = ranges.reduce(
        (sum, range) => sum + spanLength(range.first, range.last + 1n, MIB / PAGE, last),
        0n,
      );
      expect(kernel.call('pmm_total_pages')).toBe(inside);
      // There the bitmap is, which System 7X's own layout puts into the heap's range, too: refused, not overlapped.
      const free = kernel.call('pmm_free_pages');
      const refusals = kernel.call32('nk_mem_errors', BigInt(MemoryError.initRefused));
      kernel.call('kheap_init', 0x20_0000n, 0x80_0000n);
      expect(kernel.call32('nk_mem_errors', BigInt(MemoryError.initRefused))).toBe(refusals + 1);
      const said = kernel.saidDuring(() => kernel.call('nk_memory_example'));
      expect(said).toContain('the contents are still there');
      expect(said).toContain('all given back');
      expect(kernel.call('pmm_free_pages')).toBe(free);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    },

  "the kernel's own suite fails on a heap that is corrupt": (boot) => {
    const kernel = boot(pcWith('16M'));
    const start = BigInt(/kheap_init: \[mem (0x[0-9a-f]+)-/.exec(kernel.serial)?.[1] ?? 0);
    // Somebody writes over the tag of a page inside the free block that the heap is: no such state. The links of 16 MiB's heap end in
    // its second page, in the middle half of which its tags are.
    kernel.write64(start + PAGE + 1024n + 256n, 99n << 32n);
    expect(kernel.call('nk_mem_check', 1n)).not.toBe(0n);
    expect(kernel.call32('nk_memory_run_tests')).not.toBe(0);
  },
};
