/**
 * The ROM that the machine starts from: ours, or a foreign one (`--firmware`).
 * Source: [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "BIOS Memory": the ROM ends below 4 GiB, and its
 * last 128 KiB are seen below 1 MiB.
 * Departures for a foreign ROM: from C0000h to FFFFFh there is RAM from power-on, and it holds a copy of the ROM's last
 * 256 KiB, which a PC's firmware makes itself after it has opened that RAM (registers PAM0 to PAM6, not modelled).
 */
import { assert } from '../base/assert.js';
import { ConfigurationError } from '../base/errors.js';
import {
  foreignRomPlace,
  ROM_BASE,
  ROM_BYTES,
  ROM_SHADOW_BASE,
  type RomPlace,
} from './ram-layout.js';

export interface FirmwareRom {
  readonly bytes: Uint8Array;
  readonly place: RomPlace;
  /** What is copied to end at 1 MiB. */
  readonly shadow: Uint8Array;
}

const SHADOW_BYTES_MAX = 0x40000;
const ROM_UNIT_BYTES = 0x10000;
const ROM_BYTES_MAX = 0x1000000;
/** Far jump, near jump, short jump, jump through a register: one of them leaves the reset vector's 16 bytes. */
const JUMPS: readonly number[] = [0xea, 0xe9, 0xeb, 0xff];
const RESET_VECTOR_FROM_END = 16;

export function ownRom(bytes: Uint8Array): FirmwareRom {
  assert(
    bytes.byteLength === ROM_BYTES,
    `a ROM of ${bytes.byteLength} bytes instead of ${ROM_BYTES}`,
  );
  return { bytes, place: { base: ROM_BASE, shadowBase: ROM_SHADOW_BASE }, shadow: bytes };
}

export function foreignRom(file: Uint8Array): FirmwareRom {
  const shadow = file.subarray(Math.max(0, file.byteLength - SHADOW_BYTES_MAX));
  return { bytes: file, place: foreignRomPlace(file.byteLength), shadow };
}

/** @throws ConfigurationError unless the file can be a ROM: whole 64 KiB, at most 16 MiB, a jump in its last 16 bytes */
export function requireRom(file: Uint8Array, path: string): void {
  const size = file.byteLength;
  if (size % ROM_UNIT_BYTES !== 0 || size > ROM_BYTES_MAX) {
    throw new ConfigurationError(
      `${path}: no firmware ROM: ${size} bytes; a ROM has whole 64 KiB, at most 16 MiB`,
    );
  }
  const vector = file.subarray(size - RESET_VECTOR_FROM_END);
  const isEmpty = vector.every((byte) => byte === vector[0]);
  if (isEmpty || !vector.some((byte) => JUMPS.includes(byte))) {
    const bytes = [...vector].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new ConfigurationError(
      `${path}: no firmware ROM: among the 16 bytes of its reset vector is no jump (ea, e9, eb, ff): ${bytes}`,
    );
  }
}
