/**
 * The task-state segment, as far as it is used without task switches: stacks of inner privilege levels, the interrupt
 * stack table, the I/O permission map.
 * Source: SDM Vol. 3A, "Task-State Segment (TSS)", "64-Bit TSS"; SDM Vol. 1, "I/O Permission Bit Map".
 *
 *   16-bit: SP0 at 2, SS0 at 4, …    32-bit: ESP0 at 4, SS0 at 8, …; map base at 0x66
 *   64-bit: RSP0 at 4, RSP1 at 12, RSP2 at 20, IST1 at 36 … IST7 at 84; map base at 0x66
 */
import {
  CPL,
  CpuMode,
  MODE,
  RFLAGS_REST,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { RFLAGS_IOPL } from './control-bits';
import { raiseSelector } from './descriptors';
import { faulted, TS } from './exceptions';
import { readSupervisor } from './mmu';
import { segmentAttributes, segmentCache } from './mode';

/** Bit 3 of a TSS descriptor's type: 32 (or 64) bits wide. */
export const TYPE_WIDE: u32 = 8;
const IO_MAP_BASE: u32 = 0x66;

/** Stack segment of the last innerStack(). */
export let innerStackSelector: u32 = 0;

function tssField(offset: u32, bytes: u32): u64 {
  const tr = segmentCache(Segment.TR);
  if (offset + bytes - 1 > load<u32>(tr, SEGMENT_LIMIT)) {
    raiseSelector(TS, load<u32>(tr, SEGMENT_SELECTOR));
    return 0;
  }
  return readSupervisor(load<u64>(tr, SEGMENT_BASE) + offset, bytes);
}

/** Stack pointer for privilege `level` (0 to 2) outside IA-32e mode, and innerStackSelector; #TS(TSS) beyond its limit. */
export function innerStack(level: u32): u64 {
  const wide = (segmentAttributes(Segment.TR) & TYPE_WIDE) != 0;
  const at = wide ? 4 + level * 8 : 2 + level * 4;
  const bytes: u32 = wide ? 4 : 2;
  innerStackSelector = <u32>tssField(at + bytes, 2);
  if (faulted()) return 0;
  return tssField(at, bytes);
}

/** RSP for privilege `level` (0 to 2) in IA-32e mode. */
export function innerStack64(level: u32): u64 {
  return tssField(4 + level * 8, 8);
}

/** Entry `index` (1 to 7) of the interrupt stack table. */
export function interruptStack(index: u32): u64 {
  return tssField(28 + index * 8, 8);
}

/**
 * Whether the program may use `bytes` ports from `port` on: CPL ≤ IOPL, else every port's bit in the TSS is 0.
 * The caller raises #GP(0) unless a fault is already pending.
 */
export function ioPermitted(port: u32, bytes: u32): bool {
  const mode = load<u32>(MODE);
  if (mode == CpuMode.Real) return true;
  if (
    mode != CpuMode.Virtual8086 &&
    load<u32>(CPL) <= (load<u32>(RFLAGS_REST) & (<u32>RFLAGS_IOPL)) >> 12
  )
    return true;
  const tr = segmentCache(Segment.TR);
  const limit = load<u32>(tr, SEGMENT_LIMIT);
  if ((segmentAttributes(Segment.TR) & TYPE_WIDE) == 0 || IO_MAP_BASE + 1 > limit) return false;
  const base = load<u64>(tr, SEGMENT_BASE);
  const map = <u32>readSupervisor(base + IO_MAP_BASE, 2) + (port >> 3);
  // Two bytes are read even when one would do, as the manual asks of the map's end.
  if (faulted() || map + 1 > limit) return false;
  const bits = (<u32>readSupervisor(base + map, 2)) >> (port & 7);
  return !faulted() && (bits & ((1 << bytes) - 1)) == 0;
}
