/**
 * The boot allocator (kernel/src/boot-memory.ts, reservations.ts) and the map that it works on, called on the emulated
 * processor: the ideas of Linux's memblock simulator (tools/testing/memblock), with the numbers of docs/testing.md.
 * Addresses and sizes are worked out by hand. Usable RAM is seen through pmm_init_map; reservations are made at 1 TiB,
 * where this machine has none of its own.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const BASE = 1n << 40n;
const NO_LIMIT = 1n << 52n;
/** kernel/src/reservations.ts, Owner: two whose pieces a parked kernel has none of. */
const Owner = { modules: 3n, runs: 7n } as const;
const RESERVATIONS_MAX = 256;
const ENTRY_BYTES = 24n;

type Span = readonly [from: bigint, to: bigint];

const kernel = new ParkedKernel(pcMap(parseSize('64M')).map);
const scratch = kernel.call('pmm_alloc_pages', 4n, 0n, 0n, 0n, -1n);

/** Reserves BASE + [from, to). @returns whether there was room in the table */
const reserve = (from: bigint, to: bigint, owner: bigint = Owner.runs): boolean =>
  kernel.call32('reserve', BASE + from, BASE + to, owner) !== 0;

/** The reservations from BASE on, relative to it. */
function reserved(): Span[] {
  const spans: Span[] = [];
  for (let index = 0n; index < BigInt(kernel.call32('reservationCount')); index++) {
    const at = kernel.call('reservationAt', index);
    const [start, end] = [kernel.read64(at), kernel.read64(at + 8n)];
    if (start >= BASE) spans.push([start - BASE, end - BASE]);
  }
  return spans;
}

/** Allocates `size` bytes below BASE + `limit` of usable ranges at BASE; the place relative to BASE, null for none. */
function allocate(usable: readonly Span[], size: bigint, limit = NO_LIMIT - BASE): bigint | null {
  usable.forEach(([from, to], index) => {
    kernel.write64(scratch + BigInt(index) * 16n, BASE + from);
    kernel.write64(scratch + BigInt(index) * 16n + 8n, BASE + to);
  });
  const count = BigInt(usable.length);
  const place = kernel.call('bootAllocate', scratch, count, size, BASE + limit, Owner.runs);
  return place === 0n ? null : place - BASE;
}

beforeEach(() => {
  kernel.call('unreserve', Owner.runs);
  kernel.call('unreserve', Owner.modules);
});

it('memblock 1: what the boot has reserved is sorted, disjoint, and whole pages', () => {
  let last = 0n;
  for (let index = 0n; index < BigInt(kernel.call32('reservationCount')); index++) {
    const at = kernel.call('reservationAt', index);
    const [start, end] = [kernel.read64(at), kernel.read64(at + 8n)];
    expect([start >= last, end > start, start % PAGE, end % PAGE]).toEqual([true, true, 0n, 0n]);
    last = end;
  }
  expect(reserved()).toEqual([]);
});

