/**
 * Lowering: the compiled recipe of a decoded instruction becomes micro-ops in linear memory. Here operands get their
 * addresses and loads and stores their form: *flat* (64-bit mode, 64-bit addresses, neither FS nor GS: the address is
 * part of the micro-op) or *segmented* (the effective address goes into T7 first).
 */
import {
  REGISTERS,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
} from '../../isa/state-layout.js';
import {
  Op,
  Segment,
  SLOT_T0,
  SLOT_ZERO,
  UOP_CHECK_LIMIT,
  UOP_IMM,
  UOP_IMMEDIATE_32,
  UOP_LOCKED,
  UOP_SIZE_BYTES,
} from '../../isa/uop.js';
import {
  EXTRA_ADDRESS_BITS,
  EXTRA_ROLE,
  IMM_ADDRESS_BITS_AT_16,
  IMM_ADDRESS_LOG2_AT_12,
  IMM_FIRST,
  IMM_FIRST_16,
  IMM_FIRST_16_AT_16,
  IMM_FIRST_8,
  IMM_FIRST_8_RIGHT_2,
  IMM_FIRST_8_RIGHT_3,
  IMM_FIRST_8_RIGHT_4,
  IMM_MODRM_AT_8,
  IMM_POP_ADJUSTMENT,
  IMM_REGISTER_NUMBER,
  IMM_REPEAT_AT_6,
  IMM_REPEAT_CONDITIONAL,
  IMM_SCALE_AT_24,
  IMM_SECOND_8_AT_16,
  IMM_SEGMENT,
  IMM_SEGMENT_AT_8,
  IMM_SELECTOR,
  IMM_TARGET,
  RECIPE_WORDS,
  RoleCode,
  UopKind,
  WORD_A,
  WORD_B,
  WORD_DST,
  WORD_EXTRA,
  WORD_FLAGS,
  WORD_IMM,
  WORD_KIND,
  WORD_OP,
} from './compiled-recipe.js';
import {
  ImmediateLayout,
  RULE_REQUIRES_AVX,
  RULE_REQUIRES_MMX,
  RULE_REQUIRES_SSE,
  RULE_X87,
} from './form-table.js';
import type { InstructionDecoder } from './instruction-decoder.js';

const ZERO = REGISTERS + 8 * SLOT_ZERO;
const RSP = REGISTERS + 8 * 4;
/** Where the effective address of a segmented memory operand lies; and a segmented load that is extended afterwards. */
const EFFECTIVE_ADDRESS = REGISTERS + 8 * (SLOT_T0 + 7);
const LOADED = REGISTERS + 8 * (SLOT_T0 + 6);

/** The segmented micro-op for a flat one, then the extension that must follow (0: none). */
const SEGMENTED = new Map<Op, readonly [Op, Op | 0]>([
  [Op.LoadZx8To32, [Op.LoadSegment8, Op.MovZx8To32]],
  [Op.LoadZx16To32, [Op.LoadSegment16, Op.MovZx16To32]],
  [Op.LoadSx8To32, [Op.LoadSegment8, Op.MovSx8To32]],
  [Op.LoadSx8To64, [Op.LoadSegment8, Op.MovSx8To64]],
  [Op.LoadSx16To32, [Op.LoadSegment16, Op.MovSx16To32]],
  [Op.LoadSx16To64, [Op.LoadSegment16, Op.MovSx16To64]],
  [Op.LoadSx32To64, [Op.LoadSegment32, Op.MovSx32To64]],
]);
const segmentedOp = new Uint16Array(Op.Count);
const extensionOp = new Uint16Array(Op.Count);
for (let width = 0; width < 4; width++) {
  segmentedOp[Op.Load8 + width] = Op.LoadSegment8 + width;
  segmentedOp[Op.LoadForStore8 + width] = Op.LoadSegmentForStore8 + width;
  segmentedOp[Op.Store8 + width] = Op.StoreSegment8 + width;
}
for (let kind = 0; kind < 4; kind++) {
  segmentedOp[Op.Load128 + kind] = Op.LoadSegment128 + kind;
  segmentedOp[Op.Load256 + kind] = Op.LoadSegment256 + kind;
}
for (const [flat, [load, extension]] of SEGMENTED) {
  segmentedOp[flat] = load;
  extensionOp[flat] = extension;
}

/** Direct branches outside 64-bit mode have their target checked against the CS limit. */
const checksLimit = new Uint8Array(Op.Count);
for (const op of [Op.Jmp, Op.Jcc, Op.CallNear, Op.Loop, Op.Loope, Op.Loopne, Op.Jcxz])
  checksLimit[op] = UOP_CHECK_LIMIT;

