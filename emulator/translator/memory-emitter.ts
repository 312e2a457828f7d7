/**
 * Memory micro-ops of 64-bit mode in translated code: a comparison with the TLB's tag, as in core/memory-operations.ts; what
 * the TLB does not answer is left to the interpreter.
 */
import {
  LOOP_PAGE_ADDEND,
  MODE_KEY_USER,
  TLB_ENTRY_MASK,
  TLB_ENTRY_SHIFT,
  TLB_SUPERVISOR,
  TLB_USER,
} from '../isa/state-layout.js';
import { AccessKind } from '../isa/timing-interface.js';
import { Op } from '../isa/uop.js';
import type { BlockTiming } from './block-timing.js';
import type { Uop } from './block-reader.js';
import type { LoopPages } from './loop-pages.js';
import type { OperandEmitter } from './operand-emitter.js';
import { L, loadOf, SLOT_RSP, storeOf, WIDTH_32, WIDTH_64, zeroExtend } from './region-code.js';
import { W, WV, type WasmCode } from './wasm-code.js';

// An entry of the TLB: core/tlb.ts.
export const READ_TAG = 0;
export const WRITE_TAG = 8;
const ADDEND = 16;

const PAGE_MASK = -0x1000;
const QUADWORD_BYTES = 8;
const VECTOR_BYTES = 16;

/** Loads that extend: bytes, the load, and the width of the destination. */
const EXTENDING = new Map<number, readonly [bytes: number, load: W, to: number]>([
  [Op.LoadZx8To32, [1, W.I64Load8U, WIDTH_32]],
  [Op.LoadZx16To32, [2, W.I64Load16U, WIDTH_32]],
  [Op.LoadSx8To32, [1, W.I64Load8S, WIDTH_32]],
  [Op.LoadSx8To64, [1, W.I64Load8S, WIDTH_64]],
  [Op.LoadSx16To32, [2, W.I64Load16S, WIDTH_32]],
  [Op.LoadSx16To64, [2, W.I64Load16S, WIDTH_64]],
  [Op.LoadSx32To64, [4, W.I64Load32S, WIDTH_64]],
]);

/** The operand of a load whose host address is in L.Host, for the store that follows in the same instruction. */
interface Held {
  readonly uop: Uop;
  /** How often the registers of its address had been written. */
  readonly written: readonly (number | undefined)[];
}

/** The store of the same width and kind as a load for it. */
function loadedForStore(load: number): number {
  if (load >= Op.LoadSegmentForStore8) return load - Op.LoadSegmentForStore8 + Op.StoreSegment8;
  return load - Op.LoadForStore8 + Op.Store8;
}

