/**
 * Breakpoints of the debug registers: instruction breakpoints (faults, held back once by RFLAGS.RF), data and I/O
 * breakpoints (traps behind the instruction that made the access). Beside them the watchpoints of a debugger on the host, of which
 * the guest sees nothing.
 * Source: SDM Vol. 3B, "Debug Registers", "Breakpoint Field Recognition", "Instruction-Breakpoint Exception Condition",
 * "Data Memory and I/O Breakpoint Exception Conditions".
 *
 * While any is enabled, instructions are executed one by one, and pages with data breakpoints are never in the TLB.
 *
 *   DR7: L0 G0 … L3 G3 in bits 0 to 7; R/W0 in 17:16, LEN0 in 19:18, four bits each
 *   R/W: 0 instruction, 1 data writes, 2 I/O (CR4.DE), 3 data reads and writes     LEN: 0, 1, 3, 2 for 1, 2, 4, 8 bytes
 */
import {
  ACCESSES_TOLD,
  CpuMode,
  DEBUG_REGISTERS,
  INTERRUPT_SHADOW,
  MODE,
  RFLAGS_REST,
  RIP,
  SEGMENT_BASE,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  SHADOW_SS,
  WATCHES_READS,
  WATCHES_WRITES,
  WATCHPOINT_BYTES,
  WATCHPOINT_COUNT,
  WATCHPOINT_MET,
  WATCHPOINTS,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { CR4_DE, RFLAGS_RF, cr4 } from './control-bits';
import { DB, raisePlain } from './exceptions';
import { flushTlb } from './tlb';

const CS: usize = SEGMENTS + Segment.CS * SEGMENT_SIZE_BYTES;
const DR6: usize = DEBUG_REGISTERS + 6 * 8;
const DR7: usize = DEBUG_REGISTERS + 7 * 8;
/** General detect: MOV DR raises #DB. */
export const DR7_GD: u64 = 1 << 13;
const ON_INSTRUCTION: u32 = 0;
const ON_WRITE: u32 = 1;
const ON_PORT: u32 = 2;

/** Bit n: breakpoint n is enabled and of this kind. */
let instructionMask: u32 = 0;
let dataMask: u32 = 0;
let portMask: u32 = 0;
/** Watchpoints of the host's debugger. */
let watchpoints: u32 = 0;
/** The host is told of every access. */
export let accessesTold: bool = false;
/** Any of these: instructions are executed one by one. */
export let breakpointsArmed: bool = false;
/** Any of the guest's: a repeated instruction's iterations are, too. A watchpoint must not, because each start counts as an instruction. */
export let iterationsAlone: bool = false;
/** Data or I/O breakpoints that the instruction in work has met: bits of DR6. */
let matches: u32 = 0;
/** The #DB that is raised is that of an instruction breakpoint. */
let faultPending: bool = false;

/** To be called when DR0 to DR3, DR7 or CR4.DE has changed. */
export function breakpointsChanged(): void {
  const before = dataMask;
  instructionMask = 0;
  dataMask = 0;
  portMask = 0;
  for (let number: u32 = 0; number < 4; number++) enable(number);
  arm();
  if (instructionMask == 0) store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) & ~(<u32>RFLAGS_RF));
  if ((before | dataMask) != 0) flushTlb(false);
}

function arm(): void {
  iterationsAlone = (instructionMask | dataMask | portMask) != 0;
  breakpointsArmed = iterationsAlone || watchpoints != 0 || accessesTold;
}

/** For the host: the watchpoints, or ACCESSES_TOLD, have changed. */
export function watchpointsChanged(): void {
  watchpoints = load<u32>(WATCHPOINT_COUNT);
  accessesTold = load<u32>(ACCESSES_TOLD) != 0;
  arm();
  store<u32>(WATCHPOINT_MET, 0);
  flushTlb(false);
}

function enable(number: u32): void {
  const control = load<u32>(DR7);
  if (((control >> (2 * number)) & 3) == 0) return;
  const kind = kindOf(number);
  const bit: u32 = 1 << number;
  if (kind == ON_INSTRUCTION) instructionMask |= bit;
  else if (kind != ON_PORT) dataMask |= bit;
  else if (cr4(CR4_DE)) portMask |= bit;
}

function kindOf(number: u32): u32 {
  return (load<u32>(DR7) >> (16 + 4 * number)) & 3;
}

function lengthOf(number: u32): u64 {
  const code = (load<u32>(DR7) >> (18 + 4 * number)) & 3;
  return code == 2 ? 8 : <u64>code + 1;
}

function addressOf(number: u32): u64 {
  return load<u64>(DEBUG_REGISTERS + number * 8);
}

/** Whether the breakpoint's range, aligned to its length, holds any of `bytes` bytes at `address`. */
function overlaps(number: u32, address: u64, bytes: u64): bool {
  const length = lengthOf(number);
  const first = addressOf(number) & ~(length - 1);
  return address - first < length || first - address < bytes;
}

