/**
 * Vectors of SSE instructions: one family of drafts for each form of a group, with registers and with memory.
 * The forms say which opcodes there are; what they do, and whether an opcode is the instruction it is said to be, the
 * recording processor and iced-x86 decide.
 */
import { OpcodeMap } from '../../emulator/isa/encoding.js';
import type { InstructionForm } from '../../emulator/isa/form.js';
import { instructionForms } from '../../emulator/isa/instruction-set.js';
import { memoryOperandIndex } from '../../emulator/isa/recipe.js';
import type { Author, ModrmForm } from './author.js';
import { RBP, RDI, RSP } from './encoder.js';
import { ImageProfile } from './initial-state.js';
import { MIDDLE } from './layout.js';
import { range } from './memory-operand.js';

/** Which approximation they are is the implementation's affair. */
const APPROXIMATIONS = /^(RCP|RSQRT)/;
const FLOATING_POINT =
  /^((ADD|SUB|MUL|DIV|MIN|MAX|SQRT|CMP|ADDSUB|HADD|HSUB|ROUND|DP)[PS][SD]|U?COMIS[SD]|CVT\w+)$/;
/** Many controls, and lengths that matter seldom: they want more cases. */
const STRINGS = /^PCMP[EI]STR/;
const UNALIGNED = /^(MOVUP[SD]|MOVDQU|LDDQU|PCMP[EI]STR[IM](64)?)$/;
const MAP_BYTES: Readonly<Partial<Record<OpcodeMap, readonly number[]>>> = {
  [OpcodeMap.TwoByte]: [0x0f],
  [OpcodeMap.ThreeByte38]: [0x0f, 0x38],
  [OpcodeMap.ThreeByte3A]: [0x0f, 0x3a],
};
const PREFIXES: Readonly<Record<string, readonly number[]>> = {
  '66': [0x66],
  F3: [0xf3],
  F2: [0xf2],
};

/** Writes drafts for every form of these groups that 64-bit mode has. */
export function writeVectorForms(author: Author, groups: RegExp): void {
  for (const form of instructionForms()) {
    if (!groups.test(form.group) || APPROXIMATIONS.test(form.mnemonic)) continue;
    if (form.mnemonic.startsWith('MASKMOV')) writeMaskMove(author, form);
    else if (form.encoding.modrm === 'none')
      author.addBytes(plainBytes(form), { image: ImageProfile.Vector });
    else writeForm(author, form);
  }
}

function writeForm(author: Author, form: InstructionForm): void {
  const draft = modrmForm(form);
  const computes = FLOATING_POINT.test(form.mnemonic);
  const weight = computes ? 12 : STRINGS.test(form.mnemonic) ? 24 : 4;
  if (form.mod !== 'memory')
    author.modrm({ ...draft, cases: computes ? 24 : 12 }, { register: weight });
  if (form.mod === 'register') return;
  const isAligned = draft.rmBits === 128 && !UNALIGNED.test(form.mnemonic);
  author.modrm({ ...draft, alignBytes: isAligned ? 16 : 1, safe: true }, { memory: weight });
  // Refused: misaligned, not present, not canonical. In the stack segment AMD raises #GP(0) for the last, Intel #SS(0).
  if (form.mnemonic.startsWith('SHA')) return; // AMD does not ask for alignment
  author.modrm({ ...draft, cases: 1, avoid: [RSP, RBP] }, { memory: 3 });
}

/** EMMS */
function plainBytes({ encoding }: InstructionForm): number[] {
  return [...(MAP_BYTES[encoding.map] ?? []), encoding.opcode];
}

function modrmForm(form: InstructionForm): ModrmForm {
  const { encoding, operands } = form;
  const memory = operands[memoryOperandIndex(operands)];
  const { modrm } = encoding;
  return {
    opcode: [...(MAP_BYTES[encoding.map] ?? []), encoding.opcode],
    prefixes: PREFIXES[encoding.prefix] ?? [],
    operandBits: encoding.rexW ? 64 : 32,
    ...(typeof modrm === 'number' && { digit: modrm }),
    rmBits: (memory?.memoryBits ?? 32) as 32,
    ...(encoding.fields.includes('ib') && { immediate: (random) => [random.below(256)] }),
    image: ImageProfile.Vector,
  };
}

/** The address is DS:[rDI]. Faults of bytes that the mask leaves out are the implementation's affair: there are none. */
function writeMaskMove(author: Author, form: InstructionForm): void {
  const fixups = [range(RDI, MIDDLE, { count: 240 })];
  author.modrm({ ...modrmForm(form), fixups: () => fixups, cases: 24 }, { register: 8 });
}
