/**
 * Model-specific registers.
 * Source: SDM Vol. 4, "Architectural MSRs"; Vol. 3A, "Memory Type Range Registers", "Machine-Check MSRs".
 * The memory types and the machine-check banks are storage without effect: there are no caches to control here.
 */
import {
  CPL,
  CpuMode,
  IA32_APIC_BASE,
  IA32_CSTAR,
  IA32_EFER,
  IA32_FMASK,
  IA32_KERNEL_GS_BASE,
  IA32_LSTAR,
  IA32_MISC_ENABLE,
  IA32_MTRR_DEF_TYPE,
  IA32_PAT,
  IA32_STAR,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_EIP,
  IA32_SYSENTER_ESP,
  IA32_TSC_AUX,
  LATCH_WRITE_TICKS,
  LATCH_WRITES_LEFT,
  MODE,
  MTRR_REGISTERS,
  REGISTERS,
  RETIRED,
  SEGMENT_BASE,
  TIME_STAMP_BASE,
  TIME_STAMP_COUNTS,
  TraceKind,
  TSC_OFFSET,
  WATCH_STORES,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { CR0_PG, CR4_TSD, EFER_LMA, EFER_LME, EFER_NXE, EFER_SCE, cr0, cr4 } from './control-bits';
import {
  FEATURE_LONG,
  FEATURE_NX,
  FEATURE_RDTSCP,
  FEATURE_SEP,
  FEATURE_SYSCALL,
  FEATURE_XSAVE,
  offers,
} from './cpuid';
import { faulted, GP, raise, raisePlain, UD } from './exceptions';
import { timeStamp } from './host';
import { recomputeMode, segmentCache, isCanonical } from './mode';
import {
  apicBaseAcceptable,
  hasLocalApic,
  isPlatformMsr,
  MSR_APIC_BASE,
  platformRefused,
  readPlatformMsr,
  reportMsr,
  writePlatformMsr,
} from './platform-msr';
import { invalidateTranslations } from './tlb';
import { report } from './tracing';

const RAX: usize = REGISTERS;
const RCX: usize = REGISTERS + 8;
const RDX: usize = REGISTERS + 16;

const MSR_TIME_STAMP_COUNTER: u32 = 0x10;
const MSR_PLATFORM_ID: u32 = 0x17;
const MSR_BIOS_UPDT_TRIG: u32 = 0x79;
const MSR_BIOS_SIGN_ID: u32 = 0x8b;
const MSR_MTRRCAP: u32 = 0xfe;
const MSR_SYSENTER_CS: u32 = 0x174;
const MSR_SYSENTER_ESP: u32 = 0x175;
const MSR_SYSENTER_EIP: u32 = 0x176;
const MSR_MCG_CAP: u32 = 0x179;
const MSR_MCG_CTL: u32 = 0x17b;
const MSR_MISC_ENABLE: u32 = 0x1a0;
const MSR_MTRR_PHYSBASE0: u32 = 0x200;
const MSR_MTRR_FIX64K: u32 = 0x250;
const MSR_MTRR_FIX16K: u32 = 0x258;
const MSR_MTRR_FIX4K: u32 = 0x268;
const MSR_PAT: u32 = 0x277;
/** IA32_XSS: no supervisor state component exists. */
const MSR_XSS: u32 = 0xda0;
const MSR_MTRR_DEF_TYPE: u32 = 0x2ff;
const MSR_MC0_CTL: u32 = 0x400;
const MC_REGISTERS: u32 = 0x80;
const MSR_EFER: u32 = 0xc0000080;
const MSR_STAR: u32 = 0xc0000081;
const MSR_LSTAR: u32 = 0xc0000082;
const MSR_CSTAR: u32 = 0xc0000083;
const MSR_FMASK: u32 = 0xc0000084;
const MSR_FS_BASE: u32 = 0xc0000100;
const MSR_GS_BASE: u32 = 0xc0000101;
const MSR_KERNEL_GS_BASE: u32 = 0xc0000102;
const MSR_TSC_AUX: u32 = 0xc0000103;

/** 8 variable ranges, fixed ranges, write-combining. */
const MTRRCAP_VALUE: u64 = 0x508;

/** What a register accepts. */
const ANY: u32 = 0;
const CANONICAL: u32 = 1;
const LOW_32: u32 = 2;
const MEMORY_TYPES: u32 = 3;
const READ_ONLY: u32 = 4;
const APIC_MODES: u32 = 5;
const ZERO: u32 = 6;

/** Result of locate(): where the register's value lies, what it accepts. */
let location: usize = 0;
let accepts: u32 = ANY;

function at(address: usize, rule: u32): bool {
  location = address;
  accepts = rule;
  return true;
}

function segmentBase(segment: u32): bool {
  return at(segmentCache(segment) + SEGMENT_BASE, CANONICAL);
}

/** Slot of a memory type range register, or -1. */
function mtrrSlot(msr: u32): i32 {
  if (msr - MSR_MTRR_PHYSBASE0 < 16) return <i32>(msr - MSR_MTRR_PHYSBASE0);
  if (msr == MSR_MTRR_FIX64K) return 16;
  if (msr - MSR_MTRR_FIX16K < 2) return <i32>(17 + msr - MSR_MTRR_FIX16K);
  if (msr - MSR_MTRR_FIX4K < 8) return <i32>(19 + msr - MSR_MTRR_FIX4K);
  return -1;
}

/** Finds the storage of a register that is plain storage; false when it has none. */
function locate(msr: u32): bool {
  switch (msr) {
    case MSR_APIC_BASE:
      return hasLocalApic() && at(IA32_APIC_BASE, APIC_MODES);
    case MSR_SYSENTER_CS:
      return offers(FEATURE_SEP) && at(IA32_SYSENTER_CS, ANY);
    case MSR_SYSENTER_ESP:
      return offers(FEATURE_SEP) && at(IA32_SYSENTER_ESP, CANONICAL);
    case MSR_SYSENTER_EIP:
      return offers(FEATURE_SEP) && at(IA32_SYSENTER_EIP, CANONICAL);
    case MSR_MISC_ENABLE:
      return at(IA32_MISC_ENABLE, ANY);
    case MSR_PAT:
      return at(IA32_PAT, MEMORY_TYPES);
    case MSR_MTRR_DEF_TYPE:
      return at(IA32_MTRR_DEF_TYPE, ANY);
    case MSR_STAR:
      return offers(FEATURE_SYSCALL) && at(IA32_STAR, ANY);
    case MSR_LSTAR:
      return offers(FEATURE_LONG) && at(IA32_LSTAR, CANONICAL);
    case MSR_CSTAR:
      return offers(FEATURE_LONG) && at(IA32_CSTAR, CANONICAL);
    case MSR_FMASK:
      return offers(FEATURE_SYSCALL) && at(IA32_FMASK, LOW_32);
    case MSR_FS_BASE:
      return offers(FEATURE_LONG) && segmentBase(Segment.FS);
    case MSR_GS_BASE:
      return offers(FEATURE_LONG) && segmentBase(Segment.GS);
    case MSR_KERNEL_GS_BASE:
      return offers(FEATURE_LONG) && at(IA32_KERNEL_GS_BASE, CANONICAL);
    case MSR_TSC_AUX:
      return offers(FEATURE_RDTSCP) && at(IA32_TSC_AUX, LOW_32);
  }
  const slot = mtrrSlot(msr);
  return slot >= 0 && at(MTRR_REGISTERS + slot * 8, ANY);
}

/** Registers that read as a constant and swallow writes (or refuse them: READ_ONLY); false when there is no such register. */
function constant(msr: u32): bool {
  switch (msr) {
    case MSR_PLATFORM_ID:
    case MSR_MTRRCAP:
      accepts = READ_ONLY;
      return true;
    case MSR_BIOS_UPDT_TRIG:
    case MSR_BIOS_SIGN_ID:
      accepts = ANY;
      return true;
  }
  if (msr == MSR_XSS && offers(FEATURE_XSAVE)) {
    accepts = ZERO;
    return true;
  }
  accepts = ANY;
  return (msr >= MSR_MCG_CAP && msr <= MSR_MCG_CTL) || msr - MSR_MC0_CTL < MC_REGISTERS;
}

/** The register's value; #GP(0) when there is no such register. */
function readMsr(msr: u32): u64 {
  if (msr == MSR_TIME_STAMP_COUNTER) return timeStampCounter();
  if (msr == MSR_EFER && offers(FEATURE_LONG | FEATURE_NX | FEATURE_SYSCALL))
    return load<u64>(IA32_EFER);
  if (locate(msr)) return load<u64>(location);
  if (isPlatformMsr(msr)) {
    const value = readPlatformMsr(msr);
    if (platformRefused()) refuse(msr, 0);
    return value;
  }
  if (!constant(msr)) refuse(msr, 0);
  return msr == MSR_MTRRCAP ? MTRRCAP_VALUE : 0;
}

/** Writes the register; #GP(0) when there is none or it does not accept the value. */
function writeMsr(msr: u32, value: u64): void {
  if (msr == MSR_TIME_STAMP_COUNTER) {
    store<u64>(TSC_OFFSET, value - clockTimeStamp());
    reportMsr(msr, value);
  } else if (msr == MSR_EFER) writeEfer(value);
  else if (locate(msr)) {
    if (!acceptable(value)) raise(GP, 0);
    else {
      store<u64>(location, value);
      if (msr == MSR_APIC_BASE) reportMsr(msr, value);
    }
  } else if (isPlatformMsr(msr)) {
    writePlatformMsr(msr, value);
    if (platformRefused()) refuse(msr, 1);
  } else if (!constant(msr) || accepts == READ_ONLY) refuse(msr, 1);
  else if (accepts == ZERO && value != 0) raise(GP, 0);
}

function refuse(msr: u32, written: u64): void {
  report(TraceKind.MsrUnknown, msr, written);
  raise(GP, 0);
}

function acceptable(value: u64): bool {
  if (accepts == CANONICAL) return isCanonical(value);
  if (accepts == LOW_32) return value >> 32 == 0;
  if (accepts == APIC_MODES) return apicBaseAcceptable(value);
  return accepts != MEMORY_TYPES || memoryTypesValid(value);
}

/** PAT: eight types, each 0, 1, 4, 5, 6 or 7. */
function memoryTypesValid(value: u64): bool {
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    const type = (value >> shift) & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}

/** Bits of EFER that this processor has. */
function eferDefined(): u64 {
  let bits = EFER_LMA;
  if (offers(FEATURE_SYSCALL)) bits |= EFER_SCE;
  if (offers(FEATURE_LONG)) bits |= EFER_LME;
  if (offers(FEATURE_NX)) bits |= EFER_NXE;
  return bits;
}

function writeEfer(value: u64): void {
  const old = load<u64>(IA32_EFER);
  const next = (value & ~EFER_LMA) | (old & EFER_LMA);
  const known =
    offers(FEATURE_LONG | FEATURE_NX | FEATURE_SYSCALL) && (value & ~eferDefined()) == 0;
  if (!known || (((old ^ next) & EFER_LME) != 0 && cr0(CR0_PG))) {
    raise(GP, 0);
    return;
  }
  store<u64>(IA32_EFER, next);
  if (((old ^ next) & EFER_NXE) != 0) invalidateTranslations(false);
  recomputeMode();
}

// ── doors ───────────────────────────────────────────────────────────────────────────────────────────────────────

function storePair(value: u64): void {
  store<u64>(RAX, value & 0xffffffff);
  store<u64>(RDX, value >> 32);
}

export function doorRdmsr(): void {
  if (load<u32>(CPL) != 0) {
    raise(GP, 0);
    return;
  }
  const value = readMsr(load<u32>(RCX));
  if (faulted()) return;
  report(TraceKind.MsrRead, load<u32>(RCX), value);
  storePair(value);
}

/** For regions, at CPL 0: RDMSR of a register that is plain storage, or EFER; returns whether it was done. */
export function readMsrInRegion(): bool {
  const msr = load<u32>(RCX);
  if (msr == MSR_EFER) {
    if (!offers(FEATURE_LONG)) return false;
    storePair(load<u64>(IA32_EFER));
    return true;
  }
  if (!locate(msr)) return false;
  storePair(load<u64>(location));
  return true;
}

/**
 * For regions, at CPL 0: WRMSR to the base of FS or GS, or the one that SWAPGS keeps; returns whether it was done. Only in 64-bit mode:
 * elsewhere a region may take it for granted that a base is 0.
 */
export function writeMsrInRegion(): bool {
  const msr = load<u32>(RCX);
  if (load<u32>(MODE) != CpuMode.Long) return false;
  if (msr < MSR_FS_BASE || msr > MSR_KERNEL_GS_BASE || !locate(msr)) return false;
  const value = (u64(load<u32>(RDX)) << 32) | load<u32>(RAX);
  if (!isCanonical(value)) return false;
  store<u64>(location, value);
  return true;
}

export function doorWrmsr(): void {
  if (load<u32>(CPL) != 0) raise(GP, 0);
  if (faulted()) return;
  const value = ((<u64>load<u32>(RDX)) << 32) | load<u32>(RAX);
  report(TraceKind.MsrWrite, load<u32>(RCX), value);
  writeMsr(load<u32>(RCX), value);
}

/** The clock's time-stamp at this instruction; RETIRED is exact. */
function clockTimeStamp(): u64 {
  return timeStampCounts() ? countedTimeStamp() : timeStamp();
}

/** While a proof that nothing happens goes on, the host hears of all that reads the time.
 * @inline */
function timeStampCounts(): bool {
  return load<u32>(TIME_STAMP_COUNTS) != 0 && load<u32>(WATCH_STORES) == 0;
}

/** @inline */
function countedTimeStamp(): u64 {
  const latch = u64(load<u32>(LATCH_WRITES_LEFT)) * u64(load<u32>(LATCH_WRITE_TICKS));
  return load<u64>(RETIRED) + load<u64>(TIME_STAMP_BASE) - latch;
}

/** The time-stamp counter as the guest sees it. */
function timeStampCounter(): u64 {
  return clockTimeStamp() + load<u64>(TSC_OFFSET);
}

function timeStampForbidden(): bool {
  return load<u32>(CPL) != 0 && cr4(CR4_TSD);
}

export function doorRdtsc(): void {
  if (timeStampForbidden()) raise(GP, 0);
  else storePair(timeStampCounter());
}

/** For regions, which have set RETIRED: RDTSC and RDTSCP where they need no host and are allowed; returns whether it was done. */
export function timeStampInRegion(withProcessor: bool): bool {
  if (!timeStampCounts() || timeStampForbidden()) return false;
  if (withProcessor) {
    if (!offers(FEATURE_RDTSCP)) return false;
    store<u64>(RCX, load<u32>(IA32_TSC_AUX));
  }
  storePair(countedTimeStamp() + load<u64>(TSC_OFFSET));
  return true;
}

export function doorRdtscp(): void {
  if (!offers(FEATURE_RDTSCP)) {
    raisePlain(UD);
    return;
  }
  doorRdtsc();
  if (!faulted()) store<u64>(RCX, load<u32>(IA32_TSC_AUX));
}

/** No performance counters: any index is invalid. */
export function doorRdpmc(): void {
  raise(GP, 0);
}
