/**
 * What follows from CR0, CR4, EFER, RFLAGS.VM, CPL and CS: the operating mode, the TLB in use, the width of canonical
 * addresses, and which segments need no more than a limit check.
 */
import {
  CPL,
  CpuMode,
  MODE,
  PLAIN_SEGMENTS,
  RFLAGS_REST,
  SEGMENTS,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SIZE_BYTES,
  SEGMENT_UNUSABLE,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { breakpointsChanged } from './breakpoints';
import {
  CR0_AM,
  CR0_PE,
  CR4_LA57,
  EFER_LMA,
  RFLAGS_AC,
  RFLAGS_VM,
  cr0,
  cr4,
  efer,
} from './control-bits';
import { cpuidChanged } from './cpuid';
import { bumpContext, dropUserDataTags, dropUserMappings, flushTlb, selectTlb } from './tlb';

export const ATTRIBUTE_ACCESSED: u32 = 1 << 0;
/** Data: writable. Code: readable. */
export const ATTRIBUTE_RW: u32 = 1 << 1;
/** Data: expand-down. Code: conforming. */
export const ATTRIBUTE_DC: u32 = 1 << 2;
export const ATTRIBUTE_CODE: u32 = 1 << 3;
/** Code or data, not a system segment. */
export const ATTRIBUTE_S: u32 = 1 << 4;
export const ATTRIBUTE_DPL: u32 = 3 << 5;
export const ATTRIBUTE_P: u32 = 1 << 7;
export const ATTRIBUTE_L: u32 = 1 << 13;
export const ATTRIBUTE_DB: u32 = 1 << 14;
export const ATTRIBUTE_G: u32 = 1 << 15;

/** 64 less the number of significant bits of a linear address. */
export let canonicalShift: i64 = 16;

/** PLAIN_SEGMENTS. */
export let plainSegments: u32 = 0;

/** Data accesses are checked for alignment: CPL 3, CR0.AM and RFLAGS.AC. The user TLB's data tags are then hidden ones (tlb.ts, TAG_HIDDEN). */
export let alignmentChecked: bool = false;

let lastCodeAttributes: u32 = 0;
let lastCodeBase: u64 = 0;
let lastCodeLimit: u32 = 0;

/** Whether `linear` is canonical for the paging mode in force: 48 bits, or 57 with 5-level paging.
 * @inline */
export function isCanonical(linear: u64): bool {
  return <u64>((<i64>(linear << canonicalShift)) >> canonicalShift) == linear;
}

/** @inline */
export function segmentCache(segment: u32): u32 {
  return SEGMENTS + segment * SEGMENT_SIZE_BYTES;
}

/** @inline */
export function segmentAttributes(segment: u32): u32 {
  return load<u32>(segmentCache(segment), SEGMENT_ATTRIBUTES);
}

/** @inline */
export function cpl(): u32 {
  return load<u32>(CPL);
}

/** Real-address or virtual-8086 mode: segments are base = selector * 16.
 * @inline */
export function realStyle(): bool {
  const now = load<u32>(MODE);
  return now == CpuMode.Real || now == CpuMode.Virtual8086;
}

/** IA-32e mode: 64-bit or compatibility mode.
 * @inline */
export function ia32e(): bool {
  return load<u32>(MODE) >= <u32>CpuMode.Compatibility;
}

function modeNow(): CpuMode {
  if (!cr0(CR0_PE)) return CpuMode.Real;
  if (efer(EFER_LMA))
    return (segmentAttributes(Segment.CS) & ATTRIBUTE_L) != 0
      ? CpuMode.Long
      : CpuMode.Compatibility;
  return (load<u32>(RFLAGS_REST) & (<u32>RFLAGS_VM)) != 0 ? CpuMode.Virtual8086 : CpuMode.Protected;
}

/** Brings one segment's bits of plainSegments up to date. */
export function refreshSegment(segment: u32): void {
  plainSegments = (plainSegments & ~(0x101 << segment)) | (plainRights(segment) << segment);
  store<u32>(PLAIN_SEGMENTS, plainSegments);
}

/** 1: may be read below its limit without further checks; 100h: written. */
function plainRights(segment: u32): u32 {
  if (realStyle()) return 0x101;
  if (load<u32>(segmentCache(segment), SEGMENT_UNUSABLE) != 0) return 0;
  const attributes = segmentAttributes(segment);
  const bit: u32 = (attributes & ATTRIBUTE_RW) != 0 ? 1 : 0;
  if ((attributes & ATTRIBUTE_CODE) != 0) return bit;
  return (attributes & ATTRIBUTE_DC) == 0 ? 1 | (bit << 8) : 0;
}

function refreshSegments(): void {
  for (let segment: u32 = Segment.ES; segment <= <u32>Segment.GS; segment++)
    refreshSegment(segment);
}

/** To be called when CR0, CR4, EFER, RFLAGS.VM, CPL or CS has changed. */
export function recomputeMode(): void {
  const before = load<u32>(MODE);
  const now = modeNow();
  store<u32>(MODE, now);
  setCpl(load<u32>(CPL));
  canonicalShift = cr4(CR4_LA57) && efer(EFER_LMA) ? 7 : 16;
  // Whoever fills a segment's cache refreshes that one; what real-address mode changes, changes for all.
  if (now != before) refreshSegments();
  else refreshSegment(Segment.CS);
  if (now != before || codeMoved()) bumpContext();
  const code = segmentCache(Segment.CS);
  lastCodeAttributes = segmentAttributes(Segment.CS) & (ATTRIBUTE_L | ATTRIBUTE_DB);
  lastCodeBase = load<u64>(code, SEGMENT_BASE);
  lastCodeLimit = load<u32>(code, SEGMENT_LIMIT);
}

/** CS differs in size, base or limit from what recomputeMode has seen. */
function codeMoved(): bool {
  const code = segmentCache(Segment.CS);
  return (
    (segmentAttributes(Segment.CS) & (ATTRIBUTE_L | ATTRIBUTE_DB)) != lastCodeAttributes ||
    load<u64>(code, SEGMENT_BASE) != lastCodeBase ||
    load<u32>(code, SEGMENT_LIMIT) != lastCodeLimit
  );
}

/** The same where nothing but CPL and CS has changed: in 64-bit mode the privilege alone as a rule. */
export function recomputeCode(): void {
  if (load<u32>(MODE) != CpuMode.Long || codeMoved()) recomputeMode();
  else setCpl(load<u32>(CPL));
}

export function setCpl(level: u32): void {
  store<u32>(CPL, level);
  selectTlb(level == 3);
  refreshAlignment();
}

/** RFLAGS.AC has been written: SMAP and alignment checking depend on it. */
export function alignmentFlagWritten(): void {
  if ((load<u32>(RFLAGS_REST) & (<u32>RFLAGS_AC)) == 0) dropUserMappings();
  refreshAlignment();
}

function refreshAlignment(): void {
  const now =
    load<u32>(CPL) == 3 && cr0(CR0_AM) && (load<u32>(RFLAGS_REST) & (<u32>RFLAGS_AC)) != 0;
  if (now && !alignmentChecked) dropUserDataTags();
  alignmentChecked = now;
}

/** Forgets everything derived from the state: after a reset, and when the host has written registers or tables. */
export function flushAll(): void {
  cpuidChanged();
  flushTlb(false);
  recomputeMode();
  refreshSegments();
  breakpointsChanged();
}
