/**
 * Segment descriptors in the GDT and the LDT.
 * Source: SDM Vol. 3A, "Segment Descriptors", "System Descriptor Types".
 *
 *   63      56 55 54 53 52 51   48 47 46 45 44 43  40 39      32 31           16 15            0
 *   base 31:24 G D/B L AVL lim19:16 P  DPL   S  type   base 23:16  base 15:0       limit 15:0
 */
import { Segment } from '../../isa/uop';
import {
  GDTR_BASE,
  GDTR_LIMIT,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_UNUSABLE,
} from '../../isa/state-layout';
import { raise } from './exceptions';
import { readSupervisor, writeSupervisor } from './mmu';
import {
  ATTRIBUTE_ACCESSED,
  ATTRIBUTE_CODE,
  ATTRIBUTE_DC,
  ATTRIBUTE_DPL,
  ATTRIBUTE_G,
  ATTRIBUTE_RW,
  ATTRIBUTE_S,
} from './mode';
import { refreshSegment, segmentCache } from './mode';

/** EXT bit for error codes of faults met while an event that is external to the program is delivered. */
export let errorExternal: u32 = 0;

export function setErrorExternal(external: u32): void {
  errorExternal = external;
}

/** Raises `vector` with the selector as error code. */
export function raiseSelector(vector: u32, selector: u32): void {
  raise(vector, (selector & 0xfffc) | errorExternal);
}

/** Raises `vector` with error code 0 (EXT apart). */
export function raiseZero(vector: u32): void {
  raise(vector, errorExternal);
}

/** @inline */
export function isNull(selector: u32): bool {
  return (selector & 0xfffc) == 0;
}

/** Linear address of the descriptor that was located last; scratch. */
export let descriptorAddress: u64 = 0;

/** Whether `bytes` bytes of descriptor lie within the selector's table; sets descriptorAddress. */
export function locateDescriptor(selector: u32, bytes: u32): bool {
  let base = load<u64>(GDTR_BASE);
  let limit = load<u32>(GDTR_LIMIT);
  if ((selector & 4) != 0) {
    const ldtr = segmentCache(Segment.LDTR);
    if (load<u32>(ldtr, SEGMENT_UNUSABLE) != 0) return false;
    base = load<u64>(ldtr, SEGMENT_BASE);
    limit = load<u32>(ldtr, SEGMENT_LIMIT);
  }
  const offset = selector & 0xfff8;
  descriptorAddress = base + offset;
  return <u64>offset + bytes - 1 <= <u64>limit;
}

/** The descriptor of `selector`; raises `vector`(selector) outside the table. 0 when faulted. */
export function fetchDescriptor(selector: u32, vector: u32): u64 {
  if (!locateDescriptor(selector, 8)) {
    raiseSelector(vector, selector);
    return 0;
  }
  return readSupervisor(descriptorAddress, 8);
}

/** @inline */
export function attributesOf(descriptor: u64): u32 {
  return (<u32>(descriptor >> 40)) & 0xf0ff;
}

/** @inline */
export function baseOf(descriptor: u64): u64 {
  return ((descriptor >> 16) & 0xffffff) | ((descriptor >> 32) & 0xff000000);
}

/** Highest offset, granularity applied. */
export function limitOf(descriptor: u64): u32 {
  const limit = (<u32>(descriptor & 0xffff)) | ((<u32>(descriptor >> 32)) & 0xf0000);
  return (attributesOf(descriptor) & ATTRIBUTE_G) != 0 ? (limit << 12) | 0xfff : limit;
}

/** @inline */
export function dplOf(attributes: u32): u32 {
  return (attributes >> 5) & 3;
}

/** @inline */
export function isCode(attributes: u32): bool {
  return (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE)) == (ATTRIBUTE_S | ATTRIBUTE_CODE);
}

/** @inline */
export function isConforming(attributes: u32): bool {
  return (attributes & ATTRIBUTE_DC) != 0;
}

