/**
 * The map `pc`: what a PC's firmware reports for a given amount of RAM.
 *
 *     0x00000000 - 0x0009fbff   usable      conventional memory
 *     0x0009fc00 - 0x0009ffff   reserved    extended BIOS data area
 *     0x000f0000 - 0x000fffff   reserved    the ROM's shadow
 *     0x00100000 - …            usable      RAM, at most up to 3 GiB
 *     0xfec00000 - 0xfec00fff   reserved    I/O APIC
 *     0xfee00000 - 0xfee00fff   reserved    local APIC
 *     0xfffc0000 - 0xffffffff   reserved    firmware ROM
 *     0x100000000 - …           usable      the rest of the RAM
 *
 * RAM is counted as the memory modules hold it: the 384 KiB that the first megabyte hides are part of the amount.
 */

import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import {
  E820_RESERVED,
  E820_USABLE,
  mapEntry,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';

const KIBIBYTE = 1n << 10n;
const GIBIBYTE = 1n << 30n;

const EXTENDED_BIOS_DATA_AREA = 0x9fc00n;
const CONVENTIONAL_MEMORY_END = 0xa0000n;
const ROM_SHADOW = 0xf0000n;
const EXTENDED_MEMORY = 0x100000n;
/** RAM below 4 GiB ends here at the latest: PCI, APICs and ROM have the last gigabyte. */
const LOW_RAM_END_MAX = 3n * GIBIBYTE;
const IO_APIC = 0xfec00000n;
const LOCAL_APIC = 0xfee00000n;
const APIC_BYTES = 4n * KIBIBYTE;
const ROM_BYTES = 256n * KIBIBYTE;
const HIGH_RAM = 4n * GIBIBYTE;
/** One past the highest physical address of the architecture (MAXPHYADDR 52). */
const PHYSICAL_END = 1n << 52n;

/** Least and most RAM of a `pc`, bytes. */
export const PC_RAM_BYTES_MIN = EXTENDED_MEMORY;
export const PC_RAM_BYTES_MAX = PHYSICAL_END;

export interface PcMap {
  readonly map: MemoryMap;
  /** RAM that would lie above 2^52, where no address reaches it; 0 but for the last gigabyte below 4 PiB. */
  readonly leftOutBytes: bigint;
}

/**
 * @param ramBytes 1 MiB to 4 PiB.
 * @throws ConfigurationError outside these limits.
 */
export function pcMap(ramBytes: bigint): PcMap {
  if (ramBytes < PC_RAM_BYTES_MIN || ramBytes > PC_RAM_BYTES_MAX) {
    throw new ConfigurationError(
      `RAM of ${formatSize(ramBytes)} is outside ${formatSize(PC_RAM_BYTES_MIN)} to ` +
        `${formatSize(PC_RAM_BYTES_MAX)} (52 bits of physical address)`,
    );
  }
  const lowEnd = ramBytes < LOW_RAM_END_MAX ? ramBytes : LOW_RAM_END_MAX;
  const highBytes = ramBytes - lowEnd;
  const reachableBytes = PHYSICAL_END - HIGH_RAM;
  const leftOutBytes = highBytes > reachableBytes ? highBytes - reachableBytes : 0n;
  const entries: MemoryMapEntry[] = [
    mapEntry(0n, EXTENDED_BIOS_DATA_AREA, E820_USABLE),
    range(EXTENDED_BIOS_DATA_AREA, CONVENTIONAL_MEMORY_END, E820_RESERVED),
    range(ROM_SHADOW, EXTENDED_MEMORY, E820_RESERVED),
    range(EXTENDED_MEMORY, lowEnd, E820_USABLE),
    mapEntry(IO_APIC, APIC_BYTES, E820_RESERVED),
    mapEntry(LOCAL_APIC, APIC_BYTES, E820_RESERVED),
    range(HIGH_RAM - ROM_BYTES, HIGH_RAM, E820_RESERVED),
    mapEntry(HIGH_RAM, highBytes - leftOutBytes, E820_USABLE),
  ];
  return {
    map: { name: 'pc', entries: entries.filter(({ length }) => length > 0n) },
    leftOutBytes,
  };
}

function range(base: bigint, end: bigint, type: number): MemoryMapEntry {
  return mapEntry(base, end - base, type);
}
