/** Descriptors as they stand in real tables, in the SDM's words. */
import { describe, expect, it } from 'vitest';
import { descriptorAt, segmentWords, systemType } from './descriptor-words.js';

const named = (address: bigint): string => `0x${address.toString(16)} (f)`;

function described(isLong: boolean, ...words: readonly bigint[]): (string | number | null)[] {
  const table = new DataView(new ArrayBuffer(8 * words.length));
  words.forEach((word, index) => table.setBigUint64(8 * index, word, true));
  const descriptor = descriptorAt(table, 0, isLong, named);
  return descriptor === null ? [] : [descriptor.text, descriptor.sizeBytes];
}

describe('segment descriptors [SDM-3A "Segment Descriptors"]', () => {
  it.each<[boolean, bigint, string]>([
    [
      false,
      0x00cf9b000000ffffn,
      'Code, Execute/Read, accessed, DPL 0, 32-bit, base 0x0, limit 0xffffffff',
    ],
    [true, 0x00af9a000000ffffn, 'Code, Execute/Read, DPL 0, 64-bit, base 0x0, limit 0xffffffff'],
    // Outside of IA-32e mode bit 53 is reserved, and says nothing of 64 bits.
    [false, 0x00af9a000000ffffn, 'Code, Execute/Read, DPL 0, 16-bit, base 0x0, limit 0xffffffff'],
    [
      false,
      0x1240f61234567fffn,
      'Data, Read/Write, expand-down, DPL 3, 32-bit, base 0x12123456, limit 0x7fff',
    ],
    [
      false,
      0x00009c0100000000n,
      'Code, Execute-Only, conforming, DPL 0, 16-bit, base 0x10000, limit 0x0',
    ],
    [
      false,
      0x0000100000000000n,
      'Data, Read-Only, DPL 0, 16-bit, not present, base 0x0, limit 0x0',
    ],
    [false, 0x0000820000000017n, 'LDT, DPL 0, base 0x0, limit 0x17'],
    [false, 0x00008b0012340067n, '32-bit TSS (Busy), DPL 0, base 0x1234, limit 0x67'],
  ])('long %j, %s', (isLong, word, text) => {
    expect(described(isLong, word)).toEqual([text, 8]);
  });

  it('have sixteen bytes of TSS and LDT in IA-32e mode', () => {
    const [low, high] = [0x80008b2000000067n, 0xffff8000n];
    expect(described(true, low, high)).toEqual([
      '64-bit TSS (Busy), DPL 0, base 0xffff800080200000, limit 0x67',
      16,
    ]);
    expect(described(true, low)).toEqual(['cut off by the limit of the table', 16]);
  });

  it('are nothing where all bytes are zero, or the table ends', () => {
    expect(described(true, 0n)).toEqual([null, 8]);
    expect(described(true)).toEqual([]);
  });
});

describe('gates [SDM-3A "IDT Descriptors", "64-Bit Mode IDT"]', () => {
  it.each<[boolean, readonly bigint[], string, number]>([
    [
      true,
      [0x80208e0100081234n, 0xffffffffn],
      '64-bit Interrupt Gate, DPL 0, target 0x0008:0xffffffff80201234 (f), IST 1',
      16,
    ],
    [false, [0x0010ef0000085678n], '32-bit Trap Gate, DPL 3, target 0x0008:0x105678 (f)', 8],
    // Of 16 bits: the upper half of the offset is not there.
    [false, [0x0010860000085678n], '16-bit Interrupt Gate, DPL 0, target 0x0008:0x5678 (f)', 8],
    [false, [0x0000850000280000n], 'Task Gate, DPL 0, TSS selector 0x0028', 8],
    [
      false,
      [0x00100e0000085678n],
      '32-bit Interrupt Gate, DPL 0, not present, target 0x0008:0x105678 (f)',
      8,
    ],
  ])('long %j, %s', (isLong, words, text, sizeBytes) => {
    expect(described(isLong, ...words)).toEqual([text, sizeBytes]);
  });
});

it.each<[number, boolean, string]>([
  [0, false, 'Reserved (type 0x0)'],
  [1, false, '16-bit TSS (Available)'],
  [1, true, 'Reserved (type 0x1)'],
  [2, true, 'LDT'],
  [5, true, 'Reserved (type 0x5)'],
  [0xc, true, '64-bit Call Gate'],
])('system type %d, long %j: %s', (type, isLong, name) => {
  expect(systemType(type, isLong)).toBe(name);
  expect(segmentWords(0x80 | type, isLong)).toBe(`${name}, DPL 0`);
});
