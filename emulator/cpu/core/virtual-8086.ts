/**
 * Entering and leaving virtual-8086 mode. Neither VME nor the redirection bitmap exists (CPUID does not offer them).
 * Source: SDM Vol. 3B, "Entering Virtual-8086 Mode", "Leaving Virtual-8086 Mode"; Vol. 2A, "IRET/IRETD/IRETQ",
 * RETURN-TO-VIRTUAL-8086-MODE, and "INT n", INTERRUPT-FROM-VIRTUAL-8086-MODE.
 */
import { REGISTERS, RIP, SEGMENT_SELECTOR } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { RFLAGS_DEFINED } from './control-bits';
import { raiseZero, setSegmentNull, setSegmentVirtual8086 } from './descriptors';
import { faulted, GP } from './exceptions';
import { setRflags } from './flags';
import { alignmentFlagWritten, recomputeMode, segmentCache, setCpl } from './mode';
import { popStack, pushStack } from './transfer-stack';

const RSP: usize = REGISTERS + 4 * 8;
/** Highest offset of every segment in virtual-8086 mode. */
const LIMIT: u64 = 0xffff;
/** Selectors that IRETD pops behind EFLAGS; scratch. */
const selectors: usize = memory.data(8 * 4, 4);

/** The rest of an IRETD to virtual-8086 mode: EIP, CS and EFLAGS have been popped from the stack in work. */
export function returnToVirtual8086(selector: u32, offset: u64, image: u64): void {
  const pointer = popStack(4);
  store<u32>(selectors + ((<u32>Segment.CS) << 2), selector);
  popSelector(Segment.SS);
  popSelector(Segment.ES);
  popSelector(Segment.DS);
  popSelector(Segment.FS);
  popSelector(Segment.GS);
  if (faulted()) return;
  if (offset > LIMIT) {
    raiseZero(GP);
    return;
  }
  for (let segment: u32 = Segment.ES; segment <= <u32>Segment.GS; segment++)
    setSegmentVirtual8086(segment, load<u32>(selectors + (segment << 2)));
  store<u64>(RSP, pointer);
  enterVirtual8086(offset, image);
}

/** EFLAGS with VM = 1, CPL 3 and EIP come into force; the segments are in place. */
export function enterVirtual8086(offset: u64, image: u64): void {
  store<u64>(RIP, offset);
  setRflags(image & RFLAGS_DEFINED);
  setCpl(3);
  recomputeMode();
  alignmentFlagWritten();
}

function popSelector(segment: u32): void {
  store<u32>(selectors + (segment << 2), (<u32>popStack(4)) & 0xffff);
}

/** An event leaves virtual-8086 mode: the data segments go onto the handler's stack. */
export function pushDataSegments(bytes: u32): void {
  pushSelector(Segment.GS, bytes);
  pushSelector(Segment.FS, bytes);
  pushSelector(Segment.DS, bytes);
  pushSelector(Segment.ES, bytes);
}

function pushSelector(segment: u32, bytes: u32): void {
  pushStack(load<u32>(segmentCache(segment), SEGMENT_SELECTOR), bytes);
}

/** They are null for the handler. */
export function dropDataSegments(): void {
  setSegmentNull(Segment.GS, 0);
  setSegmentNull(Segment.FS, 0);
  setSegmentNull(Segment.DS, 0);
  setSegmentNull(Segment.ES, 0);
}