/** RIP of the block's first byte, and the default code size: 0, 1, 2 for 16, 32, 64 bits. */
export interface BlockOrigin {
  readonly ripLow: number;
  readonly ripHigh: number;
  readonly mode: number;
}

export class UopWriter {
  /** Micro-ops written. */
  count = 0;
  /** Address behind the last micro-op. */
  end = 0;
  ripLow = 0;
  ripHigh = 0;
  /** Bytes of guest code so far. */
  lengthBytes = 0;
  private words: Int32Array = new Int32Array(0);
  private mode = 2;
  /** Words 0 and 7 of the instruction's micro-ops: index; start, length and flags. */
  private indexWord = 0;
  private placeWord = 0;
  private addressReady = false;
  /** RULE_REQUIRES_* whose check the block already has: what they depend on does not change within a block. */
  private required = 0;
  private readonly roles = new Int32Array(RoleCode.Count);

  constructor(private readonly instructionDecoder: InstructionDecoder) {}

  begin(words: Int32Array, at: number, origin: BlockOrigin): void {
    this.words = words;
    this.end = at;
    this.count = 0;
    this.lengthBytes = 0;
    this.required = 0;
    this.ripLow = origin.ripLow;
    this.ripHigh = origin.ripHigh;
    this.mode = origin.mode;
  }

  /** Starts the instruction with this number in the block, offset and length in bytes. */
  instruction(index: number, start: number, length: number): void {
    this.indexWord = index << 16;
    this.placeWord = start | (length << 16);
    this.lengthBytes = start + length;
    this.addressReady = false;
  }

  plain(op: Op): void {
    this.write(op, 0, 0, 0, 0, 0, 0, 0);
  }

  raise(vector: number, errorCode: number): void {
    this.write(Op.Raise, 0, 0, 0, 0, vector, 0, errorCode);
  }

  /** Writes the decoded instruction's micro-ops. True when it ends the block. */
  lower(): boolean {
    const decoder = this.instructionDecoder;
    const recipe = decoder.table.recipeOf(decoder.variant, decoder.inMemory);
    if (decoder.lock) this.placeWord |= UOP_LOCKED << 24;
    const rules = decoder.table.rules[decoder.variant] ?? 0;
    const requires = rules & (RULE_REQUIRES_SSE | RULE_REQUIRES_MMX | RULE_REQUIRES_AVX);
    if ((requires & ~this.required) !== 0) this.require(requires);
    this.resolveRoles();
    // An x87 instruction may leave an exception pending, which the check of MMX instructions finds.
    if ((rules & RULE_X87) !== 0) this.required &= ~RULE_REQUIRES_MMX;
    const words = recipe.words;
    let op: number = Op.Nop;
    for (let at = 0; at < words.length; at += RECIPE_WORDS) op = this.lowerUop(words, at);
    return (op >= Op.Jmp && op <= Op.Unimplemented) || op === Op.MicrocodeEnd;
  }

  private require(rules: number): void {
    this.required |= rules;
    if (rules === RULE_REQUIRES_SSE) this.plain(Op.RequireSse);
    else this.plain(rules === RULE_REQUIRES_MMX ? Op.RequireMmx : Op.RequireAvx);
  }

  private resolveRoles(): void {
    const { reg, rm, opcodeRegister, vvvv, rexPresent } = this.instructionDecoder;
    const { is4, vectorIndex } = this.instructionDecoder;
    const roles = this.roles;
    roles[RoleCode.Reg] = REGISTERS + 8 * reg;
    roles[RoleCode.Rm] = REGISTERS + 8 * rm;
    roles[RoleCode.Opcode] = REGISTERS + 8 * opcodeRegister;
    roles[RoleCode.Vvvv] = REGISTERS + 8 * vvvv;
    this.resolveVector(RoleCode.RegVector, reg);
    this.resolveVector(RoleCode.RmVector, rm);
    this.resolveVector(RoleCode.VvvvVector, vvvv);
    this.resolveVector(RoleCode.Is4Vector, is4);
    roles[RoleCode.IndexVector] = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * vectorIndex;
    roles[RoleCode.RegMmx] = X87_REGISTERS + X87_REGISTER_BYTES * (reg & 7);
    roles[RoleCode.RmMmx] = X87_REGISTERS + X87_REGISTER_BYTES * (rm & 7);
    roles[RoleCode.Reg8] = byteRegister(reg, rexPresent);
    roles[RoleCode.Rm8] = byteRegister(rm, rexPresent);
    roles[RoleCode.Opcode8] = byteRegister(opcodeRegister, rexPresent);
  }

  /** A vector register, bits 127-64 and bits 255-128 of it. */
  private resolveVector(role: RoleCode, register: number): void {
    const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * register;
    this.roles[role] = at;
    this.roles[role + 1] = at + 8;
    this.roles[role + 2] = at + 16;
  }

