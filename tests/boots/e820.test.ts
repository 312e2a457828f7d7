/**
 * The firmware's map, as the kernel's own sanitiser takes it on the emulated processor (kernel/src/memory-map.ts).
 * Tests 65 to 76 of the memory manager's list; expectations come from the page-by-page oracle, which shares nothing
 * with the kernel, and from addresses worked out by hand. A failing run is repeated with its seed: S7X_SEED=number.
 * tests/long/e820.test.ts runs a million maps.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { recogniseImage } from '../../emulator/machine/image.js';
import { mapEntry, type MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { bundledKernel, imageEnd, TestMachine } from '../guests/test-machine.js';
import { pagesWithin, parseKernelOutput } from './kernel-output.js';
import {
  equalsOracle,
  firstBroken,
  ignoresOrder,
  isIdempotent,
  MapSanitiser,
  rangeText,
} from './map-sanitiser.js';

const given = process.env['S7X_SEED'];
const SEED = given === undefined ? 820 : Number(given);
const MAPS = 10_000;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const TIB = 1n << 40n;
const PAGE = 4096n;

type Line = readonly [base: bigint, length: bigint, type: number];

function mapOf(...lines: readonly Line[]): MemoryMap {
  return { name: 'test', entries: lines.map((line) => mapEntry(...line)) };
}

describe('the sanitiser', () => {
  let sanitiser: MapSanitiser;
  beforeAll(() => {
    sanitiser = new MapSanitiser();
  });

  it.each(zooNames())('65: takes zoo:%s as the oracle does', (name) => {
    const map = zooMap(name);
    expect(rangeText(sanitiser.sanitise(map))).toBe(rangeText(usablePages(map).ranges));
  });

  it(`66: gives the oracle's pages for ${MAPS} random maps (seed ${SEED})`, () => {
    expect(firstBroken(equalsOracle, SEED, MAPS)).toBeNull();
  });

  it(`67: does not mind the order of the entries, ${MAPS} random maps (seed ${SEED})`, () => {
    expect(firstBroken(ignoresOrder, SEED, MAPS)).toBeNull();
  });

  it(`68: leaves a sanitised map as it is, ${MAPS} random maps (seed ${SEED})`, () => {
    expect(firstBroken(isIdempotent, SEED, MAPS)).toBeNull();
  });

  it('66: a sanitiser that forgets the last entry is found out', () => {
    const broken = firstBroken(
      (kernel, map) => ({
        got: rangeText(kernel.sanitise({ ...map, entries: map.entries.slice(0, -1) })),
        wanted: rangeText(usablePages(map).ranges),
      }),
      SEED,
      MAPS,
    );
    expect(broken).toMatch(/^seed \d+, map \d+: got /);
  });

  const END = (1n << 64n) - 1n;
  it.each<[string, readonly Line[], string]>([
    //                                                              pages, first-last
    [
      '69: an entry that wraps ends at 2^52',
      [[(1n << 52n) - PAGE, END, 1]],
      'ffffffffff-ffffffffff',
    ],
    ['69: an entry from 2^52 on is none', [[1n << 52n, GIB, 1]], ''],
    [
      '69: a blocking entry that wraps blocks to the end, not from 0',
      [
        [0n, 2n * GIB, 1],
        [GIB, END, 2],
      ],
      '1-9f 100-3ffff',
    ],
    [
      '69: entries of no length say nothing',
      [
        [MIB, MIB, 1],
        [MIB, 0n, 2],
        [4n * MIB, 0n, 1],
      ],
      '100-1ff',
    ],
    [
      '69: an entry given three times counts once',
      [
        [MIB, MIB, 1],
        [MIB, MIB, 1],
        [MIB, MIB, 1],
      ],
      '100-1ff',
    ],
    ['69: an empty map has no RAM', [], ''],
    [
      '70: usable memory inside a reserved entry is none',
      [
        [MIB, 16n * MIB, 2],
        [2n * MIB, MIB, 1],
      ],
      '',
    ],
    [
      '70: a reserved entry inside usable memory leaves two ranges',
      [
        [MIB, 16n * MIB, 1],
        [2n * MIB, MIB, 2],
      ],
      '100-1ff 300-10ff',
    ],
    [
      '71: two halves of a page are a page',
      [
        [MIB, 0x800n, 1],
        [MIB + 0x800n, 0x800n, 1],
      ],
      '100-100',
    ],
    [
      '71: two halves with a byte between them are none',
      [
        [MIB, 0x7ffn, 1],
        [MIB + 0x800n, 0x800n, 1],
      ],
      '',
    ],
    ...[0, 3, 4, 5, 6, 7, 8, 12, 20, 0x7fff_ffff, 0xefff_ffff, 0xffff_ffff].map(
      (type): [string, readonly Line[], string] => [
        `72: type ${type} is no RAM, and takes it from usable entries`,
        [
          [MIB, 4n * MIB, 1],
          [2n * MIB, MIB, type],
          [8n * MIB, MIB, type],
        ],
        '100-1ff 300-4ff',
      ],
    ),
    ['73: all memory above 4 GiB', [[4n * GIB, 2n * GIB, 1]], '100000-17ffff'],
  ])('%s', (_, lines, pages) => {
    expect(rangeText(sanitiser.sanitise(mapOf(...lines)))).toBe(pages);
  });

  it('69: 300 entries of a page each, every other page, are 300 ranges', () => {
    const lines = Array.from({ length: 300 }, (_, index): Line => {
      const place = BigInt((index * 7) % 300); // in no order: 7 and 300 have no common factor
      return [MIB + 2n * PAGE * place, PAGE, 1];
    });
    const ranges = sanitiser.sanitise(mapOf(...lines));
    expect(ranges.map(({ first, last }) => [first, last])).toEqual(
      Array.from({ length: 300 }, (_, index) => 256n + 2n * BigInt(index)).map((page) => [
        page,
        page,
      ]),
    );
  });
});

describe('a boot', () => {
  const boot = (map: MemoryMap, commandLine = 'quiet'): { serial: string; end: string } => {
    const host = new TestMachine(bundledKernel(), {
      memoryMap: map,
      commandLine,
      uartMode: 'instant',
    });
    const { kind, value } = host.run();
    return { serial: host.serial, end: kind === 'debug-exit' ? `exit ${value}` : kind };
  };

  const low: Line = [0n, 0x9f000n, 1];
  it.each<[string, MemoryMap]>([
    [
      '73: with 8 MiB at the bottom and all other memory above 4 GiB',
      mapOf(low, [MIB, 7n * MIB, 1], [4n * GIB, 60n * GIB, 1]),
    ],
    [
      '74: where the first ranges are too small for heap and bitmap',
      mapOf(low, [MIB, MIB, 1], [4n * MIB, 16n * PAGE, 1], [8n * MIB, 64n * MIB, 1]),
    ],
    ['75: with 8 MiB', pcMap(8n * MIB).map],
    [
      '76: with 16 TiB in 16 pieces, a tebibyte of hole behind each',
      mapOf(
        low,
        [MIB, 64n * MIB, 1],
        ...Array.from({ length: 16 }, (_, index): Line => [TIB * BigInt(2 * index + 1), TIB, 1]),
      ),
    ],
    [
      'where entries are disabled by their ACPI 3.0 attributes, which PVH has no place for',
      {
        name: 'test',
        entries: [
          mapEntry(...low),
          mapEntry(MIB, 64n * MIB, 1),
          { ...mapEntry(4n * GIB, GIB, 1), attributes: 0 },
          { ...mapEntry(2n * MIB, MIB, 2), attributes: 2 },
          { ...mapEntry(8n * GIB, GIB, 1), attributes: 3 },
        ],
      },
    ],
  ])('%s comes to its end with all pages counted', (_, map) => {
    const { serial, end } = boot(map);
    expect([end, serial.match(/panic.*/)]).toEqual(['power-off', null]);
    const output = parseKernelOutput(serial);
    const oracle = usablePages(map);
    const reserved = pagesWithin(output.reservations, oracle.ranges);
    expect(output.counts.at(-1)).toEqual({
      total: oracle.pageCount,
      free: oracle.pageCount - reserved,
      used: reserved,
      reserved,
    });
  });

  // kernel/README.md, "Memory, as it is laid out": with 4 levels the window shows 96 TiB; RAM counts up to 128 TiB.
  it.each([
    ['behind its end', [100n * TIB, 4n * MIB, 1] as const],
    ['across its end', [96n * TIB - 16n * PAGE, 32n * PAGE, 1] as const],
  ])('passes its own tests with RAM that the upper window does not reach, %s', (_, far) => {
    const { serial, end } = boot(mapOf(low, [MIB, 15n * MIB, 1], far), '');
    expect(serial.match(/\[nk_test\] .*(FAIL|tests passed)|panic.*/g)).toEqual([
      expect.stringMatching(/^\[nk_test\] (\d+)\/\1 tests passed$/),
    ]);
    expect(end).toBe('power-off');
  });

  it('74: where nothing fits stops with a sentence and a status of its own', () => {
    const kernelEnd = imageEnd(recogniseImage(bundledKernel(), 'the kernel'));
    const kernelAndNoMore = mapOf(low, [MIB, kernelEnd - MIB, 1]);
    const { serial, end } = boot(kernelAndNoMore);
    expect(end).toBe('exit 19'); // 0x13: too little memory (kernel/README.md, "Command line and ends")
    expect(serial).toMatch(/\[nk_boot\] too little memory: usable RAM /);
  });
});
