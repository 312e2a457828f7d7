/**
 * Floating-point micro-ops: elements of vectors through the scalar functions, natively where that is provably the same.
 * Source: SDM Vol. 2, the instructions' pages; the micro-op's name is the mnemonic. Results are written only when no
 * unmasked exception was raised.
 */
import { ArithmeticFamily } from '../../../isa/floating-point';
import { Op, UOP_A, UOP_B, UOP_IMM } from '../../../isa/uop';
import { setStatusFlags } from '../flags';
import { add, divide, multiply, squareRoot, subtract } from './arithmetic';
import { compares, maximum, minimum, order } from './comparison';
import { toIntegral } from './conversion';
import { executeConversion } from './conversion-operations';
import { begin, finish, native, settled } from './environment';
import { exactDouble, exactSingle, exactZero } from './exactness';
import { isDenormal } from './format';
import { executeFused } from './fused';
import { executeHorizontal } from './horizontal';
import { reciprocal, reciprocalRoot } from './reciprocal';
import { copyResult, RESULT, vectorBytes, written } from './result';

/** Executes one micro-op from Addps on; returns whether it has faulted. */
export function executeFloatingPoint(uop: u32, op: i32): bool {
  if (op <= Op.Sqrtsd) return arithmetic(uop, op);
  if (op <= Op.Cmpsd) return comparison(uop, op);
  if (op <= Op.Hsubpd) return executeHorizontal(uop, op);
  if (op <= Op.Roundsd) return rounding(uop, op);
  if (op <= Op.Dppd) return executeHorizontal(uop, op);
  if (op <= Op.Rsqrtss) return approximation(uop, op);
  if (op <= Op.Comisd) return comparisonToFlags(uop, op);
  if (op >= Op.Fmaddps) return executeFused(uop, op);
  return executeConversion(uop, op);
}

/** Families of four: ps, pd, ss, sd. */
function arithmetic(uop: u32, op: i32): bool {
  const kind = (op - Op.Addps) >> 2;
  const shape = (op - Op.Addps) & 3;
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  begin();
  const bytes = vectorBytes(uop);
  v128.store(RESULT, v128.load(a));
  if ((shape & 1) == 0) {
    const end: u32 = shape == 0 ? bytes : 4;
    for (let at: u32 = 0; at < end; at += 4) {
      store<u32>(RESULT + at, single(kind, load<u32>(a + at), load<u32>(b + at)));
    }
  } else {
    const end: u32 = shape == 1 ? bytes : 8;
    for (let at: u32 = 0; at < end; at += 8) {
      store<u64>(RESULT + at, double(kind, load<u64>(a + at), load<u64>(b + at)));
    }
  }
  return written(uop);
}

/**
 * One element of binary32: natively when the operands are not denormal and the result is normal, and exact or PE set already;
 * else by the exact computation.
 */
function single(kind: i32, a: u32, b: u32): u32 {
  if (native && !isDenormal<u32>(a) && !isDenormal<u32>(b)) {
    const x = reinterpret<f32>(a);
    const y = reinterpret<f32>(b);
    let result: f32 = 0;
    if (kind == ArithmeticFamily.Add) result = x + y;
    else if (kind == ArithmeticFamily.Sub) result = x - y;
    else if (kind == ArithmeticFamily.Mul) result = x * y;
    else if (kind == ArithmeticFamily.Div) result = x / y;
    else if (kind == ArithmeticFamily.Sqrt) result = sqrt<f32>(y);
    const bits = reinterpret<u32>(result);
    const field = (bits >> 23) & 0xff;
    if (result == 0 && exactZero(kind, x == 0, y == 0)) return bits;
    if (field - 2 < 0xfd && (settled || exactSingle(kind, x, y, result))) return bits;
  }
  return u32(exact<u32>(kind, a, b));
}

