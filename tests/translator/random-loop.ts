/**
 * A random loop in machine code: instructions of every kind that is translated inline, and some that are not, with branches,
 * a call, memory operands, and flags read near and far from where they are set.
 *
 * R13 counts passes, RSI, RDI and RBP point into data, RSP is the stack's: the other registers hold anything.
 */
import type { Scatter } from '../instructions/scatter.js';

/** Numbers of registers that instructions may change. */
const FREE = [0, 1, 2, 3, 8, 9, 10, 11, 12, 15];
const POINTERS = [6, 7, 5];
const RBP = 5;

type Bytes = number[];

/** MOVS CMPS STOS LODS SCAS of bytes and words. */
export const STRINGS = [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf];

/** Second opcode bytes of 66 0F: packed integers that need no memory. */
const PACKED = [
  ...[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6f],
  ...[0x74, 0x75, 0x76, 0xd1, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0],
  ...[0xe3, 0xe4, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef, 0xf4, 0xf5, 0xf6, 0xf8, 0xf9],
  ...[0xfa, 0xfb, 0xfc, 0xfd, 0xfe],
];

/** A ModRM byte for two registers, its REX prefix in front of `opcode`. */
function registers(opcode: Bytes, reg: number, rm: number, wide: boolean): Bytes {
  const rex = 0x40 | (wide ? 8 : 0) | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0);
  return [rex, ...opcode, 0xc0 | ((reg & 7) << 3) | (rm & 7)];
}

/** The same for a register and [pointer + displacement]. */
function memory(
  opcode: Bytes,
  reg: number,
  pointer: number,
  displacement: number,
  wide: boolean,
): Bytes {
  const rex = 0x40 | (wide ? 8 : 0) | (reg > 7 ? 4 : 0);
  return [rex, ...opcode, 0x40 | ((reg & 7) << 3) | pointer, displacement & 0xff];
}

export class LoopWriter {
  readonly bytes: Bytes = [];

  constructor(private readonly scatter: Scatter) {}

  private pick<T>(list: readonly T[]): T {
    const value = list[this.scatter.below(list.length)];
    if (value === undefined) throw new Error('an empty list');
    return value;
  }

  private get free(): number {
    return this.pick(FREE);
  }

  private get wide(): boolean {
    return this.scatter.below(2) === 0;
  }

  /** 66 for a 16-bit operand, sometimes. */
  private get prefix(): Bytes {
    return this.scatter.below(8) === 0 ? [0x66] : [];
  }

  /** One or a few instructions, without a branch. */
  instruction(): Bytes {
    const kinds: readonly (() => Bytes)[] = [
      () => this.binary(),
      () => this.binary(),
      () => this.binaryWithMemory(),
      () => this.immediate(),
      () => this.shift(),
      () => this.unary(),
      () => this.unary(),
      () => this.conditional(),
      () => this.conditional(),
      () => this.move(),
      () => this.walk(),
      () => this.bits(),
      () => this.multiply(),
      () => this.divide(),
      () => this.exchange(),
      () => this.manipulate(),
      () => this.stack(),
      () => this.vector(),
      () => this.control(),
      () => this.door(),
    ];
    return this.pick(kinds)();
  }

  private binary(): Bytes {
    // ADD OR ADC SBB AND SUB XOR CMP, TEST, of 8 bits or more.
    const operation = this.scatter.below(9);
    const byte = this.scatter.below(3) === 0;
    const opcode = operation === 8 ? 0x85 : 8 * operation + 1;
    if (byte) return registers([opcode - 1], this.free, this.free, false);
    return [...this.prefix, ...registers([opcode], this.free, this.free, this.wide)];
  }

  private binaryWithMemory(): Bytes {
    const pointer = this.pick(POINTERS);
    const opcode = 8 * this.scatter.below(8) + this.pick([0, 1, 2, 3]);
    return memory([opcode], this.free, pointer, this.scatter.byte(), this.wide);
  }

  private immediate(): Bytes {
    const operation = this.scatter.below(8);
    return [
      ...registers([0x83], operation, this.free, this.wide),
      this.pick([0, 1, 0x7f, 0x80, 0xff]),
    ];
  }

