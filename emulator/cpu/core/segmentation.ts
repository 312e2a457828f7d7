/**
 * Logical to linear addresses, and loads of the data segment registers.
 * Source: SDM Vol. 3A, "Limit Checking", "Type Checking", "Segment Loading Instructions in IA-32e Mode".
 */
import {
  CPL,
  CpuMode,
  MODE,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_UNUSABLE,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import {
  attributesOf,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  isWritableData,
  markAccessed,
  raiseSelector,
  raiseZero,
  setSegmentCache,
  setSegmentNull,
  setSegmentReal,
  setSegmentVirtual8086,
} from './descriptors';
import { faulted, GP, NP, raise, SS } from './exceptions';
import {
  ATTRIBUTE_CODE,
  ATTRIBUTE_DB,
  ATTRIBUTE_DC,
  ATTRIBUTE_P,
  ATTRIBUTE_RW,
  ATTRIBUTE_S,
  plainSegments,
  realStyle,
  segmentAttributes,
  segmentCache,
  isCanonical,
} from './mode';

/** The fault of an access outside a segment: #SS(0) for the stack segment, else #GP(0). */
function raiseSegment(segment: u32): void {
  raise(segment == Segment.SS ? SS : GP, 0);
}

/**
 * Linear address of `bytes` bytes at `effectiveAddress` (already cut to the address size) in `segment`; raises #GP(0) or
 * #SS(0) where the segment, its limit or the canonical form forbids the access.
 */
export function linearAddress(segment: u32, effectiveAddress: u64, bytes: u32, write: bool): u64 {
  const cache = segmentCache(segment);
  if (load<u32>(MODE) == CpuMode.Long) {
    const linear =
      segment >= <u32>Segment.FS
        ? effectiveAddress + load<u64>(cache, SEGMENT_BASE)
        : effectiveAddress;
    if (!isCanonical(linear) || !isCanonical(linear + bytes - 1)) raiseSegment(segment);
    return linear;
  }
  const permitted = (plainSegments >> (segment + (write ? 8 : 0))) & 1;
  if (permitted == 0 || effectiveAddress + bytes - 1 > <u64>load<u32>(cache, SEGMENT_LIMIT)) {
    if (!expandDownAllows(segment, effectiveAddress, bytes, write)) {
      raiseSegment(segment);
      return 0;
    }
  }
  return (load<u64>(cache, SEGMENT_BASE) + effectiveAddress) & 0xffffffff;
}

/** An expand-down data segment holds the offsets above its limit, up to 64 KiB or 4 GiB as D/B says. */
function expandDownAllows(segment: u32, offset: u64, bytes: u32, write: bool): bool {
  const cache = segmentCache(segment);
  const attributes = load<u32>(cache, SEGMENT_ATTRIBUTES);
  if (realStyle() || load<u32>(cache, SEGMENT_UNUSABLE) != 0) return false;
  if ((attributes & (ATTRIBUTE_CODE | ATTRIBUTE_DC)) != ATTRIBUTE_DC) return false;
  if (write && (attributes & ATTRIBUTE_RW) == 0) return false;
  const top: u64 = (attributes & ATTRIBUTE_DB) != 0 ? 0xffffffff : 0xffff;
  return offset > <u64>load<u32>(cache, SEGMENT_LIMIT) && offset + bytes - 1 <= top;
}

/** The bits of rSP that stack accesses use. */
export function stackAddressMask(): u64 {
  if (load<u32>(MODE) == CpuMode.Long) return 0xffff_ffff_ffff_ffff;
  return (segmentAttributes(Segment.SS) & ATTRIBUTE_DB) != 0 ? 0xffffffff : 0xffff;
}

/** MOV, POP, LDS … to ES, SS, DS, FS or GS. On a fault the register keeps its old contents. */
export function loadSegment(segment: u32, selector: u32): void {
  if (load<u32>(MODE) == CpuMode.Virtual8086) {
    setSegmentVirtual8086(segment, selector);
  } else if (realStyle()) {
    setSegmentReal(segment, selector);
  } else if (segment == Segment.SS) {
    loadStackSegment(selector, load<u32>(CPL), GP, SS);
  } else loadDataSegment(segment, selector, GP);
}

/** Loads SS from a null selector or a descriptor of privilege `level`; raises `fault` or `notPresent`. */
export function loadStackSegment(selector: u32, level: u32, fault: u32, notPresent: u32): void {
  if (isNull(selector)) {
    if (load<u32>(MODE) != CpuMode.Long || level == 3 || (selector & 3) != level) raiseZero(fault);
    else setSegmentNull(Segment.SS, selector);
    return;
  }
  const descriptor = checkStackSegment(selector, level, fault, notPresent);
  if (faulted()) return;
  markAccessed(selector, descriptor);
  if (!faulted()) setSegmentCache(Segment.SS, selector, descriptor);
}

/** The descriptor of a stack segment for privilege `level`; raises `fault`(selector), or `notPresent`(selector). */
export function checkStackSegment(selector: u32, level: u32, fault: u32, notPresent: u32): u64 {
  const descriptor = fetchDescriptor(selector, fault);
  if (faulted()) return 0;
  const attributes = attributesOf(descriptor);
  if ((selector & 3) != level || dplOf(attributes) != level || !isWritableData(attributes))
    raiseSelector(fault, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(notPresent, selector);
  return descriptor;
}

/** Loads ES, DS, FS or GS from a null selector or a descriptor; raises `fault`(selector), or #NP(selector). */
export function loadDataSegment(segment: u32, selector: u32, fault: u32): void {
  if (isNull(selector)) {
    setSegmentNull(segment, selector);
    return;
  }
  const descriptor = fetchDescriptor(selector, fault);
  if (faulted()) return;
  const attributes = attributesOf(descriptor);
  const readable =
    (attributes & ATTRIBUTE_S) != 0 && (!isCode(attributes) || (attributes & ATTRIBUTE_RW) != 0);
  const conforming = isCode(attributes) && isConforming(attributes);
  const level = max(load<u32>(CPL), selector & 3);
  if (!readable || (!conforming && level > dplOf(attributes))) raiseSelector(fault, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
  else {
    markAccessed(selector, descriptor);
    if (!faulted()) setSegmentCache(segment, selector, descriptor);
  }
}
