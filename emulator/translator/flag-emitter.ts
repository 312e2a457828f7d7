/**
 * Flags in translated code: remembered as the operation that sets them and its operands (core/pending-flags.ts), computed
 * only where they are read. What is not written here inline is asked of the core, which applies the operation's definition.
 */
import { BASE_A, BASE_B, BASE_KIND, FLAG_AUX, FLAG_RESULT } from '../isa/state-layout.js';
import { Condition, Op } from '../isa/uop.js';
import { IMPORT_SETTLE, L, signExtend, storedCarry, topBit, zeroExtend } from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

/** In place of a kind: FLAG_RESULT and FLAG_AUX hold the flags, and L.FlagB holds CF. */
const SETTLED = 0;
/** The kind is in L.Kind. */
const DYNAMIC = -1;
/** Likewise, and for each kind that it can be L.FlagB holds CF. */
const DYNAMIC_WITH_CARRY = -2;

/** A kind whose flags are what memory would hold: FLAG_RESULT in L.FlagA, FLAG_AUX in L.FlagB. */
export const RESULT_AND_AUXILIARY = Op.Lzcnt16;

/** What is known while translating of the flags at one place. */
export interface FlagState {
  readonly kind: number;
  /** Kind of the flags below, some of which the pending operation keeps; null when it keeps those in memory, or none. */
  readonly base: number | null;
}

const FLAGS_SETTLED: FlagState = { kind: SETTLED, base: null };
/** Where nothing is known: L.Kind says, and L.FlagB holds CF when they are settled. */
export const FLAGS_DYNAMIC: FlagState = { kind: DYNAMIC, base: null };

/** What holds where `a` and `b` meet; both at ends of blocks. */
export function meet(a: FlagState, b: FlagState): FlagState {
  if (a.kind === b.kind) return a;
  const carries = carryIsInB(a.kind) && carryIsInB(b.kind);
  return { kind: carries ? DYNAMIC_WITH_CARRY : DYNAMIC, base: null };
}

/** A kind of width 8 and the number of its width; of the kinds that have all widths. */
function familyOf(kind: number): number {
  return kind >= Op.Add8 && kind <= Op.Sar64 ? kind - widthOf(kind) : kind;
}

function widthOf(kind: number): number {
  return (kind - Op.Add8) & 3;
}

function carryIsInB(kind: number): boolean {
  const family = familyOf(kind);
  return (
    kind === SETTLED ||
    kind === DYNAMIC_WITH_CARRY ||
    family === Op.Inc8 ||
    family === Op.Dec8 ||
    kind === Op.Tzcnt16
  );
}

/** Kinds that keep some flags of what was there before, and do not bring them along as INC and DEC bring CF. */
function isPartial(kind: number): boolean {
  const family = familyOf(kind);
  return family === Op.Rol8 || family === Op.Ror8 || kind === Op.Bt16;
}

/** Families from whose operands CF is computed here. */
const CARRY_FAMILIES: readonly number[] = [
  ...[Op.Add8, Op.Sub8, Op.And8, Op.Shr8, Op.Sar8],
  ...[Op.Bsf16, Op.Popcnt16, RESULT_AND_AUXILIARY],
];
/** Families of whose result, or what ZF is taken from, ZF is computed here. */
const ZERO_OF_A: readonly number[] = [Op.Bsf16, Op.Tzcnt16, Op.Popcnt16, RESULT_AND_AUXILIARY];

export class FlagEmitter {
  state: FlagState = FLAGS_SETTLED;

  constructor(private readonly code: WasmCode) {}

  // Setting

  /** CF, AF and OF are known to be 0. */
  keepsNothing(): boolean {
    const { base, kind } = this.state;
    return base === null && (familyOf(kind) === Op.And8 || kind === Op.Bsf16);
  }

  /** All flags come from `kind`, whose operands are in the locals `a` and `b`. */
  set(kind: number, a: L, b: L | null): void {
    this.code.get(a).set(L.FlagA);
    if (b !== null) this.code.get(b).set(L.FlagB);
    this.state = { kind, base: null };
  }

  /** Addition or subtraction with the carry in L.Carry. */
  setWithCarry(kind: number, withoutCarry: number): void {
    const { code } = this;
    code.i32(kind).i32(withoutCarry).get(L.Carry).op(W.I32WrapI64).op(W.Select).set(L.Kind);
    code.get(L.A).set(L.FlagA).get(L.B).set(L.FlagB);
    this.state = { kind: DYNAMIC, base: null };
  }

