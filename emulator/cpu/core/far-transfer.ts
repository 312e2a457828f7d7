/**
 * Far jumps, calls and returns, call gates included. `w` is the operand size in bits: 16, 32 or 64.
 * Source: SDM Vol. 2A, "JMP", "CALL", "RET"; Vol. 3A, "Call Gates".
 */
import { CpuMode, MODE, RIP, SEGMENT_SELECTOR } from '../../isa/state-layout';
import { REGISTERS } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import {
  checkCurrentLimit,
  checkDirectTarget,
  checkOffset,
  dropInnerSegments,
  enterCode,
  fetchReturnTarget,
  isLongCode,
  truncate,
} from './code-segment';
import {
  attributesOf,
  descriptorAddress,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  locateDescriptor,
  markAccessed,
  raiseSelector,
  raiseZero,
  setSegmentCache,
  setSegmentNull,
  setSegmentReal,
  setSegmentVirtual8086,
} from './descriptors';
import { faulted, GP, NP, SS, TS } from './exceptions';
import { getRflags } from './flags';
import { readSupervisor } from './mmu';
import {
  ATTRIBUTE_DB,
  ATTRIBUTE_L,
  ATTRIBUTE_P,
  ATTRIBUTE_S,
  cpl,
  ia32e,
  realStyle,
  recomputeMode,
  segmentCache,
  isCanonical,
} from './mode';
import { checkStackSegment } from './segmentation';
import { innerStack, innerStack64, innerStackSelector } from './task-state';
import { switchTask, TASK_JUMP, TASK_NEST } from './task-switch';
import {
  commitStackPointer,
  dropStack,
  peekStack,
  popStack,
  pushStack,
  useCurrentStack,
  useFlatStack,
  useSegmentStack,
} from './transfer-stack';

const RSP: usize = REGISTERS + 4 * 8;
const CALL_GATE_16: u32 = 0x4;
const TASK_GATE: u32 = 0x5;
const CALL_GATE_32: u32 = 0xc;
/** Available 16-bit and 32-bit TSS, ignoring bit 3 (width). */
const TSS_AVAILABLE: u32 = 0x1;

function currentSelector(segment: u32): u32 {
  return load<u32>(segmentCache(segment), SEGMENT_SELECTOR);
}

/** JMP ptr16:w, JMP m16:w. */
export function jumpFar(selector: u32, offset: u64, w: u32): void {
  if (realStyle()) {
    transferReal(selector, truncate(offset, w));
    return;
  }
  const descriptor = fetchTarget(selector);
  if (faulted()) return;
  const attributes = attributesOf(descriptor);
  if ((attributes & ATTRIBUTE_S) == 0) {
    jumpThroughGate(selector, descriptor);
    return;
  }
  checkDirectTarget(selector, attributes);
  if (!faulted()) checkOffset(descriptor, truncate(offset, w));
  if (!faulted()) markAccessed(selector, descriptor);
  if (!faulted()) enterCode(selector, descriptor, truncate(offset, w), cpl());
}

/** CALL ptr16:w, CALL m16:w; the return address is CS:nextRip. */
export function callFar(selector: u32, offset: u64, w: u32, nextRip: u64): void {
  const bytes = w >> 3;
  if (realStyle()) {
    checkCurrentLimit(truncate(offset, w));
    useCurrentStack();
    pushReturnAddress(nextRip, bytes);
    if (faulted()) return;
    commitStackPointer();
    transferReal(selector, truncate(offset, w));
    return;
  }
  const descriptor = fetchTarget(selector);
  if (faulted()) return;
  const attributes = attributesOf(descriptor);
  if ((attributes & ATTRIBUTE_S) == 0) {
    callThroughGate(selector, descriptor, nextRip);
    return;
  }
  checkDirectTarget(selector, attributes);
  if (!faulted()) checkOffset(descriptor, truncate(offset, w));
  if (faulted()) return;
  useCurrentStack();
  pushReturnAddress(nextRip, bytes);
  if (!faulted()) markAccessed(selector, descriptor);
  if (faulted()) return;
  commitStackPointer();
  enterCode(selector, descriptor, truncate(offset, w), cpl());
}

