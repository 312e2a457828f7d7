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
import { READ_TAG, WRITE_TAG } from './memory-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import {
  L,
  loadOf,
  SLOT_RAX,
  SLOT_RDI,
  SLOT_RSI,
  storeOf,
  WIDTH_16,
  zeroExtend,
} from './region-code.js';
import type { SegmentEmitter } from './segment-emitter.js';
import { W, type WasmCode } from './wasm-code.js';

const RAX = REGISTERS + 8 * SLOT_RAX;
const RFLAGS_DF = flagMask('DF');
const DF_BIT = Math.log2(RFLAGS_DF);

/** What Door.String's micro-op says of its instruction (isa/uop.ts). */
interface StringInstruction {
  readonly kind: StringKind;
  /** Width of the elements, and of addresses and the count register. */
  readonly width: number;
  readonly addressWidth: number;
  readonly isRepeated: boolean;
  /** Segment of the element at rSI. */
  readonly segment: number;
}

export function stringInstruction({ imm }: Uop): StringInstruction {
  const description = Number(imm);
  return {
    kind: description & 15,
    width: (description >> 4) & 3,
    addressWidth: WIDTH_16 + ((description >> 12) & 3),
    isRepeated: ((description >> 6) & 3) !== 0,
    segment: (description >> 8) & 7,
  };
}

/** INS and OUTS access a port. */
export function accessesPort({ kind }: StringInstruction): boolean {
  return kind >= StringKind.Ins;
}

export class StringEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly segments: SegmentEmitter,
  ) {}

  /** Writes one that is not repeated and accesses no port. */
  single(uop: Uop): void {
    const instruction = stringInstruction(uop);
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

  /** CLD, STD. */
  direction({ op }: Uop): void {
    const { code } = this;
    code.i32(0).i32(0).memory(W.I32Load, RFLAGS_REST);
    if (op === Op.Cld) code.i32(~RFLAGS_DF).op(W.I32And);
    else code.i32(RFLAGS_DF).op(W.I32Or);
    code.memory(W.I32Store, RFLAGS_REST);
  }
}
