/**
 * The Multiboot protocol, version 1: ELF32, ELF64, and images whose header says by itself where they go.
 * Source: Multiboot Specification 0.6.96: 3.1 "OS image format", 3.2 "Machine state", 3.3 "Boot information format".
 */
import { ConfigurationError } from '../../base/errors.js';
import { isEnabled, type MemoryMap } from '../../memory/memory-map.js';
import { isElf, parseElf, type Elf } from '../elf.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { placeModules, type BootModule } from './modules.js';
import type { FlatEntry } from './flat-entry.js';
import { placed, Structure, zeroTerminated } from './structure.js';

const HEADER_MAGIC = 0x1badb002;
const BOOT_MAGIC = 0x2badb002;
const SEARCH_BYTES = 8192;
const HEADER_BYTES = 12;
const ADDRESS_HEADER_BYTES = 32;
/** Flags of the header: what the image requires. */
const PAGE_ALIGN = 1 << 0;
const MEMORY_INFO = 1 << 1;
const VIDEO_MODE = 1 << 2;
const REQUIRED = 0xffff;
const ADDRESS_FIELDS = 1 << 16;
/** Flags of the boot information: what is there. */
const HAS_MEMORY = 1 << 0;
const HAS_COMMAND_LINE = 1 << 2;
const HAS_MODULES = 1 << 3;
const HAS_MAP = 1 << 6;
const HAS_LOADER_NAME = 1 << 9;

const INFORMATION = 0x10000;
const INFORMATION_BYTES = 120;
const MAP = 0x11000;
const MAP_ENTRY_BYTES = 24;
const MODULES = 0x30000;
const MODULE_BYTES = 16;
const TEXTS = 0x40000;
const TEXTS_END = 0x80000;
const LOADER_NAME = 's7x';
const FOUR_GIB = 1n << 32n;
const KIB = 1024n;

export interface MultibootImage {
  readonly placements: readonly PlacedBytes[];
  readonly entry: number;
  readonly symbols: Elf['symbols'];
}

/** Offset of the header in the file, or null where there is none. */
export function multibootHeader(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = Math.min(SEARCH_BYTES, bytes.byteLength) - HEADER_BYTES;
  for (let at = 0; at <= last; at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum >>> 0 === 0) return at;
  }
  return null;
}

/** @throws ConfigurationError when the image asks for what is not there, or is damaged */
export function readMultiboot(bytes: Uint8Array, header: number, path: string): MultibootImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint32(header + 4, true);
  const unknown = flags & REQUIRED & ~(PAGE_ALIGN | MEMORY_INFO | VIDEO_MODE);
  if (unknown !== 0) {
    throw new ConfigurationError(
      `${path}: the multiboot header requires features that are not known (flags 0x${unknown.toString(16)})`,
    );
  }
  if ((flags & ADDRESS_FIELDS) !== 0) return addressedImage(bytes, header, path);
  if (!isElf(bytes)) {
    throw new ConfigurationError(
      `${path}: a multiboot image that is no ELF file and whose header has no addresses (flag 16)`,
    );
  }
  return elfImage(parseElf(bytes, path), path);
}