/** RET far: pops the return address, then drops `dropBytes` bytes of parameters. */
export function returnFar(w: u32, dropBytes: u32): void {
  const bytes = w >> 3;
  useCurrentStack();
  const offset = popStack(bytes);
  const selector = (<u32>popStack(bytes)) & 0xffff;
  if (faulted()) return;
  dropStack(dropBytes);
  if (realStyle()) {
    checkCurrentLimit(offset);
    if (faulted()) return;
    commitStackPointer();
    transferReal(selector, offset);
    return;
  }
  const descriptor = fetchReturnTarget(selector);
  const level = selector & 3;
  if (!faulted() && level == cpl()) checkOffset(descriptor, offset);
  if (faulted()) return;
  if (level == cpl()) {
    markAccessed(selector, descriptor);
    if (faulted()) return;
    commitStackPointer();
    enterCode(selector, descriptor, offset, level);
    return;
  }
  const outerPointer = popStack(bytes);
  const outerStack = (<u32>popStack(bytes)) & 0xffff;
  if (!faulted()) returnToOuter(selector, descriptor, offset, outerStack, outerPointer, dropBytes);
}

/** The common end of far returns to a less privileged level, and of IRETs that pop SS:rSP; drops `dropBytes` from the outer stack too. */
export function returnToOuter(
  selector: u32,
  descriptor: u64,
  offset: u64,
  stackSelector: u32,
  pointer: u64,
  dropBytes: u32,
): void {
  const level = selector & 3;
  const outward = level > cpl();
  let stackDescriptor: u64 = 0;
  if (isNull(stackSelector)) {
    if (!isLongCode(attributesOf(descriptor)) || level == 3 || (stackSelector & 3) != level)
      raiseZero(GP);
  } else stackDescriptor = checkStackSegment(stackSelector, level, GP, SS);
  // RET, operation: behind the checks of the stack segment. IRETQ to its own level: before them, as AMD's processors do it.
  if (outward && !faulted()) checkOffset(descriptor, offset);
  if (!faulted() && !isNull(stackSelector)) markAccessed(stackSelector, stackDescriptor);
  if (!faulted()) markAccessed(selector, descriptor);
  if (faulted()) return;
  enterCode(selector, descriptor, offset, level);
  if (isNull(stackSelector)) setSegmentNull(Segment.SS, stackSelector);
  else setSegmentCache(Segment.SS, stackSelector, stackDescriptor);
  loadStackPointer(pointer, descriptor, stackDescriptor);
  if (dropBytes != 0) {
    useCurrentStack();
    dropStack(dropBytes);
    commitStackPointer();
  }
  if (outward) dropInnerSegments(level);
}

/** rSP ← pointer: all of RSP for 64-bit code, else ESP or SP as the stack segment says. */
function loadStackPointer(pointer: u64, descriptor: u64, stackDescriptor: u64): void {
  if (isLongCode(attributesOf(descriptor))) store<u64>(RSP, pointer);
  else if ((attributesOf(stackDescriptor) & ATTRIBUTE_DB) != 0)
    store<u64>(RSP, pointer & 0xffffffff);
  else store<u16>(RSP, <u16>pointer);
}

/** Real-address and virtual-8086 mode: CS ← selector, RIP ← offset. */
export function transferReal(selector: u32, offset: u64): void {
  checkCurrentLimit(offset);
  if (faulted()) return;
  if (load<u32>(MODE) == CpuMode.Virtual8086) setSegmentVirtual8086(Segment.CS, selector);
  else setSegmentReal(Segment.CS, selector);
  store<u64>(RIP, offset);
  recomputeMode();
}

