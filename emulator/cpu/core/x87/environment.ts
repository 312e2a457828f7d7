/**
 * FNSTENV, FLDENV, FNSAVE, FRSTOR, FNINIT: the environment in its four formats.
 * Source: SDM Vol. 1, "Saving the x87 FPU's State with FSTENV/FNSTENV and FSAVE/FNSAVE", figures of the protected-mode and
 * real-address-mode formats, 32 and 16 bits; Vol. 3A, "Alignment Requirements by Data Type": the area is aligned to 4 or 2 bytes.
 *
 * The selectors of FIP and FDP are 0, as CPUID says (FCS and FDS are deprecated).
 */
import {
  X87_POINTERS,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
} from '../../../isa/state-layout';
import { UOP_IMM } from '../../../isa/uop';
import { X87_SIZE_16 } from '../../../isa/x87';
import { noteStore } from '../access-log';
import { faulted } from '../exceptions';
import { areaAlignmentFault, probeWriteLinear, readOperand, writeOperand } from '../mmu';
import { realStyle } from '../mode';
import { TIMED } from '../timed';
import { writeVector } from '../vector-memory';
import { operandAddress } from './memory-operand';
import { EXPONENT_MAX, exponentField, isZero, significand, TOP_BIT } from './number';
import { FCW, FSW, refreshSummary, stackAddress } from './state';

export const FCW_INITIAL: u16 = 0x37f; // all exceptions masked, 64-bit precision, round to nearest
const FCW_DEFINED: u32 = 0x1f3f;
const FCW_ONE: u32 = 0x40;
const POINTER_BYTES: u32 = 18;
const FOP: u32 = X87_POINTERS;
const FIP: u32 = X87_POINTERS + 2;
const FDP: u32 = X87_POINTERS + 10;
const NUMBER_BYTES: u32 = 10;
const REGISTERS_BYTES: u32 = 8 * NUMBER_BYTES;

const VALID: u32 = 0;
const ZERO: u32 = 1;
const SPECIAL: u32 = 2;
const EMPTY: u32 = 3;

export function initialise(): void {
  store<u16>(FCW, FCW_INITIAL);
  store<u16>(FSW, 0);
  store<u8>(X87_TAGS, 0);
  memory.fill(X87_POINTERS, 0, POINTER_BYTES);
}

/** FOP, FIP and FDP of an instruction that is no control instruction. */
export function recordInstruction(opcode: u32, rip: u64): void {
  store<u16>(FOP, u16(opcode));
  store<u64>(FIP, rip);
}

export function recordOperand(address: u64): void {
  store<u64>(FDP, address);
}

function tagOf(register: u32): u32 {
  if (((u32(load<u8>(X87_TAGS)) >> register) & 1) == 0) return EMPTY;
  const at = X87_REGISTERS + register * X87_REGISTER_BYTES;
  if (isZero(at)) return ZERO;
  const field = exponentField(at);
  return field == 0 || field == EXPONENT_MAX || (significand(at) & TOP_BIT) == 0 ? SPECIAL : VALID;
}

function tagWord(): u32 {
  let word: u32 = 0;
  for (let register: u32 = 0; register < 8; register++) word |= tagOf(register) << (2 * register);
  return word;
}

function setTags(word: u32): void {
  let used: u32 = 0;
  for (let register: u32 = 0; register < 8; register++) {
    if (((word >> (2 * register)) & 3) != EMPTY) used |= 1 << register;
  }
  store<u8>(X87_TAGS, u8(used));
}

/** Number `field` (0 to 6) of the environment image: control, status, tags, then the pointers. */
function environmentField(field: u32, wide: bool): u32 {
  const fip = load<u32>(FIP);
  const fdp = load<u32>(FDP);
  const opcode = u32(load<u16>(FOP)) & 0x7ff;
  const ones: u32 = wide ? 0xffff0000 : 0;
  if (field == 0) return u32(load<u16>(FCW)) | ones;
  if (field == 1) return u32(load<u16>(FSW)) | ones;
  if (field == 2) return tagWord() | ones;
  if (!realStyle()) {
    if (field == 3) return fip;
    if (field == 4) return wide ? opcode << 16 : 0;
    if (field == 5) return fdp;
    return ones;
  }
  if (field == 3) return fip & 0xffff;
  if (field == 5) return fdp & 0xffff;
  const upper = field == 4 ? fip >> 16 : fdp >> 16;
  const shifted = wide ? upper << 12 : (upper & 15) << 12;
  return field == 4 ? shifted | opcode : shifted;
}