  private shift(): Bytes {
    // ROL ROR RCL RCR SHL SHR SAL SAR by an immediate, by 1 or by CL.
    const operation = this.scatter.below(8);
    const byte = this.scatter.below(4) === 0 ? 1 : 0;
    const kind = this.scatter.below(4);
    if (kind === 0) return registers([0xd3 - byte], operation, this.free, this.wide);
    if (kind === 1) return registers([0xd1 - byte], operation, this.free, this.wide);
    const count = this.pick([0, 1, 4, 7, 8, 15, 16, 31, 32, 33, 63]);
    return [...this.prefix, ...registers([0xc1 - byte], operation, this.free, this.wide), count];
  }

  private unary(): Bytes {
    const kind = this.scatter.below(6);
    if (kind < 3)
      return registers([0xff - this.scatter.below(2)], this.scatter.below(2), this.free, this.wide);
    return registers([0xf7 - this.scatter.below(2)], this.pick([2, 3]), this.free, this.wide);
  }

  private conditional(): Bytes {
    const condition = this.scatter.below(16);
    if (this.wide) return registers([0x0f, 0x90 + condition], 0, this.free, false);
    return registers([0x0f, 0x40 + condition], this.free, this.free, this.wide);
  }

  /** ADD or SUB of a small number to a pointer. */
  private walk(): Bytes {
    return [0x48, 0x83, this.pick([0xc0, 0xe8]) | this.pick(POINTERS), this.scatter.below(0x80)];
  }

  private move(): Bytes {
    const pointer = this.pick(POINTERS);
    const displacement = this.scatter.byte();
    switch (this.scatter.below(9)) {
      case 0:
        return registers(
          [0x0f, this.pick([0xb6, 0xb7, 0xbe, 0xbf])],
          this.free,
          this.free,
          this.wide,
        );
      case 1:
        return memory(
          [0x0f, this.pick([0xb6, 0xb7, 0xbe, 0xbf])],
          this.free,
          pointer,
          displacement,
          this.wide,
        );
      case 2:
        return memory([this.pick([0x88, 0x89])], this.free, pointer, displacement, this.wide);
      case 3:
        return [
          0x66,
          ...memory([this.pick([0x89, 0x8b])], this.free, pointer, displacement, false),
        ];
      case 4: {
        // LEA with an index
        const index = this.free;
        const rex = 0x48 | (index > 7 ? 2 : 0);
        return [
          rex,
          0x8d,
          0x44,
          (this.scatter.below(4) << 6) | ((index & 7) << 3) | pointer,
          displacement,
        ];
      }
      case 5:
        return registers([0x63], this.free, this.free, true);
      case 6:
        return registers([this.pick([0x86, 0x87])], this.free, this.free, this.wide);
      case 7:
        return memory([0x8b], this.free, RBP, displacement, true);
      default:
        return registers([this.pick([0x88, 0x89])], this.free, this.free, this.wide);
    }
  }

  private bits(): Bytes {
    const kind = this.scatter.below(5);
    if (kind === 0)
      return registers(
        [0x0f, this.pick([0xa3, 0xab, 0xb3, 0xbb])],
        this.free,
        this.free,
        this.wide,
      );
    if (kind === 1)
      return [
        ...registers([0x0f, 0xba], 4 + this.scatter.below(4), this.free, this.wide),
        this.scatter.byte(),
      ];
    if (kind === 2)
      return registers([0x0f, this.pick([0xbc, 0xbd])], this.free, this.free, this.wide);
    if (kind === 3)
      return [
        0xf3,
        ...registers([0x0f, this.pick([0xb8, 0xbc, 0xbd])], this.free, this.free, this.wide),
      ];
    return [
      ...registers([0x0f, this.pick([0xa4, 0xac])], this.free, this.free, this.wide),
      this.scatter.byte() & 31,
    ];
  }

  private multiply(): Bytes {
    const kind = this.scatter.below(4);
    if (kind === 0) return registers([0xf7], this.pick([4, 5]), this.free, this.wide);
    if (kind === 1)
      return [...registers([0x6b], this.free, this.free, this.wide), this.scatter.byte()];
    if (kind === 2) return [this.pick([0x98, 0x99])];
    return registers([0x0f, 0xaf], this.free, this.free, this.wide);
  }

