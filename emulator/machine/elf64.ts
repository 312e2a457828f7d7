/**
 * Reads what a loader needs of an ELF64 file: program headers, the PVH entry note, symbols.
 * Source: System V ABI, AMD64 supplement and gABI 4.1 "Object Files"; Xen public/elfnote.h for the note.
 */
import { ConfigurationError } from '../base/errors.js';

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
const SHT_SYMTAB = 2;
const SHT_NOTE = 7;
const STT_FUNC = 2;
/** XEN_ELFNOTE_PHYS32_ENTRY: physical address of the 32-bit entry point. */
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

export interface ElfSegment {
  readonly physicalAddress: bigint;
  readonly bytes: Uint8Array;
  /** Bytes in memory; what lies behind `bytes` is zero-filled. */
  readonly memoryBytes: bigint;
}

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly sizeBytes: bigint;
}

export interface Elf64 {
  readonly segments: readonly ElfSegment[];
  /** Physical address of the PVH entry point, or null when the file carries no such note. */
  readonly pvhEntry: bigint | null;
  /** Function symbols, by ascending address. */
  readonly symbols: readonly ElfSymbol[];
}

class Reader {
  readonly view: DataView;
  constructor(
    readonly bytes: Uint8Array,
    readonly path: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Fails with the name of what is cut off unless [offset, offset + length) lies inside the file. */
  require(offset: number, lengthBytes: number, what: string): void {
    if (offset + lengthBytes > this.bytes.byteLength) {
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

  /** A file offset or size, as a number; larger ones than the file can have are refused by `require`. */
  offset(at: number): number {
    return Number(this.u64(at));
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

/**
 * Parses an ELF64 executable for x86-64.
 * @param path named in every error
 * @throws ConfigurationError when the file is truncated, not 64-bit, or for another machine
 */
export function parseElf64(bytes: Uint8Array, path: string): Elf64 {
  const file = new Reader(bytes, path);
  file.require(0, 20, 'the ELF header');
  if (bytes[4] !== ELFCLASS64) {
    throw new ConfigurationError(`${path}: a 32-bit ELF file; a 64-bit one (ELF64) is needed`);
  }
  if (bytes[5] !== ELFDATA2LSB) {
    throw new ConfigurationError(`${path}: a big-endian ELF file; x86-64 is little-endian`);
  }
  const machine = file.u16(18);
  if (machine !== EM_X86_64) {
    throw new ConfigurationError(
      `${path}: an ELF file for machine ${machine}; x86-64 (machine ${EM_X86_64}) is needed`,
    );
  }
  file.require(0, ELF_HEADER_BYTES, 'the ELF header');
  const headers = programHeaders(file);
  return {
    segments: headers.filter((header) => header.type === PT_LOAD).map((h) => loadSegment(file, h)),
    pvhEntry: pvhEntry(file, headers),
    symbols: functionSymbols(file),
  };
}

interface ProgramHeader {
  readonly index: number;
  readonly type: number;
  readonly fileOffset: number;
  readonly physicalAddress: bigint;
  readonly fileBytes: number;
  readonly memoryBytes: bigint;
}

function programHeaders(file: Reader): ProgramHeader[] {
  const tableOffset = file.offset(32);
  const entryBytes = file.u16(54);
  const count = file.u16(56);
  if (count > 0 && entryBytes !== PROGRAM_HEADER_BYTES) {
    throw new ConfigurationError(
      `${file.path}: program headers of ${entryBytes} bytes; ELF64 has ${PROGRAM_HEADER_BYTES}`,
    );
  }
  file.require(tableOffset, count * PROGRAM_HEADER_BYTES, 'the program header table');
  return Array.from({ length: count }, (_, index) => {
    const at = tableOffset + index * PROGRAM_HEADER_BYTES;
    return {
      index,
      type: file.u32(at),
      fileOffset: file.offset(at + 8),
      physicalAddress: file.u64(at + 24),
      fileBytes: file.offset(at + 32),
      memoryBytes: file.u64(at + 40),
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
    physicalAddress: header.physicalAddress,
    bytes: file.slice(header.fileOffset, header.fileBytes),
    memoryBytes: header.memoryBytes,
  };
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
  const align4 = (value: number): number => (value + 3) & ~3;
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
  readonly offset: number;
  readonly sizeBytes: number;
  readonly link: number;
}

/** Section headers, or none when the table is absent or cut off: only debug facts hang on them. */
function sections(file: Reader): Section[] {
  const tableOffset = file.offset(40);
  const count = file.u16(60);
  if (file.u16(58) !== SECTION_HEADER_BYTES) return [];
  if (tableOffset + count * SECTION_HEADER_BYTES > file.bytes.byteLength) return [];
  const all = Array.from({ length: count }, (_, index) => {
    const at = tableOffset + index * SECTION_HEADER_BYTES;
    return {
      type: file.u32(at + 4),
      offset: file.offset(at + 24),
      sizeBytes: file.offset(at + 32),
      link: file.u32(at + 40),
    };
  });
  const inside = (section: Section): boolean =>
    section.offset + section.sizeBytes <= file.bytes.byteLength;
  return all.map((section) => (inside(section) ? section : { ...section, type: 0, sizeBytes: 0 }));
}

function functionSymbols(file: Reader): ElfSymbol[] {
  const all = sections(file);
  const table = all.find((section) => section.type === SHT_SYMTAB);
  const strings = table === undefined ? undefined : all[table.link];
  if (table === undefined || strings === undefined) return [];
  const symbols: ElfSymbol[] = [];
  for (
    let at = table.offset;
    at + SYMBOL_BYTES <= table.offset + table.sizeBytes;
    at += SYMBOL_BYTES
  ) {
    const type = (file.bytes[at + 4] ?? 0) & 0xf;
    if (type !== STT_FUNC) continue;
    const nameAt = strings.offset + file.u32(at);
    const name = file.text(nameAt, strings.offset + strings.sizeBytes);
    symbols.push({ name, address: file.u64(at + 8), sizeBytes: file.u64(at + 16) });
  }
  return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}
