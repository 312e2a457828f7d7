import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ConfigurationError } from './errors.js';
import { formatSize, parseSize } from './size.js';

describe('parseSize', () => {
  it.each([
    // text, bytes; values worked out by hand from the powers of two
    ['8', 8_388_608n],
    ['8M', 8_388_608n],
    ['8m', 8_388_608n],
    ['8MiB', 8_388_608n],
    ['8mib', 8_388_608n],
    ['8 MiB', 8_388_608n],
    ['1.5G', 1_610_612_736n],
    ['0.5K', 512n],
    ['512K', 524_288n],
    ['1T', 1_099_511_627_776n],
    ['4P', 4_503_599_627_370_496n],
    ['16E', 18_446_744_073_709_551_616n],
    ['4096B', 4096n],
    ['4096b', 4096n],
    ['0x1000B', 4096n],
    ['0x1Bb', 27n],
    ['0', 0n],
    ['1.50', 1_572_864n],
  ])('reads %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    ['', /empty/],
    ['   ', /empty/],
    ['-8M', /'-8M' is negative/],
    ['8X', /'8X' has the unknown unit 'X'/],
    ['8MB', /'8MB' has the unknown unit 'MB'/],
    ['0x1000', /'0x1000' is hexadecimal/],
    ['0x10K', /'0x10K' is hexadecimal/],
    ['0xB', /'0xB' is hexadecimal/],
    ['1.3G', /'1.3G' is not a whole number of bytes/],
    ['1.5B', /not a whole number/],
    ['.5G', /not a size/],
    ['5.G', /not a size/],
    ['8M 9M', /not a size/],
    ['1e3', /unknown unit|not a size/],
    ['nonsense', /'nonsense' is not a size/],
  ])('refuses %j with one sentence that names it', (text, message) => {
    expect(() => parseSize(text)).toThrow(ConfigurationError);
    expect(() => parseSize(text)).toThrow(message);
  });
});

describe('formatSize', () => {
  it.each([
    [0n, '0 B'],
    [1n, '1 B'],
    [1023n, '1023 B'],
    [1024n, '1 KiB'],
    [654_336n, '639 KiB'],
    [8_388_608n, '8 MiB'],
    [8_388_609n, '8388609 B'],
    [1_610_612_736n, '1.5 GiB'],
    [8_589_934_592n, '8 GiB'],
    [2_147_352_576n, '2047.875 MiB'],
    [1n << 52n, '4 PiB'],
    [(1n << 52n) - (1n << 30n), '4194303 GiB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('writes what parseSize reads back, for any size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (bytes) => {
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
      { seed: 20, numRuns: 500 },
    );
  });
});
