/**
 * REP MOVS, and REP STOS in ascending order, many elements at a time: up to the end of a page, or, for a STOS, as far as
 * memory is physically contiguous. The result is that of single iterations; where it would not be, 0 elements are done.
 */
import { FAULT } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { noteWatched } from './breakpoints';
import { faulted } from './exceptions';
import { fillHost } from './frame-pool';
import { hostForRead, hostForWrite, tellMove, tellStore } from './mmu';
import { SLOT_RAX } from './operations/operand';
import { fillPhysical } from './physical-access';
import { extentPhysical, physicalExtent } from './physical-extent';
import { linearAddress } from './segmentation';
import { tellFill } from './told-accesses';

/** From this size on a STOS asks for its physical extent instead of filling page by page. */
export const EXTENT_BYTES_MIN: u64 = 0x4000;

/** Result of chunkFits. */
let chunkLinear: u64 = 0;

/** Stores rAX to `elements` elements of `bytes` bytes from ES:`offset` on; returns how many were done. */
export function storeChunk(offset: u64, elements: u64, bytes: u32): u64 {
  if (!chunkFits(Segment.ES, offset, elements * u64(bytes), true)) return 0;
  const linear = chunkLinear;
  const pattern = repeatedElement(bytes);
  if (elements * u64(bytes) >= EXTENT_BYTES_MIN) {
    const extent = physicalExtent(linear, true);
    if (faulted()) return 0;
    const possible = extent / u64(bytes);
    const count = possible < elements ? possible : elements;
    if (count * u64(bytes) >= EXTENT_BYTES_MIN) {
      tellFill(linear, extentPhysical, count * u64(bytes));
      const complete = fillPhysical(extentPhysical, count * u64(bytes), pattern);
      noteWatched(linear, count * u64(bytes), true);
      return complete ? count : 0;
    }
  }
  const count = elementsToPageEnd(linear, elements, bytes);
  // fillHost writes eight bytes at least.
  if (u32(count) * bytes < 8) return 0;
  if (!tellStore(linear, u32(count) * bytes)) return 0;
  const host = hostForWrite(linear, u32(count) * bytes);
  if (host == 0) return 0;
  fillHost(host, u32(count) * bytes, pattern);
  noteWatched(linear, count * u64(bytes), true);
  return count;
}

/** Copies `elements` elements of `bytes` bytes from segment:`source` to ES:`target`; returns how many were done. */
export function moveChunk(segment: u32, source: u64, target: u64, elements: u64, bytes: u32): u64 {
  if (!chunkFits(segment, source, elements * u64(bytes), false)) return 0;
  const from = chunkLinear;
  if (!chunkFits(Segment.ES, target, elements * u64(bytes), true)) return 0;
  const to = chunkLinear;
  let count = elementsToPageEnd(from, elements, bytes);
  count = elementsToPageEnd(to, count, bytes);
  if (count == 0) return 0;
  const size = u32(count) * bytes;
  if (hostForRead(from) == 0 || !tellMove(from, to, size)) return 0;
  const hostTo = hostForWrite(to, size);
  if (hostTo == 0) return 0;
  // The store may have given the page that is read storage of its own.
  const hostFrom = hostForRead(from);
  if (hostFrom == 0) return 0;
  moveHost(hostTo, hostFrom, size, bytes);
  noteWatched(from, size, false);
  noteWatched(to, size, true);
  return count;
}

/** The same in descending order: segment:`source` and ES:`target` are the first elements, the highest. */
export function moveChunkDown(
  segment: u32,
  source: u64,
  target: u64,
  elements: u64,
  bytes: u32,
): u64 {
  const below = (elements - 1) * u64(bytes);
  if (!chunkFits(segment, source - below, elements * u64(bytes), false)) return 0;
  const from = chunkLinear + below;
  if (!chunkFits(Segment.ES, target - below, elements * u64(bytes), true)) return 0;
  const to = chunkLinear + below;
  let count = elementsToPageStart(from, elements, bytes);
  count = elementsToPageStart(to, count, bytes);
  if (count == 0) return 0;
  // A fault is that of the first element.
  const size = u32(count) * bytes;
  if (hostForRead(from) == 0 || hostForWrite(to, bytes) == 0) return 0;
  tellMove(from - (size - bytes), to - (size - bytes), size);
  const hostTo = hostForWrite(to - (size - bytes), size);
  const hostFrom = hostForRead(from - (size - bytes));
  moveHostDown(hostTo, hostFrom, size, bytes);
  noteWatched(from - (size - bytes), size, false);
  noteWatched(to - (size - bytes), size, true);
  return count;
}