  /** INC or DEC of the local `a`. */
  setKeepingCarry(kind: number, a: L): void {
    const { code } = this;
    if (this.state.kind === DYNAMIC) this.dynamicCarry();
    else if (!carryIsInB(this.state.kind)) {
      this.carry();
      code.set(L.FlagB);
    }
    code.get(a).set(L.FlagA);
    this.state = { kind, base: null };
  }

  /** Brings CF of flags of which nothing is known into L.FlagB. */
  private dynamicCarry(): void {
    const { code } = this;
    // Settled flags have it there, and Inc8 to Dec64.
    code.get(L.Kind).i32(0).op(W.I32Ne);
    code
      .get(L.Kind)
      .i32(Op.Inc8)
      .op(W.I32Sub)
      .i32(Op.Dec64 - Op.Inc8)
      .op(W.I32GtU);
    code.op(W.I32And).open(W.If);
    code.get(L.Kind).get(L.FlagA).get(L.FlagB).call(IMPORT_SETTLE);
    this.takeStoredCarry();
    code.close();
  }

  /** CF and perhaps OF come from `kind` on the local `a`; the other flags stay. */
  setPartly(kind: number, a: L): void {
    const { state } = this;
    const covered = isPartial(state.kind) && (kind !== Op.Bt16 || state.kind === Op.Bt16);
    let base = state.base;
    if (!covered) {
      if (base !== null || isPartial(state.kind)) this.settle();
      base = null;
      if (this.state.kind !== SETTLED) {
        this.pushDown();
        base = this.state.kind;
      }
    }
    this.code.get(a).set(L.FlagA);
    this.state = { kind, base };
  }

  /** As `set` where the i32 on the stack is not 0; else nothing changes. */
  setIf(kind: number, a: L, b: L): void {
    const { code } = this;
    this.endBlock();
    this.toDynamic();
    code.set(L.Entry);
    code.i32(kind).get(L.Kind).get(L.Entry).op(W.Select).set(L.Kind);
    code.get(a).get(L.FlagA).get(L.Entry).op(W.Select).set(L.FlagA);
    code.get(b).get(L.FlagB).get(L.Entry).op(W.Select).set(L.FlagB);
    this.state = { kind: DYNAMIC, base: null };
  }

  /** What the core has just computed is in memory. */
  setStored(): void {
    this.takeStoredCarry();
    this.state = FLAGS_SETTLED;
  }

  // Between blocks

  /** Brings the state into a form that the locals alone tell. */
  endBlock(): void {
    if (this.state.base !== null) this.settle();
  }

  /** Prepares for going on where `target` holds. */
  enter(target: FlagState): void {
    if (target.kind < 0) this.toDynamic();
  }

  /** Before the region is left: the locals' values go to memory at its end. */
  leave(): void {
    const { code, state } = this;
    this.toDynamic();
    if (state.base === null) return;
    code.i32(0);
    if (state.base < 0) code.get(L.BaseKind);
    else code.i32(state.base);
    code.memory(W.I32Store, BASE_KIND);
    code.i32(0).get(L.BaseA).memory(W.I64Store, BASE_A);
    code.i32(0).get(L.BaseB).memory(W.I64Store, BASE_B);
  }

  /** Computes the flags into memory. */
  settle(): void {
    const { code, state } = this;
    if (state.kind === SETTLED) return;
    if (state.base === null && familyOf(state.kind) === Op.And8) {
      code.i32(0).get(L.FlagA);
      signExtend(code, widthOf(state.kind));
      code.memory(W.I64Store, FLAG_RESULT).i32(0).i32(0).memory(W.I32Store, FLAG_AUX);
      code.i64(0).set(L.FlagB);
    } else {
      if (state.base !== null) this.settleBase();
      this.pushKind(state.kind, L.Kind);
      code.get(L.FlagA).get(L.FlagB).call(IMPORT_SETTLE);
      this.takeStoredCarry();
    }
    this.state = FLAGS_SETTLED;
  }

  private takeStoredCarry(): void {
    storedCarry(this.code);
    this.code.set(L.FlagB);
  }

  private settleBase(): void {
    this.pushKind(this.state.base ?? SETTLED, L.BaseKind);
    this.code.get(L.BaseA).get(L.BaseB).call(IMPORT_SETTLE);
  }

  private pushKind(kind: number, local: L): void {
    if (kind < 0) this.code.get(local);
    else this.code.i32(kind);
  }

