/** The ELF reader against files written field by field from the gABI (tests/guests/elf-file.ts). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EI_CLASS,
  EI_DATA,
  elfFile,
  ELF_HEADER_BYTES,
  E_MACHINE,
  E_PHENTSIZE,
  E_PHOFF,
  P_FILESZ,
  P_MEMSZ,
  P_OFFSET,
  PROGRAM_HEADER_BYTES,
  type ElfSpec,
  type ElfSymbolSpec,
} from '../../tests/guests/elf-file.js';
import { ConfigurationError } from '../base/errors.js';
import { isElf, parseElf } from './elf.js';

const CODE = Uint8Array.of(0xfa, 0xf4, 0xeb, 0xfd);
const SPEC: ElfSpec = {
  segments: [
    { address: 0x100000n, bytes: CODE },
    { address: 0x200000n, bytes: Uint8Array.of(1, 2), memoryBytes: 0x5000n },
  ],
  pvhEntry: 0x100000n,
};

function changed(change: (view: DataView) => void, spec: ElfSpec = SPEC): Uint8Array {
  const bytes = Uint8Array.from(elfFile(spec));
  change(new DataView(bytes.buffer));
  return bytes;
}

/** An ELF32 header that stands alone. [gABI 4.1, "ELF Header"] */
function elf32Header(machine: number): Uint8Array {
  const bytes = new Uint8Array(52);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  new DataView(bytes.buffer).setUint16(E_MACHINE, machine, true);
  return bytes;
}

const segmentField = (index: number, field: number): number =>
  ELF_HEADER_BYTES + index * PROGRAM_HEADER_BYTES + field;

