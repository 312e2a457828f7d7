/**
 * Vector operations that move, widen, select or count elements: dst ← op a, dst ← a op b by an immediate.
 * Source: SDM Vol. 2, the instructions' pages; the micro-op's name is the mnemonic.
 */
import { Op } from '../../../isa/uop';

/** dst ← op a */
export function rearrangeOne(op: i32, a: v128): v128 {
  switch (op) {
    case Op.Pabsb:
      return i8x16.abs(a);
    case Op.Pabsw:
      return i16x8.abs(a);
    case Op.Pabsd:
      return i32x4.abs(a);
    case Op.Phminposuw:
      return minimumWithPosition(a);
    case Op.Movddup:
      return i64x2.splat(i64x2.extract_lane(a, 0));
    case Op.Movsldup:
      return i8x16.shuffle(a, a, 0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11);
    case Op.Movshdup:
      return i8x16.shuffle(a, a, 4, 5, 6, 7, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15);
    case Op.Pmovsxbw:
      return i16x8.extend_low_i8x16_s(a);
    case Op.Pmovsxbd:
      return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(a));
    case Op.Pmovsxbq:
      return i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(a)));
    case Op.Pmovsxwd:
      return i32x4.extend_low_i16x8_s(a);
    case Op.Pmovsxwq:
      return i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(a));
    case Op.Pmovsxdq:
      return i64x2.extend_low_i32x4_s(a);
    case Op.Pmovzxbw:
      return i16x8.extend_low_i8x16_u(a);
    case Op.Pmovzxbd:
      return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(a));
    case Op.Pmovzxbq:
      return i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(a)));
    case Op.Pmovzxwd:
      return i32x4.extend_low_i16x8_u(a);
    case Op.Pmovzxwq:
      return i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(a));
    default:
      return i64x2.extend_low_i32x4_u(a); // PMOVZXDQ
  }
}

/** The smallest word in bits 15-0, its (first) position in bits 18-16. */
function minimumWithPosition(a: v128): v128 {
  let rest = a;
  let smallest: u32 = 0xffff;
  let position: u32 = 0;
  for (let index: u32 = 0; index < 8; index++) {
    const word = u32(i16x8.extract_lane_u(rest, 0));
    if (word < smallest) {
      smallest = word;
      position = index;
    }
    rest = i8x16.shuffle(rest, rest, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
  }
  return i64x2(smallest | (position << 16), 0);
}

/** dst ← a op b by imm; PSHUFD, PSHUFHW and PSHUFLW have no b. */
export function rearrange(op: i32, a: v128, b: v128, imm: u32): v128 {
  switch (op) {
    case Op.Pshufd:
      return i8x16.swizzle(a, doublewordIndices(imm));
    case Op.Pshufhw:
      return i8x16.swizzle(a, i64x2(0x0706050403020100, wordIndices(imm) + 0x0808080808080808));
    case Op.Pshuflw:
      return i8x16.swizzle(a, i64x2(wordIndices(imm), 0x0f0e0d0c0b0a0908));
    case Op.Shufps: {
      const low = i8x16.swizzle(a, doublewordIndices(imm));
      const high = i8x16.swizzle(b, doublewordIndices(imm));
      return i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31);
    }
    case Op.Shufpd: {
      const low = (imm & 1) != 0 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0);
      const high = (imm & 2) != 0 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0);
      return i64x2(low, high);
    }
    case Op.Palignr:
      return aligned(a, b, imm);
    case Op.Blendps:
      return v128.bitselect(b, a, doublewordMask(imm));
    case Op.Blendpd:
      return v128.bitselect(b, a, doublewordMask(((imm & 1) * 3) | ((imm & 2) * 6)));
    case Op.Pblendw:
      return v128.bitselect(b, a, wordMask(imm));
    case Op.Mpsadbw:
      return multipleSums(a, b, imm);
    default:
      return inserted(a, b, imm); // INSERTPS
  }
}

/** Byte indices of the four doublewords that the fields of `imm` select. */
function doublewordIndices(imm: u32): v128 {
  const index = i32x4(imm & 3, (imm >> 2) & 3, (imm >> 4) & 3, (imm >> 6) & 3);
  const bytes = i32x4.mul(index, i32x4.splat(0x04040404));
  return i32x4.add(bytes, i32x4.splat(0x03020100));
}

/** Byte indices (within a quadword) of the four words that the fields of `imm` select. */
function wordIndices(imm: u32): u64 {
  const fields =
    u64(imm & 3) |
    (u64((imm >> 2) & 3) << 16) |
    (u64((imm >> 4) & 3) << 32) |
    (u64((imm >> 6) & 3) << 48);
  return fields * 0x0202 + 0x0100010001000100;
}

function doublewordMask(imm: u32): v128 {
  const bits = i32x4(1, 2, 4, 8);
  return i32x4.eq(v128.and(i32x4.splat(imm), bits), bits);
}

function wordMask(imm: u32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  return i16x8.eq(v128.and(i16x8.splat(i16(imm)), bits), bits);
}

/** PALIGNR: the 32 bytes a:b shifted right by imm bytes. */
function aligned(a: v128, b: v128, imm: u32): v128 {
  const by = min<u32>(imm, 32);
  const index = i8x16.add(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(i8(by)),
  );
  return v128.or(i8x16.swizzle(b, index), i8x16.swizzle(a, i8x16.sub(index, i8x16.splat(16))));
}

/** MPSADBW: eight sums of four absolute differences: a's bytes from offset imm[2] × 4 on against b's block imm[1:0]. */
function multipleSums(a: v128, b: v128, imm: u32): v128 {
  const block = i8x16.swizzle(b, doublewordIndices((imm & 3) * 0x55));
  const source = (imm & 4) != 0 ? aligned(i64x2.splat(0), a, 4) : a;
  const evens = differenceSums(
    i8x16.shuffle(source, source, 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6),
    block,
  );
  const odds = differenceSums(
    i8x16.shuffle(source, source, 4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10),
    block,
  );
  return i16x8.narrow_i32x4_u(evens, odds);
}

/** Four sums of absolute differences of four bytes, as doublewords. */
function differenceSums(a: v128, b: v128): v128 {
  const difference = v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference));
}

/** INSERTPS: element imm[7:6] of b to element imm[5:4] of a, then zeroes where imm[3:0] says so. */
function inserted(a: v128, b: v128, imm: u32): v128 {
  const element = i8x16.swizzle(b, doublewordIndices(((imm >> 6) & 3) * 0x55));
  const result = v128.bitselect(element, a, doublewordMask(1 << ((imm >> 4) & 3)));
  return v128.andnot(result, doublewordMask(imm & 15));
}

/** The lowest element of a in all places. */
export function broadcast(op: i32, a: v128): v128 {
  if (op == Op.Broadcastb) return i8x16.splat(i8x16.extract_lane_s(a, 0));
  if (op == Op.Broadcastw) return i16x8.splat(i16x8.extract_lane_s(a, 0));
  if (op == Op.Broadcastd) return i32x4.splat(i32x4.extract_lane(a, 0));
  return i64x2.splat(i64x2.extract_lane(a, 0));
}

/** Elements of b where the mask's sign bit is set, else of a. */
export function blendBySign(op: i32, a: v128, b: v128, mask: v128): v128 {
  if (op == Op.Pblendvb) return v128.bitselect(b, a, i8x16.shr_s(mask, 7));
  if (op == Op.Blendvps) return v128.bitselect(b, a, i32x4.shr_s(mask, 31));
  return v128.bitselect(b, a, i64x2.shr_s(mask, 63));
}
