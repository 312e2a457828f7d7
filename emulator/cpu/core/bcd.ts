/**
 * Decimal arithmetic: AAA, AAS, DAA, DAS, AAM, AAD.
 * Source: Intel SDM Vol. 2. OF (and, for the ASCII adjustments, SF, ZF, PF) undefined in the manual: as for the result in AL.
 */
import { DE, raisePlain } from './exceptions';
import { carryFlag, RFLAGS_AF, RFLAGS_CF, setFlags } from './flags';
import { FLAG_AUX } from '../../isa/state-layout';
import { SLOT_RAX } from './operations/operand';

const AL: u32 = SLOT_RAX;
const AH: u32 = SLOT_RAX + 1;

/** AF, or a low digit above 9.
 * @inline */
function lowDigitNeedsAdjustment(): bool {
  return (load<u8>(AL) & 0xf) > 9 || (load<u32>(FLAG_AUX) & RFLAGS_AF) != 0;
}

export function adjustAfterAddition(): void {
  adjustAscii(0x106);
}

export function adjustAfterSubtraction(): void {
  adjustAscii(-0x106);
}

/** AAA adds 106h to AX; AAS subtracts 6 from AX and 1 from AH, which is the same with the sign turned. */
function adjustAscii(correction: i32): void {
  let flags: u32 = 0;
  if (lowDigitNeedsAdjustment()) {
    store<u16>(AL, u16(i32(load<u16>(AL)) + correction));
    flags = RFLAGS_AF | RFLAGS_CF;
  }
  store<u8>(AL, load<u8>(AL) & 0xf);
  setFlags<u8>(load<u8>(AL), flags);
}

export function decimalAdjustAfterAddition(): void {
  decimalAdjust(6, 0x60);
}

export function decimalAdjustAfterSubtraction(): void {
  decimalAdjust(-6, -0x60);
}

function decimalAdjust(low: i32, high: i32): void {
  const old = i32(load<u8>(AL));
  const carryIn = carryFlag();
  let value = old;
  let flags: u32 = 0;
  if (lowDigitNeedsAdjustment()) {
    value += low;
    flags = RFLAGS_AF | carryIn | u32(value < 0 || value > 0xff);
  }
  if (old > 0x99 || carryIn != 0) {
    value += high;
    flags |= RFLAGS_CF;
  } else if (low > 0) {
    flags &= ~RFLAGS_CF;
  }
  store<u8>(AL, u8(value));
  setFlags<u8>(u8(value), flags);
}

/** AH ← AL / base, AL ← AL mod base; #DE for base 0 */
export function adjustAfterMultiply(base: u32): void {
  const divisor = u8(base);
  if (divisor == 0) {
    raisePlain(DE);
    return;
  }
  const al = load<u8>(AL);
  store<u8>(AH, al / divisor);
  store<u8>(AL, al % divisor);
  setFlags<u8>(al % divisor, 0);
}

/** AL ← AL + AH * base, AH ← 0 */
export function adjustBeforeDivision(base: u32): void {
  const result = u8(u32(load<u8>(AL)) + u32(load<u8>(AH)) * base);
  store<u16>(AL, u16(result));
  setFlags<u8>(result, 0);
}
