/**
 * Comparisons into flags and conversions of SSE and SSE2 as WebAssembly's own, where they are exact or MXCSR is such that it
 * does not matter; else they are calls of the definition. See floating-point-emitter.ts.
 * Sources: SDM Vol. 2, UCOMISS, COMISS and the pages of CVTxx2xx; Vol. 1, "Integer indefinite"; W3C, "WebAssembly Core Specification",
 * "Floating-Point Operations", "Conversions".
 */
import { FLAG_AUX, FLAG_RESULT } from '../isa/state-layout.js';
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import { RESULT_AND_AUXILIARY, type FlagEmitter } from './flag-emitter.js';
import {
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
import type { OperandEmitter } from './operand-emitter.js';
import { L, WIDTH_32, WIDTH_64 } from './region-code.js';
import { Saturating, V, W, WV, type WasmCode } from './wasm-code.js';

/** Where FLAG_AUX holds the correction of PF. */
const PARITY_SHIFT = 16;
/** Integers up to 2^53, and to 2^24, are numbers of the formats. */
const EXACT_DOUBLE = 1n << 53n;
const EXACT_SINGLE = 1n << 24n;

export class FloatingPointConversionEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly call: (uop: Uop) => void,
  ) {}

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op >= Op.Ucomiss && op <= Op.Comisd) {
      this.comparison(uop, ((op - Op.Ucomiss) & 1) === 0 ? SINGLE : DOUBLE);
    } else if (op === Op.Cvtss2sd) this.widened(uop);
    else if (op === Op.Cvtsd2ss) this.narrowed(uop);
    else if (op >= Op.Cvtsi2ss32 && op <= Op.Cvtsi2sd64) this.fromInteger(uop);
    else if (op >= Op.Cvtss2si32 && op <= Op.Cvttsd2si64) this.toInteger(uop);
    else if (op === Op.Cvtdq2pd && uop.extra !== WIDTH_256) {
      this.code.i32(0).i32(0).vector(WV.Load, uop.b).simd(V.F64ConvertLowI32S);
      this.code.vector(WV.Store, uop.dst);
    } else return false;
    return true;
  }

  private loadBits(address: number, local: L, { isDouble }: Format): void {
    const load = isDouble ? W.I64Load : W.I64Load32U;
    this.code.i32(0).memory(load, address).set(local);
  }

  /**
   * UCOMISS, COMISS and their kin on numbers that are neither denormal nor NaN. ZF and CF from a = b and a < b; PF, SF, OF and AF are clear,
   * and a result of 0, as ZF needs it, would read as even parity.
   */
  private comparison(uop: Uop, format: Format): void {
    const { code } = this;
    const compare = (opcode: W): void => {
      loadNumber(code, uop.a, format);
      loadNumber(code, uop.b, format);
      code.op(opcode).op(W.I64ExtendI32U);
    };
    guarded(
      code,
      (slow) => {
        this.loadBits(uop.a, L.A, format);
        this.loadBits(uop.b, L.B, format);
        for (const local of [L.A, L.B]) {
          denormalOrNan(code, local, format);
          code.branchRarely(slow);
        }
        compare(format.isDouble ? W.F64Eq : W.F32Eq);
        code.tee(L.Value).i64(1).op(W.I64Xor).set(L.FlagA);
        compare(format.isDouble ? W.F64Lt : W.F32Lt);
        code.get(L.Value).i64(PARITY_SHIFT).op(W.I64Shl).op(W.I64Or).set(L.FlagB);
      },
      () => {
        this.call(uop);
        code.i32(0).memory(W.I64Load, FLAG_RESULT).set(L.FlagA);
        code.i32(0).memory(W.I64Load32U, FLAG_AUX).set(L.FlagB);
      },
    );
    this.flags.state = { kind: RESULT_AND_AUXILIARY, base: null };
  }

  /** CVTSS2SD: exact. */
  private widened(uop: Uop): void {
    const { code } = this;
    guarded(
      code,
      (slow) => {
        this.loadBits(uop.b, L.B, SINGLE);
        denormalOrNan(code, L.B, SINGLE);
        code.branchRarely(slow);
        loadNumber(code, uop.b, SINGLE);
        code.op(W.F64PromoteF32);
        takeResult(code, DOUBLE);
        writeLow(code, uop, DOUBLE);
      },
      () => this.call(uop),
    );
  }

  /** CVTSD2SS. A denormal gives no normal result, and no zero that counts. */
  private narrowed(uop: Uop): void {
    const { code } = this;
    guarded(
      code,
      (slow) => {
        unsettled(code);
        code.branchRarely(slow);
        this.loadBits(uop.b, L.B, DOUBLE);
        loadNumber(code, uop.b, DOUBLE);
        code.op(W.F32DemoteF64);
        takeResult(code, SINGLE);
        unsafe(code, L.Value, SINGLE);
        zero(code, L.B, DOUBLE);
        code.op(W.I32Eqz).op(W.I32And).branchRarely(slow);
        writeLow(code, uop, SINGLE);
      },
      () => this.call(uop),
    );
  }

  /** CVTSI2SS, CVTSI2SD: exact up to a size; beyond it the result is normal. */
  private fromInteger(uop: Uop): void {
    const { code, operands } = this;
    const number = uop.op - Op.Cvtsi2ss32;
    const format = number < 2 ? SINGLE : DOUBLE;
    const wide = (number & 1) !== 0;
    const exact = format.isDouble ? EXACT_DOUBLE : EXACT_SINGLE;
    guarded(
      code,
      (slow) => {
        if (wide) operands.read(uop, uop.b, WIDTH_64);
        else operands.readSigned(uop, uop.b, WIDTH_32);
        code.set(L.B);
        if (wide || !format.isDouble) {
          code
            .get(L.B)
            .i64(exact)
            .op(W.I64Add)
            .i64(2n * exact)
            .op(W.I64GtU);
          unsettled(code);
          code.op(W.I32And).branchRarely(slow);
        }
        code.get(L.B).op(format.isDouble ? W.F64ConvertI64S : W.F32ConvertI64S);
        takeResult(code, format);
        writeLow(code, uop, format);
      },
      () => this.call(uop),
    );
  }

  /** CVTSS2SI, CVTTSS2SI and their kin, in range. MXCSR does not matter where nothing is lost. */
  private toInteger(uop: Uop): void {
    const { code, operands } = this;
    const number = uop.op - Op.Cvtss2si32;
    const truncates = uop.op >= Op.Cvttss2si32;
    const format = (number & 2) === 0 ? SINGLE : DOUBLE;
    const wide = (number & 1) !== 0;
    const { isDouble } = format;
    guarded(
      code,
      (slow) => {
        this.loadBits(uop.b, L.B, format);
        denormalOrNan(code, L.B, format);
        code.branchRarely(slow);
        loadNumber(code, uop.b, format);
        if (!truncates) code.op(isDouble ? W.F64Nearest : W.F32Nearest);
        code.saturating(isDouble ? Saturating.I64F64 : Saturating.I64F32).set(L.Value);
        // What saturates is out of range, or lies at its end.
        code.get(L.Value);
        if (wide) {
          code.i64((1n << 63n) + 1n).op(W.I64Add);
          code.i64(1).op(W.I64LeU);
        } else code.op(W.I64Extend32S).get(L.Value).op(W.I64Ne);
        code.branchRarely(slow);
        loadNumber(code, uop.b, format);
        code.get(L.Value).op(isDouble ? W.F64ConvertI64S : W.F32ConvertI64S);
        code.op(isDouble ? W.F64Eq : W.F32Eq).op(W.I32Eqz);
        unsettled(code);
        code.op(W.I32And).branchRarely(slow);
        code.get(L.Value);
        if (!wide) code.op(W.I32WrapI64).op(W.I64ExtendI32U);
        operands.write(uop.dst, wide ? WIDTH_64 : WIDTH_32);
      },
      () => this.call(uop),
    );
  }
}
