/**
 * Micro-ops as WebAssembly. What an operation means is defined in cpu/core/operations; what is written here inline is held to
 * that definition by the tests of tests/translator, and any other operation that touches no memory is a call of the definition.
 */
import { FLAG_AUX, FLAG_RESULT } from '../isa/state-layout.js';
import { flagsWrittenBy } from '../isa/op-properties.js';
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import type { BlockTiming } from './block-timing.js';
import { CoreCaller } from './core-caller.js';
import { DoorEmitter } from './door-emitter.js';
import type { FlagEmitter } from './flag-emitter.js';
import { FloatingPointEmitter } from './floating-point-emitter.js';
import type { MemoryEmitter } from './memory-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import { PortEmitter } from './port-emitter.js';
import { RegisterEmitter } from './register-emitter.js';
import type { SegmentEmitter } from './segment-emitter.js';
import {
  L,
  signExtend,
  SLOT_RAX,
  SLOT_RDX,
  WIDTH_32,
  WIDTH_64,
  WIDTH_8,
  zeroExtend,
} from './region-code.js';
import { StringEmitter } from './string-emitter.js';
import type { VectorEmitter } from './vector-emitter.js';
import { W, type WasmCode } from './wasm-code.js';

/** dst ← a op b, by the first member of the family. */
const BINARY = new Map<Op, W>([
  [Op.Add8, W.I64Add],
  [Op.Sub8, W.I64Sub],
  [Op.Cmp8, W.I64Sub],
  [Op.And8, W.I64And],
  [Op.Test8, W.I64And],
  [Op.Or8, W.I64Or],
  [Op.Xor8, W.I64Xor],
]);
/** Widths of source and destination. */
const MOVES = new Map<Op, readonly [from: number, to: number, signed: boolean]>([
  [Op.MovZx8To16, [0, 1, false]],
  [Op.MovZx8To32, [0, 2, false]],
  [Op.MovZx16To32, [1, 2, false]],
  [Op.MovSx8To16, [0, 1, true]],
  [Op.MovSx8To32, [0, 2, true]],
  [Op.MovSx8To64, [0, 3, true]],
  [Op.MovSx16To32, [1, 2, true]],
  [Op.MovSx16To64, [1, 3, true]],
  [Op.MovSx32To64, [2, 3, true]],
]);
/** Operations that neither read nor write the arithmetic flags, among those below Op.RequireSse that are called. */
const WITHOUT_FLAGS =
  /^(Xchg|Bswap|SignFill|Mulx|Rorx|Sarx|Shlx|Shrx|Pdep|Pext|BitStringAddress|Crc32With|Div|Idiv|Ea)\d*$/;
/** Operations that read or write RAX or RDX although no operand names them. */
const USES_ACCUMULATOR = /^((Mul|Mulx|Imul|Div|Idiv|CmpXchg)(8|16|32|64)|Lahf|Sahf|Salc)$/;
/** Operand a of an Op.Nop that prefetches nothing. */
const NO_ADDRESS = 0;
const ACCUMULATORS = [SLOT_RAX, SLOT_RDX];

