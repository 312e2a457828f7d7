/** The fw_cfg files, byte for byte as QEMU's and firmware/README.md's layouts say. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { mapEntry } from '../memory/memory-map.js';
import { commandLineBytes, e820File } from './boot-parameters.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('e820File', () => {
  it('packs entries of 20 bytes in their order, wrapping ones included', () => {
    const entries = [mapEntry(0x100000n, 0x7f00000n, 1), mapEntry((1n << 64n) - 4096n, 8192n, 2)];
    expect(hex(e820File({ name: 't', entries }))).toBe(
      '0000100000000000' +
        '0000f00700000000' +
        '01000000' +
        '00f0ffffffffffff' +
        '0020000000000000' +
        '02000000',
    );
  });

  // ACPI 6.5, "INT 15H, E820H": "If this bit is clear, the OSPM ignores the Address Range Descriptor".
  it('leaves out entries that ACPI 3.0 attributes disable, which it could not say', () => {
    const ram = mapEntry(0x100000n, 0x7f00000n, 1);
    const disabled = [0, 2, 0xffff_fffe].map((attributes) => ({ ...ram, attributes }));
    const kept = [ram, { ...ram, attributes: 3 }];
    const file = e820File({ name: 't', entries: [...disabled, ...kept] });
    expect(hex(file)).toBe(hex(e820File({ name: 't', entries: [ram, ram] })));
    expect(file).toHaveLength(40);
  });

  it('refuses more entries than the firmware has room for', () => {
    const entries = Array.from({ length: 4097 }, (_, i) => mapEntry(BigInt(i) << 20n, 4096n, 1));
    expect(() => e820File({ name: 'big', entries })).toThrow(ConfigurationError);
    expect(() => e820File({ name: 'big', entries })).toThrow(/big: 4097 entries/);
    expect(e820File({ name: 'big', entries: entries.slice(1) })).toHaveLength(4096 * 20);
  });
});

describe('commandLineBytes', () => {
  it('is ASCII with a NUL, and nothing where there is none', () => {
    expect(hex(commandLineBytes('a b'))).toBe('61206200');
    expect(hex(commandLineBytes(''))).toBe('');
    expect(commandLineBytes('x'.repeat(4095))).toHaveLength(4096);
  });

  it.each([
    ['grün', /character 2 \(code 252\)/],
    ['a\0b', /character 1 \(code 0\)/],
    ['x'.repeat(4096), /4096 characters; a command line has at most 4095/],
  ])('refuses %j', (text, sentence) => {
    expect(() => commandLineBytes(text)).toThrow(ConfigurationError);
    expect(() => commandLineBytes(text)).toThrow(sentence);
  });
});
