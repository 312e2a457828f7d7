/**
 * Writes ELF64 files for tests, field by field.
 * Source: System V ABI gABI 4.1 "Object Files"; AMD64 supplement; Xen public/elfnote.h.
 */

export interface ElfSegmentSpec {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Bytes in memory; as many as in the file unless given. */
  readonly memoryBytes?: bigint;
}

export interface ElfSymbolSpec {
  readonly name: string;
  readonly address: bigint;
  readonly sizeBytes?: bigint;
  /** STT_FUNC unless given. */
  readonly type?: number;
  /** STB_GLOBAL unless given. */
  readonly binding?: number;
  /** Whether its section holds code; it has no section of its own unless given. */
  readonly isCode?: boolean;
}

export interface ElfSpec {
  readonly segments: readonly ElfSegmentSpec[];
  /** Value of the PVH note; none when null. */
  readonly pvhEntry: bigint | null;
  /** Where the note stands: a program header PT_NOTE, or a section SHT_NOTE alone. */
  readonly noteIn?: 'segment' | 'section';
  /** Bytes of the note's value: 8, or 4 as some linkers write it. */
  readonly noteValueBytes?: 4 | 8;
  readonly symbols?: readonly ElfSymbolSpec[];
}

/** Offsets in the ELF header, for tests that damage it. */
export const EI_CLASS = 4;
export const EI_DATA = 5;
export const E_MACHINE = 18;
export const E_PHOFF = 32;
export const E_PHENTSIZE = 54;
export const ELF_HEADER_BYTES = 64;
export const PROGRAM_HEADER_BYTES = 56;
export const P_OFFSET = 8;
export const P_FILESZ = 32;
export const P_MEMSZ = 40;

const SECTION_HEADER_BYTES = 64;
const PT_LOAD = 1;
const PT_NOTE = 4;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_NOTE = 7;
const SHT_PROGBITS = 1;
const SHF_ALLOC_EXECINSTR = 6;
const SHF_ALLOC_WRITE = 3;
/** Places of the sections of code and of data. */
const CODE_SECTION = 4;
const DATA_SECTION = 5;
const SHN_ABS = 0xfff1;
const STB_GLOBAL = 1;
const STT_FUNC = 2;

class Writer {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  /** Appends bytes and tells where they begin. */
  add(bytes: Uint8Array): number {
    const at = this.length;
    this.parts.push(bytes);
    this.length += bytes.byteLength;
    return at;
  }

