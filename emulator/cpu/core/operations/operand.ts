/**
 * Operands of a micro-op: addresses of register slots, temporaries or the micro-op's own immediate.
 * The record's layout is in emulator/isa/uop.ts.
 */
import { SLOT_ZERO, UOP_A, UOP_B, UOP_DST, UOP_EXTRA, UOP_IMM, UOP_SCALE } from '../../../isa/uop';
import { REGISTERS } from '../../../isa/state-layout';

export const SLOT_RAX: u32 = REGISTERS;
export const SLOT_RCX: u32 = REGISTERS + 8;
export const SLOT_RDX: u32 = REGISTERS + 16;
export const SLOT_RBX: u32 = REGISTERS + 24;
export const SLOT_RSP: u32 = REGISTERS + 32;
export const SLOT_RBP: u32 = REGISTERS + 40;
export const SLOT_RSI: u32 = REGISTERS + 48;
export const SLOT_RDI: u32 = REGISTERS + 56;

/** @inline */
export function sourceA<T extends number>(uop: u32): T {
  return load<T>(load<u32>(uop, UOP_A));
}

/** @inline */
export function sourceB<T extends number>(uop: u32): T {
  return load<T>(load<u32>(uop, UOP_B));
}

/** The destination operand's value, for operations that read it.
 * @inline */
export function destination<T extends number>(uop: u32): T {
  return load<T>(load<u32>(uop, UOP_DST));
}

/** The second operand as the count of a shift: one byte.
 * @inline */
export function countB(uop: u32): u32 {
  return u32(load<u8>(load<u32>(uop, UOP_B)));
}

/** The low byte of the third operand.
 * @inline */
export function thirdByte(uop: u32): u32 {
  return load<u8>(load<u32>(uop, UOP_EXTRA));
}

/** Writes `value` to the slot at `slot`: 32 bits are zero-extended to 64, 8 and 16 bits leave the other bits.
 * @inline */
export function setSlot<T extends number>(slot: u32, value: T): void {
  if (sizeof<T>() == 4) store<u64>(slot, u64(u32(value)));
  else store<T>(slot, value);
}

/** @inline */
export function setDestination<T extends number>(uop: u32, value: T): void {
  setSlot<T>(load<u32>(uop, UOP_DST), value);
}

/** Base + (index << scale) + displacement, in 64 bits.
 * @inline */
export function effectiveAddress(uop: u32): u64 {
  const base = load<u64>(load<u32>(uop, UOP_A));
  const index = load<u64>(load<u32>(uop, UOP_B));
  const scale = u64(load<u8>(uop, UOP_SCALE));
  return base + (index << scale) + load<u64>(uop, UOP_IMM);
}