/** Entries of type 1, or of another, in MiB from 16 MiB on; the pages that remain usable, in MiB. */
describe('memblock 2 to 11, 23 to 30, 40 to 43: usable RAM', () => {
  const fresh = (entries: readonly (readonly [bigint, bigint, bigint?])[]): bigint => {
    const own = new ParkedKernel(pcMap(parseSize('64M')).map);
    const table = 48n * MIB; // free RAM; the map is read before anything is handed out
    entries.forEach(([from, to, type = 1n], index) => {
      const at = table + BigInt(index) * ENTRY_BYTES;
      own.write64(at, from);
      own.write64(at + 8n, to - from);
      own.write64(at + 16n, type);
    });
    if (own.call32('pmm_init_map', table, BigInt(entries.length)) === 0) return 0n;
    expect(own.call32('nk_mem_check', 1n)).toBe(0);
    return own.call('pmm_total_pages');
  };
  const mib = (n: bigint): bigint => (16n + n) * MIB;
  const many = Array.from({ length: 129 }, (_, n): readonly [bigint, bigint] => [
    mib(0n) + BigInt(n) * 2n * PAGE,
    mib(0n) + BigInt(n) * 2n * PAGE + PAGE,
  ]);

  it.each<[string, bigint, readonly (readonly [bigint, bigint, bigint?])[]]>([
    ['2, 3: add simple', 1024n, [[mib(0n), mib(4n)]]],
    [
      '4: add disjoint',
      1536n,
      [
        [mib(0n), mib(4n)],
        [mib(8n), mib(10n)],
      ],
    ],
    [
      '5: add overlap top',
      1536n,
      [
        [mib(2n), mib(6n)],
        [mib(0n), mib(4n)],
      ],
    ],
    [
      '6: add overlap bottom',
      1536n,
      [
        [mib(0n), mib(4n)],
        [mib(2n), mib(6n)],
      ],
    ],
    [
      '7: add within',
      1536n,
      [
        [mib(0n), mib(6n)],
        [mib(2n), mib(4n)],
      ],
    ],
    [
      '8: add twice',
      1024n,
      [
        [mib(0n), mib(4n)],
        [mib(0n), mib(4n)],
      ],
    ],
    [
      '9: add between merges three',
      1536n,
      [
        [mib(0n), mib(2n)],
        [mib(4n), mib(6n)],
        [mib(2n), mib(4n)],
      ],
    ],
    [
      '10: add near the address limit',
      512n,
      [
        [mib(0n), mib(2n)],
        [NO_LIMIT - MIB, NO_LIMIT],
      ],
    ],
    ['11: add many', 129n, many],
    [
      '23: remove simple',
      512n,
      [
        [mib(0n), mib(2n)],
        [mib(4n), mib(6n)],
        [mib(4n), mib(6n), 2n],
      ],
    ],
    [
      '24: remove absent',
      512n,
      [
        [mib(0n), mib(2n)],
        [mib(4n), mib(6n), 2n],
      ],
    ],
    [
      '25: remove overlap top',
      256n,
      [
        [mib(2n), mib(4n)],
        [mib(0n), mib(3n), 2n],
      ],
    ],
    [
      '26: remove overlap bottom',
      256n,
      [
        [mib(0n), mib(2n)],
        [mib(1n), mib(3n), 2n],
      ],
    ],
    [
      '27: remove within splits in two',
      768n,
      [
        [mib(0n), mib(4n)],
        [mib(1n), mib(2n), 2n],
      ],
    ],
    [
      '28: remove the only region leaves nothing',
      0n,
      [
        [mib(0n), mib(4n)],
        [mib(0n), mib(4n), 2n],
      ],
    ],
    [
      '29: remove near the address limit',
      512n,
      [
        [mib(0n), mib(2n)],
        [NO_LIMIT - MIB, NO_LIMIT, 2n],
      ],
    ],
    [
      '30: remove overlap two',
      512n,
      [
        [mib(0n), mib(2n)],
        [mib(3n), mib(5n)],
        [mib(1n), mib(4n), 2n],
      ],
    ],
    ['40: trim aligned', 512n, [[mib(0n), mib(2n)]]],
    [
      '41: trim too small',
      512n,
      [
        [mib(0n), mib(2n)],
        [mib(4n) + 8n, mib(4n) + 4095n],
      ],
    ],
    ['42: trim an unaligned base', 511n, [[mib(0n) + 1n, mib(2n)]]],
    ['43: trim an unaligned end', 511n, [[mib(0n), mib(2n) - 1n]]],
  ])('memblock %s', (_, pages, entries) => {
    expect(fresh(entries)).toBe(pages);
  });
});

