import * as rtc from './rtc-calendar.js';

/**
 * What the CMOS memory of a PC holds at power-on: the date, and what the setup program would have stored.
 * Sources: [IBM PC/AT Technical Reference "Real-time Clock/CMOS RAM Information"] for 0x0E to 0x31; QEMU
 * hw/i386/pc.c, "pc_cmos_init", for the sizes at 0x34 and 0x5B, which firmware for virtual machines reads.
 */

export interface CmosMemorySize {
  /** End of the RAM below 4 GiB, bytes: address of the first byte that is no RAM. */
  readonly ramBelow4GiBBytes: number;
  /** RAM from 4 GiB on, bytes. */
  readonly ramAbove4GiBBytes: number;
}

const CMOS_BYTES = 128;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const UNIT_64_KIB = 64 * KIBIBYTE;
const BASE_MEMORY_KIB = 640;

/** Thursday, 1 January 2026, 00:00:00; BCD. */
const DATE_AT_POWER_ON: readonly (readonly [index: number, value: number])[] = [
  [rtc.RTC_SECONDS, 0x00],
  [rtc.RTC_MINUTES, 0x00],
  [rtc.RTC_HOURS, 0x00],
  [rtc.RTC_DAY_OF_WEEK, 5],
  [rtc.RTC_DATE_OF_MONTH, 0x01],
  [rtc.RTC_MONTH, 0x01],
  [rtc.RTC_YEAR, 0x26],
  [rtc.CMOS_CENTURY, 0x20],
];

/** Equipment byte: a coprocessor; no diskette drive, no display adapter. */
const CMOS_EQUIPMENT = 0x14;
const EQUIPMENT_COPROCESSOR = 1 << 1;
const CMOS_BASE_MEMORY = 0x15; // KiB, 16 bits
const CMOS_EXTENDED_MEMORY = 0x17; // KiB above 1 MiB, 16 bits, as set up
const CMOS_CHECKSUM = 0x2e; // of 0x10 to 0x2D, high byte first
const CMOS_EXTENDED_MEMORY_FOUND = 0x30; // the same, as the power-on test found it
const CMOS_MEMORY_ABOVE_16_MIB = 0x34; // 64 KiB, 16 bits
const CMOS_MEMORY_ABOVE_4_GIB = 0x5b; // 64 KiB, 24 bits

export function powerOnCmos(size: CmosMemorySize): Uint8Array {
  const memory = new Uint8Array(CMOS_BYTES);
  for (const [index, value] of DATE_AT_POWER_ON) memory[index] = value;
  memory[CMOS_EQUIPMENT] = EQUIPMENT_COPROCESSOR;
  const below4GiB = size.ramBelow4GiBBytes;
  const extendedKib = unitsAbove(below4GiB, MEBIBYTE, KIBIBYTE);
  store(memory, CMOS_BASE_MEMORY, 2, BASE_MEMORY_KIB);
  store(memory, CMOS_EXTENDED_MEMORY, 2, extendedKib);
  store(memory, CMOS_EXTENDED_MEMORY_FOUND, 2, extendedKib);
  store(memory, CMOS_MEMORY_ABOVE_16_MIB, 2, unitsAbove(below4GiB, 16 * MEBIBYTE, UNIT_64_KIB));
  store(memory, CMOS_MEMORY_ABOVE_4_GIB, 3, unitsAbove(size.ramAbove4GiBBytes, 0, UNIT_64_KIB));
  let checksum = 0;
  for (const byte of memory.subarray(0x10, CMOS_CHECKSUM)) checksum += byte;
  memory[CMOS_CHECKSUM] = checksum >> 8;
  memory[CMOS_CHECKSUM + 1] = checksum & 0xff;
  return memory;
}

/** Whole units of RAM above `start`. */
function unitsAbove(endBytes: number, startBytes: number, unitBytes: number): number {
  return endBytes <= startBytes ? 0 : Math.floor((endBytes - startBytes) / unitBytes);
}

/** Little endian; an amount that does not fit is stored as the largest that does. */
function store(memory: Uint8Array, index: number, sizeBytes: number, amount: number): void {
  let rest = Math.min(amount, 256 ** sizeBytes - 1);
  for (let byte = 0; byte < sizeBytes; byte++) {
    memory[index + byte] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
