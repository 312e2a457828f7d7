/** Where memory is, and where devices are in its place: the table that the core looks into. */
import { assert } from '../base/assert.js';
import { RAM_RANGE_BYTES, RAM_RANGES, RAM_RANGES_MAX, RamKind } from '../isa/state-layout.js';
import type { LinearMemory } from './linear-memory.js';

const PAGE_MASK = 0xfffn;

/** RAM or ROM from `base` up to, not including, `end`; both multiples of 4096. */
export interface ProcessorRamRange {
  readonly base: bigint;
  readonly end: bigint;
  readonly rom: boolean;
  /** No memory, but registers of devices: accesses are the host's to answer. */
  readonly device?: boolean;
}

/** Writes the table. Ranges must be disjoint. */
export function writeRamRanges(memory: LinearMemory, ranges: readonly ProcessorRamRange[]): void {
  assert(ranges.length <= RAM_RANGES_MAX, `${ranges.length} ranges of RAM`);
  const sorted = [...ranges].sort((a, b) => (a.base < b.base ? -1 : 1));
  memory.setU32(RAM_RANGES, sorted.length);
  let previousEnd = 0n;
  sorted.forEach(({ base, end, rom, device }, index) => {
    const text = `RAM range 0x${base.toString(16)}-0x${end.toString(16)}`;
    assert(base < end && ((base | end) & PAGE_MASK) === 0n, `${text} is not whole pages`);
    assert(base >= previousEnd, `${text} overlaps the range before it`);
    previousEnd = end;
    const at = RAM_RANGES + 8 + index * RAM_RANGE_BYTES;
    memory.setU64(at, base);
    memory.setU64(at + 8, end);
    const kind = rom ? RamKind.Rom : RamKind.Ram;
    memory.setU32(at + 16, device === true ? RamKind.Device : kind);
  });
}
