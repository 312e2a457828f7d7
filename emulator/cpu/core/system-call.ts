/**
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS.
 * Source: SDM Vol. 2B, operation sections. The segments they load are flat whatever the descriptor tables hold.
 */
import {
  CPL,
  CpuMode,
  IA32_FMASK,
  IA32_KERNEL_GS_BASE,
  IA32_LSTAR,
  IA32_STAR,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_EIP,
  IA32_SYSENTER_ESP,
  INTERRUPT_SHADOW,
  MODE,
  REGISTERS,
  RIP,
  SEGMENT_BASE,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import {
  EFER_SCE,
  RFLAGS_FIXED,
  RFLAGS_IF,
  RFLAGS_RF,
  RFLAGS_TF,
  RFLAGS_VM,
  efer,
} from './control-bits';
import { setSegmentCache } from './descriptors';
import { GP, raise, raisePlain, UD } from './exceptions';
import { getRflags } from './flags';
import { replaceFlags, writeFlags } from './interrupt-return';
import { interruptWaits } from './interrupt-window';
import { ia32e, recomputeCode, segmentCache, isCanonical } from './mode';

const RCX: usize = REGISTERS + 8;
const RDX: usize = REGISTERS + 16;
const RSP: usize = REGISTERS + 4 * 8;
const R11: usize = REGISTERS + 11 * 8;

/** Flat descriptors of DPL 0: base 0, limit 4 GiB, present, accessed. */
const FLAT_CODE_64: u64 = 0x00af9b000000ffff;
const FLAT_CODE_32: u64 = 0x00cf9b000000ffff;
const FLAT_DATA: u64 = 0x00cf93000000ffff;
/** Bits that SYSRET takes from R11. */
const SYSRET_FLAGS: u64 = 0x3c7fd7;

/** CS and SS become flat segments of privilege `level`. */
function loadFlat(code: u32, stack: u32, long: bool, level: u32): void {
  const dpl = (<u64>level) << 45;
  setSegmentCache(Segment.CS, (code & 0xfffc) | level, (long ? FLAT_CODE_64 : FLAT_CODE_32) | dpl);
  setSegmentCache(Segment.SS, (stack & 0xfffc) | level, FLAT_DATA | dpl);
  store<u32>(CPL, level); // recomputeCode has it take effect
  recomputeCode();
}

function isEnabled(): bool {
  return load<u32>(MODE) == CpuMode.Long && efer(EFER_SCE);
}

function syscallDefined(): bool {
  if (isEnabled()) return true;
  raisePlain(UD);
  return false;
}

export function doorSyscall(nextRip: u64): void {
  if (!syscallDefined()) return;
  const flags = getRflags() & ~RFLAGS_RF;
  const selector = (<u32>(load<u64>(IA32_STAR) >> 32)) & 0xfffc;
  store<u64>(RCX, nextRip);
  store<u64>(R11, flags);
  writeFlags((flags & ~load<u64>(IA32_FMASK)) | RFLAGS_FIXED);
  store<u64>(RIP, load<u64>(IA32_LSTAR));
  loadFlat(selector, selector + 8, true, 0);
}

/** SYSRET to 64-bit mode (`w` 64) or to compatibility mode. */
export function doorSysret(w: u32): void {
  if (!syscallDefined()) return;
  const long = w == 64;
  const target = load<u64>(RCX);
  if (load<u32>(CPL) != 0 || (long && !isCanonical(target))) {
    raise(GP, 0);
    return;
  }
  const selector = <u32>(load<u64>(IA32_STAR) >> 48);
  writeFlags((load<u64>(R11) & SYSRET_FLAGS) | RFLAGS_FIXED);
  store<u64>(RIP, long ? target : target & 0xffffffff);
  loadFlat(long ? selector + 16 : selector, selector + 8, long, 3);
}

/** For regions: SYSCALL at CPL 3 where it cannot fault, behind which RIP is; returns whether it was done. */
export function systemCallInRegion(): bool {
  if (load<u32>(CPL) != 3 || !isEnabled()) return false;
  doorSyscall(load<u64>(RIP));
  return true;
}

/** For regions: SYSRET to 64-bit mode where it cannot fault, TF stays clear and no interrupt follows; returns whether it was done. */
export function systemReturnInRegion(): bool {
  if (load<u32>(CPL) != 0 || !isEnabled()) return false;
  const flags = load<u64>(R11);
  if (!isCanonical(load<u64>(RCX)) || (flags & RFLAGS_TF) != 0) return false;
  if (interruptWaits(u32(flags))) return false;
  doorSysret(64);
  return true;
}

export function doorSysenter(): void {
  const selector = (<u32>load<u64>(IA32_SYSENTER_CS)) & 0xfffc;
  if (load<u32>(MODE) == CpuMode.Real || selector == 0) {
    raise(GP, 0);
    return;
  }
  const long = ia32e();
  const mask: u64 = long ? ~(<u64>0) : 0xffffffff;
  replaceFlags(0, RFLAGS_VM | RFLAGS_IF);
  store<u64>(RSP, load<u64>(IA32_SYSENTER_ESP) & mask);
  store<u64>(RIP, load<u64>(IA32_SYSENTER_EIP) & mask);
  loadFlat(selector, selector + 8, long, 0);
}

/** SYSEXIT to 64-bit mode (`w` 64) or to 32-bit code: RIP ← RDX, RSP ← RCX. */
export function doorSysexit(w: u32): void {
  const selector = (<u32>load<u64>(IA32_SYSENTER_CS)) & 0xfffc;
  const long = w == 64;
  const target = load<u64>(RDX);
  const pointer = load<u64>(RCX);
  const canonical = !long || (isCanonical(target) && isCanonical(pointer));
  if (load<u32>(MODE) == CpuMode.Real || selector == 0 || load<u32>(CPL) != 0 || !canonical) {
    raise(GP, 0);
    return;
  }
  const mask: u64 = long ? ~(<u64>0) : 0xffffffff;
  store<u64>(RSP, pointer & mask);
  store<u64>(RIP, target & mask);
  store<u32>(INTERRUPT_SHADOW, 0);
  loadFlat(selector + (long ? 32 : 16), selector + (long ? 40 : 24), long, 3);
}

export function doorSwapgs(): void {
  if (load<u32>(CPL) != 0) {
    raise(GP, 0);
    return;
  }
  const gs = segmentCache(Segment.GS);
  const base = load<u64>(gs, SEGMENT_BASE);
  store<u64>(gs, load<u64>(IA32_KERNEL_GS_BASE), SEGMENT_BASE);
  store<u64>(IA32_KERNEL_GS_BASE, base);
}
