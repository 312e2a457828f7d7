/**
 * VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ.
 * Source: SDM Vol. 2, "VMASKMOV—Conditional SIMD Packed Loads and Stores": only elements whose mask has its sign bit set are
 * touched, so that the others raise nothing; no alignment is checked. imm: bits 0-7 segment, bit 8 quadwords, bit 9 256 bits.
 */
import { UOP_B, UOP_DST, UOP_IMM } from '../../../isa/uop';
import { noteLoad, noteStore } from '../access-log';
import { faulted } from '../exceptions';
import { probeWriteLinear } from '../mmu';
import { sourceA } from '../operations/operand';
import { linearAddress } from '../segmentation';
import { TIMED } from '../timed';
import { readVector, writeVector } from '../vector-memory';

const RESULT: u32 = u32(memory.data(32, 16));

function elementBytes(imm: u32): u32 {
  return (imm & (1 << 8)) != 0 ? 8 : 4;
}

function vectorBytes(imm: u32): u32 {
  return (imm & (1 << 9)) != 0 ? 32 : 16;
}

/** The element that ends before byte `end` of the mask is chosen. */
function isChosen(mask: u32, end: u32): bool {
  return load<i8>(mask + (end - 1)) < 0;
}

export function maskedLoad(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const mask = load<u32>(uop, UOP_B);
  const address = sourceA<u64>(uop);
  const bytes = elementBytes(imm);
  const end = vectorBytes(imm);
  memory.fill(RESULT, 0, 32);
  for (let at: u32 = 0; at < end; at += bytes) {
    if (!isChosen(mask, at + bytes)) continue;
    const linear = linearAddress(imm & 0xff, address + at, bytes, false);
    if (TIMED) noteLoad(linear, bytes);
    if (faulted() || readVector(linear, RESULT + at, bytes, false)) return;
  }
  memory.copy(load<u32>(uop, UOP_DST), RESULT, end);
}

export function maskedStore(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const mask = load<u32>(uop, UOP_B);
  const source = load<u32>(uop, UOP_DST);
  const address = sourceA<u64>(uop);
  const bytes = elementBytes(imm);
  const end = vectorBytes(imm);
  for (let pass = 0; pass < 2; pass++) {
    for (let at: u32 = 0; at < end; at += bytes) {
      if (!isChosen(mask, at + bytes)) continue;
      const linear = linearAddress(imm & 0xff, address + at, bytes, true);
      if (faulted()) return;
      if (pass == 0) {
        probeWriteLinear(linear, 1);
        const last = linear + (bytes - 1);
        if (!faulted() && ((linear ^ last) & ~0xfff) != 0) probeWriteLinear(last & ~0xfff, 1);
        if (faulted()) return;
        continue;
      }
      if (TIMED) noteStore(linear, bytes);
      writeVector(linear, source + at, bytes, false);
    }
  }
}
