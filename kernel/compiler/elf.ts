/**
 * ELF64 executable for x86-64 with a PVH entry note.
 *
 *   file: ELF header, program headers, note | text | rodata | data | sections without memory | section headers
 *
 * Each loaded segment starts on a page in the file as in memory.
 * Source: System V ABI "Object Files" and its AMD64 supplement; Xen public header `elfnote.h`.
 */
import { ByteWriter } from './byte-writer.js';
import type { DebugSections } from './dwarf-line.js';
import { PAGE_SIZE_BYTES, type Image, type ImageSymbol } from './link.js';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
const [PF_X, PF_W, PF_R] = [1, 2, 4];
const SHT = { progbits: 1, symtab: 2, strtab: 3, note: 7, nobits: 8 } as const;
const [SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR] = [1, 2, 4];
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly link?: number;
  readonly info?: number;
  readonly entryBytes?: number;
}

/** Numbers of the sections that symbols refer to. */
const TEXT_SECTION = 1;
const RODATA_SECTION = 2;
const DATA_SECTION = 3;
const BSS_SECTION = 4;
const ABSOLUTE_SECTION = 0xfff1;

export function writeElf(image: Image, entry: number, debug: DebugSections): Uint8Array {
  const sections = allSections(image, entry, debug);
  const programHeaders = 4;
  const file = new ByteWriter();
  const offsets: number[] = [];
  const headersEnd = HEADER_BYTES + programHeaders * PROGRAM_HEADER_BYTES;
  const body = new ByteWriter().append(new Uint8Array(headersEnd));
  for (const section of sections) {
    const isLoaded = (section.flags & SHF_ALLOC) !== 0 && section.type === SHT.progbits;
    body.align(isLoaded ? PAGE_SIZE_BYTES : Math.max(section.alignBytes, 1));
    offsets.push(body.length);
    body.append(section.bytes);
  }
  body.align(8);
  writeHeader(file, entry, programHeaders, body.length, sections.length);
  writeProgramHeaders(file, image, sections, offsets);
  const contents = body.finish();
  file.append(contents.subarray(headersEnd));
  writeSectionHeaders(file, sections, offsets);
  return file.finish();
}

function allSections(image: Image, entry: number, debug: DebugSections): Section[] {
  const { text, rodata, data, bssBytes } = image;
  const strings = new StringTable();
  const symbols = symbolTable(image, strings);
  const names = new StringTable();
  const plain = (name: string, bytes: Uint8Array, type: number = SHT.progbits): Section => ({
    name,
    type,
    flags: 0,
    address: 0,
    bytes,
    sizeBytes: bytes.length,
    alignBytes: 1,
  });
  const loaded = (name: string, flags: number, part: Image['text']): Section => ({
    ...plain(name, part.bytes),
    flags: flags | SHF_ALLOC,
    address: part.address,
    alignBytes: 16,
  });
  const dataEnd = data.address + data.bytes.length;
  const zeroed = { type: SHT.nobits, flags: SHF_ALLOC | SHF_WRITE, address: dataEnd };
  const sections: Section[] = [
    { ...plain('', new Uint8Array(0), 0), alignBytes: 0 },
    loaded('.text', SHF_EXECINSTR, text),
    loaded('.rodata', 0, rodata),
    loaded('.data', SHF_WRITE, data),
    { ...plain('.bss', new Uint8Array(0)), ...zeroed, sizeBytes: bssBytes },
    { ...plain('.note.Xen', pvhNote(entry), SHT.note), alignBytes: 4 },
    plain('.debug_line', debug.line),
    plain('.debug_info', debug.info),
    plain('.debug_abbrev', debug.abbreviations),
    {
      ...plain('.symtab', symbols.bytes, SHT.symtab),
      alignBytes: 8,
      link: 10,
      info: symbols.localCount,
      entryBytes: SYMBOL_BYTES,
    },
    plain('.strtab', strings.finish(), SHT.strtab),
  ];
  for (const { name } of sections) names.offsetOf(name);
  names.offsetOf('.shstrtab');
  return [...sections, plain('.shstrtab', names.finish(), SHT.strtab)];
}