/** Raises #DB at the instruction at RIP when a breakpoint is set on it and RF does not hold it back. */
export function instructionBreakpoint(): bool {
  if (instructionMask == 0) return false;
  const rest = load<u32>(RFLAGS_REST);
  if ((rest & (<u32>RFLAGS_RF)) != 0) {
    store<u32>(RFLAGS_REST, rest & ~(<u32>RFLAGS_RF));
    return false;
  }
  if (load<u32>(INTERRUPT_SHADOW) == SHADOW_SS) return false;
  const linear = instructionAddress();
  let met: u32 = 0;
  for (let number: u32 = 0; number < 4; number++) {
    if ((instructionMask >> number) & 1 && addressOf(number) == linear) met |= 1 << number;
  }
  if (met == 0) return false;
  noteDebugException(met);
  faultPending = true;
  raisePlain(DB);
  return true;
}

/** The registers at a debug exception: `conditions` are set in DR6, and GD is cleared, so that the handler may read them. */
export function noteDebugException(conditions: u32): void {
  store<u64>(DR6, load<u64>(DR6) | conditions);
  store<u64>(DR7, load<u64>(DR7) & ~DR7_GD);
}

/** Whether the #DB in work is that of an instruction breakpoint; asked once. */
export function takeBreakpointFault(): bool {
  const pending = faultPending;
  faultPending = false;
  return pending;
}

function instructionAddress(): u64 {
  if (load<u32>(MODE) == CpuMode.Long) return load<u64>(RIP);
  return (load<u64>(CS, SEGMENT_BASE) + load<u64>(RIP)) & 0xffffffff;
}

/** Bits of RFLAGS that an image of `w` bits may set besides the others: RF, while there is something to hold back. */
export function resumeFlag(w: u32): u64 {
  return instructionMask != 0 && w != 16 ? RFLAGS_RF : 0;
}

/** A repeated instruction goes on at itself: its breakpoint has been met already. */
export function resumeRepeated(): void {
  if (instructionMask != 0) store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) | (<u32>RFLAGS_RF));
}

/** Whether a data breakpoint lies in the page of `linear`: its accesses take the slow path. */
export function pageHasBreakpoint(linear: u64): bool {
  if (accessesTold) return true;
  if ((dataMask | watchpoints) == 0) return false;
  for (let number: u32 = 0; number < 4; number++) {
    if ((dataMask >> number) & 1 && ((addressOf(number) ^ linear) & ~0xfff) == 0) return true;
  }
  const page = linear & ~0xfff;
  for (let number: u32 = 0; number < watchpoints; number++) {
    if (watches(number, page, 0x1000)) return true;
  }
  return false;
}

/** Notes an access of `bytes` bytes that an instruction makes.
 * @inline */
export function noteDataAccess(linear: u64, bytes: u32, write: bool): void {
  if ((dataMask | watchpoints) != 0) matchData(linear, bytes, write);
}

function matchData(linear: u64, bytes: u32, write: bool): void {
  for (let number: u32 = 0; number < 4; number++) {
    if (((dataMask >> number) & 1) == 0 || (kindOf(number) == ON_WRITE && !write)) continue;
    if (overlaps(number, linear, bytes)) matches |= 1 << number;
  }
  noteWatched(linear, bytes, write);
}

/** The same of `bytes` bytes that a string instruction moves or stores at once: for watchpoints alone, because it goes by single iterations where the guest has breakpoints. */
export function noteWatched(linear: u64, bytes: u64, write: bool): void {
  const access: u32 = write ? WATCHES_WRITES : WATCHES_READS;
  for (let number: u32 = 0; number < watchpoints; number++) {
    const accesses = load<u32>(WATCHPOINTS + number * WATCHPOINT_BYTES, 16);
    if ((accesses & access) != 0 && watches(number, linear, bytes))
      store<u32>(WATCHPOINT_MET, number + 1);
  }
}

/** Whether a watchpoint's range holds any of `bytes` bytes at `address`. */
function watches(number: u32, address: u64, bytes: u64): bool {
  const record: usize = WATCHPOINTS + number * WATCHPOINT_BYTES;
  const first = load<u64>(record);
  return address - first < load<u64>(record, 8) || first - address < bytes;
}

/** Notes an access to `bytes` ports from `port` on. */
export function notePortAccess(port: u32, bytes: u32): void {
  for (let number: u32 = 0; number < 4; number++) {
    if ((portMask >> number) & 1 && overlaps(number, port, bytes)) matches |= 1 << number;
  }
}

/** Data and I/O breakpoints that were met since this was asked last, as bits of DR6. */
export function takeMatches(): u32 {
  const met = matches;
  matches = 0;
  return met;
}
