/**
 * Operations that move elements between the halves of 256-bit vectors.
 * Source: SDM Vol. 2, "VEXTRACTF128", "VINSERTF128", "VPERM2F128", "VPERMQ", "VPERMD".
 */
import { Op, UOP_A, UOP_B, UOP_DST, UOP_IMM } from '../../../isa/uop';

const RESULT: u32 = u32(memory.data(32, 16));

export function executeAcross(uop: u32, op: i32): void {
  const dst = load<u32>(uop, UOP_DST);
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  const imm = u32(load<u8>(uop, UOP_IMM));
  if (op == Op.Extract128) {
    v128.store(dst, v128.load(a + ((imm & 1) << 4)));
    return;
  }
  if (op == Op.Insert128) {
    memory.copy(RESULT, a, 32);
    v128.store(RESULT + ((imm & 1) << 4), v128.load(b));
  } else if (op == Op.Perm2x128) {
    v128.store(RESULT, half(a, b, imm));
    v128.store(RESULT, half(a, b, imm >> 4), 16);
  } else if (op == Op.Permq) {
    for (let i: u32 = 0; i < 4; i++) {
      store<u64>(RESULT + 8 * i, load<u64>(a + (((imm >> (2 * i)) & 3) << 3)));
    }
  } else {
    for (let at: u32 = 0; at < 32; at += 4) {
      store<u32>(RESULT + at, load<u32>(b + ((load<u32>(a + at) & 7) << 2)));
    }
  }
  memory.copy(dst, RESULT, 32);
}

/** Bits 1-0 of `control`: low or high half of a, of b; bit 3: zero. */
function half(a: u32, b: u32, control: u32): v128 {
  if ((control & 8) != 0) return i64x2.splat(0);
  return v128.load(((control & 2) != 0 ? b : a) + ((control & 1) << 4));
}
