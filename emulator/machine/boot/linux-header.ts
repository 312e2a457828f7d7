/**
 * The header of a Linux kernel image, which memdisk, iPXE and others have as well: what it says, what of the file goes where.
 * Source: Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
 */
import { ConfigurationError } from '../../base/errors.js';
import { formatSize } from '../../base/size.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { requireRam, type RamRange } from '../ram-layout.js';
import type { BootModule } from './modules.js';
import { placed } from './structure.js';

/** Offsets in the file. */
const SETUP_SECTS = 0x1f1;
const HEADER_MAGIC = 0x202;
const VERSION = 0x206;
const LOADFLAGS = 0x211;
const INITRD_ADDR_MAX = 0x22c;
const KERNEL_ALIGNMENT = 0x230;
const RELOCATABLE_KERNEL = 0x234;
const XLOADFLAGS = 0x236;
const CMDLINE_SIZE = 0x238;
const PREF_ADDRESS = 0x258;
const INIT_SIZE = 0x260;

const HDRS = 0x53726448; // "HdrS"
const LOADED_HIGH = 1;
const SECTOR_BYTES = 512;
const SETUP_SECTS_OLD = 4;
/** The versions from which on fields are there. */
const VERSION_CMD_LINE_PTR = 0x202;
const VERSION_INITRD_ADDR_MAX = 0x203;
const VERSION_CMDLINE_SIZE = 0x206;
const VERSION_INIT_SIZE = 0x20a;
const VERSION_XLOADFLAGS = 0x20c;
/** What holds for older versions. */
const INITRD_ADDR_MAX_OLD = 0x37ffffff;
const CMDLINE_SIZE_OLD = 255;
const HEADER_BYTES_LEAST = 0x268;

export const CODE_ADDRESS = 0x100000;

export interface LinuxRequest {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** What of the image goes where, as linuxCode() or realModePlacements() gave it. */
  readonly code: readonly PlacedBytes[];
  readonly ram: readonly RamRange[];
  readonly map: MemoryMap;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
}

export interface LinuxHeader {
  readonly version: number;
  readonly loadflags: number;
  readonly xloadflags: number;
  /** Highest address that the initial RAM disk may have. */
  readonly initrdAddrMax: number;
  /** Most characters of a command line. */
  readonly cmdlineSize: number;
  /** Bytes of the file before the protected-mode code. */
  readonly setupBytes: number;
}

/** Whether the file has the header of a Linux kernel image. */
export function isLinuxImage(bytes: Uint8Array): boolean {
  return bytes.byteLength >= HEADER_BYTES_LEAST && word(bytes, HEADER_MAGIC, 4) === HDRS;
}

/** Kernels since 2.12 say what their entry in protected mode is for; older ones, as other programs, may have none. */
export function hasProtectedModeEntry(bytes: Uint8Array): boolean {
  return word(bytes, VERSION, 2) >= VERSION_XLOADFLAGS;
}

export function word(bytes: Uint8Array, at: number, sizeBytes: number): number {
  let value = 0;
  for (let index = sizeBytes - 1; index >= 0; index--)
    value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

export function linuxHeader(bytes: Uint8Array): LinuxHeader {
  const version = word(bytes, VERSION, 2);
  const since = (first: number, value: number, otherwise: number): number =>
    version >= first ? value : otherwise;
  return {
    version,
    loadflags: word(bytes, LOADFLAGS, 1),
    xloadflags: since(VERSION_XLOADFLAGS, word(bytes, XLOADFLAGS, 2), 0),
    initrdAddrMax: since(
      VERSION_INITRD_ADDR_MAX,
      word(bytes, INITRD_ADDR_MAX, 4),
      INITRD_ADDR_MAX_OLD,
    ),
    cmdlineSize: since(VERSION_CMDLINE_SIZE, word(bytes, CMDLINE_SIZE, 4), CMDLINE_SIZE_OLD),
    setupBytes: ((word(bytes, SETUP_SECTS, 1) || SETUP_SECTS_OLD) + 1) * SECTOR_BYTES,
  };
}

/** The part that runs in protected mode. @throws ConfigurationError for what has none at 1 MiB, or an older protocol than `versionLeast` */
export function linuxCode(
  bytes: Uint8Array,
  path: string,
  versionLeast: number = VERSION_CMD_LINE_PTR,
): PlacedBytes {
  const { version, loadflags, setupBytes } = linuxHeader(bytes);
  if (version < versionLeast) {
    throw new ConfigurationError(
      `${path}: Linux boot protocol ${versionText(version)}; ${versionText(versionLeast)} or later is needed`,
    );
  }
  if ((loadflags & LOADED_HIGH) === 0) {
    throw new ConfigurationError(`${path}: a zImage, which loads below 1 MiB; a bzImage is needed`);
  }
  if (setupBytes >= bytes.byteLength) {
    throw new ConfigurationError(
      `${path}: truncated Linux image: its protected-mode code begins at byte ${setupBytes}, the file has ${bytes.byteLength}`,
    );
  }
  return placed(CODE_ADDRESS, bytes.subarray(setupBytes));
}

function versionText(version: number): string {
  return `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
}

/** The memory that the kernel needs before it knows the memory map. */
export function runSpan(bytes: Uint8Array): PlacedBytes {
  const known = word(bytes, VERSION, 2) >= VERSION_INIT_SIZE;
  const address = known ? runtimeStart(bytes) : BigInt(CODE_ADDRESS);
  const size = BigInt(known ? word(bytes, INIT_SIZE, 4) : bytes.byteLength * 4);
  const end = address + size;
  const base = BigInt(CODE_ADDRESS);
  return { address: base, bytes: new Uint8Array(0), memoryBytes: end > base ? end - base : size };
}

/** Where a kernel that is loaded at CODE_ADDRESS moves itself to, as boot.rst works it out ("init_size"). */
function runtimeStart(bytes: Uint8Array): bigint {
  const preferred = BigInt(word(bytes, PREF_ADDRESS, 8));
  if (word(bytes, RELOCATABLE_KERNEL, 1) === 0) return preferred;
  const lowest = BigInt(CODE_ADDRESS);
  const start = preferred > lowest ? preferred : lowest;
  const alignment = BigInt(word(bytes, KERNEL_ALIGNMENT, 4) || 1);
  return ((start + alignment - 1n) / alignment) * alignment;
}

/** @throws ConfigurationError when the RAM does not hold the kernel while it runs, the line is too long, or there is a second disk */
export function requireWhatItTakes(request: LinuxRequest, lineMax: number): void {
  const { bytes, path, ram, commandLine, modules } = request;
  const { address, memoryBytes } = runSpan(bytes);
  requireRam(ram, address, memoryBytes, `${path}: the ${formatSize(memoryBytes)} it runs in`);
  const most = Math.min(linuxHeader(bytes).cmdlineSize, lineMax);
  if (commandLine.length > most) {
    throw new ConfigurationError(
      `--append: ${commandLine.length} characters; this kernel takes ${most}`,
    );
  }
  if (modules.length > 1) {
    throw new ConfigurationError(
      `${modules[1]?.path}: a Linux kernel takes one initial RAM disk, and ${modules[0]?.path} is it`,
    );
  }
}
