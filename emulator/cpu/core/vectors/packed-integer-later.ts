/**
 * Packed integer operations of SSSE3, SSE4.1 and SSE4.2: result ← a op b.
 * Source: SDM Vol. 2, the instructions' pages; the micro-op's name is the mnemonic.
 */
import { Op } from '../../../isa/uop';

export function packedIntegerLater(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case Op.Pshufb:
      return i8x16.swizzle(a, v128.and(b, i8x16.splat(i8(0x8f))));
    case Op.Phaddw:
      return i16x8.add(evenWords(a, b), oddWords(a, b));
    case Op.Phaddd:
      return i32x4.add(evenDoublewords(a, b), oddDoublewords(a, b));
    case Op.Phaddsw:
      return i16x8.add_sat_s(evenWords(a, b), oddWords(a, b));
    case Op.Phsubw:
      return i16x8.sub(evenWords(a, b), oddWords(a, b));
    case Op.Phsubd:
      return i32x4.sub(evenDoublewords(a, b), oddDoublewords(a, b));
    case Op.Phsubsw:
      return i16x8.sub_sat_s(evenWords(a, b), oddWords(a, b));
    case Op.Psignb:
      return signed(a, i8x16.neg(a), i8x16.shr_s(b, 7), i8x16.eq(b, i64x2.splat(0)));
    case Op.Psignw:
      return signed(a, i16x8.neg(a), i16x8.shr_s(b, 15), i16x8.eq(b, i64x2.splat(0)));
    case Op.Psignd:
      return signed(a, i32x4.neg(a), i32x4.shr_s(b, 31), i32x4.eq(b, i64x2.splat(0)));
    case Op.Pmulhrsw:
      return roundedHighHalves(a, b);
    case Op.Pmaddubsw:
      return sumOfMixedProducts(a, b);
    case Op.Pmuldq:
      return i64x2.mul(signedLowDoublewords(a), signedLowDoublewords(b));
    case Op.Pmulld:
      return i32x4.mul(a, b);
    case Op.Pcmpeqq:
      return i64x2.eq(a, b);
    case Op.Pcmpgtq:
      return i64x2.gt_s(a, b);
    case Op.Packusdw:
      return i16x8.narrow_i32x4_u(a, b);
    case Op.Pminsb:
      return i8x16.min_s(a, b);
    case Op.Pminsd:
      return i32x4.min_s(a, b);
    case Op.Pminuw:
      return i16x8.min_u(a, b);
    case Op.Pminud:
      return i32x4.min_u(a, b);
    case Op.Pmaxsb:
      return i8x16.max_s(a, b);
    case Op.Pmaxsd:
      return i32x4.max_s(a, b);
    case Op.Pmaxuw:
      return i16x8.max_u(a, b);
    default:
      return i32x4.max_u(a, b); // PMAXUD
  }
}

function evenWords(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29);
}

function oddWords(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
}

function evenDoublewords(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

function oddDoublewords(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/** PSIGN: a where the other operand is positive, its negation where negative, 0 where zero. */
function signed(a: v128, negated: v128, negative: v128, isZero: v128): v128 {
  return v128.andnot(v128.bitselect(negated, a, negative), isZero);
}

/** ((a × b >> 14) + 1) >> 1 of signed words. */
function roundedHighHalves(a: v128, b: v128): v128 {
  const one = i32x4.splat(1);
  const low = i32x4.add(i32x4.shr_s(i32x4.extmul_low_i16x8_s(a, b), 14), one);
  const high = i32x4.add(i32x4.shr_s(i32x4.extmul_high_i16x8_s(a, b), 14), one);
  const lowShifted = i32x4.shr_s(low, 1);
  const highShifted = i32x4.shr_s(high, 1);
  return evenWords(lowShifted, highShifted);
}

/** Unsigned bytes of a times signed bytes of b, neighbours added with signed saturation. */
function sumOfMixedProducts(a: v128, b: v128): v128 {
  const evenA = v128.and(a, i16x8.splat(0xff));
  const oddA = i16x8.shr_u(a, 8);
  const evenB = i16x8.shr_s(i16x8.shl(b, 8), 8);
  const oddB = i16x8.shr_s(b, 8);
  return i16x8.add_sat_s(i16x8.mul(evenA, evenB), i16x8.mul(oddA, oddB));
}

function signedLowDoublewords(a: v128): v128 {
  return i64x2.shr_s(i64x2.shl(a, 32), 32);
}
