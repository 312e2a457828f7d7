/** Boot images: what a file is, and what of it goes where. */
import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { elfPlacements } from './boot/elf-placements.js';
import { linuxPlacements } from './boot/linux.js';
import { hasProtectedModeEntry, isLinuxImage } from './boot/linux-header.js';
import { REAL_MODE_ENTRY, realModePlacements } from './boot/linux-real-mode.js';
import { damagedMultiboot, multibootHeader, readMultiboot } from './boot/multiboot.js';
import {
  damagedMultiboot2,
  multiboot2Header,
  readMultiboot2Header,
  type Multiboot2Header,
} from './boot/multiboot2-header.js';
import { readMultiboot2 } from './boot/multiboot2.js';
import type { ElfSymbol } from './code-symbols.js';
import { isElf, parseElf } from './elf.js';
import { requireRom } from './firmware-rom.js';
import type { PlacedBytes } from './placed-bytes.js';
import { ramBytesOf, requireRam, type RamRange } from './ram-layout.js';

/** What `--boot` names. */
export const IMAGE_KINDS = [
  'pvh',
  'multiboot2',
  'multiboot',
  'linux',
  'linux16',
  'boot-sector',
  'firmware',
] as const;
/** `flat`: no image, but files at addresses (boot/placed-files.ts). */
export type ImageKind = (typeof IMAGE_KINDS)[number] | 'flat';

export interface BootImage {
  readonly path: string;
  readonly kind: ImageKind;
  /** The file itself. */
  readonly file: Uint8Array;
  readonly placements: readonly PlacedBytes[];
  /** Physical address of the entry point. */
  readonly entry: bigint;
  readonly symbols: readonly ElfSymbol[];
  /** The file that they are from, where it is not the image. */
  readonly symbolsPath?: string;
  readonly symbolsFile?: Uint8Array;
  /** The entry point is not the image's own, but the user's. */
  readonly entryGiven?: boolean;
  /** What a multiboot 2 image asks for. */
  readonly multiboot2?: Multiboot2Header;
  /** Where a relocatable image went. */
  readonly loadBase?: bigint;
}

/** Where a boot sector is put and entered (IBM PC BIOS convention). */
export const BOOT_SECTOR_ADDRESS = 0x7c00n;
const BOOT_SECTOR_BYTES = 512;
/** Where the processor begins (SDM Vol. 3A "First Instruction Executed"). */
const RESET_VECTOR = 0xffff_fff0n;

/**
 * Recognises a boot image by its contents: an ELF file with a PVH note, a multiboot 2 header in the first 32 KiB, a
 * multiboot header in the first 8 KiB, a Linux setup header (entered in real mode where it is older than 2.12), a boot sector; the first that fits. A firmware ROM is not looked for: somebody has to say so.
 * @param path named in every error
 * @param kind what it must be, when not the first that fits
 * @throws ConfigurationError when the file is empty, damaged or of no kind that can be booted
 */
export function recogniseImage(
  bytes: Uint8Array,
  path: string,
  kind?: (typeof IMAGE_KINDS)[number],
): BootImage {
  if (bytes.byteLength === 0) throw new ConfigurationError(`${path}: the file is empty`);
  kind ??= kindOf(bytes, path);
  switch (kind) {
    case 'pvh':
      return pvhImage(bytes, path);
    case 'multiboot2':
      return multiboot2Image(bytes, path);
    case 'multiboot':
      return multibootImage(bytes, path);
    case 'linux':
    case 'linux16':
      return linuxImage(bytes, path, kind);
    case 'boot-sector':
      return bootSector(bytes, path);
    case 'firmware':
      requireRom(bytes, path);
      return {
        path,
        kind: 'firmware',
        file: bytes,
        placements: [],
        entry: RESET_VECTOR,
        symbols: [],
      };
  }
}

function kindOf(bytes: Uint8Array, path: string): (typeof IMAGE_KINDS)[number] {
  const elf = isElf(bytes);
  if (elf && parseElf(bytes, path).pvhEntry !== null) return 'pvh';
  if (multiboot2Header(bytes) !== null) return 'multiboot2';
  if (multibootHeader(bytes) !== null) return 'multiboot';
  if (isLinuxImage(bytes)) return hasProtectedModeEntry(bytes) ? 'linux' : 'linux16';
  if (isBootSector(bytes)) return 'boot-sector';
  const damaged = damagedMultiboot2(bytes) ?? damagedMultiboot(bytes);
  if (damaged !== null) throw new ConfigurationError(`${path}: ${damaged}`);
  if (elf) {
    throw new ConfigurationError(
      `${path}: an ELF file without a PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY, type 18, name "Xen") ` +
        `and without a multiboot header: nothing says where to enter it`,
    );
  }
  throw new ConfigurationError(
    `${path}: not a boot image: no ELF file (it starts with ${hexBytes(bytes, 4)}), no multiboot header, ` +
      `no Linux image, no boot sector: its first ${BOOT_SECTOR_BYTES} bytes do not end in 55 aa; ` +
      `a flat binary goes to an address by --load FILE@ADDRESS and begins at --entry ADDRESS`,
  );
}

