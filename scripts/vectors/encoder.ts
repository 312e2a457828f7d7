/**
 * Instruction bytes for 64-bit mode, from opcode and operands.
 * Source: SDM Vol. 2, "Instruction Format". Independent of the emulator's decoder, on purpose.
 */
import { CODE_BASE } from './layout.js';

/** Register numbers. Byte registers 4-7 are SPL BPL SIL DIL, HIGH_BYTE + 4-7 are AH CH DH BH. */
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;
export const HIGH_BYTE = 16;

export interface MemoryOperand {
  readonly base: number | 'rip' | null;
  readonly index: number | null;
  /** log2 of the index register's factor */
  readonly scale: number;
  /** Displacement; with base 'rip': the address meant, which the encoder makes relative. */
  readonly displacement: number;
  readonly displacementBytes: 0 | 1 | 4;
  readonly addressBits: 32 | 64;
  readonly segment: 'gs' | null;
}

/** A register or a memory operand, for the r/m field. */
export type RegisterOrMemory = number | MemoryOperand;

export type OperandBits = 8 | 16 | 32 | 64;

export interface Opcode {
  /** 66, F2, F3, F0 … in front of everything. */
  readonly prefixes?: readonly number[];
  /** 66 and REX.W follow from it; 8 (or none) asks for neither. */
  readonly operandBits?: OperandBits;
  /** `0F` and the like included. */
  readonly opcode: readonly number[];
  /** Register or opcode extension in ModRM.reg; absent: no ModRM byte. */
  readonly reg?: number;
  readonly rm?: RegisterOrMemory;
  /** Register in the opcode's low three bits. */
  readonly opcodeRegister?: number;
  readonly immediate?: readonly number[];
  /** reg, rm or opcodeRegister is a byte register: SPL … DIL need a REX prefix. */
  readonly byteRegisters?: readonly ('reg' | 'rm' | 'opcode')[];
  /** VEX: pp and map follow from it; prefixes, 0F bytes and REX.W do not apply. */
  readonly vex?: Vex & { readonly vvvv: number };
}

export interface Vex {
  readonly map: 1 | 2 | 3;
  readonly pp: 0 | 1 | 2 | 3;
  /** VEX.L */
  readonly length?: 0 | 1;
  /** Two bytes where they can say it. */
  readonly short?: boolean;
}

const SEGMENT_PREFIXES = { gs: 0x65 } as const;

/** Little-endian bytes of a number. */
export function littleEndian(value: number | bigint, sizeBytes: number): number[] {
  const bits = BigInt.asUintN(8 * sizeBytes, BigInt(value));
  return Array.from({ length: sizeBytes }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
}

/** Encodes, for an instruction that starts at `codeOffset`; null for operands that no encoding has (AH with REX). */
export function encode(instruction: Opcode, codeOffset: number): number[] | null {
  const { rm, reg, opcodeRegister } = instruction;
  const memory = typeof rm === 'object' ? rm : null;
  const modrm = encodeModrm(instruction);
  const rexBits =
    (extended(reg) ? 4 : 0) |
    (memory?.index != null && extended(memory.index) ? 2 : 0) |
    (extended(memory === null ? (rm as number | undefined) : (memory.base ?? 0)) ? 1 : 0) |
    (extended(opcodeRegister) ? 1 : 0);
  const prefixes = [...(instruction.prefixes ?? [])];
  if (memory?.addressBits === 32) prefixes.push(0x67);
  if (memory?.segment != null) prefixes.push(SEGMENT_PREFIXES[memory.segment]);
  const opcode = [...instruction.opcode];
  if (opcodeRegister !== undefined) opcode.push((opcode.pop() ?? 0) | (opcodeRegister & 7));
  const head =
    instruction.vex === undefined
      ? withRex(instruction, prefixes, rexBits)
      : [...prefixes, ...encodeVex(instruction.vex, rexBits, instruction.operandBits === 64)];
  if (head === null) return null;
  const tail = instruction.immediate ?? [];
  const length = head.length + opcode.length + modrm.length + tail.length;
  if (memory?.base === 'rip') {
    const relative = memory.displacement - (CODE_BASE + codeOffset + length);
    modrm.splice(-4, 4, ...littleEndian(relative, 4));
  }
  const bytes = [...head, ...opcode, ...modrm, ...tail];
  return bytes.length > 15 ? null : bytes;
}

function extended(register: number | 'rip' | undefined): boolean {
  return typeof register === 'number' && register < HIGH_BYTE && register >= 8;
}

function withRex(instruction: Opcode, prefixes: number[], rexBits: number): number[] | null {
  const { operandBits, byteRegisters = [] } = instruction;
  const bytes = byteRegisters.map((place) => {
    if (place === 'opcode') return instruction.opcodeRegister;
    return place === 'reg' ? instruction.reg : instruction.rm;
  });
  const isHigh = (register: unknown): boolean =>
    typeof register === 'number' && register >= HIGH_BYTE;
  const needsRex = (register: unknown): boolean =>
    register === 4 || register === 5 || register === 6 || register === 7;
  if (operandBits === 16) prefixes.push(0x66);
  const rex = rexBits | (operandBits === 64 ? 8 : 0);
  if (rex === 0 && !bytes.some(needsRex)) return prefixes;
  return bytes.some(isHigh) ? null : [...prefixes, 0x40 | rex];
}

/** C4, inverted R X B and map, W, inverted vvvv, L, pp; or C5, inverted R and vvvv, L, pp. */
function encodeVex(vex: NonNullable<Opcode['vex']>, rexBits: number, wide: boolean): number[] {
  const last = ((~vex.vvvv & 15) << 3) | ((vex.length ?? 0) << 2) | vex.pp;
  if (vex.short === true && vex.map === 1 && !wide && (rexBits & 3) === 0)
    return [0xc5, ((~rexBits & 4) << 5) | last];
  return [0xc4, ((~rexBits & 7) << 5) | vex.map, (wide ? 0x80 : 0) | last];
}

function encodeModrm({ reg, rm }: Opcode): number[] {
  if (reg === undefined || rm === undefined) return [];
  const regField = (reg & 7) << 3;
  if (typeof rm === 'number') return [0xc0 | regField | (rm & 7)];
  const displacement = littleEndian(rm.displacement, rm.displacementBytes);
  if (rm.base === 'rip') return [regField | 5, 0, 0, 0, 0];
  if (rm.base === null) {
    const index = rm.index === null ? 4 : rm.index & 7;
    return [regField | 4, (rm.scale << 6) | (index << 3) | 5, ...littleEndian(rm.displacement, 4)];
  }
  const mod = { 0: 0x00, 1: 0x40, 4: 0x80 }[rm.displacementBytes];
  if (rm.index === null && (rm.base & 7) !== 4) {
    return [mod | regField | (rm.base & 7), ...displacement];
  }
  const index = rm.index === null ? 4 : rm.index & 7;
  return [mod | regField | 4, (rm.scale << 6) | (index << 3) | (rm.base & 7), ...displacement];
}
