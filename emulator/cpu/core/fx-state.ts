/**
 * FXSAVE, FXRSTOR, LDMXCSR, STMXCSR.
 * Source: SDM Vol. 2, "FXSAVE—Save x87 FPU, MMX, XMM, and MXCSR State", tables of the 512-byte layouts, "FXRSTOR", "LDMXCSR".
 *
 * Without CR4.OSFXSR the image's XMM and MXCSR fields are neither written nor read (the SDM leaves it to the processor).
 */
import { MXCSR } from '../../isa/state-layout';
import { Door, UOP_DST, UOP_IMM } from '../../isa/uop';
import { CR0_EM, CR0_TS, cr0, CR4_OSFXSR, cr4 } from './control-bits';
import { faulted, GP, NM, raise, raisePlain } from './exceptions';
import {
  IMAGE_MXCSR,
  IMAGE_XMM,
  LEGACY_BYTES,
  MXCSR_DEFINED,
  readImage,
  restoreVectors,
  restoreX87,
  saveMxcsr,
  saveVectors,
  saveX87,
  vectorCount,
  writeImage,
} from './fx-image';
import { probeWriteLinear } from './mmu';
import { sourceA } from './operations/operand';
import { linearAddress } from './segmentation';

const IMAGE: u32 = u32(memory.data(512, 16));

export function executeFxState(uop: u32, door: i32): void {
  if (door == Door.Stmxcsr) store<u64>(load<u32>(uop, UOP_DST), load<u32>(MXCSR));
  else if (door == Door.Ldmxcsr) loadMxcsr(sourceA<u32>(uop));
  else if (cr0(CR0_TS) || cr0(CR0_EM)) raisePlain(NM);
  else {
    const saves = door == Door.Fxsave;
    const segment = load<u32>(uop, UOP_IMM) & 0xff;
    const linear = linearAddress(segment, sourceA<u64>(uop), LEGACY_BYTES, saves);
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

function saveImage(linear: u64): void {
  const vectors = cr4(CR4_OSFXSR) ? vectorCount() : 0;
  const bytes = IMAGE_XMM + 16 * vectors;
  probeWriteLinear(linear, 1);
  if (!faulted()) probeWriteLinear(linear + (bytes - 1), 1);
  if (faulted()) return;
  memory.fill(IMAGE, 0, LEGACY_BYTES);
  saveX87(IMAGE);
  if (vectors != 0) saveMxcsr(IMAGE);
  saveVectors(IMAGE, vectors);
  writeImage(linear, IMAGE, 0, bytes);
}

function restoreImage(linear: u64): void {
  const vectors = cr4(CR4_OSFXSR) ? vectorCount() : 0;
  if (!readImage(linear, IMAGE, 0, IMAGE_XMM + 16 * vectors)) return;
  if (vectors != 0) {
    loadMxcsr(load<u32>(IMAGE, IMAGE_MXCSR));
    if (faulted()) return;
  }
  restoreX87(IMAGE);
  restoreVectors(IMAGE, vectors);
}
