/**
 * String instructions in translated code. One that is not repeated is a load, a store or a comparison and an addition to its
 * pointers, in the order of core/strings.ts: nothing has changed where the TLB does not answer, so that the interpreter begins anew.
 * Source: Intel SDM Vol. 2, MOVS, CMPS, STOS, LODS, SCAS, CLD, STD.
 */
import { flagMask } from '../isa/rflags.js';
import { REGISTERS, RFLAGS_REST } from '../isa/state-layout.js';
import { Op, Segment, StringKind } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import type { FlagEmitter } from './flag-emitter.js';
import { READ_TAG, WRITE_TAG, type MemoryEmitter } from './memory-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import {
  L,
  loadOf,
  SLOT_RAX,
  SLOT_RCX,
  SLOT_RDI,
  SLOT_RSI,
  storeOf,
  zeroExtend,
} from './region-code.js';
import type { SegmentEmitter } from './segment-emitter.js';
import { stringInstruction, type StringInstruction } from './string-instruction.js';
import { W, type WasmCode } from './wasm-code.js';

const RAX = REGISTERS + 8 * SLOT_RAX;
const RFLAGS_DF = flagMask('DF');
const DF_BIT = Math.log2(RFLAGS_DF);

/** More elements are not moved one by one: the core moves them at once (core/string-regions.ts). */
const FEW_ELEMENTS_MAX = 32;