/** One note: name "Xen", type 18, the 32-bit entry point as a 64-bit number. */
function pvhNote(entry: number): Uint8Array {
  return new ByteWriter()
    .u32(4)
    .u32(8)
    .u32(XEN_ELFNOTE_PHYS32_ENTRY)
    .text('Xen')
    .u64(entry)
    .finish();
}

class StringTable {
  private readonly writer = new ByteWriter().u8(0);
  private readonly offsets = new Map<string, number>([['', 0]]);

  offsetOf(text: string): number {
    const known = this.offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.writer.length;
    this.offsets.set(text, offset);
    this.writer.text(text);
    return offset;
  }

  finish(): Uint8Array {
    return this.writer.finish();
  }
}

/** Local symbols stand first, as the format demands. */
function symbolTable(
  image: Image,
  strings: StringTable,
): { bytes: Uint8Array; localCount: number } {
  const byAddress = [...image.symbols].sort((a, b) => a.address - b.address);
  const locals = byAddress.filter((symbol) => !symbol.isGlobal);
  const globals = byAddress.filter((symbol) => symbol.isGlobal);
  const writer = new ByteWriter().append(new Uint8Array(SYMBOL_BYTES));
  for (const symbol of [...locals, ...globals]) {
    const kind = { none: 0, object: 1, function: 2 }[symbol.kind];
    const info = (symbol.isGlobal ? 0x10 : 0) + kind;
    writer.u32(strings.offsetOf(symbol.name)).u8(info, 0).u16(sectionOf(image, symbol));
    writer.u64(symbol.address).u64(symbol.sizeBytes);
  }
  return { bytes: writer.finish(), localCount: locals.length + 1 };
}

function sectionOf(image: Image, symbol: ImageSymbol): number {
  if (symbol.kind === 'none') return ABSOLUTE_SECTION;
  if (symbol.kind === 'function') return TEXT_SECTION;
  if (symbol.address < image.data.address) return RODATA_SECTION;
  const dataEnd = image.data.address + image.data.bytes.length;
  return symbol.address < dataEnd ? DATA_SECTION : BSS_SECTION;
}

function writeHeader(
  writer: ByteWriter,
  entry: number,
  programHeaders: number,
  sectionHeadersOffset: number,
  sections: number,
): void {
  // ELFCLASS64, ELFDATA2LSB, EV_CURRENT, System V; ET_EXEC.
  writer.u8(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0).u64(0);
  writer.u16(2).u16(EM_X86_64).u32(1).u64(entry).u64(HEADER_BYTES).u64(sectionHeadersOffset);
  writer.u32(0).u16(HEADER_BYTES).u16(PROGRAM_HEADER_BYTES).u16(programHeaders);
  writer
    .u16(SECTION_HEADER_BYTES)
    .u16(sections)
    .u16(sections - 1);
}

function writeProgramHeaders(
  writer: ByteWriter,
  image: Image,
  sections: readonly Section[],
  offsets: readonly number[],
): void {
  const write = (type: number, flags: number, index: number, extraBytes: number): void => {
    const section = sections[index];
    const sizeBytes = section?.bytes.length ?? 0;
    const address = section?.address ?? 0;
    writer
      .u32(type)
      .u32(flags)
      .u64(offsets[index] ?? 0)
      .u64(address)
      .u64(address);
    writer.u64(sizeBytes).u64(sizeBytes + extraBytes);
    writer.u64(type === PT_LOAD ? PAGE_SIZE_BYTES : 4);
  };
  write(PT_LOAD, PF_R | PF_X, TEXT_SECTION, 0);
  write(PT_LOAD, PF_R, RODATA_SECTION, 0);
  write(PT_LOAD, PF_R | PF_W, DATA_SECTION, image.bssBytes);
  write(PT_NOTE, PF_R, BSS_SECTION + 1, 0);
}

function writeSectionHeaders(
  writer: ByteWriter,
  sections: readonly Section[],
  offsets: readonly number[],
): void {
  const names = new StringTable();
  sections.forEach((section, index) => {
    writer.u32(names.offsetOf(section.name)).u32(section.type).u64(section.flags);
    writer.u64(section.address).u64(index === 0 ? 0 : (offsets[index] ?? 0));
    writer.u64(index === 0 ? 0 : section.sizeBytes);
    writer.u32(section.link ?? 0).u32(section.info ?? 0);
    writer.u64(section.alignBytes).u64(section.entryBytes ?? 0);
  });
}
