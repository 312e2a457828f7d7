/**
 * One instruction from bytes: prefixes, opcode, ModRM, SIB, displacement, immediates.
 * Sources: SDM Vol. 2, "Instruction Format"; Vol. 2, "Interrupt and Exception Conditions" of each instruction.
 *
 * The result lies in fields, so that decoding allocates nothing. Addresses of operands are as in isa/uop.ts.
 */
import type { DecodedInstruction } from '../../isa/decoded-instruction.js';
import { OpcodeMap } from '../../isa/encoding.js';
import { MODE_KEY_REAL, MODE_KEY_SIZE, REGISTERS } from '../../isa/state-layout.js';
import { Segment, SLOT_ZERO } from '../../isa/uop.js';
import {
  FormTable,
  ImmediateLayout,
  RULE_ALWAYS_MEMORY,
  RULE_CONTROL_REGISTER,
  RULE_DEBUG_REGISTER,
  RULE_LOCKABLE,
  RULE_MODRM,
  RULE_MOD_IGNORED,
  RULE_PROTECTED_ONLY,
  RULE_SEGMENT_REGISTER,
  RULE_SEGMENT_WRITTEN,
  RULE_VSIB,
  RULE_VVVV_UNUSED,
} from './form-table.js';
import {
  MAP_90_WITH_REX_B,
  MAPS_OF_VEX_L1,
  type OpcodeCells,
  OpcodeIndex,
} from './opcode-index.js';
import { type DecoderTables, PreparedTables } from './prepared-tables.js';
import { TABLES_OF_BUILD } from './tables-of-build.js';

/** How decoding an instruction ended. */
export enum DecodeStatus {
  Complete,
  /** More bytes are needed than there are. */
  Incomplete,
  /** #UD. */
  Undefined,
  /** Longer than 15 bytes: #GP(0). */
  TooLong,
}

export const INSTRUCTION_BYTES_MAX = 15;
const ZERO = REGISTERS + 8 * SLOT_ZERO;
const NO_SEGMENT = -1;

const REX_W = 8;
const REX_R = 4;
const REX_X = 2;
const REX_B = 1;

/** 16-bit addressing: registers by ModRM.rm (SDM Vol. 2, "16-Bit Addressing Forms with the ModR/M Byte"). */
const BASE_16 = [3, 3, 5, 5, 6, 7, 5, 3].map((register) => REGISTERS + 8 * register);
const INDEX_16 = [6, 7, 6, 7, SLOT_ZERO, SLOT_ZERO, SLOT_ZERO, SLOT_ZERO].map(
  (register) => REGISTERS + 8 * register,
);

/** Length in bytes by ImmediateLayout. */
const IMMEDIATE_BYTES = [0, 1, 2, 4, 8, 3, 4, 6];

/** CR0, CR2, CR3, CR4, CR8; the others are #UD. */
const CONTROL_REGISTERS = 0b1_0001_1101;

const RBP = REGISTERS + 8 * 5;
const RSP = REGISTERS + 8 * 4;

export class InstructionDecoder implements DecodedInstruction {
  /** Variant in the form table; 0 unless the opcode is defined. */
  variant = 0;
  length = 0;
  operandPrefix = false;
  lock = false;
  /** 0 none, 1 F3, 2 F2. */
  repeat = 0;
  rex = 0;
  rexPresent = false;
  /** ModRM, its fields extended by REX or VEX; register of the opcode byte. */
  modrm = 0;
  reg = 0;
  rm = 0;
  opcodeRegister = 0;
  vvvv = 0;
  /** Register in bits 7-4 of the immediate; vector that is the index of the memory operand. */
  is4 = 0;
  vectorIndex = 0;
  /** The r/m operand lies in memory. */
  inMemory = false;
  /** Addresses of the slots of base and index, log2 of the factor, displacement (64 bits). */
  base = ZERO;
  index = ZERO;
  scale = 0;
  displacementLow = 0;
  displacementHigh = 0;
  /** The displacement counts from the next instruction. */
  ripRelative = false;
  /** 16, 32 or 64. */
  addressBits = 64;
  /** Of the memory operand: the override that counts, or the default. */
  segment: number = Segment.DS;
  /** A segment override counts. */
  segmentOverride = NO_SEGMENT;
  /** First immediate, sign-extended (a far pointer's offset: zero-extended); second one. */
  immediateLow = 0;
  immediateHigh = 0;
  immediateSecond = 0;

