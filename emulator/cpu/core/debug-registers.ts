/**
 * MOV to and from debug registers.
 * Source: SDM Vol. 3B, "Debug Registers".
 */
import { CPL, DEBUG_REGISTERS } from '../../isa/state-layout';
import { breakpointsChanged, DR7_GD, noteDebugException } from './breakpoints';
import { CR4_DE, cr4 } from './control-bits';
import { DB, GP, faulted, raise, raisePlain, UD } from './exceptions';

const DR6_FIXED: u64 = 0xffff0ff0; // bits that read as 1
const DR6_WRITABLE: u64 = 0xe00f; // BT BS BD, B3 to B0
const DR6_BD: u32 = 1 << 13;
const DR7_FIXED: u64 = 1 << 10;
const DR7_WRITABLE: u64 = 0xffff2bff;

/** DR4 and DR5 are DR6 and DR7 unless CR4.DE is set. Raises #UD, #GP(0), or #DB when DR7.GD guards the registers. */
function checkAccess(number: u32): u32 {
  if (number > 7 || ((number & 6) == 4 && cr4(CR4_DE))) raisePlain(UD);
  else if (load<u32>(CPL) != 0) raise(GP, 0);
  else if ((register(7) & DR7_GD) != 0) {
    noteDebugException(DR6_BD);
    raisePlain(DB);
  }
  return (number & 6) == 4 ? number | 2 : number;
}

function register(number: u32): u64 {
  return load<u64>(DEBUG_REGISTERS + number * 8);
}

function setRegister(number: u32, value: u64): void {
  store<u64>(DEBUG_REGISTERS + number * 8, value);
}

export function readDebugRegister(number: u32): u64 {
  const actual = checkAccess(number);
  return faulted() ? 0 : register(actual);
}

/** `value` is zero-extended from 32 bits outside 64-bit mode. */
export function writeDebugRegister(number: u32, value: u64): void {
  const actual = checkAccess(number);
  if (faulted()) return;
  if (actual >= 6 && value >> 32 != 0) raise(GP, 0);
  else if (actual == 6) setRegister(6, (value & DR6_WRITABLE) | DR6_FIXED);
  else if (actual == 7) setRegister(7, (value & DR7_WRITABLE) | DR7_FIXED);
  else setRegister(actual, value);
  if (!faulted() && actual != 6) breakpointsChanged();
}
