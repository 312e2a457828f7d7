/**
 * Repeated string instructions for regions (emulator/translator): all iterations, if the TLB answers all their accesses and they are
 * few; else none. What is left is the interpreter's, which begins with the same registers (strings.ts).
 *
 * So many are few: a STOS stays below the size from which strings.ts asks for its physical extent, which has effects on storage; any
 * other below the iterations after which it pauses.
 */
import { CpuMode, FAULT, MODE } from '../../isa/state-layout';
import { Segment, StringKind } from '../../isa/uop';
import { faulted } from './exceptions';
import { SLOT_RAX, SLOT_RCX, SLOT_RDI, SLOT_RSI } from './operations/operand';
import { linearAddress } from './segmentation';
import { EXTENT_BYTES_MIN, fillElements, moveHost, moveHostDown } from './string-chunks';
import * as strings from './strings';
import { entryAddress, TLB_ADDEND, TLB_WRITE_TAG, tlbBase } from './tlb';

/** CMPS and SCAS are tried on so many elements: what they find beyond, the interpreter finds once more. */
const COMPARED_MAX: u64 = 4096;

/** In a page that no tag has: not canonical. */
const NOWHERE: u64 = 1 << 63;

/** Result of `reaches`. */
let reached: u64 = 0;

/** Executes the repeated string instruction of the micro-op; returns whether it has. Flags must be computed before CMPS and SCAS. */
export function stringInRegion(uop: u32): bool {
  strings.describe(uop);
  const count = strings.countRegister();
  if (count == 0) return true;
  switch (strings.kind) {
    case StringKind.Movs:
      return fewBytes(count) && moveAll(u32(count));
    case StringKind.Stos:
      return fewBytes(count) && storeAll(u32(count));
    case StringKind.Cmps:
    case StringKind.Scas:
      return strings.ascends() && compareAll(count);
    default:
      return false;
  }
}

/** @inline */
function fewBytes(count: u64): bool {
  return count < EXTENT_BYTES_MIN >> strings.bytesLog2;
}

/** The TLB has no address that is not canonical: so where the segment allows no access, it is a page that no tag has.
 * @inline */
function linearOf(segment: u32, offset: u64, size: u32, write: bool): u64 {
  if (load<u32>(MODE) == CpuMode.Long && segment < u32(Segment.FS)) return offset;
  const linear = linearAddress(segment, offset, size, write);
  if (!faulted()) return linear;
  store<u32>(FAULT, 0); // it will be met again
  return NOWHERE;
}

/** Whether `size` bytes from segment:`offset` on need no slow path and no wrapping around; `reached` is then their linear address. */
function reaches(segment: u32, offset: u64, size: u32, write: bool): bool {
  const last = offset + (size - 1);
  if (last < offset || last > strings.addressMask) return false;
  const linear = linearOf(segment, offset, size, write);
  const tag: usize = write ? TLB_WRITE_TAG : 0;
  const lastPage = (linear + (size - 1)) & ~0xfff;
  for (let page = linear & ~0xfff; ; page += 0x1000) {
    if (load<u64>(entryAddress(tlbBase, page) + tag) != page) return false;
    if (page == lastPage) break;
    // No element lies on two pages.
    if ((linear & (strings.bytes - 1)) != 0) return false;
  }
  reached = linear;
  return true;
}

/** @inline */
function hostOf(linear: u64): u32 {
  return u32(linear) + load<u32>(entryAddress(tlbBase, linear), TLB_ADDEND);
}

/** @inline */
function bytesToPageEnd(linear: u64): u32 {
  return 0x1000 - (u32(linear) & 0xfff);
}

function moveAll(count: u32): bool {
  const size = count * strings.bytes;
  const below = strings.ascends() ? 0 : u64(size - strings.bytes);
  const si = load<u64>(SLOT_RSI) & strings.addressMask;
  const di = load<u64>(SLOT_RDI) & strings.addressMask;
  if (!reaches(strings.sourceSegment, si - below, size, false)) return false;
  let from = reached;
  if (!reaches(Segment.ES, di - below, size, true)) return false;
  let to = reached;
  if (!strings.ascends()) {
    if (size > bytesToPageEnd(from) || size > bytesToPageEnd(to)) return false;
    moveHostDown(hostOf(to), hostOf(from), size, strings.bytes);
  } else {
    for (let left = size; left != 0;) {
      const part = min(left, min(bytesToPageEnd(from), bytesToPageEnd(to)));
      moveHost(hostOf(to), hostOf(from), part, strings.bytes);
      from += part;
      to += part;
      left -= part;
    }
  }
  const distance = u64(count) * strings.step;
  strings.setAddress(SLOT_RSI, si + distance);
  strings.setAddress(SLOT_RDI, di + distance);
  strings.setAddress(SLOT_RCX, 0);
  return true;
}