export class UopEmitter {
  private readonly registers: RegisterEmitter;
  private readonly strings: StringEmitter;
  private readonly doors: DoorEmitter;
  private readonly core: CoreCaller;
  private readonly floatingPoint: FloatingPointEmitter;

  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly memory: MemoryEmitter,
    private readonly segments: SegmentEmitter,
    private readonly vectors: VectorEmitter,
    private readonly isTraced: boolean,
    private readonly timing: BlockTiming,
    /** Leaves the region before the micro-op. */
    leave: (uop: Uop) => void,
    /** Whether nothing can see the flags that the micro-op sets. */
    flagsDie: (uop: Uop) => boolean,
  ) {
    this.registers = new RegisterEmitter(
      code,
      operands,
      flags,
      timing,
      leave,
      (uop) => this.step(uop),
      flagsDie,
    );
    this.strings = new StringEmitter(code, operands, flags, memory, segments);
    this.core = new CoreCaller(code, operands, flags, timing, leave);
    this.doors = new DoorEmitter(
      code,
      operands,
      flags,
      memory,
      segments,
      this.strings,
      this.core,
      new PortEmitter(code, operands, this.core, leave),
      timing,
      leave,
    );
    this.floatingPoint = new FloatingPointEmitter(code, operands, flags, (uop) =>
      this.core.call(uop, this.core.slotsOf([uop.dst, uop.a, uop.b])),
    );
  }

  /** Writes the micro-op, which transfers no control. False: it is the interpreter's. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op === Op.Stop) return false;
    if (op === Op.Nop) return !this.timing.isOn || uop.a === NO_ADDRESS;
    if (op >= Op.Mov8 && op <= Op.SignFill64) return this.transfer(uop);
    if (op >= Op.Add8 && op <= Op.Not64) return this.arithmetic(uop, (op - Op.Add8) & 3);
    if (op >= Op.Rol8 && op <= Op.Sar64) return this.shift(uop, (op - Op.Add8) & 3);
    if (op >= Op.ImulTwo16 && op <= Op.ImulTwo64) return this.multiply(uop, 1 + op - Op.ImulTwo16);
    if (op >= Op.Bt16 && op <= Op.Popcnt64) return this.bit(uop, 1 + ((op - Op.Bt16) % 3));
    if (op >= Op.RequireSse && op < Op.Count && this.vectors.emit(uop)) return true;
    if (op >= Op.Addps && op <= Op.Cvttsd2si64 && this.floatingPoint.emit(uop)) return true;
    if (op === Op.Gather) return false; // it may fault half way
    if (op <= Op.Salc) return this.other(uop);
    if (op >= Op.RequireSse && op < Op.Count) return this.step(uop);
    if (op === Op.Microcode) return !this.isTraced && this.doors.emit(uop);
    return this.memory.emit(uop) || this.segments.emit(uop);
  }

  /** What is not written here. */
  private other(uop: Uop): boolean {
    if (uop.op === Op.Cld || uop.op === Op.Std) {
      this.strings.direction(uop);
      return true;
    }
    if (this.registers.emit(uop)) return true;
    this.step(uop);
    if (uop.op >= Op.Div8 && uop.op <= Op.Idiv64) this.timing.quotientEntered();
    return true;
  }

  /** A door that the core refuses unless it is all that happens. False: it is the interpreter's. */
  lightDoor(uop: Uop): boolean {
    if (this.isTraced) return false;
    this.doors.emitLast(uop);
    return true;
  }

  /** A door that goes elsewhere (isTransferDoor). */
  transferDoor(uop: Uop): void {
    this.doors.emitTransfer(uop);
  }

  /** Sets the destination to the value in L.Value. */
  private result(uop: Uop, width: number): true {
    this.code.get(L.Value);
    this.operands.write(uop.dst, width);
    return true;
  }

  /** Puts a into L.A and b into L.B. */
  private sources(uop: Uop, width: number): void {
    this.operands.read(uop, uop.a, width);
    this.code.set(L.A);
    this.operands.read(uop, uop.b, width);
    this.code.set(L.B);
  }

  private transfer(uop: Uop): boolean {
    const { code, operands } = this;
    const { op } = uop;
    const move = MOVES.get(op);
    if (op <= Op.Mov64) {
      operands.read(uop, uop.a, op - Op.Mov8);
      operands.write(uop.dst, op - Op.Mov8);
    } else if (move !== undefined) {
      const [from, to, signed] = move;
      if (signed) operands.readSigned(uop, uop.a, from);
      else operands.read(uop, uop.a, from);
      zeroExtend(code, to);
      operands.write(uop.dst, to);
    } else if (op >= Op.Ea16 && op <= Op.Ea64) {
      const width = 1 + op - Op.Ea16;
      operands.effectiveAddress(uop, width);
      zeroExtend(code, width);
      operands.writeSlot(operands.slotOf(uop.dst), width !== WIDTH_64);
    } else if (op === Op.Cmov32 || op === Op.Cmov64) {
      const width = op === Op.Cmov32 ? WIDTH_32 : WIDTH_64;
      operands.read(uop, uop.a, width);
      operands.read(uop, uop.dst, width);
      this.flags.condition(uop.extra);
      code.op(W.Select);
      operands.write(uop.dst, width);
    } else if (op === Op.Setcc8) {
      this.flags.condition(uop.extra);
      code.i32(0).op(W.I32Ne).op(W.I64ExtendI32U);
      operands.write(uop.dst, WIDTH_8);
    } else return this.other(uop);
    return true;
  }

  private arithmetic(uop: Uop, width: number): boolean {
    const { code, flags, operands } = this;
    const family = (uop.op - width) as Op;
    const operation = BINARY.get(family);
    if (operation !== undefined) {
      this.sources(uop, width);
      code.get(L.A).get(L.B).op(operation);
      zeroExtend(code, width);
      code.set(L.Value);
      if (family === Op.Add8) flags.set(Op.Add8 + width, L.A, L.B);
      else if (operation === W.I64Sub) flags.set(Op.Sub8 + width, L.A, L.B);
      else flags.set(Op.And8 + width, L.Value, null);
      return family === Op.Cmp8 || family === Op.Test8 ? true : this.result(uop, width);
    }
    switch (family) {
      case Op.Adc8:
      case Op.Sbb8:
        return this.withCarry(uop, width, family === Op.Adc8);
      case Op.Inc8:
      case Op.Dec8:
        operands.read(uop, uop.a, width);
        code.set(L.A);
        flags.setKeepingCarry(uop.op, L.A);
        code
          .get(L.A)
          .i64(family === Op.Inc8 ? 1 : -1)
          .op(W.I64Add);
        break;
      case Op.Neg8:
        code.i64(0).set(L.A);
        operands.read(uop, uop.a, width);
        code.set(L.B);
        flags.set(Op.Sub8 + width, L.A, L.B);
        code.get(L.A).get(L.B).op(W.I64Sub);
        break;
      default: // Op.Not8
        operands.read(uop, uop.a, width);
        code.i64(-1).op(W.I64Xor);
    }
    zeroExtend(code, width);
    operands.write(uop.dst, width);
    return true;
  }

  private withCarry(uop: Uop, width: number, adds: boolean): true {
    const { code, flags } = this;
    flags.carry();
    code.set(L.Carry);
    this.sources(uop, width);
    const operation = adds ? W.I64Add : W.I64Sub;
    code.get(L.A).get(L.B).op(operation).get(L.Carry).op(operation);
    zeroExtend(code, width);
    code.set(L.Value);
    flags.setWithCarry(uop.op, (adds ? Op.Add8 : Op.Sub8) + width);
    return this.result(uop, width);
  }

  private shift(uop: Uop, width: number): boolean {
    const { code, flags, operands } = this;
    const family = uop.op - width;
    const rotates = family < Op.Shl8;
    const constant = operands.constant(uop, uop.b, WIDTH_8);
    const mask = width === WIDTH_64 ? 63 : 31;
    const narrow = rotates && width < WIDTH_32;
    if (family === Op.Rcl8 || family === Op.Rcr8 || narrow || (rotates && constant === null))
      return this.other(uop);
    const count = constant === null ? null : Number(constant) & mask;
    if (count === null) {
      operands.read(uop, uop.b, WIDTH_8);
      code.i64(mask).op(W.I64And).set(L.B);
    } else code.i64(count).set(L.B);
    operands.read(uop, uop.a, width);
    code.tee(L.A);
    this.shifted(family, width);
    zeroExtend(code, width);
    code.set(L.Value);
    if (count === null) {
      code.get(L.B).op(W.I32WrapI64);
      flags.setIf(uop.op, L.A, L.B);
    } else if (count !== 0) {
      if (rotates) flags.setPartly(uop.op, L.Value);
      else flags.set(uop.op, L.A, L.B);
    }
    return this.result(uop, width);
  }

  /** The i64 on the stack shifted or rotated by L.B. */
  private shifted(family: number, width: number): void {
    const { code } = this;
    switch (family) {
      case Op.Shl8:
        code.get(L.B).op(W.I64Shl);
        return;
      case Op.Shr8:
        code.get(L.B).op(W.I64ShrU);
        return;
      case Op.Sar8:
        signExtend(code, width);
        code.get(L.B).op(W.I64ShrS);
        return;
      default: {
        const left = family === Op.Rol8;
        if (width === WIDTH_64) code.get(L.B).op(left ? W.I64Rotl : W.I64Rotr);
        else {
          code.op(W.I32WrapI64).get(L.B).op(W.I32WrapI64);
          code.op(left ? W.I32Rotl : W.I32Rotr).op(W.I64ExtendI32U);
        }
      }
    }
  }

  private multiply(uop: Uop, width: number): true {
    const { code } = this;
    this.sources(uop, width);
    code.get(L.A).get(L.B).op(W.I64Mul);
    zeroExtend(code, width);
    code.set(L.Value);
    this.flags.set(uop.op, L.A, L.B);
    return this.result(uop, width);
  }

  private bit(uop: Uop, width: number): boolean {
    const family = uop.op - (width - 1);
    if (family <= Op.Btc16) return this.bitTest(uop, family, width);
    if (width < WIDTH_32 || family === Op.BitStringAddress16) return this.other(uop);
    if (family === Op.Bsf16 || family === Op.Bsr16) return this.bitScan(uop, width);
    return this.bitCount(uop, family, width);
  }

  private bitTest(uop: Uop, family: number, width: number): true {
    const { code } = this;
    this.sources(uop, width);
    code
      .get(L.B)
      .i64((8 << width) - 1)
      .op(W.I64And)
      .set(L.B);
    code.get(L.A).get(L.B).op(W.I64ShrU).i64(1).op(W.I64And).set(L.Carry);
    if (family !== Op.Bt16) {
      code.get(L.A);
      if (family === Op.Btr16) code.i64(~1n).get(L.B).op(W.I64Rotl).op(W.I64And);
      else {
        code.i64(1).get(L.B).op(W.I64Shl);
        code.op(family === Op.Bts16 ? W.I64Or : W.I64Xor);
      }
      this.operands.write(uop.dst, width);
    }
    this.flags.setPartly(Op.Bt16, L.Carry);
    return true;
  }

  /**
   * BSF, BSR: a destination that is kept keeps all its bits; ZF from the source, CF, AF and OF stay. The host predicts that the source is not
   * zero, which V8 mostly knows from a branch before: so the result waits neither for that nor for what the destination was.
   */
  private bitScan(uop: Uop, width: number): true {
    const { code, operands } = this;
    const clears = this.flags.keepsNothing();
    if (!clears) this.flags.settle();
    operands.read(uop, uop.a, width);
    code.set(L.A);
    const forward = uop.op - (width - 1) === Op.Bsf16;
    code.get(L.A).op(W.I64Eqz).op(W.I32Eqz).open(W.If);
    if (forward) code.get(L.A).op(W.I64Ctz);
    else code.i64(63).get(L.A).op(W.I64Clz).op(W.I64Sub);
    operands.write(uop.dst, WIDTH_64);
    code.close();
    if (clears) {
      this.flags.set(Op.Bsf16, L.A, null);
      return true;
    }
    code.i32(0).get(L.A).i64(0).op(W.I64Ne).op(W.I64ExtendI32U).memory(W.I64Store, FLAG_RESULT);
    code.i32(0).i32(0).memory(W.I32Load, FLAG_AUX).i32(0x811).op(W.I32And);
    code.memory(W.I32Store, FLAG_AUX);
    return true;
  }

  /** TZCNT, LZCNT, POPCNT. */
  private bitCount(uop: Uop, family: number, width: number): true {
    const { code } = this;
    this.operands.read(uop, uop.a, width);
    code.tee(L.A);
    if (family === Op.Popcnt16) code.op(W.I64Popcnt);
    else if (family === Op.Tzcnt16) {
      if (width === WIDTH_32) code.i64(0x1_0000_0000n).op(W.I64Or);
      code.op(W.I64Ctz);
    } else {
      code.op(W.I64Clz);
      if (width === WIDTH_32) code.i64(32).op(W.I64Sub);
    }
    code.set(L.Value);
    if (family === Op.Popcnt16) this.flags.set(Op.Popcnt16, L.A, null);
    else {
      code.get(L.A).op(W.I64Eqz).op(W.I64ExtendI32U).set(L.B);
      this.flags.set(Op.Tzcnt16, L.Value, L.B);
    }
    return this.result(uop, width);
  }

  /** The operation's definition, called. */
  private step(uop: Uop): boolean {
    const name = Op[uop.op] ?? '';
    const touchesFlags =
      uop.op >= Op.RequireSse ? flagsWrittenBy(uop.op) !== 0 : !WITHOUT_FLAGS.test(name);
    const implied = USES_ACCUMULATOR.test(name) ? ACCUMULATORS : [];
    const slots = this.core.slotsOf([uop.dst, uop.a, uop.b, uop.extra]);
    const all = [...new Set([...implied, ...slots])];
    if (touchesFlags) this.core.callWithFlags(uop, all);
    else this.core.call(uop, all);
    return true;
  }
}
