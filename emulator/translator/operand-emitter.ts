/**
 * Operands of micro-ops in translated code. An operand is an address (isa/uop.ts): registers and temporaries are locals, the
 * micro-op's own immediate is a constant, anything else stays where it is in memory.
 *
 * A register of which the region uses no more than 16 bits is short: its local holds these alone, zero-extended, and the others
 * stay in memory, so that nothing is merged. Which these are is known when all of the region's code has been written once.
 */
import { assert } from '../base/assert.js';
import { REGISTERS } from '../isa/state-layout.js';
import { SLOT_COUNT, SLOT_T0, SLOT_ZERO, UOP_IMM } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import {
  L,
  loadOf,
  localOfSlot,
  signExtend,
  WIDTH_16,
  WIDTH_32,
  WIDTH_64,
  WIDTH_8,
  zeroExtend,
} from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

/** 32 bits are zero-extended to 64, as in a register. */
const STORES = [W.I64Store8, W.I64Store16, W.I64Store, W.I64Store];
const REGISTER_COUNT = 16;
const HIGH_BYTE_BITS = 8;

export class OperandEmitter {
  /** Register slots that the region reads or writes, and those that it writes. */
  readonly used = new Set<number>();
  readonly written = new Set<number>();
  /** Temporaries that the present instruction has written. */
  readonly temporaries = new Set<number>();
  /** Bit n: the upper half of slot n is known to be zero here. */
  narrow = 0;
  /** How often each slot was written, for those who remember what was computed from it. */
  readonly writeCounts: number[] = Array.from({ length: SLOT_COUNT }, () => 0);

  /** Registers of which more than 16 bits are used. */
  private readonly wide = new Set<number>();
  private widthsKnown = false;
  /** Hears of each slot that is written. */
  onWrite: (slot: number) => void = () => undefined;

  constructor(private readonly code: WasmCode) {}

  /** To be called when all code has been written once, and is to be written again. */
  shorten(): void {
    this.widthsKnown = true;
  }

  /** Its local holds 16 bits alone. */
  isShort(slot: number): boolean {
    return this.widthsKnown && slot < REGISTER_COUNT && !this.wide.has(slot);
  }

  /** The low bits of the slot are used, `width` of them. */
  private use(slot: number, width: number): void {
    if (slot >= REGISTER_COUNT) return;
    this.used.add(slot);
    if (width <= WIDTH_16 || this.wide.has(slot)) return;
    assert(!this.widthsKnown, 'the second time registers are used in the same widths');
    this.wide.add(slot);
  }

  /** The slot at `address`, or -1. */
  slotOf(address: number): number {
    const offset = address - REGISTERS;
    return offset >= 0 && offset < 8 * SLOT_COUNT ? offset >> 3 : -1;
  }

  /** The value that the operand is known to have, zero-extended from its width; null when it is not a constant. */
  constant(uop: Uop, address: number, width: number): bigint | null {
    if (address === uop.at + UOP_IMM) return BigInt.asUintN(8 << width, uop.imm);
    return this.slotOf(address) === SLOT_ZERO ? 0n : null;
  }

  /** Pushes the operand, zero-extended. */
  read(uop: Uop, address: number, width: number): void {
    const { code } = this;
    const constant = this.constant(uop, address, width);
    if (constant !== null) {
      code.i64(constant);
      return;
    }
    const slot = this.slotOf(address);
    if (slot < 0) {
      code.i32(address).memory(loadOf(width), 0);
      return;
    }
    this.readSlot(slot, width);
    if ((address & 7) !== 0) code.i64(HIGH_BYTE_BITS).op(W.I64ShrU);
    const fits =
      (width === WIDTH_32 && this.isNarrow(slot)) || (width === WIDTH_16 && this.isShort(slot));
    if (!fits) zeroExtend(code, width);
  }

  /** Pushes the operand, sign-extended. */
  readSigned(uop: Uop, address: number, width: number): void {
    this.read(uop, address, width);
    signExtend(this.code, width);
  }

