/**
 * Operations of 128 bits in which each element of b says what happens to an element of a.
 * Source: SDM Vol. 2, "VPSLLVD", "VPSRLVD", "VPSRAVD", "VPERMILPS", "VPERMILPD".
 */
import { Op } from '../../../isa/uop';

const A: u32 = u32(memory.data(16, 16));
const B: u32 = u32(memory.data(16, 16));

export function byElement(op: i32, a: v128, b: v128): v128 {
  v128.store(A, a);
  v128.store(B, b);
  if (op == Op.Permilps) {
    for (let at: u32 = 0; at < 16; at += 4) {
      store<u32>(B + at, load<u32>(A + ((load<u32>(B + at) & 3) << 2)));
    }
  } else if (op == Op.Permilpd) {
    for (let at: u32 = 0; at < 16; at += 8) {
      store<u64>(B + at, load<u64>(A + ((load<u32>(B + at) & 2) << 2)));
    }
  } else if (op == Op.Psllvq || op == Op.Psrlvq) {
    for (let at: u32 = 0; at < 16; at += 8) {
      store<u64>(B + at, shiftedQuadword(op, load<u64>(A + at), load<u64>(B + at)));
    }
  } else {
    for (let at: u32 = 0; at < 16; at += 4) {
      store<u32>(B + at, shiftedDoubleword(op, load<u32>(A + at), load<u32>(B + at)));
    }
  }
  return v128.load(B);
}

function shiftedQuadword(op: i32, value: u64, count: u64): u64 {
  if (count > 63) return 0;
  return op == Op.Psllvq ? value << count : value >> count;
}

function shiftedDoubleword(op: i32, value: u32, count: u32): u32 {
  if (op == Op.Psravd) return u32(i32(value) >> i32(min<u32>(count, 31)));
  if (count > 31) return 0;
  return op == Op.Psllvd ? value << count : value >> count;
}
