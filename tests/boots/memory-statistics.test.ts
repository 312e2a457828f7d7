/** nk_mem_stats says what mem_print_stats prints: the structure of kernel/src/memory-statistics.ts against the lines. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';

const ERRORS = 16;
const ZONES = 256n;
const ZONE = 48n;
const UNTOUCHED = 0x7777_7777_7777_7777n;

let kernel: ParkedKernel;
let record = 0n;

/** The record with room for `size` bytes: what the call returned, and its words. */
function stats(size: bigint): { zones: number; words: readonly bigint[] } {
  kernel.fill(record, record + 1024n, 0x77);
  kernel.write64(record, size);
  const zones = kernel.call32('nk_mem_stats', record);
  return {
    zones,
    words: Array.from({ length: 64 }, (_, n) => kernel.read64(record + BigInt(n) * 8n)),
  };
}

beforeEach(() => {
  kernel = new ParkedKernel(pcMap(parseSize('6G')).map);
  record = kernel.call('kmalloc', 4096n);
});

describe('nk_mem_stats', () => {
  it('has the figures of the printed lines, in use and after mistakes', () => {
    const pages = Array.from({ length: 100 }, () => kernel.call('pmm_alloc_page'));
    for (const page of pages.filter((_, index) => index % 3 === 0))
      kernel.call('pmm_free_page', page);
    kernel.call('kmalloc', 5n << 20n);
    const small = Array.from({ length: 300 }, () => kernel.call('kmalloc_small', 100n));
    for (const block of small.slice(0, 20)) kernel.call('kfree', block);
    for (const address of [8n, 12n]) kernel.call('pmm_free_page', address); // misaligned
    kernel.call('vm_alloc', 3n, 3n, 0n);
    const { zones, words } = stats(ZONES + 8n * ZONE);
    const said = kernel.saidDuring(() => kernel.call('mem_print_stats'));
    const number = (pattern: RegExp): bigint => BigInt(pattern.exec(said)?.[1] ?? -1);
    expect(words.slice(1, 5)).toEqual([
      number(/Total: (\d+)/),
      number(/Free : (\d+)/),
      number(/Rsvd : (\d+)/),
      number(/Total: (\d+)/) - number(/Free : (\d+)/) - number(/Rsvd : (\d+)/),
    ]);
    expect(words.slice(5, 9)).toEqual([
      number(/Heap : (\d+)/),
      number(/Heap : .*, free (\d+),/),
      number(/largest free block (\d+) KiB/) / 4n,
      number(/runs outside (\d+)/),
    ]);
    expect(words[8]).toBe(1n);
    expect([words[9], words[11], words[12]]).toEqual([
      number(/Slabs: (\d+)/),
      number(/of (\d+) caches/),
      number(/objects at hand (\d+)/),
    ]);
    expect((words[10] ?? 0n) * 4n).toBe(number(/Slabs: \d+ \((\d+) KiB/));
    expect([words[13], words[14]]).toEqual([
      number(/first touch (\d+)/),
      number(/started over (\d+)/),
    ]);
    expect(words[15]).toBeGreaterThan(0n); // tables of the area of vm_alloc
    const errors = words.slice(16, 16 + ERRORS);
    expect(errors.slice(0, 13)).toEqual(
      Array.from({ length: 13 }, (_, kind) => kernel.call('nk_mem_errors', BigInt(kind))),
    );
    expect([errors[2], ...errors.slice(13)]).toEqual([2n, 0n, 0n, 0n]);
    const lines = [
      ...said.matchAll(/Node (\d+) (\w+) *: (\d+) .*, free (\d+), 2M (\d+), 1G (\d+)/g),
    ];
    expect([zones, words[0]]).toEqual([lines.length, ZONES + BigInt(lines.length) * ZONE]);
    for (const [index, [, node, kind, total, free, frames, gibs]] of lines.entries()) {
      const at = (Number(ZONES) + index * Number(ZONE)) / 8;
      const kinds = BigInt(['DMA', 'DMA32', 'NORMAL'].indexOf(kind ?? ''));
      expect(words.slice(at, at + 6)).toEqual([
        (kinds << 32n) | BigInt(node ?? 0),
        ...[total, free, frames, gibs].map((figure) => BigInt(figure ?? 0)),
        BigInt(free ?? 0) - BigInt(frames ?? 0) * 512n,
      ]);
    }
  });

  it.each([0n, 8n, 255n])('writes nothing where there are %d bytes', (size) => {
    const { zones, words } = stats(size);
    expect([zones, words[0]]).toEqual([0, size]);
    expect(words.slice(1).every((word) => word === UNTOUCHED)).toBe(true);
  });

  it.each([
    [ZONES, 0],
    [ZONES + ZONE - 1n, 0],
    [ZONES + ZONE, 1],
    [ZONES + 2n * ZONE + 40n, 2],
  ])('with %d bytes leaves out all zones but %d, and nothing else', (size, fitting) => {
    const { zones, words } = stats(size);
    expect([zones, words[0]]).toEqual([3, ZONES + 3n * ZONE]);
    const end = Number(ZONES + BigInt(fitting) * ZONE) / 8;
    expect(words.slice(end).every((word) => word === UNTOUCHED)).toBe(true);
    expect(words.slice(32, end)).not.toContain(UNTOUCHED);
  });
});
