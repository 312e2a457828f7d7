/**
 * The stack in every mode: its address size is that of 64-bit mode, or of SS.B.
 * Source: Intel SDM Vol. 1, "Stack Segment", "Address-Size Attributes for Stack Accesses".
 */
import { Segment } from '../../isa/uop';
import { faulted } from './exceptions';
import { readExplicit, writeExplicit } from './mmu';
import { SLOT_RSP } from './operations/operand';
import { linearAddress, stackAddressMask } from './segmentation';

/** rSP becomes `value` in the bits that stack accesses use; a 32-bit stack pointer clears the upper half. */
export function setStackPointer(value: u64, mask: u64): void {
  if (mask == 0xffff) store<u16>(SLOT_RSP, u16(value));
  else store<u64>(SLOT_RSP, value & mask);
}

/** Reads `bytes` bytes at `offset` above the top of the stack; check faulted(). */
export function stackRead(offset: u64, bytes: u32): u64 {
  const address = (load<u64>(SLOT_RSP) + offset) & stackAddressMask();
  const linear = linearAddress(Segment.SS, address, bytes, false);
  return faulted() ? 0 : readExplicit(linear, bytes);
}

/** Writes `bytes` bytes at `offset` from rSP, which stays; check faulted(). */
export function stackWrite(offset: u64, value: u64, bytes: u32): void {
  const address = (load<u64>(SLOT_RSP) + offset) & stackAddressMask();
  const linear = linearAddress(Segment.SS, address, bytes, true);
  if (!faulted()) writeExplicit(linear, value, bytes);
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
