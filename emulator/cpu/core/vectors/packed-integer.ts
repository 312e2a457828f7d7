/**
 * Packed integer arithmetic, comparison, conversion, logic and shifts of 128 bits: result ← a op b.
 * Source: SDM Vol. 2, the instructions' pages; the micro-op's name is the mnemonic.
 */
import { Op } from '../../../isa/uop';
import { packedIntegerLater } from './packed-integer-later';

/** One jump table on purpose, as in the interpreter's loop. */
export function packedInteger(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case Op.Pand:
      return v128.and(a, b);
    case Op.Pandn:
      return v128.andnot(b, a);
    case Op.Por:
      return v128.or(a, b);
    case Op.Pxor:
      return v128.xor(a, b);
    case Op.Paddb:
      return i8x16.add(a, b);
    case Op.Paddw:
      return i16x8.add(a, b);
    case Op.Paddd:
      return i32x4.add(a, b);
    case Op.Paddq:
      return i64x2.add(a, b);
    case Op.Paddsb:
      return i8x16.add_sat_s(a, b);
    case Op.Paddsw:
      return i16x8.add_sat_s(a, b);
    case Op.Paddusb:
      return i8x16.add_sat_u(a, b);
    case Op.Paddusw:
      return i16x8.add_sat_u(a, b);
    case Op.Psubb:
      return i8x16.sub(a, b);
    case Op.Psubw:
      return i16x8.sub(a, b);
    case Op.Psubd:
      return i32x4.sub(a, b);
    case Op.Psubq:
      return i64x2.sub(a, b);
    case Op.Psubsb:
      return i8x16.sub_sat_s(a, b);
    case Op.Psubsw:
      return i16x8.sub_sat_s(a, b);
    case Op.Psubusb:
      return i8x16.sub_sat_u(a, b);
    case Op.Psubusw:
      return i16x8.sub_sat_u(a, b);
    case Op.Pmullw:
      return i16x8.mul(a, b);
    case Op.Pmulhw:
      return highHalves(i32x4.extmul_low_i16x8_s(a, b), i32x4.extmul_high_i16x8_s(a, b));
    case Op.Pmulhuw:
      return highHalves(i32x4.extmul_low_i16x8_u(a, b), i32x4.extmul_high_i16x8_u(a, b));
    case Op.Pmuludq:
      return i64x2.mul(lowDoublewords(a), lowDoublewords(b));
    case Op.Pmaddwd:
      return i32x4.dot_i16x8_s(a, b);
    case Op.Psadbw:
      return sumOfDifferences(a, b);
    case Op.Pavgb:
      return i8x16.avgr_u(a, b);
    case Op.Pavgw:
      return i16x8.avgr_u(a, b);
    case Op.Pminub:
      return i8x16.min_u(a, b);
    case Op.Pminsw:
      return i16x8.min_s(a, b);
    case Op.Pmaxub:
      return i8x16.max_u(a, b);
    case Op.Pmaxsw:
      return i16x8.max_s(a, b);
    case Op.Pcmpeqb:
      return i8x16.eq(a, b);
    case Op.Pcmpeqw:
      return i16x8.eq(a, b);
    case Op.Pcmpeqd:
      return i32x4.eq(a, b);
    case Op.Pcmpgtb:
      return i8x16.gt_s(a, b);
    case Op.Pcmpgtw:
      return i16x8.gt_s(a, b);
    case Op.Pcmpgtd:
      return i32x4.gt_s(a, b);
    case Op.Packsswb:
      return i8x16.narrow_i16x8_s(a, b);
    case Op.Packssdw:
      return i16x8.narrow_i32x4_s(a, b);
    case Op.Packuswb:
      return i8x16.narrow_i16x8_u(a, b);
    case Op.Punpcklbw:
      return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    case Op.Punpcklwd:
      return i8x16.shuffle(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
    case Op.Punpckldq:
      return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    case Op.Punpcklqdq:
      return i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    case Op.Punpckhbw:
      return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    case Op.Punpckhwd:
      return i8x16.shuffle(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
    case Op.Punpckhdq:
      return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    case Op.Punpckhqdq:
      return i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    default:
      return op <= Op.Psrldq
        ? shifted(op, a, i64x2.extract_lane(b, 0))
        : packedIntegerLater(op, a, b);
  }
}

/** Bits 31-16 of eight doublewords. */
function highHalves(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
}

function lowDoublewords(a: v128): v128 {
  return v128.and(a, i64x2.splat(0xffffffff));
}

function sumOfDifferences(a: v128, b: v128): v128 {
  const difference = v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
  const words = i16x8.extadd_pairwise_i8x16_u(difference);
  const doublewords = i32x4.extadd_pairwise_i16x8_u(words);
  return i64x2.add(lowDoublewords(doublewords), i64x2.shr_u(doublewords, 32));
}

/** Shifts by the same count in every element; one beyond the element's width leaves nothing but the sign. */
function shifted(op: i32, a: v128, count: u64): v128 {
  const by = i32(min<u64>(count, 255));
  switch (op) {
    case Op.Psllw:
      return by > 15 ? zero() : i16x8.shl(a, by);
    case Op.Pslld:
      return by > 31 ? zero() : i32x4.shl(a, by);
    case Op.Psllq:
      return by > 63 ? zero() : i64x2.shl(a, by);
    case Op.Psrlw:
      return by > 15 ? zero() : i16x8.shr_u(a, by);
    case Op.Psrld:
      return by > 31 ? zero() : i32x4.shr_u(a, by);
    case Op.Psrlq:
      return by > 63 ? zero() : i64x2.shr_u(a, by);
    case Op.Psraw:
      return i16x8.shr_s(a, min(by, 15));
    case Op.Psrad:
      return i32x4.shr_s(a, min(by, 31));
    case Op.Pslldq:
      return i8x16.swizzle(a, i8x16.sub(byteNumbers(), i8x16.splat(i8(min(by, 16)))));
    default:
      return i8x16.swizzle(a, i8x16.add(byteNumbers(), i8x16.splat(i8(min(by, 16)))));
  }
}

function zero(): v128 {
  return i64x2.splat(0);
}

function byteNumbers(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
