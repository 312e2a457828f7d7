/** Which addresses `monitor` takes: physical ones end at 2^52, the most that the architecture has [SDM-3A, MAXPHYADDR]; linear ones have 64 bits. */
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../machine/machine.js';
import { monitor } from './monitor.js';

const reads: [bigint, number][] = [];
const machine = {
  processor: {
    read: (address: bigint, count: number) => {
      reads.push([address, count]);
      return new Uint8Array(count).fill(0xa5);
    },
    pageWalkDebug: () => ({ steps: [], verdict: 'no paging' }),
  },
} as unknown as Machine;
const said = (text: string): string => {
  reads.length = 0;
  return monitor(machine, text);
};

describe('monitor xp', () => {
  it('shows the last bytes of physical memory', () => {
    expect(said('xp 0xffffffffffffe 2')).toBe('000ffffffffffffe  a5 a5\n');
    expect(reads).toEqual([[(1n << 52n) - 2n, 2]]);
  });

  it.each([
    ['0x10000000000000', '0x10000000000000: no physical address: they have 52 bits\n'],
    ['0x100000000000fffff0', '0x100000000000fffff0: no physical address: they have 52 bits\n'],
    ['0xffffffff80000000 16', '0xffffffff80000000: no physical address: they have 52 bits\n'],
    ['18446744073709551616', '18446744073709551616: no physical address: they have 52 bits\n'],
    [
      '0xffffffffffff0 32',
      '0xffffffffffff0: 16 bytes, and not 32, lie there: physical addresses have 52 bits\n',
    ],
  ])('%s is refused', (words, sentence) => {
    expect(said(`xp ${words}`)).toBe(sentence);
    expect(reads).toEqual([]);
  });
});

it('monitor page takes any 64 bits, and no more', () => {
  expect(said('page 0xffffffffffffffff')).toContain('page walk of 0xffffffffffffffff');
  expect(said('page 0x10000000000000000')).toBe(
    '0x10000000000000000: no linear address: they have 64 bits\n',
  );
});
