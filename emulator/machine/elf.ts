/**
 * Reads what a loader needs of an ELF file, 32-bit or 64-bit: program headers, entry point, the PVH entry note, symbols.
 * Source: System V ABI, i386 and AMD64 supplements and gABI 4.1 "Object Files"; Xen public/elfnote.h for the note.
 */
import { ConfigurationError } from '../base/errors.js';
import {
  codeSymbols,
  type ElfSymbol,
  STT_FUNC,
  STT_NOTYPE,
  type SymbolTableEntry,
} from './code-symbols.js';

const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const EM_386 = 3;
const EM_X86_64 = 62;

/** Offsets and sizes of one class. */
interface Layout {
  readonly wordBytes: 4 | 8;
  readonly headerBytes: number;
  readonly header: {
    phoff: number;
    shoff: number;
    phentsize: number;
    phnum: number;
    shentsize: number;
    shnum: number;
  };
  readonly programHeaderBytes: number;
  readonly program: { offset: number; vaddr: number; paddr: number; filesz: number; memsz: number };
  readonly sectionHeaderBytes: number;
  readonly section: { flags: number; offset: number; size: number; link: number };
  readonly symbolBytes: number;
  readonly symbol: { value: number; size: number; info: number; shndx: number };
}

const LAYOUT_32: Layout = {
  wordBytes: 4,
  headerBytes: 52,
  header: { phoff: 28, shoff: 32, phentsize: 42, phnum: 44, shentsize: 46, shnum: 48 },
  programHeaderBytes: 32,
  program: { offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20 },
  sectionHeaderBytes: 40,
  section: { flags: 8, offset: 16, size: 20, link: 24 },
  symbolBytes: 16,
  symbol: { value: 4, size: 8, info: 12, shndx: 14 },
};
const LAYOUT_64: Layout = {
  wordBytes: 8,
  headerBytes: 64,
  header: { phoff: 32, shoff: 40, phentsize: 54, phnum: 56, shentsize: 58, shnum: 60 },
  programHeaderBytes: 56,
  program: { offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40 },
  sectionHeaderBytes: 64,
  section: { flags: 8, offset: 24, size: 32, link: 40 },
  symbolBytes: 24,
  symbol: { value: 8, size: 16, info: 4, shndx: 6 },
};
const E_ENTRY = 24;

const PT_LOAD = 1;
const PT_NOTE = 4;
const SHT_SYMTAB = 2;
const SHT_NOTE = 7;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const STT_OBJECT = 1;
const STB_LOCAL = 0;
/** XEN_ELFNOTE_PHYS32_ENTRY: physical address of the 32-bit entry point. */
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

export interface ElfSegment {
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly bytes: Uint8Array;
  /** Bytes in memory; what lies behind `bytes` is zero-filled. */
  readonly memoryBytes: bigint;
  /** How many of its first bytes are the file's own headers: 0 unless it holds the beginning of the file. */
  readonly fileHeaderBytes: number;
}

export interface Elf {
  readonly bits: 32 | 64;
  readonly segments: readonly ElfSegment[];
  /** The entry point as the header has it: a virtual address. */
  readonly entry: bigint;
  /** Physical address of the PVH entry point, or null when the file carries no such note. */
  readonly pvhEntry: bigint | null;
  /** Functions, and labels of code that lie in none, by ascending address. */
  readonly symbols: readonly ElfSymbol[];
}

