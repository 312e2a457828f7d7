/**
 * ENTER, LEAVE, PUSHA, POPA. Registers change only after the last access that can fault.
 * Source: Intel SDM Vol. 2, the instructions' pages.
 */
import { REGISTERS } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { accessMark, forgetAccesses } from './access-log';
import { asStackFault, faulted } from './exceptions';
import { probeWriteLinear, readOperand } from './mmu';
import { setSlot, SLOT_RBP, SLOT_RSP } from './operations/operand';
import { linearAddress, stackAddressMask } from './segmentation';
import { moveStackPointer, setStackPointer, stackRead, stackWrite } from './stack';
import { TIMED } from './timed';

/** Number of RSP among the general-purpose registers: POPA skips its image. */
const RSP_NUMBER: u32 = 4;

/** ENTER: `bytes` per pushed value, `level` 0 to 31. */
export function enterFrame(frameBytes: u64, level: u32, bytes: u32): void {
  const mask = stackAddressMask();
  const size = u64(bytes);
  const oldFrame = load<u64>(SLOT_RBP);
  stackWrite(0 - size, oldFrame, bytes);
  if (faulted()) return;
  // A stack of 16 bits takes its pointer out of SP, and ENTER with 32-bit operands hands on all of ESP.
  const pointer = load<u64>(SLOT_RSP);
  const frame = mask == 0xffff ? (pointer & ~mask) | ((pointer - size) & mask) : pointer - size;
  let depth = size;
  for (let index: u32 = 1; index < level; index++) {
    const pointer = stackValue((oldFrame - u64(index) * size) & mask, bytes);
    if (faulted()) return;
    depth += size;
    stackWrite(0 - depth, pointer, bytes);
    if (faulted()) return;
  }
  if (level != 0) {
    depth += size;
    stackWrite(0 - depth, frame, bytes);
    if (faulted()) return;
  }
  const top = (pointer - depth - frameBytes) & mask;
  // A store at the new top must be possible, although nothing is stored.
  const linear = linearAddress(Segment.SS, top, bytes, true);
  if (!faulted()) probeWriteLinear(linear, bytes);
  if (faulted()) return;
  setSlotOfBytes(SLOT_RBP, frame, bytes);
  setStackPointer(top, mask);
}

/** LEAVE: rSP ← rBP, then pop rBP. */
export function leaveFrame(bytes: u32): void {
  const mask = stackAddressMask();
  const frame = load<u64>(SLOT_RBP) & mask;
  const value = stackValue(frame, bytes);
  if (faulted()) return;
  setStackPointer(frame + u64(bytes), mask);
  setSlotOfBytes(SLOT_RBP, value, bytes);
}

/** PUSHA, PUSHAD: all eight registers, rSP as it was. */
export function pushAll(bytes: u32): void {
  for (let number: u32 = 0; number < 8; number++) {
    stackWrite(0 - u64((number + 1) * bytes), load<u64>(REGISTERS + number * 8), bytes);
    if (faulted()) return;
  }
  moveStackPointer(0 - u64(8 * bytes));
}

/** POPA, POPAD. All values are read before the first register changes. */
export function popAll(bytes: u32): void {
  for (let number: u32 = 0; number < 8; number++) {
    stackRead(u64(number * bytes), bytes);
    if (faulted()) return;
  }
  const mark = TIMED ? accessMark() : 0;
  for (let number: u32 = 0; number < 8; number++) {
    if (number == RSP_NUMBER) continue;
    setSlotOfBytes(REGISTERS + number * 8, stackRead(u64((7 - number) * bytes), bytes), bytes);
  }
  if (TIMED) forgetAccesses(mark);
  moveStackPointer(u64(8 * bytes));
}

function stackValue(offset: u64, bytes: u32): u64 {
  const linear = linearAddress(Segment.SS, offset, bytes, false);
  if (faulted()) return 0;
  const value = readOperand(linear, bytes);
  if (faulted()) asStackFault();
  return value;
}

function setSlotOfBytes(slot: u32, value: u64, bytes: u32): void {
  if (bytes == 2) setSlot<u16>(slot, u16(value));
  else if (bytes == 4) setSlot<u32>(slot, u32(value));
  else setSlot<u64>(slot, value);
}