  readonly table: FormTable;
  private readonly opcodes: OpcodeIndex;
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private start = 0;
  private limit = 0;
  private mode = 2;
  private real = false;
  private vexPrefixKey = -1;
  private vexW = 0;
  private vvvvUnused = true;

  /** `tables`: what the build has made of the forms, where it has. */
  constructor(tables: DecoderTables | null = TABLES_OF_BUILD) {
    this.table = new FormTable(tables === null ? null : new PreparedTables(tables));
    this.opcodes = new OpcodeIndex(this.table);
  }

  get formNumber(): number {
    return this.table.formNumber[this.variant] ?? 0;
  }

  get operandSize(): number {
    return this.table.operandSize[this.variant] ?? 0;
  }

  /** Decodes the instruction at `start`; bytes from `end` on do not exist. `modeKey`: MODE_KEY_*. */
  decode(bytes: Uint8Array, start: number, end: number, modeKey: number): DecodeStatus {
    this.bytes = bytes;
    this.at = start;
    this.start = start;
    this.limit = Math.min(end, start + INSTRUCTION_BYTES_MAX);
    this.mode = modeKey & MODE_KEY_SIZE;
    this.real = (modeKey & MODE_KEY_REAL) !== 0;
    this.variant = 0;
    this.inMemory = false;
    this.ripRelative = false;
    const opcode = this.readPrefixes();
    this.segment = this.segmentOverride < 0 ? Segment.DS : this.segmentOverride;
    const status = opcode < 0 ? this.outOfBytes() : this.decodeOpcode(opcode);
    this.length = this.at - start;
    return status;
  }

  private outOfBytes(): DecodeStatus {
    return this.limit - this.start >= INSTRUCTION_BYTES_MAX
      ? DecodeStatus.TooLong
      : DecodeStatus.Incomplete;
  }

  /** Reads prefixes and the byte behind them, the first opcode byte; -1 when the bytes run out. */
  private readPrefixes(): number {
    this.operandPrefix = false;
    this.lock = false;
    this.repeat = 0;
    this.rex = 0;
    this.rexPresent = false;
    this.segmentOverride = NO_SEGMENT;
    this.vexPrefixKey = -1;
    let addressPrefix = false;
    let opcode = -1;
    while (this.at < this.limit) {
      const byte = this.bytes[this.at++] ?? 0;
      if (this.mode === 2 && byte >= 0x40 && byte <= 0x4f) {
        this.rex = byte;
        continue;
      }
      if (byte === 0x66) this.operandPrefix = true;
      else if (byte === 0x67) addressPrefix = true;
      else if (byte === 0xf0) this.lock = true;
      else if (byte === 0xf3) this.repeat = 1;
      else if (byte === 0xf2) this.repeat = 2;
      else if (byte === 0x64) this.segmentOverride = Segment.FS;
      else if (byte === 0x65) this.segmentOverride = Segment.GS;
      else if (byte === 0x2e || byte === 0x36 || byte === 0x3e || byte === 0x26) {
        // In 64-bit mode ES, CS, SS and DS overrides do nothing, not even to an FS or GS override before them.
        if (this.mode !== 2) this.segmentOverride = (byte - 0x26) >> 3;
      } else {
        opcode = byte;
        break;
      }
      this.rex = 0; // REX counts only directly before the opcode
    }
    this.rexPresent = this.rex !== 0;
    const normal = 16 << this.mode;
    this.addressBits = addressPrefix ? (this.mode === 1 ? 16 : 32) : normal;
    return opcode;
  }

