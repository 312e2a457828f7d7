/**
 * What IDENTIFY DEVICE says of the disk.
 * Source: [ATA-6 "IDENTIFY DEVICE", "IDENTIFY DEVICE data"]; words that only
 * older editions define (1, 3, 6, 51, 54 to 58) are ATA-3's.
 */
import { MULTIPLE_SECTORS_MAX } from './ata-registers.js';

export interface AtaGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly trackSectors: number;
}

const IDENTIFY_BYTES = 512;
const DEFAULT_HEADS = 16;
const DEFAULT_TRACK_SECTORS = 63;
/** [ATA-6 "Default translation"] more sectors than these have are reached by their numbers only. */
const CYLINDERS_MAX = 16383;
const LBA28_SECTORS_MAX = 0x0fff_ffff;

const SERIAL_NUMBER = { word: 10, characters: 20, text: 'S7X-1' };
const FIRMWARE_REVISION = { word: 23, characters: 8, text: '1' };
const MODEL_NUMBER = { word: 27, characters: 40, text: 'S7X DISK' };

export function defaultGeometry(sectors: number): AtaGeometry {
  return geometryOf(sectors, DEFAULT_HEADS, DEFAULT_TRACK_SECTORS);
}

export function geometryOf(sectors: number, heads: number, trackSectors: number): AtaGeometry {
  const cylinders = Math.min(CYLINDERS_MAX, Math.floor(sectors / (heads * trackSectors)));
  return { cylinders: Math.max(1, cylinders), heads, trackSectors };
}

/** @param multipleSectors of a block of READ MULTIPLE, 0 while it is not set */
export function identifyData(
  sectors: number,
  current: AtaGeometry,
  multipleSectors: number,
): Uint8Array {
  const bytes = new Uint8Array(IDENTIFY_BYTES);
  const view = new DataView(bytes.buffer);
  const word = (index: number, value: number): void => view.setUint16(2 * index, value, true);
  const doubleword = (index: number, value: number): void => view.setUint32(2 * index, value, true);
  const fixed = defaultGeometry(sectors);
  word(0, 0x0040); // an ATA device, not removable
  word(1, fixed.cylinders);
  word(3, fixed.heads);
  word(6, fixed.trackSectors);
  for (const text of [SERIAL_NUMBER, FIRMWARE_REVISION, MODEL_NUMBER]) putText(bytes, text);
  word(47, 0x8000 | MULTIPLE_SECTORS_MAX);
  word(49, 0x0a00); // IORDY, LBA; no DMA
  word(50, 0x4000);
  word(51, 0x0200); // PIO mode 2, for hosts that know no newer ones
  word(53, 0x0003); // words 54 to 58 and 64 to 70 are valid
  word(54, current.cylinders);
  word(55, current.heads);
  word(56, current.trackSectors);
  doubleword(57, current.cylinders * current.heads * current.trackSectors);
  word(59, multipleSectors === 0 ? 0 : 0x0100 | multipleSectors);
  doubleword(60, Math.min(sectors, LBA28_SECTORS_MAX));
  word(64, 0x0003); // PIO modes 3 and 4
  word(67, 120); // ns of a cycle, without flow control and with IORDY
  word(68, 120);
  word(80, 0x007e); // ATA-1 to ATA-6
  word(82, 0x4008); // NOP, power management
  word(83, 0x7400); // FLUSH CACHE EXT, FLUSH CACHE, 48-bit addresses
  word(84, 0x4000);
  word(85, 0x4008); // what of words 82 to 84 is enabled
  word(86, 0x3400);
  word(87, 0x4000);
  word(93, 0x400b); // device 0 passed its diagnostic; a jumper made it device 0
  doubleword(100, sectors);
  return bytes;
}

/** Characters stand in words, the first in the high byte; blanks behind them. */
function putText(bytes: Uint8Array, field: typeof SERIAL_NUMBER): void {
  for (let index = 0; index < field.characters; index++) {
    const code = index < field.text.length ? field.text.charCodeAt(index) : 0x20;
    bytes[2 * field.word + (index ^ 1)] = code;
  }
}
