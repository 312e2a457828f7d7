/**
 * Interrupts and IRETQ of 64-bit mode where everything is as a kernel has it most of the time: gate, stack, task-state segment and
 * descriptors are in the TLB, and either the privilege stays and CS and SS are found to hold what their descriptors say, or it changes from
 * CPL 3 to an inner level, or back. Nothing can fault then. In all other circumstances these functions return false and have done nothing; interrupt-delivery.ts and
 * interrupt-return.ts, which define what happens, then do it. tests/system/plain-interrupts.test.ts has the same done by both.
 * Source: SDM Vol. 2A, "INT n/INTO/INT3/INT1", "IRET/IRETD/IRETQ" (operation sections, IA-32e mode).
 */
import {
  CPL,
  CpuMode,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  MODE,
  NO_ERROR_CODE,
  REGISTERS,
  RFLAGS_REST,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_UNUSABLE,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { RFLAGS_IF, RFLAGS_NT, RFLAGS_RF, RFLAGS_TF } from './control-bits';
import { dropInnerSegments, enterCode } from './code-segment';
import {
  attributesOf,
  baseOf,
  dplOf,
  isNull,
  limitOf,
  setSegmentCache,
  setSegmentNull,
} from './descriptors';
import { hostOfLoads, hostOfStores } from './mmu';
import {
  ATTRIBUTE_ACCESSED,
  ATTRIBUTE_CODE,
  ATTRIBUTE_DB,
  ATTRIBUTE_DC,
  ATTRIBUTE_DPL,
  ATTRIBUTE_L,
  ATTRIBUTE_P,
  ATTRIBUTE_RW,
  ATTRIBUTE_S,
  segmentCache,
  isCanonical,
} from './mode';
import { ACCESS_IMPLICIT, ACCESS_READ, ACCESS_USER } from './page-walk';

const RSP: usize = REGISTERS + 4 * 8;
const SELECTOR_TI: u32 = 4;
const NOT_CANONICAL: u64 = 1 << 63;

/** Present, 64-bit, not conforming, DPL apart. */
const CODE_64: u32 = ATTRIBUTE_P | ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_ACCESSED | ATTRIBUTE_L;
const CODE_64_MASK: u32 = CODE_64 | ATTRIBUTE_DC | ATTRIBUTE_DB | ATTRIBUTE_DPL;
/** Present, writable, DPL apart. */
const STACK: u32 = ATTRIBUTE_P | ATTRIBUTE_S | ATTRIBUTE_RW | ATTRIBUTE_ACCESSED;
const STACK_MASK: u32 = STACK | ATTRIBUTE_CODE | ATTRIBUTE_DPL;

/** Attributes of a gate: P, S and the type but for its lowest bit, which a trap gate has. */
const GATE_MASK: u32 = 0x9e;
const INTERRUPT_OR_TRAP_GATE: u32 = 0x8e;
const TRAP_GATE: u32 = 1;

/** @inline */
function accessOf(level: u32): u32 {
  return level == 3 ? ACCESS_USER : ACCESS_READ;
}

/** The descriptor of `selector` if that is in the GDT and needs no slow path, else 0, which is of no segment. */
function descriptorAt(selector: u32): u64 {
  const offset = selector & 0xfff8;
  if (isNull(selector) || (selector & SELECTOR_TI) != 0) return 0;
  if (offset + 7 > load<u32>(GDTR_LIMIT)) return 0;
  const host = hostOfLoads(load<u64>(GDTR_BASE) + offset, 8, ACCESS_IMPLICIT);
  return host == 0 ? 0 : load<u64>(host);
}

/** Whether `segment` holds what the descriptor says: a load would change nothing but the selector. */
function holds(segment: u32, descriptor: u64): bool {
  const cache = segmentCache(segment);
  return (
    load<u32>(cache, SEGMENT_ATTRIBUTES) == attributesOf(descriptor) &&
    load<u64>(cache, SEGMENT_BASE) == baseOf(descriptor) &&
    load<u32>(cache, SEGMENT_LIMIT) == limitOf(descriptor) &&
    load<u32>(cache, SEGMENT_UNUSABLE) == 0
  );
}

/** Whether the descriptor is that of 64-bit code which only runs at `level`. */
function isCodeOf(level: u32, descriptor: u64): bool {
  return (attributesOf(descriptor) & CODE_64_MASK) == (CODE_64 | (level << 5));
}

/** Whether the descriptor is that of a stack of `level`. */
function isStackOf(level: u32, descriptor: u64): bool {
  return (attributesOf(descriptor) & STACK_MASK) == (STACK | (level << 5));
}

/** Whether `selector` may be loaded into SS at `level`, and nothing but the selector changes. SS is null as a rule once a handler has been called from another level. */
function keepsStack(selector: u32, level: u32): bool {
  const cache = segmentCache(Segment.SS);
  if ((selector & 3) != level) return false;
  if (isNull(selector)) return level != 3 && isNullSegment(cache);
  const descriptor = descriptorAt(selector);
  return isStackOf(level, descriptor) && holds(Segment.SS, descriptor);
}

/** @inline */
function isNullSegment(cache: u32): bool {
  const rest = load<u32>(cache, SEGMENT_ATTRIBUTES) | load<u32>(cache, SEGMENT_LIMIT);
  return (
    load<u32>(cache, SEGMENT_UNUSABLE) == 1 && (load<u64>(cache, SEGMENT_BASE) | u64(rest)) == 0
  );
}

/** RSP of an inner `level` in the task-state segment; one that is not canonical when that needs a slow path. */
function innerPointer(level: u32): u64 {
  const tr = segmentCache(Segment.TR);
  const offset: u32 = level * 8 + 4;
  if (offset + 7 > load<u32>(tr, SEGMENT_LIMIT)) return NOT_CANONICAL;
  const host = hostOfLoads(load<u64>(tr, SEGMENT_BASE) + offset, 8, ACCESS_IMPLICIT);
  return host == 0 ? NOT_CANONICAL : load<u64>(host);
}

/** Delivers `vector`, for which `flags` are pushed, at `rip`; `checked`: the gate's DPL counts. Returns whether it has. */
export function deliverPlain(
  vector: u32,
  errorCode: u32,
  rip: u64,
  flags: u64,
  checked: bool,
): bool {
  const level = load<u32>(CPL);
  const offset = vector << 4;
  if (load<u32>(MODE) != CpuMode.Long || offset + 15 > load<u32>(IDTR_LIMIT)) return false;
  const gate = hostOfLoads(load<u64>(IDTR_BASE) + offset, 16, ACCESS_IMPLICIT);
  if (gate == 0) return false;
  const low = load<u64>(gate);
  const attributes = attributesOf(low);
  const stackTable = u32(low >> 32) & 7;
  if ((attributes & GATE_MASK) != INTERRUPT_OR_TRAP_GATE || stackTable != 0) return false;
  if (checked && dplOf(attributes) < level) return false;
  const selector = u32(low >> 16) & 0xffff;
  const target = (low & 0xffff) | ((low >> 32) & 0xffff0000) | (load<u64>(gate, 8) << 32);
  if (!isCanonical(target)) return false;
  const descriptor = descriptorAt(selector);
  const inner = dplOf(attributesOf(descriptor));
  if (!isCodeOf(inner, descriptor)) return false;
  if (inner == level) {
    if (!holds(Segment.CS, descriptor)) return false;
    if (!pushFrame(load<u64>(RSP), level, errorCode, rip, flags)) return false;
    store<u32>(segmentCache(Segment.CS), (selector & 0xfffc) | level, SEGMENT_SELECTOR);
    store<u64>(RIP, target);
  } else {
    if (level != 3 || !pushFrame(innerPointer(inner), inner, errorCode, rip, flags)) return false;
    setSegmentNull(Segment.SS, inner);
    enterCode(selector, descriptor, target, inner);
  }
  const interrupts: u64 = (attributes & TRAP_GATE) != 0 ? 0 : RFLAGS_IF;
  const cleared = u32(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | interrupts);
  store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) & ~cleared);
  store<u32>(INTERRUPT_SHADOW, 0);
  return true;
}

