/**
 * The disk that a boot sector reads by INT 13h: the image file itself, and what the firmware says about it.
 * Sources: [INT 13h] IBM PC AT Technical Reference, "Diskette BIOS" (drive numbers, drive types of AH=08h); diskettes by
 * size: ECMA-70, ECMA-99, ECMA-100, ECMA-125; fixed disks: LBA-assisted translation [T13 1226DT, "BIOS Enhanced Disk
 * Drive Specification", "Geometry"]. The record: firmware/README.md, "What starts".
 */
import { Structure } from './structure.js';

const SECTOR_BYTES = 512;
const FIRST_DISKETTE = 0x00;
const FIRST_FIXED_DISK = 0x80;
/** INT 13h has 10 bits for cylinders. */
const CYLINDERS_MAX = 1024;
const TRACK_SECTORS = 63;
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

export function diskGeometry(fileBytes: number): DiskGeometry {
  const sectors = Math.ceil(fileBytes / SECTOR_BYTES);
  const diskette = DISKETTES.find(({ kib }) => kib * 1024 === fileBytes);
  if (diskette !== undefined) {
    const { type, heads, trackSectors } = diskette;
    const cylinders = sectors / heads / trackSectors;
    return { drive: FIRST_DISKETTE, disketteType: type, cylinders, heads, trackSectors, sectors };
  }
  const heads =
    FIXED_DISK_HEADS.find((count) => count * TRACK_SECTORS * CYLINDERS_MAX >= sectors) ?? 255;
  const cylinders = Math.min(CYLINDERS_MAX, Math.ceil(sectors / (heads * TRACK_SECTORS)));
  return {
    drive: FIRST_FIXED_DISK,
    disketteType: 0,
    cylinders,
    heads,
    trackSectors: TRACK_SECTORS,
    sectors,
  };
}

/** {u8 drive, u8 diskette type, u8 heads, u8 sectors of a track, u16 cylinders, u16 console port, u32 sectors} */
export function diskRecord(fileBytes: number): Uint8Array {
  const { drive, disketteType, heads, trackSectors, cylinders, sectors } = diskGeometry(fileBytes);
  return new Structure(DISK_RECORD_BYTES)
    .u8(0, drive)
    .u8(1, disketteType)
    .u8(2, heads)
    .u8(3, trackSectors)
    .u16(4, cylinders)
    .u16(6, CONSOLE_PORT)
    .u32(8, sectors).bytes;
}
