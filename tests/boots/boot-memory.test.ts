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
import {
  allocate,
  forgetReservations,
  kernel,
  MIB,
  NO_LIMIT,
  Owner,
  PAGE,
  reserve,
  reserved,
  scratch,
  type Span,
} from './reservation-calls.js';

const ENTRY_BYTES = 24n;

beforeEach(forgetReservations);

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
