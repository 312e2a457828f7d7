/**
 * Delivery of exceptions and interrupts through the IDT, or the real-mode vector table.
 * Source: SDM Vol. 2A, "INT n/INTO/INT3/INT1"; Vol. 3A, "Interrupt and Exception Handling".
 */
import {
  CPL,
  CpuMode,
  EXCEPTION_COUNTS,
  FAULT,
  FAULT_ERROR_CODE,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPTS,
  INTERRUPT_SHADOW,
  MODE,
  NO_ERROR_CODE,
  REGISTERS,
  RFLAGS_REST,
  RIP,
  SEGMENT_SELECTOR,
  TraceKind,
} from '../../isa/state-layout';
import { SystemEvent } from '../../isa/timing-interface';
import { Segment } from '../../isa/uop';
import { noteDebugException, takeBreakpointFault } from './breakpoints';
import { combineFaults, forgetFaultChain, recordFault } from './fault-chain';
import { RFLAGS_AC, RFLAGS_IF, RFLAGS_NT, RFLAGS_RF, RFLAGS_TF, RFLAGS_VM } from './control-bits';
import {
  attributesOf,
  dplOf,
  errorExternal,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  limitOf,
  markAccessed,
  raiseSelector,
  raiseZero,
  setErrorExternal,
  setSegmentCache,
  setSegmentNull,
  setSegmentReal,
} from './descriptors';
import { setDelivering } from './device-access';
import { BP, DB, DF, ERROR_IDT, faulted, GP, NP, OF, raise, SS, TS } from './exceptions';
import { getRflags } from './flags';
import { readSupervisor } from './mmu';
import {
  ATTRIBUTE_DB,
  ATTRIBUTE_L,
  ATTRIBUTE_P,
  cpl,
  ia32e,
  recomputeCode,
  recomputeMode,
  segmentAttributes,
  segmentCache,
  isCanonical,
} from './mode';
import { staysLong } from './code-segment';
import { deliverPlain } from './plain-interrupts';
import { checkStackSegment } from './segmentation';
import {
  innerStack,
  innerStack64,
  innerStackSelector,
  interruptStack,
  TYPE_WIDE,
} from './task-state';
import { switchTask, takeTaskEntered, takeTaskTrap, TASK_NEST } from './task-switch';
import {
  commitStackPointer,
  pushStack,
  reserveFlat,
  useCurrentStack,
  useFlatStack,
  useSegmentStack,
} from './transfer-stack';
import { stackPointer } from './transfer-stack';
import { TIMED } from './timed';
import { systemEvent } from './timing';
import { report } from './tracing';
import { dropDataSegments, pushDataSegments } from './virtual-8086';

/** What is being delivered: decides EXT, the gate's DPL check and RFLAGS.RF. */
export enum EventKind {
  /** A fault-class exception, or an abort. */
  Fault = 0,
  /** A trap-class exception of the processor's own, single step; and an instruction breakpoint, which pushes RF as it is. */
  Trap = 1,
  /** From the interrupt controller. */
  External = 2,
  /** INT n, INT3, INTO. */
  Software = 3,
  /** INT1. */
  PrivilegedSoftware = 4,
}

const GATE_TASK: u32 = 0x5;
const GATE_INTERRUPT_16: u32 = 0x6;
const GATE_TRAP_16: u32 = 0x7;
const GATE_INTERRUPT_32: u32 = 0xe;
const GATE_TRAP_32: u32 = 0xf;

const RSP: usize = REGISTERS + 4 * 8;

/** The gate in work. */
let gateType: u32 = 0;
let gateSelector: u32 = 0;
let gateOffset: u64 = 0;
let gateStackTable: u32 = 0;
let handlerDescriptor: u64 = 0;
let handlerLevel: u32 = 0;

// ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Delivers the pending fault of the instruction at `rip`, as long as delivery itself faults. False: shutdown, and
 * FAULT_CHAIN says how. True: RIP is the handler's; but if FAULT is then set it is a pseudo-fault that ends the run.
 */
export function deliverFault(rip: u64): bool {
  store<u64>(RIP, rip);
  const vector = load<u32>(FAULT) & 0xff;
  const errorCode = load<u32>(FAULT_ERROR_CODE);
  forgetFaultChain();
  recordFault(vector, errorCode, rip, 0);
  const kind = vector == DB && pushesOwnResumeFlag() ? EventKind.Trap : EventKind.Fault;
  return deliverChain(vector, errorCode, rip, kind);
}

/** Of the debug exceptions that are raised as faults only MOV DR's with DR7.GD sets RF in the image. */
function pushesOwnResumeFlag(): bool {
  const breakpoint = takeBreakpointFault();
  return takeTaskTrap() || breakpoint;
}

