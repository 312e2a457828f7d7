/** Bit and byte: SDM Vol. 1 "Bit and Byte Instructions", BMI1 and BMI2, CRC32. */
import { byteImmediate, WIDE_WIDTHS, WORD_WIDTHS, type Author, type ModrmForm } from './author.js';
import { RAX, RDX } from './encoder.js';
import { FixupKind, type Fixup } from './initial-state.js';
import { middleImageOffset, MIDDLE } from './layout.js';
import { copied, pickMemory, range } from './memory-operand.js';

const LOCK = [0xf0];

export function writeBitTestForms(author: Author): void {
  for (const operandBits of WORD_WIDTHS) {
    for (const [step, opcode] of [0xa3, 0xab, 0xb3, 0xbb].entries()) {
      author.modrm({ opcode: [0x0f, opcode], operandBits }, { register: 20 });
      author.times(24, () => {
        bitString(author, opcode, operandBits, step > 0);
      });
      const digit = 4 + step;
      const byImmediate = { opcode: [0x0f, 0xba], digit, operandBits, immediate: byteImmediate };
      author.modrm(byImmediate, { register: 14, memory: 12 });
      if (step > 0) author.modrm({ ...byImmediate, prefixes: LOCK }, { memory: 3 });
    }
  }
}

/** The bit offset in a register reaches before and behind the memory operand: here 64 bytes to either side. */
function bitString(
  author: Author,
  opcode: number,
  operandBits: 16 | 32 | 64,
  lockable: boolean,
): void {
  const { random } = author;
  const reg = random.below(16);
  const memory = pickMemory(random, {
    sizeBytes: operandBits / 8,
    avoid: [reg],
    address: MIDDLE + random.between(72, 176),
  });
  const offset = range(reg, -512, { count: 1024, keepBits: operandBits });
  const prefixes = lockable && random.chance(0.15) ? LOCK : [];
  const instruction = { prefixes, opcode: [0x0f, opcode], operandBits, reg, rm: memory.operand };
  author.add(instruction, { fixups: [...memory.fixups, offset] });
}

export function writeBitScanForms(author: Author): void {
  const both = { register: 20, memory: 14 };
  for (const operandBits of WORD_WIDTHS) {
    for (const opcode of [0xbc, 0xbd]) {
      author.modrm({ opcode: [0x0f, opcode], operandBits }, both);
      author.modrm({ opcode: [0x0f, opcode], operandBits, prefixes: [0xf3] }, both);
    }
    author.modrm({ opcode: [0x0f, 0xb8], operandBits, prefixes: [0xf3] }, both);
    const crc32 = { operandBits, prefixes: [0xf2], opcode: [0x0f, 0x38, 0xf1] };
    author.modrm(crc32, both);
    if (operandBits !== 16)
      author.modrm({ ...crc32, opcode: [0x0f, 0x38, 0xf0], regBits: 32, rmBits: 8 }, both);
  }
}

export function writeBitManipulationForms(author: Author): void {
  const both = { register: 28, memory: 18 };
  for (const operandBits of WIDE_WIDTHS) {
    const form = (opcode: number, pp: 0 | 1 | 2 | 3): ModrmForm => ({
      opcode: [opcode],
      operandBits,
      vex: { map: 2, pp, vvvv: true },
    });
    author.modrm(form(0xf2, 0), both); // ANDN
    for (const digit of [1, 2, 3]) author.modrm({ ...form(0xf3, 0), digit }, both); // BLSR BLSMSK BLSI
    author.modrm(form(0xf5, 0), both); // BZHI
    author.modrm(form(0xf5, 2), both); // PEXT
    author.modrm(form(0xf5, 3), both); // PDEP
    author.modrm({ ...form(0xf6, 3), avoid: [RDX] }, both); // MULX
    author.modrm(form(0xf7, 0), both); // BEXTR
    author.times(20, () => {
      fieldExtract(author, operandBits);
    });
  }
}

