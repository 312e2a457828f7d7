/**
 * The arithmetic flags, kept lazily: FLAG_RESULT (ZF, SF and PF are read from it) and FLAG_AUX (CF, AF, OF, and the
 * corrections that let any combination of flags be loaded). The layout is in emulator/isa/state-layout.ts.
 * Source: Intel SDM Vol. 1, "EFLAGS Register".
 */
import { AUX_PARITY_SHIFT, AUX_SIGN_SHIFT } from '../../isa/flag-auxiliary';
import { FLAG_AUX, FLAG_RESULT, RFLAGS_REST } from '../../isa/state-layout';

export const RFLAGS_CF: u32 = 1 << 0;
export const RFLAGS_PF: u32 = 1 << 2;
export const RFLAGS_AF: u32 = 1 << 4;
export const RFLAGS_ZF: u32 = 1 << 6;
export const RFLAGS_SF: u32 = 1 << 7;
export const RFLAGS_TF: u32 = 1 << 8;
export const RFLAGS_IF: u32 = 1 << 9;
export const RFLAGS_DF: u32 = 1 << 10;
export const RFLAGS_OF: u32 = 1 << 11;

const STATUS_FLAGS: u32 = RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF;

/** The value of type T sign-extended to 64 bits.
 * @inline */
export function signExtended<T extends number>(value: T): i64 {
  if (sizeof<T>() == 1) return i64(i8(value));
  if (sizeof<T>() == 2) return i64(i16(value));
  if (sizeof<T>() == 4) return i64(i32(value));
  return i64(value);
}

/** The most significant bit of `value`, at OF's position.
 * @inline */
export function signAtOverflow<T extends number>(value: T): u32 {
  if (sizeof<T>() == 1) return (u32(value) << 4) & RFLAGS_OF;
  if (sizeof<T>() == 2) return (u32(value) >> 4) & RFLAGS_OF;
  if (sizeof<T>() == 4) return (u32(value) >> 20) & RFLAGS_OF;
  return u32(u64(value) >> 52) & RFLAGS_OF;
}

/** Sets all six flags: ZF, SF, PF from `result`; `auxiliary` holds CF, AF and OF at their positions.
 * @inline */
export function setFlags<T extends number>(result: T, auxiliary: u32): void {
  store<i64>(FLAG_RESULT, signExtended<T>(result));
  store<u32>(FLAG_AUX, auxiliary);
}

/** CF as 0 or 1.
 * @inline */
export function carryFlag(): u32 {
  return load<u32>(FLAG_AUX) & RFLAGS_CF;
}

/** @inline */
export function zeroFlag(): bool {
  return load<u64>(FLAG_RESULT) == 0;
}

/** SF as 0 or 1.
 * @inline */
export function signFlag(): u32 {
  return (load<u8>(FLAG_RESULT + 7) >> 7) ^ (load<u8>(FLAG_AUX + 3) & 1);
}

/** OF as 0 or 1.
 * @inline */
export function overflowFlag(): u32 {
  return (load<u32>(FLAG_AUX) >> 11) & 1;
}

/** PF as 0 or 1: even parity of the result's low byte.
 * @inline */
export function parityFlag(): u32 {
  return (popcnt<u32>(u32(load<u8>(FLAG_RESULT)) ^ u32(load<u8>(FLAG_AUX + 2))) & 1) ^ 1;
}

/** SF xor OF: "less" of signed comparisons.
 * @inline */
export function signNotOverflow(): u32 {
  const auxiliary = load<u32>(FLAG_AUX);
  return (
    (u32(load<u64>(FLAG_RESULT) >> 63) ^ (auxiliary >> 11) ^ (auxiliary >> AUX_SIGN_SHIFT)) & 1
  );
}

/** (SF xor OF) or ZF: "less or equal" of signed comparisons.
 * @inline */
export function lessOrEqual(): u32 {
  return signNotOverflow() | u32(zeroFlag());
}

/** CF or ZF: "below or equal" of unsigned comparisons.
 * @inline */
export function carryOrZero(): u32 {
  return carryFlag() | u32(zeroFlag());
}

/** CF becomes `carry` (0 or 1); every other flag stays.
 * @inline */
export function setCarry(carry: u32): void {
  store<u32>(FLAG_AUX, (load<u32>(FLAG_AUX) & ~RFLAGS_CF) | carry);
}

/** CF and OF become `carry` (0 or 1) and `overflow` (at OF's position); every other flag stays.
 * @inline */
export function setCarryAndOverflow(carry: u32, overflow: u32): void {
  store<u32>(FLAG_AUX, (load<u32>(FLAG_AUX) & ~(RFLAGS_CF | RFLAGS_OF)) | carry | overflow);
}

/** The six status flags at their RFLAGS positions. */
export function statusFlags(): u32 {
  return (
    (load<u32>(FLAG_AUX) & (RFLAGS_CF | RFLAGS_AF | RFLAGS_OF)) |
    (parityFlag() << 2) |
    (u32(zeroFlag()) << 6) |
    (signFlag() << 7)
  );
}

/** Loads the six status flags from their RFLAGS positions in `image`; its other bits are ignored. */
export function setStatusFlags(image: u32): void {
  const zero = (image & RFLAGS_ZF) != 0;
  // FLAG_RESULT becomes 0 or 1, so PF would be 1 or 0 and SF 0: corrected where the image says otherwise.
  const parityDiffers = u32(zero) ^ ((image >> 2) & 1);
  store<u64>(FLAG_RESULT, u64(!zero));
  store<u32>(
    FLAG_AUX,
    (image & (RFLAGS_CF | RFLAGS_AF | RFLAGS_OF)) |
      (parityDiffers << u32(AUX_PARITY_SHIFT)) |
      ((image & RFLAGS_SF) != 0 ? 1 << AUX_SIGN_SHIFT : 0),
  );
}

/** RFLAGS as PUSHF and interrupts store it. */
export function getRflags(): u64 {
  return u64(load<u32>(RFLAGS_REST) | statusFlags());
}

/** Loads all of RFLAGS without any check of privilege; bit 1 is always set. */
export function setRflags(image: u64): void {
  setStatusFlags(u32(image));
  store<u32>(RFLAGS_REST, (u32(image) & ~STATUS_FLAGS) | 2);
}
