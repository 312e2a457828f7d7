/** The recorded vectors, and iced-x86's reading of their instructions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import {
  Code,
  Decoder,
  DecoderOptions,
  Formatter,
  FormatterSyntax,
  MemorySizeExt,
  Mnemonic,
  OpKind,
  Register,
  RegisterExt,
  type Instruction,
} from 'iced-x86';
import type { MachineState } from '../../scripts/vectors/initial-state.js';
import { CODE_BASE } from '../../scripts/vectors/layout.js';
import { VectorFileReader, type VectorInstruction } from '../../scripts/vectors/vector-file.js';
import { LAR_UNDEFINED, undefinedFlags } from './undefined-flags.js';

const FOLDER = fileURLToPath(new URL('../vectors/', import.meta.url));

/** Names of the vector files, without their extension. */
export const VECTOR_FILES: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.bin.gz'))
  .map((name) => name.slice(0, -'.bin.gz'.length))
  .sort();

export function openVectorFile(name: string): VectorFileReader {
  return new VectorFileReader(gunzipSync(readFileSync(join(FOLDER, `${name}.bin.gz`))));
}

const formatter = new Formatter(FormatterSyntax.Intel);

/** What iced-x86 says of an instruction's bytes, as far as comparing needs it. */
export interface ReadInstruction {
  /** In capitals; `(BAD)` when the bytes are no instruction. */
  readonly mnemonic: string;
  readonly text: string;
  /** Bits of a register that the instruction leaves undefined. */
  readonly undefinedBits: { readonly register: number; readonly mask: number } | null;
  /** Undefined flags after the instruction ran in that state. */
  readonly undefinedFlags: (before: MachineState) => number;
}

export function readInstruction({ bytes, codeOffset }: VectorInstruction): ReadInstruction {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  decoder.ip = BigInt(CODE_BASE + codeOffset);
  const instruction = decoder.decode();
  const isBad = instruction.code === Code.INVALID;
  const mnemonic = isBad ? '(BAD)' : (Mnemonic[instruction.mnemonic] ?? '').toUpperCase();
  const operandBits = isBad || instruction.opCount === 0 ? 64 : firstOperandBits(instruction);
  const count = shiftCount(instruction);
  const countMask = operandBits === 64 ? 63 : 31;
  const read = {
    mnemonic,
    text: formatter.format(instruction),
    undefinedBits: mnemonic === 'LAR' ? larUndefined(instruction) : null,
    undefinedFlags: (before: MachineState) =>
      undefinedFlags(mnemonic, { maskedCount: count(before) & countMask, operandBits }),
  };
  instruction.free();
  decoder.free();
  return read;
}

function larUndefined(instruction: Instruction): ReadInstruction['undefinedBits'] {
  const register = RegisterExt.number(RegisterExt.fullRegister(instruction.op0Register));
  return { register, mask: LAR_UNDEFINED };
}

function firstOperandBits(instruction: Instruction): number {
  if (instruction.op0Kind === OpKind.Register) return 8 * RegisterExt.size(instruction.op0Register);
  return 8 * MemorySizeExt.size(instruction.memorySize);
}

/** The count of a shift: its last operand, an immediate or CL. */
function shiftCount(instruction: Instruction): (before: MachineState) => number {
  const last = instruction.opCount - 1;
  if (last < 1) return () => 0;
  const kind = instruction.opKind(last);
  if (kind === OpKind.Immediate8) {
    const count = instruction.immediate8;
    return () => count;
  }
  const isCl = kind === OpKind.Register && instruction.opRegister(last) === Register.CL;
  return isCl ? (before) => (before.registers[2] ?? 0) & 0xff : () => 0;
}
