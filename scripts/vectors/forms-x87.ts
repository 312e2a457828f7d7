/** Vectors of x87 instructions: every form, with registers and with memory, in random x87 states. */
import type { InstructionForm } from '../../emulator/isa/form.js';
import { instructionForms } from '../../emulator/isa/instruction-set.js';
import { memoryOperandIndex } from '../../emulator/isa/recipe.js';
import type { Author } from './author.js';
import { RBP, RDI, RSP } from './encoder.js';
import { ImageProfile } from './initial-state.js';
import { MIDDLE, MIDDLE_BYTES } from './layout.js';
import { range } from './memory-operand.js';

const COMPUTES =
  /^F(I?(ADD|SUB|MUL|DIV)R?P?|SQRT|PREM1?|RNDINT|SCALE|U?COM|ICOM|IST|BSTP|ST|XTRACT)/;
/** Of ten bytes, on a multiple of 16 as the numbers in memory are. */
const LONG_BYTES = 16;

const AT_RDI = {
  index: null,
  scale: 0,
  displacement: 0,
  displacementBytes: 0,
  addressBits: 64,
  segment: null,
} as const;

const TRANSCENDENTAL = /^F(2XM1|YL2X(P1)?|PTAN|PATAN|SIN|COS|SINCOS)$/;

export function writeX87Forms(author: Author): void {
  for (const form of instructionForms()) {
    if (form.group === 'x87 FPU' && !TRANSCENDENTAL.test(form.mnemonic)) writeForm(author, form);
  }
}

/** Functions that are compared within one unit in the last place. */
export function writeTranscendentalForms(author: Author): void {
  for (const form of instructionForms()) {
    const { opcode, fixedModrm } = form.encoding;
    if (TRANSCENDENTAL.test(form.mnemonic))
      author.addBytes([opcode, fixedModrm], { image: ImageProfile.X87, cases: 1200 });
  }
}

function writeForm(author: Author, form: InstructionForm): void {
  const { encoding, operands, mnemonic } = form;
  const computes = COMPUTES.test(mnemonic);
  const cases = computes ? 30 : 16;
  const image = ImageProfile.X87;
  const memory = operands[memoryOperandIndex(operands)];
  if (encoding.modrm === 'none') author.addBytes([encoding.opcode], { image, cases });
  else if (encoding.modrm === 'fixed') {
    author.times(computes ? 6 : 3, () => {
      author.addBytes([encoding.opcode, encoding.fixedModrm], { image, cases });
    });
  } else if (memory === undefined) {
    for (let rm = 0; rm < 8; rm += 1) {
      const modrm = 0xc0 | (Number(encoding.modrm) << 3) | rm;
      author.addBytes([encoding.opcode, modrm], { image, cases });
    }
  } else if (memory.text.endsWith('byte') && memory.memoryBits === 0) {
    writeImageForm(author, form, memory.text === 'm14/28byte' ? 28 : 108);
  } else {
    const sizeBytes = memory.memoryBits === 80 ? LONG_BYTES : memory.memoryBits / 8;
    const draft = {
      opcode: [encoding.opcode],
      operandBits: 32,
      digit: Number(encoding.modrm),
      rmBits: (8 * sizeBytes) as 32,
      image,
      cases,
    } as const;
    const alignBytes = Math.min(16, sizeBytes);
    author.modrm({ ...draft, alignBytes, safe: true }, { memory: computes ? 8 : 4 });
    author.modrm({ ...draft, safe: true }, { memory: 2 });
    author.modrm({ ...draft, cases: 1, avoid: [RSP, RBP] }, { memory: 3 });
  }
}

/** Environment and state images, of both sizes, at [rDI]. */
function writeImageForm(author: Author, { encoding }: InstructionForm, sizeBytes: number): void {
  const rm = { ...AT_RDI, base: RDI };
  for (const operandBits of [16, 32] as const) {
    const instruction = { opcode: [encoding.opcode], operandBits, reg: Number(encoding.modrm), rm };
    const fixups = [range(RDI, MIDDLE, { count: MIDDLE_BYTES - sizeBytes })];
    author.add(instruction, { fixups, image: ImageProfile.X87, cases: 200 });
  }
}
