/**
 * nk_mem_check on frames and reservations that somebody has changed: what it reads many at a time, one of which is wrong. The layout of
 * descriptors is that of kernel/src/frame-descriptor.ts, the numbers of invariants those of kernel/src/memory-check.ts.
 */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { parseKernelOutput } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const Invariant = { allHold: 0, chunks: 3, reservedFrames: 5 } as const;
/** kernel/src/reservations.ts, Owner. */
const Owner = { lowMemory: 0n, runTable: 7n } as const;
const FREE_FRAME = 512 | (0xff << 10) | (1 << 28);
const HELD_FRAME = (512 << 18) | (1 << 29) | (1 << 28);

let kernel: ParkedKernel;
const broken = (level: bigint): number => kernel.call32('nk_mem_check', level);

describe('descriptors of frames, which are compared two at a time', () => {
  let descriptors = 0n;
  const read = (index: number): number =>
    Number(kernel.read64(descriptors + BigInt(index) * 4n) & 0xffff_ffffn);
  const write = (index: number, value: number): void => {
    const at = descriptors + BigInt(index) * 4n;
    kernel.write64(at, (kernel.read64(at) & ~0xffff_ffffn) | BigInt(value));
  };

  beforeAll(() => {
    kernel = new ParkedKernel(pcMap(parseSize('256M')).map);
    const place = parseKernelOutput(kernel.serial).reservations.find(({ owner }) =>
      owner.includes('page frame'),
    );
    const [from, to] = [place?.start ?? 0n, place?.end ?? 0n];
    const bytes = kernel.machine.processor.read(from, Number(to - from));
    const free = Buffer.alloc(64 * 4);
    for (let n = 0; n < 64; n++) free.writeUInt32LE(FREE_FRAME, n * 4);
    const offset = Buffer.from(bytes).indexOf(free); // of 120 free frames, 64 in a row
    expect(offset).toBeGreaterThan(0);
    descriptors = from + BigInt(offset);
  });

  it.each([0, 1, 2, 7, 40, 63])('a free frame, number %d, that is said to be held', (index) => {
    expect([broken(0n), read(index)]).toEqual([Invariant.allHold, FREE_FRAME]);
    write(index, HELD_FRAME);
    expect([broken(0n), broken(1n)]).toEqual([Invariant.chunks, Invariant.chunks]);
    write(index, FREE_FRAME);
    expect(broken(1n)).toBe(Invariant.allHold);
  });

  it.each([0, 1, 30])('two free frames, from number %d on, that are said to be held', (index) => {
    for (const each of [index, index + 1]) write(each, HELD_FRAME);
    expect(broken(0n)).toBe(Invariant.chunks);
    for (const each of [index, index + 1]) write(each, FREE_FRAME);
    expect(broken(1n)).toBe(Invariant.allHold);
  });
});

describe('reserved pages, of which words of 64 are looked at', () => {
  const COUNT = 130n;
  let start = 0n;

  beforeEach(() => {
    kernel = new ParkedKernel(pcMap(parseSize('32M')).map);
    const pages = Array.from({ length: 400 }, () => kernel.call('pmm_alloc_page'));
    const behind = pages.findIndex(
      (page, at) =>
        at > 130 && page % (64n * PAGE) === 0n && pages[at + 200] === page + 200n * PAGE,
    );
    start = (pages[behind] ?? 0n) + 5n * PAGE; // words begin at pages 59 and 123 of the range
    // As many pages of low memory less, so that the sum is as it was.
    kernel.call('unreserveRange', PAGE, PAGE + COUNT * PAGE, Owner.lowMemory);
    kernel.call('reserve', start, start + COUNT * PAGE, Owner.runTable);
    expect([broken(0n), broken(1n)]).toEqual([Invariant.allHold, Invariant.allHold]);
  });

  it.each([
    [0n, true],
    [58n, true],
    [59n, true],
    [63n, true],
    [64n, false],
    [122n, false],
    [123n, false],
    [129n, false],
  ])('page %d of them is free: seen on level 1, and on level 0: %s', (index, isSeen) => {
    const page = start + index * PAGE;
    kernel.call('pmm_free_page', page);
    expect([broken(0n), broken(1n)]).toEqual([
      isSeen ? Invariant.reservedFrames : Invariant.allHold,
      Invariant.reservedFrames,
    ]);
  });
});
