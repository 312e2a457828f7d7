import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { mapEntry } from './memory-map.js';
import { zooMap, zooNames, zooSource } from './zoo.js';

describe('the zoo', () => {
  it('has 137 maps, each with its machine and source', () => {
    expect(zooNames()).toHaveLength(137);
    expect(new Set(zooNames()).size).toBe(137);
    for (const name of zooNames()) {
      expect(zooMap(name).entries.length).toBeGreaterThan(0);
      expect(zooSource(name).source).not.toBe('');
      expect(zooSource(name).machine).not.toBe('');
    }
  });

  it('keeps a map as the firmware gave it: unsorted, with a zero-length entry of type 0', () => {
    // The log of the i586 of 2001 on linux-kernel.
    expect(zooMap('pentium133-96mib-zero-length-type0')).toEqual({
      name: 'zoo:pentium133-96mib-zero-length-type0',
      entries: [
        mapEntry(0x0n, 0x9fc00n, 1),
        mapEntry(0x9fc00n, 0x400n, 2),
        mapEntry(0xe0000n, 0x20000n, 2),
        mapEntry(0x100000n, 0x5f00000n, 1),
        mapEntry(0xfffe0000n, 0x20000n, 2),
        mapEntry(0x0n, 0x0n, 0),
      ],
    });
  });

  it.each([
    ['bochs-512', /the zoo has no map 'bochs-512'; did you mean 'bochs-512m'\?$/],
    ['r7625', /did you mean 'dell-r7625-768gib-8-numa-holes'/],
    ['qqqqqqqq', /^the zoo has no map 'qqqqqqqq'$/],
    ['', /^the zoo has no map ''$/],
  ])('answers the unknown name %j with suggestions', (name, message) => {
    expect(() => zooMap(name)).toThrow(ConfigurationError);
    expect(() => zooMap(name)).toThrow(message);
  });
});
