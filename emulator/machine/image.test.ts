/** What counts as a boot image, and where it may lie. */
import { describe, expect, it } from 'vitest';
import { elfFile, type ElfSegmentSpec } from '../../tests/guests/elf-file.js';
import { ConfigurationError } from '../base/errors.js';
import { pcMap } from '../memory/pc-map.js';
import { checkPlacement, recogniseImage } from './image.js';
import { ramLayout } from './ram-layout.js';

const MIB = 0x100000n;
const code = Uint8Array.of(0xfa, 0xf4);

function sector(end: readonly [number, number], lengthBytes = 512): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  bytes.set(end, 510);
  return bytes;
}

function image(segments: readonly ElfSegmentSpec[], entry = MIB) {
  return recogniseImage(elfFile({ segments, pvhEntry: entry }), 'k.elf');
}

describe('recogniseImage', () => {
  it('takes an ELF64 file with a PVH note', () => {
    const { kind, entry, placements } = image([{ address: MIB, bytes: code }]);
    expect([kind, entry, placements.length]).toEqual(['pvh', MIB, 1]);
  });

  it('takes 512 bytes that end in 55 aa as a boot sector, to be entered at 0x7c00', () => {
    const { kind, entry, placements } = recogniseImage(sector([0x55, 0xaa]), 'boot.bin');
    expect([kind, entry]).toEqual(['boot-sector', 0x7c00n]);
    expect(placements.map((p) => [p.address, p.memoryBytes])).toEqual([[0x7c00n, 512n]]);
  });

  it('takes a disk that begins with a boot sector, which alone goes to memory', () => {
    const { kind, file, placements } = recogniseImage(sector([0x55, 0xaa], 1024), 'disk.img');
    expect([kind, file.byteLength]).toEqual(['boot-sector', 1024]);
    expect(placements.map((p) => [p.address, p.memoryBytes])).toEqual([[0x7c00n, 512n]]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /the file is empty/],
    ['text', Buffer.from('hello\n'), /not a boot image.*starts with 68 65 6c 6c/],
    ['a sector without a signature', sector([0xaa, 0x55]), /not a boot image/],
    [
      'an ELF file without a PVH note',
      elfFile({ segments: [{ address: MIB, bytes: code }], pvhEntry: null }),
      /without a PVH entry note/,
    ],
    [
      'an entry point behind the bytes of its segment',
      elfFile({ segments: [{ address: MIB, bytes: code, memoryBytes: 9n }], pvhEntry: MIB + 2n }),
      /the PVH entry point 0x100002 lies in nothing that the file loads/,
    ],
  ])('refuses %s', (_, bytes, sentence) => {
    expect(() => recogniseImage(bytes, 'k')).toThrow(ConfigurationError);
    expect(() => recogniseImage(bytes, 'k')).toThrow(sentence);
    expect(() => recogniseImage(bytes, 'k')).toThrow(/^k: /);
  });
});

/** A multiboot file: the header, then 32 bytes of code. [Multiboot Specification 0.6.96, 3.1.3 "The address fields"] */
function multibootFile(addresses: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(64));
  const flags = 1 << 16;
  [0x1badb002, flags, -(0x1badb002 + flags), ...addresses].forEach((word, index) =>
    view.setUint32(4 * index, word >>> 0, true),
  );
  return new Uint8Array(view.buffer);
}

describe('the address fields of a multiboot header', () => {
  it('say where the file goes', () => {
    const bytes = multibootFile([0x200000, 0x200000, 0, 0x300000, 0x200020]);
    const { entry, placements } = recogniseImage(bytes, 'k');
    expect(entry).toBe(0x200020n);
    expect(placements).toEqual([{ address: 0x200000n, bytes, memoryBytes: 0x100000n }]);
  });

  it.each<[string, number[], RegExp]>([
    ['begin before the file', [0x200000, 0x1ffe00, 0, 0, 0x200020], /says that 0x200 bytes lie/],
    ['end before they begin', [0x200000, 0x200000, 0x1fffc0, 0, 0x200020], /data at 0x1fffc0, be/],
    ['end behind the file', [0x200000, 0x200000, 0x210000, 0, 0x200020], /loads 65536 bytes/],
    ['end the BSS too early', [0x200000, 0x200000, 0, 0x200010, 0x200020], /ends the BSS before/],
    ['enter elsewhere', [0x200000, 0x200000, 0, 0, 0x300000], /point 0x300000 lies in nothing/],
    ['enter in the BSS', [0x200000, 0x200000, 0, 0x300000, 0x200040], /point 0x200040 lies in/],
  ])('are refused where they %s', (_, addresses, sentence) => {
    expect(() => recogniseImage(multibootFile(addresses), 'k')).toThrow(ConfigurationError);
    expect(() => recogniseImage(multibootFile(addresses), 'k')).toThrow(sentence);
  });
});

describe('checkPlacement', () => {
  const ram = ramLayout(pcMap(8n * MIB).map);

  it.each<[string, readonly ElfSegmentSpec[]]>([
    [
      'at the very end of RAM',
      [
        { address: 8n * MIB - 2n, bytes: code },
        { address: MIB, bytes: code },
      ],
    ],
    [
      'side by side',
      [
        { address: MIB, bytes: code },
        { address: MIB + 2n, bytes: code },
      ],
    ],
    [
      'an empty one inside another',
      [
        { address: MIB, bytes: code },
        { address: MIB + 1n, bytes: new Uint8Array(0) },
      ],
    ],
  ])('allows segments %s', (_, segments) => {
    expect(() => checkPlacement(image(segments), ram)).not.toThrow();
  });

  it.each<[string, readonly ElfSegmentSpec[], RegExp]>([
    [
      'one byte behind the end of RAM',
      [
        { address: MIB, bytes: code },
        { address: 8n * MIB - 1n, bytes: code },
      ],
      /k\.elf: segment 1 at 0x7fffff–0x800000 lies outside the RAM.*\(nothing at 0x800000\); the machine has 7\.75 MiB/,
    ],
    [
      'that grow out of RAM when zero-filled',
      [{ address: MIB, bytes: code, memoryBytes: 8n * MIB }],
      /segment 0 .* lies outside the RAM/,
    ],
    [
      'in the video window',
      [
        { address: MIB, bytes: code },
        { address: 0xa0000n, bytes: code },
      ],
      /segment 1 at 0xa0000–0xa0001 lies outside the RAM/,
    ],
    [
      'in the ROM',
      [
        { address: MIB, bytes: code },
        { address: 0xffff_fff0n, bytes: code },
      ],
      /segment 1 at 0xfffffff0/,
    ],
    [
      'one over the other',
      [
        { address: MIB, bytes: code, memoryBytes: 0x1001n },
        { address: MIB + 0x1000n, bytes: code },
      ],
      /segment 1 at 0x101000 lies over segment 0/,
    ],
    [
      'one inside the other, in another order in the file',
      [
        { address: MIB + 0x1000n, bytes: code },
        { address: MIB, bytes: code, memoryBytes: 0x9000n },
      ],
      /segment 0 at 0x101000 lies over segment 1/,
    ],
  ])('refuses segments %s', (_, segments, sentence) => {
    expect(() => checkPlacement(image(segments), ram)).toThrow(ConfigurationError);
    expect(() => checkPlacement(image(segments), ram)).toThrow(sentence);
  });
});
