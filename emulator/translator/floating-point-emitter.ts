/**
 * SSE and SSE2 arithmetic as WebAssembly's own, where that is known to be what the definition
 * (cpu/core/floating-point) gives, flags included; everything else is a call of the definition. The conditions are
 * those under which the definition itself computes natively: MXCSR rounds to nearest, PE is masked and already set, no operand
 * is denormal, and the result is normal and not the smallest normal number, below which rounding may have come from a
 * tiny one; or it is an exact zero. Then no other flag can arise. FTZ and DAZ have no part in it.
 * Sources: SDM Vol. 1, "MXCSR Control and Status Register"; Vol. 2, the instructions' pages; W3C, "WebAssembly Core
 * Specification", "Floating-Point Operations": round to nearest, ties to even.
 */
import { ArithmeticFamily } from '../isa/floating-point.js';
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import { FloatingPointConversionEmitter } from './floating-point-conversion-emitter.js';
import type { FlagEmitter } from './flag-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import {
  denormal,
  denormalOrNan,
  DOUBLE,
  guarded,
  loadNumber,
  SINGLE,
  takeResult,
  unsafe,
  unsettled,
  WIDTH_256,
  writeLow,
  zero,
  type Format,
} from './floating-point-guards.js';
import { L } from './region-code.js';
import { V, W, WV, type WasmCode } from './wasm-code.js';

/** By family. */
const SCALAR: readonly (readonly [single: W, double: W] | null)[] = [
  [W.F32Add, W.F64Add],
  [W.F32Sub, W.F64Sub],
  [W.F32Mul, W.F64Mul],
  [W.F32Div, W.F64Div],
  null,
  null,
  [W.F32Sqrt, W.F64Sqrt],
];
/** Of MIN and MAX: what gives b unless a is less (greater), with the operands exchanged. */
const PACKED: readonly (readonly [single: V, double: V])[] = [
  [V.F32Add, V.F64Add],
  [V.F32Sub, V.F64Sub],
  [V.F32Mul, V.F64Mul],
  [V.F32Div, V.F64Div],
  [V.F32LesserFirst, V.F64LesserFirst],
  [V.F32GreaterFirst, V.F64GreaterFirst],
  [V.F32Sqrt, V.F64Sqrt],
];

export class FloatingPointEmitter {
  private readonly conversions: FloatingPointConversionEmitter;

