import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { parseSize } from '../base/size.js';
import { formatDmesg } from './dmesg-format.js';
import { E820_USABLE, type MemoryMap } from './memory-map.js';
import { pcMap } from './pc-map.js';
import { validateMap } from './validate-map.js';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

function usableRanges(map: MemoryMap): [bigint, bigint][] {
  return map.entries.filter((e) => e.type === E820_USABLE).map((e) => [e.base, e.base + e.length]);
}

describe('pcMap', () => {
  it.each([
    // RAM, usable from 1 MiB to, usable from 4 GiB to (DESIGN.md 4, by hand)
    ['8M', 8n * MIB, null],
    ['3G', 3n * GIB, null],
    ['4G', 3n * GIB, 5n * GIB],
    ['8G', 3n * GIB, 9n * GIB],
    ['1T', 3n * GIB, 1025n * GIB],
  ])('gives %s the RAM below 3 GiB and the rest from 4 GiB', (ram, lowEnd, highEnd) => {
    const { map, leftOutBytes } = pcMap(parseSize(ram));
    expect(leftOutBytes).toBe(0n);
    expect(usableRanges(map)).toEqual([
      [0n, 0x9fc00n],
      [MIB, lowEnd],
      ...(highEnd === null ? [] : [[4n * GIB, highEnd]]),
    ]);
  });

  it('leaves out the gigabyte that would end above 2^52 at 4 PiB, and says so', () => {
    const { map, leftOutBytes } = pcMap(parseSize('4P'));
    expect(leftOutBytes).toBe(GIB);
    expect(usableRanges(map).at(-1)).toEqual([4n * GIB, 1n << 52n]);
  });

  it('leaves out nothing while RAM still ends at 2^52', () => {
    expect(pcMap((1n << 52n) - GIB).leftOutBytes).toBe(0n);
    expect(pcMap((1n << 52n) - GIB + 4096n).leftOutBytes).toBe(4096n);
  });

  it.each(['8M', '64M', '3G', '4G', '16T', '4P'])('gives a map without findings for %s', (ram) => {
    expect(validateMap(pcMap(parseSize(ram)).map)).toEqual([]);
  });

  it.each([
    [MIB - 1n, /RAM of 1048575 B is outside 1 MiB to 4 PiB/],
    [0n, /RAM of 0 B/],
    [(1n << 52n) + 4096n, /is outside 1 MiB to 4 PiB/],
  ])('refuses %d bytes', (bytes, message) => {
    expect(() => pcMap(bytes)).toThrow(ConfigurationError);
    expect(() => pcMap(bytes)).toThrow(message);
  });

  it('agrees with a log of QEMU i440fx with 1 GiB where both have an entry', () => {
    const lines = formatDmesg(pcMap(GIB).map).split('\n');
    expect(lines).toContain('BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable');
    expect(lines).toContain('BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved');
    expect(lines).toContain('BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff] reserved');
    expect(lines).toContain('BIOS-e820: [mem 0x00000000fffc0000-0x00000000ffffffff] reserved');
  });
});
