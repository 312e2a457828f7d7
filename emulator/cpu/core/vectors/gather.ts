/**
 * VGATHERDPS … VPGATHERQQ: elements from addresses that a vector of indices makes.
 * Source: SDM Vol. 2, "VPGATHERDD/VPGATHERQD" and its kin, operation and description: elements are fetched from the lowest to the
 * highest; no alignment is checked; a fault leaves those before it in the destination, with their mask elements zero, and the instruction can go on there.
 * The SDM's pseudo-code makes the other mask elements all ones or zero first; AMD's processors leave them, and so does this.
 *
 * imm: bits 0-7 segment, bit 8 indices are quadwords, bit 9 elements are quadwords, bits 10-13 number of elements, bits 16-23
 * address size, bits 24-25 log2 of the indices' factor. What is left over of both registers is cleared by
 * the next micro-ops, so that a fault leaves them.
 */
import { UOP_A, UOP_B, UOP_DST, UOP_EXTRA, UOP_IMM } from '../../../isa/uop';
import { beginInstruction, noteLoad } from '../access-log';
import { faulted } from '../exceptions';
import { linearAddress } from '../segmentation';
import { TIMED } from '../timed';
import { readVector } from '../vector-memory';

/** Returns whether it has faulted. */
export function gather(uop: u32): bool {
  if (TIMED) beginInstruction(uop);
  const imm = load<u32>(uop, UOP_IMM);
  const dst = load<u32>(uop, UOP_DST);
  const indices = load<u32>(uop, UOP_B);
  const mask = load<u32>(uop, UOP_EXTRA);
  const wideIndices = (imm & (1 << 8)) != 0;
  const bytes: u32 = (imm & (1 << 9)) != 0 ? 8 : 4;
  const count = (imm >> 10) & 15;
  const scale = u64((imm >> 24) & 3);
  const addressMask = ~u64(0) >> u64(64 - ((imm >> 16) & 0xff));
  const base = load<u64>(load<u32>(uop, UOP_A));
  for (let i: u32 = 0; i < count; i++) {
    if (isChosen(mask, i, bytes)) {
      const index = wideIndices ? load<i64>(indices + 8 * i) : i64(load<i32>(indices + 4 * i));
      const address = (base + (u64(index) << scale)) & addressMask;
      const linear = linearAddress(imm & 0xff, address, bytes, false);
      if (faulted()) return true;
      if (TIMED) noteLoad(linear, bytes);
      if (readVector(linear, dst + bytes * i, bytes, false)) return true;
    }
    if (bytes == 8) store<u64>(mask + 8 * i, 0);
    else store<u32>(mask + 4 * i, 0);
  }
  return false;
}

function isChosen(mask: u32, i: u32, bytes: u32): bool {
  return load<i8>(mask + bytes * i + (bytes - 1)) < 0;
}
