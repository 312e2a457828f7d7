import { describe, expect, it } from 'vitest';
import { SymbolTable } from './symbols.js';

const table = new SymbolTable([
  { name: 'start', address: 0x100000n, sizeBytes: 0x20n },
  { name: 'kmain', address: 0x100040n, sizeBytes: 0x10n },
  { name: 'unsized', address: 0x200000n, sizeBytes: 0n },
  { name: 'high', address: 0xffff_8000_0000_0000n, sizeBytes: 4n },
]);

describe('SymbolTable', () => {
  it.each([
    [0xfffffn, null], // before the first
    [0x100000n, 'start'],
    [0x10001fn, 'start+0x1f'],
    [0x100020n, null], // between two functions
    [0x100040n, 'kmain'],
    [0x10004fn, 'kmain+0xf'],
    [0x200fffn, 'unsized+0xfff'], // hand-written assembly gives no sizes
    [0x201000n, null],
    [0xffff_8000_0000_0003n, 'high+0x3'],
    [0xffff_8000_0000_0004n, null],
  ])('names 0x%s as %s', (address, name) => {
    expect(table.nameOf(address)).toBe(name);
  });

  it('describes an address with its name, or bare', () => {
    expect(table.describe(0x100041n)).toBe('0x100041 (kmain+0x1)');
    expect(table.describe(0x10n)).toBe('0x10');
  });

  it('finds a function by its exact name', () => {
    expect(table.addressOf('kmain')).toBe(0x100040n);
    expect(table.addressOf('kmai')).toBeNull();
  });

  it('of an image without symbols names nothing', () => {
    expect(new SymbolTable([]).nameOf(0n)).toBeNull();
  });
});
