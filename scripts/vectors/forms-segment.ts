/**
 * What a program can do with selectors and far transfers: SDM Vol. 1 "Segment Register Instructions", "Control Transfer".
 * The descriptors are those of Linux's GDT (limit 7Fh): 08 and 10 kernel code, 18 kernel data, 23 user code of 32 bits, 2B user
 * data, 33 user code of 64 bits. FS and GS are never loaded: the recorder's own program needs them.
 */
import { codeAddress, WORD_WIDTHS, type Author } from './author.js';
import { RSP, type Opcode } from './encoder.js';
import { ImageProfile, type Fixup } from './initial-state.js';
import { CODE_OFFSET, middleImageOffset, MIDDLE } from './layout.js';
import { pickMemory, range } from './memory-operand.js';

const USER_CODE = 0x33;
const USER_DATA = 0x2b;
const ES = 0;
const SS = 2;
const DS = 3;

/** Null, descriptors of every kind with every RPL that matters, empty ones, the LDT that is not there, beyond the limit. */
const SELECTORS = [
  ...[
    0, 1, 2, 3, 0x08, 0x0b, 0x10, 0x13, 0x18, 0x1b, 0x20, 0x23, 0x28, 0x29, 0x2a, 0x2b, 0x30, 0x33,
  ],
  ...[0x60, 0x63, 0x6b, 0x37, 0x0f, 0x04, 0x80, 0x83, 0xfff8, 0xffff],
];
/** Those among them with which nothing can be loaded. */
const BAD_SELECTORS = [
  0x08, 0x0b, 0x10, 0x13, 0x18, 0x1b, 0x63, 0x6b, 0x37, 0x0f, 0x80, 0x83, 0xfff8,
];

/** LAR, LSL, VERR, VERW. */
export function writeSelectorQueries(author: Author): void {
  for (const selector of SELECTORS) {
    const fixups = (register: number): Fixup[] => [range(register, selector, { keepBits: 16 })];
    for (const operandBits of WORD_WIDTHS) {
      for (const opcode of [0x02, 0x03]) {
        const rm = author.random.below(16);
        const reg = author.random.below(16);
        author.add(
          { opcode: [0x0f, opcode], operandBits, reg, rm },
          { fixups: fixups(rm), cases: 2 },
        );
      }
    }
    for (const digit of [4, 5]) {
      const rm = author.random.below(16);
      author.add({ opcode: [0x0f, 0x00], reg: digit, rm }, { fixups: fixups(rm), cases: 2 });
      withSelectorInMemory(author, { opcode: [0x0f, 0x00], reg: digit }, selector);
    }
    withSelectorInMemory(author, { opcode: [0x0f, 0x02], reg: 3 }, selector);
    withSelectorInMemory(author, { opcode: [0x0f, 0x03], reg: 9 }, selector);
  }
}

function withSelectorInMemory(author: Author, instruction: Opcode, selector: number): void {
  const address = MIDDLE + author.random.below(240);
  const memory = pickMemory(author.random, { sizeBytes: 2, address });
  const value = range(16 + middleImageOffset(address), selector, { keepBits: 16 });
  author.add(
    { ...instruction, rm: memory.operand },
    { fixups: [...memory.fixups, value], cases: 1 },
  );
}

/** MOV to ES, SS, DS; LSS; the others with selectors that fault. */
export function writeSegmentLoads(author: Author): void {
  const { random } = author;
  for (const selector of SELECTORS) {
    for (const segment of [ES, SS, DS]) {
      for (const operandBits of WORD_WIDTHS) {
        const rm = random.below(16);
        const fixups = [range(rm, selector, { keepBits: 16 })];
        author.add({ opcode: [0x8e], operandBits, reg: segment, rm }, { fixups, cases: 1 });
      }
      withSelectorInMemory(author, { opcode: [0x8e], reg: segment }, selector);
    }
    loadFarPointer(author, 0xb2, selector);
  }
  for (const selector of BAD_SELECTORS) {
    for (const segment of [4, 5]) {
      withSelectorInMemory(author, { opcode: [0x8e], reg: segment }, selector);
      const address = MIDDLE + 64 + random.below(64);
      const fixups = [
        range(RSP, address),
        range(16 + middleImageOffset(address), selector, { keepBits: 16 }),
      ];
      author.addBytes([0x0f, segment === 4 ? 0xa1 : 0xa9], { fixups, cases: 1 });
    }
    loadFarPointer(author, 0xb4, selector);
    loadFarPointer(author, 0xb5, selector);
  }
}

/** LSS, LFS, LGS with m16:16 and m16:32; AMD knows no m16:64. */
function loadFarPointer(author: Author, opcode: number, selector: number): void {
  const { random } = author;
  for (const operandBits of [16, 32] as const) {
    const bytes = operandBits / 8;
    const address = MIDDLE + random.below(240);
    const memory = pickMemory(random, { sizeBytes: bytes + 2, address });
    const value = range(16 + middleImageOffset(address + bytes), selector, { keepBits: 16 });
    const instruction = {
      opcode: [0x0f, opcode],
      operandBits,
      reg: random.below(16),
      rm: memory.operand,
    };
    author.add(instruction, { fixups: [...memory.fixups, value], cases: 1 });
  }
}