export class MemoryEmitter {
  private tlb = TLB_SUPERVISOR;
  private held: Held | null = null;

  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly timing: BlockTiming,
    private readonly pages: LoopPages,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {}

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op >= Op.Load8 && op <= Op.Load64) this.load(uop, op - Op.Load8, READ_TAG);
    else if (EXTENDING.has(op)) this.loadExtended(uop);
    else if (op >= Op.LoadForStore8 && op <= Op.LoadForStore64)
      this.load(uop, op - Op.LoadForStore8, WRITE_TAG);
    else if (op >= Op.Store8 && op <= Op.Store64) this.store(uop, op - Op.Store8);
    else if (op >= Op.Load128 && op <= Op.StoreAligned128) this.vector(uop);
    else if (op === Op.Push64Flat) {
      this.operands.read(uop, uop.a, WIDTH_64);
      this.code.set(L.Value);
      this.push(uop);
    } else if (op === Op.Pop64Flat) this.pop(uop);
    else return false;
    return true;
  }

  private load(uop: Uop, width: number, tag: number): void {
    this.operands.effectiveAddress(uop);
    this.locateOperand(uop, 1 << width, tag, false, AccessKind.Load);
    if (tag === WRITE_TAG) this.hold(uop);
    this.code.memory(loadOf(width), 0);
    this.operands.write(uop.dst, width);
  }

  private loadExtended(uop: Uop): void {
    const [bytes, load, to] = EXTENDING.get(uop.op) ?? [8, W.I64Load, WIDTH_64];
    this.operands.effectiveAddress(uop);
    this.locateOperand(uop, bytes, READ_TAG);
    this.code.memory(load, 0);
    zeroExtend(this.code, to);
    this.operands.write(uop.dst, to);
  }

  private store(uop: Uop, width: number): void {
    if (this.isHeld(uop)) this.hostHeld(uop, width);
    else {
      this.operands.effectiveAddress(uop);
      this.locateOperand(uop, 1 << width, WRITE_TAG);
    }
    this.operands.read(uop, uop.dst, width);
    this.code.memory(storeOf(width), 0);
  }

  private vector(uop: Uop): void {
    const { code } = this;
    const stores = uop.op === Op.Store128 || uop.op === Op.StoreAligned128;
    const aligned = uop.op === Op.LoadAligned128 || uop.op === Op.StoreAligned128;
    if (!stores) code.i32(uop.dst);
    this.operands.effectiveAddress(uop);
    this.locateOperand(uop, VECTOR_BYTES, stores ? WRITE_TAG : READ_TAG, aligned);
    if (stores) code.i32(uop.dst);
    code.vector(WV.Load, 0).vector(WV.Store, 0);
  }

  /** Remembers the host address on the stack, which `uop` loads from so that the same bytes can be stored. */
  hold(uop: Uop): void {
    this.code.tee(L.Host);
    this.held = { uop, written: this.addressWrites(uop) };
  }

  /** To be called where a block begins. `mode`: its mode key, which names the TLB. */
  beginBlock(mode: number): void {
    this.tlb = (mode & MODE_KEY_USER) === 0 ? TLB_SUPERVISOR : TLB_USER;
    this.held = null;
    this.timing.beginBlock();
  }

  /** The micro-op stores where the load before it in its instruction has found that it can. */
  isHeld(uop: Uop): boolean {
    if (this.held === null) return false;
    const { uop: load, written } = this.held;
    const writes = this.addressWrites(uop);
    return (
      load.index === uop.index &&
      load.a === uop.a &&
      load.b === uop.b &&
      load.scale === uop.scale &&
      load.imm === uop.imm &&
      loadedForStore(load.op) === uop.op &&
      (uop.op < Op.StoreSegment8 || load.extra === uop.extra) &&
      written.every((count, index) => count === writes[index])
    );
  }

  /** Pushes the host address of the operand of a store that isHeld(). */
  hostHeld(uop: Uop, width: number): void {
    this.timing.accessAgain(uop, 1 << width, AccessKind.Store);
    this.code.get(L.Host);
  }

  private addressWrites(uop: Uop): (number | undefined)[] {
    const { operands } = this;
    return [uop.a, uop.b].map((address) => operands.writeCounts[operands.slotOf(address)]);
  }

  /** Pushes the quadword in L.Value. */
  push(uop: Uop): void {
    this.storeBelowTop(uop);
    this.code.get(L.Address);
    this.operands.writeSlot(SLOT_RSP);
  }

  /** Stores the quadword in L.Value where a push would, whose RSP is then L.Address. */
  storeBelowTop(uop: Uop): void {
    this.operands.readSlot(SLOT_RSP);
    this.code.i64(QUADWORD_BYTES).op(W.I64Sub);
    this.locate(uop, QUADWORD_BYTES, WRITE_TAG);
    this.code.get(L.Value).memory(W.I64Store, 0);
  }

  /** Loads the quadword at the top of the stack, RSP is in L.Address. */
  top(uop: Uop): void {
    this.operands.readSlot(SLOT_RSP);
    this.locate(uop, QUADWORD_BYTES, READ_TAG);
    this.code.memory(W.I64Load, 0);
  }

  private pop(uop: Uop): void {
    const { code, operands } = this;
    this.top(uop);
    code.get(L.Address).i64(QUADWORD_BYTES).op(W.I64Add);
    operands.writeSlot(SLOT_RSP);
    operands.write(uop.dst, WIDTH_64);
  }

  /** The same as `locate` for the micro-op's effective address, which may stay in a page that a loop keeps. */
  private locateOperand(
    uop: Uop,
    bytes: number,
    tag: number,
    aligned = false,
    kind = kindOf(tag),
  ): void {
    const { code, operands, tlb } = this;
    const slots = [uop.a, uop.b].map((address) => operands.slotOf(address));
    const page = this.pages.pageOf(uop, tlb + tag, slots);
    if (page === null) {
      const follows = kind === AccessKind.Load && uop.dst === uop.a;
      return this.locate(uop, bytes, tag, aligned, follows, kind);
    }
    code
      .tee(L.Address)
      .i64(PAGE_MASK | (bytes - 1))
      .op(W.I64And);
    code.i32(0).memory(W.I64Load, page).op(W.I64Ne).openRare();
    code.get(L.Address);
    this.entry();
    this.demand(uop, bytes, tag, aligned);
    code.i32(0).get(L.Address).i64(PAGE_MASK).op(W.I64And).memory(W.I64Store, page);
    code.i32(0);
    this.addend();
    code.memory(W.I32Store, page + LOOP_PAGE_ADDEND);
    code.close();
    this.timing.access(uop, bytes, kind);
    code.i32(0).memory(W.I32Load, page + LOOP_PAGE_ADDEND);
    code.get(L.Address).op(W.I32WrapI64).op(W.I32Add);
  }

  /**
   * Replaces the linear address on the stack by the host address of `bytes` bytes there; leaves the region where the tag
   * at `tag` of the TLB's entry does not allow the access.
   * `follows`: the address comes from such a load, as in a linked list. Then the addend is taken for the one of the load before,
   * and the TLB's is only compared with it: the host predicts that branch, so that its next load need not wait for the TLB's.
   * `kind`: what the timing engine takes it for.
   */
  locate(
    uop: Uop,
    bytes: number,
    tag: number,
    aligned = false,
    follows = false,
    kind = kindOf(tag),
  ): void {
    const { code } = this;
    this.entry();
    this.demand(uop, bytes, tag, aligned);
    this.timing.access(uop, bytes, kind);
    this.addend();
    if (follows) {
      code.tee(L.Addend).get(L.Guess).op(W.I32Ne);
      code.openRare();
      code.get(L.Addend).set(L.Guess);
      code.close();
      code.get(L.Guess);
    }
    code.get(L.Address).op(W.I32WrapI64).op(W.I32Add);
  }

  /** Leaves the region where the tag at `tag` of L.Entry does not allow an access of `bytes` bytes at L.Address. */
  private demand(uop: Uop, bytes: number, tag: number, aligned: boolean): void {
    const { code, tlb } = this;
    code.get(L.Address);
    if (bytes > 1) code.i64(bytes - 1).op(W.I64Add);
    code
      .i64(PAGE_MASK)
      .op(W.I64And)
      .get(L.Entry)
      .memory(W.I64Load, tlb + tag)
      .op(W.I64Ne);
    if (aligned) {
      code
        .get(L.Address)
        .i64(bytes - 1)
        .op(W.I64And)
        .i64(0)
        .op(W.I64Ne)
        .op(W.I32Or);
    }
    code.openRare();
    this.leave(uop);
    code.close();
  }

  /** Takes the linear address on the stack to L.Address and pushes the tag at `tag` of its entry of the TLB. */
  entryOf(tag: number): void {
    this.entry();
    this.code.get(L.Entry).memory(W.I64Load, this.tlb + tag);
  }

  /** Pushes the host address of L.Address, which entryOf has found in the TLB. */
  hostOfEntry(): void {
    this.addend();
    this.code.get(L.Address).op(W.I32WrapI64).op(W.I32Add);
  }

  private entry(): void {
    const { code } = this;
    code.tee(L.Address).op(W.I32WrapI64).i32(TLB_ENTRY_SHIFT).op(W.I32ShrU);
    code.i32(TLB_ENTRY_MASK).op(W.I32And).set(L.Entry);
  }

  private addend(): void {
    this.code.get(L.Entry).memory(W.I32Load, this.tlb + ADDEND);
  }
}

function kindOf(tag: number): AccessKind {
  return tag === READ_TAG ? AccessKind.Load : AccessKind.Store;
}
