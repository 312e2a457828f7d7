/**
 * XCR0, and which state components are in use.
 * Source: SDM Vol. 2, "XGETBV", "XSETBV"; Vol. 1, "Enabling the XSAVE Feature Set and XSAVE-Enabled Features", "Processor
 * Tracking of XSAVE-Managed State". A component is in use here exactly when it is not in its initial configuration.
 */
import {
  MXCSR,
  REGISTERS,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_POINTERS,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
  XCR0,
} from '../../isa/state-layout';
import { CR4_OSXSAVE, cr4, STATE_AVX, STATE_SSE, STATE_X87 } from './control-bits';
import { offeredComponents } from './cpuid';
import { faulted, GP, raise, raisePlain, UD } from './exceptions';
import { vectorCount } from './fx-image';
import { requireCpl0 } from './system';
import { FCW_INITIAL } from './x87/environment';

const RAX: u32 = REGISTERS;
const RCX: u32 = REGISTERS + 8;
const RDX: u32 = REGISTERS + 16;

export const MXCSR_INITIAL: u32 = 0x1f80;

/** XGETBV: XCR0, or the components of it that are in use. */
export function doorXgetbv(): void {
  const index = load<u32>(RCX);
  if (!cr4(CR4_OSXSAVE)) raisePlain(UD);
  else if (index > 1) raise(GP, 0);
  if (faulted()) return;
  const enabled = load<u32>(XCR0);
  store<u64>(RAX, index == 0 ? enabled : enabled & componentsInUse());
  store<u64>(RDX, 0);
}

export function doorXsetbv(): void {
  if (!cr4(CR4_OSXSAVE)) raisePlain(UD);
  if (faulted() || !requireCpl0()) return;
  const value = load<u32>(RAX);
  const known = load<u32>(RDX) == 0 && (value & ~offeredComponents()) == 0;
  const coherent = (value & STATE_X87) != 0 && (value & (STATE_SSE | STATE_AVX)) != STATE_AVX;
  if (load<u32>(RCX) != 0 || !known || !coherent) raise(GP, 0);
  else store<u64>(XCR0, value);
}

/** XINUSE; of the vector registers those count that the mode has. */
export function componentsInUse(): u32 {
  let found = x87InUse() ? STATE_X87 : 0;
  if (vectorsInUse(0) || load<u32>(MXCSR) != MXCSR_INITIAL) found |= STATE_SSE;
  if (vectorsInUse(16)) found |= STATE_AVX;
  return found;
}

function x87InUse(): bool {
  if (load<u32>(X87_CONTROL) != u32(FCW_INITIAL) || load<u8>(X87_TAGS) != 0) return true;
  for (let at: u32 = 0; at < 18; at += 2) if (load<u16>(X87_POINTERS + at) != 0) return true;
  for (let i: u32 = 0; i < 8; i++) {
    const at = X87_REGISTERS + i * X87_REGISTER_BYTES;
    if (load<u64>(at) != 0 || load<u16>(at, 8) != 0) return true;
  }
  return false;
}

/** Some vector register is not zero in the 16 bytes from `offset` on. */
function vectorsInUse(offset: u32): bool {
  const count = vectorCount();
  for (let i: u32 = 0; i < count; i++) {
    if (v128.any_true(v128.load(VECTOR_REGISTERS + i * VECTOR_REGISTER_BYTES + offset)))
      return true;
  }
  return false;
}
