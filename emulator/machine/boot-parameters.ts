/**
 * What the firmware reads through fw_cfg: the memory map and the command line; how to enter the image: boot/plan.ts.
 * Source: QEMU docs/specs/fw_cfg.rst.
 */
import { ConfigurationError } from '../base/errors.js';
import { isEnabled, type MemoryMap } from '../memory/memory-map.js';
import { Structure, zeroTerminated } from './boot/structure.js';

/** Entries that the firmware's tables have room for. */
export const MEMORY_MAP_ENTRIES_MAX = 4096;

const E820_ENTRY_BYTES = 20;

/**
 * The `etc/e820` file: packed {u64 base, u64 length, u32 type}, in the map's own order. It has no place for ACPI 3.0
 * attributes, and entries without attributes count as enabled, so disabled ones are left out.
 */
export function e820File(map: MemoryMap): Uint8Array {
  const entries = map.entries.filter(isEnabled);
  if (entries.length > MEMORY_MAP_ENTRIES_MAX) {
    throw new ConfigurationError(
      `memory map ${map.name}: ${entries.length} entries; the firmware has room for ` +
        `${MEMORY_MAP_ENTRIES_MAX}`,
    );
  }
  return e820Table(entries);
}

/** Packed entries of INT 15h, AX = E820h: {u64 base, u64 length, u32 type}. */
export function e820Table(entries: MemoryMap['entries']): Uint8Array {
  const table = new Structure(entries.length * E820_ENTRY_BYTES);
  entries.forEach(({ base, length, type }, index) => {
    const at = index * E820_ENTRY_BYTES;
    table
      .u64(at, base)
      .u64(at + 8, length)
      .u32(at + 16, type);
  });
  return table.bytes;
}

/**
 * The command line as the firmware hands it over: ASCII bytes and a NUL, or nothing where there is none.
 * @throws ConfigurationError for characters outside ASCII, or more than 4095 of them
 */
export function commandLineBytes(commandLine: string): Uint8Array {
  if (commandLine === '') return new Uint8Array(0);
  const bytes = zeroTerminated(commandLine, '--append');
  if (bytes.byteLength > 4096) {
    throw new ConfigurationError(
      `--append: ${commandLine.length} characters; a command line has at most 4095`,
    );
  }
  return bytes;
}
