import { describe, expect, it } from 'vitest';
import type { Fragment } from './code-buffer.js';
import { dataStart, link } from './link.js';

const PAGE = 4096;
const LINE = 64;
const BASE = 0x10_0000;

const fragment = (symbol: string, length: number): Fragment => ({
  symbol,
  bytes: new Uint8Array(length).fill(0x90),
  alignBytes: 16,
  relocations: [],
  lines: [],
  labels: new Map(),
});

function addressesOf(text: readonly Fragment[]): [number, number][] {
  const parts = { baseAddress: BASE, text, rodata: [] };
  const image = link({
    ...parts,
    staticData: { address: dataStart(parts), bytes: new Uint8Array(0) },
    data: [],
    bss: [],
    aliases: new Map(),
    globalNames: new Set(),
    firstWhole: undefined,
  });
  return text.map(({ symbol, bytes }) => [image.addressOf(symbol), bytes.length]);
}

describe('where functions lie', () => {
  const lengths = [1, 16, 300, 4096 - 128, 2000, 1984, 64, 3900, 17];
  const placed = addressesOf(lengths.map((length, index) => fragment(`f${index}`, length)));

  it('one after the other, at multiples of 16, without overlap', () => {
    let end = BASE;
    for (const [address, length] of placed) {
      expect(address % 16).toBe(0);
      expect(address).toBeGreaterThanOrEqual(end);
      end = address + length;
    }
  });

  it('not in the first and not in the last cache line of a page', () => {
    for (const [address, length] of placed) {
      const inPage = address % PAGE;
      expect([length, inPage >= LINE, inPage + length <= PAGE - LINE]).toEqual([
        length,
        true,
        true,
      ]);
    }
  });

  it('but for those that are longer than what is between', () => {
    const [[address, length] = [0, 0], [next] = [0]] = addressesOf([
      fragment('long', PAGE),
      fragment('next', 16),
    ]);
    expect([address, length, next]).toEqual([BASE, PAGE, BASE + PAGE + LINE]);
  });
});