/** RETF, IRET, JMP and CALL through a far pointer: to the same code segment, and with selectors that fault. */
export function writeFarTransfers(author: Author): void {
  const { random } = author;
  const targets: [cs: number, ss: number][] = [
    ...BAD_SELECTORS.map((cs): [number, number] => [cs, USER_DATA]),
    ...[0, 3, 0x28, 0x2b, 0x30].map((cs): [number, number] => [cs, USER_DATA]),
    ...[0, 3, 0x28, 0x2a, 0x33, 0x1b, 0x83, 0x63].map((ss): [number, number] => [USER_CODE, ss]),
    ...Array<[number, number]>(24).fill([USER_CODE, USER_DATA]),
  ];
  for (const [cs, ss] of targets) {
    for (const operandBits of [32, 64] as const) {
      const target = codeAddress(random.between(0x200, 0x780));
      const bytes = operandBits / 8;
      const flags = BigInt(random.next()) & 0x200fffn & ~0x100n;
      const rsp = BigInt(random.next());
      const frame = (words: readonly (number | bigint)[]): Fixup[] => {
        const address = MIDDLE + 64 + random.below(64);
        const at = middleImageOffset(address);
        const values = words.map((word, i) =>
          range(16 + at + i * bytes, word, { keepBits: operandBits }),
        );
        return [range(RSP, address), ...values];
      };
      const interrupted = frame([target, cs, flags, rsp, ss]);
      author.add(
        { opcode: [0xcf], operandBits },
        { fixups: interrupted, cases: 2, codeOffset: CODE_OFFSET },
      );
      if (ss !== USER_DATA) continue;
      const returned = frame([target, cs]);
      author.add({ opcode: [0xcb], operandBits }, { fixups: returned, cases: 1 });
      const immediate = [random.below(256), 0];
      author.add({ opcode: [0xca], operandBits, immediate }, { fixups: returned, cases: 1 });
    }
    if (ss === USER_DATA) throughFarPointer(author, cs);
  }
}

function throughFarPointer(author: Author, selector: number): void {
  const { random } = author;
  const target = codeAddress(random.between(0x200, 0x780));
  for (const digit of [3, 5]) {
    const address = MIDDLE + 160 + random.below(80);
    const memory = pickMemory(random, { sizeBytes: 6, address, avoid: [RSP] });
    const pointer = range(16 + middleImageOffset(address), (BigInt(selector) << 32n) | target);
    const stack = range(RSP, MIDDLE + 40 + random.below(60));
    author.add(
      { opcode: [0xff], reg: digit, rm: memory.operand },
      { fixups: [...memory.fixups, pointer, stack], cases: 1, codeOffset: CODE_OFFSET },
    );
    if ((selector | 3) === USER_CODE) continue;
    const short = range(16 + middleImageOffset(address), (BigInt(selector) << 16n) | 0x1234n);
    author.add(
      { opcode: [0xff], operandBits: 16, reg: digit, rm: memory.operand },
      { fixups: [...memory.fixups, short, stack], cases: 1 },
    );
  }
}

/** INT n without a gate for programs, RDGSBASE, hints, cache-line instructions. */
export function writeMiscellaneousForms(author: Author): void {
  for (const vector of [
    0, 1, 2, 5, 6, 7, 8, 13, 14, 0x1f, 0x20, 0x21, 0x40, 0x7f, 0x81, 0xf0, 0xff,
  ]) {
    author.addBytes([0xcd, vector], { cases: 1, image: ImageProfile.Zero });
  }
  for (const operandBits of [32, 64] as const) {
    const form = { opcode: [0x0f, 0xae], prefixes: [0xf3], operandBits, digit: 1, cases: 1 };
    author.modrm(form, { register: 8 });
  }
  for (const opcode of [0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1f]) {
    author.modrm(
      { opcode: [0x0f, opcode], operandBits: 32, digit: 7, cases: 2 },
      { register: 3, memory: 3 },
    );
  }
  author.modrm(
    { opcode: [0x0f, 0x1e], operandBits: 32, digit: 0, cases: 2 },
    { register: 3, memory: 3 },
  );
  for (const digit of [2, 7]) {
    author.modrm({ opcode: [0x0f, 0x0d], operandBits: 32, digit, cases: 2 }, { memory: 4 });
  }
  for (const [prefixes, digit] of [
    [[], 7],
    [[0x66], 7],
    [[0x66], 6],
  ] as const) {
    const form = {
      opcode: [0x0f, 0xae],
      prefixes,
      operandBits: 8 as const,
      digit,
      regBits: 32 as const,
    };
    author.modrm({ ...form, cases: 1 }, { memory: 24 });
  }
}