function isBootSector(bytes: Uint8Array): boolean {
  return bytes.byteLength >= BOOT_SECTOR_BYTES && bytes[510] === 0x55 && bytes[511] === 0xaa;
}

function linuxImage(file: Uint8Array, path: string, kind: 'linux' | 'linux16'): BootImage {
  if (!isLinuxImage(file)) {
    throw new ConfigurationError(`${path}: no Linux image: there is no "HdrS" at byte 514`);
  }
  const image = { path, kind, file, symbols: [] };
  if (kind === 'linux16') {
    return { ...image, placements: realModePlacements(file, path), entry: REAL_MODE_ENTRY };
  }
  const placements = linuxPlacements(file, path);
  return { ...image, placements, entry: placements[0]?.address ?? 0n };
}

function multiboot2Image(file: Uint8Array, path: string): BootImage {
  const offset = multiboot2Header(file);
  if (offset === null) {
    const damaged = damagedMultiboot2(file);
    throw new ConfigurationError(
      `${path}: ${damaged ?? 'no multiboot 2 header in its first 32768 bytes'}`,
    );
  }
  const multiboot2 = readMultiboot2Header(file, offset, path);
  const { placements, entry, symbols } = readMultiboot2(file, multiboot2, path);
  requireLoaded(BigInt(entry), placements, `${path}: the multiboot 2 entry point`);
  return { path, kind: 'multiboot2', file, placements, entry: BigInt(entry), symbols, multiboot2 };
}

function multibootImage(file: Uint8Array, path: string): BootImage {
  const header = multibootHeader(file);
  if (header === null) {
    const damaged = damagedMultiboot(file);
    throw new ConfigurationError(
      `${path}: ${damaged ?? 'no multiboot header in its first 8192 bytes'}`,
    );
  }
  const { placements, entry, symbols } = readMultiboot(file, header, path);
  requireLoaded(BigInt(entry), placements, `${path}: the multiboot entry point`);
  return { path, kind: 'multiboot', file, placements, entry: BigInt(entry), symbols };
}

/**
 * Checks the image against the machine's RAM.
 * @throws ConfigurationError when a segment lies outside the RAM or over another, or the entry point in no segment
 */
export function checkPlacement(image: BootImage, ram: readonly RamRange[]): void {
  image.placements.forEach((placement, index) => {
    const what = placement.name ?? `${image.path}: segment ${index}`;
    try {
      requireRam(ram, placement.address, placement.memoryBytes, what);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const size = formatSize(ramBytesOf(ram));
      throw new ConfigurationError(`${error.message}; the machine has ${size}`);
    }
  });
  const sorted = image.placements
    .map((placement, index) => ({ placement, index }))
    .filter(({ placement }) => placement.memoryBytes > 0n)
    .sort((a, b) => (a.placement.address < b.placement.address ? -1 : 1));
  sorted.forEach(({ placement, index }, position) => {
    const next = sorted[position + 1];
    if (next !== undefined && placement.address + placement.memoryBytes > next.placement.address) {
      const over = next.placement.name ?? `${image.path}: segment ${next.index}`;
      throw new ConfigurationError(
        `${over} at 0x${next.placement.address.toString(16)} ` +
          `lies over ${placement.name ?? `segment ${index}`}`,
      );
    }
  });
}

function pvhImage(file: Uint8Array, path: string): BootImage {
  if (!isElf(file)) {
    throw new ConfigurationError(`${path}: no ELF file (it starts with ${hexBytes(file, 4)})`);
  }
  const elf = parseElf(file, path);
  if (elf.pvhEntry === null) {
    throw new ConfigurationError(
      `${path}: an ELF file without a PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY, type 18, name "Xen")`,
    );
  }
  const entry = elf.pvhEntry;
  const placements = elfPlacements(elf);
  requireLoaded(entry, placements, `${path}: the PVH entry point`);
  return { path, kind: 'pvh', file, placements, entry, symbols: elf.symbols };
}

/** Nothing can begin in zeros or in what is not there: QEMU jumps there all the same, and hangs. */
function requireLoaded(entry: bigint, placements: readonly PlacedBytes[], what: string): void {
  const inside = placements.some(
    ({ address, bytes }) => entry >= address && entry < address + BigInt(bytes.byteLength),
  );
  if (inside) return;
  throw new ConfigurationError(
    `${what} 0x${entry.toString(16)} lies in nothing that the file loads`,
  );
}

function bootSector(file: Uint8Array, path: string): BootImage {
  if (!isBootSector(file)) {
    throw new ConfigurationError(
      `${path}: no boot sector: ${BOOT_SECTOR_BYTES} bytes that end in 55 aa do not begin it; the file has ${file.byteLength} bytes`,
    );
  }
  const bytes = file.subarray(0, BOOT_SECTOR_BYTES);
  const placements = [
    { address: BOOT_SECTOR_ADDRESS, bytes, memoryBytes: BigInt(bytes.byteLength) },
  ];
  return { path, kind: 'boot-sector', file, placements, entry: BOOT_SECTOR_ADDRESS, symbols: [] };
}

function hexBytes(bytes: Uint8Array, count: number): string {
  return [...bytes.subarray(0, count)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
