import { Code, CodeExt, EncodingKind, MemorySizeExt, Mnemonic, OpCodeOperandKind } from 'iced-x86';
import type { Bits } from './syntax.js';

/** One opcode line of the manual, as the encoder knows it. */
export interface InstructionForm {
  readonly code: Code;
  readonly operandKinds: readonly OpCodeOperandKind[];
  /** 16 or 32 where the form has an operand size, else 0. */
  readonly operandSizeBits: number;
  /** 16 or 32 where the form fixes the address size (loop, jcxz), else 0. */
  readonly addressSizeBits: number;
  /** Size of its memory operand, 0 when it has none or any (lea, lgdt). */
  readonly memorySizeBits: number;
  /** All operands are implied by the mnemonic (movsb, insd, xlatb). */
  readonly hasImpliedOperands: boolean;
  readonly isFarPointer: boolean;
  readonly modes: readonly Bits[];
}

/** Names of the manual that the encoder's list has under another one of the same opcode. */
const ALIASES: Readonly<Record<string, string>> = {
  jz: 'je',
  jnz: 'jne',
  jc: 'jb',
  jnc: 'jae',
  jnae: 'jb',
  jnb: 'jae',
  jna: 'jbe',
  jnbe: 'ja',
  jnge: 'jl',
  jnl: 'jge',
  jng: 'jle',
  jnle: 'jg',
  jpe: 'jp',
  jpo: 'jnp',
  loopz: 'loope',
  loopnz: 'loopne',
  sal: 'shl',
  retn: 'ret',
  setz: 'sete',
  setnz: 'setne',
  setc: 'setb',
  setnc: 'setae',
};

/** CMPXCHG as the first stepping of the i486 had it: opcodes 0F A6 and 0F A7. */
const WITHDRAWN: ReadonlySet<Code> = new Set([
  Code.Cmpxchg486_rm8_r8,
  Code.Cmpxchg486_rm16_r16,
  Code.Cmpxchg486_rm32_r32,
]);

const IMPLIED_MEMORY: readonly OpCodeOperandKind[] = [
  OpCodeOperandKind.seg_rSI,
  OpCodeOperandKind.es_rDI,
  OpCodeOperandKind.seg_rBX_al,
];
const IMPLIED_REGISTERS: readonly OpCodeOperandKind[] = [
  OpCodeOperandKind.al,
  OpCodeOperandKind.ax,
  OpCodeOperandKind.eax,
  OpCodeOperandKind.dx,
];

let formsByMnemonic: ReadonlyMap<string, readonly InstructionForm[]> | null = null;

/** The forms of a mnemonic in the manual's order; empty when there is no such instruction. */
export function formsOf(mnemonic: string): readonly InstructionForm[] {
  formsByMnemonic ??= indexForms();
  return formsByMnemonic.get(ALIASES[mnemonic] ?? mnemonic) ?? [];
}

function indexForms(): Map<string, InstructionForm[]> {
  const index = new Map<string, InstructionForm[]>();
  for (const code of Object.values(Code)) {
    if (typeof code !== 'number' || WITHDRAWN.has(code)) continue;
    const description = CodeExt.opCode(code);
    const modes = ([16, 32] as const).filter((bits) => description.isAvailableInMode(bits));
    if (
      description.isInstruction &&
      description.encoding === EncodingKind.Legacy &&
      modes.length > 0
    ) {
      const mnemonic = Mnemonic[description.mnemonic].toLowerCase();
      const operandKinds = Array.from({ length: description.opCount }, (_, i) =>
        description.opKind(i),
      );
      const forms = index.get(mnemonic) ?? [];
      forms.push({
        code,
        operandKinds,
        operandSizeBits: description.operandSize,
        addressSizeBits: description.addressSize,
        memorySizeBits: 8 * MemorySizeExt.size(description.memorySize),
        hasImpliedOperands:
          operandKinds.some((kind) => IMPLIED_MEMORY.includes(kind)) &&
          operandKinds.every(
            (kind) => IMPLIED_MEMORY.includes(kind) || IMPLIED_REGISTERS.includes(kind),
          ),
        isFarPointer:
          (mnemonic === 'jmp' || mnemonic === 'call') && operandKinds[0] === OpCodeOperandKind.mem,
        modes,
      });
      index.set(mnemonic, forms);
    }
    description.free();
  }
  return index;
}