/** BEXTR with start and length that mean something; BZHI alike. */
function fieldExtract(author: Author, operandBits: 32 | 64): void {
  const { random } = author;
  const vvvv = random.below(16);
  const start = random.below(70);
  const control = range(vvvv, start, { count: 70, step: 256, keepBits: 16 });
  const [opcode, fixup] = random.chance(0.6)
    ? [0xf7, control]
    : [0xf5, range(vvvv, 0, { count: 80, keepBits: 8 })];
  const vex = { map: 2, pp: 0, vvvv } as const;
  author.add(
    { opcode: [opcode], operandBits, vex, reg: random.below(16), rm: random.below(16) },
    { fixups: [fixup] },
  );
}

/** XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B, XCHG. */
export function writeExchangeForms(author: Author): void {
  for (const operandBits of [8, 16, 32, 64] as const) {
    const wide = operandBits === 8 ? 0 : 1;
    const xadd = { opcode: [0x0f, 0xc0 | wide], operandBits };
    const cmpxchg = { opcode: [0x0f, 0xb0 | wide], operandBits, avoid: [RAX] };
    const xchg = { opcode: [0x86 | wide], operandBits };
    for (const form of [xadd, cmpxchg, xchg]) {
      author.modrm(form, { register: 14, memory: 12 });
      author.modrm({ ...form, prefixes: LOCK }, { memory: 5 });
    }
    author.times(14, () => {
      equalExchange(author, operandBits, cmpxchg.opcode);
    });
  }
  for (const operandBits of [32, 64] as const) {
    const bytes = operandBits / 4;
    const form = { opcode: [0x0f, 0xc7], digit: 1, operandBits, avoid: [RAX, 1, RDX, 3] };
    const rmBits = operandBits === 32 ? 64 : 128;
    author.modrm({ ...form, rmBits, alignBytes: bytes }, { memory: 14 });
    author.modrm({ ...form, rmBits, prefixes: LOCK, alignBytes: bytes }, { memory: 8 });
    if (operandBits === 64) author.modrm({ ...form, rmBits }, { memory: 6 });
    author.times(24, () => {
      equalDoubleExchange(author, operandBits);
    });
  }
}

/** CMPXCHG whose comparison succeeds: the accumulator is laid into memory first. */
function equalExchange(
  author: Author,
  operandBits: 8 | 16 | 32 | 64,
  opcode: readonly number[],
): void {
  const { random } = author;
  const address = MIDDLE + random.below(240);
  const memory = pickMemory(random, { sizeBytes: operandBits / 8, avoid: [RAX], address });
  const reg = author.register(operandBits);
  const instruction = {
    prefixes: random.chance(0.4) ? LOCK : [],
    ...{ opcode, operandBits, reg, rm: memory.operand },
    byteRegisters: operandBits === 8 ? (['reg'] as const) : [],
  };
  author.add(instruction, { fixups: [...memory.fixups, copyToMemory(address, RAX)] });
}

function equalDoubleExchange(author: Author, operandBits: 32 | 64): void {
  const { random } = author;
  const address = MIDDLE + 16 * random.below(15);
  const memory = pickMemory(random, { sizeBytes: 16, avoid: [RAX, 1, RDX, 3], address });
  const half = operandBits / 8;
  // The low half is written last where the two quadwords overlap.
  const fixups = [copyToMemory(address + half, RDX), copyToMemory(address, RAX, operandBits)];
  author.add(
    {
      prefixes: random.chance(0.5) ? LOCK : [],
      ...{ opcode: [0x0f, 0xc7], reg: 1, operandBits, rm: memory.operand },
    },
    { fixups: [...memory.fixups, ...fixups] },
  );
}

function copyToMemory(address: number, register: number, keepBits = 64): Fixup {
  const target = 16 + middleImageOffset(address);
  return copied(target, FixupKind.Register, register, { keepBits });
}