/** Delivers an external interrupt at RIP; as deliverFault. */
export function deliverInterrupt(vector: u32): bool {
  store<u64>(INTERRUPTS, load<u64>(INTERRUPTS) + 1);
  report(TraceKind.Interrupt, vector, load<u64>(RIP));
  forgetFaultChain();
  return deliverChain(vector, NO_ERROR_CODE, load<u64>(RIP), EventKind.External);
}

/** #DB after the instruction before RIP: `conditions` are bits of DR6 (BS, B0 to B3); as deliverFault. */
export function debugTrap(conditions: u32): bool {
  noteDebugException(conditions);
  forgetFaultChain();
  recordFault(DB, NO_ERROR_CODE, load<u64>(RIP), 0);
  return deliverChain(DB, NO_ERROR_CODE, load<u64>(RIP), EventKind.Trap);
}

/** INT n, INT3, INTO (`kind` Software), INT1 (PrivilegedSoftware). A fault stays pending: it is the INT instruction's own. */
export function deliverSoftwareInterrupt(vector: u32, nextRip: u64, kind: EventKind): void {
  report(TraceKind.SoftwareInterrupt, vector, nextRip);
  deliver(vector, NO_ERROR_CODE, nextRip, kind);
}

function deliverChain(vector: u32, errorCode: u32, rip: u64, kind: EventKind): bool {
  setDelivering(true);
  const delivered = deliverEvent(vector, errorCode, rip, kind);
  setDelivering(false);
  return delivered;
}

function deliverEvent(firstVector: u32, firstErrorCode: u32, rip: u64, firstKind: EventKind): bool {
  let vector = firstVector;
  let errorCode = firstErrorCode;
  let kind = firstKind;
  let at = rip;
  while (true) {
    store<u32>(FAULT, 0);
    if (kind != EventKind.External) countException(vector, errorCode, at);
    else if (TIMED) systemEvent(SystemEvent.Interrupt, vector);
    deliver(vector, errorCode, at, kind);
    const fault = load<u32>(FAULT);
    const entered = takeTaskEntered();
    if (fault == 0 || (fault & 0xff) >= 0xf0) return true;
    const second = fault & 0xff;
    const secondErrorCode = load<u32>(FAULT_ERROR_CODE);
    if (entered) at = load<u64>(RIP); // a fault of the handler's task, not of the instruction
    recordFault(second, secondErrorCode, at, 0x100 | vector);
    if (kind == EventKind.Fault && vector == DF) {
      store<u32>(FAULT, 0);
      return false;
    }
    if (kind == EventKind.Fault && combineFaults(vector, second)) {
      vector = DF;
      errorCode = 0;
    } else {
      vector = second;
      errorCode = secondErrorCode;
    }
    kind = EventKind.Fault;
  }
}

function countException(vector: u32, errorCode: u32, rip: u64): void {
  if (TIMED) systemEvent(SystemEvent.Exception, vector);
  const at = EXCEPTION_COUNTS + (vector << 2);
  store<u32>(at, load<u32>(at) + 1);
  report(TraceKind.Exception, ((<u64>errorCode) << 32) | vector, rip);
}

function deliver(vector: u32, errorCode: u32, rip: u64, kind: EventKind): void {
  setErrorExternal(kind == EventKind.Software ? 0 : 1);
  if (load<u32>(MODE) == CpuMode.Real) deliverReal(vector, rip);
  else if (ia32e()) deliverLong(vector, errorCode, rip, kind);
  else deliverProtected(vector, errorCode, rip, kind);
  setErrorExternal(0);
}

// ── real-address mode ───────────────────────────────────────────────────────────────────────────────────────────

function deliverReal(vector: u32, rip: u64): void {
  if ((vector << 2) + 3 > load<u32>(IDTR_LIMIT)) {
    raise(GP, 0);
    return;
  }
  const entry = readSupervisor(load<u64>(IDTR_BASE) + (vector << 2), 4);
  if (faulted()) return;
  useCurrentStack();
  pushStack(getRflags(), 2);
  pushStack(load<u32>(segmentCache(Segment.CS), SEGMENT_SELECTOR), 2);
  pushStack(rip, 2);
  if (faulted()) return;
  commitStackPointer();
  setSegmentReal(Segment.CS, <u32>(entry >> 16));
  clearFlags(RFLAGS_TF | RFLAGS_IF | RFLAGS_AC);
  store<u64>(RIP, entry & 0xffff);
  store<u32>(INTERRUPT_SHADOW, 0);
  recomputeMode();
}

// ── gates ───────────────────────────────────────────────────────────────────────────────────────────────────────

