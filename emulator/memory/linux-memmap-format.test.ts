import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import {
  applyMapChanges,
  formatLinuxMemmap,
  parseLinuxMemmap,
  parseMapChange,
} from './linux-memmap-format.js';
import { mapEntry } from './memory-map.js';

const MIB = 1n << 20n;

describe('parseLinuxMemmap', () => {
  it('reads every spelling of the kernel parameters page', () => {
    const text =
      'BOOT_IMAGE=/vmlinuz root=/dev/sda1 memmap=exactmap memmap=640K@0 memmap=0x400$0x9fc00 ' +
      'memmap=64K#0xbf7a0000,8G!8G memmap=0x1000%0x2000+20 quiet';
    expect(parseLinuxMemmap(text, 'cmdline').entries).toEqual([
      mapEntry(0n, 640n * 1024n, 1),
      mapEntry(0x9fc00n, 0x400n, 2),
      mapEntry(0xbf7a0000n, 65536n, 3),
      mapEntry(8192n * MIB, 8192n * MIB, 12),
      mapEntry(0x2000n, 0x1000n, 20),
    ]);
  });

  it.each(['memmap=64K\\$0x9f000', 'memmap=64K\\\\\\$0x9f000'])(
    'reads %s as GRUB wants it',
    (text) => {
      expect(parseLinuxMemmap(text, 'x').entries).toEqual([mapEntry(0x9f000n, 65536n, 2)]);
    },
  );

  it.each([
    ['root=/dev/sda1', /^x has no memmap=/],
    ['memmap=64K', /memmap=64K is no memory region/],
    ['memmap=64K@', /has '' where a number/],
    ['memmap=0x9f000G@zz', /has 'zz'/],
    ['memmap=010@0', /has '010'/],
    ['memmap=1@99999999E', /exceeds 64 bits/],
    ['memmap=64K%0x1000-1+2', /converts between types/],
  ])('refuses %s', (text, message) => {
    expect(() => parseLinuxMemmap(text, 'x')).toThrow(ConfigurationError);
    expect(() => parseLinuxMemmap(text, 'x')).toThrow(message);
  });
});

describe('parseMapChange', () => {
  it.each([
    ['64K@0x9f000:reserved', mapEntry(0x9f000n, 65536n, 2)],
    ['1@4G:usable', mapEntry(4096n * MIB, MIB, 1)], // our sizes: a bare number counts MiB
    ['4096B@0x1000:acpi', mapEntry(0x1000n, 4096n, 3)],
    ['0x1000B@0x1000:nvs', mapEntry(0x1000n, 4096n, 4)],
    ['1M@16M:unusable', mapEntry(16n * MIB, MIB, 5)],
    ['1M@16M:pmem', mapEntry(16n * MIB, MIB, 7)],
    ['1M@16M:9', mapEntry(16n * MIB, MIB, 9)],
    ['64K$0x9f000', mapEntry(0x9f000n, 65536n, 2)],
    ['memmap=64K$0x9f000', mapEntry(0x9f000n, 65536n, 2)],
    ['64@0x100000', mapEntry(0x100000n, 64n, 1)], // Linux's spelling: bytes
  ])('reads %s', (text, entry) => {
    expect(parseMapChange(text)).toEqual({ kind: 'entry', entry });
  });

  it.each([
    ['64K@9f000:reserved', /'64K@9f000:reserved' has '9f000'/],
    ['8X@0:usable', /'8X' has the unknown unit/],
    ['0x1000@0:usable', /hexadecimal/],
    ['64K@0:reservd', /unknown type 'reservd'.*did you mean 'reserved'/],
    ['-1M@0:usable', /negative/],
    ['', /is no memory region/],
    ['16E@0:hole', /exceeds 64 bits/],
  ])('refuses %s', (text, message) => {
    expect(() => parseMapChange(text)).toThrow(ConfigurationError);
    expect(() => parseMapChange(text)).toThrow(message);
  });
});

describe('applyMapChanges', () => {
  const map = { name: 'x', entries: [mapEntry(MIB, 4n * MIB, 1), mapEntry(8n * MIB, MIB, 2)] };

  it('appends entries, so that a kernel decides between them', () => {
    const { entries } = applyMapChanges(map, [parseMapChange('1M@2M:reserved')]);
    expect(entries).toEqual([...map.entries, mapEntry(2n * MIB, MIB, 2)]);
  });

  it.each([
    [
      '1M@2M:hole',
      [mapEntry(MIB, MIB, 1), mapEntry(3n * MIB, 2n * MIB, 1), mapEntry(8n * MIB, MIB, 2)],
    ],
    ['2M@0:hole', [mapEntry(2n * MIB, 3n * MIB, 1), mapEntry(8n * MIB, MIB, 2)]],
    ['4M@4M:hole', [mapEntry(MIB, 3n * MIB, 1), mapEntry(8n * MIB, MIB, 2)]],
    ['1M@4M:hole', [mapEntry(MIB, 3n * MIB, 1), mapEntry(8n * MIB, MIB, 2)]],
    ['16M@0:hole', []],
    ['1M@6M:hole', [...map.entries]],
  ])('cuts %s out of every entry', (change, entries) => {
    expect(applyMapChanges(map, [parseMapChange(change)]).entries).toEqual(entries);
  });
});

describe('formatLinuxMemmap', () => {
  it('writes a command line, and says which entries it cannot express', () => {
    const disabled = { ...mapEntry(0x5000n, 0x1000n, 1), attributes: 0 };
    const entries = [mapEntry(0n, 0x9fc00n, 1), disabled, mapEntry(0x1000n, 0n, 4)];
    expect(formatLinuxMemmap({ name: 'x', entries })).toEqual({
      text: 'memmap=exactmap memmap=0x9fc00@0x0 memmap=0x0%0x1000+4\n',
      leftOut: [1],
    });
  });
});
