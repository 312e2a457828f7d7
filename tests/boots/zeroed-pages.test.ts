/** pmm_alloc_pages_zeroed on RAM full of other bytes, below and above 4 GiB. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const FOUR_GIB = 4n << 30n;
const LOCAL = -1n;
const JUNK = 0xa5;

let kernel: ParkedKernel;
const take = (name: string, n: bigint, align: bigint, limit: bigint): bigint =>
  kernel.call(name, n, align, 0n, limit, LOCAL);

beforeAll(() => {
  kernel = new ParkedKernel(pcMap(parseSize('6G')).map);
  kernel.call('pmm_alloc_page'); // so that there is RAM before what comes next
});

describe('pmm_alloc_pages_zeroed', () => {
  it.each([
    [1n, 0n, 0n],
    [1n, 0n, FOUR_GIB],
    [7n, 0n, 0n],
    [64n, 16n * PAGE, FOUR_GIB],
    [512n, 512n * PAGE, 0n],
    [1500n, 0n, 0n],
  ])(
    '%d pages, align %d, limit %d: all bytes 0, and the others as they were',
    (n, align, limit) => {
      const [before, size] = [kernel.call('pmm_free_pages'), n * PAGE];
      const old = take('pmm_alloc_pages', n, align, limit);
      kernel.fill(old - PAGE, old + size + PAGE, JUNK);
      kernel.call(n === 1n ? 'pmm_free_page' : 'pmm_free_pages_run', old, n);
      const got = take('pmm_alloc_pages_zeroed', n, align, limit);
      expect(got).toBe(old); // the piece in the hand, which was full of junk
      const bytes = kernel.machine.processor.read(got - PAGE, Number(size + 2n * PAGE));
      expect(bytes.subarray(4096, -4096).every((byte) => byte === 0)).toBe(true);
      expect([...bytes.subarray(0, 4096), ...bytes.subarray(-4096)].every((b) => b === JUNK)).toBe(
        true,
      );
      expect(kernel.call('pmm_free_pages')).toBe(before - n);
      kernel.call(n === 1n ? 'pmm_free_page' : 'pmm_free_pages_run', got, n);
      expect(kernel.call('pmm_free_pages')).toBe(before);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    },
  );

  it.each([
    ['no page', 0n, 0n],
    ['more than there is', 1n << 40n, 0n],
    ['an alignment that is no power of two', 2n, 3n],
  ])('gives 0 for %s, and changes nothing', (_, n, align) => {
    const free = kernel.call('pmm_free_pages');
    expect(take('pmm_alloc_pages_zeroed', n, align, 0n)).toBe(0n);
    expect(kernel.call('pmm_free_pages')).toBe(free);
  });
});