  /** The pending flags become those below the next ones. */
  private pushDown(): void {
    const { code, state } = this;
    if (state.kind < 0) code.get(L.Kind).set(L.BaseKind);
    code.get(L.FlagA).set(L.BaseA).get(L.FlagB).set(L.BaseB);
  }

  private toDynamic(): void {
    if (this.state.kind >= 0) this.code.i32(this.state.kind).set(L.Kind);
  }

  // Reading

  /** Pushes CF as an i64, 0 or 1. */
  carry(): void {
    if (!this.hasCarry()) this.settle();
    const { code } = this;
    const { kind } = this.state;
    const width = widthOf(kind);
    if (carryIsInB(kind)) {
      code.get(L.FlagB);
      return;
    }
    switch (familyOf(kind)) {
      case Op.Add8:
        this.result();
        code.get(L.FlagA).op(W.I64LtU).op(W.I64ExtendI32U);
        return;
      case Op.Sub8:
        code.get(L.FlagA).get(L.FlagB).op(W.I64LtU).op(W.I64ExtendI32U);
        return;
      case Op.And8:
      case Op.Bsf16:
      case Op.Popcnt16:
        code.i64(0);
        return;
      case Op.Rol8:
        code.get(L.FlagA).i64(1).op(W.I64And);
        return;
      case Op.Ror8:
        code.get(L.FlagA);
        topBit(code, width);
        return;
      case Op.Bt16:
        code.get(L.FlagA);
        return;
      case RESULT_AND_AUXILIARY:
        code.get(L.FlagB).i64(1).op(W.I64And);
        return;
      case Op.Shr8:
        code.get(L.FlagA).get(L.FlagB).i64(1).op(W.I64Sub).op(W.I64ShrU).i64(1).op(W.I64And);
        return;
      case Op.Sar8:
        code.get(L.FlagA);
        signExtend(code, width);
        code.get(L.FlagB).i64(1).op(W.I64Sub).op(W.I64ShrS).i64(1).op(W.I64And);
    }
  }

  private hasCarry(): boolean {
    const { kind } = this.state;
    if (carryIsInB(kind)) return true;
    const family = familyOf(kind);
    return CARRY_FAMILIES.includes(family) || isPartial(kind);
  }

  /** Pushes the result that ZF, SF and PF are read from, zero-extended. */
  private result(): void {
    const { code } = this;
    const { kind } = this.state;
    const width = widthOf(kind);
    code.get(L.FlagA);
    switch (familyOf(kind)) {
      case Op.And8:
        return;
      case Op.Add8:
        code.get(L.FlagB).op(W.I64Add);
        break;
      case Op.Sub8:
        code.get(L.FlagB).op(W.I64Sub);
        break;
      case Op.Inc8:
        code.i64(1).op(W.I64Add);
        break;
      case Op.Dec8:
        code.i64(1).op(W.I64Sub);
        break;
      case Op.Shl8:
        code.get(L.FlagB).op(W.I64Shl);
        break;
      case Op.Shr8:
        code.get(L.FlagB).op(W.I64ShrU);
        return;
      default: // Op.Sar8
        signExtend(code, width);
        code.get(L.FlagB).op(W.I64ShrS);
    }
    zeroExtend(code, width);
  }

  private hasResult(): boolean {
    const families: readonly number[] = [
      Op.Add8,
      Op.Sub8,
      Op.And8,
      Op.Inc8,
      Op.Dec8,
      Op.Shl8,
      Op.Shr8,
      Op.Sar8,
    ];
    return families.includes(familyOf(this.state.kind));
  }

  /** Pushes an i32, not 0 when the condition (a `Condition`) holds. */
  condition(condition: number): void {
    this.evenCondition(condition & ~1);
    if ((condition & 1) !== 0) this.code.op(W.I32Eqz);
  }

  private evenCondition(condition: number): void {
    const { code } = this;
    const family = familyOf(this.state.kind);
    if (family === Op.Sub8 && this.comparison(condition)) return;
    if (family === Op.And8 && this.signOf(condition)) return;
    if (family === Op.Bsf16) return this.scanned(condition);
    if (family === RESULT_AND_AUXILIARY && this.ordered(condition)) return;
    switch (condition) {
      case Condition.B:
        this.carry();
        code.op(W.I32WrapI64);
        return;
      case Condition.E:
        if (ZERO_OF_A.includes(family)) code.get(L.FlagA);
        else if (this.hasResult()) this.result();
        else this.storedResult();
        code.op(W.I64Eqz);
        return;
      case Condition.S:
        if (this.hasResult()) {
          this.result();
          topBit(code, widthOf(this.state.kind));
          code.op(W.I32WrapI64);
          return;
        }
        this.settle();
        this.storedSign();
        return;
      default:
        this.settle();
        this.storedCondition(condition);
    }
  }

