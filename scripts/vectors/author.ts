/** Collects the instructions of a vector file. */
import {
  encode,
  HIGH_BYTE,
  littleEndian,
  type Opcode,
  type OperandBits,
  type Vex,
} from './encoder.js';
import { ImageProfile, type Fixup, type Setup } from './initial-state.js';
import { CODE_BASE, CODE_BYTES, CODE_OFFSET } from './layout.js';
import { pickMemory } from './memory-operand.js';
import { Random } from './random.js';

/** An instruction, where it stands, and the states it is run in. */
export interface Draft {
  readonly bytes: readonly number[];
  /** Of the first byte, from CODE_BASE. */
  readonly codeOffset: number;
  readonly setup: Setup;
  readonly caseCount: number;
}

export interface DraftOptions {
  readonly fixups?: readonly Fixup[];
  readonly image?: ImageProfile;
  readonly direction?: 0 | 1;
  readonly cases?: number;
  readonly codeOffset?: number;
}

/** An instruction with a ModRM byte whose registers and memory operand are to be chosen. */
export interface ModrmForm {
  readonly opcode: readonly number[];
  readonly prefixes?: readonly number[];
  readonly operandBits: OperandBits;
  /** Opcode extension, or null for a register. */
  readonly digit?: number;
  /** Widths where they are not `operandBits`. */
  readonly regBits?: OperandBits;
  readonly rmBits?: OperandBits | 128 | 256;
  readonly immediate?: (random: Random) => readonly number[];
  readonly fixups?: (random: Random) => readonly Fixup[];
  /** Registers that no address may use: the fixups or the instruction need them. */
  readonly avoid?: readonly number[];
  readonly vex?: Vex & { readonly vvvv: boolean };
  readonly alignBytes?: number;
  /** No addresses that fault. */
  readonly safe?: boolean;
  readonly cases?: number;
  /** Where it is not said: `Zero` for the register form, `Mixed` for the other. */
  readonly image?: ImageProfile;
}

const CASES = 8;
const CASES_OF_A_FAULT = 2;

export class Author {
  readonly drafts: Draft[] = [];
  readonly random: Random;
  private readonly scale: number;

  /** `scale` multiplies how many instructions are made of a form. */
  constructor(seed: number, scale: number) {
    this.random = new Random(seed);
    this.scale = scale;
  }

  /** Calls `write` as often as a form with this weight deserves. */
  times(weight: number, write: () => void): void {
    const count = Math.max(1, Math.round(weight * this.scale));
    for (let i = 0; i < count; i += 1) write();
  }

  /** Adds an instruction; one that has no encoding is left out. */
  add(instruction: Opcode, options: DraftOptions = {}): void {
    const codeOffset = options.codeOffset ?? this.pickCodeOffset();
    const bytes = encode(instruction, codeOffset);
    if (bytes !== null) this.addBytes(bytes, { ...options, codeOffset });
  }

  addBytes(bytes: readonly number[], options: DraftOptions = {}): void {
    const { fixups = [], image = ImageProfile.Mixed, direction = null } = options;
    const { cases = CASES, codeOffset = CODE_OFFSET } = options;
    this.drafts.push({ bytes, codeOffset, setup: { fixups, image, direction }, caseCount: cases });
  }

  /** Adds versions of a form with registers only and with a memory operand. */
  modrm(form: ModrmForm, weights: { readonly register?: number; readonly memory?: number }): void {
    const { register = 0, memory = 0 } = weights;
    if (register > 0)
      this.times(register, () => {
        this.registerForm(form);
      });
    if (memory > 0)
      this.times(memory, () => {
        this.memoryForm(form);
      });
  }

  registerForm(form: ModrmForm): void {
    const rmBits = form.rmBits ?? form.operandBits;
    const instruction = { ...this.instruction(form), rm: this.register(rmBits) };
    if (rmBits === 8) instruction.byteRegisters.push('rm');
    const options = this.options(form, form.fixups?.(this.random) ?? []);
    this.add(instruction, { ...options, image: form.image ?? ImageProfile.Zero });
  }

  memoryForm(form: ModrmForm): void {
    const { operand, fixups, faulty } = pickMemory(this.random, {
      sizeBytes: (form.rmBits ?? form.operandBits) / 8,
      avoid: form.avoid ?? [],
      alignBytes: form.alignBytes ?? 1,
      safe: form.safe ?? false,
    });
    const options = this.options(form, [...fixups, ...(form.fixups?.(this.random) ?? [])]);
    const cases = faulty ? CASES_OF_A_FAULT : options.cases;
    this.add({ ...this.instruction(form), rm: operand }, { ...options, cases });
  }

  /** A register number of that width; byte registers include AH CH DH BH. */
  register(bits: number): number {
    const { random } = this;
    return bits === 8 && random.chance(0.25) ? HIGH_BYTE + random.between(4, 7) : random.below(16);
  }

  private instruction(form: ModrmForm): Opcode & { byteRegisters: ('reg' | 'rm')[] } {
    const { opcode, prefixes = [], operandBits, digit, immediate, vex } = form;
    const regBits = form.regBits ?? operandBits;
    const isByte = digit === undefined && regBits === 8;
    return {
      opcode,
      prefixes,
      operandBits,
      reg: digit ?? this.register(regBits),
      byteRegisters: isByte ? ['reg'] : [],
      ...(immediate === undefined ? {} : { immediate: immediate(this.random) }),
      ...(vex === undefined ? {} : { vex: { ...vex, vvvv: vex.vvvv ? this.random.below(16) : 0 } }),
    };
  }

  private options(form: ModrmForm, fixups: readonly Fixup[]): DraftOptions & { cases: number } {
    const image = form.image === undefined ? {} : { image: form.image };
    return { fixups, cases: form.cases ?? CASES, ...image };
  }

  /** Mostly the same place; sometimes so that the instruction may cross the page boundary between the code pages. */
  private pickCodeOffset(): number {
    return this.random.chance(0.06) ? this.random.between(0xff2, 0xfff) : CODE_OFFSET;
  }
}

/** Little-endian immediate of `bits` (64-bit operands take 32), random or close to a boundary. */
export function immediateOf(bits: OperandBits): (random: Random) => number[] {
  const size = Math.min(bits, 32) / 8;
  return (random) => {
    const boundary = random.pick([
      0, 1, 2, -1, -2, -128, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, -0x80000000,
    ]);
    return littleEndian(random.chance(0.4) ? boundary : random.next(), size);
  };
}

export const byteImmediate = immediateOf(8);

/** The opcode with bit 0 set for operands wider than a byte. */
export function widthOpcode(opcode: number, bits: OperandBits): number {
  return bits === 8 ? opcode : opcode | 1;
}

export const ALL_WIDTHS = [8, 16, 32, 64] as const;
export const WORD_WIDTHS = [16, 32, 64] as const;
export const WIDE_WIDTHS = [32, 64] as const;

/** Address of a code offset. */
export function codeAddress(offset: number): bigint {
  if (offset < 0 || offset >= CODE_BYTES) throw new Error(`no code at offset ${offset}`);
  return BigInt(CODE_BASE + offset);
}