function double(kind: i32, a: u64, b: u64): u64 {
  if (native && !isDenormal<u64>(a) && !isDenormal<u64>(b)) {
    const x = reinterpret<f64>(a);
    const y = reinterpret<f64>(b);
    let result: f64 = 0;
    if (kind == ArithmeticFamily.Add) result = x + y;
    else if (kind == ArithmeticFamily.Sub) result = x - y;
    else if (kind == ArithmeticFamily.Mul) result = x * y;
    else if (kind == ArithmeticFamily.Div) result = x / y;
    else if (kind == ArithmeticFamily.Sqrt) result = sqrt<f64>(y);
    const bits = reinterpret<u64>(result);
    const field = u32(bits >> 52) & 0x7ff;
    if (result == 0 && exactZero(kind, x == 0, y == 0)) return bits;
    if (field - 2 < 0x7fd && (settled || exactDouble(kind, x, y, result))) return bits;
  }
  return exact<u64>(kind, a, b);
}

function exact<T extends number>(kind: i32, a: u64, b: u64): u64 {
  switch (kind) {
    case ArithmeticFamily.Add:
      return add<T>(a, b);
    case ArithmeticFamily.Sub:
      return subtract<T>(a, b);
    case ArithmeticFamily.Mul:
      return multiply<T>(a, b);
    case ArithmeticFamily.Div:
      return divide<T>(a, b);
    case ArithmeticFamily.Min:
      return minimum<T>(a, b);
    case ArithmeticFamily.Max:
      return maximum<T>(a, b);
    default:
      return squareRoot<T>(b);
  }
}

function comparison(uop: u32, op: i32): bool {
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  const imm = load<u32>(uop, UOP_IMM);
  const predicate = imm & (imm > 0xff ? 31 : 7);
  begin();
  const bytes = vectorBytes(uop);
  v128.store(RESULT, v128.load(a));
  if (op == Op.Cmpps || op == Op.Cmpss) {
    const end: u32 = op == Op.Cmpps ? bytes : 4;
    for (let at: u32 = 0; at < end; at += 4) {
      const holds = compares<u32>(load<u32>(a + at), load<u32>(b + at), predicate);
      store<u32>(RESULT + at, holds ? 0xffffffff : 0);
    }
  } else {
    const end: u32 = op == Op.Cmppd ? bytes : 8;
    for (let at: u32 = 0; at < end; at += 8) {
      const holds = compares<u64>(load<u64>(a + at), load<u64>(b + at), predicate);
      store<u64>(RESULT + at, holds ? ~u64(0) : 0);
    }
  }
  return written(uop);
}

function rounding(uop: u32, op: i32): bool {
  const b = load<u32>(uop, UOP_B);
  const imm = load<u32>(uop, UOP_IMM);
  begin();
  const bytes = vectorBytes(uop);
  v128.store(RESULT, v128.load(load<u32>(uop, UOP_A)));
  if (op == Op.Roundps || op == Op.Roundss) {
    const end: u32 = op == Op.Roundps ? bytes : 4;
    for (let at: u32 = 0; at < end; at += 4) {
      store<u32>(RESULT + at, u32(toIntegral<u32>(load<u32>(b + at), imm)));
    }
  } else {
    const end: u32 = op == Op.Roundpd ? bytes : 8;
    for (let at: u32 = 0; at < end; at += 8) {
      store<u64>(RESULT + at, toIntegral<u64>(load<u64>(b + at), imm));
    }
  }
  return written(uop);
}

function approximation(uop: u32, op: i32): bool {
  const b = load<u32>(uop, UOP_B);
  const bytes = vectorBytes(uop);
  const end: u32 = op == Op.Rcpps || op == Op.Rsqrtps ? bytes : 4;
  v128.store(RESULT, v128.load(load<u32>(uop, UOP_A)));
  for (let at: u32 = 0; at < end; at += 4) {
    const value = load<u32>(b + at);
    store<u32>(RESULT + at, op <= Op.Rcpss ? reciprocal(value) : reciprocalRoot(value));
  }
  copyResult(uop);
  return false;
}

function comparisonToFlags(uop: u32, op: i32): bool {
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  const signalling = op >= Op.Comiss;
  begin();
  const flags =
    op == Op.Ucomiss || op == Op.Comiss
      ? order<u32>(load<u32>(a), load<u32>(b), signalling)
      : order<u64>(load<u64>(a), load<u64>(b), signalling);
  if (finish()) return true;
  setStatusFlags(flags);
  return false;
}
