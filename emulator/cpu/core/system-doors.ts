/** Microcode doors of system software: descriptor tables, control and debug registers, TLB, system calls. */
import { ExitReason, RIP } from '../../isa/state-layout';
import { Door, Segment, UOP_IMM } from '../../isa/uop';
import { breakpointsArmed } from './breakpoints';
import { doorClts, doorLmsw, readControlRegister, writeControlRegister } from './control-registers';
import { readDebugRegister, writeDebugRegister } from './debug-registers';
import { faulted } from './exceptions';
import { requestExit } from './run-control';
import { adjustRpl } from './segment-registers';
import { setDestination, sourceA, sourceB } from './operations/operand';
import {
  accessRights,
  descriptorVisible,
  doorInvalidateCaches,
  doorInvlpg,
  doorInvpcid,
  doorLgdt,
  doorLidt,
  doorLldt,
  doorLtr,
  doorSgdt,
  doorSidt,
  doorVerr,
  doorVerw,
  readMachineStatus,
  readSegmentBase,
  requireCpl0,
  segmentLimit,
  setAlignmentCheck,
  storeSystemSelector,
  writeSegmentBase,
} from './system';
import { doorXgetbv, doorXsetbv } from './extended-control';
import { doorSwapgs, doorSyscall, doorSysenter, doorSysexit, doorSysret } from './system-call';

/** Whether executeSystemDoor knows `door`. */
export function isSystemDoor(door: i32): bool {
  return (
    (door >= Door.Lgdt && door <= Door.WriteSegmentBase) ||
    (door >= Door.Arpl && door <= Door.Verw) ||
    (door >= Door.Xgetbv && door <= Door.RequireCpl0)
  );
}

export function executeSystemDoor(uop: u32, door: i32): void {
  if (door <= Door.Sidt) tableDoor(uop, door);
  else if (door <= Door.Ltr) selectorDoor(uop, door);
  else if (door <= Door.Clts) registerDoor(uop, door);
  else if (door <= Door.WriteSegmentBase) systemDoor(uop, door);
  else if (door <= Door.Verw) selectorDoor(uop, door);
  else stateDoor(door);
}

function immediate(uop: u32): u32 {
  return load<u32>(uop, UOP_IMM);
}

/** LGDT, LIDT, SGDT, SIDT. */
function tableDoor(uop: u32, door: i32): void {
  const segment = immediate(uop) & 0xff;
  const address = sourceA<u64>(uop);
  const w = (immediate(uop) >> 16) & 0xff;
  if (door == Door.Lgdt) doorLgdt(segment, address, w);
  else if (door == Door.Lidt) doorLidt(segment, address, w);
  else if (door == Door.Sgdt) doorSgdt(segment, address);
  else doorSidt(segment, address);
}

/** Instructions whose operand is a selector. */
function selectorDoor(uop: u32, door: i32): void {
  const selector = u32(sourceA<u16>(uop));
  switch (door) {
    case Door.Lldt:
      return doorLldt(selector);
    case Door.Ltr:
      return doorLtr(selector);
    case Door.Verr:
      return doorVerr(selector);
    case Door.Verw:
      return doorVerw(selector);
    case Door.Lar:
      return describe(uop, accessRights(selector));
    case Door.Lsl:
      return describe(uop, segmentLimit(selector));
    default:
      return setDestination<u16>(uop, u16(adjustRpl(selector, u32(sourceB<u16>(uop)))));
  }
}

/** LAR, LSL: the destination changes only if the segment could be looked at. */
function describe(uop: u32, value: u64): void {
  if (faulted() || !descriptorVisible) return;
  if (immediate(uop) == 16) setDestination<u16>(uop, u16(value));
  else setDestination<u32>(uop, u32(value));
}

/** Control and debug registers, machine status word, SLDT, STR. */
function registerDoor(uop: u32, door: i32): void {
  const number = immediate(uop);
  switch (door) {
    case Door.Sldt:
      return result(uop, storeSystemSelector(Segment.LDTR));
    case Door.Str:
      return result(uop, storeSystemSelector(Segment.TR));
    case Door.Smsw:
      return result(uop, readMachineStatus());
    case Door.Lmsw:
      return doorLmsw(u64(sourceA<u16>(uop)));
    case Door.ReadControlRegister:
      return result(uop, readControlRegister(number));
    case Door.WriteControlRegister:
      writeControlRegister(number, sourceA<u64>(uop));
      return leaveBlockWhenArmed();
    case Door.ReadDebugRegister:
      return result(uop, readDebugRegister(number));
    case Door.WriteDebugRegister:
      writeDebugRegister(number, sourceA<u64>(uop));
      return leaveBlockWhenArmed();
    default:
      return doorClts();
  }
}

/** Behind an instruction that may have enabled breakpoints the next ones are executed one by one. */
function leaveBlockWhenArmed(): void {
  if (breakpointsArmed) requestExit(ExitReason.Pause);
}

/** All 64 bits of the destination, unless the door has faulted. */
function result(uop: u32, value: u64): void {
  if (!faulted()) setDestination<u64>(uop, value);
}

function systemDoor(uop: u32, door: i32): void {
  const imm = immediate(uop);
  switch (door) {
    case Door.Invlpg:
      return doorInvlpg(imm & 0xff, sourceA<u64>(uop));
    case Door.Invpcid:
      return doorInvpcid(imm & 0xff, sourceA<u64>(uop), sourceB<u64>(uop));
    case Door.Invd:
    case Door.Wbinvd:
      return doorInvalidateCaches();
    case Door.Syscall:
      return doorSyscall(load<u64>(RIP));
    case Door.Sysret:
      return doorSysret(imm);
    case Door.Sysenter:
      return doorSysenter();
    case Door.Sysexit:
      return doorSysexit(imm);
    case Door.Swapgs:
      return doorSwapgs();
    case Door.ReadSegmentBase: {
      const value = readSegmentBase(imm & 0xff);
      return result(uop, imm >> 16 == 32 ? value & 0xffffffff : value);
    }
    default: {
      const value = sourceA<u64>(uop);
      return writeSegmentBase(imm & 0xff, imm >> 16 == 32 ? value & 0xffffffff : value);
    }
  }
}

function stateDoor(door: i32): void {
  if (door == Door.Xgetbv) doorXgetbv();
  else if (door == Door.Xsetbv) doorXsetbv();
  else if (door == Door.RequireCpl0) requireCpl0();
  else setAlignmentCheck(door == Door.Stac);
}
