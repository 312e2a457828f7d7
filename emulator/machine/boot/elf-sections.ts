/**
 * An ELF file's section headers, as Multiboot 2 hands them over: contents that no segment loads are put into memory, and
 * their headers get the address. Source: gABI 4.1, "Sections"; Multiboot2 Specification 2.0, "ELF-Symbols".
 */
import type { BootModule } from './modules.js';

const ELFCLASS64 = 2;
const SHT_NOBITS = 8;

/** Offsets in the file's header, and in a section's. */
const OFFSETS_32 = {
  ...{ shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50 },
  ...{ headerBytes: 40, address: 12, offset: 16, size: 20 },
};
const OFFSETS_64 = {
  ...{ shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62 },
  ...{ headerBytes: 64, address: 16, offset: 24, size: 32 },
};
const TYPE = 4;

export interface ElfSections {
  readonly count: number;
  readonly headerBytes: number;
  /** Number of the section that holds the names. */
  readonly names: number;
  /** The headers one behind the other: a copy, to be filled in. */
  readonly headers: Uint8Array;
  /** Contents that no segment loads. */
  readonly contents: readonly SectionContents[];
}

export interface SectionContents extends BootModule {
  /** Writes the address into the section's header. */
  setAddress(address: bigint): void;
}

/** Null for a file without section headers, or where their table is cut off. */
export function elfSections(file: Uint8Array, path: string): ElfSections | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const is64 = file[4] === ELFCLASS64;
  const at = is64 ? OFFSETS_64 : OFFSETS_32;
  const word = (from: DataView, offset: number): number =>
    is64 ? Number(from.getBigUint64(offset, true)) : from.getUint32(offset, true);
  const count = view.getUint16(at.shnum, true);
  const start = word(view, at.shoff);
  const whole = start + count * at.headerBytes <= file.byteLength;
  if (count === 0 || view.getUint16(at.shentsize, true) !== at.headerBytes || !whole) return null;
  const headers = new Uint8Array(file.subarray(start, start + count * at.headerBytes));
  const header = new DataView(headers.buffer);
  const contents: SectionContents[] = [];
  for (let index = 0; index < count; index++) {
    const base = index * at.headerBytes;
    const offset = word(header, base + at.offset);
    const size = word(header, base + at.size);
    const loaded = word(header, base + at.address) !== 0;
    const hasBytes = header.getUint32(base + TYPE, true) !== SHT_NOBITS && size > 0;
    if (loaded || !hasBytes || index === 0 || offset + size > file.byteLength) continue;
    contents.push({
      path: `${path}: section ${index}`,
      bytes: file.subarray(offset, offset + size),
      commandLine: '',
      setAddress: (address) =>
        is64
          ? header.setBigUint64(base + at.address, address, true)
          : header.setUint32(base + at.address, Number(address), true),
    });
  }
  const names = view.getUint16(at.shstrndx, true);
  return { count, headerBytes: at.headerBytes, names, headers, contents };
}