function pushReturnAddress(nextRip: u64, bytes: u32): void {
  pushStack(currentSelector(Segment.CS), bytes);
  pushStack(nextRip, bytes);
}

/** The descriptor that a far jump or call names. */
function fetchTarget(selector: u32): u64 {
  if (isNull(selector)) {
    raiseZero(GP);
    return 0;
  }
  const descriptor = fetchDescriptor(selector, GP);
  if (faulted()) return 0;
  const attributes = attributesOf(descriptor);
  if ((attributes & ATTRIBUTE_S) != 0 && !isCode(attributes)) raiseSelector(GP, selector);
  return descriptor;
}

// ── call gates ──────────────────────────────────────────────────────────────────────────────────────────────────

let gateSelector: u32 = 0;
let gateOffset: u64 = 0;
let gateBytes: u32 = 0;
let gateParameters: u32 = 0;
let targetDescriptor: u64 = 0;

/** Checks the gate itself and the code segment it names, up to what jumps and calls have in common. */
function openGate(selector: u32, gate: u64): void {
  const attributes = attributesOf(gate);
  const type = attributes & 0xf;
  const isCall = type == CALL_GATE_32 || (!ia32e() && type == CALL_GATE_16);
  if (!isCall) raiseSelector(GP, selector);
  else checkGateRights(selector, attributes);
  if (faulted()) return;
  gateSelector = (<u32>(gate >> 16)) & 0xffff;
  gateOffset = gate & 0xffff;
  gateBytes = type == CALL_GATE_16 ? 2 : 4;
  gateParameters = (<u32>(gate >> 32)) & 31;
  if (type == CALL_GATE_32) gateOffset |= (gate >> 32) & 0xffff0000;
  if (ia32e()) openLongHalf(selector);
  if (!faulted()) fetchGateTarget();
}