function raiseGate(fault: u32, vector: u32): void {
  raise(fault, (vector << 3) | ERROR_IDT | errorExternal);
}

/** Checks the gate of `vector` as both protected and IA-32e mode do. */
function checkGate(vector: u32, attributes: u32, kind: EventKind): void {
  gateType = attributes & 0x1f;
  const known = gateType == GATE_INTERRUPT_32 || gateType == GATE_TRAP_32;
  const legacy = gateType == GATE_TASK || gateType == GATE_INTERRUPT_16 || gateType == GATE_TRAP_16;
  if (!known && !(legacy && !ia32e())) raiseGate(GP, vector);
  else if (kind == EventKind.Software && dplOf(attributes) < cpl()) raiseGate(GP, vector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseGate(NP, vector);
}

/** Reads the handler's code segment and decides on its privilege level. */
function checkHandlerSegment(): void {
  if (isNull(gateSelector)) {
    raiseZero(GP);
    return;
  }
  handlerDescriptor = fetchDescriptor(gateSelector, GP);
  if (faulted()) return;
  const attributes = attributesOf(handlerDescriptor);
  if (!isCode(attributes) || dplOf(attributes) > cpl()) raiseSelector(GP, gateSelector);
  else if (ia32e() && (attributes & (ATTRIBUTE_L | ATTRIBUTE_DB)) != ATTRIBUTE_L)
    raiseSelector(GP, gateSelector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, gateSelector);
  handlerLevel = isConforming(attributes) ? cpl() : dplOf(attributes);
}

/** RFLAGS as it is pushed: RF says that a fault's instruction has not run yet. */
function pushedFlags(kind: EventKind, vector: u32): u64 {
  const restarts = kind == EventKind.Fault && vector != DF && vector != BP && vector != OF;
  return restarts ? getRflags() | RFLAGS_RF : getRflags();
}

function clearFlags(mask: u64): void {
  store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) & ~(<u32>mask));
}

/** The last step: flags, CS, CPL, RIP. */
function enterGate(): void {
  const level = handlerLevel;
  const changed = setSegmentCache(Segment.CS, (gateSelector & 0xfffc) | level, handlerDescriptor);
  const interrupts = gateType == GATE_INTERRUPT_16 || gateType == GATE_INTERRUPT_32;
  clearFlags(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | (interrupts ? RFLAGS_IF : 0));
  store<u64>(RIP, gateOffset);
  store<u32>(INTERRUPT_SHADOW, 0);
  if (!changed && staysLong(level)) return;
  store<u32>(CPL, level); // recomputeCode has it take effect
  recomputeCode();
}

// ── IA-32e mode ─────────────────────────────────────────────────────────────────────────────────────────────────

function readGate64(vector: u32, kind: EventKind): void {
  const offset = vector << 4;
  if (offset + 15 > load<u32>(IDTR_LIMIT)) {
    raiseGate(GP, vector);
    return;
  }
  const low = readSupervisor(load<u64>(IDTR_BASE) + offset, 8);
  if (faulted()) return;
  const high = readSupervisor(load<u64>(IDTR_BASE) + offset + 8, 8);
  if (faulted()) return;
  gateSelector = (<u32>(low >> 16)) & 0xffff;
  gateOffset = (low & 0xffff) | ((low >> 32) & 0xffff0000) | (high << 32);
  gateStackTable = (<u32>(low >> 32)) & 7;
  checkGate(vector, attributesOf(low), kind);
}

/** Selects the handler's stack: IST entry, RSPn of the TSS, or the current one; 16-byte aligned. */
function selectStack64(): void {
  let pointer: u64 = 0;
  if (gateStackTable != 0) pointer = interruptStack(gateStackTable);
  else if (handlerLevel != cpl()) pointer = innerStack64(handlerLevel);
  else {
    useCurrentStack();
    pointer = stackPointer;
  }
  if (faulted()) return;
  if (!isCanonical(pointer)) raiseZero(SS);
  useFlatStack(pointer & ~0xf, handlerLevel);
}

