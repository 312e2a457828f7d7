/**
 * FXSAVE, FXRSTOR, LDMXCSR, STMXCSR.
 * Source: SDM Vol. 2, "FXSAVE—Save x87 FPU, MMX, XMM, and MXCSR State", tables of the 512-byte layouts, "FXRSTOR", "LDMXCSR".
 *
 * Without CR4.OSFXSR the image's XMM and MXCSR fields are neither written nor read (the SDM leaves it to the processor).
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
import { Door, UOP_DST, UOP_IMM } from '../../isa/uop';
import { noteLoad, noteStore } from './access-log';
import { CR0_EM, CR0_TS, cr0, CR4_OSFXSR, cr4 } from './control-bits';
import { faulted, GP, NM, raise, raisePlain } from './exceptions';
import { probeWriteLinear } from './mmu';
import { sourceA } from './operations/operand';
import { linearAddress } from './segmentation';
import { TIMED } from './timed';
import { readVector, writeVector } from './vector-memory';
import { setControlWord } from './x87/environment';
import { refreshSummary } from './x87/state';

/** MXCSR_MASK: bits of MXCSR that may be set. */
export const MXCSR_DEFINED: u32 = 0xffff;

const IMAGE_BYTES: u32 = 512;
const IMAGE: u32 = u32(memory.data(512, 16));
const IMAGE_FTW: u32 = 4;
const IMAGE_POINTERS: u32 = 6; // FOP, FIP and FDP, as they lie at X87_POINTERS
const POINTER_BYTES: u32 = 18;
const IMAGE_MXCSR: u32 = 24;
const IMAGE_ST: u32 = 32;
const IMAGE_XMM: u32 = 160;
const SIGNIFICAND_AND_EXPONENT_BYTES: u32 = 10;

export function executeFxState(uop: u32, door: i32): void {
  if (door == Door.Stmxcsr) store<u64>(load<u32>(uop, UOP_DST), load<u32>(MXCSR));
  else if (door == Door.Ldmxcsr) loadMxcsr(sourceA<u32>(uop));
  else if (cr0(CR0_TS) || cr0(CR0_EM)) raisePlain(NM);
  else {
    const saves = door == Door.Fxsave;
    const segment = load<u32>(uop, UOP_IMM) & 0xff;
    const linear = linearAddress(segment, sourceA<u64>(uop), IMAGE_BYTES, saves);
    if (faulted()) return;
    if ((u32(linear) & 15) != 0) raise(GP, 0);
    else if (saves) saveImage(linear);
    else restoreImage(linear);
  }
}

function loadMxcsr(value: u32): void {
  if ((value & ~MXCSR_DEFINED) != 0) raise(GP, 0);
  else store<u32>(MXCSR, value);
}

/** XMM8 to XMM15 exist in 64-bit mode only. */
function vectorCount(): u32 {
  if (!cr4(CR4_OSFXSR)) return 0;
  return load<u32>(MODE) == CpuMode.Long ? 16 : 8;
}

/** Address of physical x87 register ST(index). */
function stackRegister(index: u32): u32 {
  const top = (u32(load<u16>(X87_CONTROL, 2)) >> 11) & 7;
  return X87_REGISTERS + ((top + index) & 7) * X87_REGISTER_BYTES;
}

function saveImage(linear: u64): void {
  const vectors = vectorCount();
  const bytes = IMAGE_XMM + 16 * vectors;
  probeWriteLinear(linear, 1);
  if (!faulted()) probeWriteLinear(linear + (bytes - 1), 1);
  if (faulted()) return;
  memory.fill(IMAGE, 0, IMAGE_BYTES);
  store<u32>(IMAGE, load<u32>(X87_CONTROL));
  store<u8>(IMAGE, load<u8>(X87_TAGS), IMAGE_FTW);
  memory.copy(IMAGE + IMAGE_POINTERS, X87_POINTERS, POINTER_BYTES);
  if (vectors != 0) {
    store<u32>(IMAGE, load<u32>(MXCSR), IMAGE_MXCSR);
    store<u32>(IMAGE, MXCSR_DEFINED, IMAGE_MXCSR + 4);
  }
  for (let i: u32 = 0; i < 8; i++) {
    memory.copy(IMAGE + IMAGE_ST + 16 * i, stackRegister(i), SIGNIFICAND_AND_EXPONENT_BYTES);
  }
  for (let i: u32 = 0; i < vectors; i++) {
    memory.copy(IMAGE + IMAGE_XMM + 16 * i, VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * i, 16);
  }
  for (let at: u32 = 0; at < bytes; at += 16) {
    if (TIMED) noteStore(linear + at, 16);
    writeVector(linear + at, IMAGE + at, true);
  }
}

function restoreImage(linear: u64): void {
  const vectors = vectorCount();
  const bytes = IMAGE_XMM + 16 * vectors;
  for (let at: u32 = 0; at < bytes; at += 16) {
    if (TIMED) noteLoad(linear + at, 16);
    if (readVector(linear + at, IMAGE + at, true)) return;
  }
  if (vectors != 0) {
    loadMxcsr(load<u32>(IMAGE, IMAGE_MXCSR));
    if (faulted()) return;
  }
  setControlWord(u32(load<u16>(IMAGE)));
  store<u16>(X87_CONTROL, load<u16>(IMAGE, 2), 2);
  refreshSummary();
  store<u8>(X87_TAGS, load<u8>(IMAGE, IMAGE_FTW));
  memory.copy(X87_POINTERS, IMAGE + IMAGE_POINTERS, POINTER_BYTES);
  for (let i: u32 = 0; i < 8; i++) {
    memory.copy(stackRegister(i), IMAGE + IMAGE_ST + 16 * i, SIGNIFICAND_AND_EXPONENT_BYTES);
  }
  for (let i: u32 = 0; i < vectors; i++) {
    memory.copy(VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * i, IMAGE + IMAGE_XMM + 16 * i, 16);
  }
}