  /** Little-endian fields: [value, size in bytes]. */
  fields(
    ...fields: readonly (readonly [value: number | bigint, sizeBytes: 1 | 2 | 4 | 8])[]
  ): number {
    const bytes = fields.flatMap(([value, size]) =>
      Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn)),
    );
    return this.add(Uint8Array.from(bytes));
  }

  all(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

/** The file: header, program headers, section headers, contents. */
export function elfFile(spec: ElfSpec): Uint8Array {
  const note = spec.pvhEntry === null ? null : pvhNote(spec.pvhEntry, spec.noteValueBytes ?? 8);
  const noteSegment = note !== null && spec.noteIn !== 'section';
  const noteSection = note !== null && spec.noteIn === 'section';
  const { table, strings } = symbolTable(spec.symbols ?? []);
  const programHeaders = spec.segments.length + (noteSegment ? 1 : 0);
  const hasCode = spec.symbols?.some(({ isCode }) => isCode !== undefined) === true;
  const sectionHeaders = spec.symbols === undefined && !noteSection ? 0 : hasCode ? 6 : 4;
  const headersEnd =
    ELF_HEADER_BYTES +
    programHeaders * PROGRAM_HEADER_BYTES +
    sectionHeaders * SECTION_HEADER_BYTES;

  const contents = new Writer();
  const place = (bytes: Uint8Array): number => headersEnd + contents.add(bytes);
  const noteAt = note === null ? 0 : place(note);
  const tableAt = place(table);
  const stringsAt = place(strings);
  const segmentsAt = spec.segments.map(({ bytes }) => place(bytes));

  const file = new Writer();
  file.add(Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  file.fields([2, 2], [62, 2], [1, 4], [spec.pvhEntry ?? 0n, 8], [ELF_HEADER_BYTES, 8]);
  const sectionsAt = ELF_HEADER_BYTES + programHeaders * PROGRAM_HEADER_BYTES;
  file.fields([sectionHeaders === 0 ? 0 : sectionsAt, 8], [0, 4], [ELF_HEADER_BYTES, 2]);
  file.fields([PROGRAM_HEADER_BYTES, 2], [programHeaders, 2]);
  file.fields([SECTION_HEADER_BYTES, 2], [sectionHeaders, 2], [0, 2]);
  spec.segments.forEach(({ address, bytes, memoryBytes }, index) => {
    const size = BigInt(bytes.byteLength);
    file.fields([PT_LOAD, 4], [7, 4], [segmentsAt[index] ?? 0, 8], [address, 8], [address, 8]);
    file.fields([size, 8], [memoryBytes ?? size, 8], [0x1000, 8]);
  });
  if (note !== null && noteSegment) {
    file.fields([PT_NOTE, 4], [4, 4], [noteAt, 8], [0, 8], [0, 8]);
    file.fields([note.byteLength, 8], [note.byteLength, 8], [4, 8]);
  }
  if (sectionHeaders > 0) {
    const section = (
      type: number,
      at: number,
      size: number,
      link: number,
      entry: number,
      flags = 0,
    ): void => {
      file.fields([0, 4], [type, 4], [flags, 8], [0, 8], [at, 8], [size, 8], [link, 4], [0, 4]);
      file.fields([8, 8], [entry, 8]);
    };
    section(0, 0, 0, 0, 0);
    section(SHT_SYMTAB, tableAt, table.byteLength, 2, 24);
    section(SHT_STRTAB, stringsAt, strings.byteLength, 0, 0);
    section(noteSection ? SHT_NOTE : 0, noteAt, noteSection ? note.byteLength : 0, 0, 0);
    if (hasCode) {
      section(SHT_PROGBITS, headersEnd, 0, 0, 0, SHF_ALLOC_EXECINSTR);
      section(SHT_PROGBITS, headersEnd, 0, 0, 0, SHF_ALLOC_WRITE);
    }
  }
  file.add(contents.all());
  return file.all();
}

/** XEN_ELFNOTE_PHYS32_ENTRY behind another note, as Xen's tools find it: by owner and type, not by place. */
function pvhNote(entry: bigint, valueBytes: 4 | 8): Uint8Array {
  const note = new Writer();
  note.fields([4, 4], [4, 4], [1, 4]); // NT_GNU_ABI_TAG, a value of 4 bytes
  note.add(Buffer.from('GNU\0'));
  note.fields([0, 4]);
  note.fields([4, 4], [valueBytes, 4], [18, 4]);
  note.add(Buffer.from('Xen\0'));
  note.fields([entry, valueBytes]);
  return note.all();
}

function symbolTable(symbols: readonly ElfSymbolSpec[]): {
  table: Uint8Array;
  strings: Uint8Array;
} {
  const strings = new Writer();
  strings.add(Uint8Array.of(0));
  const table = new Writer();
  table.add(new Uint8Array(24));
  for (const { name, address, sizeBytes, type, binding, isCode } of symbols) {
    const nameAt = strings.add(Buffer.from(`${name}\0`));
    const info = ((binding ?? STB_GLOBAL) << 4) | (type ?? STT_FUNC);
    const section = isCode === undefined ? SHN_ABS : isCode ? CODE_SECTION : DATA_SECTION;
    table.fields([nameAt, 4], [info, 1], [0, 1], [section, 2]);
    table.fields([address, 8], [sizeBytes ?? 0n, 8]);
  }
  return { table: table.all(), strings: strings.all() };
}
