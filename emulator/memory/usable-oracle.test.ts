import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  E820_ATTRIBUTE_ENABLED,
  E820_USABLE,
  mapEntry,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';
import { isPageUsable, usablePages } from './usable-oracle.js';

const SEED = 0xe820;

function ranges(entries: readonly MemoryMapEntry[], bits?: number): string[] {
  return usablePages({ name: 'x', entries }, bits).ranges.map(
    ({ first, last }) => `${first.toString(16)}-${last.toString(16)}`,
  );
}

describe('usablePages on the rules one by one', () => {
  it.each<[string, MemoryMapEntry[], string[]]>([
    ['no entries', [], []],
    ['whole pages', [mapEntry(0x100000n, 0x3000n, 1)], ['100-102']],
    ['partial pages at both ends', [mapEntry(0x100001n, 0x3000n, 1)], ['101-102']],
    ['less than a page', [mapEntry(0x100000n, 0xfffn, 1)], []],
    [
      'two halves of a page',
      [mapEntry(0x100000n, 0x800n, 1), mapEntry(0x100800n, 0x800n, 1)],
      ['100-100'],
    ],
    [
      'halves that leave one byte between them',
      [mapEntry(0x100000n, 0x800n, 1), mapEntry(0x100801n, 0x7ffn, 1)],
      [],
    ],
    [
      'one reserved byte inside',
      [mapEntry(0x100000n, 0x3000n, 1), mapEntry(0x101800n, 1n, 2)],
      ['100-100', '102-102'],
    ],
    [
      'usable inside reserved',
      [mapEntry(0x100000n, 0x9000n, 2), mapEntry(0x102000n, 0x1000n, 1)],
      [],
    ],
    ['ACPI data, not yet reclaimed', [mapEntry(0x100000n, 0x1000n, 3)], []],
    [
      'an unknown type over RAM',
      [mapEntry(0x100000n, 0x2000n, 1), mapEntry(0x101000n, 1n, 77)],
      ['100-100'],
    ],
    ['no length', [mapEntry(0x100000n, 0n, 1), mapEntry(0x200000n, 0x1000n, 1)], ['200-200']],
    [
      'a reserved entry without length',
      [mapEntry(0x100000n, 0x1000n, 1), mapEntry(0x100800n, 0n, 2)],
      ['100-100'],
    ],
    ['page 0 and the video and ROM windows', [mapEntry(0n, 0x200000n, 1)], ['1-9f', '100-1ff']],
    ['a disabled usable entry', [{ ...mapEntry(0x100000n, 0x1000n, 1), attributes: 0 }], []],
    [
      'a disabled reserved entry',
      [mapEntry(0x100000n, 0x1000n, 1), { ...mapEntry(0x100000n, 0x1000n, 2), attributes: 2 }],
      ['100-100'],
    ],
    ['RAM across 2^52', [mapEntry((1n << 52n) - 0x1000n, 0x2000n, 1)], ['ffffffffff-ffffffffff']],
    ['RAM beyond 2^52', [mapEntry(1n << 52n, 0x1000n, 1)], []],
    ['a wrapping entry', [mapEntry((1n << 64n) - 0x1000n, 0x200000n, 1)], []],
    [
      'a reserved entry that wraps over low RAM',
      [mapEntry(0x100000n, 0x1000n, 1), mapEntry((1n << 64n) - 1n, 0x200000n, 2)],
      ['100-100'],
    ],
    ['the whole space', [mapEntry(0n, (1n << 64n) - 1n, 1)], ['1-9f', '100-ffffffffff']],
  ])('answers for %s', (_, entries, expected) => {
    expect(ranges(entries)).toEqual(expected);
  });

  it('clips at fewer physical address bits when asked', () => {
    expect(ranges([mapEntry(0xfffff000n, 0x2000n, 1)], 32)).toEqual(['fffff-fffff']);
  });
});

/** A small space around 1 MiB, so that every byte can be looked at. */
const SPACE_START = 0x9c000n;
const SPACE_BYTES = 0x6a000;

