/**
 * Exceptions: how they are raised inside the core, and how their delivery goes on when it faults itself.
 * Source: SDM Vol. 3A, "Interrupt and Exception Handling", "Interrupt 8—Double Fault Exception (#DF)".
 */
import {
  CR2,
  FAULT,
  FAULT_ERROR_CODE,
  NO_ERROR_CODE,
  PAGE_FAULTS,
  TraceKind,
} from '../../isa/state-layout';
import { report } from './tracing';

export const DE: u32 = 0; // divide error
export const DB: u32 = 1; // debug
export const NMI: u32 = 2; // nonmaskable interrupt
export const BP: u32 = 3; // breakpoint
export const OF: u32 = 4; // overflow
export const BR: u32 = 5; // BOUND range exceeded
export const UD: u32 = 6; // invalid opcode
export const NM: u32 = 7; // device not available
export const DF: u32 = 8; // double fault
export const TS: u32 = 10; // invalid TSS
export const NP: u32 = 11; // segment not present
export const SS: u32 = 12; // stack-segment fault
export const GP: u32 = 13; // general protection
export const PF: u32 = 14; // page fault
export const MF: u32 = 16; // x87 floating-point error
export const AC: u32 = 17; // alignment check
export const XM: u32 = 19; // SIMD floating-point

/** Error code bit 1: the selector index is one of the IDT. Bit 0 (EXT) is errorExternal of descriptors.ts. */
export const ERROR_IDT: u32 = 2;

/** Makes the exception pending; the caller returns without further effects. `errorCode`: NO_ERROR_CODE where the vector has none. */
export function raise(vector: u32, errorCode: u32): void {
  store<u32>(FAULT, 0x100 | vector);
  store<u32>(FAULT_ERROR_CODE, errorCode);
}

export function raisePlain(vector: u32): void {
  raise(vector, NO_ERROR_CODE);
}

/** CR2 before the last page fault. */
let cr2Before: u64 = 0;

/** #PF with `errorCode` for `linear`, which CR2 receives at once. */
export function raisePageFault(linear: u64, errorCode: u32): void {
  cr2Before = load<u64>(CR2);
  store<u64>(CR2, linear);
  store<u64>(PAGE_FAULTS, load<u64>(PAGE_FAULTS) + 1);
  report(TraceKind.PageFault, linear, errorCode);
  raise(PF, errorCode);
}

/** Forgets the pending fault, which a trap comes before: it has not happened. */
export function withdrawFault(): void {
  if (load<u32>(FAULT) == (0x100 | PF)) store<u64>(CR2, cr2Before);
  store<u32>(FAULT, 0);
}

/** @inline */
export function faulted(): bool {
  return load<u32>(FAULT) != 0;
}

/** A linear access through SS has failed: where it would be #GP(0) it is #SS(0). */
export function asStackFault(): void {
  if (load<u32>(FAULT) == (0x100 | GP)) store<u32>(FAULT, 0x100 | SS);
}