/** "The address fields of Multiboot header": where the text goes, how much is loaded, where the BSS ends. */
function addressedImage(bytes: Uint8Array, header: number, path: string): MultibootImage {
  if (header + ADDRESS_HEADER_BYTES > bytes.byteLength) {
    throw new ConfigurationError(`${path}: the multiboot header at byte ${header} is cut off`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const field = (at: number): number => view.getUint32(header + at, true);
  const headerAddress = field(12);
  const load = field(16);
  const loadEnd = field(20);
  const bssEnd = field(24);
  const start = header - (headerAddress - load);
  const loaded = loadEnd === 0 ? bytes.byteLength - start : loadEnd - load;
  if (start < 0 || loaded < 0 || start + loaded > bytes.byteLength) {
    throw new ConfigurationError(
      `${path}: the multiboot header loads ${loaded} bytes from byte ${start} on, the file has ${bytes.byteLength}`,
    );
  }
  const memory = bssEnd === 0 ? loaded : bssEnd - load;
  if (memory < loaded) {
    throw new ConfigurationError(`${path}: the multiboot header ends the BSS before the data`);
  }
  const placement = {
    ...placed(load, bytes.subarray(start, start + loaded)),
    memoryBytes: BigInt(memory),
  };
  return { placements: [placement], entry: field(28), symbols: [] };
}

/** Entry points are virtual where a segment holds them so, as in GRUB. */
function elfImage(elf: Elf, path: string): MultibootImage {
  const placements = elf.segments.map((segment) => ({
    address: segment.physicalAddress,
    bytes: segment.bytes,
    memoryBytes: segment.memoryBytes,
  }));
  const holder = elf.segments.find(
    ({ virtualAddress, memoryBytes }) =>
      elf.entry >= virtualAddress && elf.entry < virtualAddress + memoryBytes,
  );
  const entry =
    holder === undefined ? elf.entry : elf.entry - holder.virtualAddress + holder.physicalAddress;
  if (entry >= FOUR_GIB || placements.length === 0) {
    throw new ConfigurationError(
      `${path}: the entry point 0x${entry.toString(16)} cannot be reached by 32-bit code`,
    );
  }
  return { placements, entry: Number(entry), symbols: elf.symbols };
}

export interface MultibootRequest {
  readonly image: MultibootImage;
  readonly path: string;
  readonly map: MemoryMap;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
}

/** The boot information, the modules, and the registers at the entry. */
export function planMultiboot(request: MultibootRequest): {
  placements: PlacedBytes[];
  entry: FlatEntry;
} {
  const { image, map } = request;
  const information = new Structure(INFORMATION_BYTES);
  const texts = new TextRoom();
  const modules = placeModules(request.modules, map, image.placements, FOUR_GIB);
  const memory = memorySizes(map);
  information.u32(0, HAS_MEMORY | HAS_COMMAND_LINE | HAS_MODULES | HAS_MAP | HAS_LOADER_NAME);
  information.u32(4, memory.lower).u32(8, memory.upper);
  information.u32(16, texts.add(commandLine(request.path, request.commandLine), '--append'));
  information.u32(20, modules.length).u32(24, MODULES);
  const mapBytes = mapOf(map);
  information.u32(44, mapBytes.byteLength).u32(48, MAP);
  information.u32(64, texts.add(LOADER_NAME, 'the name of the loader'));
  const list = new Structure(modules.length * MODULE_BYTES);
  modules.forEach((module, index) => {
    const at = index * MODULE_BYTES;
    const start = Number(module.address);
    list.u32(at, start).u32(at + 4, start + module.bytes.byteLength);
    list.u32(at + 8, texts.add(module.commandLine, module.path));
  });
  return {
    placements: [
      ...image.placements,
      ...modules.map(({ address, bytes }) => placed(address, bytes)),
      placed(INFORMATION, information.bytes),
      placed(MAP, mapBytes),
      placed(MODULES, list.bytes),
      ...texts.placements,
    ],
    entry: { address: image.entry, eax: BOOT_MAGIC, ebx: INFORMATION, esi: 0 },
  };
}

/** Its first word is the image's name, as with other loaders. */
function commandLine(path: string, text: string): string {
  const name = path.split('/').at(-1) ?? path;
  const ascii = name.replace(/[^\x21-\x7e]/g, '_');
  return text === '' ? ascii : `${ascii} ${text}`;
}

/** KiB below 640 KiB, and from 1 MiB up to the first hole. */
function memorySizes(map: MemoryMap): { lower: number; upper: number } {
  const size = (base: bigint): bigint =>
    map.entries.find((entry) => entry.base === base && entry.type === 1)?.length ?? 0n;
  const most = (value: bigint, limit: bigint): number => Number(value < limit ? value : limit);
  return { lower: most(size(0n) / KIB, 640n), upper: most(size(1n << 20n) / KIB, 0xffff_ffffn) };
}

function mapOf(map: MemoryMap): Uint8Array {
  const entries = map.entries.filter(isEnabled);
  const bytes = new Structure(entries.length * MAP_ENTRY_BYTES);
  entries.forEach(({ base, length, type }, index) => {
    const at = index * MAP_ENTRY_BYTES;
    bytes
      .u32(at, MAP_ENTRY_BYTES - 4)
      .u64(at + 4, base)
      .u64(at + 12, length)
      .u32(at + 20, type);
  });
  return bytes.bytes;
}

/** Texts one behind the other. */
class TextRoom {
  readonly placements: PlacedBytes[] = [];
  private next = TEXTS;

  add(text: string, what: string): number {
    const bytes = zeroTerminated(text, what);
    const at = this.next;
    this.next += bytes.byteLength;
    if (this.next > TEXTS_END) {
      throw new ConfigurationError(
        `${what}: command lines of more than ${TEXTS_END - TEXTS} characters`,
      );
    }
    this.placements.push(placed(at, bytes));
    return at;
  }
}
