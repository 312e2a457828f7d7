/** `--filter`: which events are logged. */
import { describe, expect, it } from 'vitest';
import { parseFilter } from './log-filter.js';

describe('parseFilter', () => {
  it('lets all through where there is none', () => {
    expect(parseFilter([])(0xffff_ffff_ffff_ffffn)).toBe(true);
  });

  it.each<[rip: bigint, isLogged: boolean]>([
    [0xfffn, false],
    [0x1000n, true],
    [0x1fffn, true], // the end is part of it
    [0x2000n, false],
    [99n, false],
    [100n, true],
    [0xffff_ffff_8000_0000n, true],
    [0xffff_ffff_ffff_ffffn, true],
    [0x7fff_ffff_ffff_ffffn, false],
  ])('%#', (rip, isLogged) => {
    const words = ['0x1000..0x1FFF,100..100', '0xffffffff80000000..0xffffffffffffffff'];
    expect(parseFilter(words)(rip)).toBe(isLogged);
  });

  it.each([
    ['0x1000', 'write ADDRESS..ADDRESS, such as 0x100000..0x1fffff'],
    ['', 'write ADDRESS..ADDRESS, such as 0x100000..0x1fffff'],
    ['kmain..end', 'write ADDRESS..ADDRESS, such as 0x100000..0x1fffff'],
    ['2..1', 'the range ends before it begins'],
    ['0..0x10000000000000000', 'an address has 64 bits'],
  ])('refuses %j', (word, why) => {
    expect(() => parseFilter([word])).toThrow(`--filter ${word}: ${why}`);
  });
});
