/**
 * Memory micro-ops that go through segmentation. Outside 64-bit mode an ordinary segment needs a comparison with its limit;
 * everything else is linearAddress. All return whether the instruction has faulted.
 */
import { CpuMode, MODE, SEGMENT_BASE, SEGMENT_LIMIT } from '../../isa/state-layout';
import { UOP_EXTRA } from '../../isa/uop';
import { faulted } from './exceptions';
import {
  readLinear,
  readLinearForStore,
  stopIfCodeModified,
  writeLinear,
} from './memory-operations';
import { plainSegments, segmentCache } from './mode';
import { destination, setDestination, sourceA } from './operations/operand';
import { linearAddress } from './segmentation';

/** Linear address of `bytes` bytes at segment:`offset`; check faulted(). */
export function segmentedAddress(segment: u32, offset: u64, bytes: u32, write: bool): u64 {
  const cache = segmentCache(segment);
  const plain = (plainSegments >> (segment + (write ? 8 : 0))) & 1;
  const inside = offset + u64(bytes) - 1 <= u64(load<u32>(cache, SEGMENT_LIMIT));
  if (load<u32>(MODE) != CpuMode.Long && plain != 0 && inside) {
    return (load<u64>(cache, SEGMENT_BASE) + offset) & 0xffffffff;
  }
  return linearAddress(segment, offset, bytes, write);
}

/** dst ← segment:[a] */
export function loadSegmented<T extends number>(uop: u32): bool {
  const linear = operandAddress<T>(uop, false);
  if (faulted()) return true;
  const value = readLinear<T>(linear);
  if (faulted()) return true;
  setDestination<T>(uop, value as T);
  return false;
}

/** The same, and a store to these bytes cannot fault afterwards */
export function loadSegmentedForStore<T extends number>(uop: u32): bool {
  const linear = operandAddress<T>(uop, true);
  if (faulted()) return true;
  const value = readLinearForStore<T>(linear);
  if (faulted()) return true;
  setDestination<T>(uop, value as T);
  return false;
}

/** segment:[a] ← the operand at dst */
export function storeSegmented<T extends number>(uop: u32): bool {
  const linear = operandAddress<T>(uop, true);
  if (faulted()) return true;
  writeLinear<T>(linear, destination<T>(uop));
  if (faulted()) return true;
  stopIfCodeModified(uop);
  return false;
}

/** @inline */
function operandAddress<T extends number>(uop: u32, write: bool): u64 {
  return segmentedAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), u32(sizeof<T>()), write);
}
