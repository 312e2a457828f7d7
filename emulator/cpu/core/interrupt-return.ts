/**
 * IRET, IRETD, IRETQ.
 * Source: SDM Vol. 2A, "IRET/IRETD/IRETQ".
 */
import { CpuMode, MODE, NMI_BLOCKED, RFLAGS_REST, RIP } from '../../isa/state-layout';
import { resumeFlag } from './breakpoints';
import { checkCurrentLimit, checkOffset, enterCode, fetchReturnTarget } from './code-segment';
import {
  RFLAGS_AC,
  RFLAGS_ID,
  RFLAGS_IF,
  RFLAGS_IOPL,
  RFLAGS_NT,
  RFLAGS_TF,
  RFLAGS_VIF,
  RFLAGS_VIP,
} from './control-bits';
import { RFLAGS_VM } from './control-bits';
import { markAccessed, raiseZero } from './descriptors';
import { faulted, GP } from './exceptions';
import { returnToOuter, transferReal } from './far-transfer';
import { getRflags, setRflags } from './flags';
import { interruptWaits } from './interrupt-window';
import { alignmentFlagWritten, cpl, ia32e, realStyle } from './mode';
import { poppedFlags, returnPlain } from './plain-interrupts';
import { previousTask, switchTask, TASK_RETURN } from './task-switch';
import { commitStackPointer, popStack, useCurrentStack } from './transfer-stack';
import { returnToVirtual8086 } from './virtual-8086';

/** CF PF AF ZF SF TF DF OF: what any program may change. */
const ARITHMETIC_AND_CONTROL: u64 = 0xdd5;

/** Bits of RFLAGS that an image of `w` bits replaces at privilege `level`. */
export function replaceableFlags(level: u32, w: u32): u64 {
  let mask = ARITHMETIC_AND_CONTROL | RFLAGS_NT;
  if (w != 16) mask |= RFLAGS_AC | RFLAGS_ID;
  const iopl = (load<u32>(RFLAGS_REST) >> 12) & 3;
  if (level <= iopl) mask |= RFLAGS_IF;
  if (level == 0) {
    mask |= RFLAGS_IOPL;
    if (w != 16) mask |= RFLAGS_VIF | RFLAGS_VIP;
  }
  return mask;
}

/** Replaces the bits `mask` of RFLAGS. */
export function replaceFlags(image: u64, mask: u64): void {
  writeFlags((getRflags() & ~mask) | (image & mask));
}

/** RFLAGS ← `image`; SMAP and alignment checking take note of AC. */
export function writeFlags(image: u64): void {
  const before = load<u32>(RFLAGS_REST);
  setRflags(image);
  if (((before ^ u32(image)) & u32(RFLAGS_AC)) != 0) alignmentFlagWritten();
}

/** Whether virtual-8086 mode forbids it (#GP(0) is raised): IOPL below 3. */
export function forbiddenInVirtual8086(): bool {
  const iopl = (load<u32>(RFLAGS_REST) >> 12) & 3;
  if (load<u32>(MODE) != CpuMode.Virtual8086 || iopl == 3) return false;
  raiseZero(GP);
  return true;
}

/** IRET with operand size `w` (16, 32, 64). */
export function interruptReturn(w: u32): void {
  const bytes = w >> 3;
  store<u32>(NMI_BLOCKED, 0); // also when it faults
  if (forbiddenInVirtual8086()) return;
  if (!realStyle() && (load<u32>(RFLAGS_REST) & (<u32>RFLAGS_NT)) != 0) {
    if (ia32e()) raiseZero(GP);
    else switchTask(previousTask(), TASK_RETURN, load<u64>(RIP), getRflags());
    return;
  }
  const replaceable = replaceableFlags(cpl(), w) | resumeFlag(w);
  if (w == 64 && returnPlain(0)) {
    replaceFlags(poppedFlags, replaceable);
    return;
  }
  useCurrentStack();
  const offset = popStack(bytes);
  const selector = (<u32>popStack(bytes)) & 0xffff;
  const image = popStack(bytes);
  if (faulted()) return;
  if (realStyle()) {
    returnReal(selector, offset, image, w);
    return;
  }
  if (w == 32 && !ia32e() && cpl() == 0 && (image & RFLAGS_VM) != 0) {
    returnToVirtual8086(selector, offset, image);
    return;
  }
  returnProtected(selector, offset, bytes);
  if (!faulted()) replaceFlags(image, replaceable);
}

/** For regions: IRETQ, where it is plain, TF and AC stay clear and no interrupt follows; the arithmetic flags need not have been computed. Returns whether it was done. */
export function interruptReturnInRegion(): bool {
  if ((load<u32>(RFLAGS_REST) & u32(RFLAGS_NT | RFLAGS_AC)) != 0) return false;
  const replaceable = replaceableFlags(cpl(), 64) | resumeFlag(64);
  const unmasks = interruptWaits(u32(RFLAGS_IF)) ? RFLAGS_IF : 0;
  if (!returnPlain(RFLAGS_TF | RFLAGS_AC | unmasks)) return false;
  store<u32>(NMI_BLOCKED, 0);
  replaceFlags(poppedFlags, replaceable);
  return true;
}

function returnReal(selector: u32, offset: u64, image: u64, w: u32): void {
  checkCurrentLimit(offset);
  if (faulted()) return;
  commitStackPointer();
  transferReal(selector, offset);
  const level = load<u32>(MODE) == CpuMode.Real ? 0 : cpl();
  const mask = replaceableFlags(level, w) & ~(RFLAGS_VIF | RFLAGS_VIP);
  replaceFlags(image, mask | resumeFlag(w));
}

function returnProtected(selector: u32, offset: u64, bytes: u32): void {
  const level = selector & 3;
  // 64-bit mode always pops SS:RSP; otherwise only a return to an outer level does.
  const popsStack = load<u32>(MODE) == CpuMode.Long || level > cpl();
  const descriptor = fetchReturnTarget(selector);
  if (!faulted() && level <= cpl()) checkOffset(descriptor, offset);
  if (faulted()) return;
  if (!popsStack) {
    markAccessed(selector, descriptor);
    if (faulted()) return;
    commitStackPointer();
    enterCode(selector, descriptor, offset, level);
    return;
  }
  const pointer = popStack(bytes);
  const stackSelector = (<u32>popStack(bytes)) & 0xffff;
  if (!faulted()) returnToOuter(selector, descriptor, offset, stackSelector, pointer, 0);
}