  private decodeOpcode(firstByte: number): DecodeStatus {
    let map: number = OpcodeMap.OneByte;
    let opcode = firstByte;
    if (opcode === 0x0f) {
      if (this.at >= this.limit) return this.outOfBytes();
      opcode = this.bytes[this.at++] ?? 0;
      map = OpcodeMap.TwoByte;
      if (opcode === 0x38 || opcode === 0x3a) {
        map = opcode === 0x38 ? OpcodeMap.ThreeByte38 : OpcodeMap.ThreeByte3A;
        if (this.at >= this.limit) return this.outOfBytes();
        opcode = this.bytes[this.at++] ?? 0;
      }
    } else if (opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62) {
      if (this.at >= this.limit) return this.outOfBytes();
      // Outside 64-bit mode these are LES, LDS and BOUND, whose ModRM.mod cannot be 11b.
      if (this.mode === 2 || (this.bytes[this.at] ?? 0) >= 0xc0) return this.decodeVex(opcode);
    } else if (opcode === 0x90 && (this.rex & REX_B) !== 0) map = MAP_90_WITH_REX_B;
    return this.decodeForm(map, opcode);
  }

  /** SDM Vol. 2, "Intel Advanced Vector Extensions (Intel AVX)", "VEX Prefix". */
  private decodeVex(firstByte: number): DecodeStatus {
    if (this.real || this.operandPrefix || this.repeat !== 0 || this.lock || this.rexPresent)
      return DecodeStatus.Undefined;
    if (firstByte === 0x62) return this.evex();
    const vexLength = firstByte === 0xc5 ? 1 : 2;
    if (this.at + vexLength >= this.limit) return this.outOfBytes();
    const first = this.bytes[this.at] ?? 0;
    const last = this.bytes[this.at + vexLength - 1] ?? 0;
    this.at += vexLength;
    const selector = firstByte === 0xc5 ? 1 : first & 31;
    this.rex = first & 0x80 ? 0 : REX_R;
    if (firstByte === 0xc4) this.rex |= (first & 0x40 ? 0 : REX_X) | (first & 0x20 ? 0 : REX_B);
    if (this.mode !== 2) this.rex = 0;
    this.vexW = firstByte === 0xc4 ? last >> 7 : 0;
    this.vvvv = (~last >> 3) & (this.mode === 2 ? 15 : 7);
    this.vvvvUnused = (last & 0x78) === 0x78;
    this.vexPrefixKey = last & 3;
    const opcode = this.bytes[this.at++] ?? 0;
    if (selector < 1 || selector > 3) return DecodeStatus.Undefined;
    const mapsOfLength = (last & 4) !== 0 ? MAPS_OF_VEX_L1 : 0;
    return this.decodeForm(OpcodeMap.Vex0F + selector - 1 + mapsOfLength, opcode);
  }

  /** An instruction of AVX-512: named as such, without its length. */
  private evex(): DecodeStatus {
    this.variant = this.opcodes.at(2, OpcodeMap.OneByte, 0x62).variantAt(0, 1, 0);
    return DecodeStatus.Complete;
  }

