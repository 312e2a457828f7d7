/**
 * The stack in every mode: its address size is that of 64-bit mode, or of SS.B.
 * Source: Intel SDM Vol. 1, "Stack Segment", "Address-Size Attributes for Stack Accesses".
 */
import { Segment } from '../../isa/uop';
import { faulted } from './exceptions';
import { readLinear, stopIfCodeModified, writeLinear } from './memory-operations';
import { setDestination, SLOT_RSP, sourceA } from './operations/operand';
import { stackAddressMask } from './segmentation';
import { segmentedAddress } from './segmented-operations';

/** rSP becomes `value` in the bits that stack accesses use; a 32-bit stack pointer clears the upper half. */
export function setStackPointer(value: u64, mask: u64): void {
  if (mask == 0xffff) store<u16>(SLOT_RSP, u16(value));
  else store<u64>(SLOT_RSP, value & mask);
}

/** Reads `bytes` (2, 4 or 8) bytes at `offset` above the top of the stack; check faulted(). */
export function stackRead(offset: u64, bytes: u32): u64 {
  const address = (load<u64>(SLOT_RSP) + offset) & stackAddressMask();
  const linear = segmentedAddress(Segment.SS, address, bytes, false);
  if (faulted()) return 0;
  if (bytes == 2) return readLinear<u16>(linear);
  return bytes == 4 ? readLinear<u32>(linear) : readLinear<u64>(linear);
}

/** Writes `bytes` (2, 4 or 8) bytes at `offset` from rSP, which stays; check faulted(). */
export function stackWrite(offset: u64, value: u64, bytes: u32): void {
  const address = (load<u64>(SLOT_RSP) + offset) & stackAddressMask();
  const linear = segmentedAddress(Segment.SS, address, bytes, true);
  if (faulted()) return;
  if (bytes == 2) writeLinear<u16>(linear, u16(value));
  else if (bytes == 4) writeLinear<u32>(linear, u32(value));
  else writeLinear<u64>(linear, value);
}

/** Moves rSP by `distance` bytes. */
export function moveStackPointer(distance: u64): void {
  setStackPointer(load<u64>(SLOT_RSP) + distance, stackAddressMask());
}

/** Returns whether it faulted; rSP is then unchanged. */
export function push(value: u64, bytes: u32): bool {
  stackWrite(0 - u64(bytes), value, bytes);
  if (faulted()) return true;
  moveStackPointer(0 - u64(bytes));
  return false;
}

/** Push16 to Push64: pushes a; returns whether it faulted. */
export function pushOperand<T extends number>(uop: u32): bool {
  if (push(u64(sourceA<T>(uop)), u32(sizeof<T>()))) return true;
  stopIfCodeModified(uop);
  return false;
}

/** Peek16 to Peek64: dst ← top of stack; returns whether it faulted. */
export function peekOperand<T extends number>(uop: u32): bool {
  const value = stackRead(0, u32(sizeof<T>()));
  if (faulted()) return true;
  setDestination<T>(uop, value as T);
  return false;
}

/** Pop16 to Pop64: the destination is written after the stack pointer has moved; returns whether it faulted. */
export function popOperand<T extends number>(uop: u32): bool {
  const value = stackRead(0, u32(sizeof<T>()));
  if (faulted()) return true;
  moveStackPointer(u64(sizeof<T>()));
  setDestination<T>(uop, value as T);
  return false;
}
