/**
 * What multiboot 2 images are handed, and which are refused. Expectations: Multiboot2 Specification 2.0, 3.1 to 3.6;
 * ACPI 6.5, "Root System Description Pointer" for the RSDPs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../emulator/base/errors.js';
import { relocated } from '../../emulator/machine/boot/relocation.js';
import { recogniseImage } from '../../emulator/machine/image.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { elfFile } from '../guests/elf-file.js';
import { flatImage } from '../guests/guest.js';

const folder = emptyFolder();
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const boot = (path: string, ...more: string[]) =>
  s7x(['run', path, '-m', '64M', '--cpu', 'unit', '--uart', 'instant', ...more]);

const MAGIC = 0xe85250d6;
const BASE = 0x100000;
const OPTIONAL = 1;

interface HeaderTag {
  readonly type: number;
  readonly flags?: number;
  /** 32-bit words behind the size. */
  readonly words?: readonly number[];
  /** When it is not what the words need. */
  readonly sizeBytes?: number;
}

const GUEST = flatImage('multiboot2');
const GUEST_HEADER_BYTES = new DataView(GUEST.buffer, GUEST.byteOffset).getUint32(8, true);
const ADDRESS: HeaderTag = {
  type: 2,
  words: [BASE, BASE, BASE + GUEST.byteLength, 0x150000],
};
const ENTRY: HeaderTag = { type: 3, words: [BASE + GUEST_HEADER_BYTES] };
const END: HeaderTag = { type: 0 };
/** The header moves to the end of the image, where there is room for more tags. */
const HEADER_AT = (GUEST.byteLength + 7) & ~7;
const MOVED: HeaderTag = { type: 2, words: [BASE + HEADER_AT, BASE, 0, 0x150000] };

/** "The layout of Multiboot2 header": magic, architecture, length, checksum; tags at multiples of 8. */
function header(tags: readonly HeaderTag[], architecture = 0, checksumOff = 0): Uint8Array {
  const parts = tags.map(({ type, flags = 0, words = [], sizeBytes = 8 + 4 * words.length }) => {
    const view = new DataView(new ArrayBuffer((8 + 4 * words.length + 7) & ~7));
    view.setUint16(0, type, true);
    view.setUint16(2, flags, true);
    view.setUint32(4, sizeBytes, true);
    words.forEach((word, index) => view.setUint32(8 + 4 * index, word, true));
    return new Uint8Array(view.buffer);
  });
  const length = 16 + parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const fixed = new DataView(new ArrayBuffer(16));
  const checksum = -(MAGIC + architecture + length) + checksumOff;
  [MAGIC, architecture, length, checksum].forEach((word, index) =>
    fixed.setUint32(4 * index, word >>> 0, true),
  );
  return Buffer.concat([new Uint8Array(fixed.buffer), ...parts]);
}

/** The guest without a header of its own, and another behind it. */
function withHeader(tags: readonly HeaderTag[], architecture = 0, checksumOff = 0): Uint8Array {
  const image = Buffer.alloc(HEADER_AT);
  image.set(GUEST);
  image.writeUInt32LE(0, 0);
  return Buffer.concat([image, header(tags, architecture, checksumOff)]);
}

/** The guest as an ELF64 file of one segment, and with section headers. */
function elf64(tags: readonly HeaderTag[]): Uint8Array {
  const address = BigInt(BASE);
  return elfFile({
    segments: [{ address, bytes: withHeader(tags), memoryBytes: 0x50000n }],
    pvhEntry: null,
    // Six letters: the headers and tables before the segment have a multiple of eight bytes, as the header needs it.
    symbols: [{ name: 'kernel', address, sizeBytes: 16n }],
  });
}

/** What each tag says, by its type. */
function tagsOf(stdout: string): Map<number, string[][]> {
  const tags = new Map<number, string[][]>();
  for (const part of stdout.split('tag ').slice(1)) {
    const [type, ...lines] = part.trimEnd().split('\n');
    const number = Number.parseInt(type ?? '', 16);
    tags.set(number, [...(tags.get(number) ?? []), lines]);
  }
  return tags;
}

const RSD = '20445352'; // "RSD "
const STATE = ['36d76289', '00000000', '00000001', '00000000', '00000000'];