describe('memblock 12 to 22, 31, 32, 34, 36, 44: reservations', () => {
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

describe('memblock 39, 46 to 63: allocation, bottom-up', () => {
  const RAM: readonly Span[] = [[0n, 4n * MIB]];
  it.each<[string, readonly Span[], bigint, bigint | null, bigint?]>([
    ['39, 46: simple: the lowest place, page-aligned', [], MIB, 0n],
    ['47: disjoint, behind a piece that ends in a page', [[0n, PAGE + 1n]], MIB, 2n * PAGE],
    ['48: before a piece', [[MIB, 2n * MIB]], MIB, 0n],
    ['48: behind a piece', [[0n, MIB]], MIB, MIB],
    ['49: second fit, the first gap too small', [[PAGE, 2n * MIB]], MIB, 2n * MIB],
    [
      '50: in between, an exact gap',
      [
        [0n, MIB],
        [2n * MIB, 4n * MIB],
      ],
      MIB,
      MIB,
    ],
    [
      '51: small gaps only',
      [
        [PAGE, MIB],
        [MIB + PAGE, 4n * MIB],
      ],
      2n * PAGE,
      null,
    ],
    ['52: all reserved', [[0n, 4n * MIB]], PAGE, null],
    ['53: no space', [[PAGE, 4n * MIB - PAGE]], MIB, null],
    ['54: limited space, exactly', [[0n, 3n * MIB]], MIB, 3n * MIB],
    ['55: no memory so large', [], 5n * MIB, null],
    ['56, 63: below the limit', [[0n, MIB]], MIB, MIB, 2n * MIB],
    ['57: below a limit that is no page, what ends there', [], PAGE, 0n, PAGE + 1n],
    ['57: below a limit that is no page, what would end behind it', [], 2n * PAGE, null, PAGE + 1n],
    ['58: exactly up to the limit', [], 2n * MIB, 0n, 2n * MIB],
    ['60: a limit that is too low', [], 2n * MIB, null, MIB],
    ['61: what is reserved at the limit', [[MIB, 2n * MIB]], MIB, 0n, 2n * MIB],
    [
      '62: reserved on both sides with space',
      [
        [0n, MIB],
        [3n * MIB, 4n * MIB],
      ],
      MIB,
      MIB,
    ],
    [
      '62: reserved on both sides, full merge',
      [
        [0n, MIB],
        [2n * MIB, 4n * MIB],
      ],
      MIB,
      MIB,
    ],
    [
      '62: reserved on both sides, no space',
      [
        [0n, MIB],
        [MIB + PAGE, 4n * MIB],
      ],
      MIB,
      null,
    ],
  ])('memblock %s', (_, pieces, size, place, limit) => {
    for (const [from, to] of pieces) reserve(from, to);
    const before = reserved();
    expect(allocate(RAM, size, limit)).toBe(place);
    if (place === null) expect(reserved()).toEqual(before);
    else expect(reserved().some(([from, to]) => from <= place && place + size <= to)).toBe(true);
  });

  it('memblock 56: the memory is raw: what was in it is still there', () => {
    const free = kernel.call('pmm_alloc_pages', 2n, 0n, 0n, 0n, -1n);
    const pattern = 0x5a5a_0123_4567_89abn;
    for (let at = free; at < free + 2n * PAGE; at += 8n) kernel.write64(at, pattern);
    kernel.write64(scratch, free);
    kernel.write64(scratch + 8n, free + 2n * PAGE);
    const place = kernel.call('bootAllocate', scratch, 1n, 2n * PAGE, NO_LIMIT, Owner.runs);
    expect(place).toBe(free);
    for (let at = free; at < free + 2n * PAGE; at += 8n) expect(kernel.read64(at)).toBe(pattern);
    kernel.call('unreserve', Owner.runs);
    kernel.call('pmm_free_pages_run', free, 2n);
  });

  it('memblock 56: so a boot on RAM full of junk is the boot on RAM full of zeros', () => {
    const boot = (fillPattern: bigint): string => {
      const host = new TestMachine(bundledKernel(), { uartMode: 'instant', fillPattern });
      expect(host.run()).toMatchObject({ kind: 'power-off' });
      return host.serial;
    };
    expect(boot(0xdead_beef_a5c3_96f1n)).toBe(boot(0n));
  });

  it('memblock 55: without any range there is no memory', () => {
    expect(allocate([], PAGE)).toBeNull();
  });

  it('memblock 59: the next range is used when the first has no room', () => {
    expect(
      allocate(
        [
          [0n, PAGE],
          [MIB, 2n * MIB],
        ],
        2n * PAGE,
      ),
    ).toBe(MIB);
  });
});