  /** DIV of a dividend that fits, IDIV of a sign-extended one, by an odd number. */
  private divide(): Bytes {
    const rex = this.wide ? [0x48] : [];
    const extend = this.scatter.below(3) === 0 ? [0x99] : [0x33, 0xd2];
    const operation = extend.length === 1 ? 7 : 6;
    return [...rex, ...extend, 0x83, 0xc9, 1, ...rex, 0xf7, 0xc1 | (operation << 3)];
  }

  /** BSWAP, CMPXCHG, double shifts and rotations by CL. */
  private exchange(): Bytes {
    const pointer = this.pick(POINTERS);
    const operation = [0x0f, this.pick([0xb0, 0xb1])];
    switch (this.scatter.below(5)) {
      case 0:
        return [this.wide ? 0x48 : 0x40, 0x0f, 0xc8 + this.pick([0, 1, 2, 3])];
      case 1:
        return [...this.prefix, ...registers(operation, this.free, this.free, this.wide)];
      case 2:
        return memory(operation, this.free, pointer, this.scatter.byte(), this.wide);
      case 3:
        return registers([0x0f, this.pick([0xa5, 0xad])], this.free, this.free, this.wide);
      default: // and behind it what overwrites its flags
        return [
          ...registers([0xd3], this.scatter.below(2), this.free, this.wide),
          ...registers([0x89], this.free, this.free, this.wide),
          ...registers([0x01], this.free, this.free, this.wide),
        ];
    }
  }

  /** ANDN; BLSR BLSMSK BLSI; BZHI BEXTR SHLX SARX SHRX MULX PEXT PDEP; RORX. */
  private manipulate(): Bytes {
    const none = 0;
    const [opcode, prefix] = this.pick([
      ...[[0xf2, none] as const, [0xf3, none] as const],
      ...[0, 1, 2, 3].map((which) => [0xf7, which] as const),
      ...[0, 2, 3].map((which) => [0xf5, which] as const),
      ...[[0xf6, 3] as const, [0xf0, 3] as const],
    ]);
    const [reg, rm, second] = [this.free, this.free, this.free];
    const map = opcode === 0xf0 ? 3 : 2;
    const vvvv = opcode === 0xf0 ? 0 : second;
    return [
      ...[0xc4, (reg > 7 ? 0 : 0x80) | 0x40 | (rm > 7 ? 0 : 0x20) | map],
      ...[(this.wide ? 0x80 : 0) | ((~vvvv & 15) << 3) | prefix, opcode],
      0xc0 | ((opcode === 0xf3 ? 1 + (reg % 3) : reg & 7) << 3) | (rm & 7),
      ...(opcode === 0xf0 ? [this.scatter.byte()] : []),
    ];
  }

  private stack(): Bytes {
    const register = this.free;
    const rex = register > 7 ? [0x41] : [];
    const other = this.free;
    return [...rex, 0x50 + (register & 7), ...(other > 7 ? [0x41] : []), 0x58 + (other & 7)];
  }

  private vector(): Bytes {
    const pointer = this.pick(POINTERS);
    switch (this.scatter.below(4)) {
      case 0:
        return [
          0x0f,
          this.pick([0x10, 0x11]),
          0x40 | (this.scatter.below(8) << 3) | pointer,
          this.scatter.byte(),
        ];
      case 1:
        return this.packed();
      case 2:
        return [0x66, 0x48, 0x0f, this.pick([0x6e, 0x7e]), 0xc0 | (this.scatter.below(8) << 3)];
      default:
        return [0x0f, 0x28, 0xc0 | this.scatter.below(64)];
    }
  }

