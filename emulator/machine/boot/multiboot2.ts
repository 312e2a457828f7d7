/**
 * The Multiboot protocol, version 2: ELF32, ELF64, and images whose header says by itself where they go.
 * Source: Multiboot2 Specification 2.0, 3.1 "OS image format", 3.3 "I386 machine state", 3.6 "Boot information format",
 * and its multiboot2.h, whose fields of the ELF sections are of 32 bits (as GRUB's, and as kernels read them).
 * Not handed over, because this machine has none: BIOS disk, framebuffer and VBE, APM, SMBIOS, network, EFI.
 */
import { ConfigurationError } from '../../base/errors.js';
import { isEnabled, type MemoryMap } from '../../memory/memory-map.js';
import { isElf, parseElf } from '../elf.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { elfPlacements } from './elf-placements.js';
import { elfSections } from './elf-sections.js';
import type { FlatEntry } from './flat-entry.js';
import { placeModules, type BootModule } from './modules.js';
import {
  addressedPlacement,
  elfEntry,
  LOADER_NAME,
  memorySizes,
  type MultibootImage,
} from './multiboot-image.js';
import type { Multiboot2Header } from './multiboot2-header.js';
import { placed, Structure, zeroTerminated } from './structure.js';

const BOOT_MAGIC = 0x36d76289;
const INFORMATION = 0x10000;
const INFORMATION_END = 0x80000;
const FOUR_GIB = 1n << 32n;
const MAP_ENTRY_BYTES = 24;
const RSDP_1_BYTES = 20;
const RSDP_2_BYTES = 36;

const Tag = {
  end: 0,
  commandLine: 1,
  loaderName: 2,
  module: 3,
  basicMemory: 4,
  memoryMap: 6,
  elfSections: 9,
  acpiOldRsdp: 14,
  acpiNewRsdp: 15,
  imageLoadBase: 21,
} as const;

/** @throws ConfigurationError when nothing says where the image goes or where it is entered */
export function readMultiboot2(
  bytes: Uint8Array,
  header: Multiboot2Header,
  path: string,
): MultibootImage {
  const { address, entry, offset } = header;
  if (address !== null) {
    if (entry === null) {
      throw new ConfigurationError(
        `${path}: a multiboot 2 header with an address tag and without an entry address tag: nothing says where to enter it`,
      );
    }
    const placement = addressedPlacement(bytes, offset, address, path, 'multiboot 2');
    return { placements: [placement], entry, symbols: [] };
  }
  if (!isElf(bytes)) {
    throw new ConfigurationError(
      `${path}: a multiboot 2 image that is no ELF file and whose header has no address tag`,
    );
  }
  const elf = parseElf(bytes, path);
  return {
    placements: elfPlacements(elf),
    entry: entry ?? elfEntry(elf, path),
    symbols: elf.symbols,
  };
}

export interface Multiboot2Request {
  readonly file: Uint8Array;
  readonly header: Multiboot2Header;
  readonly image: MultibootImage;
  /** The address that a relocatable image went to. */
  readonly loadBase: bigint | null;
  readonly path: string;
  readonly map: MemoryMap;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
}

/** The boot information, the modules, and the registers at the entry. */
export function planMultiboot2(request: Multiboot2Request): {
  placements: PlacedBytes[];
  entry: FlatEntry;
} {
  const { file, header, image, map, path } = request;
  const sections = header.address === null ? elfSections(file, path) : null;
  const modules = placeModules(request.modules, map, image.placements, FOUR_GIB);
  const taken = [
    ...image.placements,
    ...modules.map(({ address, bytes }) => placed(address, bytes)),
  ];
  const contents = placeModules(sections?.contents ?? [], map, taken, FOUR_GIB);
  contents.forEach(({ address }, index) => sections?.contents[index]?.setAddress(address));

  const information = new Information();
  information.add(Tag.commandLine, zeroTerminated(request.commandLine, '--append'));
  information.add(Tag.loaderName, zeroTerminated(LOADER_NAME, 'the name of the loader'));
  for (const { address, bytes, commandLine } of modules) {
    const start = Number(address);
    const text = zeroTerminated(commandLine, path);
    const module = new Structure(8 + text.byteLength);
    module.u32(0, start).u32(4, start + bytes.byteLength);
    information.add(Tag.module, module.copy(8, text).bytes);
  }
  const memory = memorySizes(map);
  const sizes = new Structure(8).u32(0, memory.lower).u32(4, memory.upper);
  information.add(Tag.basicMemory, sizes.bytes);
  information.add(Tag.memoryMap, mapOf(map));
  if (sections !== null) {
    const { count, headerBytes, names, headers } = sections;
    const table = new Structure(12 + headers.byteLength);
    table.u32(0, count).u32(4, headerBytes).u32(8, names).copy(12, headers);
    information.add(Tag.elfSections, table.bytes);
  }
  // The firmware has them: it fills them in.
  const rsdpCopies = [
    information.add(Tag.acpiOldRsdp, new Uint8Array(RSDP_1_BYTES)),
    information.add(Tag.acpiNewRsdp, new Uint8Array(RSDP_2_BYTES)),
  ] as const;
  if (request.loadBase !== null) {
    const base = new Structure(4).u32(0, Number(request.loadBase));
    information.add(Tag.imageLoadBase, base.bytes);
  }
  return {
    placements: [
      ...taken,
      ...contents.map(({ address, bytes }) => placed(address, bytes)),
      placed(INFORMATION, information.finish(path)),
    ],
    entry: { address: image.entry, eax: BOOT_MAGIC, ebx: INFORMATION, esi: 0, rsdpCopies },
  };
}

/** {u32 entry size, u32 entry version}, then {u64 base, u64 length, u32 type, u32 reserved}. */
function mapOf(map: MemoryMap): Uint8Array {
  const entries = map.entries.filter(isEnabled);
  const bytes = new Structure(8 + entries.length * MAP_ENTRY_BYTES).u32(0, MAP_ENTRY_BYTES);
  entries.forEach(({ base, length, type }, index) => {
    const at = 8 + index * MAP_ENTRY_BYTES;
    bytes
      .u64(at, base)
      .u64(at + 8, length)
      .u32(at + 16, type);
  });
  return bytes.bytes;
}

/** {u32 total size, u32 reserved}, then tags {u32 type, u32 size, contents}, each at a multiple of 8. */
class Information {
  private readonly tags: { readonly at: number; readonly type: number; bytes: Uint8Array }[] = [];
  private end = 8;

  /** Tells the address of the tag's contents. */
  add(type: number, bytes: Uint8Array): number {
    const at = this.end;
    this.tags.push({ at, type, bytes });
    this.end = (at + 8 + bytes.byteLength + 7) & ~7;
    return INFORMATION + at + 8;
  }

  finish(path: string): Uint8Array {
    this.add(Tag.end, new Uint8Array(0));
    const room = INFORMATION_END - INFORMATION;
    if (this.end > room) {
      throw new ConfigurationError(
        `${path}: the multiboot 2 information has ${this.end} bytes (map, command lines, section headers); there is room for ${room}`,
      );
    }
    const all = new Structure(this.end).u32(0, this.end);
    for (const { at, type, bytes } of this.tags) {
      all
        .u32(at, type)
        .u32(at + 4, 8 + bytes.byteLength)
        .copy(at + 8, bytes);
    }
    return all.bytes;
  }
}
