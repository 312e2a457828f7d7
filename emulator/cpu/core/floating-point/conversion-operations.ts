/**
 * CVTxx2xx: elements of vectors and general-purpose registers through the scalar conversions.
 * Source: SDM Vol. 2, the instructions' pages; the micro-op's name is the mnemonic.
 */
import { Op, UOP_A, UOP_B, UOP_DST } from '../../../isa/uop';
import { fromInteger, toFormat, toInteger } from './conversion';
import { begin, finish, ROUND_TO_ZERO, setRounding } from './environment';

const RESULT: u32 = u32(memory.data(16, 16));

export function executeConversion(uop: u32, op: i32): bool {
  begin();
  const b = load<u32>(uop, UOP_B);
  if (op >= Op.Cvtss2si32) {
    const value = scalarToInteger(op, b);
    if (finish()) return true;
    store<u64>(load<u32>(uop, UOP_DST), value);
    return false;
  }
  if (op == Op.Cvtss2sd || op == Op.Cvtsd2ss || op >= Op.Cvtsi2ss32) {
    v128.store(RESULT, v128.load(load<u32>(uop, UOP_A)));
    scalar(op, b);
  } else packed(op, b);
  if (finish()) return true;
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

/** Where the elements have different widths, two are converted; the upper half becomes zero where it is left over. */
function packed(op: i32, b: u32): void {
  if (op == Op.Cvttps2dq || op == Op.Cvttpd2dq) setRounding(ROUND_TO_ZERO);
  v128.store(RESULT, i64x2.splat(0));
  switch (op) {
    case Op.Cvtps2pd:
      for (let i: u32 = 0; i < 2; i++) {
        store<u64>(RESULT + 8 * i, toFormat<u32, u64>(load<u32>(b + 4 * i)));
      }
      return;
    case Op.Cvtpd2ps:
      for (let i: u32 = 0; i < 2; i++) {
        store<u32>(RESULT + 4 * i, u32(toFormat<u64, u32>(load<u64>(b + 8 * i))));
      }
      return;
    case Op.Cvtdq2ps:
      for (let i: u32 = 0; i < 4; i++) {
        store<u32>(RESULT + 4 * i, u32(fromInteger<u32>(load<i32>(b + 4 * i))));
      }
      return;
    case Op.Cvtdq2pd:
      for (let i: u32 = 0; i < 2; i++) {
        store<u64>(RESULT + 8 * i, fromInteger<u64>(load<i32>(b + 4 * i)));
      }
      return;
    case Op.Cvtps2dq:
    case Op.Cvttps2dq:
      for (let i: u32 = 0; i < 4; i++) {
        store<u32>(RESULT + 4 * i, u32(toInteger<u32>(load<u32>(b + 4 * i), 32)));
      }
      return;
    default:
      for (let i: u32 = 0; i < 2; i++) {
        store<u32>(RESULT + 4 * i, u32(toInteger<u64>(load<u64>(b + 8 * i), 32)));
      }
  }
}