  /** Packed integers of two registers: arithmetic, logic, comparisons, unpacking, shifts and shuffles by immediates. */
  private packed(): Bytes {
    const registers = 0xc0 | this.scatter.below(64);
    switch (this.scatter.below(6)) {
      case 0: // PSRLW to PSLLQ by an immediate
        return [
          ...[0x66, 0x0f, this.pick([0x71, 0x72, 0x73])],
          ...[0xc0 | (this.pick([2, 6]) << 3) | this.scatter.below(8), this.scatter.below(70)],
        ];
      case 1: // PSHUFD PSHUFHW PSHUFLW
        return [this.pick([0x66, 0xf2, 0xf3]), 0x0f, 0x70, registers, this.scatter.byte()];
      case 2: // PALIGNR PBLENDW BLENDPS
        return [
          ...[0x66, 0x0f, 0x3a, this.pick([0x0c, 0x0d, 0x0e, 0x0f])],
          ...[registers, this.scatter.below(40)],
        ];
      case 3: // PMOVMSKB, PEXTRW, PINSRW
        return [
          ...[0x66, 0x0f],
          ...this.pick([
            [0xd7, registers & ~0x20],
            [0xc5, registers & ~0x20, this.scatter.byte()],
            [0xc4, registers, this.scatter.byte()],
          ]),
        ];
      default: // PUNPCKLBW to PADDD; of FF, UD0, nothing
        return [0x66, 0x0f, this.pick(PACKED), registers];
    }
  }

  /** String instructions that are not repeated, PUSH RBP and LEAVE, PAUSE, fences, STD. */
  private door(): Bytes {
    const string = [
      ...STRINGS.map((opcode) => [opcode]),
      ...STRINGS.map((opcode) => [0x48, opcode]),
    ];
    const others = [
      [0x55, 0x48, 0x89, 0xe5, 0xc9],
      [0xf3, 0x90],
      [0x0f, 0xae, this.pick([0xe8, 0xf0, 0xf8])],
      [0xfd],
    ];
    return this.scatter.below(2) === 0 ? this.pick(string) : this.pick(others);
  }

  /** CLC STC CMC CLD, LAHF SAHF, PUSHF POP, CLI STI, PUSHF XOR POPF, NOP. */
  private control(): Bytes {
    const pushf = [0x9c, 0x58];
    // Status flags, DF, IF, IOPL, NT, AC, ID.
    const changed = this.pick([0, 0x8d5, 0x400, 0x200, 0x3000, 0x4000, 0x40000, 0x200000]);
    const bytes = [changed & 0xff, (changed >> 8) & 0xff, changed >> 16, 0];
    const popf = [0x9c, 0x48, 0x81, 0x34, 0x24, ...bytes, 0x9d];
    const interrupts = this.pick([[0xfa], [0xfb], popf, popf]);
    return this.pick([[0xf8], [0xf9], [0xf5], [0xfc], [0x9f], [0x9e], pushf, [0x90], interrupts]);
  }

  straight(count: number): Bytes {
    return Array.from({ length: count }, () => this.instruction()).flat();
  }

  /** A few instructions, perhaps skipped over. */
  part(): Bytes {
    const before = this.straight(this.scatter.below(6));
    const skipped = this.straight(1 + this.scatter.below(4));
    switch (this.scatter.below(5)) {
      case 0:
        return before;
      case 1: // with another branch on the same flags behind it
        return [
          ...before,
          ...jump(this.scatter.below(16), 0),
          ...jump(this.scatter.below(16), skipped.length),
          ...skipped,
        ];
      case 2: // over a call of what is skipped
        return [...before, 0xe8, 2, 0, 0, 0, 0xeb, skipped.length + 1, ...skipped, 0xc3];
      default:
        return [...before, ...jump(this.scatter.below(16), skipped.length), ...skipped];
    }
  }
}

/** Jcc over `distance` bytes, up to 127 of them. */
function jump(condition: number, distance: number): Bytes {
  return distance < 0x80
    ? [0x70 + condition, distance]
    : [0x0f, 0x80 + condition, distance & 0xff, distance >> 8, 0, 0];
}

/** The loop, behind it HLT. */
export function randomLoop(scatter: Scatter): Uint8Array {
  const writer = new LoopWriter(scatter);
  const body: Bytes = [];
  const parts = 1 + scatter.below(4);
  for (let part = 0; part < parts; part++) body.push(...writer.part());
  // How the passes are counted decides which flags are pending where the loop begins again.
  const count: Bytes = scatter.below(2) === 0 ? [0x49, 0xff, 0xcd] : [0x49, 0x83, 0xed, 0x01]; // DEC, SUB R13
  const back = -(body.length + count.length + 6);
  const offset = new Uint8Array(Int32Array.of(back).buffer);
  return Uint8Array.from([...body, ...count, 0x0f, 0x85, ...offset, 0xf4]);
}
