/**
 * Memory micro-ops that go through segmentation, and the stack of 16- and 32-bit code, as in core/segmented-operations.ts and
 * core/stack.ts: a segment that may be used below its limit without further checks. What needs one is left to the interpreter.
 */
import { assert } from '../base/assert.js';
import {
  MODE_KEY_SIZE,
  PLAIN_SEGMENTS,
  REGISTERS,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from '../isa/state-layout.js';
import { AccessKind } from '../isa/timing-interface.js';
import { Op, Segment } from '../isa/uop.js';
import { ATTRIBUTE_DB, WRITE_RIGHTS, type SegmentNow, type Uop } from './block-reader.js';
import { READ_TAG, WRITE_TAG, type MemoryEmitter } from './memory-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import {
  L,
  loadOf,
  SLOT_RBP,
  SLOT_RSP,
  storeOf,
  WIDTH_16,
  WIDTH_32,
  WIDTH_64,
  zeroExtend,
} from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

const LIMIT_FLAT = 0xffff_ffff;

function cacheOf(segment: number): number {
  return SEGMENTS + segment * SEGMENT_SIZE_BYTES;
}

export class SegmentEmitter {
  /** The region's code is of 64 bits, where only FS and GS have a base. */
  private readonly long: boolean;
  /** Segments whose base the region needs, and what it takes for granted: the bits of PLAIN_SEGMENTS, limits, SS.B. */
  private readonly bases = new Set<number>();
  private readonly limited = new Set<number>();
  private rights = 0;
  private usesStack = false;

  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly memory: MemoryEmitter,
    mode: number,
    private readonly segments: readonly SegmentNow[],
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {
    this.long = (mode & MODE_KEY_SIZE) === 2;
  }

  /**
   * Loads what `locate` needs, at the region's beginning: nothing in a region changes a segment but for `reloadBases`. `refuse` is written for
   * segments that are not what they were.
   */
  prologue(code: WasmCode, refuse: () => void): void {
    for (const segment of this.bases) {
      code.i32(0).memory(W.I64Load, cacheOf(segment) + SEGMENT_BASE);
      code.set(L.Bases + segment);
    }
    if (this.long || (this.limited.size === 0 && !this.usesStack)) return;
    code.i32(0).memory(W.I32Load, PLAIN_SEGMENTS).i32(this.rights).op(W.I32And);
    code.i32(this.rights).op(W.I32Ne);
    for (const segment of this.limited) {
      const { limit } = this.segment(segment);
      code.i32(0).memory(W.I32Load, cacheOf(segment) + SEGMENT_LIMIT);
      code.i32(limit).op(W.I32Ne).op(W.I32Or);
      if (!this.bases.has(segment)) {
        code.i32(0).memory(W.I64Load, cacheOf(segment) + SEGMENT_BASE);
        code.op(W.I64Eqz).op(W.I32Eqz).op(W.I32Or);
      }
    }
    if (this.usesStack) {
      code.i32(0).memory(W.I32Load, cacheOf(Segment.SS) + SEGMENT_ATTRIBUTES);
      code.i32(ATTRIBUTE_DB).op(W.I32And);
      code
        .i32(this.stackIsWide ? ATTRIBUTE_DB : 0)
        .op(W.I32Ne)
        .op(W.I32Or);
    }
    code.openRare();
    refuse();
    code.close();
  }

  /** Where the base lies that a light door changes. */
  baseAddress(segment: number): number {
    return cacheOf(segment) + SEGMENT_BASE;
  }

  /** The bases of FS and GS have changed. */
  reloadBases(): void {
    for (const segment of [Segment.FS, Segment.GS]) {
      this.code.i32(0).memory(W.I64Load, this.baseAddress(segment));
      this.code.set(L.Bases + segment);
    }
  }

  private segment(segment: number): SegmentNow {
    const now = this.segments[segment];
    assert(now !== undefined, 'an operand is in a segment from ES to GS');
    return now;
  }

  /** Offsets in the segment are linear addresses. */
  isFlat(segment: number): boolean {
    return this.long && segment !== Segment.FS && segment !== Segment.GS;
  }