export class StringEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly memory: MemoryEmitter,
    private readonly segments: SegmentEmitter,
  ) {}

  /** Writes one that is not repeated and accesses no port. */
  single(uop: Uop): void {
    const instruction = stringInstruction(uop.imm);
    const { kind, width } = instruction;
    switch (kind) {
      case StringKind.Lods:
        this.source(uop, instruction);
        this.operands.write(RAX, width);
        break;
      case StringKind.Stos:
        this.locateDestination(uop, instruction, WRITE_TAG);
        this.operands.read(uop, RAX, width);
        this.code.memory(storeOf(width), 0);
        break;
      case StringKind.Movs:
        this.source(uop, instruction);
        this.code.set(L.Value);
        this.locateDestination(uop, instruction, WRITE_TAG);
        this.code.get(L.Value).memory(storeOf(width), 0);
        break;
      default:
        this.compare(uop, instruction);
    }
    this.advance(uop, instruction);
  }

  /** CMPS, SCAS. */
  private compare(uop: Uop, instruction: StringInstruction): void {
    const { kind, width } = instruction;
    if (kind === StringKind.Cmps) this.source(uop, instruction);
    else this.operands.read(uop, RAX, width);
    this.code.set(L.Value);
    this.locateDestination(uop, instruction, READ_TAG);
    this.code.memory(loadOf(width), 0).set(L.B).get(L.Value).set(L.A);
    this.flags.set(Op.Sub8 + width, L.A, L.B);
  }

  /** Pushes the element at segment:rSI, zero-extended. */
  private source(uop: Uop, { addressWidth, segment, width }: StringInstruction): void {
    this.operands.read(uop, REGISTERS + 8 * SLOT_RSI, addressWidth);
    this.segments.locate(uop, segment, width, READ_TAG);
    this.code.memory(loadOf(width), 0);
  }

  /** Pushes the host address of the element at ES:rDI. */
  private locateDestination(
    uop: Uop,
    { addressWidth, width }: StringInstruction,
    tag: number,
  ): void {
    this.operands.read(uop, REGISTERS + 8 * SLOT_RDI, addressWidth);
    this.segments.locate(uop, Segment.ES, width, tag);
  }

  /** Moves the pointers to the next element: the one above, or below where DF = 1. */
  private advance(uop: Uop, { addressWidth, kind, width }: StringInstruction): void {
    const { code, operands } = this;
    code.i64(1 << width);
    code.i32(0).memory(W.I64Load32U, RFLAGS_REST);
    code
      .i64(DF_BIT - 1 - width)
      .op(W.I64ShrU)
      .i64(2 << width)
      .op(W.I64And);
    code.op(W.I64Sub).set(L.Count);
    const moved = [
      ...(kind === StringKind.Stos || kind === StringKind.Scas ? [] : [SLOT_RSI]),
      ...(kind === StringKind.Lods ? [] : [SLOT_RDI]),
    ];
    for (const slot of moved) {
      const register = REGISTERS + 8 * slot;
      operands.read(uop, register, addressWidth);
      code.get(L.Count).op(W.I64Add);
      zeroExtend(code, addressWidth);
      operands.write(register, addressWidth);
    }
  }

  /**
   * REP MOVS or STOS in 64-bit mode: a few elements in ascending order, all within a page, one after the other. `otherwise` is
   * written for what is not that.
   */
  fewElements(uop: Uop, instruction: StringInstruction, otherwise: () => void): void {
    const { code, operands } = this;
    const { addressWidth, kind, width } = instruction;
    const moves = kind === StringKind.Movs;
    const done = code.open(W.Block);
    const others = code.open(W.Block);
    operands.read(uop, REGISTERS + 8 * SLOT_RCX, addressWidth);
    code.tee(L.Count).op(W.I64Eqz).open(W.If);
    code.branch(done).close();
    code.get(L.Count).i64(FEW_ELEMENTS_MAX).op(W.I64GtU).open(W.If);
    code.branch(others).close();
    code.i32(0).memory(W.I32Load, RFLAGS_REST).i32(RFLAGS_DF).op(W.I32And).open(W.If);
    code.branch(others).close();
    if (moves) {
      this.locateAll(uop, SLOT_RSI, instruction, READ_TAG, others);
      code.set(L.Addend);
    }
    this.locateAll(uop, SLOT_RDI, instruction, WRITE_TAG, others);
    code.set(L.Host);
    for (const slot of moves ? [SLOT_RSI, SLOT_RDI] : [SLOT_RDI]) {
      const register = REGISTERS + 8 * slot;
      operands.read(uop, register, addressWidth);
      code.get(L.Count).i64(width).op(W.I64Shl).op(W.I64Add);
      zeroExtend(code, addressWidth);
      operands.write(register, addressWidth);
    }
    this.eachElement(uop, width, moves);
    code.i64(0);
    operands.write(REGISTERS + 8 * SLOT_RCX, addressWidth);
    code.branch(done).close();
    otherwise();
    code.close();
  }

  /** Pushes the host address of L.Count elements from the register on; goes to `others` where the TLB does not answer for them all. */
  private locateAll(
    uop: Uop,
    slot: number,
    { addressWidth, width }: StringInstruction,
    tag: number,
    others: number,
  ): void {
    const { code } = this;
    this.operands.read(uop, REGISTERS + 8 * slot, addressWidth);
    this.memory.entryOf(tag);
    code.tee(L.Value).get(L.Address).i64(-0x1000).op(W.I64And).op(W.I64Ne);
    code.get(L.Address).get(L.Count).i64(width).op(W.I64Shl).op(W.I64Add).i64(1).op(W.I64Sub);
    code.i64(-0x1000).op(W.I64And).get(L.Value).op(W.I64Ne).op(W.I32Or).open(W.If);
    code.branch(others).close();
    this.memory.hostOfEntry();
  }

  /** L.Count elements, not none, to L.Host on: from L.Addend on, or rAX. */
  private eachElement(uop: Uop, width: number, moves: boolean): void {
    const { code } = this;
    const bytes = 1 << width;
    code.get(L.Count).op(W.I32WrapI64).i32(width).op(W.I32Shl).get(L.Host).op(W.I32Add);
    code.set(L.Entry);
    const next = code.open(W.Loop);
    code.get(L.Host);
    if (moves) code.get(L.Addend).memory(loadOf(width), 0);
    else this.operands.read(uop, RAX, width);
    code.memory(storeOf(width), 0);
    if (moves) code.get(L.Addend).i32(bytes).op(W.I32Add).set(L.Addend);
    code.get(L.Host).i32(bytes).op(W.I32Add).tee(L.Host).get(L.Entry).op(W.I32Ne).open(W.If);
    code.branch(next).close();
    code.close();
  }

  /** CLD, STD. */
  direction({ op }: Uop): void {
    const { code } = this;
    code.i32(0).i32(0).memory(W.I32Load, RFLAGS_REST);
    if (op === Op.Cld) code.i32(~RFLAGS_DF).op(W.I32And);
    else code.i32(RFLAGS_DF).op(W.I32Or);
    code.memory(W.I32Store, RFLAGS_REST);
  }
}
