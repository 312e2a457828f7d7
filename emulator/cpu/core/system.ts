/**
 * System instructions: descriptor table registers, LLDT, LTR, LAR, LSL, VERR, VERW, TLB invalidation, AC flag.
 * Source: SDM Vol. 2. A function takes values, never micro-ops; a memory operand is a segment number and an effective
 * address; `w` is the operand size in bits. On a fault nothing has changed.
 */
import {
  CPL,
  CpuMode,
  CR0,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MODE,
  REGISTERS,
  RFLAGS_REST,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_SELECTOR,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { CR4_FSGSBASE, CR4_PCIDE, CR4_UMIP, RFLAGS_AC, RFLAGS_ZF, cr4 } from './control-bits';
import { FEATURE_INVPCID, FEATURE_SMAP, offers } from './cpuid';
import {
  attributesOf,
  baseOf,
  descriptorAddress,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  limitOf,
  locateDescriptor,
  raiseSelector,
  setSegmentCache,
  setSegmentNull,
} from './descriptors';
import { faulted, GP, NP, raise, raisePlain, UD } from './exceptions';
import { setStatusFlags, statusFlags } from './flags';
import {
  probeWriteLinear,
  readOperand,
  readSupervisor,
  writeOperand,
  writeSupervisor,
} from './mmu';
import {
  alignmentFlagWritten,
  ATTRIBUTE_P,
  ATTRIBUTE_RW,
  ATTRIBUTE_S,
  ia32e,
  segmentCache,
  isCanonical,
} from './mode';
import { linearAddress } from './segmentation';
import { invalidatePage, invalidateTranslations } from './tlb';

const TYPE_LDT: u32 = 0x2;
const TYPE_TSS_BUSY: u32 = 0x2;

/** Raises #GP(0) above CPL 0. */
export function requireCpl0(): bool {
  if (load<u32>(CPL) != 0) raise(GP, 0);
  return !faulted();
}

/** Raises #GP(0) above CPL 0 when user-mode instruction prevention is on: SGDT, SIDT, SLDT, SMSW, STR. */
function permittedByUmip(): bool {
  if (load<u32>(CPL) != 0 && cr4(CR4_UMIP)) raise(GP, 0);
  return !faulted();
}

// ── GDTR, IDTR ──────────────────────────────────────────────────────────────────────────────────────────────────

export function doorLgdt(segment: u32, effectiveAddress: u64, w: u32): void {
  loadTable(segment, effectiveAddress, w, GDTR_BASE, GDTR_LIMIT);
}

export function doorLidt(segment: u32, effectiveAddress: u64, w: u32): void {
  loadTable(segment, effectiveAddress, w, IDTR_BASE, IDTR_LIMIT);
}

/** Operand: limit (2 bytes), base (4 bytes, 3 of them used with 16-bit operands; 8 bytes in 64-bit mode). */
function loadTable(
  segment: u32,
  effectiveAddress: u64,
  w: u32,
  baseAt: usize,
  limitAt: usize,
): void {
  if (!requireCpl0()) return;
  const long = load<u32>(MODE) == CpuMode.Long;
  const baseBytes: u32 = long ? 8 : 4;
  const linear = linearAddress(segment, effectiveAddress, 2 + baseBytes, false);
  if (faulted()) return;
  const limit = <u32>readOperand(linear, 2);
  if (faulted()) return;
  let base = readOperand(linear + 2, baseBytes);
  if (faulted()) return;
  if (long && !isCanonical(base)) {
    raise(GP, 0);
    return;
  }
  if (!long && w == 16) base &= 0xffffff;
  store<u64>(baseAt, base);
  store<u32>(limitAt, limit);
}

export function doorSgdt(segment: u32, effectiveAddress: u64): void {
  storeTable(segment, effectiveAddress, load<u64>(GDTR_BASE), load<u32>(GDTR_LIMIT));
}

export function doorSidt(segment: u32, effectiveAddress: u64): void {
  storeTable(segment, effectiveAddress, load<u64>(IDTR_BASE), load<u32>(IDTR_LIMIT));
}

function storeTable(segment: u32, effectiveAddress: u64, base: u64, limit: u32): void {
  if (!permittedByUmip()) return;
  const baseBytes: u32 = load<u32>(MODE) == CpuMode.Long ? 8 : 4;
  const linear = linearAddress(segment, effectiveAddress, 2 + baseBytes, true);
  if (faulted()) return;
  probeWriteLinear(linear, 2);
  if (!faulted()) probeWriteLinear(linear + 2, baseBytes);
  if (faulted()) return;
  writeOperand(linear, limit, 2);
  writeOperand(linear + 2, base, baseBytes);
}

// ── LDTR, TR, machine status word ───────────────────────────────────────────────────────────────────────────────

export function doorLldt(selector: u32): void {
  if (!requireCpl0()) return;
  if (isNull(selector)) setSegmentNull(Segment.LDTR, selector);
  else loadSystemSegment(Segment.LDTR, selector);
}

export function doorLtr(selector: u32): void {
  if (!requireCpl0()) return;
  if (isNull(selector)) raise(GP, 0);
  else loadSystemSegment(Segment.TR, selector);
}

/** Loads LDTR or TR from a descriptor in the GDT: 8 bytes, 16 in IA-32e mode. */
function loadSystemSegment(segment: u32, selector: u32): void {
  const bytes: u32 = ia32e() ? 16 : 8;
  if ((selector & 4) != 0 || !locateDescriptor(selector, bytes)) {
    raiseSelector(GP, selector);
    return;
  }
  const address = descriptorAddress;
  const low = readSupervisor(address, 8);
  if (faulted()) return;
  const high = ia32e() ? readSupervisor(address + 8, 8) : 0;
  if (faulted()) return;
  const attributes = attributesOf(low);
  const type = attributes & 0xf;
  const valid = segment == Segment.LDTR ? type == TYPE_LDT : type == 9 || (type == 1 && !ia32e());
  const base = baseOf(low) | (high << 32);
  if ((attributes & ATTRIBUTE_S) != 0 || !valid || ((high >> 40) & 0x1f) != 0)
    raiseSelector(GP, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
  else if (ia32e() && !isCanonical(base)) raiseSelector(GP, selector);
  else if (segment == Segment.TR) writeSupervisor(address + 5, (low >> 40) | TYPE_TSS_BUSY, 1);
  if (faulted()) return;
  const cache = segmentCache(segment);
  setSegmentCache(segment, selector, low);
  store<u64>(cache, base, SEGMENT_BASE);
  if (segment == Segment.TR) store<u32>(cache, attributes | TYPE_TSS_BUSY, SEGMENT_ATTRIBUTES);
}

/** SLDT, STR: the selector; #GP(0) under UMIP. */
export function storeSystemSelector(segment: u32): u64 {
  return permittedByUmip() ? load<u32>(segmentCache(segment), SEGMENT_SELECTOR) : 0;
}

/** SMSW: CR0, of which the recipe keeps as many bits as the operand has. */
export function readMachineStatus(): u64 {
  return permittedByUmip() ? load<u64>(CR0) : 0;
}

// ── looking at descriptors ──────────────────────────────────────────────────────────────────────────────────────

/** ZF alone. */
function setZero(zero: bool): void {
  setStatusFlags((statusFlags() & ~(<u32>RFLAGS_ZF)) | (zero ? <u32>RFLAGS_ZF : 0));
}

/** The descriptor of `selector` if it can be looked at from here, else 0; may fault in the table. */
function visibleDescriptor(selector: u32, systemTypes: u32): u64 {
  if (isNull(selector) || !locateDescriptor(selector, 8)) return 0;
  const descriptor = readSupervisor(descriptorAddress, 8);
  if (faulted()) return 0;
  const attributes = attributesOf(descriptor);
  if (isCode(attributes) && isConforming(attributes)) return descriptor;
  if ((attributes & ATTRIBUTE_S) == 0 && ((systemTypes >> (attributes & 0xf)) & 1) == 0) return 0;
  return max(load<u32>(CPL), selector & 3) > dplOf(attributes) ? 0 : descriptor;
}

/** Types that LAR accepts: TSS, LDT, call gates, task gates; in IA-32e mode 2, 9, B, C. */
const LAR_TYPES: u32 = 0x1a3e;
const LAR_TYPES_LONG: u32 = 0x1a04;
/** Types that LSL accepts: TSS, LDT; in IA-32e mode 2, 9, B. */
const LSL_TYPES: u32 = 0x0a0e;
const LSL_TYPES_LONG: u32 = 0x0a04;

/** Whether the last LAR or LSL found its descriptor: only then the destination is written. */
export let descriptorVisible: bool = false;

/** LAR: the access rights (write them when descriptorVisible and not faulted); sets ZF. */
export function accessRights(selector: u32): u64 {
  const descriptor = visibleDescriptor(selector, ia32e() ? LAR_TYPES_LONG : LAR_TYPES);
  return found(descriptor) ? (descriptor >> 32) & 0x00f0ff00 : 0;
}

/** LSL: the limit in bytes (write it when descriptorVisible and not faulted); sets ZF. */
export function segmentLimit(selector: u32): u64 {
  const descriptor = visibleDescriptor(selector, ia32e() ? LSL_TYPES_LONG : LSL_TYPES);
  return found(descriptor) ? limitOf(descriptor) : 0;
}

function found(descriptor: u64): bool {
  descriptorVisible = descriptor != 0;
  if (!faulted()) setZero(descriptorVisible);
  return descriptorVisible;
}

export function doorVerr(selector: u32): void {
  const descriptor = visibleDescriptor(selector, 0);
  const attributes = attributesOf(descriptor);
  if (!faulted())
    setZero(descriptor != 0 && (!isCode(attributes) || (attributes & ATTRIBUTE_RW) != 0));
}

export function doorVerw(selector: u32): void {
  const descriptor = visibleDescriptor(selector, 0);
  const attributes = attributesOf(descriptor);
  if (!faulted())
    setZero(descriptor != 0 && !isCode(attributes) && (attributes & ATTRIBUTE_RW) != 0);
}

// ── TLB ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** INVLPG: a segment or canonical violation is no fault; a non-canonical address does nothing. */
export function doorInvlpg(segment: u32, effectiveAddress: u64): void {
  if (!requireCpl0()) return;
  const cache = segmentCache(segment);
  let linear = effectiveAddress;
  if (load<u32>(MODE) != CpuMode.Long)
    linear = (linear + load<u64>(cache, SEGMENT_BASE)) & 0xffffffff;
  else if (segment >= <u32>Segment.FS) linear += load<u64>(cache, SEGMENT_BASE);
  if (isCanonical(linear)) invalidatePage(linear);
}

/** INVPCID: descriptor {PCID 12 bits, reserved, linear address}; translations are not kept by PCID, so types 1 to 3 flush all. */
export function doorInvpcid(segment: u32, effectiveAddress: u64, type: u64): void {
  if (!offers(FEATURE_INVPCID)) {
    raisePlain(UD);
    return;
  }
  if (!requireCpl0()) return;
  const linear = linearAddress(segment, effectiveAddress, 16, false);
  if (faulted()) return;
  const pcid = readOperand(linear, 8);
  if (faulted()) return;
  const address = readOperand(linear + 8, 8);
  if (faulted()) return;
  const wrongPcid = pcid != 0 && type < 2 && !cr4(CR4_PCIDE);
  if (type > 3 || pcid >> 12 != 0 || wrongPcid || (type == 0 && !isCanonical(address))) {
    raise(GP, 0);
    return;
  }
  if (type == 0) invalidatePage(address);
  else invalidateTranslations(type != 2);
}

/** INVD, WBINVD: no caches here; CPL 0 is checked. */
export function doorInvalidateCaches(): void {
  requireCpl0();
}

// ── XCR0, AC, FS and GS base ────────────────────────────────────────────────────────────────────────────────────

/** CLAC, STAC. */
export function setAlignmentCheck(set: bool): void {
  if (load<u32>(CPL) != 0 || !offers(FEATURE_SMAP)) {
    raisePlain(UD);
    return;
  }
  const rest = load<u32>(RFLAGS_REST);
  store<u32>(RFLAGS_REST, set ? rest | (<u32>RFLAGS_AC) : rest & ~(<u32>RFLAGS_AC));
  alignmentFlagWritten();
}

/** RDFSBASE, RDGSBASE. */
export function readSegmentBase(segment: u32): u64 {
  if (!cr4(CR4_FSGSBASE)) raisePlain(UD);
  return faulted() ? 0 : load<u64>(segmentCache(segment), SEGMENT_BASE);
}

/** WRFSBASE, WRGSBASE; `value` is zero-extended from the operand size. */
export function writeSegmentBase(segment: u32, value: u64): void {
  if (!cr4(CR4_FSGSBASE)) raisePlain(UD);
  else if (!isCanonical(value)) raise(GP, 0);
  else store<u64>(segmentCache(segment), value, SEGMENT_BASE);
}