function deliverLong(vector: u32, errorCode: u32, rip: u64, kind: EventKind): void {
  const flags = pushedFlags(kind, vector);
  if (deliverPlain(vector, errorCode, rip, flags, kind == EventKind.Software)) return;
  readGate64(vector, kind);
  if (faulted()) return;
  checkHandlerSegment();
  if (faulted()) return;
  selectStack64();
  if (faulted()) return;
  if (!isCanonical(gateOffset)) {
    raiseZero(GP);
    return;
  }
  const oldStack = load<u32>(segmentCache(Segment.SS), SEGMENT_SELECTOR);
  const code = load<u32>(segmentCache(Segment.CS), SEGMENT_SELECTOR);
  let host = reserveFlat(errorCode != NO_ERROR_CODE ? 48 : 40);
  if (host != 0) {
    if (errorCode != NO_ERROR_CODE) {
      store<u64>(host, errorCode);
      host += 8;
    }
    store<u64>(host, rip);
    store<u64>(host, code, 8);
    store<u64>(host, flags, 16);
    store<u64>(host, load<u64>(RSP), 24);
    store<u64>(host, oldStack, 32);
  } else {
    pushStack(oldStack, 8);
    pushStack(load<u64>(RSP), 8);
    pushStack(flags, 8);
    pushStack(code, 8);
    pushStack(rip, 8);
    if (errorCode != NO_ERROR_CODE) pushStack(errorCode, 8);
  }
  if (faulted()) return;
  markAccessed(gateSelector, handlerDescriptor);
  if (faulted()) return;
  commitStackPointer();
  if (handlerLevel != cpl()) setSegmentNull(Segment.SS, handlerLevel);
  enterGate();
}

// ── protected mode ──────────────────────────────────────────────────────────────────────────────────────────────

function readGate32(vector: u32, kind: EventKind): void {
  const offset = vector << 3;
  if (offset + 7 > load<u32>(IDTR_LIMIT)) {
    raiseGate(GP, vector);
    return;
  }
  const gate = readSupervisor(load<u64>(IDTR_BASE) + offset, 8);
  if (faulted()) return;
  gateSelector = (<u32>(gate >> 16)) & 0xffff;
  gateOffset = gate & 0xffff;
  checkGate(vector, attributesOf(gate), kind);
  if (faulted()) return;
  if (gateType >= GATE_INTERRUPT_32) gateOffset |= (gate >> 32) & 0xffff0000;
}

function deliverProtected(vector: u32, errorCode: u32, rip: u64, kind: EventKind): void {
  readGate32(vector, kind);
  if (faulted()) return;
  if (gateType == GATE_TASK) {
    deliverToTask(errorCode, rip, pushedFlags(kind, vector));
    return;
  }
  checkHandlerSegment();
  if (faulted()) return;
  const bytes: u32 = gateType >= GATE_INTERRUPT_32 ? 4 : 2;
  const inner = handlerLevel != cpl();
  const virtual = load<u32>(MODE) == CpuMode.Virtual8086;
  if (virtual && handlerLevel != 0) {
    raiseSelector(GP, gateSelector);
    return;
  }
  let stackDescriptor: u64 = 0;
  let stackSelector: u32 = 0;
  if (inner) {
    const pointer = innerStack(handlerLevel);
    stackSelector = innerStackSelector;
    if (faulted()) return;
    if (isNull(stackSelector)) raiseZero(TS);
    else stackDescriptor = checkStackSegment(stackSelector, handlerLevel, TS, SS);
    if (faulted()) return;
    useSegmentStack(stackSelector, stackDescriptor, pointer, handlerLevel);
    if (virtual) pushDataSegments(bytes);
    pushStack(load<u32>(segmentCache(Segment.SS), SEGMENT_SELECTOR), bytes);
    pushStack(load<u64>(RSP), bytes);
  } else useCurrentStack();
  pushStack(pushedFlags(kind, vector), bytes);
  pushStack(load<u32>(segmentCache(Segment.CS), SEGMENT_SELECTOR), bytes);
  pushStack(rip, bytes);
  if (errorCode != NO_ERROR_CODE) pushStack(errorCode, bytes);
  if (faulted()) return;
  if (gateOffset > <u64>limitOf(handlerDescriptor)) {
    raiseZero(GP);
    return;
  }
  markAccessed(gateSelector, handlerDescriptor);
  if (inner && !faulted()) markAccessed(stackSelector, stackDescriptor);
  if (faulted()) return;
  if (virtual) {
    clearFlags(RFLAGS_VM);
    store<u32>(MODE, CpuMode.Protected);
    dropDataSegments();
  }
  if (inner) setSegmentCache(Segment.SS, stackSelector, stackDescriptor);
  commitStackPointer();
  enterGate();
}

/** The event is handled by a task of its own; an error code goes onto that task's stack. */
function deliverToTask(errorCode: u32, rip: u64, flags: u64): void {
  switchTask(gateSelector, TASK_NEST, rip, flags);
  if (faulted() || errorCode == NO_ERROR_CODE) return;
  useCurrentStack();
  pushStack(errorCode, (segmentAttributes(Segment.TR) & TYPE_WIDE) != 0 ? 4 : 2);
  if (!faulted()) commitStackPointer();
}
