/**
 * XSAVE, XSAVEOPT, XSAVEC, XSAVES, XRSTOR, XRSTORS.
 * Source: SDM Vol. 1, "Managing State Using the XSAVE Feature Set": "XSAVE Area", "Operation of XSAVE" … "Operation of XRSTORS";
 * Vol. 2, the instructions' pages. Of supervisor state components there are none: IA32_XSS is 0.
 *
 * The modified optimisation of XSAVEOPT and XSAVES, which the SDM permits, is not made. With one extended component (AVX) the
 * compacted format has it where the standard format has it.
 */
import {
  CPL,
  MXCSR,
  REGISTERS,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  XCR0,
} from '../../isa/state-layout';
import { Door, UOP_IMM } from '../../isa/uop';
import { CR0_TS, cr0, CR4_OSXSAVE, cr4, STATE_AVX, STATE_SSE, STATE_X87 } from './control-bits';
import { faulted, GP, NM, raise, raisePlain, UD } from './exceptions';
import { componentsInUse, MXCSR_INITIAL } from './extended-control';
import {
  IMAGE_MXCSR,
  IMAGE_ST,
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
import { probeWriteLinear, readOperand, writeOperand } from './mmu';
import { sourceA } from './operations/operand';
import { linearAddress } from './segmentation';
import { FCW_INITIAL } from './x87/environment';

const RAX: u32 = REGISTERS;

/** Header: XSTATE_BV, XCOMP_BV, six quadwords that are 0. */
const HEADER: u32 = LEGACY_BYTES;
const HEADER_BYTES: u32 = 64;
const XCOMP_BV: u32 = HEADER + 8;
const COMPACTED: u64 = 1 << 63;
/** Bits 255 to 128 of YMM0 to YMM15. */
const UPPER_HALVES: u32 = HEADER + HEADER_BYTES;
const UPPER_HALVES_BYTES: u32 = 256;
const AREA_BYTES: u32 = UPPER_HALVES + UPPER_HALVES_BYTES;
const AREA: u32 = u32(memory.data(832, 16));

export function executeXsave(uop: u32, door: i32): void {
  if (!cr4(CR4_OSXSAVE)) raisePlain(UD);
  else if (cr0(CR0_TS)) raisePlain(NM);
  else if ((door == Door.Xsaves || door == Door.Xrstors) && load<u32>(CPL) != 0) raise(GP, 0);
  if (faulted()) return;
  const restores = door >= Door.Xrstor;
  const requested = load<u32>(RAX) & load<u32>(XCR0);
  const bytes = (requested & STATE_AVX) != 0 ? AREA_BYTES : UPPER_HALVES;
  const segment = load<u32>(uop, UOP_IMM) & 0xff;
  const linear = linearAddress(segment, sourceA<u64>(uop), bytes, !restores);
  if (faulted()) return;
  if ((u32(linear) & 63) != 0) raise(GP, 0);
  else if (restores) restoreArea(linear, requested, door == Door.Xrstors);
  else saveArea(linear, requested, door);
}

// ── saving ──────────────────────────────────────────────────────────────────────────────────────────────────────

function saveArea(linear: u64, requested: u32, door: i32): void {
  const inUse = componentsInUse();
  const compacts = door >= Door.Xsavec;
  const written = door == Door.Xsave ? requested : requested & inUse;
  const last = (written & STATE_AVX) != 0 ? AREA_BYTES - 1 : HEADER + HEADER_BYTES - 1;
  probeWriteLinear(linear, 1);
  if (!faulted()) probeWriteLinear(linear + last, 1);
  if (faulted()) return;
  memory.fill(AREA, 0, AREA_BYTES);
  saveX87(AREA);
  saveMxcsr(AREA);
  saveVectors(AREA, vectorCount());
  for (let i: u32 = 0; i < 16; i++) v128.store(AREA + UPPER_HALVES + 16 * i, upperHalf(i));
  if ((written & STATE_X87) != 0) {
    writeImage(linear, AREA, 0, IMAGE_MXCSR);
    writeImage(linear, AREA, IMAGE_ST, IMAGE_XMM);
  }
  const withMxcsr = compacts ? written & STATE_SSE : requested & (STATE_SSE | STATE_AVX);
  if (withMxcsr != 0) writeImage(linear, AREA, IMAGE_MXCSR, IMAGE_ST);
  if ((written & STATE_SSE) != 0)
    writeImage(linear, AREA, IMAGE_XMM, IMAGE_XMM + 16 * vectorCount());
  if ((written & STATE_AVX) != 0)
    writeImage(linear, AREA, UPPER_HALVES, UPPER_HALVES + 16 * vectorCount());
  if (compacts) {
    writeOperand(linear + HEADER, requested & inUse, 8);
    writeOperand(linear + XCOMP_BV, requested | COMPACTED, 8);
  } else {
    const others = readOperand(linear + HEADER, 8) & ~u64(requested);
    writeOperand(linear + HEADER, others | (requested & inUse), 8);
  }
}

function upperHalf(register: u32): v128 {
  return v128.load(VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * register, 16);
}

// ── restoring ───────────────────────────────────────────────────────────────────────────────────────────────────

function restoreArea(linear: u64, requested: u32, supervisor: bool): void {
  if (!readImage(linear, AREA, HEADER, HEADER + HEADER_BYTES)) return;
  const compacted = (load<u64>(AREA, XCOMP_BV) & COMPACTED) != 0;
  if (!headerIsValid(compacted) || (supervisor && !compacted)) {
    raise(GP, 0);
    return;
  }
  const loaded = requested & load<u32>(AREA, HEADER);
  const withMxcsr = compacted
    ? (loaded & STATE_SSE) != 0
    : (requested & (STATE_SSE | STATE_AVX)) != 0;
  if (!readImage(linear, AREA, 0, IMAGE_XMM)) return;
  if ((loaded & STATE_SSE) != 0 && !readImage(linear, AREA, IMAGE_XMM, IMAGE_XMM + 256)) return;
  if ((loaded & STATE_AVX) != 0 && !readImage(linear, AREA, UPPER_HALVES, AREA_BYTES)) return;
  if (withMxcsr && (load<u32>(AREA, IMAGE_MXCSR) & ~MXCSR_DEFINED) != 0) {
    raise(GP, 0);
    return;
  }
  if (withMxcsr) store<u32>(MXCSR, load<u32>(AREA, IMAGE_MXCSR));
  else if ((requested & STATE_SSE) != 0) store<u32>(MXCSR, MXCSR_INITIAL);
  initialise(requested & ~loaded);
  if ((requested & STATE_X87) != 0) restoreX87(AREA);
  if ((requested & STATE_SSE) != 0) restoreVectors(AREA, vectorCount());
  if ((requested & STATE_AVX) != 0) restoreUpperHalves();
}

function headerIsValid(compacted: bool): bool {
  const states = load<u64>(AREA, HEADER);
  const format = load<u64>(AREA, XCOMP_BV);
  const enabled = u64(load<u32>(XCR0));
  if (compacted) {
    const present = format & ~COMPACTED;
    if ((present & ~enabled) != 0 || (states & ~present) != 0) return false;
  } else if (format != 0 || (states & ~enabled) != 0) return false;
  // Of the standard format only bytes 23 to 8 of the header are looked at.
  const end: u32 = HEADER + (compacted ? HEADER_BYTES : 24);
  for (let at: u32 = HEADER + 16; at < end; at += 8) if (load<u64>(AREA + at) != 0) return false;
  return true;
}

/** Puts components into their initial configuration, in the copy. */
function initialise(components: u32): void {
  if ((components & STATE_X87) != 0) {
    memory.fill(AREA, 0, IMAGE_MXCSR);
    memory.fill(AREA + IMAGE_ST, 0, IMAGE_XMM - IMAGE_ST);
    store<u16>(AREA, FCW_INITIAL);
  }
  if ((components & STATE_SSE) != 0) memory.fill(AREA + IMAGE_XMM, 0, 256);
  if ((components & STATE_AVX) != 0) memory.fill(AREA + UPPER_HALVES, 0, UPPER_HALVES_BYTES);
}

function restoreUpperHalves(): void {
  const count = vectorCount();
  for (let i: u32 = 0; i < count; i++) {
    const half = v128.load(AREA + UPPER_HALVES + 16 * i);
    v128.store(VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * i, half, 16);
  }
}