function setEnvironmentField(field: u32, value: u32, wide: bool): void {
  if (field == 0) setControlWord(value);
  else if (field == 1) store<u16>(FSW, u16(value));
  else if (field == 2) setTags(value);
  else if (field == 3) store<u64>(FIP, wide && !realStyle() ? value : value & 0xffff);
  else if (field == 5) store<u64>(FDP, wide && !realStyle() ? value : value & 0xffff);
  else if (realStyle()) {
    const upper = wide ? (value >> 12) & 0xffff : (value >> 12) & 15;
    store<u16>(field == 4 ? FIP : FDP, u16(upper), 2);
    if (field == 4) store<u16>(FOP, u16(value & 0x7ff));
  } else if (field == 4 && wide) store<u16>(FOP, u16((value >> 16) & 0x7ff));
}

/** Bits that are not defined read as 0, but for bit 6. */
export function setControlWord(value: u32): void {
  store<u16>(FCW, u16((value & FCW_DEFINED) | FCW_ONE));
}

function isWide(uop: u32): bool {
  return (load<u32>(uop, UOP_IMM) & X87_SIZE_16) == 0;
}

/** FNSTENV masks all exceptions afterwards; FNSAVE initialises. */
export function storeEnvironment(uop: u32, withRegisters: bool): void {
  const wide = isWide(uop);
  const unit: u32 = wide ? 4 : 2;
  const bytes: u32 = 7 * unit + (withRegisters ? REGISTERS_BYTES : 0);
  const linear = operandAddress(uop, bytes, true);
  if (faulted()) return;
  probeWriteLinear(linear, unit);
  if (!faulted()) probeWriteLinear(linear + (bytes - unit), unit);
  if (faulted()) return;
  for (let field: u32 = 0; field < 7; field++) {
    writeOperand(linear + field * unit, environmentField(field, wide), unit);
  }
  if (!withRegisters) {
    store<u16>(FCW, load<u16>(FCW) | 0x3f);
    refreshSummary();
    return;
  }
  for (let index: u32 = 0; index < 8; index++) {
    const at = linear + 7 * unit + index * NUMBER_BYTES;
    if (TIMED) {
      noteStore(at, 8);
      noteStore(at + 8, 2);
    }
    writeVector(at, stackAddress(index), NUMBER_BYTES, false);
  }
  initialise();
}

const IMAGE: u32 = u32(memory.data(108, 16));

export function loadEnvironment(uop: u32, withRegisters: bool): void {
  const wide = isWide(uop);
  const unit: u32 = wide ? 4 : 2;
  const bytes: u32 = 7 * unit + (withRegisters ? REGISTERS_BYTES : 0);
  const linear = operandAddress(uop, bytes, false);
  if (faulted() || areaAlignmentFault(linear, unit)) return;
  for (let at: u32 = 0; at < bytes; at += 2) {
    store<u16>(IMAGE + at, u16(readOperand(linear + at, 2)));
    if (faulted()) return;
  }
  for (let field: u32 = 0; field < 7; field++) {
    const at = IMAGE + field * unit;
    setEnvironmentField(field, wide ? load<u32>(at) : u32(load<u16>(at)), wide);
  }
  refreshSummary();
  if (!withRegisters) return;
  for (let index: u32 = 0; index < 8; index++) {
    const at = IMAGE + 7 * unit + index * NUMBER_BYTES;
    store<u64>(stackAddress(index), load<u64>(at));
    store<u16>(stackAddress(index), load<u16>(at, 8), 8);
  }
}