  /** SS.B */
  private get stackIsWide(): boolean {
    return this.segment(Segment.SS).isWide;
  }

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    const { op } = uop;
    if (op >= Op.LoadSegment8 && op <= Op.LoadSegment64)
      this.load(uop, op - Op.LoadSegment8, READ_TAG);
    else if (op >= Op.LoadSegmentForStore8 && op <= Op.LoadSegmentForStore64)
      this.load(uop, op - Op.LoadSegmentForStore8, WRITE_TAG);
    else if (op >= Op.StoreSegment8 && op <= Op.StoreSegment64)
      this.store(uop, op - Op.StoreSegment8);
    else if (op >= Op.Push16 && op <= Op.Push64) this.pushOperand(uop, 1 + op - Op.Push16);
    else if (op >= Op.Pop16 && op <= Op.Peek64) this.popOperand(uop);
    else if (op === Op.Drop) this.drop(uop);
    else return false;
    return true;
  }

  private load(uop: Uop, width: number, tag: number): void {
    this.operands.read(uop, uop.a, WIDTH_64);
    this.locate(uop, uop.extra, width, tag, AccessKind.Load);
    if (tag === WRITE_TAG) this.memory.hold(uop);
    this.code.memory(loadOf(width), 0);
    this.operands.write(uop.dst, width);
  }

  private store(uop: Uop, width: number): void {
    if (this.memory.isHeld(uop)) this.memory.hostHeld(uop, width);
    else {
      this.operands.read(uop, uop.a, WIDTH_64);
      this.locate(uop, uop.extra, width, WRITE_TAG);
    }
    this.operands.read(uop, uop.dst, width);
    this.code.memory(storeOf(width), 0);
  }

  /** Replaces the offset on the stack by the host address of the operand; leaves the region where that is not plain. `kind`: see MemoryEmitter. */
  locate(
    uop: Uop,
    segment: number,
    width: number,
    tag: number,
    kind = tag === READ_TAG ? AccessKind.Load : AccessKind.Store,
  ): void {
    const { code, memory } = this;
    const bytes = 1 << width;
    if (this.long) {
      if (!this.isFlat(segment)) {
        this.bases.add(segment);
        code.get(L.Bases + segment).op(W.I64Add);
      }
      memory.locate(uop, bytes, tag, false, false, kind);
      return;
    }
    const now = this.segment(segment);
    const writes = tag === WRITE_TAG;
    if (!(writes ? now.writable : now.readable) || now.limit < bytes - 1) {
      code.set(L.A);
      this.leave(uop);
      code.i32(0);
      return;
    }
    this.rights |= 1 << (segment + (writes ? WRITE_RIGHTS : 0));
    this.limited.add(segment);
    // Flat: where the operand goes beyond 4 GiB, so does its page.
    if (now.isFlat && now.limit === LIMIT_FLAT) {
      memory.locate(uop, bytes, tag, false, false, kind);
      return;
    }
    this.bases.add(segment);
    code.tee(L.A);
    code
      .i64(now.limit - (bytes - 1))
      .op(W.I64GtU)
      .openRare();
    this.leave(uop);
    code.close();
    code
      .get(L.Bases + segment)
      .get(L.A)
      .op(W.I64Add);
    zeroExtend(code, WIDTH_32);
    memory.locate(uop, bytes, tag, false, false, kind);
  }

  // Stack

  /** Width of the stack pointer. */
  private get stackWidth(): number {
    if (this.long) return WIDTH_64;
    return this.stackIsWide ? WIDTH_32 : WIDTH_16;
  }

  /** Pushes the address `distance` above the top of the stack. */
  private stackAddress(distance: number): void {
    const { code } = this;
    this.operands.readSlot(SLOT_RSP, this.stackWidth);
    if (distance !== 0) code.i64(distance).op(W.I64Add);
    zeroExtend(code, this.stackWidth);
  }

  /** Moves rSP, in the bits that stack accesses use. */
  private moveStackPointer(distance: number): void {
    this.stackPointerBehind(distance);
    this.operands.writeSlot(SLOT_RSP, false, this.stackWidth);
  }

  private pushOperand(uop: Uop, width: number): void {
    this.operands.read(uop, uop.a, width);
    this.code.set(L.Value);
    this.push(uop, width);
  }

  /** Pushes the low bits of L.Value. */
  push(uop: Uop, width: number): void {
    const bytes = 1 << width;
    this.usesStack = true;
    this.stackAddress(-bytes);
    this.locate(uop, Segment.SS, width, WRITE_TAG);
    this.code.get(L.Value).memory(storeOf(width), 0);
    this.moveStackPointer(-bytes);
  }

  /** Loads the top of the stack, zero-extended. */
  top(uop: Uop, width: number): void {
    this.usesStack = true;
    this.stackAddress(0);
    this.locate(uop, Segment.SS, width, READ_TAG);
    this.code.memory(loadOf(width), 0);
  }

  /** Pushes all 64 bits of what rSP is when it has moved. */
  stackPointerBehind(bytes: number): void {
    this.stackAddress(bytes);
    this.keepUpperStackPointer();
  }

  /** The i64 on the stack becomes rSP: a 16-bit stack leaves its upper bits. */
  private keepUpperStackPointer(): void {
    const { code, operands } = this;
    if (this.stackWidth !== WIDTH_16 || operands.isShort(SLOT_RSP)) return;
    operands.readSlot(SLOT_RSP, WIDTH_16);
    code.i64(~0xffffn).op(W.I64And).op(W.I64Or);
  }

  private popOperand(uop: Uop): void {
    const pops = uop.op <= Op.Pop64;
    const width = 1 + uop.op - (pops ? Op.Pop16 : Op.Peek16);
    this.top(uop, width);
    this.code.set(L.Value);
    if (pops) this.moveStackPointer(1 << width);
    this.code.get(L.Value);
    this.operands.write(uop.dst, width);
  }

  /** LEAVE, of an operand of that width. */
  leaveFrame(uop: Uop, width: number): void {
    const { code, operands } = this;
    const frame = (distance: number): void => {
      operands.readSlot(SLOT_RBP, this.stackWidth);
      if (distance !== 0) code.i64(distance).op(W.I64Add);
      zeroExtend(code, this.stackWidth);
    };
    this.usesStack = true;
    frame(0);
    this.locate(uop, Segment.SS, width, READ_TAG);
    code.memory(loadOf(width), 0).set(L.Value);
    frame(1 << width);
    this.keepUpperStackPointer();
    operands.writeSlot(SLOT_RSP, false, this.stackWidth);
    code.get(L.Value);
    operands.write(REGISTERS + 8 * SLOT_RBP, width);
  }

  private drop(uop: Uop): void {
    this.usesStack = true;
    this.moveStackPointer(Number(BigInt.asIntN(64, uop.imm)));
  }
}