describe('parseElf', () => {
  it('gives the loadable segments with their bytes and their size in memory', () => {
    const { segments } = parseElf(elfFile(SPEC), 'k.elf');
    expect(segments.map((s) => [s.physicalAddress, [...s.bytes], s.memoryBytes])).toEqual([
      [0x100000n, [...CODE], 4n],
      [0x200000n, [1, 2], 0x5000n],
    ]);
  });

  // gABI "Program Header": p_offset is where the segment's first byte is in the file, and p_filesz may be 0. LLD gives a BSS a page of its own, which may lie behind the end of the file.
  it('takes a segment of zeros alone wherever its bytes would be in the file', () => {
    const segments = [
      { address: 0x100000n, bytes: CODE },
      { address: 0x200000n, bytes: new Uint8Array(0), memoryBytes: 0x5000n },
    ];
    const bytes = changed((v) => v.setBigUint64(segmentField(1, P_OFFSET), 0x2000n, true), {
      ...SPEC,
      segments,
    });
    expect(parseElf(bytes, 'k.elf').segments.map((s) => [s.bytes.length, s.memoryBytes])).toEqual([
      [4, 4n],
      [0, 0x5000n],
    ]);
  });

  it.each<[string, Partial<ElfSpec>, bigint | null]>([
    ['a note in a program header', {}, 0x100000n],
    ['a note in a section only', { noteIn: 'section' }, 0x100000n],
    ['a value of four bytes', { noteValueBytes: 4 }, 0x100000n],
    ['an entry above 4 GiB', { pvhEntry: 0x1_2345_6789n }, 0x1_2345_6789n],
    ['no note', { pvhEntry: null }, null],
  ])('finds the PVH entry: %s', (_, change, entry) => {
    expect(parseElf(elfFile({ ...SPEC, ...change }), 'k.elf').pvhEntry).toBe(entry);
  });

  it.each([
    ['the 80386', 3],
    ['x86-64, as the x32 ABI has it', 62],
  ])('takes an ELF32 file for %s', (_, machine) => {
    expect(parseElf(elf32Header(machine), 'k.elf').bits).toBe(32);
  });

  // gABI "Note Section": sizes are unsigned words; what such a note names ends behind the segment, and so do the notes.
  it.each([
    ['a name of 4 GiB less 16', 0xffff_fff0],
    ['a name of 2 GiB', 0x8000_0000],
  ])('finds no PVH entry behind a note with %s', (_, nameBytes) => {
    const whole = elfFile(SPEC);
    const name = Buffer.from(whole).indexOf('Xen\0', 0, 'latin1');
    const bytes = Uint8Array.from(whole);
    new DataView(bytes.buffer).setUint32(name - 12, nameBytes, true);
    expect(parseElf(bytes, 'k.elf').pvhEntry).toBeNull();
  });

  it('gives function symbols by ascending address, and no others', () => {
    const symbols = [
      { name: 'later', address: 0x100010n, sizeBytes: 8n },
      { name: 'table', address: 0x100008n, sizeBytes: 8n, type: 1 },
      { name: 'first', address: 0x100000n, sizeBytes: 4n },
    ];
    expect(parseElf(elfFile({ ...SPEC, symbols }), 'k.elf').symbols).toEqual([
      { name: 'first', address: 0x100000n, sizeBytes: 4n },
      { name: 'later', address: 0x100010n, sizeBytes: 8n },
    ]);
  });

  // gABI "Symbol Table": STT_NOTYPE (0) is what NASM gives every label, and Linux's SYM_CODE_START an entry point.
  const label = { type: 0, isCode: true } as const;
  const local = { ...label, binding: 0 } as const;
  it.each<[string, ElfSymbolSpec[], string[]]>([
    [
      'labels of NASM, and not those that begin with a dot there',
      [
        { name: '_start', address: 0x100000n, ...label },
        { name: 'putc', address: 0x100010n, ...local },
        { name: 'putc.wait', address: 0x100014n, ...local },
        { name: '.putc', address: 0x100020n, ...local },
      ],
      ['_start', 'putc', '.putc'],
    ],
    [
      'labels of code only',
      [
        { name: 'code', address: 0x100000n, ...label },
        { name: 'data', address: 0x100004n, type: 0, isCode: false },
        { name: '_end', address: 0x100008n, type: 0 },
        { name: '', address: 0x10000cn, ...label },
      ],
      ['code'],
    ],
    [
      'labels beside functions, and none in one, or at its beginning',
      [
        { name: '_text', address: 0x100000n, ...label },
        { name: 'sized', address: 0x100000n, sizeBytes: 8n },
        { name: 'inner', address: 0x100004n, ...label },
        { name: 'entry', address: 0x100008n, sizeBytes: 16n, ...label },
        { name: 'entry_safe_stack', address: 0x10000cn, ...label },
        { name: 'behind', address: 0x100018n, ...local },
      ],
      ['sized', 'entry', 'behind'],
    ],
    [
      'none of the same file behind a function without a size',
      [
        { name: 'unsized', address: 0x100000n },
        { name: 'loop', address: 0x100004n, ...local },
        { name: 'next', address: 0x100008n, ...label },
        { name: 'helper', address: 0x10000cn, ...local },
      ],
      ['unsized', 'next', 'helper'],
    ],
    [
      'of two at one address the one with a size last',
      [
        { name: 'startup', address: 0x100000n, sizeBytes: 8n, ...label },
        { name: '_stext', address: 0x100000n, ...label },
      ],
      ['_stext', 'startup'],
    ],
  ])('names code by labels without a type: %s', (_, symbols, names) => {
    const found = parseElf(elfFile({ ...SPEC, symbols }), 'k.elf').symbols;
    expect(found.map(({ name }) => name)).toEqual(names);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['cut off in the identification', elfFile(SPEC).subarray(0, 12), /the ELF header needs bytes/],
    ['cut off in the header', elfFile(SPEC).subarray(0, 40), /the ELF header needs bytes 0 to 64/],
    [
      'cut off in the program headers',
      elfFile(SPEC).subarray(0, 100),
      /the program header table needs bytes 64 to 232, the file has 100/,
    ],
    [
      'cut off in a segment',
      elfFile(SPEC).subarray(0, -1),
      /segment 1 needs bytes .* the file has/,
    ],
    ['of an unknown class', changed((v) => v.setUint8(EI_CLASS, 3)), /an ELF file of class 3/],
    [
      'of 64 bits for the 80386',
      changed((v) => v.setUint16(E_MACHINE, 3, true)),
      /an ELF64 file for machine 3; x86-64 \(machine 62\) is needed/,
    ],
    [
      'of 32 bits for ARM',
      elf32Header(40),
      /an ELF32 file for machine 40; x86-64 \(machine 62\) or the 80386 \(machine 3\) is needed/,
    ],
    ['big-endian', changed((v) => v.setUint8(EI_DATA, 2)), /big-endian/],
    ['for AArch64', changed((v) => v.setUint16(E_MACHINE, 183, true)), /for machine 183/],
    [
      'with program headers of 32 bytes',
      changed((v) => v.setUint16(E_PHENTSIZE, 32, true)),
      /program headers of 32 bytes; ELF64 has 56/,
    ],
    [
      'with a program header table beyond 2^53',
      changed((v) => v.setBigUint64(E_PHOFF, 0xffff_ffff_ffff_fff0n, true)),
      /the program header table/,
    ],
    [
      'with a segment larger than the file',
      changed((v) => v.setBigUint64(segmentField(0, P_FILESZ), 1n << 63n, true)),
      /segment 0 needs bytes/,
    ],
    [
      'with less memory than file bytes',
      changed((v) => v.setBigUint64(segmentField(0, P_MEMSZ), 3n, true)),
      /segment 0 has 4 bytes in the file but only 3 in memory/,
    ],
  ])('refuses a file %s with one sentence that names it', (_, bytes, sentence) => {
    expect(() => parseElf(bytes, 'bad.elf')).toThrow(ConfigurationError);
    expect(() => parseElf(bytes, 'bad.elf')).toThrow(sentence);
    expect(() => parseElf(bytes, 'bad.elf')).toThrow(/^bad\.elf: [^\n]+$/);
  });

  it('answers any damage with a result or a ConfigurationError, never another error', () => {
    const whole = elfFile({ ...SPEC, symbols: [{ name: 'f', address: 0x100000n }] });
    const damage = fc.array(
      fc.record({
        at: fc.integer({ min: 4, max: whole.byteLength - 1 }),
        byte: fc.integer({ min: 0, max: 255 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(damage, fc.integer({ min: 0, max: whole.byteLength }), (changes, length) => {
        const bytes = Uint8Array.from(whole);
        for (const { at, byte } of changes) bytes[at] = byte;
        try {
          parseElf(bytes.subarray(0, length), 'k.elf');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }),
      { seed: 64, numRuns: 3000 },
    );
  });
});

describe('isElf', () => {
  it.each([
    [[0x7f, 0x45, 0x4c, 0x46], true],
    [[0x7f, 0x45, 0x4c], false],
    [[], false],
    [[0x4d, 0x5a, 0x90, 0x00], false],
  ])('%j → %s', (bytes, expected) => {
    expect(isElf(Uint8Array.from(bytes))).toBe(expected);
  });
});
