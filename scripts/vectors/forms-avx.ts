/**
 * Vectors of VEX-encoded vector instructions: drafts for each form of AVX, AVX2, FMA and F16C, with registers and with memory.
 * As in forms-vector.ts the forms only say which opcodes there are.
 */
import { OpcodeMap } from '../../emulator/isa/encoding.js';
import type { InstructionForm } from '../../emulator/isa/form.js';
import { instructionForms } from '../../emulator/isa/instruction-set.js';
import { memoryOperandIndex } from '../../emulator/isa/recipe.js';
import type { Author, ModrmForm } from './author.js';
import { littleEndian, RBP, RDI, RSP } from './encoder.js';
import { ImageProfile, VECTOR_TARGET, type Fixup } from './initial-state.js';
import { DATA_END, MIDDLE } from './layout.js';
import { range } from './memory-operand.js';

/** Which approximation they are is the implementation's affair. */
const APPROXIMATIONS = /^V(RCP|RSQRT)/;
const FLOATING_POINT =
  /^V((ADD|SUB|MUL|DIV|MIN|MAX|SQRT|CMP|ADDSUB|HADD|HSUB|ROUND|DP)[PS][SD]|U?COMIS[SD]|CVT\w+|FN?M\w+)$/;
const ALIGNED = /^VMOV(AP[SD]|DQA|NTP[SD]|NTDQA?)$/;
const PP = { any: 0, NP: 0, NFx: 0, '66': 1, F3: 2, F2: 3 } as const;

export function writeAvxForms(author: Author, groups: RegExp): void {
  for (const form of instructionForms()) {
    if (!groups.test(form.group) || APPROXIMATIONS.test(form.mnemonic)) continue;
    if (form.encoding.modrm === 'none')
      author.addBytes([0xc5, form.encoding.vexLength === 256 ? 0xfc : 0xf8, form.encoding.opcode], {
        image: ImageProfile.Ymm,
        cases: 8,
      });
    else if (form.mnemonic.includes('GATHER')) writeGather(author, form);
    else if (form.mnemonic === 'VMASKMOVDQU') writeByteMaskMove(author, form);
    else writeForm(author, form);
  }
}

function writeForm(author: Author, form: InstructionForm): void {
  const draft = modrmForm(author, form);
  const computes = FLOATING_POINT.test(form.mnemonic);
  if (form.mod !== 'memory')
    author.modrm({ ...draft, cases: computes ? 14 : 8 }, { register: computes ? 1.5 : 1 });
  if (form.mod === 'register') return;
  const alignBytes = ALIGNED.test(form.mnemonic) ? (draft.rmBits ?? 8) / 8 : 1;
  author.modrm({ ...draft, alignBytes, safe: true, cases: 6 }, { memory: 1 });
  // Refused: misaligned, not present, not canonical; by masked moves often not. In the stack segment AMD raises #GP(0) for
  // the last, Intel #SS(0).
  const isMasked = form.mnemonic.includes('MASKMOV');
  const first = author.drafts.length;
  author.modrm(
    { ...draft, cases: isMasked ? 4 : 1, avoid: [RSP, RBP] },
    { memory: isMasked ? 8 : 1 },
  );
  // Elements behind addresses that are not canonical may lie in the host's kernel.
  const made = author.drafts.splice(first);
  author.drafts.push(...made.filter(({ setup }) => !isMasked || !setup.fixups.some(isHigh)));
}

function isHigh({ startHigh }: Fixup): boolean {
  return startHigh >>> 16 === 0xffff && startHigh !== -1;
}

function modrmForm(author: Author, form: InstructionForm): ModrmForm {
  const { encoding, operands } = form;
  const memory = operands[memoryOperandIndex(operands)];
  const { modrm, fields } = encoding;
  const wide = encoding.vexWIgnored ? author.random.chance(0.2) : encoding.rexW;
  return {
    opcode: [encoding.opcode],
    operandBits: wide ? 64 : 32,
    ...(typeof modrm === 'number' && { digit: modrm }),
    rmBits: (memory?.memoryBits ?? 32) as 32,
    ...(fields.length > 0 && { immediate: (random) => [random.below(256)] }),
    image: ImageProfile.Ymm,
    vex: {
      map: (encoding.map - OpcodeMap.Vex0F + 1) as 1,
      pp: PP[encoding.prefix],
      vvvv: operands.some(({ place }) => place === 'VEX.vvvv'),
      length: lengthOf(author, form),
      short: author.random.chance(0.5),
    },
  };
}

function lengthOf(author: Author, { encoding }: InstructionForm): 0 | 1 {
  if (encoding.vexLength === 'LIG') return author.random.chance(0.3) ? 1 : 0;
  return encoding.vexLength === 256 ? 1 : 0;
}

/** The address is DS:[rDI]. Faults of bytes that the mask leaves out are the implementation's affair: there are none. */
function writeByteMaskMove(author: Author, form: InstructionForm): void {
  const fixups = [range(RDI, MIDDLE, { count: 240 })];
  author.modrm({ ...modrmForm(author, form), fixups: () => fixups, cases: 12 }, { register: 2 });
}

const GATHERS = 10;
const GATHER_CASES = 6;
/** Bytes around the base that indices reach. */
const REACH_BYTES = 100;

/** Three different registers; indices around the base, and in some drafts one that leads out of the pages. */
function writeGather(author: Author, form: InstructionForm): void {
  const { random } = author;
  const { vex, opcode, operandBits } = modrmForm(author, form);
  if (vex === undefined) return;
  for (let i = 0; i < GATHERS; i += 1) {
    const [reg = 0, vvvv = 0, index = 0] = threeRegisters(author);
    const base = random.pick([0, 1, 2, 3, 6, 7, 9, 10, 11, 12, 14, 15]);
    const scale = random.below(4);
    const displacement = random.between(-100, 100);
    const wideIndices = /Q(PS|PD|D|Q)$/.test(form.mnemonic);
    author.add(
      {
        opcode,
        operandBits,
        reg,
        rm: {
          base,
          index,
          scale,
          displacement,
          displacementBytes: 1,
          addressBits: 64,
          segment: null,
        },
        vex: { ...vex, vvvv },
      },
      {
        image: ImageProfile.Ymm,
        cases: GATHER_CASES,
        fixups: [
          range(base, MIDDLE + 120 - displacement, { count: 8 }),
          ...indices(author, index, wideIndices, scale, i % 3 === 2),
        ],
      },
    );
  }
}

function threeRegisters(author: Author): number[] {
  const found: number[] = [];
  while (found.length < 3) {
    const register = author.random.below(16);
    if (!found.includes(register)) found.push(register);
  }
  return found;
}

function indices(
  author: Author,
  register: number,
  wide: boolean,
  scale: number,
  leavesPages: boolean,
): Fixup[] {
  const { random } = author;
  const reach = REACH_BYTES >> scale;
  const outside = leavesPages ? random.below(4) : -1;
  return [0, 1, 2, 3].map((quadword) => {
    const pick = (): number => random.between(-reach, reach - 1);
    const low = quadword === outside ? (DATA_END - MIDDLE) * 2 : pick();
    const bytes = wide
      ? littleEndian(low, 8)
      : [...littleEndian(low, 4), ...littleEndian(pick(), 4)];
    const start = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return range(VECTOR_TARGET + 4 * register + quadword, start);
  });
}
