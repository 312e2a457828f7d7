/**
 * `--check`: accesses of a guest that its developer would want to know of. Nothing is changed for the guest: an access is looked at, and
 * goes on. One finding for each kind and instruction, with the first access of it.
 */
import {
  ACCESS_BY_HOST,
  ACCESS_HITS_CODE,
  ACCESS_HITS_NOTHING,
  ACCESS_STALE,
  ACCESS_STORES,
} from '../isa/state-layout.js';
import {
  E820_ACPI_RECLAIMABLE,
  E820_USABLE,
  isEnabled,
  type MemoryMap,
} from '../memory/memory-map.js';
import type { StackWatch } from './stack-watch.js';
import { WrittenBytes } from './written-bytes.js';

export const MEMORY_CHECKS = ['uninit', 'reserved', 'wx', 'stack', 'tlb'] as const;
export type MemoryCheckKind = (typeof MEMORY_CHECKS)[number];

export interface Finding {
  readonly check: MemoryCheckKind;
  readonly access: 'read' | 'write';
  /** Physical address of the first access, and its bytes. */
  readonly address: number;
  readonly bytes: number;
  /** Linear address of its first byte. */
  readonly linear: bigint;
  /** Linear address of the instruction. */
  readonly rip: bigint;
  readonly function: string;
  /** Core clock, and retired instructions, at the first access. */
  readonly cycle: number;
  readonly instruction: number;
  /** What is wrong with it, as the end of a sentence. */
  readonly why: string;
  /** Accesses of this instruction that are. */
  count: number;
}

/** Who makes an access. */
export interface AccessObserver {
  /** Null: the firmware, which is not looked at. */
  place(): AccessPlace | null;
  /** Linear address of the access. */
  linear(): bigint;
  /** RSP before the instruction, as a linear address. */
  stackPointer(): bigint;
}

export interface AccessPlace {
  readonly rip: bigint;
  readonly function: string;
  readonly cycle: number;
  /** Instructions that had retired. */
  readonly instruction: number;
}

/** Findings after which nothing new is kept. */
const FINDINGS_MAX = 1000;
/** Memory of the VGA and what lies beside it: device or hole, whatever the map says. */
const VIDEO_BASE = 0xa0000;
const VIDEO_END = 0xc0000;

interface Interval {
  readonly base: number;
  readonly end: number;
}

export class MemoryCheck {
  /** Accesses of further instructions, for which there was no room. */
  lacking = 0;
  private readonly found = new Map<string, Finding>();
  private readonly written = new WrittenBytes();
  private readonly writable: readonly Interval[];
  /** The last access that was found: what of, and by which instruction. */
  private notedKey = '';
  private notedAt = -1;
  /** The one of `writable` that was asked for last. */
  private last: Interval = { base: 0, end: 0 };

  constructor(
    readonly checks: ReadonlySet<MemoryCheckKind>,
    map: MemoryMap,
    /** Of the image; it is asked where `stack` is among the checks. */
    private readonly stacks: StackWatch,
  ) {
    this.writable = writableIntervals(map);
  }

  get findings(): readonly Finding[] {
    return [...this.found.values()];
  }

  /** `bytes` from physical `address` on, in one page unless they are written; `what` is bits ACCESS_* of state-layout.ts. */
  accessed(address: number, bytes: number, what: number, observer: AccessObserver): void {
    if ((what & ACCESS_BY_HOST) !== 0) {
      this.written.add(address, bytes);
      return;
    }
    const stores = (what & ACCESS_STORES) !== 0;
    for (const check of this.checks) {
      const why =
        check === 'stack'
          ? this.stacks.wrong(observer.linear(), bytes, stores, observer.stackPointer())
          : this.wrong(check, address, bytes, what, stores);
      if (why === null) continue;
      const by = observer.place();
      if (by === null) continue;
      this.note({ check, address, bytes, linear: observer.linear(), why, stores }, by);
    }
    if (stores && (what & ACCESS_HITS_NOTHING) === 0) this.written.add(address, bytes);
  }

  private wrong(
    check: Exclude<MemoryCheckKind, 'stack'>,
    address: number,
    bytes: number,
    what: number,
    stores: boolean,
  ): string | null {
    const isNothing = (what & ACCESS_HITS_NOTHING) !== 0;
    switch (check) {
      case 'uninit':
        return stores || isNothing || isVideo(address) || this.written.hasAny(address, bytes)
          ? null
          : 'which nobody has written since power-on';
      case 'reserved':
        if (isNothing) return isVideo(address) ? null : 'where no memory is';
        return stores && !isVideo(address) && !this.mayWrite(address, address + bytes)
          ? 'which the memory map does not call usable'
          : null;
      case 'wx':
        return (what & ACCESS_HITS_CODE) !== 0 ? 'where code has been executed' : null;
      case 'tlb':
        return (what & ACCESS_STALE) !== 0
          ? 'by a translation that page tables no longer have, and that was not invalidated'
          : null;
    }
  }

  private mayWrite(base: number, end: number): boolean {
    const holds = (interval: Interval): boolean => base >= interval.base && end <= interval.end;
    if (holds(this.last)) return true;
    const interval = this.writable.find(holds);
    if (interval !== undefined) this.last = interval;
    return interval !== undefined;
  }

  private note(
    access: Pick<Finding, 'check' | 'address' | 'bytes' | 'linear' | 'why'> & {
      readonly stores: boolean;
    },
    place: AccessPlace,
  ): void {
    const { stores, ...where } = access;
    const key = `${access.check} ${stores ? 'write' : 'read'} ${place.rip}`;
    const known = this.found.get(key);
    // Both pages of an access over the end of one are one access.
    const isSecondPart = key === this.notedKey && place.instruction === this.notedAt;
    this.notedKey = key;
    this.notedAt = place.instruction;
    if (known !== undefined) known.count += isSecondPart ? 0 : 1;
    else if (this.found.size >= FINDINGS_MAX) this.lacking++;
    else this.found.set(key, { ...where, access: stores ? 'write' : 'read', ...place, count: 1 });
  }
}

function isVideo(address: number): boolean {
  return address >= VIDEO_BASE && address < VIDEO_END;
}

/**
 * Where a kernel may store: usable memory, and that of ACPI tables, which becomes usable when they have been read. What the map has twice
 * is what its last word for it is not: any entry of another type takes it away.
 */
function writableIntervals({ entries }: MemoryMap): Interval[] {
  const enabled = entries.filter(isEnabled).map(({ base, length, type }) => ({
    base: Number(base),
    end: Number(base + length),
    mayWrite: type === E820_USABLE || type === E820_ACPI_RECLAIMABLE,
  }));
  const others = enabled.filter(({ mayWrite }) => !mayWrite).sort((a, b) => a.base - b.base);
  const joined: { base: number; end: number }[] = [];
  for (const { base, end } of enabled
    .filter(({ mayWrite }) => mayWrite)
    .sort((a, b) => a.base - b.base)) {
    const last = joined.at(-1);
    if (last !== undefined && base <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ base, end });
  }
  return joined.flatMap((interval) => without(interval, others));
}

function without(interval: Interval, others: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let { base } = interval;
  for (const other of others) {
    if (other.end <= base || other.base >= interval.end) continue;
    if (other.base > base) left.push({ base, end: other.base });
    base = Math.max(base, other.end);
  }
  if (base < interval.end) left.push({ base, end: interval.end });
  return left;
}