/**
 * Whether `segment` holds all of the `size` bytes at `offset`; chunkLinear is then their linear address. Where it does
 * not, no fault stays pending: the single iterations find the element that faults.
 */
function chunkFits(segment: u32, offset: u64, size: u64, write: bool): bool {
  chunkLinear = linearAddress(segment, offset, 1, write);
  const last = linearAddress(segment, offset + size - 1, 1, write);
  if (faulted()) {
    store<u32>(FAULT, 0);
    return false;
  }
  return last - chunkLinear == size - 1;
}

/** Up to this size a loop is faster than the host's own copy or fill. */
const SMALL_BYTES: u32 = 64;

/** Copies `size` bytes of host memory in ascending order, as one element of `bytes` bytes after the other is.
 * @inline */
export function moveHost(target: u32, source: u32, size: u32, bytes: u32): void {
  if (target > source && target < source + size) {
    for (let at: u32 = 0; at != size; at += bytes) copyElement(target + at, source + at, bytes);
  } else if (size <= SMALL_BYTES) moveSmall(target, source, size);
  else memory.copy(target, source, size);
}

/** The same in descending order. */
export function moveHostDown(target: u32, source: u32, size: u32, bytes: u32): void {
  if (target < source && target + size > source) {
    for (let at = size; at != 0; at -= bytes)
      copyElement(target + at - bytes, source + at - bytes, bytes);
  } else memory.copy(target, source, size);
}

/** The target does not begin within the source behind its first byte.
 * @inline */
function moveSmall(target: u32, source: u32, size: u32): void {
  const end = source + size;
  const distance = target - source;
  let at = source;
  for (; at + 8 <= end; at += 8) store<u64>(at + distance, load<u64>(at));
  if ((size & 4) != 0) {
    store<u32>(at + distance, load<u32>(at));
    at += 4;
  }
  if ((size & 2) != 0) {
    store<u16>(at + distance, load<u16>(at));
    at += 2;
  }
  if ((size & 1) != 0) store<u8>(at + distance, load<u8>(at));
}

function copyElement(target: u32, source: u32, bytes: u32): void {
  if (bytes == 1) store<u8>(target, load<u8>(source));
  else if (bytes == 2) store<u16>(target, load<u16>(source));
  else if (bytes == 4) store<u32>(target, load<u32>(source));
  else store<u64>(target, load<u64>(source));
}

/** Fills `size` bytes of host memory, whole elements, with rAX's low `bytes` bytes.
 * @inline */
export function fillElements(target: u32, size: u32, bytes: u32): void {
  const pattern = repeatedElement(bytes);
  if (size > SMALL_BYTES) {
    fillHost(target, size, pattern);
    return;
  }
  const end = target + size;
  let at = target;
  for (; at + 8 <= end; at += 8) store<u64>(at, pattern);
  if ((size & 4) != 0) {
    store<u32>(at, u32(pattern));
    at += 4;
  }
  if ((size & 2) != 0) {
    store<u16>(at, u16(pattern));
    at += 2;
  }
  if ((size & 1) != 0) store<u8>(at, u8(pattern));
}

/** How many of `elements` elements from `linear` on downwards lie wholly within the page of the first one's first byte. */
function elementsToPageStart(linear: u64, elements: u64, bytes: u32): u64 {
  const offset = u32(linear) & 0xfff;
  return offset + bytes > 0x1000 ? 0 : min(u64(offset / bytes + 1), elements);
}

/** How many of `elements` elements from `linear` on lie wholly within the first page. */
function elementsToPageEnd(linear: u64, elements: u64, bytes: u32): u64 {
  const possible = u64((0x1000 - (u32(linear) & 0xfff)) / bytes);
  return possible < elements ? possible : elements;
}

/** The low `bytes` bytes of rAX, repeated to eight. */
function repeatedElement(bytes: u32): u64 {
  if (bytes == 1) return u64(load<u8>(SLOT_RAX)) * 0x0101010101010101;
  if (bytes == 2) return u64(load<u16>(SLOT_RAX)) * 0x0001000100010001;
  if (bytes == 4) return u64(load<u32>(SLOT_RAX)) * 0x0000000100000001;
  return load<u64>(SLOT_RAX);
}
