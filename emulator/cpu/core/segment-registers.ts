/**
 * Instructions that load and store segment registers.
 * Source: Intel SDM Vol. 2, MOV, POP, LDS/LES/LFS/LGS/LSS, ARPL.
 */
import { INTERRUPT_SHADOW, SEGMENT_SELECTOR, SHADOW_SS } from '../../isa/state-layout';
import { Segment, UOP_DST, UOP_IMM } from '../../isa/uop';
import { faulted } from './exceptions';
import { RFLAGS_ZF, setStatusFlags, statusFlags } from './flags';
import { readOperand } from './mmu';
import { segmentCache } from './mode';
import { setSlot, sourceA } from './operations/operand';
import { linearAddress, loadSegment, stackAddressMask } from './segmentation';
import { setStackPointer, stackRead } from './stack';
import { SLOT_RSP } from './operations/operand';

export function selectorOf(segment: u32): u32 {
  return load<u32>(segmentCache(segment), SEGMENT_SELECTOR);
}

/** MOV Sreg: loading SS holds back interrupts and the single-step trap until after the next instruction. */
export function loadSegmentRegister(segment: u32, selector: u32): void {
  loadSegment(segment, selector);
  if (segment == Segment.SS && !faulted()) store<u32>(INTERRUPT_SHADOW, SHADOW_SS);
}

/** POP Sreg with operand size `w` in bits: rSP moves as the old stack segment says. */
export function popSegmentRegister(segment: u32, w: u32): void {
  const selector = u32(stackRead(0, w >> 3)) & 0xffff;
  if (faulted()) return;
  const mask = stackAddressMask();
  const pointer = load<u64>(SLOT_RSP) + u64(w >> 3);
  loadSegmentRegister(segment, selector);
  if (!faulted()) setStackPointer(pointer, mask);
}

/** LDS, LES, LSS, LFS, LGS: offset first in memory, the selector behind it. */
export function loadFarPointer(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const bytes = imm >> 19;
  const linear = linearAddress(imm & 0xff, sourceA<u64>(uop), bytes + 2, false);
  if (faulted()) return;
  const offset = readOperand(linear, bytes);
  if (faulted()) return;
  const selector = u32(readOperand(linear + bytes, 2));
  if (faulted()) return;
  loadSegment((imm >> 8) & 0xff, selector);
  if (faulted()) return;
  const slot = load<u32>(uop, UOP_DST);
  if (bytes == 2) setSlot<u16>(slot, u16(offset));
  else if (bytes == 4) setSlot<u32>(slot, u32(offset));
  else setSlot<u64>(slot, offset);
}

/** ARPL: `selector` with its RPL raised to that of `other`; ZF says whether it changed. */
export function adjustRpl(selector: u32, other: u32): u32 {
  const raised = (selector & 3) < (other & 3);
  setStatusFlags((statusFlags() & ~RFLAGS_ZF) | (raised ? RFLAGS_ZF : 0));
  return raised ? (selector & ~3) | (other & 3) : selector;
}
