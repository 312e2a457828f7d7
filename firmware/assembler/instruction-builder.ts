import {
  Encoder,
  Instruction as EncoderInstruction,
  OpCodeOperandKind as Kind,
  OpKind,
  Register,
} from 'iced-x86';
import type { InstructionForm } from './instruction-forms.js';
import type { ResolvedOperand } from './operand-match.js';
import type { Bits } from './syntax.js';

export interface EncodeRequest {
  readonly form: InstructionForm;
  readonly operands: readonly ResolvedOperand[];
  readonly prefixes: readonly string[];
  readonly bits: Bits;
  /** Offset of the instruction in its segment. */
  readonly address: bigint;
}

/** The bytes of one instruction in one form. Throws when the encoder refuses the combination. */
export function encodeForm(request: EncodeRequest): Uint8Array {
  const { form, operands, prefixes, bits, address } = request;
  const instruction = new EncoderInstruction();
  const encoder = new Encoder(bits);
  try {
    instruction.code = form.code;
    for (const [index, kind] of form.operandKinds.entries()) {
      const operand = operands[index];
      if (operand === undefined) setImplied(instruction, index, kind, addressBits(prefixes, bits));
      else setOperand(instruction, index, kind, operand, bits);
    }
    for (const prefix of prefixes) setPrefix(instruction, prefix);
    encoder.encode(instruction, address);
    return encoder.takeBuffer();
  } finally {
    encoder.free();
    instruction.free();
  }
}

export function addressBits(prefixes: readonly string[], bits: Bits): Bits {
  if (prefixes.includes('a16')) return 16;
  return prefixes.includes('a32') ? 32 : bits;
}

function setPrefix(instruction: EncoderInstruction, prefix: string): void {
  switch (prefix) {
    case 'rep':
    case 'repe':
    case 'repz':
      instruction.hasRepPrefix = true;
      return;
    case 'repne':
    case 'repnz':
      instruction.hasRepnePrefix = true;
      return;
    case 'lock':
      instruction.hasLockPrefix = true;
      return;
    case 'o16':
    case 'o32':
    case 'a16':
    case 'a32':
      return; // these choose the form
    default:
      instruction.segmentPrefix = Register[prefix.toUpperCase() as keyof typeof Register];
  }
}

function setImplied(
  instruction: EncoderInstruction,
  index: number,
  kind: Kind,
  address: Bits,
): void {
  const wide = address === 32;
  switch (kind) {
    case Kind.seg_rSI:
      instruction.setOpKind(index, wide ? OpKind.MemorySegESI : OpKind.MemorySegSI);
      return;
    case Kind.es_rDI:
      instruction.setOpKind(index, wide ? OpKind.MemoryESEDI : OpKind.MemoryESDI);
      return;
    case Kind.seg_rBX_al:
      instruction.setOpKind(index, OpKind.Memory);
      instruction.memoryBase = wide ? Register.EBX : Register.BX;
      instruction.memoryIndex = Register.AL;
      return;
    default: {
      const name = Kind[kind].toUpperCase();
      instruction.setOpKind(index, OpKind.Register);
      instruction.setOpRegister(index, Register[name as keyof typeof Register]);
    }
  }
}

function setOperand(
  instruction: EncoderInstruction,
  index: number,
  kind: Kind,
  operand: ResolvedOperand,
  bits: Bits,
): void {
  switch (operand.kind) {
    case 'register':
      instruction.setOpKind(index, OpKind.Register);
      instruction.setOpRegister(index, operand.register.id);
      return;
    case 'far':
      instruction.setOpKind(
        index,
        kind === Kind.farbr2_2 ? OpKind.FarBranch16 : OpKind.FarBranch32,
      );
      instruction.farBranchSelector = unsigned(operand.selectorValue.value, 16);
      if (kind === Kind.farbr2_2) instruction.farBranch16 = unsigned(operand.value.value, 16);
      else instruction.farBranch32 = unsigned(operand.value.value, 32);
      return;
    case 'immediate':
      setImmediate(instruction, index, kind, operand.value.value);
      return;
    case 'memory':
      setMemory(instruction, index, operand, bits);
  }
}

function setImmediate(
  instruction: EncoderInstruction,
  index: number,
  kind: Kind,
  value: bigint,
): void {
  switch (kind) {
    case Kind.br16_1:
    case Kind.br16_2:
      instruction.setOpKind(index, OpKind.NearBranch16);
      instruction.nearBranch16 = unsigned(value, 16);
      return;
    case Kind.br32_1:
    case Kind.br32_4:
      instruction.setOpKind(index, OpKind.NearBranch32);
      instruction.nearBranch32 = unsigned(value, 32);
      return;
    case Kind.imm8sex16:
      instruction.setOpKind(index, OpKind.Immediate8to16);
      instruction.immediate8to16 = Number(BigInt.asIntN(8, value));
      return;
    case Kind.imm8sex32:
      instruction.setOpKind(index, OpKind.Immediate8to32);
      instruction.immediate8to32 = Number(BigInt.asIntN(8, value));
      return;
    case Kind.imm16:
      instruction.setOpKind(index, OpKind.Immediate16);
      instruction.immediate16 = unsigned(value, 16);
      return;
    case Kind.imm32:
      instruction.setOpKind(index, OpKind.Immediate32);
      instruction.immediate32 = unsigned(value, 32);
      return;
    default:
      instruction.setOpKind(index, OpKind.Immediate8);
      instruction.immediate8 = unsigned(value, 8);
  }
}

function setMemory(
  instruction: EncoderInstruction,
  index: number,
  operand: ResolvedOperand & { readonly kind: 'memory' },
  bits: Bits,
): void {
  const { base, index: indexRegister, value } = operand;
  const register = base ?? indexRegister;
  const wide = register === null ? bits === 32 : register.class === 'r32';
  instruction.setOpKind(index, OpKind.Memory);
  if (base !== null) instruction.memoryBase = base.id;
  if (indexRegister !== null) {
    instruction.memoryIndex = indexRegister.id;
    instruction.memoryIndexScale = operand.scale;
  }
  if (operand.segment !== null) instruction.segmentPrefix = operand.segment.id;
  const full = wide ? 4 : 2;
  const displacement = BigInt.asIntN(8 * full, value.value);
  let sizeBytes = full;
  // As with immediates, only a value that cannot change between passes is shortened.
  if (base !== null && value.known && !value.movable) {
    if (displacement === 0n) sizeBytes = 0;
    else if (BigInt.asIntN(8, displacement) === displacement) sizeBytes = 1;
  }
  instruction.memoryDisplSize = sizeBytes;
  instruction.memoryDisplacementU64 =
    sizeBytes === 1 ? BigInt.asUintN(64, displacement) : BigInt.asUintN(8 * full, displacement);
}

function unsigned(value: bigint, bits: number): number {
  return Number(BigInt.asUintN(bits, value));
}
