/**
 * The Linux boot protocol: bzImage, entered at its 64-bit entry point where it has one (XLF_KERNEL_64), else at its 32-bit one,
 * with the zero page filled in.
 * Source: Linux, Documentation/arch/x86/boot.rst ("The Real-Mode Kernel Header", "32-bit Boot Protocol", "64-bit Boot
 * Protocol") and zero-page.rst.
 */
import { ConfigurationError } from '../../base/errors.js';
import { formatSize } from '../../base/size.js';
import { isEnabled, type MemoryMap } from '../../memory/memory-map.js';
import { requireRam, type RamRange } from '../ram-layout.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { e820Table } from '../boot-parameters.js';
import type { FlatEntry } from './flat-entry.js';
import { identityPageTables } from './identity-page-tables.js';
import { placeModules, type BootModule } from './modules.js';
import { placed, Structure, zeroTerminated } from './structure.js';

/** Offsets in the file and, from 1F1h on, in the zero page. */
const SETUP_SECTS = 0x1f1;
const HEADER_END_DISTANCE = 0x201;
const HEADER_MAGIC = 0x202;
const VERSION = 0x206;
const TYPE_OF_LOADER = 0x210;
const LOADFLAGS = 0x211;
const CODE32_START = 0x214;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const CMD_LINE_PTR = 0x228;
const INITRD_ADDR_MAX = 0x22c;
const CMDLINE_SIZE = 0x238;
const SETUP_DATA = 0x250;
const XLOADFLAGS = 0x236;
const PREF_ADDRESS = 0x258;
const INIT_SIZE = 0x260;
/** Of the zero page alone. */
const EXT_RAMDISK_IMAGE = 0xc0;
const EXT_RAMDISK_SIZE = 0xc4;
const ALT_MEM_K = 0x1e0;
const E820_ENTRIES = 0x1e8;
const E820_TABLE = 0x2d0;
const E820_TABLE_ENTRIES = 128;

const HDRS = 0x53726448; // "HdrS"
const LOADED_HIGH = 1;
const UNKNOWN_LOADER = 0xff;
const SETUP_E820_EXT = 1;
const SETUP_DATA_BYTES = 16;
const SECTOR_BYTES = 512;
const SETUP_SECTS_OLD = 4;
/** cmdline_size exists from 2.06 on, pref_address and init_size from 2.10 on. */
const VERSION_LEAST = 0x206;
const VERSION_INIT_SIZE = 0x20a;
/** xloadflags exists from 2.12 on. */
const VERSION_XLOADFLAGS = 0x20c;
const XLF_KERNEL_64 = 1 << 0;
const XLF_CAN_BE_LOADED_ABOVE_4G = 1 << 1;
/** Distance of the 64-bit entry point from the 32-bit one. */
const ENTRY_64 = 0x200;
const HEADER_BYTES_LEAST = 0x268;

/** Where the zero page and what belongs to it are put: conventional memory. */
const ZERO_PAGE = 0x10000;
const ZERO_PAGE_BYTES = 4096;
const MORE_E820 = 0x11000;
const PAGE_TABLES = 0x30000;
const COMMAND_LINE = 0x40000;
const COMMAND_LINE_ROOM = 0x40000;
const CODE_ADDRESS = 0x100000;
/** What a kernel maps of memory by itself: 64 TiB. */
const RAMDISK_END = 1n << 46n;

/** Whether the file has the header of a Linux kernel image. */
export function isLinuxImage(bytes: Uint8Array): boolean {
  return bytes.byteLength >= HEADER_BYTES_LEAST && word(bytes, HEADER_MAGIC, 4) === HDRS;
}

