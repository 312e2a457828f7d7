/**
 * BMI1 and BMI2 but for BEXTR, PDEP, PEXT and MULX, as cpu/core/operations/bit-manipulation.ts defines them, and the address of a bit string's
 * unit.
 */
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import { RESULT_AND_AUXILIARY, type FlagEmitter } from './flag-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import { L, signExtend, WIDTH_16, WIDTH_32, WIDTH_64, zeroExtend } from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

/** Families that are calls of their definitions, or another emitter's. */
const CALLED: readonly Op[] = [Op.Bextr32, Op.Pdep32, Op.Pext32, Op.Mulx32];

export class BitManipulationEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
  ) {}

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op >= Op.BitStringAddress16 && op <= Op.BitStringAddress64)
      this.bitStringAddress(uop, WIDTH_16 + op - Op.BitStringAddress16);
    else if (op >= Op.Andn32 && op <= Op.Shrx64) return this.bitManipulation(uop);
    else return false;
    return true;
  }

  private bitStringAddress(uop: Uop, width: number): void {
    const { code, operands } = this;
    operands.read(uop, uop.a, WIDTH_64);
    operands.readSigned(uop, uop.b, width);
    code
      .i64(3 + width)
      .op(W.I64ShrS)
      .i64(width)
      .op(W.I64Shl)
      .op(W.I64Add);
    operands.write(uop.dst, WIDTH_64);
  }

  private bitManipulation(uop: Uop): boolean {
    const { code, operands } = this;
    const width = WIDTH_32 + ((uop.op - Op.Andn32) & 1);
    const family = (uop.op - (width - WIDTH_32)) as Op;
    if (CALLED.includes(family)) return false;
    if (family === Op.Sarx32) operands.readSigned(uop, uop.a, width);
    else operands.read(uop, uop.a, width);
    code.set(L.A);
    if (family === Op.Andn32 || family >= Op.Bzhi32) {
      operands.read(uop, uop.b, width);
      code.set(L.B);
    }
    if (family >= Op.Rorx32) this.shiftWithoutFlags(family, width);
    else this.field(family, width);
    zeroExtend(code, width);
    code.set(L.Value).get(L.Value);
    operands.write(uop.dst, width);
    if (family === Op.Andn32) this.flags.set(Op.And8 + width, L.Value, null);
    else if (family < Op.Rorx32) {
      code.get(L.Value);
      signExtend(code, width);
      code.set(L.Value);
      this.flags.set(RESULT_AND_AUXILIARY, L.Value, L.Carry);
    }
    return true;
  }

  /** RORX, SARX, SHLX, SHRX. */
  private shiftWithoutFlags(family: Op, width: number): void {
    const { code } = this;
    if (family === Op.Rorx32 && width === WIDTH_32) {
      code.get(L.A).op(W.I32WrapI64).get(L.B).op(W.I32WrapI64).op(W.I32Rotr).op(W.I64ExtendI32U);
      return;
    }
    code.get(L.A).get(L.B);
    if (width === WIDTH_32) code.i64(31).op(W.I64And);
    if (family === Op.Rorx32) code.op(W.I64Rotr);
    else if (family === Op.Sarx32) code.op(W.I64ShrS);
    else code.op(family === Op.Shlx32 ? W.I64Shl : W.I64ShrU);
  }

  /** ANDN, BLSI, BLSMSK, BLSR, BZHI; L.Carry ← CF. */
  private field(family: Op, width: number): void {
    const { code } = this;
    if (family === Op.Andn32) {
      code.get(L.A).i64(-1).op(W.I64Xor).get(L.B).op(W.I64And);
      return;
    }
    if (family === Op.Bzhi32) {
      // From a number of 64 on nothing is cleared; neither is from 32 on, of 32 bits.
      code.get(L.B).i64(0xff).op(W.I64And).tee(L.B);
      code
        .i64((8 << width) - 1)
        .op(W.I64GtU)
        .op(W.I64ExtendI32U)
        .set(L.Carry);
      code.get(L.A);
      code.i64(-1).i64(1).get(L.B).op(W.I64Shl).i64(1).op(W.I64Sub);
      code.get(L.Carry).op(W.I32WrapI64).op(W.Select).op(W.I64And);
      return;
    }
    code.get(L.A).op(W.I64Eqz);
    if (family === Op.Blsi32) code.op(W.I32Eqz);
    code.op(W.I64ExtendI32U).set(L.Carry);
    code.get(L.A);
    if (family === Op.Blsi32) code.i64(0).get(L.A).op(W.I64Sub).op(W.I64And);
    else {
      code.get(L.A).i64(1).op(W.I64Sub);
      code.op(family === Op.Blsr32 ? W.I64And : W.I64Xor);
    }
  }
}
