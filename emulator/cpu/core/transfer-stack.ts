/**
 * The stack that a far transfer or an event delivery works on: the current one, or a new one that is not yet in SS:rSP.
 * Registers change only when the transfer is complete; what was pushed below a stack pointer that never came into force
 * is of no consequence.
 */
import { CPL, CpuMode, FAULT, MODE, REGISTERS, SEGMENT_LIMIT } from '../../isa/state-layout';
import { SEGMENT_ATTRIBUTES, SEGMENT_BASE, SEGMENT_UNUSABLE } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import { attributesOf, baseOf, errorExternal, limitOf } from './descriptors';
import { faulted, GP, raise, SS } from './exceptions';
import { hostOfLoads, hostOfStores, readSlow, writeSlow } from './mmu';
import { ATTRIBUTE_DB, ATTRIBUTE_DC, realStyle, segmentCache } from './mode';
import { ACCESS_READ, ACCESS_USER } from './page-walk';
import { stackAddressMask } from './segmentation';

const RSP: usize = REGISTERS + 4 * 8;

/** Pointer of the stack in work; what rSP becomes when the transfer completes. */
export let stackPointer: u64 = 0;
/** Bits of the pointer that stack accesses use. */
let stackMask: u64 = 0;
/** 64-bit stack: no base, no limit. */
let flat: bool = false;
let base: u64 = 0;
let lowest: u64 = 0;
let highest: u64 = 0;
let access: u32 = ACCESS_READ;
let errorCode: u32 = 0;

function setBounds(segmentBase: u64, limit: u32, attributes: u32): void {
  flat = false;
  base = segmentBase;
  const big = (attributes & ATTRIBUTE_DB) != 0;
  stackMask = big ? 0xffffffff : 0xffff;
  lowest = 0;
  highest = limit;
  if ((attributes & ATTRIBUTE_DC) != 0 && !realStyle()) {
    lowest = <u64>limit + 1;
    highest = stackMask;
  }
}

/** @inline */
function accessOf(level: u32): u32 {
  return level == 3 ? ACCESS_USER : ACCESS_READ;
}

/** Works on SS:rSP. Stack faults are #SS(0), or #SS(EXT). */
export function useCurrentStack(): void {
  const cache = segmentCache(Segment.SS);
  setBounds(
    load<u64>(cache, SEGMENT_BASE),
    load<u32>(cache, SEGMENT_LIMIT),
    load<u32>(cache, SEGMENT_ATTRIBUTES),
  );
  flat = load<u32>(MODE) == CpuMode.Long;
  if (flat) stackMask = stackAddressMask();
  else if (load<u32>(cache, SEGMENT_UNUSABLE) != 0) highest = 0;
  stackPointer = load<u64>(RSP);
  access = accessOf(load<u32>(CPL));
  errorCode = errorExternal;
}

/** Works on a new stack of privilege `level` in the segment of `descriptor`. Stack faults are #SS(selector). */
export function useSegmentStack(selector: u32, descriptor: u64, pointer: u64, level: u32): void {
  setBounds(baseOf(descriptor), limitOf(descriptor), attributesOf(descriptor));
  stackPointer = pointer;
  access = accessOf(level);
  errorCode = (selector & 0xfffc) | errorExternal;
}

/** Works on a flat 64-bit stack of privilege `level`. */
export function useFlatStack(pointer: u64, level: u32): void {
  flat = true;
  stackMask = 0xffff_ffff_ffff_ffff;
  stackPointer = pointer;
  access = accessOf(level);
  errorCode = errorExternal;
}

/** Linear address of the stack bytes at `pointer`; raises #SS outside the segment.
 * @inline */
function stackLinear(pointer: u64, bytes: u32): u64 {
  if (flat) return pointer;
  const offset = pointer & stackMask;
  if (offset < lowest || offset + bytes - 1 > highest) {
    raise(SS, errorCode);
    return 0;
  }
  return (base + offset) & 0xffffffff;
}

/** A non-canonical stack address is #SS, not #GP.
 * @inline */
function turnIntoStackFault(): void {
  if (load<u32>(FAULT) == (0x100 | GP)) raise(SS, errorCode);
}

/**
 * Makes room for `bytes` bytes on a 64-bit stack, below 4096. Returns the host address of the lowest, the new pointer's, when
 * stores there need no further checks; else 0, and there is no room.
 */
export function reserveFlat(bytes: u32): u32 {
  if (!flat || stackMask != ~(<u64>0)) return 0;
  const pointer = stackPointer - bytes;
  const host = hostOfStores(pointer, bytes, access);
  if (host != 0) stackPointer = pointer;
  return host;
}

/** Pushes the low `bytes` bytes (2, 4 or 8) of `value`. */
export function pushStack(value: u64, bytes: u32): void {
  if (faulted()) return;
  const pointer = (stackPointer & ~stackMask) | ((stackPointer - bytes) & stackMask);
  const linear = stackLinear(pointer, bytes);
  if (faulted()) return;
  writeSlow(linear, value, bytes, access);
  turnIntoStackFault();
  stackPointer = pointer;
}

/** Pops `bytes` bytes (2, 4 or 8), zero-extended. */
export function popStack(bytes: u32): u64 {
  if (flat && bytes == 8 && stackMask == ~(<u64>0) && !faulted()) {
    const host = hostOfLoads(stackPointer, 8, access);
    if (host != 0) {
      stackPointer += 8;
      return load<u64>(host);
    }
  }
  const value = peekStack(0, bytes);
  dropStack(bytes);
  return value;
}

/** The `bytes` bytes at `offset` above the pointer. */
export function peekStack(offset: u32, bytes: u32): u64 {
  if (faulted()) return 0;
  const linear = stackLinear(stackPointer + offset, bytes);
  if (faulted()) return 0;
  const value = readSlow(linear, bytes, access);
  turnIntoStackFault();
  return value;
}

/** @inline */
export function dropStack(bytes: u32): void {
  stackPointer = (stackPointer & ~stackMask) | ((stackPointer + bytes) & stackMask);
}

/** The pointer in work comes into force: all of RSP, ESP or SP as the stack's size says. */
export function commitStackPointer(): void {
  if (stackMask == 0xffff) store<u16>(RSP, <u16>stackPointer);
  else if (stackMask == 0xffffffff) store<u64>(RSP, stackPointer & 0xffffffff);
  else store<u64>(RSP, stackPointer);
}