  private decodeForm(map: number, opcode: number): DecodeStatus {
    const cells = this.opcodes.at(this.mode, map, opcode);
    let modrm = -1;
    if (cells.byModrm) {
      if (this.at >= this.limit) return this.outOfBytes();
      modrm = this.bytes[this.at++] ?? 0;
    }
    const variant = cells.variantAt(this.prefixKey(cells), this.sizeKey(), modrm);
    if (variant === 0) return DecodeStatus.Undefined;
    const rules = this.table.rules[variant] ?? 0;
    if ((rules & RULE_PROTECTED_ONLY) !== 0 && this.real) return DecodeStatus.Undefined;
    this.opcodeRegister = (opcode & 7) | ((this.rex & REX_B) << 3);
    if ((rules & RULE_MODRM) !== 0) {
      if (modrm < 0) {
        if (this.at >= this.limit) return this.outOfBytes();
        modrm = this.bytes[this.at++] ?? 0;
      }
      if (!this.readModrm(modrm, rules)) return this.outOfBytes();
    }
    if (!this.readImmediate(this.table.immediate[variant] ?? 0)) return this.outOfBytes();
    this.is4 = (this.immediateLow >> 4) & (this.mode === 2 ? 15 : 7);
    if ((rules & RULE_ALWAYS_MEMORY) !== 0) this.inMemory = true;
    if (this.violates(rules)) return DecodeStatus.Undefined;
    this.variant = variant;
    return DecodeStatus.Complete;
  }

  private prefixKey(cells: OpcodeCells): number {
    if (this.vexPrefixKey >= 0) return this.vexPrefixKey;
    if (!cells.prefixed) return 0;
    if (this.repeat !== 0) return this.repeat + 1;
    return this.operandPrefix ? 1 : 0;
  }

  private sizeKey(): number {
    if (this.vexPrefixKey >= 0) return this.vexW === 0 ? 1 : 2;
    if (this.mode !== 2) return (this.mode === 1) === this.operandPrefix ? 0 : 1;
    if ((this.rex & REX_W) !== 0) return 2;
    return this.operandPrefix ? 0 : 1;
  }

  /** Reads SIB and displacement. False when the bytes run out. */
  private readModrm(modrm: number, rules: number): boolean {
    this.modrm = modrm;
    this.reg = ((modrm >> 3) & 7) | ((this.rex & REX_R) << 1);
    if (modrm >= 0xc0 || (rules & RULE_MOD_IGNORED) !== 0) {
      this.rm = (modrm & 7) | ((this.rex & REX_B) << 3);
      return true;
    }
    this.inMemory = true;
    this.index = ZERO;
    this.scale = 0;
    if (this.addressBits === 16) return this.readMemory16(modrm);
    const mod = modrm >> 6;
    const rm = modrm & 7;
    let base = rm;
    if (rm === 4) {
      if (this.at >= this.limit) return false;
      const sib = this.bytes[this.at++] ?? 0;
      const index = ((sib >> 3) & 7) | ((this.rex & REX_X) << 2);
      if (index !== 4) this.index = REGISTERS + 8 * index;
      this.vectorIndex = index;
      this.scale = sib >> 6;
      base = sib & 7;
    }
    if (mod === 0 && base === 5) {
      this.base = ZERO;
      this.ripRelative = rm === 5 && this.mode === 2;
      return this.readDisplacement(4);
    }
    this.base = REGISTERS + 8 * (base | ((this.rex & REX_B) << 3));
    this.defaultToStackSegment();
    return this.readDisplacement(mod === 0 ? 0 : mod === 1 ? 1 : 4);
  }

  /** Bases rBP and rSP address the stack unless an override counts. */
  private defaultToStackSegment(): void {
    if (this.segmentOverride < 0 && (this.base === RBP || this.base === RSP))
      this.segment = Segment.SS;
  }

  private readMemory16(modrm: number): boolean {
    const mod = modrm >> 6;
    const rm = modrm & 7;
    if (mod === 0 && rm === 6) {
      this.base = ZERO;
      return this.readDisplacement(2);
    }
    this.base = BASE_16[rm] ?? ZERO;
    this.index = INDEX_16[rm] ?? ZERO;
    this.defaultToStackSegment();
    return this.readDisplacement(mod);
  }

