/**
 * Returns and indirect branches in translated code: their target is asked of the jump cache, as in core/interpreter.ts, and when
 * the block there is an entry of the same region, the region's dispatcher goes on with it. Everything else leaves the region.
 */
import {
  BLOCK_ENTRY,
  BLOCK_INSTRUCTIONS,
  BLOCK_REGION,
  JUMP_BLOCK,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  RIP,
} from '../isa/state-layout.js';
import { Op } from '../isa/uop.js';
import type { Block, Uop } from './block-reader.js';
import type { MemoryEmitter } from './memory-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import type { SegmentEmitter } from './segment-emitter.js';
import { L, loadContext, SLOT_RSP, WIDTH_16, WIDTH_32, WIDTH_64 } from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

const JUMP_ENTRY_SHIFT = 4;
/** Bits of a linear address above the 48 of 4-level paging; canonical in 48 bits is canonical in 57. */
const CANONICAL_SHIFT = 16;

export class IndirectEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly memory: MemoryEmitter,
    private readonly segments: SegmentEmitter,
    private readonly place: number,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {}

  /**
   * Puts where `uop` goes into L.Target, and RSP behind it into L.StackPointer; a return address is stored already. False: it is
   * the interpreter's.
   */
  target(block: Block, uop: Uop): boolean {
    const { code, operands, memory } = this;
    if (uop.op === Op.RetFlat) {
      memory.top(uop);
      code.set(L.Target);
      code
        .get(L.Address)
        .i64(8n + uop.imm)
        .op(W.I64Add)
        .set(L.StackPointer);
    } else if (uop.op === Op.RetNear && uop.extra < 64) {
      const width = uop.extra === 16 ? WIDTH_16 : WIDTH_32;
      this.segments.top(uop, width);
      code.set(L.Target);
      this.segments.stackPointerBehind((1 << width) + Number(uop.imm));
      code.set(L.StackPointer);
    } else if (uop.op === Op.JmpIndirect) {
      operands.read(uop, uop.a, WIDTH_64);
      code.set(L.Target);
      operands.readSlot(SLOT_RSP, WIDTH_16);
      code.set(L.StackPointer);
    } else if (uop.op === Op.CallIndirectFlat) {
      operands.read(uop, uop.a, WIDTH_64);
      code.set(L.Target);
      this.checkCanonical(uop);
      code.i64(block.rip + BigInt(uop.end)).set(L.Value);
      memory.storeBelowTop(uop);
      code.get(L.Address).set(L.StackPointer);
    } else return false;
    return true;
  }

  /** The core has gone to RIP, in another context perhaps. */
  reached(): void {
    const { code, operands } = this;
    loadContext(code);
    code.i32(0).memory(W.I64Load, RIP).set(L.Target);
    operands.readSlot(SLOT_RSP, WIDTH_16);
    code.set(L.StackPointer);
  }

  /** Leaves the region where L.Target may be refused: a call checks it before it pushes. */
  private checkCanonical(uop: Uop): void {
    const { code } = this;
    code.get(L.Target).i64(CANONICAL_SHIFT).op(W.I64Shl).i64(CANONICAL_SHIFT).op(W.I64ShrS);
    code.get(L.Target).op(W.I64Ne).openRare();
    this.leave(uop);
    code.close();
  }

  /**
   * Looks for L.Target; where it is an entry of this region, the branch is done and `done` written, and `found` goes on at L.Index, with its block in
   * L.Entry paid for.
   */
  search(done: () => void, found: () => void): void {
    const { code, operands } = this;
    code.get(L.Target).op(W.I32WrapI64);
    code.get(L.Target).i64(12).op(W.I64ShrU).op(W.I32WrapI64).op(W.I32Xor);
    code
      .i32(JUMP_CACHE_ENTRIES - 1)
      .op(W.I32And)
      .i32(JUMP_ENTRY_SHIFT)
      .op(W.I32Shl)
      .tee(L.Entry);
    code.memory(W.I64Load, JUMP_CACHE).get(L.Target).op(W.I64Eq);
    code
      .get(L.Entry)
      .memory(W.I64Load, JUMP_CACHE + JUMP_BLOCK)
      .tee(L.Value);
    code.i64(-0x1_0000_0000n).op(W.I64And).get(L.Context).op(W.I64Eq).op(W.I32And);
    code.openExpecting(true);
    code.get(L.Value).op(W.I32WrapI64).tee(L.Entry).memory(W.I32Load16U, BLOCK_REGION);
    code.i32(this.place).op(W.I32Eq);
    code.get(L.Remaining).get(L.Entry).memory(W.I32Load, BLOCK_INSTRUCTIONS);
    code.op(W.I32LtS).op(W.I32Eqz).op(W.I32And);
    code.openExpecting(true);
    code.get(L.StackPointer);
    operands.writeSlot(SLOT_RSP, false, WIDTH_16);
    done();
    code.get(L.Remaining).get(L.Entry).memory(W.I32Load, BLOCK_INSTRUCTIONS);
    code.op(W.I32Sub).set(L.Remaining);
    code.get(L.Entry).memory(W.I32Load8U, BLOCK_ENTRY).set(L.Index);
    found();
    code.close();
    code.close();
  }
}
