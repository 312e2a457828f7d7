/**
 * Fused multiply-add: ±(a × b) ± c with one rounding, of binary32 and binary64.
 * Source: SDM Vol. 1, "FMA Instruction Operand Order and Arithmetic Behavior", "Rules for Handling NaN Inputs"; IEEE 754, 5.4.1.
 */
import { Op, UOP_A, UOP_B, UOP_DST, UOP_EXTRA, UOP_IMM } from '../../../isa/uop';
import { multiplyHighUnsigned } from '../operations/multiply';
import { zeroOfDifference } from './arithmetic';
import { begin, finish, flag, IE } from './environment';
import {
  exponent,
  infinity,
  isInfinite,
  isNan,
  isSignalling,
  isZero,
  invalid,
  noteDenormal,
  operand,
  quietBit,
  rounded,
  signBit,
  significand,
} from './format';
import { RESULT } from './result';

/** Families of four: ps, pd, ss, sd; the alternating ones of two: ps, pd. */
export function executeFused(uop: u32, op: i32): bool {
  const alternates = op >= Op.Fmaddsubps;
  const kind = (op - Op.Fmaddps) >> 2;
  const shape = alternates ? (op - Op.Fmaddsubps) & 1 : (op - Op.Fmaddps) & 3;
  const negatesProduct = !alternates && kind >= 2;
  const bytes: u32 = load<u32>(uop, UOP_IMM) == 256 ? 32 : 16;
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  const c = load<u32>(uop, UOP_EXTRA);
  const dst = load<u32>(uop, UOP_DST);
  const element: u32 = (shape & 1) == 0 ? 4 : 8;
  const end: u32 = shape < 2 ? bytes : element;
  begin();
  v128.store(RESULT, v128.load(dst));
  for (let at: u32 = 0; at < end; at += element) {
    // FMADDSUB subtracts in even places, FMSUBADD in odd ones.
    const negates = alternates
      ? ((at / element) & 1) == (op >= Op.Fmsubaddps ? 1 : 0)
      : (kind & 1) != 0;
    if (element == 4) {
      const x = load<u32>(a + at);
      const y = load<u32>(b + at);
      store<u32>(RESULT + at, u32(fused<u32>(x, y, load<u32>(c + at), negatesProduct, negates)));
    } else {
      const x = load<u64>(a + at);
      const y = load<u64>(b + at);
      store<u64>(RESULT + at, fused<u64>(x, y, load<u64>(c + at), negatesProduct, negates));
    }
  }
  if (finish()) return true;
  memory.copy(dst, RESULT, bytes);
  return false;
}

function fused<T extends number>(
  first: u64,
  second: u64,
  third: u64,
  negatesProduct: bool,
  negatesAddend: bool,
): u64 {
  const a = operand<T>(first);
  const b = operand<T>(second);
  const addend = operand<T>(third);
  const undefinedProduct = (isInfinite<T>(a) && isZero<T>(b)) || (isZero<T>(a) && isInfinite<T>(b));
  if (isNan<T>(a) || isNan<T>(b) || isNan<T>(addend)) {
    if (isSignalling<T>(a) || isSignalling<T>(b) || isSignalling<T>(addend)) flag(IE);
    return (isNan<T>(a) ? a : isNan<T>(b) ? b : addend) | quietBit<T>();
  }
  if (undefinedProduct) return invalid<T>();
  const sign = ((a ^ b) & signBit<T>()) ^ (negatesProduct ? signBit<T>() : 0);
  const c = negatesAddend ? addend ^ signBit<T>() : addend;
  const infiniteProduct = isInfinite<T>(a) || isInfinite<T>(b);
  if (infiniteProduct && isInfinite<T>(c) && sign != (c & signBit<T>())) return invalid<T>();
  noteDenormal<T>(a);
  noteDenormal<T>(b);
  noteDenormal<T>(c);
  if (infiniteProduct) return sign | infinity<T>();
  if (isInfinite<T>(c)) return c;
  if (isZero<T>(a) || isZero<T>(b)) {
    if (!isZero<T>(c)) return rounded<T>(c & signBit<T>(), exponent<T>(c), significand<T>(c));
    return sign == (c & signBit<T>()) ? sign : zeroOfDifference<T>();
  }
  return finiteSum<T>(a, b, c, sign);
}

// A number of 128 bits, of which bit 127 is the first one: the product, then the sum.
let high: u64 = 0;
let low: u64 = 0;

/** a × b (with this sign) + c of finite numbers, a and b not zero. */
function finiteSum<T extends number>(a: u64, b: u64, c: u64, sign: u64): u64 {
  high = multiplyHighUnsigned(significand<T>(a), significand<T>(b));
  low = significand<T>(a) * significand<T>(b);
  let power = exponent<T>(a) + exponent<T>(b) + 1;
  if (high >> 63 == 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    power--;
  }
  if (isZero<T>(c)) return rounded<T>(sign, power, high | u64(low != 0));
  const signOfC = c & signBit<T>();
  const powerOfC = exponent<T>(c);
  const fraction = significand<T>(c);
  const productIsLarger = power > powerOfC || (power == powerOfC && high >= fraction);
  // One bit of headroom: the low bits of products are zero.
  let largeHigh = (productIsLarger ? high : fraction) >> 1;
  let largeLow = productIsLarger ? (high << 63) | (low >> 1) : fraction << 63;
  const smallHigh = (productIsLarger ? fraction : high) >> 1;
  const smallLow = productIsLarger ? fraction << 63 : (high << 63) | (low >> 1);
  const larger = productIsLarger ? power : powerOfC;
  shiftRight(smallHigh, smallLow, larger - (productIsLarger ? powerOfC : power));
  if (sign == signOfC) {
    const sum = largeLow + low;
    largeHigh += high + u64(sum < largeLow);
    largeLow = sum;
  } else {
    const borrow = u64(largeLow < low);
    largeLow -= low;
    largeHigh -= high + borrow;
  }
  if ((largeHigh | largeLow) == 0) return zeroOfDifference<T>();
  const shift = largeHigh != 0 ? i32(clz(largeHigh)) : 64 + i32(clz(largeLow));
  const normal = shift >= 64 ? largeLow << (shift - 64) : shiftedLeft(largeHigh, largeLow, shift);
  const rest = shift >= 64 ? 0 : largeLow << shift;
  const signOfSum = productIsLarger ? sign : signOfC;
  return rounded<T>(signOfSum, larger + 1 - shift, normal | u64(rest != 0));
}

function shiftedLeft(upper: u64, lower: u64, shift: i32): u64 {
  return shift == 0 ? upper : (upper << shift) | (lower >> (64 - shift));
}

/** high:low ← the number shifted right; ones that fall out leave a one in bit 0. */
function shiftRight(upper: u64, lower: u64, count: i32): void {
  if (count > 127) {
    high = 0;
    low = u64((upper | lower) != 0);
  } else if (count >= 64) {
    const by = count - 64;
    const lost = by == 0 ? lower : lower | (upper << (64 - by));
    high = 0;
    low = (upper >> by) | u64(lost != 0);
  } else if (count == 0) {
    high = upper;
    low = lower;
  } else {
    const lost = lower << (64 - count);
    high = upper >> count;
    low = (lower >> count) | (upper << (64 - count)) | u64(lost != 0);
  }
}
