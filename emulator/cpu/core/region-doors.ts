/**
 * Doors for regions (emulator/translator): those that need neither the host nor a slow path, cannot fault any more, and after which
 * nothing else happens. The region goes on behind them.
 */
import { CPL, TRACE_MASK, TraceKind } from '../../isa/state-layout';
import { Door, UOP_EXTRA, UOP_IMM } from '../../isa/uop';
import { CR4_FSGSBASE, cr4 } from './control-bits';
import { doorCpuid, FEATURE_SMAP, offers } from './cpuid';
import { flagsInRegion } from './flag-image';
import { isCanonical } from './mmu';
import { readMsrInRegion, timeStampInRegion, writeMsrInRegion } from './msr';
import { setDestination, sourceA } from './operations/operand';
import { portOutputInRegion } from './port-io';
import { stringInRegion } from './string-regions';
import { readSegmentBase, setAlignmentCheck, writeSegmentBase } from './system';

/** Executes the door if it is one of these, in these circumstances; returns whether it has. */
export function doorInRegion(uop: u32): bool {
  const door = load<i32>(uop, UOP_EXTRA);
  switch (door) {
    case Door.String:
      return stringInRegion(uop);
    case Door.Out:
      return portOutputInRegion(uop);
    case Door.Rdtsc:
      return timeStampInRegion(false);
    case Door.Rdtscp:
      return timeStampInRegion(true);
    case Door.Cpuid:
      if (isTraced(TraceKind.Cpuid)) return false;
      doorCpuid();
      return true;
    case Door.Rdmsr:
      return !isTraced(TraceKind.MsrRead) && load<u32>(CPL) == 0 && readMsrInRegion();
    case Door.Wrmsr:
      return !isTraced(TraceKind.MsrWrite) && load<u32>(CPL) == 0 && writeMsrInRegion();
    case Door.ReadSegmentBase:
    case Door.WriteSegmentBase:
      return cr4(CR4_FSGSBASE) && segmentBaseInRegion(uop, door);
    case Door.Clac:
    case Door.Stac:
      if (load<u32>(CPL) != 0 || !offers(FEATURE_SMAP)) return false;
      setAlignmentCheck(door == Door.Stac);
      return true;
    default:
      return flagsInRegion(uop);
  }
}

function isTraced(kind: TraceKind): bool {
  return ((load<u32>(TRACE_MASK) >> kind) & 1) != 0;
}

/** RDFSBASE to WRGSBASE, which are permitted. */
function segmentBaseInRegion(uop: u32, door: i32): bool {
  const imm = load<u32>(uop, UOP_IMM);
  const mask: u64 = imm >> 16 == 32 ? 0xffffffff : ~u64(0);
  if (door == Door.ReadSegmentBase) {
    setDestination<u64>(uop, readSegmentBase(imm & 0xff) & mask);
    return true;
  }
  const value = sourceA<u64>(uop) & mask;
  if (!isCanonical(value)) return false;
  writeSegmentBase(imm & 0xff, value);
  return true;
}