  private address(role: number): number {
    if (role >= REGISTERS) return role;
    return role === RoleCode.Imm ? this.end + UOP_IMM : (this.roles[role] ?? 0);
  }

  private lowerUop(words: Int32Array, at: number): number {
    const kind = words[at + WORD_KIND] ?? 0;
    const op = words[at + WORD_OP] ?? 0;
    const dst = this.address(words[at + WORD_DST] ?? 0);
    if (kind === UopKind.Plain) return this.lowerPlain(words, at, op, dst);
    const delta = this.displacementDelta(words, at);
    if (kind === UopKind.Memory) this.access(op, dst, delta);
    else if (kind === UopKind.MemoryAtSlot)
      this.accessAtSlot(op, dst, this.address(words[at + WORD_A] ?? 0));
    else if (kind === UopKind.Address) this.effectiveAddress(op, dst, delta);
    else if (this.instructionDecoder.addressBits !== 64) {
      this.write(
        this.addressOp(Op.Ea64),
        dst,
        this.address(words[at + WORD_A] ?? 0),
        ZERO,
        0,
        0,
        0,
        0,
      );
    }
    return op;
  }

  private displacementDelta(words: Int32Array, at: number): number {
    const counts =
      ((words[at + WORD_FLAGS] ?? 0) & IMM_POP_ADJUSTMENT) === 0 ||
      this.instructionDecoder.base === RSP;
    return counts ? (words[at + WORD_IMM] ?? 0) : 0;
  }

  private lowerPlain(words: Int32Array, at: number, recipeOp: number, dst: number): number {
    const decoder = this.instructionDecoder;
    const flags = words[at + WORD_FLAGS] ?? 0;
    let op = recipeOp;
    let low = words[at + WORD_IMM] ?? 0;
    let high = low >> 31;
    let mark = 0;
    if ((flags & IMM_FIRST) !== 0) {
      low = decoder.immediateLow;
      high = decoder.immediateHigh;
      if (decoder.table.immediate[decoder.variant] === (ImmediateLayout.Double as number))
        mark = UOP_IMMEDIATE_32 << 24;
    } else if ((flags & IMM_TARGET) !== 0) {
      low = this.branchTarget();
      high = this.branchTargetHigh;
    } else if (flags !== 0) {
      low |= this.immediateParts(flags);
      high = low >> 31;
      if ((flags & IMM_REPEAT_AT_6) !== 0 && decoder.repeat !== 0) op = Op.MicrocodeEnd;
    }
    let extra = words[at + WORD_EXTRA] ?? 0;
    if ((flags & EXTRA_ROLE) !== 0) extra = this.address(extra);
    if ((flags & EXTRA_ADDRESS_BITS) !== 0) extra = decoder.addressBits;
    const a = this.address(words[at + WORD_A] ?? 0);
    const b = this.address(words[at + WORD_B] ?? 0);
    const limit = this.mode === 2 ? 0 : (checksLimit[op] ?? 0) << 24;
    this.write(op, dst, a, b, 0, low, high, extra, limit | mark);
    return op;
  }

  /** The parts of imm that are neither constant, nor the whole immediate, nor a branch target. */
  private immediateParts(flags: number): number {
    const decoder = this.instructionDecoder;
    let value = 0;
    if ((flags & IMM_FIRST_8) !== 0) value |= decoder.immediateLow & 0xff;
    if ((flags & IMM_FIRST_8_RIGHT_2) !== 0) value |= (decoder.immediateLow & 0xff) >> 2;
    if ((flags & IMM_FIRST_8_RIGHT_3) !== 0) value |= (decoder.immediateLow & 0xff) >> 3;
    if ((flags & IMM_FIRST_8_RIGHT_4) !== 0) value |= (decoder.immediateLow & 0xff) >> 4;
    if ((flags & IMM_SCALE_AT_24) !== 0) value |= decoder.scale << 24;
    if ((flags & IMM_FIRST_16) !== 0) value |= decoder.immediateLow & 0xffff;
    if ((flags & IMM_FIRST_16_AT_16) !== 0) value |= decoder.immediateLow << 16;
    if ((flags & IMM_SECOND_8_AT_16) !== 0) value |= (decoder.immediateSecond & 0xff) << 16;
    if ((flags & IMM_SELECTOR) !== 0) value |= decoder.immediateSecond;
    if ((flags & IMM_REGISTER_NUMBER) !== 0) value |= decoder.reg;
    if ((flags & IMM_SEGMENT) !== 0) value |= decoder.segment;
    if ((flags & IMM_SEGMENT_AT_8) !== 0) value |= decoder.segment << 8;
    if ((flags & IMM_MODRM_AT_8) !== 0) value |= decoder.modrm << 8;
    if ((flags & IMM_ADDRESS_LOG2_AT_12) !== 0) value |= (decoder.addressBits >> 5) << 12;
    if ((flags & IMM_ADDRESS_BITS_AT_16) !== 0) value |= decoder.addressBits << 16;
    if ((flags & IMM_REPEAT_AT_6) !== 0 && decoder.repeat !== 0) {
      value |= ((flags & IMM_REPEAT_CONDITIONAL) === 0 ? 1 : decoder.repeat) << 6;
    }
    return value;
  }

