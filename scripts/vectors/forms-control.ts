/** Control transfer, stack, ENTER and LEAVE: SDM Vol. 1 "Control Transfer", "Data Transfer", "Enter and Leave". */
import { codeAddress, WIDE_WIDTHS, type Author } from './author.js';
import { littleEndian, RAX, RBP, RCX, RSP, type Opcode, type OperandBits } from './encoder.js';
import {
  CODE_OFFSET,
  DATA_BASE,
  DATA_END,
  middleImageOffset,
  MIDDLE,
  READ_ONLY_BASE,
} from './layout.js';
import { pickMemory, range } from './memory-operand.js';
import type { Fixup } from './initial-state.js';

const NEAR = 0x700;
const FAULTY_STACKS = [DATA_BASE + 1, DATA_BASE, DATA_END - 3, DATA_END, READ_ONLY_BASE + 64];
const NON_CANONICAL = [0x8000_0000_0100n, 0xffff_7fff_ffff_ff00n, 0x4000_1000_2000_3000n];

/** A place for a branch to go to: in the code pages, not inside the branch. */
function pickTargetOffset(author: Author): number {
  const offset = author.random.between(CODE_OFFSET - NEAR, CODE_OFFSET + NEAR);
  return offset >= CODE_OFFSET && offset < CODE_OFFSET + 16 ? offset + 16 : offset;
}

function pickShortDisplacement(author: Author, length: number): number {
  for (;;) {
    const displacement = author.random.between(-128, 127);
    if (displacement >= 0 || displacement < -length) return displacement;
  }
}

/** RSP into the middle part, mostly aligned, with room on both sides. */
function stackFixup(author: Author): Fixup {
  const { random } = author;
  const step = random.chance(0.8) ? 8 : 1;
  return range(RSP, MIDDLE + 80 + random.below(4) * step, { count: 10, step });
}

function faultyStack(author: Author): Fixup {
  return range(RSP, author.random.pick([...FAULTY_STACKS.map(BigInt), ...NON_CANONICAL, 0x1804n]));
}

export function writeBranches(author: Author): void {
  for (let condition = 0; condition < 16; condition += 1) {
    author.times(6, () => {
      author.addBytes([0x70 | condition, ...littleEndian(pickShortDisplacement(author, 2), 1)], {
        cases: 16,
      });
      author.addBytes([0x0f, 0x80 | condition, ...nearDisplacement(author, 6)], { cases: 16 });
    });
  }
  author.times(10, () => {
    author.addBytes([0xeb, ...littleEndian(pickShortDisplacement(author, 2), 1)], { cases: 2 });
    author.addBytes([0xe9, ...nearDisplacement(author, 5)], { cases: 2 });
    author.addBytes([0xe8, ...nearDisplacement(author, 5)], {
      fixups: [stackFixup(author)],
      cases: 4,
    });
    author.addBytes([0xe8, ...nearDisplacement(author, 5)], {
      fixups: [faultyStack(author)],
      cases: 1,
    });
  });
  for (const opcode of [0xe0, 0xe1, 0xe2, 0xe3]) {
    author.times(16, () => {
      const short = author.random.chance(0.4);
      const prefixes = short ? [0x67] : [];
      const displacement = pickShortDisplacement(author, 2 + prefixes.length);
      const fixups = author.random.chance(0.8)
        ? [range(RCX, 0, { count: 3, keepBits: short ? 32 : 64 })]
        : [];
      author.addBytes([...prefixes, opcode, ...littleEndian(displacement, 1)], { fixups });
    });
  }
}

function nearDisplacement(author: Author, length: number): number[] {
  return littleEndian(pickTargetOffset(author) - CODE_OFFSET - length, 4);
}

