/**
 * The legacy region: x87 state, MXCSR and XMM registers between the processor and a copy of their image, and that copy and memory.
 * Source: SDM Vol. 2, "FXSAVE—Save x87 FPU, MMX, XMM, and MXCSR State", tables of the 512-byte layouts; Vol. 1, "Legacy Region of
 * an XSAVE Area". `image` is an address in linear memory.
 */
import {
  CpuMode,
  MODE,
  MXCSR,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_POINTERS,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
} from '../../isa/state-layout';
import { noteLoad, noteStore } from './access-log';
import { writeOperand } from './mmu';
import { TIMED } from './timed';
import { readVector, writeVector } from './vector-memory';
import { setControlWord } from './x87/environment';
import { refreshSummary } from './x87/state';

/** MXCSR_MASK: bits of MXCSR that may be set. */
export const MXCSR_DEFINED: u32 = 0xffff;

export const LEGACY_BYTES: u32 = 512;
export const IMAGE_MXCSR: u32 = 24;
export const IMAGE_ST: u32 = 32;
export const IMAGE_XMM: u32 = 160;
const IMAGE_FTW: u32 = 4;
const IMAGE_POINTERS: u32 = 6; // FOP, FIP and FDP, as they lie at X87_POINTERS
const POINTER_BYTES: u32 = 18;
const SIGNIFICAND_AND_EXPONENT_BYTES: u32 = 10;

/** XMM8 to XMM15 exist in 64-bit mode only. */
export function vectorCount(): u32 {
  return load<u32>(MODE) == CpuMode.Long ? 16 : 8;
}

/** Address of physical x87 register ST(index). */
function stackRegister(index: u32): u32 {
  const top = (u32(load<u16>(X87_CONTROL, 2)) >> 11) & 7;
  return X87_REGISTERS + ((top + index) & 7) * X87_REGISTER_BYTES;
}

/** Reads bytes `begin` to before `end`, multiples of 16, of the image at `linear`; false when an access faults. */
export function readImage(linear: u64, image: u32, begin: u32, end: u32): bool {
  for (let at = begin; at < end; at += 16) {
    if (TIMED) noteLoad(linear + at, 16);
    if (readVector(linear + at, image + at, 16, false)) return false;
  }
  return true;
}

/** Writes bytes `begin` to before `end`, multiples of 8, in pages that were probed. */
export function writeImage(linear: u64, image: u32, begin: u32, end: u32): void {
  let at = begin;
  for (; at + 16 <= end; at += 16) {
    if (TIMED) noteStore(linear + at, 16);
    writeVector(linear + at, image + at, 16, false);
  }
  if (at < end) writeOperand(linear + at, load<u64>(image + at), 8);
}

export function saveX87(image: u32): void {
  store<u32>(image, load<u32>(X87_CONTROL));
  store<u8>(image, load<u8>(X87_TAGS), IMAGE_FTW);
  memory.copy(image + IMAGE_POINTERS, X87_POINTERS, POINTER_BYTES);
  for (let i: u32 = 0; i < 8; i++) {
    memory.copy(image + IMAGE_ST + 16 * i, stackRegister(i), SIGNIFICAND_AND_EXPONENT_BYTES);
  }
}

export function saveMxcsr(image: u32): void {
  store<u32>(image, load<u32>(MXCSR), IMAGE_MXCSR);
  store<u32>(image, MXCSR_DEFINED, IMAGE_MXCSR + 4);
}

export function saveVectors(image: u32, vectors: u32): void {
  for (let i: u32 = 0; i < vectors; i++) {
    memory.copy(image + IMAGE_XMM + 16 * i, VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * i, 16);
  }
}

export function restoreX87(image: u32): void {
  setControlWord(u32(load<u16>(image)));
  store<u16>(X87_CONTROL, load<u16>(image, 2), 2);
  refreshSummary();
  store<u8>(X87_TAGS, load<u8>(image, IMAGE_FTW));
  memory.copy(X87_POINTERS, image + IMAGE_POINTERS, POINTER_BYTES);
  for (let i: u32 = 0; i < 8; i++) {
    memory.copy(stackRegister(i), image + IMAGE_ST + 16 * i, SIGNIFICAND_AND_EXPONENT_BYTES);
  }
}

export function restoreVectors(image: u32, vectors: u32): void {
  for (let i: u32 = 0; i < vectors; i++) {
    memory.copy(VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * i, image + IMAGE_XMM + 16 * i, 16);
  }
}