  private branchTargetHigh = 0;

  /** Low half of the next instruction's RIP plus the displacement, cut to the operand size; the high half in a field. */
  private branchTarget(): number {
    const decoder = this.instructionDecoder;
    const next = (this.ripLow >>> 0) + this.lengthBytes;
    const sum = (next >>> 0) + (decoder.immediateLow >>> 0);
    if (this.mode === 2) {
      const carry = (next > 0xffff_ffff ? 1 : 0) + (sum > 0xffff_ffff ? 1 : 0);
      this.branchTargetHigh = (this.ripHigh + decoder.immediateHigh + carry) | 0;
      return sum | 0;
    }
    this.branchTargetHigh = 0;
    return decoder.table.operandSize[decoder.variant] === 16 ? sum & 0xffff : sum | 0;
  }

  /** The memory operand is flat: its address is part of the load or store. */
  private get flat(): boolean {
    const decoder = this.instructionDecoder;
    return this.mode === 2 && decoder.addressBits === 64 && decoder.segment < Segment.FS;
  }

  private access(op: number, dst: number, delta: number): void {
    if (this.flat) {
      this.writeWithAddress(op, dst, delta);
      return;
    }
    if (delta !== 0 || !this.addressReady) {
      this.writeWithAddress(this.addressOp(Op.Ea64), EFFECTIVE_ADDRESS, delta);
      this.addressReady = delta === 0;
    }
    this.accessSegmented(op, dst, EFFECTIVE_ADDRESS);
  }

  private accessAtSlot(op: number, dst: number, slot: number): void {
    if (this.flat) this.write(op, dst, slot, ZERO, 0, 0, 0, 0);
    else this.accessSegmented(op, dst, slot);
  }

  private accessSegmented(op: number, dst: number, slot: number): void {
    const extension = extensionOp[op] ?? 0;
    const { segment } = this.instructionDecoder;
    this.write(segmentedOp[op] ?? 0, extension === 0 ? dst : LOADED, slot, 0, 0, 0, 0, segment);
    if (extension !== 0) this.write(extension, dst, LOADED, 0, 0, 0, 0, 0);
  }

  private effectiveAddress(op: number, dst: number, delta: number): void {
    this.writeWithAddress(this.addressOp(op), dst, delta);
  }

  /** An address computation of the recipe's width, or of the address size where that is less. */
  private addressOp(op: number): number {
    return Math.min(op, Op.Ea16 + (this.instructionDecoder.addressBits >> 5));
  }

  /** A micro-op with the memory operand's base, index, scale and displacement. */
  private writeWithAddress(op: number, dst: number, delta: number): void {
    const decoder = this.instructionDecoder;
    let low = decoder.displacementLow;
    let high = decoder.displacementHigh;
    if (delta !== 0) {
      const sum = (low >>> 0) + delta;
      if (sum > 0xffff_ffff) high++;
      low = sum | 0;
    }
    if (decoder.ripRelative) {
      const next = (this.ripLow >>> 0) + this.lengthBytes;
      const sum = (next >>> 0) + (low >>> 0);
      high = (this.ripHigh + high + (next > 0xffff_ffff ? 1 : 0) + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      low = sum | 0;
    }
    this.write(op, dst, decoder.base, decoder.index, decoder.scale, low, high, 0);
  }

  private write(
    op: number,
    dst: number,
    a: number,
    b: number,
    scale: number,
    low: number,
    high: number,
    extra: number,
    flags = 0,
  ): void {
    const words = this.words;
    const at = this.end >> 2;
    words[at] = op | this.indexWord | (scale << 24);
    words[at + 1] = dst;
    words[at + 2] = a;
    words[at + 3] = b;
    words[at + 4] = low;
    words[at + 5] = high;
    words[at + 6] = extra;
    words[at + 7] = this.placeWord | flags;
    this.end += UOP_SIZE_BYTES;
    this.count++;
  }
}

/** AL CL DL BL, then AH CH DH BH without REX and SPL BPL SIL DIL with it. */
function byteRegister(register: number, rexPresent: boolean): number {
  return !rexPresent && register >= 4 && register < 8
    ? REGISTERS + 8 * (register - 4) + 1
    : REGISTERS + 8 * register;
}
