/**
 * Operations on registers that compilers write often, beside those that every program is made of (uop-emitter.ts): exchanges,
 * double shifts, rotations, and those of product-emitter.ts and bit-manipulation-emitter.ts. Each is held to its definition in cpu/core/operations as the others are;
 * what is not written here is a call of it.
 */
import { flagMask } from '../isa/rflags.js';
import { AUX_PARITY_SHIFT, AUX_SIGN_SHIFT } from '../isa/flag-auxiliary.js';
import { FLAG_AUX, FLAG_RESULT, REGISTERS } from '../isa/state-layout.js';
import { Condition, Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import type { BlockTiming } from './block-timing.js';
import { BitManipulationEmitter } from './bit-manipulation-emitter.js';
import { RESULT_AND_AUXILIARY, type FlagEmitter } from './flag-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import { ProductEmitter } from './product-emitter.js';
import {
  L,
  signExtend,
  SLOT_RAX,
  WIDTH_16,
  WIDTH_32,
  WIDTH_64,
  WIDTH_8,
  zeroExtend,
} from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

const RAX = REGISTERS;
const AH = REGISTERS + 1;

/** Bit 1 of RFLAGS. */
const ALWAYS_SET = 2;

const HALF_BITS = 32;
const OVERFLOW_BIT = Math.log2(flagMask('OF'));
const EVEN_BYTES = 0x00ff_00ff_00ff_00ffn;
const EVEN_WORDS = 0x0000_ffff_0000_ffffn;

export class RegisterEmitter {
  private readonly products: ProductEmitter;
  private readonly manipulation: BitManipulationEmitter;

  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    timing: BlockTiming,
    /** Leaves the region before the micro-op. */
    leave: (uop: Uop) => void,
    /** Calls the operation's definition. */
    step: (uop: Uop) => void,
    /** Whether nothing can see the flags that the micro-op sets. */
    private readonly flagsDie: (uop: Uop) => boolean,
  ) {
    this.products = new ProductEmitter(code, operands, flags, timing, leave, step);
    this.manipulation = new BitManipulationEmitter(code, operands, flags);
  }

  /** Writes the micro-op if it is one of these, in these circumstances; else returns false. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op >= Op.Xchg8 && op <= Op.Xchg64) this.exchange(uop, op - Op.Xchg8);
    else if (op === Op.Bswap32 || op === Op.Bswap64) this.byteSwap(uop, WIDTH_32 + op - Op.Bswap32);
    else if (op >= Op.SignFill16 && op <= Op.SignFill64)
      this.signFill(uop, WIDTH_16 + op - Op.SignFill16);
    else if (op >= Op.Rol8 && op <= Op.Ror64) return this.rotate(uop, (op - Op.Rol8) & 3);
    else if (op >= Op.Shld32 && op <= Op.Shld64) this.doubleShift(uop, WIDTH_32 + op - Op.Shld32);
    else if (op >= Op.Shrd32 && op <= Op.Shrd64) this.doubleShift(uop, WIDTH_32 + op - Op.Shrd32);
    else if (op >= Op.CmpXchg8 && op <= Op.CmpXchg64)
      return this.compareExchange(uop, op - Op.CmpXchg8);
    else if (op >= Op.Clc && op <= Op.Cmc) this.changeCarry(uop);
    else if (op === Op.Lahf) this.loadStatus();
    else if (op === Op.Sahf) this.storeStatus(uop);
    else return this.products.emit(uop) || this.manipulation.emit(uop);
    return true;
  }

  private exchange(uop: Uop, width: number): void {
    const { code, operands } = this;
    operands.read(uop, uop.a, width);
    code.set(L.A);
    operands.read(uop, uop.dst, width);
    code.set(L.B).get(L.A);
    operands.write(uop.dst, width);
    code.get(L.B);
    operands.write(uop.a, width);
  }

  private byteSwap(uop: Uop, width: number): void {
    const { code } = this;
    this.operands.read(uop, uop.a, width);
    code.set(L.A);
    for (const [bits, mask] of [
      [8, EVEN_BYTES],
      [16, EVEN_WORDS],
    ] as const) {
      code.get(L.A).i64(mask).op(W.I64And).i64(bits).op(W.I64Shl);
      code.get(L.A).i64(bits).op(W.I64ShrU).i64(mask).op(W.I64And);
      code.op(W.I64Or).set(L.A);
    }
    // The halves change places; of 32 bits the lower one is left where it is.
    code.get(L.A);
    if (width === WIDTH_64) code.i64(HALF_BITS).op(W.I64Rotl);
    this.operands.write(uop.dst, width);
  }

  private signFill(uop: Uop, width: number): void {
    this.operands.readSigned(uop, uop.a, width);
    this.code.i64(63).op(W.I64ShrS);
    zeroExtend(this.code, width);
    this.operands.write(uop.dst, width);
  }

  /** `into` ← the byte at `address` modulo the width in bits. */
  private count(uop: Uop, address: number, width: number, into: L): void {
    this.operands.read(uop, address, WIDTH_8);
    this.code
      .i64((8 << width) - 1)
      .op(W.I64And)
      .set(into);
  }

  /** ROL and ROR by a constant of 8 and 16 bits, and by CL where the flags, of which CF and OF change unless it is 0, are not read. */
  private rotate(uop: Uop, width: number): boolean {
    const { code, flags, operands } = this;
    const constant = operands.constant(uop, uop.b, WIDTH_8);
    if (constant === null && !this.flagsDie(uop)) return false;
    const bits = 8 << width;
    const left = uop.op < Op.Ror8;
    this.count(uop, uop.b, width, L.B);
    operands.read(uop, uop.a, width);
    code.tee(L.A);
    if (width === WIDTH_64) code.get(L.B).op(left ? W.I64Rotl : W.I64Rotr);
    else {
      // bits - 0 is a shift by all bits, which are then none of the result's.
      code.get(L.B).op(left ? W.I64Shl : W.I64ShrU);
      code.get(L.A).i64(bits).get(L.B).op(W.I64Sub);
      code.op(left ? W.I64ShrU : W.I64Shl).op(W.I64Or);
      zeroExtend(code, width);
    }
    code.set(L.Value);
    if (constant !== null && (constant & (width === WIDTH_64 ? 63n : 31n)) !== 0n)
      flags.setPartly(uop.op, L.Value);
    code.get(L.Value);
    operands.write(uop.dst, width);
    return true;
  }

  /** SHLD, SHRD of 32 and 64 bits. */
  private doubleShift(uop: Uop, width: number): void {
    const { code, operands } = this;
    const bits = 8 << width;
    const left = uop.op < Op.Shrd16;
    const constant = operands.constant(uop, uop.extra, WIDTH_8);
    this.count(uop, uop.extra, width, L.Count);
    const count = constant === null ? null : Number(constant) & (bits - 1);
    operands.read(uop, uop.a, width);
    code.set(L.A);
    if (count !== 0) {
      operands.read(uop, uop.b, width);
      code.set(L.B);
      code
        .get(L.A)
        .get(L.Count)
        .op(left ? W.I64Shl : W.I64ShrU);
      code.get(L.B).i64(bits).get(L.Count).op(W.I64Sub);
      code.op(left ? W.I64ShrU : W.I64Shl).op(W.I64Or);
      zeroExtend(code, width);
      code.set(L.Value);
      this.doubleShiftFlags(width, left);
      code.get(L.Value).get(L.A).get(L.Count).i64(0).op(W.I64Ne).op(W.Select).set(L.A);
      code.get(L.Value);
      signExtend(code, width);
      code.set(L.Value);
      if (count === null) code.get(L.Count).op(W.I32WrapI64);
      if (count === null) this.flags.setIf(RESULT_AND_AUXILIARY, L.Value, L.B);
      else this.flags.set(RESULT_AND_AUXILIARY, L.Value, L.B);
    }
    code.get(L.A);
    operands.write(uop.dst, width);
  }

  /** L.B ← FLAG_AUX of the result in L.Value. CF is the last bit out, OF a changed sign. */
  private doubleShiftFlags(width: number, left: boolean): void {
    const { code } = this;
    const bits = 8 << width;
    code.get(L.A);
    if (left) code.i64(bits).get(L.Count).op(W.I64Sub).op(W.I64ShrU);
    else code.get(L.Count).i64(1).op(W.I64Sub).op(W.I64ShrU);
    code.i64(1).op(W.I64And);
    if (left) code.get(L.A).get(L.Value).op(W.I64Xor);
    else code.get(L.Value).get(L.Value).i64(1).op(W.I64Shl).op(W.I64Xor);
    code
      .i64(bits - 1)
      .op(W.I64ShrU)
      .i64(1)
      .op(W.I64And)
      .i64(OVERFLOW_BIT)
      .op(W.I64Shl)
      .op(W.I64Or)
      .set(L.B);
  }

  /** CMPXCHG, but for one whose destination is the accumulator. */
  private compareExchange(uop: Uop, width: number): boolean {
    const { code, operands } = this;
    const slot = operands.slotOf(uop.dst);
    if (slot === SLOT_RAX || slot < 0) return false;
    operands.read(uop, RAX, width);
    code.set(L.A);
    operands.read(uop, uop.a, width);
    code.set(L.B);
    // Of 32 bits a register is written, and so extended, only where the values say so.
    const whole = width === WIDTH_32 ? WIDTH_64 : width;
    operands.read(uop, uop.b, width);
    operands.read(uop, uop.dst, whole);
    code.get(L.A).get(L.B).op(W.I64Eq).op(W.Select);
    operands.write(uop.dst, whole);
    operands.read(uop, RAX, whole);
    code.get(L.B).get(L.A).get(L.B).op(W.I64Eq).op(W.Select);
    operands.write(RAX, whole);
    this.flags.set(Op.Sub8 + width, L.A, L.B);
    return true;
  }

  /** LAHF */
  private loadStatus(): void {
    const { code } = this;
    this.flags.settle();
    code.i32(0).memory(W.I64Load, FLAG_RESULT).set(L.A);
    code.i32(0).memory(W.I64Load32U, FLAG_AUX).tee(L.B);
    code.i64(flagMask('CF') | flagMask('AF')).op(W.I64And);
    const add = (flag: 'PF' | 'ZF' | 'SF'): void => {
      code
        .i64(Math.log2(flagMask(flag)))
        .op(W.I64Shl)
        .op(W.I64Or);
    };
    code.get(L.A).op(W.I64Eqz).op(W.I64ExtendI32U);
    add('ZF');
    code.get(L.A).i64(63).op(W.I64ShrU);
    code.get(L.B).i64(AUX_SIGN_SHIFT).op(W.I64ShrU).op(W.I64Xor).i64(1).op(W.I64And);
    add('SF');
    code.get(L.A).get(L.B).i64(AUX_PARITY_SHIFT).op(W.I64ShrU).op(W.I64Xor);
    code.i64(0xff).op(W.I64And).op(W.I64Popcnt).i64(1).op(W.I64And).i64(1).op(W.I64Xor);
    add('PF');
    code.i64(ALWAYS_SET).op(W.I64Or);
    this.operands.write(AH, WIDTH_8);
  }

  /** SAHF */
  private storeStatus(uop: Uop): void {
    const { code, flags } = this;
    flags.condition(Condition.O);
    code.i32(0).op(W.I32Ne).op(W.I64ExtendI32U).i64(OVERFLOW_BIT).op(W.I64Shl).set(L.B);
    this.operands.read(uop, AH, WIDTH_8);
    code.set(L.A).i32(0);
    code
      .get(L.A)
      .i64(Math.log2(flagMask('ZF')))
      .op(W.I64ShrU)
      .i64(1)
      .op(W.I64And)
      .tee(L.Value);
    code.op(W.I64Eqz).op(W.I64ExtendI32U).memory(W.I64Store, FLAG_RESULT);
    code.i32(0).get(L.A);
    code
      .i64(flagMask('CF') | flagMask('AF'))
      .op(W.I64And)
      .get(L.B)
      .op(W.I64Or);
    // The result is 0 or 1: what its parity and sign say is corrected.
    code
      .get(L.A)
      .i64(Math.log2(flagMask('PF')))
      .op(W.I64ShrU)
      .get(L.Value)
      .op(W.I64Xor);
    code.i64(1).op(W.I64And).i64(AUX_PARITY_SHIFT).op(W.I64Shl).op(W.I64Or);
    code
      .get(L.A)
      .i64(Math.log2(flagMask('SF')))
      .op(W.I64ShrU);
    code.i64(1).op(W.I64And).i64(AUX_SIGN_SHIFT).op(W.I64Shl).op(W.I64Or);
    code.op(W.I32WrapI64).memory(W.I32Store, FLAG_AUX);
    flags.setStored();
  }

  private changeCarry(uop: Uop): void {
    const { code, flags } = this;
    if (uop.op === Op.Cmc) {
      flags.carry();
      code.i64(1).op(W.I64Xor);
    } else code.i64(uop.op === Op.Stc ? 1 : 0);
    code.set(L.Carry);
    flags.setPartly(Op.Bt16, L.Carry);
  }
}