function storeAll(count: u32): bool {
  const size = count * strings.bytes;
  const below = strings.ascends() ? 0 : u64(size - strings.bytes);
  const di = load<u64>(SLOT_RDI) & strings.addressMask;
  if (!reaches(Segment.ES, di - below, size, true)) return false;
  for (let to = reached, left = size; left != 0;) {
    const part = min(left, bytesToPageEnd(to));
    fillElements(hostOf(to), part, strings.bytes);
    to += part;
    left -= part;
  }
  strings.setAddress(SLOT_RDI, di + u64(count) * strings.step);
  strings.setAddress(SLOT_RCX, 0);
  return true;
}

/** REPE and REPNE CMPS and SCAS, in ascending order. */
function compareAll(count: u64): bool {
  const both = strings.kind == StringKind.Cmps;
  const most = u32(min(count, COMPARED_MAX));
  const si = load<u64>(SLOT_RSI) & strings.addressMask;
  const di = load<u64>(SLOT_RDI) & strings.addressMask;
  let done: u32 = 0;
  do {
    if (done == most) return false;
    if (!reachesElement(Segment.ES, di, done)) return false;
    there = hostOf(reached);
    let elements = min(most - done, bytesToPageEnd(reached) >> strings.bytesLog2);
    here = SLOT_RAX;
    if (both) {
      if (!reachesElement(strings.sourceSegment, si, done)) return false;
      here = hostOf(reached);
      elements = min(elements, bytesToPageEnd(reached) >> strings.bytesLog2);
    }
    done += compareElements(elements, both ? strings.bytes : 0);
  } while (!endsAt(here, there) && u64(done) != count);
  // Within a page the elements behind its first one have met neither the segment's limit nor the end of addresses.
  if (!reachesElement(Segment.ES, di, done - 1)) return false;
  if (both && !reachesElement(strings.sourceSegment, si, done - 1)) return false;
  strings.compare(element(here), element(there));
  const distance = u64(done) << strings.bytesLog2;
  strings.setAddress(SLOT_RDI, di + distance);
  if (both) strings.setAddress(SLOT_RSI, si + distance);
  strings.setAddress(SLOT_RCX, count - u64(done));
  return true;
}

/** @inline */
function reachesElement(segment: u32, offset: u64, index: u32): bool {
  return reaches(segment, offset + (u64(index) << strings.bytesLog2), strings.bytes, false);
}

/** Host addresses of the elements that are compared: the last ones behind `compareElements`. */
let here: u32 = 0;
let there: u32 = 0;

/** Compares up to `elements` pairs, not none, until one ends the instruction; returns how many. `step`: between elements at `here`. */
function compareElements(elements: u32, step: u32): u32 {
  if (strings.bytes == 1) return compareAs<u8>(elements, step);
  if (strings.bytes == 2) return compareAs<u16>(elements, step);
  return strings.bytes == 4 ? compareAs<u32>(elements, step) : compareAs<u64>(elements, step);
}

function compareAs<T extends number>(elements: u32, step: u32): u32 {
  const untilEqual = strings.repeat != strings.REPEAT_WHILE_ZERO;
  let source = here;
  let target = there;
  const last = target + (elements - 1) * sizeof<T>();
  while (target != last && (load<T>(source) == load<T>(target)) != untilEqual) {
    source += step;
    target += sizeof<T>();
  }
  const done = (target - there) / sizeof<T>() + 1;
  here = source;
  there = target;
  return done;
}

/** Whether the pair ends the instruction before its count does. */
function endsAt(source: u32, target: u32): bool {
  return (element(source) == element(target)) == (strings.repeat != strings.REPEAT_WHILE_ZERO);
}

function element(host: u32): u64 {
  if (strings.bytes == 1) return load<u8>(host);
  if (strings.bytes == 2) return load<u16>(host);
  return strings.bytes == 4 ? load<u32>(host) : load<u64>(host);
}
