/**
 * The x87 state: control, status and tag words, the register stack, and how an instruction's exceptions come out.
 * Source: SDM Vol. 1, "x87 FPU Execution Environment", "x87 FPU Floating-Point Exception Conditions". What an exception that
 * is not masked leaves unwritten was taken from silicon (tests/vectors).
 *
 * Numbers lie in linear memory as the registers do: u64 significand, u16 sign and exponent.
 */
import {
  X87_CONTROL,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
} from '../../../isa/state-layout';

export const FCW: u32 = X87_CONTROL;
export const FSW: u32 = X87_CONTROL + 2;

export const IE: u32 = 1 << 0; // invalid operation
export const DE: u32 = 1 << 1; // denormal operand
export const ZE: u32 = 1 << 2; // divide by zero
export const OE: u32 = 1 << 3; // overflow
export const UE: u32 = 1 << 4; // underflow
export const PE: u32 = 1 << 5; // precision
export const SF: u32 = 1 << 6; // stack fault
export const ES: u32 = 1 << 7; // exception summary
export const C0: u32 = 1 << 8;
export const C1: u32 = 1 << 9;
export const C2: u32 = 1 << 10;
export const C3: u32 = 1 << 14;
const BUSY: u32 = 1 << 15;
const TOP_SHIFT: u32 = 11;
export const EXCEPTIONS: u32 = 0x3f;
const PRE_COMPUTATION: u32 = IE | DE | ZE;

export const ROUND_NEAREST: u32 = 0;
export const ROUND_DOWN: u32 = 1;
export const ROUND_UP: u32 = 2;
export const ROUND_TO_ZERO: u32 = 3;

/** Exceptions that the instruction has raised, and SF. */
export let raised: u32 = 0;
/** The control word's rounding mode. */
export let rounding: u32 = ROUND_NEAREST;
/** Bits of a significand that the precision control leaves out. */
export let bitsBelow: i32 = 0;
/** The result was rounded up in magnitude (C1). */
export let roundedUp: bool = false;

/** Begins an instruction that computes: C1 is 0 unless it says otherwise. */
export function begin(): void {
  const control = u32(load<u16>(FCW));
  rounding = (control >> 10) & 3;
  const precision = (control >> 8) & 3;
  bitsBelow = precision == 0 ? 40 : precision == 2 ? 11 : 0;
  raised = 0;
  roundedUp = false;
  setCondition(C1, 0);
}

/** Results that the precision control does not concern. */
export function fullPrecision(): void {
  bitsBelow = 0;
}

export function setRounding(mode: u32): void {
  rounding = mode;
}

export function flag(bits: u32): void {
  raised |= bits;
}

export function noteRounding(up: bool): void {
  roundedUp = up;
}

/** Whether the exception of this bit is masked. */
export function masked(bit: u32): bool {
  return (u32(load<u16>(FCW)) & bit) != 0;
}

export function status(): u32 {
  return u32(load<u16>(FSW));
}

/** Sets the bits of `which` in the status word to those of `value`. */
export function setCondition(which: u32, value: u32): void {
  store<u16>(FSW, u16((status() & ~which) | value));
}

/** ES and B follow from the flags and their masks. */
export function refreshSummary(): void {
  const pending = (status() & ~u32(load<u16>(FCW)) & EXCEPTIONS) != 0;
  setCondition(ES | BUSY, pending ? ES | BUSY : 0);
}

/**
 * Records what was raised. True when an exception of `blocking` that is not masked keeps the result from being written;
 * an exception found before the computation keeps back those found after it.
 */
export function recordExceptions(blocking: u32): bool {
  const unmasked = raised & ~u32(load<u16>(FCW)) & EXCEPTIONS;
  const early = (unmasked & PRE_COMPUTATION) != 0;
  const recorded = early ? raised & (PRE_COMPUTATION | SF) : raised;
  setCondition(0, recorded);
  if (roundedUp && !early && (recorded & (PE | OE)) != 0) setCondition(0, C1);
  if (unmasked == 0) return false;
  setCondition(0, ES | BUSY);
  return (unmasked & blocking) != 0;
}

/** For results in registers: overflow and underflow are written with a wrapped exponent, masked or not. */
export function resultRefused(): bool {
  return recordExceptions(PRE_COMPUTATION);
}

/** For results in memory. */
export function storeRefused(): bool {
  return recordExceptions(PRE_COMPUTATION | OE | UE);
}

// ── the register stack ──────────────────────────────────────────────────────────────────────────────────────────

export function top(): u32 {
  return (status() >> TOP_SHIFT) & 7;
}

export function setTop(register: u32): void {
  setCondition(7 << TOP_SHIFT, (register & 7) << TOP_SHIFT);
}

/** Address of ST(index). */
export function stackAddress(index: u32): u32 {
  return X87_REGISTERS + ((top() + index) & 7) * X87_REGISTER_BYTES;
}

function tagBit(index: u32): u32 {
  return 1 << ((top() + index) & 7);
}

export function isEmpty(index: u32): bool {
  return (u32(load<u8>(X87_TAGS)) & tagBit(index)) == 0;
}

export function setEmpty(index: u32): void {
  store<u8>(X87_TAGS, u8(u32(load<u8>(X87_TAGS)) & ~tagBit(index)));
}

export function setUsed(index: u32): void {
  store<u8>(X87_TAGS, u8(u32(load<u8>(X87_TAGS)) | tagBit(index)));
}

export function pop(): void {
  setEmpty(0);
  setTop(top() + 1);
}

/** ST(index) ← the number at `source`. */
export function writeStack(index: u32, source: u32): void {
  const target = stackAddress(index);
  store<u64>(target, load<u64>(source));
  store<u16>(target, load<u16>(source, 8), 8);
  setUsed(index);
}

/** Pushes the number at `source`: the caller has seen that ST(7) is empty, or that the overflow is masked. */
export function push(source: u32): void {
  setTop(top() - 1);
  writeStack(0, source);
}

/** An empty register was read: IE and SF, C1 = 0. */
export function stackUnderflow(): void {
  flag(IE | SF);
}

/** The instruction has met with an empty register, or one in use. */
export function stackFault(): bool {
  return (raised & SF) != 0;
}

/** A register in use would be pushed over: C1 = 1. */
export function stackOverflow(): void {
  flag(IE | SF);
  setCondition(C1, C1);
}
