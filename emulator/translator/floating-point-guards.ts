/**
 * Which numbers WebAssembly's arithmetic is used for: the tests of operands, results and MXCSR, on bits in i64 locals. See floating-point-emitter.ts.
 * Sources: SDM Vol. 1, "Floating-Point Formats", "MXCSR Control and Status Register".
 */
import { MXCSR_PE, MXCSR_PM, MXCSR_RC } from '../isa/floating-point.js';
import { MXCSR } from '../isa/state-layout.js';
import type { Uop } from './block-reader.js';
import { L } from './region-code.js';
import { V, W, WV, type WasmCode } from './wasm-code.js';

/** `extra` of a vector micro-op of 256 bits. */
export const WIDTH_256 = 256;

/** Pushes whether MXCSR is not such that an inexact result changes nothing: PE set and masked, rounding to nearest. */
export function unsettled(code: WasmCode): void {
  code.i32(0).memory(W.I32Load, MXCSR);
  code.i32(MXCSR_PE | MXCSR_PM | MXCSR_RC).op(W.I32And);
  code.i32(MXCSR_PE | MXCSR_PM).op(W.I32Ne);
}

/** Bits of a format. */
export interface Format {
  readonly isDouble: boolean;
  readonly fractionBits: number;
  /** All ones: the exponent of infinities and NaNs. */
  readonly exponentMax: number;
}
export const SINGLE: Format = { isDouble: false, fractionBits: 23, exponentMax: 0xff };
export const DOUBLE: Format = { isDouble: true, fractionBits: 52, exponentMax: 0x7ff };

/** Pushes whether the number whose bits are in the i64 `local` is denormal. */
export function denormal(code: WasmCode, local: L, { isDouble, fractionBits }: Format): void {
  withoutSign(code, local, isDouble);
  code.i64(1).op(W.I64Sub);
  code.i64((1n << BigInt(fractionBits + 1)) - 1n).op(W.I64LtU);
}

/** Pushes twice the magnitude of the bits, so that the sign is gone. */
function withoutSign(code: WasmCode, local: L, isDouble: boolean): void {
  if (isDouble) code.get(local).i64(1).op(W.I64Shl);
  else {
    code.get(local).i64(0x7fff_ffff).op(W.I64And);
    code.i64(1).op(W.I64Shl);
  }
}

/** Pushes whether it is that, or a NaN. */
export function denormalOrNan(code: WasmCode, local: L, format: Format): void {
  denormal(code, local, format);
  withoutSign(code, local, format.isDouble);
  code.i64(BigInt(format.exponentMax) << BigInt(format.fractionBits + 1)).op(W.I64GtU);
  code.op(W.I32Or);
}

/** Makes bits, in an i64, of the number on the stack. */
function bitsOf(code: WasmCode, { isDouble }: Format): void {
  if (isDouble) code.op(W.I64ReinterpretF64);
  else code.op(W.I32ReinterpretF32).op(W.I64ExtendI32U);
}

/** Pushes whether those bits are zero's, of either sign. */
export function zero(code: WasmCode, local: L, { isDouble }: Format): void {
  withoutSign(code, local, isDouble);
  code.op(W.I64Eqz);
}

/** Pushes whether the bits are not those of a finite number from the second power of two on that is normal. */
export function unsafe(
  code: WasmCode,
  local: L,
  { isDouble, fractionBits, exponentMax }: Format,
): void {
  const unit = 1n << BigInt(fractionBits + 1);
  withoutSign(code, local, isDouble);
  code.i64(2n * unit).op(W.I64Sub);
  code.i64(BigInt(exponentMax - 2) * unit - 1n).op(W.I64GtU);
}

/** `fast` branches to the depth it is given where `slow` is to be done instead. */
export function guarded(code: WasmCode, fast: (slow: number) => void, slow: () => void): void {
  const done = code.open(W.Block);
  const otherwise = code.open(W.Block);
  fast(otherwise);
  code.branch(done);
  code.close();
  slow();
  code.close();
}

/** Takes the number on the stack as a result: into a local, for `writeLow`, and its bits into L.Value. */
export function takeResult(code: WasmCode, format: Format): void {
  code.tee(format.isDouble ? L.Double : L.Single);
  bitsOf(code, format);
  code.set(L.Value);
}

/** dst ← a with the low element from the result: one store, so that a load of either size finds it whole. */
export function writeLow(code: WasmCode, { a, dst }: Uop, { isDouble }: Format): void {
  code.i32(0).i32(0).vector(WV.Load, a);
  if (isDouble) code.get(L.Double).lane(V.F64Replace, 0);
  else code.get(L.Single).lane(V.F32Replace, 0);
  code.vector(WV.Store, dst);
}

/** Pushes the number at an address. */
export function loadNumber(code: WasmCode, address: number, { isDouble }: Format): void {
  code.i32(0).memory(isDouble ? W.F64Load : W.F32Load, address);
}