function word(bytes: Uint8Array, at: number, sizeBytes: number): number {
  let value = 0;
  for (let index = sizeBytes - 1; index >= 0; index--)
    value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

/** The part that runs in protected mode, where it is entered. @throws ConfigurationError for kernels that cannot be booted so */
export function linuxPlacements(bytes: Uint8Array, path: string): PlacedBytes[] {
  const version = word(bytes, VERSION, 2);
  if (version < VERSION_LEAST) {
    const text = `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
    throw new ConfigurationError(`${path}: Linux boot protocol ${text}; 2.06 or later is needed`);
  }
  if ((word(bytes, LOADFLAGS, 1) & LOADED_HIGH) === 0) {
    throw new ConfigurationError(`${path}: a zImage, which loads below 1 MiB; a bzImage is needed`);
  }
  const sectors = word(bytes, SETUP_SECTS, 1) || SETUP_SECTS_OLD;
  const start = (sectors + 1) * SECTOR_BYTES;
  if (start >= bytes.byteLength) {
    throw new ConfigurationError(
      `${path}: truncated Linux image: its protected-mode code begins at byte ${start}, the file has ${bytes.byteLength}`,
    );
  }
  return [placed(CODE_ADDRESS, bytes.subarray(start))];
}

export interface LinuxRequest {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** The part that runs in protected mode, as linuxPlacements() gave it. */
  readonly code: readonly PlacedBytes[];
  readonly ram: readonly RamRange[];
  readonly map: MemoryMap;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
  /** Where 32-bit code begins, when somebody wants that; null: at the kernel's own entry points. */
  readonly entry: number | null;
}

/** Zero page, command line, initial RAM disk, and the registers at the entry. */
export function planLinux(request: LinuxRequest): { placements: PlacedBytes[]; entry: FlatEntry } {
  const { bytes, map, modules } = request;
  requireRoom(request);
  const zeroPage = new Structure(ZERO_PAGE_BYTES);
  const headerEnd = 0x202 + word(bytes, HEADER_END_DISTANCE, 1);
  zeroPage.copy(SETUP_SECTS, bytes.subarray(SETUP_SECTS, headerEnd));
  zeroPage.u8(TYPE_OF_LOADER, UNKNOWN_LOADER).u32(CODE32_START, CODE_ADDRESS);
  const placements = [...commandLine(zeroPage, request), ...memoryMap(zeroPage, map)];
  if (modules.length > 1) {
    throw new ConfigurationError(
      `${modules[1]?.path}: a Linux kernel takes one initial RAM disk, and ${modules[0]?.path} is it`,
    );
  }
  const flags = word(bytes, VERSION, 2) >= VERSION_XLOADFLAGS ? word(bytes, XLOADFLAGS, 2) : 0;
  const limit = BigInt(word(bytes, INITRD_ADDR_MAX, 4)) + 1n;
  const otherwise = (flags & XLF_CAN_BE_LOADED_ABOVE_4G) === 0 ? limit : RAMDISK_END;
  const taken = [runSpan(bytes), ...request.code];
  for (const disk of placeModules(modules, map, taken, limit, otherwise)) {
    zeroPage.u32(RAMDISK_IMAGE, Number(disk.address & 0xffff_ffffn));
    zeroPage.u32(EXT_RAMDISK_IMAGE, Number(disk.address >> 32n));
    zeroPage.u32(RAMDISK_SIZE, disk.bytes.byteLength).u32(EXT_RAMDISK_SIZE, 0);
    placements.push(placed(disk.address, disk.bytes));
  }
  placements.push(...request.code, placed(ZERO_PAGE, zeroPage.bytes));
  const registers = { eax: 0, ebx: 0, esi: ZERO_PAGE };
  if (request.entry !== null || (flags & XLF_KERNEL_64) === 0) {
    return { placements, entry: { address: request.entry ?? CODE_ADDRESS, ...registers } };
  }
  placements.push(placed(PAGE_TABLES, identityPageTables(PAGE_TABLES)));
  const entry = { address: CODE_ADDRESS + ENTRY_64, cr3: PAGE_TABLES, ...registers };
  return { placements, entry };
}

/** The memory that the kernel needs before it knows the memory map. */
function runSpan(bytes: Uint8Array): PlacedBytes {
  const known = word(bytes, VERSION, 2) >= VERSION_INIT_SIZE;
  const address = BigInt(known ? word(bytes, PREF_ADDRESS, 8) : CODE_ADDRESS);
  const size = BigInt(known ? word(bytes, INIT_SIZE, 4) : bytes.byteLength * 4);
  const end = address + size;
  const base = BigInt(CODE_ADDRESS);
  return { address: base, bytes: new Uint8Array(0), memoryBytes: end > base ? end - base : size };
}

function requireRoom({ bytes, path, ram }: LinuxRequest): void {
  const { address, memoryBytes } = runSpan(bytes);
  requireRam(ram, address, memoryBytes, `${path}: the ${formatSize(memoryBytes)} it runs in`);
}

function commandLine(
  zeroPage: Structure,
  { bytes, commandLine: text }: LinuxRequest,
): PlacedBytes[] {
  const most = Math.min(word(bytes, CMDLINE_SIZE, 4), COMMAND_LINE_ROOM - 1);
  if (text.length > most) {
    throw new ConfigurationError(`--append: ${text.length} characters; this kernel takes ${most}`);
  }
  zeroPage.u32(CMD_LINE_PTR, COMMAND_LINE);
  return [placed(COMMAND_LINE, zeroTerminated(text, '--append'))];
}

/** The map as it is, in the zero page and, what has no room there, in a setup_data record. */
function memoryMap(zeroPage: Structure, map: MemoryMap): PlacedBytes[] {
  const entries = map.entries.filter(isEnabled);
  const first = entries.slice(0, E820_TABLE_ENTRIES);
  zeroPage.u8(E820_ENTRIES, first.length).copy(E820_TABLE, e820Table(first));
  const extended = entries.find(({ base, type }) => base === 1n << 20n && type === 1);
  if (extended !== undefined) {
    const kib = extended.length >> 10n;
    zeroPage.u32(ALT_MEM_K, kib > 0xffff_ffffn ? 0xffff_ffff : Number(kib));
  }
  const rest = e820Table(entries.slice(E820_TABLE_ENTRIES));
  if (rest.byteLength === 0) return [];
  const record = new Structure(SETUP_DATA_BYTES + rest.byteLength);
  record.u32(8, SETUP_E820_EXT).u32(12, rest.byteLength).copy(SETUP_DATA_BYTES, rest);
  zeroPage.u64(SETUP_DATA, BigInt(MORE_E820));
  return [placed(MORE_E820, record.bytes)];
}
