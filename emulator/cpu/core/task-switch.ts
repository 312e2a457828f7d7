/**
 * Hardware task switches: JMP, CALL, INT, an exception or an interrupt through a TSS descriptor or a task gate, and IRET
 * with NT = 1.
 * Source: SDM Vol. 3A, "Task Management": "Task Switching" (the steps and their order), "16-Bit Task-State Segment (TSS)",
 * "Task-State Segment (TSS)"; table "Exception Conditions Checked During a Task Switch".
 *
 *            link  CR3   EIP   EFLAGS  EAX … EDI  ES CS SS DS (FS GS)  LDTR  T
 *   32-bit   0     1Ch   20h   24h     28h, 4 B   48h, 4 B each        60h   64h, bit 0
 *   16-bit   0           0Eh   10h     12h, 2 B   22h, 2 B each        2Ah
 *
 * Up to the commit point a fault belongs to the old task and nothing has changed. Behind it the new task's state is
 * loaded, and a fault is the new task's, before its first instruction.
 */
import {
  CR0,
  DEBUG_REGISTERS,
  REGISTERS,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { breakpointsChanged, noteDebugException } from './breakpoints';
import {
  CR0_PG,
  CR0_TS,
  RFLAGS_DEFINED,
  RFLAGS_FIXED,
  RFLAGS_NT,
  RFLAGS_VM,
  cr0,
} from './control-bits';
import { writeCr3 } from './control-registers';
import {
  attributesOf,
  baseOf,
  descriptorAddress,
  isNull,
  limitOf,
  locateDescriptor,
  raiseSelector,
  raiseZero,
  setSegmentCache,
} from './descriptors';
import { DB, faulted, GP, NP, raisePlain, TS } from './exceptions';
import { setRflags } from './flags';
import { probeSupervisor, readSupervisor, writeSupervisor } from './mmu';
import { ATTRIBUTE_P, recomputeMode, segmentCache } from './mode';
import { loadTaskSegments, setTaskSelectors } from './task-segments';
import { TYPE_WIDE } from './task-state';
import { enterVirtual8086 } from './virtual-8086';

/** How a task switch was asked for. */
export const TASK_JUMP: u32 = 0;
/** CALL, or an event: the new task is nested in the old one. */
export const TASK_NEST: u32 = 1;
export const TASK_RETURN: u32 = 2;

const TYPE_BUSY: u32 = 2;
/** S = 0, bit 2 and bit 0 of the type of a TSS descriptor, available or busy. */
const TYPE_MASK: u32 = 0x15;
const TYPE_TSS: u32 = 0x01;
/** Least limits of a TSS. */
const LIMIT_32: u32 = 0x67;
const LIMIT_16: u32 = 0x2b;
const DR6_BT: u32 = 1 << 15;
/** L0 to L3 and LE of DR7. */
const DR7_LOCAL: u64 = 0x155;

/** Fields of the new TSS as they are loaded; scratch. */
const registers: usize = memory.data(8 * 4, 4);
const selectors: usize = memory.data(8 * 4, 4);
let newPageDirectory: u32 = 0;
let newRip: u32 = 0;
let newFlags: u32 = 0;
let newTable: u32 = 0;
let newTrap: u32 = 0;

/** The last operation of the core was a task switch that reached its commit point: RIP is the new task's. */
let committed: bool = false;
/** The pending #DB is the trap of the T flag, which does not restart anything. */
let trapPending: bool = false;

/** Whether a task switch has committed since this was asked last: a pending fault is then the new task's. */
export function takeTaskEntered(): bool {
  const entered = committed;
  committed = false;
  return entered;
}

/** Whether the #DB about to be delivered is a task's T flag. */
export function takeTaskTrap(): bool {
  const pending = trapPending;
  trapPending = false;
  return pending;
}

/** The back link of the current task: what IRET with NT = 1 returns to. */
export function previousTask(): u32 {
  return <u32>readSupervisor(load<u64>(segmentCache(Segment.TR), SEGMENT_BASE), 2);
}

/** Switches to the task of TSS `selector`. `rip` and `flags`: where and how the old task goes on. May fault. */
export function switchTask(selector: u32, cause: u32, rip: u64, flags: u64): void {
  if (faulted()) return;
  const descriptor = fetchTaskDescriptor(selector, cause);
  if (faulted()) return;
  const address = descriptorAddress;
  const wide = (attributesOf(descriptor) & TYPE_WIDE) != 0;
  const base = baseOf(descriptor);
  readTask(base, wide);
  probeStores(address, base, cause);
  if (faulted()) return;
  const old = load<u32>(segmentCache(Segment.TR), SEGMENT_SELECTOR);
  if (cause != TASK_NEST) setBusy(old, false);
  saveTask(rip, cause == TASK_RETURN ? flags & ~RFLAGS_NT : flags);
  if (cause == TASK_NEST) writeSupervisor(base, old, 2);
  if (cause != TASK_RETURN) setBusy(selector, true);
  committed = true;
  enterTaskRegister(selector, descriptor);
  loadTask(wide, cause == TASK_NEST);
}

function fetchTaskDescriptor(selector: u32, cause: u32): u64 {
  const fault = cause == TASK_RETURN ? TS : GP;
  if (isNull(selector) || (selector & 4) != 0 || !locateDescriptor(selector, 8)) {
    raiseSelector(fault, selector);
    return 0;
  }
  const descriptor = readSupervisor(descriptorAddress, 8);
  if (faulted()) return 0;
  const attributes = attributesOf(descriptor);
  const busy = (attributes & TYPE_BUSY) != 0;
  const least = (attributes & TYPE_WIDE) != 0 ? LIMIT_32 : LIMIT_16;
  if ((attributes & TYPE_MASK) != TYPE_TSS || busy != (cause == TASK_RETURN))
    raiseSelector(fault, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
  else if (limitOf(descriptor) < least) raiseSelector(TS, selector);
  return descriptor;
}

/** Reads all of the new TSS that will be loaded. */
function readTask(base: u64, wide: bool): void {
  const bytes: u32 = wide ? 4 : 2;
  newPageDirectory = wide ? <u32>field(base + 0x1c, 4) : 0;
  newRip = <u32>field(base + (wide ? 0x20 : 0x0e), bytes);
  newFlags = <u32>field(base + (wide ? 0x24 : 0x10), bytes);
  for (let number: u32 = 0; number < 8; number++) {
    const value = <u32>field(base + (wide ? 0x28 : 0x12) + number * bytes, bytes);
    // What a 16-bit task finds in the upper halves is not defined; ones, as processors of the time left there.
    store<u32>(registers + (number << 2), wide ? value : value | 0xffff0000);
  }
  for (let segment: u32 = Segment.ES; segment <= <u32>Segment.GS; segment++) {
    const there = wide || segment < <u32>Segment.FS;
    const at = base + (wide ? 0x48 : 0x22) + segment * bytes;
    store<u32>(selectors + (segment << 2), there ? <u32>field(at, 2) : 0);
  }
  newTable = <u32>field(base + (wide ? 0x60 : 0x2a), 2);
  newTrap = wide ? (<u32>field(base + 0x64, 2)) & 1 : 0;
}

function field(linear: u64, bytes: u32): u64 {
  return faulted() ? 0 : readSupervisor(linear & 0xffffffff, bytes);
}

/** Makes sure that none of the stores up to the commit point can fault. */
function probeStores(address: u64, base: u64, cause: u32): void {
  const tr = segmentCache(Segment.TR);
  const oldBase = load<u64>(tr, SEGMENT_BASE);
  const wide = (load<u32>(tr, SEGMENT_ATTRIBUTES) & TYPE_WIDE) != 0;
  probe(oldBase + (wide ? 0x20 : 0x0e), wide ? 4 : 2);
  probe(oldBase + (wide ? 0x5c : 0x28), wide ? 4 : 2);
  if (cause == TASK_NEST) probe(base, 2);
  if (cause != TASK_RETURN) probe(address + 5, 1);
  if (cause != TASK_NEST && locateDescriptor(load<u32>(tr, SEGMENT_SELECTOR), 8))
    probe(descriptorAddress + 5, 1);
}

function probe(linear: u64, bytes: u32): void {
  if (!faulted()) probeSupervisor(linear & 0xffffffff, bytes);
}

function setBusy(selector: u32, busy: bool): void {
  if (!locateDescriptor(selector, 8)) return;
  const at = descriptorAddress + 5;
  const type = readSupervisor(at, 1);
  writeSupervisor(at, busy ? type | TYPE_BUSY : type & ~(<u64>TYPE_BUSY), 1);
}

/** Writes the dynamic fields of the old task's TSS. */
function saveTask(rip: u64, flags: u64): void {
  const tr = segmentCache(Segment.TR);
  const base = load<u64>(tr, SEGMENT_BASE);
  const wide = (load<u32>(tr, SEGMENT_ATTRIBUTES) & TYPE_WIDE) != 0;
  const bytes: u32 = wide ? 4 : 2;
  save(base + (wide ? 0x20 : 0x0e), rip, bytes);
  save(base + (wide ? 0x24 : 0x10), flags, bytes);
  for (let number: u32 = 0; number < 8; number++) {
    const at = base + (wide ? 0x28 : 0x12) + number * bytes;
    save(at, load<u32>(REGISTERS + (number << 3)), bytes);
  }
  const last: u32 = wide ? Segment.GS : Segment.DS;
  for (let segment: u32 = Segment.ES; segment <= last; segment++) {
    const at = base + (wide ? 0x48 : 0x22) + segment * bytes;
    save(at, load<u32>(segmentCache(segment), SEGMENT_SELECTOR), 2);
  }
}

function save(linear: u64, value: u64, bytes: u32): void {
  writeSupervisor(linear & 0xffffffff, value, bytes);
}

function enterTaskRegister(selector: u32, descriptor: u64): void {
  const cache = segmentCache(Segment.TR);
  setSegmentCache(Segment.TR, selector, descriptor);
  store<u32>(cache, attributesOf(descriptor) | TYPE_BUSY, SEGMENT_ATTRIBUTES);
  store<u64>(CR0, load<u64>(CR0) | CR0_TS);
  const dr7 = DEBUG_REGISTERS + 7 * 8;
  store<u64>(dr7, load<u64>(dr7) & ~DR7_LOCAL);
  breakpointsChanged();
}

/** The new task's registers come into force; then its segments, which may fault. */
function loadTask(wide: bool, nested: bool): void {
  let flags = ((<u64>newFlags) & RFLAGS_DEFINED) | RFLAGS_FIXED;
  if (nested) flags |= RFLAGS_NT;
  for (let number: u32 = 0; number < 8; number++)
    store<u64>(REGISTERS + (number << 3), load<u32>(registers + (number << 2)));
  store<u64>(RIP, newRip);
  setTaskSelectors(selectors, newTable);
  const virtual = (flags & RFLAGS_VM) != 0;
  setRflags(flags & ~RFLAGS_VM);
  recomputeMode();
  if (wide && cr0(CR0_PG)) writeCr3(newPageDirectory);
  loadTaskSegments(selectors, newTable, virtual);
  if (faulted()) return;
  if (virtual) enterVirtual8086(newRip, flags);
  if (newRip > load<u32>(segmentCache(Segment.CS), SEGMENT_LIMIT)) raiseZero(GP);
  else if (newTrap != 0) raiseTaskTrap();
}

function raiseTaskTrap(): void {
  noteDebugException(DR6_BT);
  trapPending = true;
  raisePlain(DB);
}