class Reader {
  readonly view: DataView;
  constructor(
    readonly bytes: Uint8Array,
    readonly path: string,
    readonly layout: Layout,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Fails with the name of what is cut off unless [offset, offset + length) lies inside the file; nothing does anywhere. */
  require(offset: number, lengthBytes: number, what: string): void {
    if (lengthBytes > 0 && offset + lengthBytes > this.bytes.byteLength) {
      throw new ConfigurationError(
        `${this.path}: truncated ELF file: ${what} needs bytes ${offset} to ${offset + lengthBytes}, ` +
          `the file has ${this.bytes.byteLength}`,
      );
    }
  }

  u16(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  u64(offset: number): bigint {
    return this.view.getBigUint64(offset, true);
  }

  /** An address or size in the width of the class. */
  word(offset: number): bigint {
    return this.layout.wordBytes === 8 ? this.u64(offset) : BigInt(this.u32(offset));
  }

  /** A file offset or size, as a number; larger ones than the file can have are refused by `require`. */
  offset(at: number): number {
    return Number(this.word(at));
  }

  slice(offset: number, lengthBytes: number): Uint8Array {
    return this.bytes.subarray(offset, offset + lengthBytes);
  }

  text(start: number, end: number): string {
    let text = '';
    for (let at = start; at < end; at++) {
      const code = this.bytes[at];
      if (code === undefined || code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  }
}

/** True when the file starts as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Whether they are an ELF file of 32 bits. */
export function isElf32(bytes: Uint8Array): boolean {
  return isElf(bytes) && bytes[4] === ELFCLASS32;
}

/**
 * Parses an ELF executable for x86-64 or the 80386.
 * @param path named in every error
 * @throws ConfigurationError when the file is truncated, damaged, or for another machine
 */
export function parseElf(bytes: Uint8Array, path: string): Elf {
  const is64 = bytes[4] === ELFCLASS64;
  const layout = is64 ? LAYOUT_64 : LAYOUT_32;
  const file = new Reader(bytes, path, layout);
  file.require(0, 20, 'the ELF header');
  if (!is64 && bytes[4] !== ELFCLASS32) {
    throw new ConfigurationError(`${path}: an ELF file of class ${bytes[4]}; there are 1 and 2`);
  }
  if (bytes[5] !== ELFDATA2LSB) {
    throw new ConfigurationError(`${path}: a big-endian ELF file; x86-64 is little-endian`);
  }
  const machine = file.u16(18);
  // ELF32 for x86-64 is the x32 ABI ("AMD64 ILP32"); QEMU enters it by its PVH note as well.
  if (machine !== EM_X86_64 && (is64 || machine !== EM_386)) {
    throw new ConfigurationError(
      `${path}: an ELF${is64 ? 64 : 32} file for machine ${machine}; x86-64 (machine ${EM_X86_64}) ` +
        `${is64 ? '' : `or the 80386 (machine ${EM_386}) `}is needed`,
    );
  }
  file.require(0, layout.headerBytes, 'the ELF header');
  const headers = programHeaders(file);
  return {
    bits: is64 ? 64 : 32,
    segments: headers.filter((header) => header.type === PT_LOAD).map((h) => loadSegment(file, h)),
    entry: file.word(E_ENTRY),
    pvhEntry: pvhEntry(file, headers),
    symbols: symbolsOfCode(file),
  };
}

interface ProgramHeader {
  readonly index: number;
  readonly type: number;
  readonly fileOffset: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly fileBytes: number;
  readonly memoryBytes: bigint;
}

function programHeaders(file: Reader): ProgramHeader[] {
  const { header, program, programHeaderBytes } = file.layout;
  const tableOffset = file.offset(header.phoff);
  const entryBytes = file.u16(header.phentsize);
  const count = file.u16(header.phnum);
  if (count > 0 && entryBytes !== programHeaderBytes) {
    throw new ConfigurationError(
      `${file.path}: program headers of ${entryBytes} bytes; ELF${8 * file.layout.wordBytes} has ${programHeaderBytes}`,
    );
  }
  file.require(tableOffset, count * programHeaderBytes, 'the program header table');
  return Array.from({ length: count }, (_, index) => {
    const at = tableOffset + index * programHeaderBytes;
    return {
      index,
      type: file.u32(at),
      fileOffset: file.offset(at + program.offset),
      virtualAddress: file.word(at + program.vaddr),
      physicalAddress: file.word(at + program.paddr),
      fileBytes: file.offset(at + program.filesz),
      memoryBytes: file.word(at + program.memsz),
    };
  });
}

function loadSegment(file: Reader, header: ProgramHeader): ElfSegment {
  file.require(header.fileOffset, header.fileBytes, `segment ${header.index}`);
  if (header.memoryBytes < BigInt(header.fileBytes)) {
    throw new ConfigurationError(
      `${file.path}: segment ${header.index} has ${header.fileBytes} bytes in the file ` +
        `but only ${header.memoryBytes} in memory`,
    );
  }
  return {
    virtualAddress: header.virtualAddress,
    physicalAddress: header.physicalAddress,
    bytes: file.slice(header.fileOffset, header.fileBytes),
    memoryBytes: header.memoryBytes,
    fileHeaderBytes: header.fileOffset === 0 ? fileHeaderBytes(file) : 0,
  };
}

/** The ELF header and the program headers, where these follow it. */
function fileHeaderBytes(file: Reader): number {
  const { header, headerBytes, programHeaderBytes } = file.layout;
  const tableOffset = file.offset(header.phoff);
  return tableOffset === headerBytes
    ? headerBytes + file.u16(header.phnum) * programHeaderBytes
    : headerBytes;
}

function pvhEntry(file: Reader, headers: readonly ProgramHeader[]): bigint | null {
  for (const header of headers) {
    if (header.type !== PT_NOTE) continue;
    file.require(header.fileOffset, header.fileBytes, `note segment ${header.index}`);
    const entry = entryInNotes(file, header.fileOffset, header.fileOffset + header.fileBytes);
    if (entry !== null) return entry;
  }
  for (const section of sections(file)) {
    if (section.type !== SHT_NOTE) continue;
    const entry = entryInNotes(file, section.offset, section.offset + section.sizeBytes);
    if (entry !== null) return entry;
  }
  return null;
}

function entryInNotes(file: Reader, start: number, end: number): bigint | null {
  const align4 = (value: number): number => 4 * Math.ceil(value / 4);
  let at = start;
  while (at + 12 <= end) {
    const nameBytes = file.u32(at);
    const descriptorBytes = file.u32(at + 4);
    const type = file.u32(at + 8);
    const descriptorAt = at + 12 + align4(nameBytes);
    if (descriptorAt + descriptorBytes > end) return null;
    const name = file.text(at + 12, at + 12 + nameBytes);
    if (name === 'Xen' && type === XEN_ELFNOTE_PHYS32_ENTRY && descriptorBytes >= 4) {
      return descriptorBytes >= 8 ? file.u64(descriptorAt) : BigInt(file.u32(descriptorAt));
    }
    at = descriptorAt + align4(descriptorBytes);
  }
  return null;
}

interface Section {
  readonly type: number;
  readonly isCode: boolean;
  readonly isLoaded: boolean;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly link: number;
}

/** Section headers, or none when the table is absent or cut off: only debug facts hang on them. */
function sections(file: Reader): Section[] {
  const { header, section, sectionHeaderBytes } = file.layout;
  const tableOffset = file.offset(header.shoff);
  const count = file.u16(header.shnum);
  if (file.u16(header.shentsize) !== sectionHeaderBytes) return [];
  if (tableOffset + count * sectionHeaderBytes > file.bytes.byteLength) return [];
  const all = Array.from({ length: count }, (_, index) => {
    const at = tableOffset + index * sectionHeaderBytes;
    return {
      type: file.u32(at + 4),
      isCode: (file.u32(at + section.flags) & SHF_EXECINSTR) !== 0,
      isLoaded: (file.u32(at + section.flags) & SHF_ALLOC) !== 0,
      offset: file.offset(at + section.offset),
      sizeBytes: file.offset(at + section.size),
      link: file.u32(at + section.link),
    };
  });
  const inside = (section: Section): boolean =>
    section.offset + section.sizeBytes <= file.bytes.byteLength;
  return all.map((section) => (inside(section) ? section : { ...section, type: 0, sizeBytes: 0 }));
}

function symbolsOfCode(file: Reader): ElfSymbol[] {
  return codeSymbols(symbolTable(file, [STT_FUNC, STT_NOTYPE]));
}

/**
 * Variables, and labels outside of code, by ascending address; one without a size reaches to the next, or to the end of what is loaded
 * around it. Of several at one address, one with a size. `bytes` are those of an ELF file that parseElf takes.
 */
export function dataObjects(bytes: Uint8Array, path: string): ElfSymbol[] {
  const layout = bytes[4] === ELFCLASS64 ? LAYOUT_64 : LAYOUT_32;
  const file = new Reader(bytes, path, layout);
  const segments = programHeaders(file).filter(({ type }) => type === PT_LOAD);
  const ends = segments.map((header) => header.virtualAddress + header.memoryBytes);
  const named = symbolTable(file, [STT_OBJECT, STT_NOTYPE]).filter(
    ({ isInCode, isInSection, name }) => isInSection && !isInCode && name !== '',
  );
  const sorted = named.sort((a, b) => Number(a.address - b.address || a.sizeBytes - b.sizeBytes));
  const last = sorted.filter(({ address }, index) => address !== sorted[index + 1]?.address);
  return last.map(({ name, address, sizeBytes }, index) => {
    if (sizeBytes > 0n) return { name, address, sizeBytes };
    const bounds = [...ends, ...last.slice(index + 1, index + 2).map((next) => next.address)];
    const behind = bounds.filter((bound) => bound > address);
    const end = behind.length === 0 ? address : behind.reduce((x, y) => (x < y ? x : y));
    return { name, address, sizeBytes: end - address };
  });
}

interface Entry extends SymbolTableEntry {
  readonly isInSection: boolean;
}

/** Symbols of these types. */
function symbolTable(file: Reader, types: readonly number[]): Entry[] {
  const all = sections(file);
  const table = all.find((section) => section.type === SHT_SYMTAB);
  const strings = table === undefined ? undefined : all[table.link];
  if (table === undefined || strings === undefined) return [];
  const { symbol, symbolBytes } = file.layout;
  const entries: Entry[] = [];
  const end = table.offset + table.sizeBytes;
  for (let at = table.offset; at + symbolBytes <= end; at += symbolBytes) {
    const info = file.bytes[at + symbol.info] ?? 0;
    if (!types.includes(info & 0xf)) continue;
    const section = all[file.u16(at + symbol.shndx)];
    const nameAt = strings.offset + file.u32(at);
    entries.push({
      name: file.text(nameAt, strings.offset + strings.sizeBytes),
      address: file.word(at + symbol.value),
      sizeBytes: file.word(at + symbol.size),
      type: info & 0xf,
      isLocal: info >> 4 === STB_LOCAL,
      isInCode: section?.isCode === true,
      isInSection: section?.isLoaded === true,
    });
  }
  return entries;
}
