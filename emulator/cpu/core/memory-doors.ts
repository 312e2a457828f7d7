/**
 * CMPXCHG8B, CMPXCHG16B, XLAT, BOUND, CLFLUSH.
 * Source: Intel SDM Vol. 2, the instructions' pages.
 */
import { UOP_IMM } from '../../isa/uop';
import { noteLoad, noteStore } from './access-log';
import { BR, faulted, GP, raise, raisePlain } from './exceptions';
import { RFLAGS_ZF, setStatusFlags, statusFlags } from './flags';
import { probeWriteLinear, readExplicit, readOperand, touchOperand, writeExplicit } from './mmu';
import { SLOT_RAX, SLOT_RBX, SLOT_RCX, SLOT_RDX, sourceA, sourceB } from './operations/operand';
import { linearAddress } from './segmentation';
import { TIMED } from './timed';

/** Two halves of 4 or 8 bytes: equal to rDX:rAX → memory ← rCX:rBX; else rDX:rAX ← memory. Only ZF changes. */
export function compareExchangeDouble(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const half = (imm >> 16) >> 4;
  const linear = linearAddress(imm & 0xff, sourceA<u64>(uop), 2 * half, true);
  if (faulted()) return;
  if (half == 8 && (linear & 15) != 0) {
    raise(GP, 0);
    return;
  }
  probeWriteLinear(linear, 2 * half);
  if (faulted()) return;
  if (TIMED) {
    noteLoad(linear, 2 * half);
    noteStore(linear, 2 * half); // the old value is written back where the operands differ
  }
  const low = readExplicit(linear, half);
  const high = readExplicit(linear + half, half);
  const mask: u64 = half == 8 ? ~u64(0) : 0xffffffff;
  const equal = (load<u64>(SLOT_RAX) & mask) == low && (load<u64>(SLOT_RDX) & mask) == high;
  if (equal) {
    writeExplicit(linear, load<u64>(SLOT_RBX) & mask, half);
    writeExplicit(linear + half, load<u64>(SLOT_RCX) & mask, half);
  } else {
    // The manual writes the old value back; nothing can tell the difference here.
    store<u64>(SLOT_RAX, low);
    store<u64>(SLOT_RDX, high);
  }
  setStatusFlags((statusFlags() & ~RFLAGS_ZF) | (equal ? RFLAGS_ZF : 0));
}

/** AL ← segment:[rBX + AL] */
export function translateByte(segment: u32, addressBits: u32): void {
  const mask = ~u64(0) >> u64(64 - addressBits);
  const address = (load<u64>(SLOT_RBX) + u64(load<u8>(SLOT_RAX))) & mask;
  const linear = linearAddress(segment, address, 1, false);
  if (faulted()) return;
  const value = readOperand(linear, 1);
  if (!faulted()) store<u8>(SLOT_RAX, u8(value));
}

/** BOUND: #BR when the index at b is outside the pair of signed bounds in memory */
export function checkBounds(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const bytes = imm >> 19;
  const linear = linearAddress(imm & 0xff, sourceA<u64>(uop), 2 * bytes, false);
  if (faulted()) return;
  const low = readOperand(linear, bytes);
  if (faulted()) return;
  const high = readOperand(linear + bytes, bytes);
  if (faulted()) return;
  const index: i64 = bytes == 2 ? i64(sourceB<i16>(uop)) : i64(sourceB<i32>(uop));
  const lower: i64 = bytes == 2 ? i64(i16(low)) : i64(i32(low));
  const upper: i64 = bytes == 2 ? i64(i16(high)) : i64(i32(high));
  if (index < lower || index > upper) raisePlain(BR);
}

/** CLFLUSH and its kin: the address must be readable; there is no cache to flush. */
export function flushLine(uop: u32): void {
  const linear = linearAddress(load<u32>(uop, UOP_IMM) & 0xff, sourceA<u64>(uop), 1, false);
  if (!faulted()) touchOperand(linear);
}
