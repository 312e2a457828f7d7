/**
 * CVTxx2xx: elements of vectors and general-purpose registers through the scalar conversions.
 * Source: SDM Vol. 2, the instructions' pages; the micro-op's name is the mnemonic.
 */
import { Op, UOP_A, UOP_B, UOP_DST, UOP_IMM } from '../../../isa/uop';
import { fromInteger, toFormat, toInteger } from './conversion';
import { begin, finish, finishHeldBack, ROUND_TO_ZERO, setRounding } from './environment';
import { RESULT, vectorBytes, written } from './result';

/** imm of Cvtps2ph. */
const FLAGS_HELD_BACK: u32 = 1 << 8;

export function executeConversion(uop: u32, op: i32): bool {
  begin();
  const b = load<u32>(uop, UOP_B);
  if (op >= Op.Cvtph2ps) return halfPrecision(uop, op, b);
  if (op >= Op.Cvtss2si32) {
    const value = scalarToInteger(op, b);
    if (finish()) return true;
    store<u64>(load<u32>(uop, UOP_DST), value);
    return false;
  }
  if (op == Op.Cvtss2sd || op == Op.Cvtsd2ss || op >= Op.Cvtsi2ss32) {
    v128.store(RESULT, v128.load(load<u32>(uop, UOP_A)));
    scalar(op, b);
  } else packed(op, b, vectorBytes(uop));
  return written(uop);
}

/** Elements of 16 bits beside elements of 32: what is left over of 128 bits is zero. MXCSR's DAZ and FTZ are for the latter only. */
function halfPrecision(uop: u32, op: i32, b: u32): bool {
  const count = vectorBytes(uop) >> 2;
  v128.store(RESULT, i64x2.splat(0));
  if (op == Op.Cvtph2ps) {
    for (let i: u32 = 0; i < count; i++) {
      store<u32>(RESULT + 4 * i, u32(toFormat<u16, u32>(load<u16>(b + 2 * i))));
    }
    return written(uop);
  }
  const imm = load<u32>(uop, UOP_IMM);
  if ((imm & 4) == 0) setRounding(imm & 3);
  for (let i: u32 = 0; i < count; i++) {
    store<u16>(RESULT + 2 * i, u16(toFormat<u32, u16>(load<u32>(b + 4 * i))));
  }
  if ((imm & FLAGS_HELD_BACK) != 0 ? finishHeldBack() : finish()) return true;
  v128.store(load<u32>(uop, UOP_DST), v128.load(RESULT));
  return false;
}

function scalarToInteger(op: i32, b: u32): u64 {
  if (op >= Op.Cvttss2si32) setRounding(ROUND_TO_ZERO);
  const bits = ((op - Op.Cvtss2si32) & 1) == 0 ? 32 : 64;
  const isDouble = ((op - Op.Cvtss2si32) & 2) != 0;
  return isDouble ? toInteger<u64>(load<u64>(b), bits) : toInteger<u32>(load<u32>(b), bits);
}

function scalar(op: i32, b: u32): void {
  switch (op) {
    case Op.Cvtss2sd:
      return store<u64>(RESULT, toFormat<u32, u64>(load<u32>(b)));
    case Op.Cvtsd2ss:
      return store<u32>(RESULT, u32(toFormat<u64, u32>(load<u64>(b))));
    case Op.Cvtsi2ss32:
      return store<u32>(RESULT, u32(fromInteger<u32>(load<i32>(b))));
    case Op.Cvtsi2ss64:
      return store<u32>(RESULT, u32(fromInteger<u32>(load<i64>(b))));
    case Op.Cvtsi2sd32:
      return store<u64>(RESULT, fromInteger<u64>(load<i32>(b)));
    default:
      return store<u64>(RESULT, fromInteger<u64>(load<i64>(b)));
  }
}

/** Where the elements have different widths, as many are converted as there are wide ones; what is left over becomes zero. */
function packed(op: i32, b: u32, bytes: u32): void {
  if (op == Op.Cvttps2dq || op == Op.Cvttpd2dq) setRounding(ROUND_TO_ZERO);
  memory.fill(RESULT, 0, 32);
  const wide = bytes >> 3;
  const narrow = bytes >> 2;
  switch (op) {
    case Op.Cvtps2pd:
      for (let i: u32 = 0; i < wide; i++) {
        store<u64>(RESULT + 8 * i, toFormat<u32, u64>(load<u32>(b + 4 * i)));
      }
      return;
    case Op.Cvtpd2ps:
      for (let i: u32 = 0; i < wide; i++) {
        store<u32>(RESULT + 4 * i, u32(toFormat<u64, u32>(load<u64>(b + 8 * i))));
      }
      return;
    case Op.Cvtdq2ps:
      for (let i: u32 = 0; i < narrow; i++) {
        store<u32>(RESULT + 4 * i, u32(fromInteger<u32>(load<i32>(b + 4 * i))));
      }
      return;
    case Op.Cvtdq2pd:
      for (let i: u32 = 0; i < wide; i++) {
        store<u64>(RESULT + 8 * i, fromInteger<u64>(load<i32>(b + 4 * i)));
      }
      return;
    case Op.Cvtps2dq:
    case Op.Cvttps2dq:
      for (let i: u32 = 0; i < narrow; i++) {
        store<u32>(RESULT + 4 * i, u32(toInteger<u32>(load<u32>(b + 4 * i), 32)));
      }
      return;
    default:
      for (let i: u32 = 0; i < wide; i++) {
        store<u32>(RESULT + 4 * i, u32(toInteger<u64>(load<u64>(b + 8 * i), 32)));
      }
  }
}
