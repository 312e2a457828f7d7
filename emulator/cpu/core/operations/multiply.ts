/**
 * Multiplication. CF = OF = the product does not fit in the low half; ZF, SF, PF (undefined) follow the low half.
 * Source: Intel SDM Vol. 2, MUL, IMUL, MULX.
 */
import { RFLAGS_CF, RFLAGS_OF, setFlags } from '../flags';
import { UOP_DST, UOP_EXTRA } from '../../../isa/uop';
import { setSlot, SLOT_RAX, SLOT_RDX, sourceA } from './operand';

const DOES_NOT_FIT: u32 = RFLAGS_CF | RFLAGS_OF;

/** The high 64 bits of the unsigned 128-bit product. */
export function multiplyHighUnsigned(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >> 32);
  const middle2 = aLow * bHigh + (middle & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (middle2 >> 32);
}

/** The high 64 bits of the signed 128-bit product. */
export function multiplyHighSigned(a: i64, b: i64): i64 {
  const high = i64(multiplyHighUnsigned(u64(a), u64(b)));
  return high - ((a >> 63) & b) - ((b >> 63) & a);
}

/** AX, DX:AX, EDX:EAX or RDX:RAX ← accumulator * a, unsigned */
export function multiplyUnsigned<T extends number>(uop: u32): void {
  const a = sourceA<T>(uop);
  if (sizeof<T>() == 8) {
    const accumulator = load<u64>(SLOT_RAX);
    const high = multiplyHighUnsigned(accumulator, u64(a));
    finish<u64>(accumulator * u64(a), high, high != 0);
    return;
  }
  const product = u64(load<T>(SLOT_RAX)) * u64(a);
  const high = product >> u64(sizeof<T>() * 8);
  finish<T>(product as T, high as T, high != 0);
}

/** The same, signed */
export function multiplySigned<T extends number>(uop: u32): void {
  const a = sourceA<T>(uop);
  if (sizeof<T>() == 8) {
    const accumulator = load<i64>(SLOT_RAX);
    const low = accumulator * i64(a);
    const high = multiplyHighSigned(accumulator, i64(a));
    finish<u64>(u64(low), u64(high), high != low >> 63);
    return;
  }
  const product = widened<T>(load<T>(SLOT_RAX)) * widened<T>(a);
  const high = product >> i64(sizeof<T>() * 8);
  finish<T>(product as T, high as T, product != widened<T>(product as T));
}

/** dst ← low half of a * b, signed
 * @inline */
export function multiplyTruncated<T extends number>(a: T, b: T): T {
  if (sizeof<T>() == 8) {
    const low = i64(a) * i64(b);
    const fits = multiplyHighSigned(i64(a), i64(b)) == low >> 63;
    setFlags<u64>(u64(low), fits ? 0 : DOES_NOT_FIT);
    return low as T;
  }
  const product = widened<T>(a) * widened<T>(b);
  const result = product as T;
  setFlags<T>(result, product == widened<T>(result) ? 0 : DOES_NOT_FIT);
  return result;
}

/** MULX: slot at `extra` ← low half, then dst ← high half, of RDX * a; no flags */
export function multiplyWithoutFlags<T extends number>(uop: u32): void {
  const a = u64(sourceA<T>(uop));
  const lowSlot = load<u32>(uop, UOP_EXTRA);
  const highSlot = load<u32>(uop, UOP_DST);
  const multiplicand = load<u64>(SLOT_RDX);
  if (sizeof<T>() == 8) {
    const high = multiplyHighUnsigned(multiplicand, a);
    store<u64>(lowSlot, multiplicand * a);
    store<u64>(highSlot, high);
  } else {
    const product = u64(u32(multiplicand)) * a;
    setSlot<u32>(lowSlot, u32(product));
    setSlot<u32>(highSlot, u32(product >> 32));
  }
}

/** @inline */
function finish<T extends number>(low: T, high: T, overflows: bool): void {
  if (sizeof<T>() == 1) {
    store<u8>(SLOT_RAX, u8(low));
    store<u8>(SLOT_RAX + 1, u8(high));
  } else {
    setSlot<T>(SLOT_RAX, low);
    setSlot<T>(SLOT_RDX, high);
  }
  setFlags<T>(low, overflows ? DOES_NOT_FIT : 0);
}

/** @inline */
function widened<T extends number>(value: T): i64 {
  if (sizeof<T>() == 1) return i64(i8(value));
  if (sizeof<T>() == 2) return i64(i16(value));
  return i64(i32(value));
}