/** Pushes what a handler of `level` finds below `top`, and moves RSP there. False: that needs a slow path, or `top` is not canonical. */
function pushFrame(top: u64, level: u32, errorCode: u32, rip: u64, flags: u64): bool {
  if (!isCanonical(top)) return false;
  const bytes: u32 = errorCode != NO_ERROR_CODE ? 48 : 40;
  const pointer = (top & ~15) - bytes;
  const host = hostOfStores(pointer, bytes, accessOf(level));
  if (host == 0) return false;
  if (errorCode != NO_ERROR_CODE) store<u64>(host, errorCode);
  const frame = host + bytes - 40;
  store<u64>(frame, rip);
  store<u64>(frame, load<u32>(segmentCache(Segment.CS), SEGMENT_SELECTOR), 8);
  store<u64>(frame, flags, 16);
  store<u64>(frame, load<u64>(RSP), 24);
  store<u64>(frame, load<u32>(segmentCache(Segment.SS), SEGMENT_SELECTOR), 32);
  store<u64>(RSP, pointer);
  return true;
}

/** The image of RFLAGS that returnPlain has popped. */
export let poppedFlags: u64 = 0;

/** IRETQ with NT clear, but for RFLAGS, of which the image is in poppedFlags and has none of the bits `without`. Returns whether it has been done. */
export function returnPlain(without: u64): bool {
  const level = load<u32>(CPL);
  if (load<u32>(MODE) != CpuMode.Long) return false;
  const frame = hostOfLoads(load<u64>(RSP), 40, accessOf(level));
  if (frame == 0) return false;
  const rip = load<u64>(frame);
  const selector = load<u32>(frame, 8) & 0xffff;
  const stackSelector = load<u32>(frame, 32) & 0xffff;
  const image = load<u64>(frame, 16);
  const pointer = load<u64>(frame, 24);
  if (!isCanonical(rip) || (image & without) != 0) return false;
  const outer = selector & 3;
  const descriptor = descriptorAt(selector);
  if (!isCodeOf(outer, descriptor)) return false;
  if (outer != level) {
    if (outer != 3 || !returnToUser(selector, descriptor, rip, stackSelector)) return false;
  } else {
    if (!holds(Segment.CS, descriptor) || !keepsStack(stackSelector, level)) return false;
    store<u32>(segmentCache(Segment.CS), selector, SEGMENT_SELECTOR);
    store<u32>(segmentCache(Segment.SS), stackSelector, SEGMENT_SELECTOR);
    store<u64>(RIP, rip);
  }
  poppedFlags = image;
  store<u64>(RSP, pointer);
  return true;
}

/** From an inner level to CPL 3: CS, SS and RIP. False: nothing has happened. */
function returnToUser(selector: u32, code: u64, rip: u64, stackSelector: u32): bool {
  const stack = descriptorAt(stackSelector);
  if ((stackSelector & 3) != 3 || !isStackOf(3, stack)) return false;
  enterCode(selector, code, rip, 3);
  setSegmentCache(Segment.SS, stackSelector, stack);
  dropInnerSegments(3);
  return true;
}
