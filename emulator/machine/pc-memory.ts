/**
 * The board's devices in memory, to be compared with a chipset's data sheet.
 * Source: [SDM-3A "Local APIC Status and Location"]; [82371SB] and its 82093AA; [HPET] IA-PC HPET Specification 1.0a.
 */
import type { RamRange } from './ram-layout.js';

export type PcMemoryDeviceName = 'localApic' | 'ioApic' | 'hpet';

export interface MemoryRow {
  readonly device: PcMemoryDeviceName;
  readonly name: string;
  readonly base: bigint;
  readonly sizeBytes: number;
  readonly accessTimeNs: number;
}

/** Registers within the processor: an estimate of an uncached access that does not leave it. */
const PROCESSOR_ACCESS_NS = 20;
/** Registers in the chipset: an estimate; Linux counts on about a microsecond for a HPET, on half for newer ones. */
const CHIPSET_ACCESS_NS = 500;

const IO_APIC_BASE = 0xfec0_0000n;
const HPET_BASE = 0xfed0_0000n;
const LOCAL_APIC_BASE = 0xfee0_0000n;

/** In the order in which they answer where windows overlap. */
export const PC_MEMORY: readonly MemoryRow[] = [
  {
    device: 'localApic',
    name: 'local APIC',
    base: LOCAL_APIC_BASE,
    sizeBytes: 0x1000,
    accessTimeNs: PROCESSOR_ACCESS_NS,
  },
  {
    device: 'ioApic',
    name: 'I/O APIC',
    base: IO_APIC_BASE,
    sizeBytes: 0x100,
    accessTimeNs: CHIPSET_ACCESS_NS,
  },
  {
    device: 'hpet',
    name: 'high precision event timer',
    base: HPET_BASE,
    sizeBytes: 0x400,
    accessTimeNs: CHIPSET_ACCESS_NS,
  },
];

/** First address of a device. */
export function memoryBaseOf(device: PcMemoryDeviceName): bigint {
  return PC_MEMORY.find((row) => row.device === device)?.base ?? 0n;
}

const PAGE_BYTES = 0x1000n;

/** Whole pages around a window. */
function pagesOf(base: bigint, sizeBytes: number): { readonly base: bigint; readonly end: bigint } {
  return { base, end: base + ((BigInt(sizeBytes) + PAGE_BYTES - 1n) / PAGE_BYTES) * PAGE_BYTES };
}

/**
 * The pages of `windows` as ranges for the processor. Where the memory map has RAM, or the ROM is, no device can be reached:
 * the map is kept as it was given.
 */
export function deviceRanges(
  windows: readonly { readonly base: bigint; readonly sizeBytes: number }[],
  ram: readonly RamRange[],
): { readonly base: bigint; readonly end: bigint; readonly rom: false; readonly device: true }[] {
  const taken = ram.map(({ base, end }) => ({ base, end }));
  return windows.flatMap(({ base, sizeBytes }) => {
    const pages = pagesOf(base, sizeBytes);
    if (taken.some((range) => range.base < pages.end && pages.base < range.end)) return [];
    taken.push(pages);
    return [{ ...pages, rom: false, device: true }];
  });
}

/** Whether every device can be reached where it is after a reset: else software is not told of any. */
export function devicesReachable(ram: readonly RamRange[]): boolean {
  return deviceRanges(PC_MEMORY, ram).length === PC_MEMORY.length;
}