  /** Pushes a register or temporary; above `width` the bits are any. */
  readSlot(slot: number, width = WIDTH_64): void {
    this.use(slot, width);
    this.code.get(localOfSlot(slot));
  }

  private isNarrow(slot: number): boolean {
    return ((this.narrow >>> slot) & 1) !== 0;
  }

  /** Writes the i64 on the stack, which is zero-extended: 8 and 16 bits leave a register's other bits; a temporary has none then. */
  write(address: number, width: number): void {
    const { code } = this;
    const slot = this.slotOf(address);
    if (slot < 0) {
      code
        .set(L.Value)
        .i32(address)
        .get(L.Value)
        .memory(STORES[width] ?? W.I64Store, 0);
      return;
    }
    const isTemporary = slot >= SLOT_T0;
    if ((width === WIDTH_8 || width === WIDTH_16) && !isTemporary) {
      const shift = 8 * (address & 7);
      const mask = (width === WIDTH_8 ? 0xffn : 0xffffn) << BigInt(shift);
      if (shift !== 0) code.i64(shift).op(W.I64Shl);
      if (width === WIDTH_8 || !this.isShort(slot)) {
        this.readSlot(slot, WIDTH_16);
        code.i64(~mask).op(W.I64And).op(W.I64Or);
      }
      this.writeSlot(slot, this.isNarrow(slot), WIDTH_16);
    } else this.writeSlot(slot, width !== WIDTH_64);
  }

  /**
   * Sets a register or temporary from the stack; `narrow`: the upper half is zero. `width`: above it the bits are those it had,
   * or, of a short register, zero.
   */
  writeSlot(slot: number, narrow = false, width = WIDTH_64): void {
    const bit = 1 << slot;
    this.narrow = narrow ? this.narrow | bit : this.narrow & ~bit;
    this.writeCounts[slot] = (this.writeCounts[slot] ?? 0) + 1;
    this.use(slot, width);
    this.onWrite(slot);
    if (slot < REGISTER_COUNT) this.written.add(slot);
    else if (slot >= SLOT_T0) this.temporaries.add(slot);
    this.code.set(localOfSlot(slot));
  }

  /** Stores a slot's local to its place in memory, and loads it from there. */
  spill(slot: number): void {
    this.use(slot, WIDTH_16);
    this.save(this.code, slot);
  }

  fill(slot: number): void {
    this.restore(this.code, slot);
    this.writeSlot(slot, false, WIDTH_16);
  }

  /** Writes to `code` the store of a slot's local. */
  save(code: WasmCode, slot: number): void {
    const store = this.isShort(slot) ? W.I64Store16 : W.I64Store;
    code
      .i32(0)
      .get(localOfSlot(slot))
      .memory(store, REGISTERS + 8 * slot);
  }

  /** Writes to `code` the load of what the slot's local is to hold. */
  restore(code: WasmCode, slot: number): void {
    const load = this.isShort(slot) ? W.I64Load16U : W.I64Load;
    code.i32(0).memory(load, REGISTERS + 8 * slot);
  }

  /** Pushes base + (index << scale) + displacement; above `width` the bits are any. */
  effectiveAddress(uop: Uop, width = WIDTH_64): void {
    const { code } = this;
    this.readAddressPart(uop, uop.a, width);
    if (this.slotOf(uop.b) !== SLOT_ZERO) {
      this.readAddressPart(uop, uop.b, width);
      if (uop.scale !== 0) code.i64(uop.scale).op(W.I64Shl);
      code.op(W.I64Add);
    }
    if (uop.imm !== 0n) code.i64(uop.imm).op(W.I64Add);
  }

  private readAddressPart(uop: Uop, address: number, width: number): void {
    const slot = this.slotOf(address);
    if (slot < 0 || slot === SLOT_ZERO) this.read(uop, address, WIDTH_64);
    else this.readSlot(slot, width);
  }
}
