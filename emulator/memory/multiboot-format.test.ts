/** The map of multiboot's boot information. */
import { describe, expect, it } from 'vitest';
import { mapEntry, type MemoryMap } from './memory-map.js';
import { formatMultiboot } from './multiboot-format.js';

const MAP: MemoryMap = {
  name: 'odd',
  entries: [
    mapEntry(0x1_0000_0000n, 0x2_4000_0000n, 1), // not sorted, as firmware gives it
    { base: 0x1000n, length: 0x1000n, type: 1, attributes: 0 },
    mapEntry(0x9fc00n, 0x400n, 2),
    mapEntry(0xffff_ffff_ffff_f000n, 0n, 0xefff_ffff),
  ],
};

describe('formatMultiboot [Multiboot Specification 0.6.96, "Boot information format"]', () => {
  it('has size, base, length, type, little endian; a disabled entry is left out', () => {
    expect(formatMultiboot(MAP)).toEqual({
      text:
        '14 00 00 00 00 00 00 00 01 00 00 00 00 00 00 40 02 00 00 00 01 00 00 00\n' +
        '14 00 00 00 00 fc 09 00 00 00 00 00 00 04 00 00 00 00 00 00 02 00 00 00\n' +
        '14 00 00 00 00 f0 ff ff ff ff ff ff 00 00 00 00 00 00 00 00 ff ff ff ef\n',
      leftOut: [1],
    });
  });

  it('of no entries is empty', () => {
    expect(formatMultiboot({ name: 'none', entries: [] }).text).toBe('');
  });
});
