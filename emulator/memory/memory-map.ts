/**
 * The firmware's memory map, kept *as the firmware gives it*: unsorted, overlapping, zero-length and wrapping
 * entries included. Sanitising is the kernel's job.
 * Source: ACPI Specification 6.5, "System Address Map Interfaces", "INT 15H, E820H".
 */

/** e820 type numbers (ACPI 6.5, table "Address Range Types"). Any other number may occur and means "not usable". */
export const E820_USABLE = 1;
export const E820_RESERVED = 2;
export const E820_ACPI_RECLAIMABLE = 3;
export const E820_ACPI_NVS = 4;
export const E820_UNUSABLE = 5;
export const E820_DISABLED = 6;
export const E820_PERSISTENT = 7;
/** Persistent memory as Linux and older firmware number it. */
export const E820_PRAM = 12;
/** Linux's number for EFI specific-purpose memory; printed as `soft reserved`, never used by firmware. */
export const E820_SOFT_RESERVED = 0xefff_ffff;

/** Extended attribute bit 0, ACPI 3.0: the entry is valid. Entries without extended attributes have it set. */
export const E820_ATTRIBUTE_ENABLED = 1;

export interface MemoryMapEntry {
  /** Physical address of the first byte, 0 to 2^64 - 1. */
  readonly base: bigint;
  /** Bytes, 0 to 2^64 - 1; base + length may wrap past 2^64 (the map is kept as given). */
  readonly length: bigint;
  /** e820 type number, 0 to 2^32 - 1. */
  readonly type: number;
  /** ACPI 3.0 extended attributes. */
  readonly attributes: number;
}

export interface MemoryMap {
  /** Where it came from: `pc`, `zoo:NAME`, a file's path. */
  readonly name: string;
  readonly entries: readonly MemoryMapEntry[];
  /** Which RAM belongs to which node, of a machine with more than one. */
  readonly nodes?: readonly NodeRange[];
}

/** More than any board has, and as many as the kernel counts. */
export const NODES_MAX = 64;

/** RAM of one node. A node may have several ranges; ranges of different nodes do not overlap. */
export interface NodeRange {
  /** Proximity domain, 0 to NODES_MAX - 1. */
  readonly node: number;
  readonly base: bigint;
  readonly length: bigint;
}

/** One past the last address that a 64-bit number can hold. */
export const ADDRESS_SPACE_BYTES = 1n << 64n;

/** An entry as firmware without ACPI 3.0 extended attributes reports it: enabled. */
export function mapEntry(base: bigint, length: bigint, type: number): MemoryMapEntry {
  return { base, length, type, attributes: E820_ATTRIBUTE_ENABLED };
}

/** Whether an operating system may look at the entry at all (ACPI 3.0 extended attributes, bit 0). */
export function isEnabled(entry: MemoryMapEntry): boolean {
  return (entry.attributes & E820_ATTRIBUTE_ENABLED) !== 0;
}
