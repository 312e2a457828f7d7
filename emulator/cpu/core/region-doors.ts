/**
 * Doors for regions (emulator/translator): those that need neither the host nor a slow path, cannot fault any more, and after which
 * nothing else happens. The region goes on behind them.
 */
import {
  CPL,
  CpuMode,
  FAULT,
  INSTRUCTION_RIP,
  MODE,
  NO_ERROR_CODE,
  RFLAGS_REST,
  RIP,
  TRACE_MASK,
  TraceKind,
} from '../../isa/state-layout';
import { Door, Op, UOP_EXTRA, UOP_IMM } from '../../isa/uop';
import { X87, X87_MODRM_SHIFT, X87_OPERATION_SHIFT } from '../../isa/x87';
import { breakpointsArmed } from './breakpoints';
import { CR4_FSGSBASE, cr4 } from './control-bits';
import { doorCpuid, FEATURE_SMAP, offers } from './cpuid';
import { executeDoor } from './doors';
import { flagsInRegion } from './flag-image';
import { getRflags, RFLAGS_TF } from './flags';
import { interruptReturnInRegion } from './interrupt-return';
import { interruptWaits } from './interrupt-window';
import { hostOfLoads, hostOfStores } from './mmu';
import { readMsrInRegion, timeStampInRegion, writeMsrInRegion } from './msr';
import { ripBehind, ripOf } from './near-transfer';
import { setDestination, sourceA } from './operations/operand';
import { ACCESS_READ, ACCESS_USER } from './page-walk';
import { deliverPlain } from './plain-interrupts';
import { portOutputInRegion } from './port-io';
import { linearAddress } from './segmentation';
import { stringInRegion } from './string-regions';
import { readSegmentBase, setAlignmentCheck, writeSegmentBase } from './system';
import { systemCallInRegion, systemReturnInRegion } from './system-call';
import { bytesOf, operandAddress, operandForm } from './x87/memory-operand';
import { isCanonical } from './mode';

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
    case Door.Int:
    case Door.Iret:
    case Door.Syscall:
    case Door.Sysret:
      return transferInRegion(uop, door);
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
    case Door.X87:
      return x87OperandIsFast(uop) && completes(uop);
    case Door.CmpXchgDouble:
      return doubleIsFast(uop) && completes(uop);
    case Door.StoreSegmentRegister:
    case Door.Xgetbv:
    case Door.Ldmxcsr:
    case Door.Stmxcsr:
      return completes(uop);
    default:
      return flagsInRegion(uop);
  }
}

/** Executes the door; false: it has faulted, and had no effect. */
function completes(uop: u32): bool {
  executeDoor(uop);
  return !forgetFault();
}

/** Whether a fault was pending, which the interpreter will meet again. */
function forgetFault(): bool {
  const pending = load<u32>(FAULT) != 0;
  if (pending) store<u32>(FAULT, 0);
  return pending;
}

/** Whether the door's memory operand, if it has one, needs no slow path. */
function x87OperandIsFast(uop: u32): bool {
  const imm = load<u32>(uop, UOP_IMM);
  if (((imm >> X87_MODRM_SHIFT) & 0xff) >= 0xc0) return true;
  const operation = i32(imm >> X87_OPERATION_SHIFT);
  const writes =
    (operation >= X87.FST && operation <= X87.FISTTP) ||
    operation == X87.FNSTCW ||
    operation == X87.FNSTSW;
  const bytes = bytesOf(operandForm(uop));
  return isFast(operandAddress(uop, bytes, writes), bytes, writes);
}

function doubleIsFast(uop: u32): bool {
  const imm = load<u32>(uop, UOP_IMM);
  const bytes = imm >> 19;
  return isFast(linearAddress(imm & 0xff, sourceA<u64>(uop), bytes, true), bytes, true);
}

/** Whether the bytes at `linear`, at which the segment may have refused them, are accessed without slow path. */
function isFast(linear: u64, bytes: u32, writes: bool): bool {
  if (forgetFault()) return false;
  const access = load<u32>(CPL) == 3 ? ACCESS_USER : ACCESS_READ;
  return (writes ? hostOfStores(linear, bytes, access) : hostOfLoads(linear, bytes, access)) != 0;
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

/** Kinds of events that the core may have to report while it transfers control. */
const TRANSFER_KINDS: u32 =
  (1 << TraceKind.Exception) |
  (1 << TraceKind.Interrupt) |
  (1 << TraceKind.SoftwareInterrupt) |
  (1 << TraceKind.PageFault) |
  (1 << TraceKind.PageUsed);

function transfersTraced(): bool {
  return (load<u32>(TRACE_MASK) & TRANSFER_KINDS) != 0;
}

/** INT n, IRETQ, SYSCALL and SYSRET. RIP is the instruction's behind an INT n or SYSCALL, of which the arithmetic flags have been computed. */
function transferInRegion(uop: u32, door: i32): bool {
  if (transfersTraced() || breakpointsArmed || interruptWaits(load<u32>(RFLAGS_REST))) return false;
  const imm = load<u32>(uop, UOP_IMM);
  switch (door) {
    case Door.Int:
      return deliverPlain(imm & 0xff, NO_ERROR_CODE, load<u64>(RIP), getRflags(), true);
    case Door.Iret:
      return imm == 64 && interruptReturnInRegion();
    case Door.Syscall:
      return systemCallInRegion();
    default:
      return imm == 64 && systemReturnInRegion();
  }
}

/** Doors of 64-bit mode that do nothing but transfer control, to another privilege level perhaps. */
export function isTransfer(uop: u32): bool {
  if (load<u16>(uop) != u16(Op.MicrocodeEnd)) return false;
  switch (load<i32>(uop, UOP_EXTRA)) {
    case Door.Int:
    case Door.Int3:
    case Door.Iret:
    case Door.Syscall:
    case Door.Sysret:
      return load<u32>(MODE) == CpuMode.Long;
    default:
      return false;
  }
}

/**
 * Behind a region, which has left at the transfer `uop` with flags as they are kept: executes it as the interpreter would, if nothing else is to be
 * done before or behind it. RIP is where to go on: at `uop` again when a fault is pending. False: nothing has happened.
 */
export function transferByDoor(uop: u32): bool {
  if (transfersTraced() || breakpointsArmed) return false;
  const rip = ripOf(uop);
  store<u64>(RIP, ripBehind(uop));
  store<u64>(INSTRUCTION_RIP, rip);
  executeDoor(uop);
  if (load<u32>(FAULT) != 0) store<u64>(RIP, rip);
  return true;
}

/**
 * Whether the interpreter would go on with the next block, if there is one and the budget allows: no fault is pending, no interrupt waits,
 * and there is no single-stepping.
 */
export function mayGoOn(): bool {
  return (
    load<u32>(FAULT) == 0 &&
    !interruptWaits(load<u32>(RFLAGS_REST)) &&
    (load<u32>(RFLAGS_REST) & RFLAGS_TF) == 0 &&
    load<u32>(MODE) == CpuMode.Long
  );
}
