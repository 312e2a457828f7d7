/** Where RAM is, as the memory map says, and where the machine has RAM and ROM whatever the map says. */
import { ConfigurationError } from '../base/errors.js';
import {
  E820_ACPI_NVS,
  E820_ACPI_RECLAIMABLE,
  E820_PERSISTENT,
  E820_PRAM,
  E820_USABLE,
  isEnabled,
  type MemoryMap,
} from '../memory/memory-map.js';

/** Architectural limit of physical addresses: 52 bits (SDM Vol. 3A "Paging", MAXPHYADDR). */
export const PHYSICAL_ADDRESS_END = 1n << 52n;
/** The firmware ROM: its last 128 KiB below 4 GiB, copied at reset to the shadow RAM below 1 MiB. */
export const ROM_BYTES = 0x20000;
export const ROM_BASE = 0x1_0000_0000n - BigInt(ROM_BYTES);
export const ROM_SHADOW_BASE = 0xe0000n;
/** A foreign ROM has this and the shadow RAM above it: there it puts option ROMs and what it allocates. */
const OPTION_ROM_BASE = 0xc0000n;
/** Conventional memory: real-mode software, the firmware's data and the boot sector need it on every PC. */
const CONVENTIONAL_MEMORY_END = 0xa0000n;
const ONE_MIB = 0x100000n;
const FOUR_GIB = 1n << 32n;

export interface RamRange {
  readonly base: bigint;
  /** First byte behind the range. */
  readonly end: bigint;
  readonly rom: boolean;
}

/** Types that name RAM: usable, ACPI tables and NVS, persistent memory. Everything else is holes and devices. */
const BACKED_TYPES: ReadonlySet<number> = new Set([
  E820_USABLE,
  E820_ACPI_RECLAIMABLE,
  E820_ACPI_NVS,
  E820_PERSISTENT,
  E820_PRAM,
]);

/** What of the layout depends on the ROM. */
export interface RomPlace {
  readonly base: bigint;
  /** Where the shadow RAM begins; it reaches to 1 MiB. */
  readonly shadowBase: bigint;
}

const OWN_ROM: RomPlace = { base: ROM_BASE, shadowBase: ROM_SHADOW_BASE };

/** A foreign ROM of this size ends below 4 GiB, and finds RAM from C0000h to FFFFFh. */
export function foreignRomPlace(romBytes: number): RomPlace {
  return { base: FOUR_GIB - BigInt(romBytes), shadowBase: OPTION_ROM_BASE };
}

/**
 * Sorted, disjoint ranges of storage behind the physical addresses: the map's RAM, conventional memory, the shadow
 * RAM of the ROM, and the ROM itself.
 */
export function ramLayout(map: MemoryMap, place: RomPlace = OWN_ROM): RamRange[] {
  const spans = map.entries
    .filter((entry) => BACKED_TYPES.has(entry.type) && isEnabled(entry) && entry.length > 0n)
    .map((entry) => clip(entry.base, entry.base + entry.length))
    .filter((span) => span.base < span.end);
  spans.push({ base: 0n, end: CONVENTIONAL_MEMORY_END });
  spans.push({ base: place.shadowBase, end: ONE_MIB });
  const ram = merge(spans).flatMap((span) => without(span, place.base, FOUR_GIB));
  const rom = { base: place.base, end: FOUR_GIB, rom: true };
  return [...ram.map((span) => ({ ...span, rom: false })), rom].sort((a, b) =>
    a.base < b.base ? -1 : 1,
  );
}

/** Throws unless [base, base + sizeBytes) is RAM; `what` and `path` name the thing that wants to be there. */
export function requireRam(
  ranges: readonly RamRange[],
  base: bigint,
  sizeBytes: bigint,
  what: string,
): void {
  const end = base + sizeBytes;
  let at = base;
  for (const range of ranges) {
    if (range.rom || range.end <= at || range.base > at) continue;
    at = range.end < end ? range.end : end;
    if (at >= end) return;
  }
  if (sizeBytes === 0n) return;
  throw new ConfigurationError(
    `${what} at 0x${base.toString(16)}–0x${(end - 1n).toString(16)} lies outside the RAM of the ` +
      `memory map (nothing at 0x${at.toString(16)})`,
  );
}

/** Bytes of storage that the ranges name. */
export function ramBytesOf(ranges: readonly RamRange[]): bigint {
  return ranges.reduce((sum, range) => (range.rom ? sum : sum + range.end - range.base), 0n);
}

/** RAM as the sizes in CMOS memory give it: without a hole from 1 MiB up to 4 GiB, and all above 4 GiB. */
export function cmosMemorySize(ranges: readonly RamRange[]): {
  ramBelow4GiBBytes: number;
  ramAbove4GiBBytes: number;
} {
  const extended = ranges.find(({ base, end, rom }) => !rom && base <= ONE_MIB && end > ONE_MIB);
  const above = ranges.filter(({ base }) => base >= FOUR_GIB);
  const below = extended === undefined || extended.end > FOUR_GIB ? 0n : extended.end;
  return { ramBelow4GiBBytes: Number(below), ramAbove4GiBBytes: Number(ramBytesOf(above)) };
}

interface Span {
  readonly base: bigint;
  readonly end: bigint;
}

/** Storage is by whole page frames: a partial page at either end has storage too. */
function clip(base: bigint, end: bigint): Span {
  const pageMask = ~0xfffn;
  const top = end > PHYSICAL_ADDRESS_END ? PHYSICAL_ADDRESS_END : (end + 0xfffn) & pageMask;
  return { base: base & pageMask, end: top };
}

function merge(spans: Span[]): Span[] {
  const sorted = [...spans].sort((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : 0));
  const merged: Span[] = [];
  for (const span of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && span.base <= last.end) {
      if (span.end > last.end) merged[merged.length - 1] = { base: last.base, end: span.end };
    } else {
      merged.push(span);
    }
  }
  return merged;
}

function without(span: Span, base: bigint, end: bigint): Span[] {
  if (end <= span.base || span.end <= base) return [span];
  const parts = [
    { base: span.base, end: base },
    { base: end, end: span.end },
  ];
  return parts.filter((part) => part.base < part.end);
}