export function isWritableData(attributes: u32): bool {
  return (
    (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_RW)) == (ATTRIBUTE_S | ATTRIBUTE_RW)
  );
}

/** Sets the accessed bit of a code or data descriptor in its table; may fault. */
export function markAccessed(selector: u32, descriptor: u64): void {
  const attributes = attributesOf(descriptor);
  if ((attributes & (ATTRIBUTE_S | ATTRIBUTE_ACCESSED)) != ATTRIBUTE_S) return;
  locateDescriptor(selector, 8);
  writeSupervisor(descriptorAddress + 5, (descriptor >> 40) | ATTRIBUTE_ACCESSED, 1);
}

/** Fills a segment register's cache from a descriptor. Returns whether anything but the selector has changed. */
export function setSegmentCache(segment: u32, selector: u32, descriptor: u64): bool {
  const cache = segmentCache(segment);
  let attributes = attributesOf(descriptor);
  if ((attributes & ATTRIBUTE_S) != 0) attributes |= ATTRIBUTE_ACCESSED;
  const before = load<u32>(cache, SEGMENT_ATTRIBUTES);
  if (
    ((before ^ attributes) & ~ATTRIBUTE_DPL) == 0 &&
    load<u64>(cache, SEGMENT_BASE) == baseOf(descriptor) &&
    load<u32>(cache, SEGMENT_LIMIT) == limitOf(descriptor) &&
    load<u32>(cache, SEGMENT_UNUSABLE) == 0
  ) {
    store<u32>(cache, attributes, SEGMENT_ATTRIBUTES); // refreshSegment does not look at the DPL
    store<u32>(cache, selector, SEGMENT_SELECTOR);
    return before != attributes;
  }
  store<u64>(cache, baseOf(descriptor), SEGMENT_BASE);
  store<u32>(cache, limitOf(descriptor), SEGMENT_LIMIT);
  store<u32>(cache, attributes, SEGMENT_ATTRIBUTES);
  store<u32>(cache, selector, SEGMENT_SELECTOR);
  store<u32>(cache, 0, SEGMENT_UNUSABLE);
  refreshSegment(segment);
  return true;
}

/** Loads a null selector: the segment becomes unusable. */
export function setSegmentNull(segment: u32, selector: u32): void {
  const cache = segmentCache(segment);
  store<u64>(cache, 0, SEGMENT_BASE);
  store<u32>(cache, 0, SEGMENT_LIMIT);
  store<u32>(cache, 0, SEGMENT_ATTRIBUTES);
  store<u32>(cache, selector, SEGMENT_SELECTOR);
  store<u32>(cache, 1, SEGMENT_UNUSABLE);
  refreshSegment(segment);
}

/** Virtual-8086 mode: base = selector * 16, limit FFFFh, writable data of DPL 3 (CS too: its type is not looked at). */
export function setSegmentVirtual8086(segment: u32, selector: u32): void {
  const cache = segmentCache(segment);
  store<u64>(cache, (<u64>selector) << 4, SEGMENT_BASE);
  store<u32>(cache, 0xffff, SEGMENT_LIMIT);
  store<u32>(cache, 0xf3, SEGMENT_ATTRIBUTES);
  store<u32>(cache, selector, SEGMENT_SELECTOR);
  store<u32>(cache, 0, SEGMENT_UNUSABLE);
  refreshSegment(segment);
}

/** Real-address mode: base = selector * 16; limit and D/B stay as they were (protected mode may have widened them). */
export function setSegmentReal(segment: u32, selector: u32): void {
  const cache = segmentCache(segment);
  store<u64>(cache, (<u64>selector) << 4, SEGMENT_BASE);
  store<u32>(cache, (load<u32>(cache, SEGMENT_ATTRIBUTES) & 0xf000) | 0x93, SEGMENT_ATTRIBUTES);
  store<u32>(cache, selector, SEGMENT_SELECTOR);
  store<u32>(cache, 0, SEGMENT_UNUSABLE);
  refreshSegment(segment);
}
