/**
 * The Multiboot protocol, version 1: ELF32, ELF64, and images whose header says by itself where they go.
 * Source: Multiboot Specification 0.6.96: 3.1 "OS image format", 3.2 "Machine state", 3.3 "Boot information format".
 */
import { ConfigurationError } from '../../base/errors.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import { multibootMap } from '../../memory/multiboot-format.js';
import { isElf, parseElf } from '../elf.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { elfPlacements } from './elf-placements.js';
import type { FlatEntry } from './flat-entry.js';
import { placeModules, type BootModule } from './modules.js';
import {
  addressedPlacement,
  damagedHeader,
  elfEntry,
  findHeader,
  LOADER_NAME,
  memorySizes,
  type MultibootImage,
} from './multiboot-image.js';
import { placed, Structure, zeroTerminated } from './structure.js';

const SEARCH = { magic: 0x1badb002, words: 3, alignBytes: 4, searchBytes: 8192 };
const BOOT_MAGIC = 0x2badb002;
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
const MODULES = 0x30000;
const MODULE_BYTES = 16;
const TEXTS = 0x40000;
const TEXTS_END = 0x80000;
const MODULES_MAX = (TEXTS - MODULES) / MODULE_BYTES;
const FOUR_GIB = 1n << 32n;

/** Offset of the header in the file, or null where there is none. */
export function multibootHeader(bytes: Uint8Array): number | null {
  return findHeader(bytes, SEARCH);
}

/** A sentence on a header that is one but for its checksum, or null. */
export function damagedMultiboot(bytes: Uint8Array): string | null {
  return damagedHeader(bytes, SEARCH, 'multiboot');
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
  const elf = parseElf(bytes, path);
  return { placements: elfPlacements(elf), entry: elfEntry(elf, path), symbols: elf.symbols };
}

/** "The address fields of Multiboot header": where the text goes, how much is loaded, where the BSS ends. */
function addressedImage(bytes: Uint8Array, header: number, path: string): MultibootImage {
  if (header + ADDRESS_HEADER_BYTES > bytes.byteLength) {
    throw new ConfigurationError(`${path}: the multiboot header at byte ${header} is cut off`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const field = (at: number): number => view.getUint32(header + at, true);
  const fields = {
    headerAddress: field(12),
    loadAddress: field(16),
    loadEnd: field(20),
    bssEnd: field(24),
  };
  const placement = addressedPlacement(bytes, header, fields, path, 'multiboot');
  return { placements: [placement], entry: field(28), symbols: [] };
}

export interface MultibootRequest {
  readonly image: MultibootImage;
  readonly path: string;
  readonly map: MemoryMap;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
}

/** The boot information, the modules, and the registers at the entry. @throws ConfigurationError when there is no room for them */
export function planMultiboot(request: MultibootRequest): {
  placements: PlacedBytes[];
  entry: FlatEntry;
} {
  const { image, map } = request;
  if (request.modules.length > MODULES_MAX) {
    throw new ConfigurationError(
      `${request.path}: ${request.modules.length} modules; multiboot's list of them has room for ${MODULES_MAX}`,
    );
  }
  const information = new Structure(INFORMATION_BYTES);
  const texts = new TextRoom();
  const modules = placeModules(request.modules, map, image.placements, FOUR_GIB);
  const memory = memorySizes(map);
  information.u32(0, HAS_MEMORY | HAS_COMMAND_LINE | HAS_MODULES | HAS_MAP | HAS_LOADER_NAME);
  information.u32(4, memory.lower).u32(8, memory.upper);
  information.u32(16, texts.add(commandLine(request.path, request.commandLine), '--append'));
  information.u32(20, modules.length).u32(24, MODULES);
  const mapBytes = multibootMap(map);
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
