/**
 * What the firmware reads through fw_cfg: the memory map, the command line and how to enter the image.
 * Source: QEMU docs/specs/fw_cfg.rst for the standard items; `opt/s7x/boot` is ours (firmware/README.md).
 */
import { ConfigurationError } from '../base/errors.js';
import type { MemoryMap } from '../memory/memory-map.js';
import type { BootImage } from './image.js';

/** Entries that the firmware's tables have room for. */
export const MEMORY_MAP_ENTRIES_MAX = 4096;

const E820_ENTRY_BYTES = 20;
const BOOT_RECORD_BYTES = 32;
const BOOT_RECORD_VERSION = 1;
const BOOT_KIND = { none: 0, pvh: 1, 'boot-sector': 2 } as const;

/** The `etc/e820` file: packed {u64 base, u64 length, u32 type}, in the map's own order. */
export function e820File(map: MemoryMap): Uint8Array {
  if (map.entries.length > MEMORY_MAP_ENTRIES_MAX) {
    throw new ConfigurationError(
      `memory map ${map.name}: ${map.entries.length} entries; the firmware has room for ` +
        `${MEMORY_MAP_ENTRIES_MAX}`,
    );
  }
  const bytes = new Uint8Array(map.entries.length * E820_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  map.entries.forEach((entry, index) => {
    const at = index * E820_ENTRY_BYTES;
    view.setBigUint64(at, entry.base, true);
    view.setBigUint64(at + 8, entry.length, true);
    view.setUint32(at + 16, entry.type, true);
  });
  return bytes;
}

/** The `opt/s7x/boot` file: {u32 version, u32 kind, u64 entry, u64 rsdp, u32 moduleCount, u32 reserved}. */
export function bootFile(image: BootImage | null): Uint8Array {
  const bytes = new Uint8Array(BOOT_RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, BOOT_RECORD_VERSION, true);
  view.setUint32(4, BOOT_KIND[image?.kind ?? 'none'], true);
  view.setBigUint64(8, image?.entry ?? 0n, true);
  return bytes;
}

/**
 * The command line as the firmware hands it over: ASCII bytes and a NUL, or nothing where there is none.
 * @throws ConfigurationError for characters outside ASCII, or more than 4095 of them
 */
export function commandLineBytes(commandLine: string): Uint8Array {
  if (commandLine === '') return new Uint8Array(0);
  const bytes = new Uint8Array(commandLine.length + 1);
  for (let at = 0; at < commandLine.length; at++) {
    const code = commandLine.charCodeAt(at);
    if (code === 0 || code > 0x7e) {
      throw new ConfigurationError(`--append: character ${at} (code ${code}) is not ASCII`);
    }
    bytes[at] = code;
  }
  if (bytes.byteLength > 4096) {
    throw new ConfigurationError(
      `--append: ${commandLine.length} characters; a command line has at most 4095`,
    );
  }
  return bytes;
}