  private readDisplacement(lengthBytes: number): boolean {
    const at = this.at;
    if (at + lengthBytes > this.limit) return this.runOut();
    let low = 0;
    if (lengthBytes === 1) low = ((this.bytes[at] ?? 0) << 24) >> 24;
    else if (lengthBytes === 2) low = (this.word(at) << 16) >> 16;
    else if (lengthBytes === 4) low = this.double(at);
    this.displacementLow = low;
    this.displacementHigh = low >> 31;
    this.at = at + lengthBytes;
    return true;
  }

  private readImmediate(layout: ImmediateLayout): boolean {
    if (layout === ImmediateLayout.None) return true;
    if (layout === ImmediateLayout.Offset) return this.readOffset();
    const at = this.at;
    const lengthBytes = IMMEDIATE_BYTES[layout] ?? 0;
    if (at + lengthBytes > this.limit) return this.runOut();
    this.at = at + lengthBytes;
    let low: number;
    if (layout === ImmediateLayout.Byte) low = ((this.bytes[at] ?? 0) << 24) >> 24;
    else if (layout === ImmediateLayout.Word || layout === ImmediateLayout.WordByte)
      low = (this.word(at) << 16) >> 16;
    else if (layout === ImmediateLayout.Far16) low = this.word(at);
    else low = this.double(at);
    this.immediateLow = low;
    this.immediateHigh = layout === ImmediateLayout.Far32 ? 0 : low >> 31;
    if (layout === ImmediateLayout.Quad) this.immediateHigh = this.double(at + 4);
    if (layout === ImmediateLayout.WordByte) this.immediateSecond = this.bytes[at + 2] ?? 0;
    if (layout === ImmediateLayout.Far16) this.immediateSecond = this.word(at + 2);
    if (layout === ImmediateLayout.Far32) this.immediateSecond = this.word(at + 4);
    return true;
  }

  /** moffs: an effective address of address size, without base and index. */
  private readOffset(): boolean {
    const at = this.at;
    const lengthBytes = this.addressBits >> 3;
    if (at + lengthBytes > this.limit) return this.runOut();
    this.at = at + lengthBytes;
    this.base = ZERO;
    this.index = ZERO;
    this.scale = 0;
    this.displacementLow = lengthBytes === 2 ? this.word(at) : this.double(at);
    this.displacementHigh = lengthBytes === 8 ? this.double(at + 4) : 0;
    return true;
  }

  /** Rules that depend on more than opcode, prefixes and ModRM's role in the index. */
  private violates(rules: number): boolean {
    if (this.lock && ((rules & RULE_LOCKABLE) === 0 || !this.inMemory)) return true;
    if (this.vexPrefixKey >= 0 && (rules & RULE_VVVV_UNUSED) !== 0 && !this.vvvvUnused) return true;
    if ((rules & RULE_VSIB) !== 0) return this.violatesVsib();
    if ((rules & RULE_SEGMENT_REGISTER) !== 0) {
      this.reg &= 7;
      return (
        this.reg > Segment.GS || ((rules & RULE_SEGMENT_WRITTEN) !== 0 && this.reg === Segment.CS)
      );
    }
    if ((rules & RULE_CONTROL_REGISTER) !== 0) return (CONTROL_REGISTERS & (1 << this.reg)) === 0;
    return (rules & RULE_DEBUG_REGISTER) !== 0 && this.reg > 7;
  }

  /** Takes the index for a vector. SIB is needed, and no register may be named twice. */
  private violatesVsib(): boolean {
    const { reg, vvvv, vectorIndex } = this;
    this.index = ZERO;
    const hasSib = this.addressBits !== 16 && (this.modrm & 7) === 4;
    return !hasSib || reg === vvvv || reg === vectorIndex || vvvv === vectorIndex;
  }

  private runOut(): boolean {
    this.at = this.limit;
    return false;
  }

  private word(at: number): number {
    return (this.bytes[at] ?? 0) | ((this.bytes[at + 1] ?? 0) << 8);
  }

  private double(at: number): number {
    return this.word(at) | (this.word(at + 2) << 16);
  }
}
