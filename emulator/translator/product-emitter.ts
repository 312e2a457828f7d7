/**
 * Products of twice the width, and quotients: MUL, IMUL of one operand, MULX, DIV, IDIV of 32 and 64 bits, as
 * cpu/core/operations/multiply.ts and divide.ts define them.
 */
import { flagMask } from '../isa/rflags.js';
import { REGISTERS } from '../isa/state-layout.js';
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import type { BlockTiming } from './block-timing.js';
import { RESULT_AND_AUXILIARY, type FlagEmitter } from './flag-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import {
  L,
  signExtend,
  SLOT_RAX,
  SLOT_RDX,
  WIDTH_32,
  WIDTH_64,
  zeroExtend,
} from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

const RAX = REGISTERS;
const RDX = REGISTERS + 8 * SLOT_RDX;

const HALF_BITS = 32;
const HALF_MASK = 0xffff_ffffn;
/** CF and OF in FLAG_AUX. */
const CARRY_AND_OVERFLOW = flagMask('CF OF');
const LOWEST_OF_64 = -(1n << 63n);

export class ProductEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly timing: BlockTiming,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
    /** Calls the operation's definition. */
    private readonly step: (uop: Uop) => void,
  ) {}

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op >= Op.Mul32 && op <= Op.Mul64) this.product(uop, WIDTH_32 + op - Op.Mul32, false);
    else if (op >= Op.Imul32 && op <= Op.Imul64) this.product(uop, WIDTH_32 + op - Op.Imul32, true);
    else if (op >= Op.Div32 && op <= Op.Div64) this.quotient(uop, WIDTH_32 + op - Op.Div32, false);
    else if (op >= Op.Idiv32 && op <= Op.Idiv64)
      this.quotient(uop, WIDTH_32 + op - Op.Idiv32, true);
    else if (op === Op.Mulx32 || op === Op.Mulx64)
      this.productWithoutFlags(uop, WIDTH_32 + op - Op.Mulx32);
    else return false;
    return true;
  }

  /** MUL, IMUL of one operand: RDX:RAX or EDX:EAX. */
  private product(uop: Uop, width: number, signed: boolean): void {
    const { code, operands } = this;
    for (const [address, local] of [
      [RAX, L.A],
      [uop.a, L.B],
    ] as const) {
      if (signed) operands.readSigned(uop, address, width);
      else operands.read(uop, address, width);
      code.set(local);
    }
    this.multiply(width, signed);
    this.writePair(width);
    // The product does not fit when the high half says more than the low one's sign, or than nothing.
    code.get(L.Value);
    signExtend(code, width);
    code.set(L.A);
    code.i64(CARRY_AND_OVERFLOW).i64(0).get(L.Carry);
    if (signed) {
      code.get(L.A).i64(63).op(W.I64ShrS);
      zeroExtend(code, width);
    } else code.i64(0);
    code.op(W.I64Ne).op(W.Select).set(L.B);
    this.flags.set(RESULT_AND_AUXILIARY, L.A, L.B);
  }

  /** L.Value and, of 64 bits, L.Carry ← L.A * L.B; of 32 bits L.Carry ← its high half, L.Value is all of it. */
  private multiply(width: number, signed: boolean): void {
    const { code } = this;
    code.get(L.A).get(L.B).op(W.I64Mul).set(L.Value);
    if (width === WIDTH_64) this.highProduct(signed);
    else code.get(L.Value).i64(HALF_BITS).op(W.I64ShrU).set(L.Carry);
  }

  /** L.Carry ← the high 64 bits of L.A * L.B, as multiplyHighUnsigned and multiplyHighSigned. */
  private highProduct(signed: boolean): void {
    const { code } = this;
    const low = (local: L): WasmCode => code.get(local).i64(HALF_MASK).op(W.I64And);
    const high = (local: L): WasmCode => code.get(local).i64(HALF_BITS).op(W.I64ShrU);
    low(L.A);
    low(L.B);
    code.op(W.I64Mul).i64(HALF_BITS).op(W.I64ShrU);
    high(L.A);
    low(L.B);
    code.op(W.I64Mul).op(W.I64Add).set(L.Target);
    low(L.A);
    high(L.B);
    code.op(W.I64Mul);
    low(L.Target);
    code.op(W.I64Add).i64(HALF_BITS).op(W.I64ShrU);
    high(L.Target);
    code.op(W.I64Add);
    high(L.A);
    high(L.B);
    code.op(W.I64Mul).op(W.I64Add);
    if (signed) {
      for (const [sign, other] of [
        [L.A, L.B],
        [L.B, L.A],
      ] as const) {
        code.get(sign).i64(63).op(W.I64ShrS).get(other).op(W.I64And).op(W.I64Sub);
      }
    }
    code.set(L.Carry);
  }

  /**
   * DIV, IDIV of 32 and 64 bits: the interpreter raises #DE. A dividend that needs more than 64 bits is the definition's. The
   * flags are kept.
   */
  private quotient(uop: Uop, width: number, signed: boolean): void {
    const { code, operands } = this;
    if (signed) operands.readSigned(uop, uop.a, width);
    else operands.read(uop, uop.a, width);
    code.set(L.B);
    this.dividend(width);
    if (width === WIDTH_32) {
      this.noQuotient(signed);
      code.openRare();
      this.leave(uop);
      code.close();
      this.divide(width, signed);
      code.get(L.Value);
      if (signed) code.op(W.I64Extend32S).get(L.Value).op(W.I64Ne);
      else code.i64(HALF_BITS).op(W.I64ShrU).i64(0).op(W.I64Ne);
      code.openRare();
      this.leave(uop);
      code.close();
      this.enterQuotient(uop, signed);
      this.writePair(width);
      return;
    }
    this.noQuotient(signed);
    operands.readSlot(SLOT_RDX);
    if (signed) code.get(L.A).i64(63).op(W.I64ShrS);
    else code.i64(0);
    code.op(W.I64Ne).op(W.I32Or).openRare();
    this.step(uop);
    code.otherwise();
    this.divide(width, signed);
    this.enterQuotient(uop, signed);
    this.writePair(width);
    code.close();
  }

  /** L.A ← EDX:EAX or RAX. */
  private dividend(width: number): void {
    const { code, operands } = this;
    operands.readSlot(SLOT_RAX);
    if (width === WIDTH_32) {
      zeroExtend(code, WIDTH_32);
      operands.readSlot(SLOT_RDX);
      code.i64(HALF_BITS).op(W.I64Shl).op(W.I64Or);
    }
    code.set(L.A);
  }

  /** Pushes whether L.A / L.B is no number of 64 bits. */
  private noQuotient(signed: boolean): void {
    const { code } = this;
    code.get(L.B).op(W.I64Eqz);
    if (!signed) return;
    code.get(L.B).i64(-1).op(W.I64Eq).get(L.A).i64(LOWEST_OF_64).op(W.I64Eq).op(W.I32And);
    code.op(W.I32Or);
  }

  /** L.Value ← quotient, L.Carry ← remainder. */
  private divide(width: number, signed: boolean): void {
    const { code } = this;
    code
      .get(L.A)
      .get(L.B)
      .op(signed ? W.I64DivS : W.I64DivU)
      .set(L.Value);
    code.get(L.A).get(L.Value).get(L.B).op(W.I64Mul).op(W.I64Sub);
    zeroExtend(code, width);
    code.set(L.Carry);
  }

  /** The timing engine hears of the quotient in L.Value: of its magnitude. */
  private enterQuotient(uop: Uop, signed: boolean): void {
    const { code } = this;
    if (!this.timing.isOn) return;
    if (!signed) return this.timing.quotient(uop, L.Value);
    code.get(L.Value).get(L.Value).i64(63).op(W.I64ShrS).tee(L.A).op(W.I64Xor);
    code.get(L.A).op(W.I64Sub).set(L.A);
    this.timing.quotient(uop, L.A);
  }

  /** RAX or EAX ← L.Value, RDX or EDX ← L.Carry. */
  private writePair(width: number): void {
    const { code, operands } = this;
    code.get(L.Value);
    zeroExtend(code, width);
    operands.writeSlot(SLOT_RAX, width !== WIDTH_64);
    code.get(L.Carry);
    operands.writeSlot(SLOT_RDX, width !== WIDTH_64);
  }

  /** MULX: the low half is written first. */
  private productWithoutFlags(uop: Uop, width: number): void {
    const { code, operands } = this;
    operands.read(uop, RDX, width);
    code.set(L.A);
    operands.read(uop, uop.a, width);
    code.set(L.B);
    this.multiply(width, false);
    code.get(L.Value);
    zeroExtend(code, width);
    operands.write(uop.extra, width);
    code.get(L.Carry);
    operands.write(uop.dst, width);
  }
}
