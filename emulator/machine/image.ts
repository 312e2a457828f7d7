/** Boot images: what a file is, and what of it goes where. */
import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { isElf, parseElf64, type Elf64, type ElfSymbol } from './elf64.js';
import { ramBytesOf, requireRam, type RamRange } from './ram-layout.js';

export interface PlacedBytes {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those behind `bytes` are zero. */
  readonly memoryBytes: bigint;
}

export type ImageKind = 'pvh' | 'boot-sector';

export interface BootImage {
  readonly path: string;
  readonly kind: ImageKind;
  readonly placements: readonly PlacedBytes[];
  /** Physical address of the entry point. */
  readonly entry: bigint;
  readonly symbols: readonly ElfSymbol[];
}

/** Where a boot sector is put and entered (IBM PC BIOS convention). */
const BOOT_SECTOR_ADDRESS = 0x7c00n;
const BOOT_SECTOR_BYTES = 512;

/**
 * Recognises a boot image by its contents.
 * @param path named in every error
 * @throws ConfigurationError when the file is empty, damaged or of no kind that can be booted
 */
export function recogniseImage(bytes: Uint8Array, path: string): BootImage {
  if (bytes.byteLength === 0) throw new ConfigurationError(`${path}: the file is empty`);
  if (isElf(bytes)) return pvhImage(parseElf64(bytes, path), path);
  if (bytes.byteLength === BOOT_SECTOR_BYTES && bytes[510] === 0x55 && bytes[511] === 0xaa) {
    return bootSector(bytes, path);
  }
  throw new ConfigurationError(
    `${path}: not a boot image: neither an ELF file (it starts with ${hexBytes(bytes, 4)}) ` +
      `nor a boot sector of ${BOOT_SECTOR_BYTES} bytes that ends in 55 aa`,
  );
}

/**
 * Checks the image against the machine's RAM.
 * @throws ConfigurationError when a segment lies outside the RAM or over another, or the entry point in no segment
 */
export function checkPlacement(image: BootImage, ram: readonly RamRange[]): void {
  image.placements.forEach((placement, index) => {
    const what = `${image.path}: segment ${index}`;
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
      throw new ConfigurationError(
        `${image.path}: segment ${next.index} at 0x${next.placement.address.toString(16)} ` +
          `lies over segment ${index}`,
      );
    }
  });
}

function pvhImage(elf: Elf64, path: string): BootImage {
  if (elf.pvhEntry === null) {
    throw new ConfigurationError(
      `${path}: an ELF64 file without a PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY, type 18, name "Xen"); ` +
        `other boot protocols are not supported yet`,
    );
  }
  const entry = elf.pvhEntry;
  const placements = elf.segments.map((segment) => ({
    address: segment.physicalAddress,
    bytes: segment.bytes,
    memoryBytes: segment.memoryBytes,
  }));
  const inside = placements.some(
    (p) => entry >= p.address && entry < p.address + BigInt(p.bytes.byteLength),
  );
  if (!inside) {
    throw new ConfigurationError(
      `${path}: the PVH entry point 0x${entry.toString(16)} lies in none of its ` +
        `${placements.length} loadable segments`,
    );
  }
  return { path, kind: 'pvh', placements, entry, symbols: elf.symbols };
}

function bootSector(bytes: Uint8Array, path: string): BootImage {
  const memoryBytes = BigInt(bytes.byteLength);
  const placements = [{ address: BOOT_SECTOR_ADDRESS, bytes, memoryBytes }];
  return { path, kind: 'boot-sector', placements, entry: BOOT_SECTOR_ADDRESS, symbols: [] };
}

function hexBytes(bytes: Uint8Array, count: number): string {
  return [...bytes.subarray(0, count)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
