/**
 * Registers and commands of an ATA device.
 * Source: [ATA-6 "I/O register descriptions", "Command descriptions"].
 */

/** Offsets; the control block begins at 8. */
export const ATA_DATA = 0;
export const ATA_ERROR = 1; // written: Features
export const ATA_SECTOR_COUNT = 2;
export const ATA_LBA_LOW = 3;
export const ATA_LBA_MID = 4;
export const ATA_LBA_HIGH = 5;
export const ATA_DEVICE = 6;
export const ATA_STATUS = 7; // written: Command
export const ATA_ALTERNATE_STATUS = 8; // written: Device Control

export const STATUS_ERR = 1 << 0;
export const STATUS_DRQ = 1 << 3;
/** Device seek complete, obsolete since ATA-4; drivers of older days wait for it. */
export const STATUS_DSC = 1 << 4;
export const STATUS_DRDY = 1 << 6;
export const STATUS_BSY = 1 << 7;

export const ERROR_ABRT = 1 << 2;
export const ERROR_IDNF = 1 << 4;
/** What the Error register says behind a reset: device 0 passed its diagnostic, device 1 passed or is not there. */
export const DIAGNOSTIC_PASSED = 0x01;

export const DEVICE_HEAD = 0x0f;
export const DEVICE_DEV = 1 << 4;
export const DEVICE_LBA = 1 << 6;
/** Obsolete bits that read as written or as ones, as drivers write them. */
export const DEVICE_OBSOLETE = 0xa0;

export const CONTROL_NIEN = 1 << 1;
export const CONTROL_SRST = 1 << 2;
export const CONTROL_HOB = 1 << 7;

export const MULTIPLE_SECTORS_MAX = 16;

/** How a command moves sectors. */
export interface SectorCommand {
  readonly direction: 'in' | 'out' | 'verify';
  /** 48-bit addresses. */
  readonly isExtended: boolean;
  /** A block of several sectors for each DRQ. */
  readonly isMultiple: boolean;
}

export const SECTOR_COMMANDS: ReadonlyMap<number, SectorCommand> = new Map([
  [0x20, { direction: 'in', isExtended: false, isMultiple: false }], // READ SECTOR(S)
  [0x21, { direction: 'in', isExtended: false, isMultiple: false }], // without retries, obsolete
  [0x24, { direction: 'in', isExtended: true, isMultiple: false }], // READ SECTOR(S) EXT
  [0x29, { direction: 'in', isExtended: true, isMultiple: true }], // READ MULTIPLE EXT
  [0xc4, { direction: 'in', isExtended: false, isMultiple: true }], // READ MULTIPLE
  [0x30, { direction: 'out', isExtended: false, isMultiple: false }], // WRITE SECTOR(S)
  [0x31, { direction: 'out', isExtended: false, isMultiple: false }],
  [0x34, { direction: 'out', isExtended: true, isMultiple: false }], // WRITE SECTOR(S) EXT
  [0x39, { direction: 'out', isExtended: true, isMultiple: true }], // WRITE MULTIPLE EXT
  [0xc5, { direction: 'out', isExtended: false, isMultiple: true }], // WRITE MULTIPLE
  [0x40, { direction: 'verify', isExtended: false, isMultiple: false }], // READ VERIFY SECTOR(S)
  [0x41, { direction: 'verify', isExtended: false, isMultiple: false }],
  [0x42, { direction: 'verify', isExtended: true, isMultiple: false }], // READ VERIFY SECTOR(S) EXT
]);

export const RECALIBRATE = 0x10; // obsolete since ATA-4
export const SEEK = 0x70;
export const EXECUTE_DEVICE_DIAGNOSTIC = 0x90;
export const INITIALIZE_DEVICE_PARAMETERS = 0x91; // obsolete since ATA-6
export const SET_MULTIPLE_MODE = 0xc6;
export const STANDBY_IMMEDIATE = 0xe0;
export const IDLE_IMMEDIATE = 0xe1;
export const STANDBY = 0xe2;
export const IDLE = 0xe3;
export const CHECK_POWER_MODE = 0xe5;
export const FLUSH_CACHE = 0xe7;
export const FLUSH_CACHE_EXT = 0xea;
export const IDENTIFY_DEVICE = 0xec;
export const SET_FEATURES = 0xef;

export const POWER_MODE_ACTIVE = 0xff;
export const SET_TRANSFER_MODE = 0x03;
/** Of SET TRANSFER MODE: PIO modes, 0 to 4 behind the bit. */
export const TRANSFER_MODE_PIO = 0x08;
export const TRANSFER_MODE_PIO_MAX = TRANSFER_MODE_PIO | 4;
