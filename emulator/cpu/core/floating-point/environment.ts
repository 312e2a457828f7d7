/**
 * MXCSR: rounding, the treatment of denormals, exception flags and masks; the course of an SSE instruction that computes.
 * Source: SDM Vol. 1, "MXCSR Control and Status Register", "SIMD Floating-Point Exception Conditions" (pre-computation
 * exceptions IE, DE, ZE of all elements come before the post-computation ones OE, UE, PE).
 */
import { MXCSR_PE, MXCSR_PM, MXCSR_RC } from '../../../isa/floating-point';
import { MXCSR } from '../../../isa/state-layout';
import { CR4_OSXMMEXCPT, cr4 } from '../control-bits';
import { raisePlain, UD, XM } from '../exceptions';

export const IE: u32 = 1 << 0; // invalid operation
export const DE: u32 = 1 << 1; // denormal operand
export const ZE: u32 = 1 << 2; // divide by zero
export const OE: u32 = 1 << 3; // overflow
export const UE: u32 = 1 << 4; // underflow
export const PE: u32 = 1 << 5; // precision (inexact result)
export const DAZ: u32 = 1 << 6; // denormals are zeroes
/** Masks, at the flags' positions shifted by this. */
const MASK_SHIFT: u32 = 7;
const ROUNDING_SHIFT: u32 = 13;
export const FTZ: u32 = 1 << 15; // flush to zero
const PRE_COMPUTATION: u32 = IE | DE | ZE;
const ALL_FLAGS: u32 = 0x3f;

export const ROUND_NEAREST: u32 = 0;
export const ROUND_DOWN: u32 = 1;
export const ROUND_UP: u32 = 2;
export const ROUND_TO_ZERO: u32 = 3;

/** Bits of MXCSR that say how a result is rounded, and whether an inexact one is an exception: PM, RC. */
const MODE: u32 = MXCSR_PM | MXCSR_RC;

/** Flags that the instruction has raised so far. */
export let raised: u32 = 0;
/** Rounding mode in force. */
export let rounding: u32 = ROUND_NEAREST;
/** MXCSR at the instruction's beginning. */
export let control: u32 = 0;
/** Round to nearest, PE masked: a normal result of normal operands may be computed natively if it is exact or PE is set. */
export let native: bool = false;
/** PE is set already. */
export let settled: bool = false;

export function begin(): void {
  control = load<u32>(MXCSR);
  rounding = (control >> ROUNDING_SHIFT) & 3;
  native = (control & MODE) == u32(MXCSR_PM);
  settled = (control & MXCSR_PE) != 0;
  raised = 0;
}

export function flag(bits: u32): void {
  raised |= bits;
}

export function setRounding(mode: u32): void {
  rounding = mode;
}

export function masked(bit: u32): bool {
  return ((control >> MASK_SHIFT) & bit) != 0;
}

/** As finish, but while all exceptions are masked the flags stay as they are. */
export function finishHeldBack(): bool {
  return (raised & ~(control >> MASK_SHIFT) & ALL_FLAGS) != 0 && finish();
}

/** Sets MXCSR's flags; raises #XM (#UD) and returns true when one is not masked: nothing may be written then. */
export function finish(): bool {
  if (raised == 0) return false;
  const unmasked = raised & ~(control >> MASK_SHIFT) & ALL_FLAGS;
  const recorded = (unmasked & PRE_COMPUTATION) != 0 ? raised & PRE_COMPUTATION : raised;
  store<u32>(MXCSR, control | recorded);
  if (unmasked == 0) return false;
  raisePlain(cr4(CR4_OSXMMEXCPT) ? XM : UD);
  return true;
}