  /** The conditions of a comparison, a - b; those of P and O are not among them. */
  private comparison(condition: number): boolean {
    const { code } = this;
    const width = widthOf(this.state.kind);
    const compare = (opcode: W, signed: boolean): boolean => {
      for (const local of [L.FlagA, L.FlagB]) {
        code.get(local);
        if (signed) signExtend(code, width);
      }
      code.op(opcode);
      return true;
    };
    switch (condition) {
      case Condition.B:
        return compare(W.I64LtU, false);
      case Condition.E:
        return compare(W.I64Eq, false);
      case Condition.BE:
        return compare(W.I64LeU, false);
      case Condition.L:
        return compare(W.I64LtS, true);
      case Condition.LE:
        return compare(W.I64LeS, true);
      default:
        return false;
    }
  }

  /** The conditions of a result whose CF and OF are 0. */
  private signOf(condition: number): boolean {
    const { code } = this;
    const compare = (opcode: W): boolean => {
      code.get(L.FlagA);
      signExtend(code, widthOf(this.state.kind));
      code.i64(0).op(opcode);
      return true;
    };
    switch (condition) {
      case Condition.O:
      case Condition.B:
        code.i32(0);
        return true;
      case Condition.E:
      case Condition.BE:
        code.get(L.FlagA).op(W.I64Eqz);
        return true;
      case Condition.S:
      case Condition.L:
        return compare(W.I64LtS);
      case Condition.LE:
        return compare(W.I64LeS);
      default:
        return false;
    }
  }

  /** The conditions of a bit scan: ZF and, as its result reads as 0 or 1, PF; no other flag is set. */
  private scanned(condition: number): void {
    const zero: readonly number[] = [Condition.E, Condition.BE, Condition.LE, Condition.P];
    if (zero.includes(condition)) this.code.get(L.FlagA).op(W.I64Eqz);
    else this.code.i32(0);
  }

  /** Two conditions that follow a comparison of floating-point numbers. */
  private ordered(condition: number): boolean {
    const { code } = this;
    if (condition === Condition.BE) {
      code.get(L.FlagA).op(W.I64Eqz).get(L.FlagB).op(W.I32WrapI64).i32(1).op(W.I32And).op(W.I32Or);
      return true;
    }
    if (condition !== Condition.P) return false;
    code.get(L.FlagB).i64(16).op(W.I64ShrU).get(L.FlagA).op(W.I64Xor).i64(0xff).op(W.I64And);
    code.op(W.I64Popcnt).op(W.I32WrapI64).i32(1).op(W.I32And).op(W.I32Eqz);
    return true;
  }

  // The same as core/flags.ts, on FLAG_RESULT and FLAG_AUX

  private storedCondition(condition: number): void {
    const { code } = this;
    switch (condition) {
      case Condition.O:
        this.auxiliaryBit(11);
        return;
      case Condition.BE:
        this.auxiliaryBit(0);
        this.storedResult();
        code.op(W.I64Eqz).op(W.I32Or);
        return;
      case Condition.P:
        this.storedResult();
        code.op(W.I32WrapI64).i32(0).memory(W.I32Load, FLAG_AUX).i32(16).op(W.I32ShrU).op(W.I32Xor);
        code.i32(0xff).op(W.I32And).op(W.I64ExtendI32U).op(W.I64Popcnt).op(W.I32WrapI64);
        code.i32(1).op(W.I32And).op(W.I32Eqz);
        return;
      default:
        this.storedSign();
        this.auxiliaryBit(11);
        code.op(W.I32Xor);
        if (condition === Condition.L) return;
        this.storedResult();
        code.op(W.I64Eqz).op(W.I32Or);
    }
  }

  private storedResult(): void {
    this.settle();
    this.code.i32(0).memory(W.I64Load, FLAG_RESULT);
  }

  private storedSign(): void {
    this.code.i32(0).memory(W.I64Load, FLAG_RESULT).i64(63).op(W.I64ShrU).op(W.I32WrapI64);
    this.auxiliaryBit(24);
    this.code.op(W.I32Xor);
  }

  private auxiliaryBit(bit: number): void {
    this.code.i32(0).memory(W.I32Load, FLAG_AUX).i32(bit).op(W.I32ShrU).i32(1).op(W.I32And);
  }
}
