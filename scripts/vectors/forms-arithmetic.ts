/** Binary arithmetic, logic, flag control: SDM Vol. 1 "Binary Arithmetic", "Logical", "Flag Control". */
import {
  ALL_WIDTHS,
  byteImmediate,
  immediateOf,
  WIDE_WIDTHS,
  widthOpcode,
  WORD_WIDTHS,
  type Author,
} from './author.js';
import { RAX, RDX } from './encoder.js';
import { FixupKind, type Fixup } from './initial-state.js';
import { copied, range } from './memory-operand.js';

const LOCK = [0xf0];
const CMP = 7;

/** ADD OR ADC SBB AND SUB XOR CMP and TEST, in every form. */
export function writeBinaryForms(author: Author): void {
  for (let operation = 0; operation < 8; operation += 1) {
    for (const operandBits of ALL_WIDTHS) {
      const base = 8 * operation;
      const both = { register: 4, memory: 5 };
      author.modrm({ opcode: [widthOpcode(base, operandBits)], operandBits }, both);
      author.modrm({ opcode: [widthOpcode(base + 2, operandBits)], operandBits }, both);
      accumulatorImmediate(author, base + 4, operandBits);
      const group = { digit: operation, operandBits };
      const opcode = [widthOpcode(0x80, operandBits)];
      const immediate = immediateOf(operandBits);
      author.modrm({ ...group, opcode, immediate }, both);
      const signExtended = { ...group, opcode: [0x83], immediate: byteImmediate };
      if (operandBits !== 8) author.modrm(signExtended, both);
      if (operation === CMP) continue;
      author.modrm(
        { opcode: [widthOpcode(base, operandBits)], operandBits, prefixes: LOCK },
        { memory: 1 },
      );
      author.modrm({ ...group, opcode, immediate, prefixes: LOCK }, { memory: 1 });
    }
  }
  for (const operandBits of ALL_WIDTHS) {
    const both = { register: 4, memory: 5 };
    author.modrm({ opcode: [widthOpcode(0x84, operandBits)], operandBits }, both);
    const opcode = [widthOpcode(0xf6, operandBits)];
    const immediate = immediateOf(operandBits);
    author.modrm({ opcode, operandBits, digit: 0, immediate }, both);
    // /1 is an undocumented alias.
    author.modrm(
      { opcode, operandBits, digit: 1, immediate, cases: 3 },
      { register: 1, memory: 1 },
    );
    accumulatorImmediate(author, 0xa8, operandBits);
  }
}

function accumulatorImmediate(author: Author, opcode: number, operandBits: 8 | 16 | 32 | 64): void {
  author.times(3, () => {
    const immediate = immediateOf(operandBits)(author.random);
    author.add({ opcode: [widthOpcode(opcode, operandBits)], operandBits, immediate });
  });
}

/** INC DEC NOT NEG, ADCX ADOX, and the flag instructions. */
export function writeUnaryForms(author: Author): void {
  for (const operandBits of ALL_WIDTHS) {
    for (const digit of [0, 1]) {
      const form = { opcode: [widthOpcode(0xfe, operandBits)], operandBits, digit };
      author.modrm(form, { register: 8, memory: 8 });
      author.modrm({ ...form, prefixes: LOCK }, { memory: 2 });
    }
    for (const digit of [2, 3]) {
      const form = { opcode: [widthOpcode(0xf6, operandBits)], operandBits, digit };
      author.modrm(form, { register: 8, memory: 8 });
      author.modrm({ ...form, prefixes: LOCK }, { memory: 2 });
    }
  }
  for (const operandBits of WIDE_WIDTHS) {
    for (const prefix of [0x66, 0xf3]) {
      author.modrm(
        { opcode: [0x0f, 0x38, 0xf6], prefixes: [prefix], operandBits },
        { register: 12, memory: 12 },
      );
    }
  }
  for (const opcode of [0xf5, 0xf8, 0xf9, 0xfc, 0xfd, 0x9e, 0x9f]) {
    author.times(3, () => {
      author.addBytes([opcode], { cases: 40 });
    });
  }
}

/** MUL IMUL DIV IDIV, and IMUL with two and three operands. */
export function writeMultiplyForms(author: Author): void {
  for (const operandBits of ALL_WIDTHS) {
    const opcode = [widthOpcode(0xf6, operandBits)];
    const implicit = { opcode, operandBits, avoid: [RAX, RDX] };
    for (const digit of [4, 5]) author.modrm({ ...implicit, digit }, { register: 16, memory: 12 });
    for (const digit of [6, 7]) {
      author.modrm(
        { ...implicit, digit, fixups: () => [dividendHigh(digit === 7, operandBits)] },
        { register: 20, memory: 16 },
      );
      author.modrm({ ...implicit, digit }, { register: 8, memory: 4 });
    }
  }
  for (const operandBits of WORD_WIDTHS) {
    author.modrm({ opcode: [0x0f, 0xaf], operandBits }, { register: 20, memory: 16 });
    author.modrm(
      { opcode: [0x69], operandBits, immediate: immediateOf(operandBits) },
      { register: 12, memory: 10 },
    );
    author.modrm(
      { opcode: [0x6b], operandBits, immediate: byteImmediate },
      { register: 12, memory: 10 },
    );
  }
}

/** Sets RDX (AH for bytes) so that the quotient often fits. */
function dividendHigh(signed: boolean, bits: number): Fixup {
  if (bits === 8) return range(RAX, 0, { count: 0x7ff, keepBits: 16 });
  return signed ? copied(RDX, FixupKind.Sign, RAX, { count: bits }) : range(RDX, 0, { count: 3 });
}
