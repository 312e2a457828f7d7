/** Shift and rotate: SDM Vol. 1 "Shift and Rotate Instructions". Counts go beyond the width and beyond the mask. */
import { ALL_WIDTHS, widthOpcode, WIDE_WIDTHS, WORD_WIDTHS, type Author } from './author.js';
import { RCX } from './encoder.js';
import { range } from './memory-operand.js';
import type { Random } from './random.js';

/** ROL ROR RCL RCR SHL SHR SAL SAR; /6 is SAL, which only older editions of the opcode map list. */
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7];

function count(random: Random): number {
  return random.chance(0.8) ? random.below(70) : random.below(256);
}

/** CL: 0 to 69 by case, the rest of RCX random. */
const countInCl = () => [range(RCX, 0, { count: 70, keepBits: 8 })];

export function writeShiftForms(author: Author): void {
  const immediate = (random: Random): number[] => [count(random)];
  for (const operandBits of ALL_WIDTHS) {
    for (const digit of DIGITS) {
      const form = { operandBits, digit };
      author.modrm(
        { ...form, opcode: [widthOpcode(0xd0, operandBits)] },
        { register: 5, memory: 5 },
      );
      author.modrm(
        { ...form, opcode: [widthOpcode(0xc0, operandBits)], immediate, cases: 4 },
        { register: 24, memory: 14 },
      );
      const byCl = {
        ...form,
        opcode: [widthOpcode(0xd2, operandBits)],
        avoid: [RCX],
        fixups: countInCl,
        cases: 16,
      };
      author.modrm(byCl, { register: 10, memory: 6 });
    }
  }
  for (const operandBits of WORD_WIDTHS) {
    // A count above 16 of a 16-bit SHLD has an undefined result: not recorded.
    const bounded = operandBits === 16;
    const bits = bounded ? 17 : 70;
    for (const opcode of [0xa4, 0xac]) {
      const byImmediate = {
        operandBits,
        opcode: [0x0f, opcode],
        immediate: (random: Random) => [random.below(bits)],
      };
      author.modrm({ ...byImmediate, cases: 4 }, { register: 30, memory: 20 });
      const fixups = () => [range(RCX, 0, { count: bits, keepBits: 8 })];
      const byCl = { operandBits, opcode: [0x0f, opcode + 1], avoid: [RCX], fixups, cases: 16 };
      author.modrm(byCl, { register: 12, memory: 8 });
    }
  }
  writeFlaglessShifts(author, immediate);
}

/** BMI2: RORX, SARX SHLX SHRX. */
function writeFlaglessShifts(author: Author, immediate: (random: Random) => number[]): void {
  for (const operandBits of WIDE_WIDTHS) {
    const rorx = {
      opcode: [0xf0],
      operandBits,
      immediate,
      vex: { map: 3, pp: 3, vvvv: false },
    } as const;
    author.modrm(rorx, { register: 16, memory: 10 });
    for (const pp of [1, 2, 3] as const) {
      const form = { opcode: [0xf7], operandBits, vex: { map: 2, pp, vvvv: true } } as const;
      author.modrm(form, { register: 20, memory: 12 });
    }
  }
}
