/** Byte strings of a form, written from the SDM's notation: the inverse of decoding, independent of the decoder's tables. */
import { OpcodeMap } from '../../emulator/isa/encoding.js';
import type { InstructionForm } from '../../emulator/isa/form.js';
import type { CodeSize } from './iced.js';

const IMMEDIATE_BYTES: Readonly<Record<string, readonly number[]>> = {
  ib: [0x85],
  '/is4': [0x85],
  cb: [0x85],
  iw: [0x34, 0x92],
  cw: [0x34, 0x92],
  id: [0x78, 0x56, 0x34, 0x92],
  cd: [0x78, 0x56, 0x34, 0x92],
  io: [0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x92],
  cp: [0x78, 0x56, 0x34, 0x92, 0x08, 0x00],
};

/** ModRM.rm, SIB and displacement for memory operands, without ModRM.reg. */
const MEMORY_32: readonly (readonly number[])[] = [
  [0x03], // [rBX]
  [0x46, 0x80], // [rSI - 128]
  [0x87, 0x78, 0x56, 0x34, 0x12], // [rDI + disp32]
  [0x05, 0x78, 0x56, 0x34, 0x12], // [disp32], RIP-relative in 64-bit mode
  [0x04, 0x24], // [rSP]
  [0x44, 0x8d, 0x10], // [rBP + rCX * 4 + 16]
  [0x04, 0x25, 0x78, 0x56, 0x34, 0x12], // [disp32] through SIB
];
const MEMORY_16: readonly (readonly number[])[] = [
  [0x00], // [BX + SI]
  [0x46, 0x80], // [BP - 128]
  [0x87, 0x34, 0x12], // [BX + disp16]
  [0x06, 0x34, 0x12], // [disp16]
];

/** Strings for each addressing form, register and (where REX exists) extended register. */
export function instancesOf(form: InstructionForm, codeSize: CodeSize): Uint8Array[] {
  const { encoding } = form;
  const variants: number[][] = [];
  if (encoding.modrm === 'none' || encoding.modrm === 'fixed') {
    const opcodes = encoding.opcodeRegister ? [1, 3, 7] : [0];
    for (const register of opcodes)
      variants.push(encoding.modrm === 'fixed' ? [encoding.fixedModrm] : [-1 - register]);
  } else {
    const reg = regOf(form);
    const memory = codeSize === 16 ? MEMORY_16 : MEMORY_32;
    if (form.mod !== 'register' && form.attributes.modIgnored !== true) {
      const usesSib = form.operands.some(({ text }) => text.startsWith('vm'));
      for (const [modrm = 0, ...rest] of memory) {
        if (!usesSib || (codeSize !== 16 && (modrm & 7) === 4))
          variants.push([modrm | (reg << 3), ...rest]);
      }
    }
    if (form.mod !== 'memory') for (const rm of [0, 3, 7]) variants.push([0xc0 | (reg << 3) | rm]);
  }
  const strings = variants.map((tail) => assemble(form, codeSize, tail, 0));
  const extended =
    codeSize === 64 && variants.length > 1
      ? [assemble(form, codeSize, variants[variants.length - 1] ?? [], 1)]
      : [];
  return [...strings, ...extended].map((bytes) => Uint8Array.from(bytes));
}

/** The digit, or a register number that is valid for the kind of register. */
function regOf(form: InstructionForm): number {
  if (typeof form.encoding.modrm === 'number') return form.encoding.modrm;
  const kinds = form.operands.map((operand) => operand.kind);
  if (kinds.includes('control register') || kinds.includes('segment register')) return 3;
  return 6;
}

function assemble(
  form: InstructionForm,
  codeSize: CodeSize,
  tail: readonly number[],
  rexB: number,
): number[] {
  const { encoding } = form;
  const [first = 0] = tail;
  const opcode = encoding.opcode + (first < 0 ? -1 - first : 0);
  const behind = [...(first < 0 ? [] : tail), ...immediates(form, codeSize)];
  if (encoding.vex) return [...vex(form, rexB), opcode, ...behind];
  const rex = (encoding.rexW ? 0x48 : 0) | (rexB !== 0 ? 0x41 : 0);
  const map = {
    [OpcodeMap.TwoByte]: [0x0f],
    [OpcodeMap.ThreeByte38]: [0x0f, 0x38],
    [OpcodeMap.ThreeByte3A]: [0x0f, 0x3a],
  };
  const mapBytes =
    encoding.map === OpcodeMap.OneByte ? [] : (map[encoding.map as OpcodeMap.TwoByte] ?? []);
  return [...prefixes(form, codeSize), ...(rex === 0 ? [] : [rex]), ...mapBytes, opcode, ...behind];
}

function prefixes(form: InstructionForm, codeSize: CodeSize): number[] {
  const mandatory = { any: [], NP: [], NFx: [], '66': [0x66], F3: [0xf3], F2: [0xf2] }[
    form.encoding.prefix
  ];
  const size = form.operandSize;
  const normal = codeSize === 16 ? 16 : 32;
  const needsOverride = (size === 16 || (size === 32 && codeSize === 16)) && size !== normal;
  return needsOverride && form.encoding.prefix !== '66' ? [0x66, ...mandatory] : mandatory;
}

/** C4 with R, X, B inverted, vvvv = 1111b or a register. */
function vex(form: InstructionForm, rexB: number): number[] {
  const { encoding } = form;
  const usesVvvv = form.operands.some((operand) => operand.place === 'VEX.vvvv');
  const pp = { any: 0, NP: 0, NFx: 0, '66': 1, F3: 2, F2: 3 }[encoding.prefix];
  const selector = encoding.map - OpcodeMap.Vex0F + 1;
  const length = encoding.vexLength === 256 ? 4 : 0;
  const vvvv = usesVvvv ? 0b1010 : 0b1111;
  return [
    0xc4,
    0xc0 | (rexB !== 0 ? 0 : 0x20) | selector,
    (encoding.rexW ? 0x80 : 0) | (vvvv << 3) | length | pp,
  ];
}

function immediates(form: InstructionForm, codeSize: CodeSize): number[] {
  if (form.operands.some((operand) => operand.kind === 'memory offset')) {
    return [0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12].slice(0, codeSize / 8);
  }
  return form.encoding.fields.flatMap((field) => IMMEDIATE_BYTES[field] ?? []);
}