describe('multiboot 2', () => {
  it.each<[string, () => Uint8Array]>([
    ['an image that says by itself where it goes', () => GUEST],
    ['one whose header stands at its end', () => withHeader([MOVED, ENTRY, END])],
    [
      'one that is loaded from its beginning (-1)',
      () => {
        const words = [BASE + HEADER_AT, 0xffffffff, 0, 0x150000];
        return withHeader([{ type: 2, words }, ENTRY, END]);
      },
    ],
    ['an ELF64 file', () => elf64([ENTRY, END])],
  ])('%s gets registers, sizes, map and RSDPs', async (_, image) => {
    const { stdout, status } = await boot(file('kernel', image()), '--append', 'a=1 b');
    expect(stdout.split('\n').slice(0, 5)).toEqual(STATE);
    const tags = tagsOf(stdout);
    expect(Object.fromEntries(tags)).toMatchObject({
      0: [['00000000']],
      1: [['a=1 b']],
      2: [['s7x']],
      4: [['0000027f', '0000fc00']], // 639 KiB and 63 MiB
      6: [['00000018', '00000000', (7 * 24).toString(16).padStart(8, '0'), '0009fc00', '00000001']],
      14: [[RSD, '00000014', '00000000']],
      15: [[RSD, '00000024', '00000000']],
    });
    // No module, no display, no EFI, and nothing was relocated.
    for (const absent of [3, 5, 7, 8, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21]) {
      expect(tags.has(absent), `tag ${absent}`).toBe(false);
    }
    expect(status).toBe(0);
  });

  it('an ELF file gets its section headers, and the names in memory', async () => {
    const image = elf64([ENTRY, END]);
    image[62] = 2; // e_shstrndx: the table with the one symbol's name
    const { stdout } = await boot(file('kernel', image));
    expect(tagsOf(stdout).get(9)).toEqual([['00000004', '00000040', '00000002', 'kernel']]);
    const { stdout: addressed } = await boot(file('kernel', GUEST));
    expect(tagsOf(addressed).has(9)).toBe(false);
  });

  it('modules lie on pages, each with its text', async () => {
    const one = file('one', 'Xyz');
    const two = file('two', new Uint8Array(5000).fill(0x59));
    const modules = ['--module', `${one}=first module`, '--module', two];
    const { stdout } = await boot(file('kernel', GUEST), ...modules);
    expect(tagsOf(stdout).get(3)).toEqual([
      ['00000000', '00000003', '00000058', 'first module'],
      ['00000000', '00001388', '00000059'],
    ]);
  });

  it.each<[string, readonly number[], string]>([
    ['the lowest place', [0x200000, 0x3ffffff, 0x1000, 1], '00200000'],
    // 64 MiB less 0x50000, the size of the image with its BSS, in 64 KiB steps
    ['the highest place', [0x200000, 0x2ffffff, 0x10000, 2], '02fb0000'],
    ['where it is linked', [0x100000, 0x3ffffff, 0x1000, 0], '00100000'],
    ['elsewhere where it may not be', [0x300800, 0x3ffffff, 0x100000, 0], '00400000'],
  ])('a relocatable image gets %s and is told so', async (_, words, base) => {
    const image = withHeader([MOVED, ENTRY, { type: 10, words }, END]);
    const { stdout, status } = await boot(file('kernel', image));
    expect(tagsOf(stdout).get(21)).toEqual([[base]]);
    expect(status).toBe(0);
  });

  it.each<[string, readonly HeaderTag[]]>([
    ['information that this machine has nothing of', [{ type: 1, words: [1, 7, 8, 12, 20] }]],
    ['unknown information, when it is optional', [{ type: 1, flags: OPTIONAL, words: [99] }]],
    ['an optional framebuffer', [{ type: 5, flags: OPTIONAL, words: [800, 600, 32] }]],
    ['EGA text support', [{ type: 4, words: [2] }]],
    ['an optional console', [{ type: 4, flags: OPTIONAL, words: [1] }]],
    ['the tags of EFI', [{ type: 7 }, { type: 8, words: [0] }, { type: 9, words: [0] }]],
    ['an unknown tag, when it is optional', [{ type: 77, flags: OPTIONAL, words: [1, 2, 3] }]],
  ])('takes %s', (_, tags) => {
    const { kind } = recogniseImage(withHeader([MOVED, ENTRY, ...tags, END]), 'k');
    expect(kind).toBe('multiboot2');
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    [
      'unknown information',
      () => withHeader([MOVED, ENTRY, { type: 1, words: [1, 99] }, END]),
      /requires information that is not known \(type 99\)/,
    ],
    [
      'a framebuffer',
      () => withHeader([MOVED, ENTRY, { type: 5, words: [800, 600, 32] }, END]),
      /requires a framebuffer \(tag 5\): there is no display/,
    ],
    [
      'a console',
      () => withHeader([MOVED, ENTRY, { type: 4, words: [3] }, END]),
      /requires a console \(tag 4, bit 0\): there is no display, only serial ports/,
    ],
    [
      'an unknown tag',
      () => withHeader([MOVED, ENTRY, { type: 77, words: [1] }, END]),
      /requires what is not known \(tag 77\)/,
    ],
    [
      'another architecture',
      () => withHeader([MOVED, ENTRY, END], 4),
      /for architecture 4 \(32-bit MIPS\); it must be 0/,
    ],
    [
      'a wrong checksum',
      () => withHeader([MOVED, ENTRY, END], 0, 1),
      /multiboot 2 header at byte \d+ has a wrong checksum: its first 4 words add up to 0x1, not 0/,
    ],
    ['no end tag', () => withHeader([MOVED, ENTRY]), /has no whole tag at byte \d+/],
    [
      'a tag that is too short',
      () => withHeader([{ type: 2, words: [BASE, BASE] }, ENTRY, END]),
      /of type 2, has 16 bytes; it needs 24/,
    ],
    [
      'a tag behind the header',
      () => withHeader([MOVED, { ...ENTRY, sizeBytes: 4096 }, END]),
      /has no whole tag at byte \d+/,
    ],
    [
      'addresses without an entry',
      () => withHeader([MOVED, END]),
      /with an address tag and without an entry address tag/,
    ],
    [
      'no addresses and no ELF file',
      () => withHeader([ENTRY, END]),
      /no ELF file and whose header has no address tag/,
    ],
    [
      'a length that it does not have',
      () => withHeader([{ ...MOVED, words: [BASE + HEADER_AT, BASE, 0x900000, 0] }, ENTRY, END]),
      /the multiboot 2 header loads 8388608 bytes from byte 0 on, the file has \d+/,
    ],
    [
      'a place that this machine does not have',
      () => withHeader([MOVED, ENTRY, { type: 10, words: [0x8000000, 0x8ffffff, 4096, 0] }, END]),
      /no room for its 320 KiB in usable memory at 0x8000000–0x8ffffff, where its header lets it go/,
    ],
    [
      'an alignment that is no power of two',
      () => withHeader([MOVED, ENTRY, { type: 10, words: [0, 0x8ffffff, 3, 0] }, END]),
      /cannot be relocated so \(tag 10: .*0x3, the preference is 0\)/,
    ],
  ])('refuses %s', (_, image, sentence) => {
    const place = (): unknown => relocated(recogniseImage(image(), 'k'), pcMap(64n << 20n).map);
    expect(place).toThrow(ConfigurationError);
    expect(place).toThrow(sentence);
    expect(place).toThrow(/^k: /);
  });

  it('refuses by --boot what has no such header', async () => {
    const { status, stderr } = await boot(file('none', 'text'), '--boot', 'multiboot2');
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/none: no multiboot 2 header in its first 32768 bytes/),
    ]);
  });

  it('is preferred to a multiboot header in the same file', () => {
    const both = Buffer.from(withHeader([MOVED, ENTRY, END]));
    const flags = 0x10003;
    [0x1badb002, flags, -(0x1badb002 + flags) >>> 0, BASE, BASE, 0, 0, BASE].forEach((word, at) =>
      both.writeUInt32LE(word, 4 * at),
    );
    expect(recogniseImage(both, 'both').kind).toBe('multiboot2');
    expect(recogniseImage(both, 'both', 'multiboot').kind).toBe('multiboot');
  });
});

// The address fields of the guest's own header are those that the tests put elsewhere.
it('the guest has the tags that the tests rebuild', () => {
  const words = new DataView(GUEST.buffer, GUEST.byteOffset);
  const own = [6, 7, 8, 9].map((index) => words.getUint32(4 * index, true));
  expect(own).toEqual(ADDRESS.words);
});
