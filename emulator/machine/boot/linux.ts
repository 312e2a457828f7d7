/**
 * The Linux boot protocol in protected mode: a bzImage, entered at its 64-bit entry point where it has one (XLF_KERNEL_64), else at
 * its 32-bit one, with the zero page filled in. The former is 200h behind the beginning of what is loaded, whatever code32_start says;
 * the latter is where code32_start says, as the real-mode code and GRUB (loader/i386/linux.c) have it: boot.rst means the same by the
 * beginning, which is the field's default.
 * Source: Linux, Documentation/arch/x86/boot.rst ("The Real-Mode Kernel Header", "32-bit Boot Protocol", "64-bit Boot
 * Protocol") and zero-page.rst.
 */
import { ConfigurationError } from '../../base/errors.js';
import { isEnabled, type MemoryMap } from '../../memory/memory-map.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { e820Table } from '../boot-parameters.js';
import type { FlatEntry } from './flat-entry.js';
import { identityPageTables } from './identity-page-tables.js';
import {
  CODE_ADDRESS,
  linuxCode,
  linuxHeader,
  requireWhatItTakes,
  runSpan,
  word,
  type LinuxRequest,
} from './linux-header.js';
import { placeModules } from './modules.js';
import { placed, Structure, zeroTerminated } from './structure.js';

/** Offsets in the file and, from 1F1h on, in the zero page. */
const SETUP_SECTS = 0x1f1;
const HEADER_END_DISTANCE = 0x201;
const TYPE_OF_LOADER = 0x210;
const CODE32_START = 0x214;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const CMD_LINE_PTR = 0x228;
const SETUP_DATA = 0x250;
/** Of the zero page alone. */
const EXT_RAMDISK_IMAGE = 0xc0;
const EXT_RAMDISK_SIZE = 0xc4;
const ALT_MEM_K = 0x1e0;
const E820_ENTRIES = 0x1e8;
const E820_TABLE = 0x2d0;
const E820_TABLE_ENTRIES = 128;

const UNKNOWN_LOADER = 0xff;
const SETUP_E820_EXT = 1;
const SETUP_DATA_BYTES = 16;
/** cmdline_size exists from 2.06 on. */
const VERSION_LEAST = 0x206;
const XLF_KERNEL_64 = 1 << 0;
const XLF_CAN_BE_LOADED_ABOVE_4G = 1 << 1;
/** Distance of the 64-bit entry point from the 32-bit one. */
const ENTRY_64 = 0x200;

/** Where the zero page and what belongs to it are put: conventional memory. */
const ZERO_PAGE = 0x10000;
const ZERO_PAGE_BYTES = 4096;
const MORE_E820 = 0x11000;
const PAGE_TABLES = 0x30000;
const COMMAND_LINE = 0x40000;
const COMMAND_LINE_ROOM = 0x40000;
/** What a kernel maps of memory by itself: 64 TiB. */
const RAMDISK_END = 1n << 46n;

/** The part that runs in protected mode, where it is entered. @throws ConfigurationError for kernels that cannot be booted so */
export function linuxPlacements(bytes: Uint8Array, path: string): PlacedBytes[] {
  return [linuxCode(bytes, path, VERSION_LEAST)];
}

/**
 * Zero page, command line, initial RAM disk, and the registers at the entry.
 * @param given where 32-bit code begins, when somebody wants that; null: at the kernel's own entry points
 */
export function planLinux(
  request: LinuxRequest,
  given: number | null,
): { placements: PlacedBytes[]; entry: FlatEntry } {
  const { bytes, map, modules } = request;
  requireWhatItTakes(request, COMMAND_LINE_ROOM - 1);
  const { xloadflags, initrdAddrMax } = linuxHeader(bytes);
  const zeroPage = new Structure(ZERO_PAGE_BYTES);
  const headerEnd = 0x202 + word(bytes, HEADER_END_DISTANCE, 1);
  zeroPage.copy(SETUP_SECTS, bytes.subarray(SETUP_SECTS, headerEnd));
  const isEntered32 = given !== null || (xloadflags & XLF_KERNEL_64) === 0;
  const code32Start = given === null && isEntered32 ? entry32(request) : CODE_ADDRESS;
  zeroPage.u8(TYPE_OF_LOADER, UNKNOWN_LOADER).u32(CODE32_START, code32Start);
  zeroPage.u32(CMD_LINE_PTR, COMMAND_LINE);
  const placements = [placed(COMMAND_LINE, zeroTerminated(request.commandLine, '--append'))];
  placements.push(...memoryMap(zeroPage, map));
  const limit = BigInt(initrdAddrMax) + 1n;
  const otherwise = (xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G) === 0 ? limit : RAMDISK_END;
  const taken = [runSpan(bytes), ...request.code];
  for (const disk of placeModules(modules, map, taken, limit, otherwise)) {
    zeroPage.u32(RAMDISK_IMAGE, Number(disk.address & 0xffff_ffffn));
    zeroPage.u32(EXT_RAMDISK_IMAGE, Number(disk.address >> 32n));
    zeroPage.u32(RAMDISK_SIZE, disk.bytes.byteLength).u32(EXT_RAMDISK_SIZE, 0);
    placements.push(placed(disk.address, disk.bytes));
  }
  placements.push(...request.code, placed(ZERO_PAGE, zeroPage.bytes));
  const registers = { eax: 0, ebx: 0, esi: ZERO_PAGE };
  if (isEntered32) {
    return { placements, entry: { address: given ?? code32Start, ...registers } };
  }
  placements.push(placed(PAGE_TABLES, identityPageTables(PAGE_TABLES)));
  const entry = { address: CODE_ADDRESS + ENTRY_64, cr3: PAGE_TABLES, ...registers };
  return { placements, entry };
}

/** @throws ConfigurationError when what is loaded at 1 MiB does not have it */
function entry32({ bytes, path, code }: LinuxRequest): number {
  const start = word(bytes, CODE32_START, 4);
  const isLoaded = code.some(
    ({ address, memoryBytes }) => BigInt(start) >= address && BigInt(start) < address + memoryBytes,
  );
  if (isLoaded) return start;
  throw new ConfigurationError(
    `${path}: code32_start, its 32-bit entry, is 0x${start.toString(16)}, which is not in what is loaded at 0x${CODE_ADDRESS.toString(16)}; ` +
      `--entry 0x${CODE_ADDRESS.toString(16)} begins there`,
  );
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
