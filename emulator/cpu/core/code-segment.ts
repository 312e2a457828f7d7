/**
 * Loads of CS: the checks shared by far jumps, calls and returns, and the moment when a far transfer takes effect.
 * Source: SDM Vol. 2A, "JMP", "CALL", "RET", "IRET" (operation sections).
 */
import { CPL, CpuMode, MODE, RIP, SEGMENT_LIMIT } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import {
  attributesOf,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  limitOf,
  raiseSelector,
  raiseZero,
  setSegmentCache,
  setSegmentNull,
} from './descriptors';
import { faulted, GP, NP } from './exceptions';
import {
  ATTRIBUTE_DB,
  ATTRIBUTE_L,
  ATTRIBUTE_P,
  cpl,
  ia32e,
  recomputeCode,
  segmentAttributes,
  segmentCache,
  isCanonical,
} from './mode';

/** Whether a code segment holds 64-bit code. */
export function isLongCode(attributes: u32): bool {
  return ia32e() && (attributes & ATTRIBUTE_L) != 0;
}

/** In IA-32e mode a code segment must not have both L and D. */
function codeSizeValid(attributes: u32): bool {
  return !(ia32e() && (attributes & (ATTRIBUTE_L | ATTRIBUTE_DB)) == (ATTRIBUTE_L | ATTRIBUTE_DB));
}

/** Checks a code segment that a far jump or call names directly. */
export function checkDirectTarget(selector: u32, attributes: u32): void {
  const level = dplOf(attributes);
  const permitted = isConforming(attributes)
    ? level <= cpl()
    : (selector & 3) <= cpl() && level == cpl();
  if (!permitted || !codeSizeValid(attributes)) raiseSelector(GP, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
}

/** The code segment that a far return or IRET goes back to; raises #GP or #NP. Its CPL is the selector's RPL. */
export function fetchReturnTarget(selector: u32): u64 {
  if (isNull(selector)) {
    raiseZero(GP);
    return 0;
  }
  const descriptor = fetchDescriptor(selector, GP);
  if (faulted()) return 0;
  const attributes = attributesOf(descriptor);
  const level = selector & 3;
  const permitted = isConforming(attributes)
    ? dplOf(attributes) <= level
    : dplOf(attributes) == level;
  if (!isCode(attributes) || level < cpl() || !permitted || !codeSizeValid(attributes))
    raiseSelector(GP, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
  return descriptor;
}

/** Raises #GP(0) unless `offset` is canonical (64-bit code) or within the segment's limit. */
export function checkOffset(descriptor: u64, offset: u64): void {
  const valid = isLongCode(attributesOf(descriptor))
    ? isCanonical(offset)
    : offset <= <u64>limitOf(descriptor);
  if (!valid) raiseZero(GP);
}

/** CS, CPL and RIP come into force; nothing may fault any more. */
export function enterCode(selector: u32, descriptor: u64, offset: u64, level: u32): void {
  const changed = setSegmentCache(Segment.CS, (selector & 0xfffc) | level, descriptor);
  store<u64>(RIP, offset);
  if (!changed && staysLong(level)) return;
  store<u32>(CPL, level); // recomputeCode has it take effect
  recomputeCode();
}

/** In 64-bit mode nothing but CS decides on the mode: what holds at this `level` now goes on if that has not changed.
 * @inline */
export function staysLong(level: u32): bool {
  return load<u32>(MODE) == CpuMode.Long && level == cpl();
}

/** After a return to an outer level: data segments that the new CPL may not use become null. */
export function dropInnerSegments(level: u32): void {
  dropInnerSegment(Segment.ES, level);
  dropInnerSegment(Segment.DS, level);
  dropInnerSegment(Segment.FS, level);
  dropInnerSegment(Segment.GS, level);
}

function dropInnerSegment(segment: u32, level: u32): void {
  const attributes = segmentAttributes(segment);
  if (isCode(attributes) && isConforming(attributes)) return;
  if (attributes != 0 && dplOf(attributes) < level) setSegmentNull(segment, 0);
}

/** Raises #GP(0) when `offset` lies beyond the current CS limit (real-address mode). */
export function checkCurrentLimit(offset: u64): void {
  if (offset > <u64>load<u32>(segmentCache(Segment.CS), SEGMENT_LIMIT)) raiseZero(GP);
}

/** Offsets of `w` bits. */
export function truncate(value: u64, w: u32): u64 {
  if (w == 64) return value;
  return w == 32 ? value & 0xffffffff : value & 0xffff;
}