/** JMP and CALL through a register or memory, RET. */
export function writeIndirectBranches(author: Author): void {
  const { random } = author;
  for (const digit of [2, 4]) {
    author.times(60, () => {
      throughRegister(author, digit);
    });
    author.times(50, () => {
      throughMemory(author, digit);
    });
  }
  author.times(60, () => {
    const address = MIDDLE + random.between(40, 200);
    const target = codeAddress(pickTargetOffset(author));
    const fixups = [range(RSP, address), range(16 + middleImageOffset(address), target)];
    const drop = littleEndian(random.pick([0, 8, 16, 0x7fff, 0x8000, 0xffff]), 2);
    const prefix = random.pick([[], [], [0xf3], [0xf2], [0x48]]);
    author.addBytes([...prefix, ...(random.chance(0.5) ? [0xc3] : [0xc2, ...drop])], {
      fixups,
      cases: 3,
    });
  });
  author.times(12, () => {
    const absent = [DATA_BASE - 3, DATA_END - 3, DATA_END, 0x1804].map(BigInt);
    const stack = range(RSP, random.pick([...absent, ...NON_CANONICAL]));
    author.addBytes([0xc3], { fixups: [stack], cases: 1 });
    nonCanonicalTarget(author);
  });
}

function throughRegister(author: Author, digit: number): void {
  const { random } = author;
  const register = random.pick([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  const stack = random.chance(0.85) ? stackFixup(author) : faultyStack(author);
  const target = range(register, codeAddress(pickTargetOffset(author)));
  const fixups = digit === 2 ? [stack, target] : [target];
  author.add(
    { opcode: [0xff], reg: digit, rm: register, prefixes: random.chance(0.1) ? [0x48] : [] },
    { fixups, cases: 3, codeOffset: CODE_OFFSET },
  );
}

/** JMP, CALL and RET to an address that is not canonical: #GP(0) of the branch. */
function nonCanonicalTarget(author: Author): void {
  const { random } = author;
  const target = random.pick(NON_CANONICAL);
  const address = MIDDLE + random.between(40, 200);
  const fixups = [range(RSP, address), range(16 + middleImageOffset(address), target)];
  const instruction = random.pick([
    [0xc3],
    [0xc2, 8, 0],
    [0xff, 0xd0],
    [0xff, 0xe0],
    [0xff, 0x24, 0x24],
  ]);
  author.addBytes(instruction, { fixups: [...fixups, range(RAX, target)], cases: 1 });
}

function throughMemory(author: Author, digit: number): void {
  const { random } = author;
  const address = MIDDLE + random.between(144, 240);
  const memory = pickMemory(random, { sizeBytes: 8, avoid: [RSP], address });
  const target = range(16 + middleImageOffset(address), codeAddress(pickTargetOffset(author)));
  const stack = range(RSP, MIDDLE + 60 + random.below(60));
  author.add(
    { opcode: [0xff], reg: digit, rm: memory.operand },
    { fixups: [...memory.fixups, target, stack], cases: 3, codeOffset: CODE_OFFSET },
  );
}

export function writeStackForms(author: Author): void {
  const { random } = author;
  const stacked = (instruction: Opcode, cases = 4): void => {
    const faulty = random.chance(0.12);
    const fixups = [faulty ? faultyStack(author) : stackFixup(author)];
    author.add(instruction, { fixups, cases: faulty ? 1 : cases });
  };
  for (const prefixes of [[], [0x66]]) {
    for (let register = 0; register < 16; register += 1) {
      author.times(4, () => {
        stacked({ prefixes, opcode: [0x50], opcodeRegister: register });
        stacked({ prefixes, opcode: [0x58], opcodeRegister: register });
      });
    }
    const bytes = prefixes.length > 0 ? 2 : 4;
    author.times(20, () => {
      stacked({ prefixes, opcode: [0x6a], immediate: [random.below(256)] });
      stacked({ prefixes, opcode: [0x68], immediate: littleEndian(random.next(), bytes) });
      stacked({ prefixes, opcode: [0x0f, random.pick([0xa0, 0xa8])] }, 2);
      stacked({ prefixes, opcode: [0x9c] }, 12);
      stacked({ prefixes, opcode: [0xff], reg: 6, rm: random.below(16) });
      stacked({ prefixes, opcode: [0x8f], reg: 0, rm: random.below(16) });
    });
    author.times(40, () => {
      popFlags(author, prefixes);
    });
    author.times(60, () => {
      memoryOnStack(author, prefixes, 0xff, 6);
      memoryOnStack(author, prefixes, 0x8f, 0);
    });
    author.times(24, () => {
      leave(author, prefixes);
    });
    author.times(60, () => {
      enter(author, prefixes);
    });
  }
}

/** TF and AC stay clear: they would raise #DB and #AC behind the instruction. */
function popFlags(author: Author, prefixes: readonly number[]): void {
  const address = MIDDLE + author.random.between(16, 224);
  const value = (BigInt(author.random.next()) << 32n) | BigInt(author.random.next());
  const flags = range(16 + middleImageOffset(address), BigInt.asIntN(64, value & ~0x40100n));
  author.add({ prefixes, opcode: [0x9d] }, { fixups: [range(RSP, address), flags], cases: 3 });
}

/** PUSH and POP of a memory operand, also one addressed through RSP itself. */
function memoryOnStack(
  author: Author,
  prefixes: readonly number[],
  opcode: number,
  digit: number,
): void {
  const { random } = author;
  const sizeBytes = prefixes.length > 0 ? 2 : 8;
  if (random.chance(0.2)) {
    const rm = {
      base: RSP,
      index: null,
      scale: 0,
      displacement: random.between(-24, 24),
      displacementBytes: 1,
      addressBits: 64,
      segment: null,
    } as const;
    author.add(
      { prefixes, opcode: [opcode], reg: digit, rm },
      { fixups: [stackFixup(author)], cases: 3 },
    );
    return;
  }
  const memory = pickMemory(random, { sizeBytes, avoid: [RSP] });
  const fixups = [...memory.fixups, stackFixup(author)];
  author.add(
    { prefixes, opcode: [opcode], reg: digit, rm: memory.operand },
    { fixups, cases: memory.faulty ? 1 : 4 },
  );
}

function leave(author: Author, prefixes: readonly number[]): void {
  const faulty = author.random.chance(0.2);
  const fixup = faulty ? faultyStack(author) : stackFixup(author);
  author.add(
    { prefixes, opcode: [0xc9] },
    { fixups: [{ ...fixup, target: RBP }], cases: faulty ? 1 : 4 },
  );
}

function enter(author: Author, prefixes: readonly number[]): void {
  const { random } = author;
  const level = random.pick([0, 0, 0, 1, 1, 2, 3, 5, 7, 32, 33, 64]);
  const frameBytes = random.pick([0, 8, 16, 3, random.below(40)]);
  const faulty = random.chance(0.12);
  const stack = faulty ? faultyStack(author) : range(RSP, MIDDLE + 128 + random.below(64));
  const frame = range(RBP, MIDDLE + 128 + random.below(120));
  const immediate = [...littleEndian(frameBytes, 2), level];
  author.add({ prefixes, opcode: [0xc8], immediate }, { fixups: [stack, frame], cases: 3 });
}

/** Shapes of prefixes and ModRM that mean the same, or less than they seem to. */
export function writePrefixForms(author: Author): void {
  const { random } = author;
  const redundant = [
    [0x2e],
    [0x36],
    [0x3e],
    [0x26],
    [0x66, 0x66],
    [0xf3],
    [0xf2],
    [0x40],
    [0x4f, 0x66],
    [0x66, 0x48],
    [0x48, 0x41],
    [0x67],
    [0xf2, 0xf3, 0x66],
    [0x65],
    [0x3e, 0x65, 0x2e],
  ];
  const bodies = [
    [0x01],
    [0x29],
    [0x33],
    [0x85],
    [0x89],
    [0x0f, 0xb6],
    [0x0f, 0xaf],
    [0x84],
    [0x86],
    [0x13],
  ];
  for (const prefixes of redundant) {
    for (const body of bodies) {
      author.times(1, () => {
        author.addBytes([...prefixes, ...body, 0xc0 | random.below(64)], { cases: 4 });
      });
    }
  }
  for (const operandBits of WIDE_WIDTHS) {
    // The longest instruction there is: 15 bytes; one more is #GP.
    for (const padding of [9, 10, 11, 12, 13, 14]) {
      const body: OperandBits = operandBits;
      const bytes = [
        ...Array<number>(padding).fill(0x2e),
        ...(body === 64 ? [0x48] : []),
        0x01,
        0xd8,
      ];
      author.addBytes(bytes, { cases: 2 });
    }
  }
}