const smallEntry = fc
  .record({
    start: fc.nat(SPACE_BYTES - 1),
    length: fc.oneof(fc.nat(0x40), fc.nat(0x4000), fc.nat(SPACE_BYTES)),
    snapStart: fc.boolean(),
    snapLength: fc.boolean(),
    type: fc.constantFrom(1, 1, 1, 2, 3, 4, 5, 7, 12, 20),
    attributes: fc.constantFrom(1, 1, 1, 1, 0, 3),
  })
  .map(({ start, length, snapStart, snapLength, type, attributes }) => ({
    base: SPACE_START + BigInt(snapStart ? start & ~0xfff : start),
    length: BigInt(snapLength ? length & ~0xfff : length),
    type,
    attributes,
  }));

/** One mark a byte: 0 nothing, 1 usable, 2 blocked. */
function byteMarks(entries: readonly MemoryMapEntry[]): Uint8Array {
  const marks = new Uint8Array(SPACE_BYTES);
  for (const isBlockingPass of [false, true]) {
    for (const { base, length, type, attributes } of entries) {
      if ((attributes & E820_ATTRIBUTE_ENABLED) === 0) continue;
      if ((type !== E820_USABLE) !== isBlockingPass) continue;
      const start = Number(base - SPACE_START);
      marks.fill(isBlockingPass ? 2 : 1, start, start + Number(length));
    }
  }
  return marks;
}

function usableByBytes(entries: readonly MemoryMapEntry[]): bigint[] {
  const marks = byteMarks(entries);
  const pages: bigint[] = [];
  for (let offset = 0; offset < SPACE_BYTES; offset += 4096) {
    const page = (SPACE_START >> 12n) + BigInt(offset >> 12);
    if (page >= 0xa0n && page < 0x100n) continue;
    if (marks.subarray(offset, offset + 4096).every((mark) => mark === 1)) pages.push(page);
  }
  return pages;
}

function pagesOf(map: MemoryMap): bigint[] {
  return usablePages(map).ranges.flatMap(({ first, last }) =>
    Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i)),
  );
}

const anyEntry = fc.record({
  base: fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.bigInt({ min: 0n, max: 1n << 22n }),
  ),
  length: fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.bigInt({ min: 0n, max: 1n << 22n }),
  ),
  type: fc.constantFrom(1, 1, 2, 3, 9),
  attributes: fc.constantFrom(1, 1, 0),
});

describe(`usablePages on random maps (seed ${SEED})`, () => {
  it('gives what a look at every single byte gives', () => {
    fc.assert(
      fc.property(fc.array(smallEntry, { maxLength: 12 }), (entries) => {
        const map = { name: 'x', entries };
        const pages = usableByBytes(entries);
        const inSpace = pagesOf(map).filter(
          (page) => page < (SPACE_START >> 12n) + BigInt(SPACE_BYTES >> 12),
        );
        expect(inSpace).toEqual(pages);
        for (let page = 0x9cn; page < 0x106n; page++) {
          expect(isPageUsable(map, page)).toBe(pages.includes(page));
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('does not depend on the order of entries', () => {
    const shuffled = fc
      .array(anyEntry, { maxLength: 20 })
      .chain((entries) =>
        fc.tuple(
          fc.constant(entries),
          fc.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([entries, other]) => {
        expect(ranges(other)).toEqual(ranges(entries));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('is idempotent: a map of the usable pages alone has the same usable pages', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        const once = usablePages({ name: 'x', entries });
        const again = usablePages({
          name: 'y',
          entries: once.ranges.map(({ first, last }) =>
            mapEntry(first << 12n, (last - first + 1n) << 12n, E820_USABLE),
          ),
        });
        expect(again).toEqual(once);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('counts the pages of its ranges', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        const { ranges: found, pageCount } = usablePages({ name: 'x', entries });
        expect(found.reduce((sum, { first, last }) => sum + last - first + 1n, 0n)).toBe(pageCount);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
