/**
 * The disk that a boot sector reads by INT 13h: the image file itself, and what the firmware says about it.
 * Sources: [INT 13h] IBM PC AT Technical Reference, "Diskette BIOS" (drive numbers, drive types of AH=08h); diskettes by
 * size: ECMA-70, ECMA-99, ECMA-100, ECMA-125; fixed disks: LBA-assisted translation [EDD
 * "Geometry"]. The record: firmware/README.md, "What starts".
 */
import { SECTOR_BYTES } from '../../devices/disk-medium.js';
import { Structure } from './structure.js';

const FIRST_DISKETTE = 0x00;
const FIRST_FIXED_DISK = 0x80;
/** INT 13h has 10 bits for cylinders. */
const CYLINDERS_MAX = 1024;
const TRACK_SECTORS = 63;
const PARTITION_TABLE = 446;
const PARTITION_BYTES = 16;
const FIXED_DISK_HEADS = [16, 32, 64, 128, 255] as const;
/** COM1: where INT 10h also writes to, and INT 16h reads. */
const CONSOLE_PORT = 0x3f8;
export const DISK_RECORD_BYTES = 12;

/** Files of exactly these sizes are diskettes. */
const DISKETTES = [
  { kib: 360, type: 1, heads: 2, trackSectors: 9 },
  { kib: 1200, type: 2, heads: 2, trackSectors: 15 },
  { kib: 720, type: 3, heads: 2, trackSectors: 9 },
  { kib: 1440, type: 4, heads: 2, trackSectors: 18 },
  { kib: 2880, type: 5, heads: 2, trackSectors: 36 },
] as const;

export interface DiskGeometry {
  /** INT 13h's number of the drive. */
  readonly drive: number;
  /** INT 13h's type of a diskette drive; 0 for a fixed disk. */
  readonly disketteType: number;
  readonly cylinders: number;
  readonly heads: number;
  readonly trackSectors: number;
  readonly sectors: number;
}

/** Whether a disk image of so many bytes is a diskette. */
export function isDiskette(fileBytes: number): boolean {
  return disketteOf(fileBytes) !== undefined;
}

function disketteOf(fileBytes: number): (typeof DISKETTES)[number] | undefined {
  return DISKETTES.find(({ kib }) => kib * 1024 === fileBytes);
}

/** @param firstSector where a fixed disk's partition table is, when it has one */
export function diskGeometry(
  fileBytes: number,
  firstSector: Uint8Array = new Uint8Array(0),
): DiskGeometry {
  const sectors = Math.ceil(fileBytes / SECTOR_BYTES);
  const diskette = disketteOf(fileBytes);
  if (diskette !== undefined) {
    const { type, heads, trackSectors } = diskette;
    const cylinders = sectors / heads / trackSectors;
    return { drive: FIRST_DISKETTE, disketteType: type, cylinders, heads, trackSectors, sectors };
  }
  const { heads, trackSectors } = partitionGeometry(firstSector) ?? {
    heads:
      FIXED_DISK_HEADS.find((count) => count * TRACK_SECTORS * CYLINDERS_MAX >= sectors) ?? 255,
    trackSectors: TRACK_SECTORS,
  };
  const cylinders = Math.min(CYLINDERS_MAX, Math.ceil(sectors / (heads * trackSectors)));
  return {
    drive: FIRST_FIXED_DISK,
    disketteType: 0,
    cylinders,
    heads,
    trackSectors,
    sectors,
  };
}

/**
 * Partitions end with a cylinder: their last head and sector are the disk's. Null without a partition table: code may
 * be there instead, and then the first bytes of its four entries are not all "active" or "inactive".
 */
function partitionGeometry(
  firstSector: Uint8Array,
): Pick<DiskGeometry, 'heads' | 'trackSectors'> | null {
  if (firstSector.byteLength < SECTOR_BYTES) return null;
  const entries = [0, 1, 2, 3].map((index) => {
    const at = PARTITION_TABLE + PARTITION_BYTES * index;
    return firstSector.subarray(at, at + PARTITION_BYTES);
  });
  if (entries.some(([status = 0]) => (status & 0x7f) !== 0)) return null;
  for (const entry of entries) {
    const isEmpty = entry.subarray(12).every((byte) => byte === 0);
    const [lastHead = 0, lastSector = 0] = entry.subarray(5, 7);
    const trackSectors = lastSector & 0x3f;
    if (isEmpty || lastHead === 0 || lastHead === 255 || trackSectors === 0) continue;
    return { heads: lastHead + 1, trackSectors };
  }
  return null;
}

/** {u8 drive, u8 diskette type, u8 heads, u8 sectors of a track, u16 cylinders, u16 console port, u32 sectors} */
export function diskRecord(file: Uint8Array): Uint8Array {
  const { drive, disketteType, heads, trackSectors, cylinders, sectors } = diskGeometry(
    file.byteLength,
    file.subarray(0, SECTOR_BYTES),
  );
  return new Structure(DISK_RECORD_BYTES)
    .u8(0, drive)
    .u8(1, disketteType)
    .u8(2, heads)
    .u8(3, trackSectors)
    .u16(4, cylinders)
    .u16(6, CONSOLE_PORT)
    .u32(8, sectors).bytes;
}
