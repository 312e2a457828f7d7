/**
 * Reservations (kernel/src/reservations.ts), made and given back on the emulated processor: the ideas of Linux's memblock simulator
 * (tools/testing/memblock), with the numbers of docs/testing.md. Addresses are worked out by hand.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';
import {
  allocate,
  BASE,
  forgetReservations,
  GIB,
  kernel,
  MIB,
  NO_LIMIT,
  Owner,
  PAGE,
  RESERVATIONS_MAX,
  reserve,
  reserved,
  type Span,
} from './reservation-calls.js';

beforeEach(forgetReservations);

describe('memblock 12 to 22, 31, 32, 36, 44: reservations', () => {
  it.each<[string, readonly Span[], readonly Span[]]>([
    ['12: reserve simple', [[0n, MIB]], [[0n, MIB]]],
    [
      '13: disjoint',
      [
        [0n, MIB],
        [2n * MIB, 3n * MIB],
      ],
      [
        [0n, MIB],
        [2n * MIB, 3n * MIB],
      ],
    ],
    [
      '14: overlap top',
      [
        [MIB, 3n * MIB],
        [0n, 2n * MIB],
      ],
      [[0n, 3n * MIB]],
    ],
    [
      '15: overlap bottom',
      [
        [0n, 2n * MIB],
        [MIB, 3n * MIB],
      ],
      [[0n, 3n * MIB]],
    ],
    [
      '16: within',
      [
        [0n, 3n * MIB],
        [MIB, 2n * MIB],
      ],
      [[0n, 3n * MIB]],
    ],
    [
      '17: twice',
      [
        [0n, MIB],
        [0n, MIB],
      ],
      [[0n, MIB]],
    ],
    [
      '18: between merges three',
      [
        [0n, MIB],
        [2n * MIB, 3n * MIB],
        [MIB, 2n * MIB],
      ],
      [[0n, 3n * MIB]],
    ],
    [
      '19: near the address limit',
      [[NO_LIMIT - BASE - PAGE, NO_LIMIT - BASE]],
      [[NO_LIMIT - BASE - PAGE, NO_LIMIT - BASE]],
    ],
    ['grown outward to whole pages', [[1n, 2n]], [[0n, PAGE]]],
  ])('memblock %s', (_, spans, expected) => {
    for (const [from, to] of spans) expect(reserve(from, to)).toBe(true);
    // Pieces of one owner that touch may be kept as one or as two: what counts is which pages they are.
    const merged: Span[] = [];
    for (const [from, to] of reserved()) {
      const last = merged.at(-1);
      if (last?.[1] === from) merged[merged.length - 1] = [last[0], to];
      else merged.push([from, to]);
    }
    expect(merged).toEqual(expected);
  });

  it('memblock 20, 22: a full table refuses the next piece and stays as it is (it does not grow)', () => {
    const own = kernel.call32('reservationCount');
    let made = 0n;
    while (reserve(made * 2n * PAGE, (made * 2n + 1n) * PAGE)) made++;
    expect(Number(made)).toBe(RESERVATIONS_MAX - own);
    const before = reserved();
    expect(reserve(GIB * 8n, GIB * 9n)).toBe(false);
    expect(reserved()).toEqual(before);
    expect(allocate([[16n * GIB, 17n * GIB]], PAGE)).toBeNull();
  });

  it.each([0, 1, 63, 127])(
    'memblock 21: one more before element %d of 128 is in its place',
    (at) => {
      const slots = Array.from({ length: 129 }, (_, n) => BigInt(n) * 2n * PAGE);
      slots.forEach((from, index) => index === at || reserve(from, from + PAGE));
      const late = slots[at] ?? 0n;
      reserve(late, late + PAGE);
      expect(reserved()).toEqual(slots.map((from) => [from, from + PAGE]));
    },
  );

  it('memblock 31, 36: freeing an owner frees its pieces and nobody else’s', () => {
    reserve(0n, MIB);
    reserve(MIB, 2n * MIB, Owner.modules);
    kernel.call('unreserve', Owner.runs);
    expect(reserved()).toEqual([[MIB, 2n * MIB]]);
    kernel.call('unreserve', Owner.modules);
    expect(reserved()).toEqual([]);
  });

  it('memblock 32: freeing an owner that has nothing changes nothing', () => {
    reserve(0n, MIB);
    kernel.call('unreserve', Owner.modules);
    expect(reserved()).toEqual([[0n, MIB]]);
  });

  it('memblock 44: an allocation never overlaps a piece, partly or in whole', () => {
    reserve(MIB, 3n * MIB);
    for (let n = 0; n < 4; n++) {
      const place = allocate([[0n, 5n * MIB]], MIB / 2n) ?? -1n;
      expect(place + MIB / 2n <= MIB || place >= 3n * MIB).toBe(true);
    }
  });
});

describe('memblock 33 to 38: freeing a part', () => {
  const free = (from: bigint, to: bigint, owner: bigint = Owner.runs): boolean =>
    kernel.call32('unreserveRange', BASE + from, BASE + to, owner) !== 0;
  const all = (): void => {
    reserve(MIB, 3n * MIB);
    reserve(4n * MIB, 6n * MIB);
  };

  it.each<[string, Span, readonly Span[]]>([
    ['31: simple', [4n * MIB, 6n * MIB], [[MIB, 3n * MIB]]],
    [
      '32: absent',
      [3n * MIB, 4n * MIB],
      [
        [MIB, 3n * MIB],
        [4n * MIB, 6n * MIB],
      ],
    ],
    [
      '33: overlap top: what is before the piece and its beginning',
      [0n, 2n * MIB],
      [
        [2n * MIB, 3n * MIB],
        [4n * MIB, 6n * MIB],
      ],
    ],
    [
      '34: overlap bottom: its end and what is behind',
      [5n * MIB, 7n * MIB],
      [
        [MIB, 3n * MIB],
        [4n * MIB, 5n * MIB],
      ],
    ],
    [
      '35: within: it is in two parts',
      [MIB + PAGE, MIB + 2n * PAGE],
      [
        [MIB, MIB + PAGE],
        [MIB + 2n * PAGE, 3n * MIB],
        [4n * MIB, 6n * MIB],
      ],
    ],
    [
      '38: overlap two',
      [2n * MIB, 5n * MIB],
      [
        [MIB, 2n * MIB],
        [5n * MIB, 6n * MIB],
      ],
    ],
    ['both and more', [0n, 8n * MIB], []],
    [
      'inward to whole pages',
      [MIB + 1n, 2n * MIB + 1n],
      [
        [MIB, MIB + PAGE],
        [2n * MIB, 3n * MIB],
        [4n * MIB, 6n * MIB],
      ],
    ],
    [
      'less than a page',
      [MIB + 1n, MIB + PAGE],
      [
        [MIB, 3n * MIB],
        [4n * MIB, 6n * MIB],
      ],
    ],
  ])('memblock %s', (_, [from, to], left) => {
    all();
    expect(free(from, to)).toBe(true);
    expect(reserved()).toEqual(left);
  });

  it('memblock 36: the only piece', () => {
    reserve(0n, MIB);
    expect(free(0n, MIB)).toBe(true);
    expect(reserved()).toEqual([]);
  });

  it('memblock 37: near the address limit', () => {
    const end = NO_LIMIT - BASE;
    reserve(end - 2n * PAGE, end);
    expect(free(end - PAGE, end)).toBe(true);
    expect(reserved()).toEqual([[end - 2n * PAGE, end - PAGE]]);
  });

  it('memblock 37: in the last page of all addresses there is nothing to free', () => {
    all();
    const before = reserved();
    const last = (1n << 64n) - BASE;
    for (const from of [last - 1n, last - PAGE + 1n]) {
      expect(free(from, last - 1n)).toBe(true);
      expect(reserved()).toEqual(before);
    }
  });

  it('another owner’s pieces stay', () => {
    all();
    reserve(3n * MIB, 4n * MIB, Owner.modules);
    expect(free(0n, 8n * MIB, Owner.modules)).toBe(true);
    expect(reserved()).toEqual([
      [MIB, 3n * MIB],
      [4n * MIB, 6n * MIB],
    ]);
  });

  it('a full table refuses to have a piece in two parts, and stays as it is', () => {
    let made = 0n;
    while (reserve(made * 4n * PAGE, (made * 4n + 3n) * PAGE)) made++;
    const before = reserved();
    expect(free(PAGE, 2n * PAGE)).toBe(false);
    expect(reserved()).toEqual(before);
    expect(free(0n, PAGE)).toBe(true);
    expect(reserved()[0]).toEqual([PAGE, 3n * PAGE]);
  });

  it('what the loader left is free memory when it is given back, once, and others’ is not', () => {
    const own = new ParkedKernel(pcMap(parseSize('64M')).map);
    const [ram, module, other, table] = [16n * MIB, 20n * MIB, 22n * MIB, 48n * MIB];
    own.call('reserve', module, module + 8n * PAGE, Owner.modules);
    own.call('reserve', other, other + PAGE, Owner.runs);
    for (const [index, value] of [ram, 8n * MIB, 1n].entries())
      own.write64(table + BigInt(index) * 8n, value);
    expect(own.call32('pmm_init_map', table, 1n)).toBe(1);
    const free = own.call('pmm_free_pages');
    const release = (from: bigint, to: bigint): bigint =>
      own.call('pmm_release_boot_memory', module + from, module + to);
    const last = (1n << 64n) - 1n - module;
    for (const from of [last, last - PAGE + 2n]) expect(release(from, last)).toBe(0n);
    expect(release(PAGE + 1n, 4n * PAGE - 1n)).toBe(1n); // whole pages: the third alone
    expect(release(0n, 8n * PAGE)).toBe(7n);
    expect(release(0n, 8n * PAGE)).toBe(0n);
    expect(own.call('pmm_release_boot_memory', ram, ram + 8n * MIB)).toBe(0n);
    expect(own.call('pmm_free_pages')).toBe(free + 8n);
    expect(own.call('pmm_total_pages')).toBe(2048n);
    expect(own.call32('nk_mem_check', 1n)).toBe(0);
  });
});
