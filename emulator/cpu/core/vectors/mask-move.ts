/**
 * MASKMOVDQU: the bytes of a vector whose mask byte is negative, to DS:[rDI].
 * Source: SDM Vol. 2, "MASKMOVDQU—Store Selected Bytes of Double Quadword". "Signaling of breakpoints and faults for
 * masked-out bytes is implementation-specific": here such a byte is not touched.
 */
import { UOP_B, UOP_DST, UOP_IMM } from '../../../isa/uop';
import { faulted } from '../exceptions';
import { probeWriteLinear, writeOperand } from '../mmu';
import { SLOT_RDI } from '../operations/operand';
import { linearAddress } from '../segmentation';

const BYTES: u32 = 16;

export function maskMove(uop: u32): void {
  const imm = load<u32>(uop, UOP_IMM);
  const address = load<u64>(SLOT_RDI) & (~u64(0) >> u64(64 - (imm >> 16)));
  const source = load<u32>(uop, UOP_DST);
  const mask = load<u32>(uop, UOP_B);
  for (let pass = 0; pass < 2; pass++) {
    for (let i: u32 = 0; i < BYTES; i++) {
      if (load<i8>(mask + i) >= 0) continue;
      const linear = linearAddress(imm & 0xff, address + i, 1, true);
      if (faulted()) return;
      if (pass == 0) probeWriteLinear(linear, 1);
      else writeOperand(linear, load<u8>(source + i), 1);
      if (faulted()) return;
    }
  }
}