function checkGateRights(selector: u32, attributes: u32): void {
  if (dplOf(attributes) < cpl() || dplOf(attributes) < (selector & 3)) raiseSelector(GP, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
}

/** Whether a system descriptor names a task: a task gate or an available TSS. There are no task switches in IA-32e mode. */
function namesTask(attributes: u32): bool {
  const type = attributes & 0xf;
  return !ia32e() && (type == TASK_GATE || (type & 7) == TSS_AVAILABLE);
}

/** JMP and CALL to a TSS, or through a task gate. */
function transferToTask(selector: u32, descriptor: u64, cause: u32): void {
  const attributes = attributesOf(descriptor);
  checkGateRights(selector, attributes);
  if (faulted()) return;
  const gate = (attributes & 0xf) == TASK_GATE;
  const target = gate ? (<u32>(descriptor >> 16)) & 0xffff : selector;
  switchTask(target, cause, load<u64>(RIP), getRflags());
}

/** The upper eight bytes of a 64-bit call gate. */
function openLongHalf(selector: u32): void {
  if (!locateDescriptor(selector, 16)) {
    raiseSelector(GP, selector);
    return;
  }
  const high = readSupervisor(descriptorAddress + 8, 8);
  if (faulted()) return;
  if (((high >> 40) & 0x1f) != 0) raiseSelector(GP, selector);
  gateOffset |= high << 32;
  gateBytes = 8;
}

function fetchGateTarget(): void {
  if (isNull(gateSelector)) {
    raiseZero(GP);
    return;
  }
  targetDescriptor = fetchDescriptor(gateSelector, GP);
  if (faulted()) return;
  const attributes = attributesOf(targetDescriptor);
  if (!isCode(attributes) || dplOf(attributes) > cpl()) raiseSelector(GP, gateSelector);
  else if (ia32e() && (attributes & (ATTRIBUTE_L | ATTRIBUTE_DB)) != ATTRIBUTE_L)
    raiseSelector(GP, gateSelector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, gateSelector);
}

function jumpThroughGate(selector: u32, gate: u64): void {
  if (namesTask(attributesOf(gate))) {
    transferToTask(selector, gate, TASK_JUMP);
    return;
  }
  openGate(selector, gate);
  if (faulted()) return;
  const attributes = attributesOf(targetDescriptor);
  if (!isConforming(attributes) && dplOf(attributes) != cpl()) raiseSelector(GP, gateSelector);
  else checkOffset(targetDescriptor, gateOffset);
  if (!faulted()) markAccessed(gateSelector, targetDescriptor);
  if (!faulted()) enterCode(gateSelector, targetDescriptor, gateOffset, cpl());
}

function callThroughGate(selector: u32, gate: u64, nextRip: u64): void {
  if (namesTask(attributesOf(gate))) {
    transferToTask(selector, gate, TASK_NEST);
    return;
  }
  openGate(selector, gate);
  if (faulted()) return;
  const attributes = attributesOf(targetDescriptor);
  if (!isConforming(attributes) && dplOf(attributes) < cpl()) {
    if (ia32e()) callInner64(dplOf(attributes), nextRip);
    else callInner(dplOf(attributes), nextRip);
    return;
  }
  checkOffset(targetDescriptor, gateOffset);
  if (faulted()) return;
  useCurrentStack();
  pushReturnAddress(nextRip, gateBytes);
  if (!faulted()) markAccessed(gateSelector, targetDescriptor);
  if (faulted()) return;
  commitStackPointer();
  enterCode(gateSelector, targetDescriptor, gateOffset, cpl());
}

/** Call to privilege `level` in protected mode: new stack from the TSS, parameters copied. */
function callInner(level: u32, nextRip: u64): void {
  const pointer = innerStack(level);
  const stackSelector = innerStackSelector;
  if (faulted()) return;
  if (isNull(stackSelector)) {
    raiseZero(TS);
    return;
  }
  const stackDescriptor = checkStackSegment(stackSelector, level, TS, SS);
  if (!faulted()) checkOffset(targetDescriptor, gateOffset);
  if (faulted()) return;
  // Parameters are read from the old stack first: the two stacks are not in work at the same time.
  useCurrentStack();
  for (let index: u32 = 0; index < gateParameters; index++) {
    store<u32>(parameters + (index << 2), <u32>peekStack(index * gateBytes, gateBytes));
  }
  useSegmentStack(stackSelector, stackDescriptor, pointer, level);
  pushStack(currentSelector(Segment.SS), gateBytes);
  pushStack(load<u64>(RSP), gateBytes);
  for (let index = gateParameters; index != 0; index--) {
    pushStack(load<u32>(parameters + ((index - 1) << 2)), gateBytes);
  }
  pushReturnAddress(nextRip, gateBytes);
  if (!faulted()) markAccessed(stackSelector, stackDescriptor);
  if (!faulted()) markAccessed(gateSelector, targetDescriptor);
  if (faulted()) return;
  setSegmentCache(Segment.SS, stackSelector, stackDescriptor);
  commitStackPointer();
  enterCode(gateSelector, targetDescriptor, gateOffset, level);
}

/** Up to 31 parameters of a call gate; scratch. */
const parameters: usize = memory.data(32 * 4, 4);

/** Call to privilege `level` in IA-32e mode: RSP from the TSS, SS becomes null, no parameters. */
function callInner64(level: u32, nextRip: u64): void {
  const pointer = innerStack64(level);
  if (faulted()) return;
  if (!isCanonical(pointer)) raiseZero(SS);
  else checkOffset(targetDescriptor, gateOffset);
  if (faulted()) return;
  useFlatStack(pointer, level);
  pushStack(currentSelector(Segment.SS), 8);
  pushStack(load<u64>(RSP), 8);
  pushReturnAddress(nextRip, 8);
  if (!faulted()) markAccessed(gateSelector, targetDescriptor);
  if (faulted()) return;
  commitStackPointer();
  setSegmentNull(Segment.SS, level);
  enterCode(gateSelector, targetDescriptor, gateOffset, level);
}
