/** Data transfer: SDM Vol. 1 "Data Transfer Instructions", SETcc, LEA, NOP. */
import {
  ALL_WIDTHS,
  immediateOf,
  WIDE_WIDTHS,
  widthOpcode,
  WORD_WIDTHS,
  type Author,
} from './author.js';
import { littleEndian, RAX, RBX } from './encoder.js';
import { GS_BASE, MIDDLE } from './layout.js';
import { pickMemory, range } from './memory-operand.js';

const CONDITIONS = 16;

export function writeMoveForms(author: Author): void {
  for (const operandBits of ALL_WIDTHS) {
    const both = { register: 10, memory: 16 };
    author.modrm({ opcode: [widthOpcode(0x88, operandBits)], operandBits }, both);
    author.modrm({ opcode: [widthOpcode(0x8a, operandBits)], operandBits }, both);
    const immediate = immediateOf(operandBits);
    author.modrm(
      { opcode: [widthOpcode(0xc6, operandBits)], operandBits, digit: 0, immediate },
      both,
    );
    author.times(8, () => {
      moveImmediate(author, operandBits);
    });
    author.times(10, () => {
      moveOffset(author, operandBits);
    });
  }
  for (const operandBits of WORD_WIDTHS) {
    const both = { register: 10, memory: 10 };
    for (const opcode of [0xb6, 0xb7, 0xbe, 0xbf]) {
      const rmBits = (opcode & 1) === 0 ? 8 : 16;
      author.modrm({ opcode: [0x0f, opcode], operandBits, rmBits }, both);
    }
    // MOVSXD r16, r/m16 reads four bytes on AMD, two as the SDM has it: no address where that shows.
    const safe = operandBits === 16;
    author.modrm({ opcode: [0x63], operandBits, rmBits: 32, safe }, both);
    author.modrm({ opcode: [0x0f, 0x38, 0xf0], operandBits }, { memory: 14 });
    author.modrm({ opcode: [0x0f, 0x38, 0xf1], operandBits }, { memory: 14 });
    author.modrm({ opcode: [0x8d], operandBits }, { memory: 40 });
    author.times(3, () => {
      author.add({ opcode: [0x98], operandBits }, { cases: 16 });
    });
    author.times(3, () => {
      author.add({ opcode: [0x99], operandBits }, { cases: 16 });
    });
    for (let register = 0; register < 16; register += 1) {
      author.times(1, () => {
        author.add({ opcode: [0x90], operandBits, opcodeRegister: register });
      });
    }
  }
  for (const operandBits of WIDE_WIDTHS) {
    for (let register = 0; register < 16; register += 1) {
      const instruction = { opcode: [0x0f, 0xc8], operandBits, opcodeRegister: register };
      author.times(1, () => {
        author.add(instruction);
      });
    }
  }
}

function moveImmediate(author: Author, operandBits: 8 | 16 | 32 | 64): void {
  const opcodeRegister = author.register(operandBits);
  author.add(
    {
      ...{ opcode: [operandBits === 8 ? 0xb0 : 0xb8], operandBits, opcodeRegister },
      byteRegisters: operandBits === 8 ? ['opcode'] : [],
      immediate: immediateOfFullWidth(author, operandBits),
    },
    { cases: 3 },
  );
}

function immediateOfFullWidth(author: Author, bits: number): number[] {
  return Array.from({ length: bits / 8 }, () => author.random.below(256));
}

/** A0–A3: the address itself stands in the instruction, 8 bytes long, or 4 with an address-size prefix. */
function moveOffset(author: Author, operandBits: 8 | 16 | 32 | 64): void {
  const { random } = author;
  const address = MIDDLE + random.below(256 - operandBits / 8);
  const short = random.chance(0.3);
  const gs = random.chance(0.2);
  author.add({
    ...{ prefixes: [...(short ? [0x67] : []), ...(gs ? [0x65] : [])], operandBits },
    opcode: [widthOpcode(random.pick([0xa0, 0xa2]), operandBits)],
    immediate: littleEndian(gs ? address - GS_BASE : address, short ? 4 : 8),
  });
}

export function writeConditionalForms(author: Author): void {
  for (let condition = 0; condition < CONDITIONS; condition += 1) {
    for (const operandBits of WORD_WIDTHS) {
      const cmov = { opcode: [0x0f, 0x40 | condition], operandBits };
      author.modrm(cmov, { register: 6, memory: 5 });
    }
    const setcc = { opcode: [0x0f, 0x90 | condition], operandBits: 8, digit: 0 } as const;
    author.modrm({ ...setcc, cases: 16 }, { register: 5, memory: 4 });
  }
}

/** XLAT, moves of segment selectors, instructions that change nothing. */
export function writeRareTransfers(author: Author): void {
  author.times(10, () => {
    const prefixes = author.random.pick([[], [0x67], [0x65], [0x48]]);
    const keepBits = prefixes[0] === 0x67 ? 32 : 64;
    const base = prefixes[0] === 0x65 ? MIDDLE - GS_BASE : MIDDLE;
    const table = range(RBX, base, { keepBits });
    author.addBytes([...prefixes, 0xd7], { fixups: [table] });
  });
  for (const operandBits of WORD_WIDTHS) {
    for (const digit of [0, 1, 2, 3, 4, 5]) {
      author.modrm({ opcode: [0x8c], operandBits, digit, cases: 2 }, { register: 2 });
      author.modrm({ opcode: [0x8c], operandBits, rmBits: 16, digit, cases: 2 }, { memory: 2 });
    }
    author.modrm(
      { opcode: [0x0f, 0x1f], operandBits, digit: 0, cases: 2 },
      { register: 3, memory: 6 },
    );
  }
  const nothing = [
    [0x90],
    [0x66, 0x90],
    [0xf3, 0x90],
    [0x48, 0x90],
    [0xf3, 0x0f, 0x1e, 0xfa],
    [0xf3, 0x0f, 0x1e, 0xfb],
  ];
  const fences = [
    [0x0f, 0xae, 0xe8],
    [0x0f, 0xae, 0xf0],
    [0x0f, 0xae, 0xf8],
  ];
  for (const bytes of [...nothing, ...fences]) author.addBytes(bytes);
  for (const digit of [0, 1, 2, 3]) {
    author.modrm({ opcode: [0x0f, 0x18], operandBits: 32, digit, cases: 2 }, { memory: 4 });
  }
  author.modrm({ opcode: [0x0f, 0x0d], operandBits: 32, digit: 1, cases: 2 }, { memory: 4 });
}

/** LEA with 32-bit addresses and every operand size; values need not point anywhere. */
export function writeEffectiveAddresses(author: Author): void {
  author.times(150, () => {
    const { random } = author;
    const operandBits = random.pick(WORD_WIDTHS);
    const picked = pickMemory(random, { sizeBytes: 1, safe: true });
    author.add({ opcode: [0x8d], operandBits, reg: random.below(16), rm: picked.operand });
  });
  author.add({
    opcode: [0x8d],
    operandBits: 64,
    reg: RAX,
    rm: {
      base: 'rip',
      index: null,
      scale: 0,
      displacement: MIDDLE,
      displacementBytes: 4,
      addressBits: 32,
      segment: null,
    },
  });
}