  constructor(
    private readonly code: WasmCode,
    operands: OperandEmitter,
    flags: FlagEmitter,
    /** Calls the definition, which reads and writes memory alone and the slots that the operands name. */
    private readonly call: (uop: Uop) => void,
  ) {
    this.conversions = new FloatingPointConversionEmitter(code, operands, flags, call);
  }

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    if (uop.op < Op.Addps || uop.op > Op.Sqrtsd) return this.conversions.emit(uop);
    const family: ArithmeticFamily = (uop.op - Op.Addps) >> 2;
    const shape = (uop.op - Op.Addps) & 3;
    const format = (shape & 1) === 0 ? SINGLE : DOUBLE;
    if (shape < 2) return this.packed(uop, family, format);
    if (family === ArithmeticFamily.Min || family === ArithmeticFamily.Max)
      return this.extreme(uop, family, format);
    return this.scalar(uop, family, format);
  }

  private guarded(uop: Uop, fast: (slow: number) => void): true {
    guarded(this.code, fast, () => this.call(uop));
    return true;
  }

  /** L.A, L.B ← the operands' bits. */
  private operandBits({ a, b }: Uop, { isDouble }: Format): void {
    const load = isDouble ? W.I64Load : W.I64Load32U;
    this.code.i32(0).memory(load, a).set(L.A).i32(0).memory(load, b).set(L.B);
  }

  private scalar(uop: Uop, family: ArithmeticFamily, format: Format): boolean {
    const { code } = this;
    const { isDouble } = format;
    const operation = SCALAR[family]?.[isDouble ? 1 : 0];
    if (operation === undefined) return false;
    return this.guarded(uop, (slow) => {
      unsettled(code);
      code.branchRarely(slow);
      this.operandBits(uop, format);
      if (family !== ArithmeticFamily.Sqrt) loadNumber(code, uop.a, format);
      loadNumber(code, uop.b, format);
      code.op(operation);
      takeResult(code, format);
      if (family !== ArithmeticFamily.Sqrt) {
        denormal(code, L.A, format);
        code.branchRarely(slow);
      }
      denormal(code, L.B, format);
      code.branchRarely(slow);
      unsafe(code, L.Value, format);
      code.openRare();
      this.exactZero(family, format);
      code.op(W.I32Eqz).branchRarely(slow);
      code.close();
      writeLow(code, uop, format);
    });
  }

  /** Pushes whether L.Value is a zero that L.A and L.B, neither denormal, give exactly. */
  private exactZero(family: ArithmeticFamily, format: Format): void {
    const { code } = this;
    zero(code, L.Value, format);
    if (family === ArithmeticFamily.Mul || family === ArithmeticFamily.Div) {
      zero(code, L.A, format);
      if (family === ArithmeticFamily.Mul) {
        zero(code, L.B, format);
        code.op(W.I32Or);
      }
      code.op(W.I32And);
    }
  }

  /** MINSS and its kin: no rounding, so that MXCSR does not matter. */
  private extreme(uop: Uop, family: ArithmeticFamily, format: Format): true {
    const { code } = this;
    const { isDouble } = format;
    return this.guarded(uop, (slow) => {
      this.operandBits(uop, format);
      for (const local of [L.A, L.B]) {
        denormalOrNan(code, local, format);
        code.branchRarely(slow);
      }
      // b of two equal numbers.
      const order = family === ArithmeticFamily.Min ? [uop.a, uop.b] : [uop.b, uop.a];
      for (const address of [uop.a, uop.b, ...order]) loadNumber(code, address, format);
      code.op(isDouble ? W.F64Lt : W.F32Lt).op(W.Select);
      code.set(isDouble ? L.Double : L.Single);
      writeLow(code, uop, format);
    });
  }

  private packed(uop: Uop, family: ArithmeticFamily, format: Format): boolean {
    const { code } = this;
    const operation = PACKED[family]?.[format.isDouble ? 1 : 0];
    if (operation === undefined || uop.extra === WIDTH_256) return false;
    const rounds = family !== ArithmeticFamily.Min && family !== ArithmeticFamily.Max;
    const pushA = (): void => void code.i32(0).vector(WV.Load, uop.a);
    const pushB = (): void => void code.i32(0).vector(WV.Load, uop.b);
    const pushValue = (): void => void code.get(L.Vector);
    return this.guarded(uop, (slow) => {
      if (rounds) {
        unsettled(code);
        code.branchRarely(slow);
      }
      if (!rounds) pushB();
      if (family !== ArithmeticFamily.Sqrt) pushA();
      if (rounds) pushB();
      code.simd(operation).set(L.Vector);
      this.zeroOrNormal(pushB, format);
      if (family !== ArithmeticFamily.Sqrt) {
        this.zeroOrNormal(pushA, format);
        code.simd(V.And);
      }
      if (rounds) {
        this.exactOrNormal(family, pushA, pushB, pushValue, format);
        code.simd(V.And);
      }
      code.simd(format.isDouble ? V.I64AllTrue : V.I32AllTrue);
      code.op(W.I32Eqz).branchRarely(slow);
      code.i32(0);
      pushValue();
      code.vector(WV.Store, uop.dst);
    });
  }

  private splat(value: number, isDouble: boolean): void {
    if (isDouble) this.code.f64(value).simd(V.F64Splat);
    else this.code.f32(value).simd(V.F32Splat);
  }

  /** Pushes in each element whether it is zero, or of normal magnitude or infinite. */
  private zeroOrNormal(push: () => void, { isDouble }: Format): void {
    const { code } = this;
    push();
    code.simd(isDouble ? V.F64Abs : V.F32Abs);
    this.splat(isDouble ? 2 ** -1022 : 2 ** -126, isDouble);
    code.simd(isDouble ? V.F64Ge : V.F32Ge);
    this.zeroes(push, isDouble);
    code.simd(V.Or);
  }

  private zeroes(push: () => void, isDouble: boolean): void {
    push();
    this.splat(0, isDouble);
    this.code.simd(isDouble ? V.F64Eq : V.F32Eq);
  }

  /** Pushes in each element whether the result is finite and surely normal, or an exact zero: see `exactZero`. */
  private exactOrNormal(
    family: ArithmeticFamily,
    pushA: () => void,
    pushB: () => void,
    pushValue: () => void,
    { isDouble }: Format,
  ): void {
    const { code } = this;
    const magnitude = (bound: number, comparison: V): void => {
      pushValue();
      code.simd(isDouble ? V.F64Abs : V.F32Abs);
      this.splat(bound, isDouble);
      code.simd(comparison);
    };
    magnitude(isDouble ? 2 ** -1021 : 2 ** -125, isDouble ? V.F64Ge : V.F32Ge);
    magnitude(
      isDouble ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127,
      isDouble ? V.F64Le : V.F32Le,
    );
    code.simd(V.And);
    this.zeroes(pushValue, isDouble);
    if (family === ArithmeticFamily.Mul || family === ArithmeticFamily.Div) {
      this.zeroes(pushA, isDouble);
      if (family === ArithmeticFamily.Mul) {
        this.zeroes(pushB, isDouble);
        code.simd(V.Or);
      }
      code.simd(V.And);
    }
    code.simd(V.Or);
  }
}
