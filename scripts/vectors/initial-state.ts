/**
 * The state before an instruction: computed from a seed, so that vector files need not hold it.
 *
 * A change here invalidates the vector files: the values are drawn again by whoever reads them. Files carry a checksum
 * over the states they were recorded with.
 */
import { IMAGE_BYTES, middleImageOffset, MIDDLE } from './layout.js';
import { Random } from './random.js';

/** RFLAGS before the instruction: IF and bit 1 are set, as for any program; these bits are random. */
export const RFLAGS_FIXED = 0x202;
export const RFLAGS_STATUS = 0x8d5;
export const RFLAGS_DF = 0x400;

/** Where a fixup's value comes from. */
export enum FixupKind {
  /** start + step × (0 … count - 1), drawn per case */
  Range = 0,
  /** the register `source` */
  Register = 1,
  /** every bit the sign of register `source` taken as `count` bits wide */
  Sign = 2,
  /** the quadword at offset `source` of the memory image */
  Memory = 3,
}

/** An operand that must not be random. Fixups apply in order. */
export interface Fixup {
  /** 0 to 15: a register; 16 + n: the quadword at offset n of the memory image. */
  readonly target: number;
  readonly kind: FixupKind;
  /** Only the low bits are fixed: 8, 16, 32 or 64. */
  readonly keepBits: number;
  readonly start: bigint;
  readonly count: number;
  readonly step: number;
  readonly source: number;
}

export enum ImageProfile {
  /** quadwords drawn like registers */
  Mixed = 0,
  /** one byte value everywhere, but for two bytes of the middle part */
  Uniform = 1,
}

/** What an instruction needs of the states it runs in. */
export interface Setup {
  readonly fixups: readonly Fixup[];
  readonly image: ImageProfile;
  /** DF, or null for either. */
  readonly direction: 0 | 1 | null;
}

/** Registers as pairs of 32-bit words, low word first, in the order RAX RCX RDX RBX RSP RBP RSI RDI R8–R15. */
export class MachineState {
  readonly registers = new Uint32Array(32);
  readonly image = new Uint8Array(IMAGE_BYTES);
  readonly imageWords = new Uint32Array(this.image.buffer);
  rflags = 0;

  copyFrom(other: MachineState): void {
    this.registers.set(other.registers);
    this.imageWords.set(other.imageWords);
    this.rflags = other.rflags;
  }
}

/** Seed of a file's case: neighbours have unrelated states. */
export function caseSeed(fileSeed: number, caseIndex: number): number {
  return (Math.imul(fileSeed, 0x9e3779b1) + Math.imul(caseIndex + 1, 0x85ebca6b)) | 0;
}

/** Draws the state before a case's instruction. */
export function drawInitialState(setup: Setup, seed: number, state: MachineState): void {
  const random = new Random(seed);
  for (let i = 0; i < 32; i += 2) drawValue(random, state.registers, i);
  const flags = random.next();
  let rflags = RFLAGS_FIXED | (flags & RFLAGS_STATUS);
  const direction = setup.direction ?? (flags >>> 30 === 0 ? 1 : 0);
  if (direction === 1) rflags |= RFLAGS_DF;
  state.rflags = rflags;
  if (setup.image === ImageProfile.Mixed) {
    for (let i = 0; i < IMAGE_BYTES / 4; i += 2) drawValue(random, state.imageWords, i);
  } else {
    state.image.fill(random.below(256));
    for (let i = 0; i < 2; i += 1) {
      state.image[middleImageOffset(MIDDLE) + random.below(256)] = random.below(256);
    }
  }
  for (const fixup of setup.fixups) applyFixup(fixup, random, state);
}

/** A 64-bit value as programs have them, or as arithmetic fears them. */
function drawValue(random: Random, words: Uint32Array, at: number): void {
  const choice = random.next();
  const x = random.next();
  let low = x;
  let high = 0;
  const bit = (choice >>> 8) & 63;
  switch (choice & 15) {
    case 0: // zero, one, two …
      low = (choice >>> 8) & 3;
      break;
    case 1: // small
      low = x & 0xff;
      break;
    case 2: // small and negative
      low = ~(x & 0xff);
      high = -1;
      break;
    case 3: // one bit
      low = bit < 32 ? 1 << bit : 0;
      high = bit < 32 ? 0 : 1 << (bit - 32);
      break;
    case 4: // ones below a bit
      low = bit < 32 ? (1 << bit) - 1 : -1;
      high = bit < 32 ? 0 : (1 << (bit - 32)) - 1;
      break;
    case 5: // sign boundaries of every width at once
      low = (choice & 0x100) === 0 ? 0x7fff7f7f : 0x80008080;
      high = (choice & 0x200) === 0 ? 0x7fffffff : 0x80000000;
      break;
    case 6: // the boundaries of one width
      low = (x & 1) - 1 + (0x80 << (8 * (bit & 3)));
      high = low >> 31;
      break;
    case 7:
      break; // 32 bits, zero-extended
    case 8:
      high = x >> 31; // 32 bits, sign-extended
      break;
    case 9: // the register or quadword before it
      low = at === 0 ? 0 : (words[at - 2] ?? 0);
      high = at === 0 ? 0 : (words[at - 1] ?? 0);
      break;
    default:
      high = random.next();
  }
  words[at] = low;
  words[at + 1] = high;
}

const MASKS: Readonly<Record<number, bigint>> = { 8: 0xffn, 16: 0xffffn, 32: 0xffff_ffffn };

function applyFixup(fixup: Fixup, random: Random, state: MachineState): void {
  const value = fixupValue(fixup, random, state);
  const mask = MASKS[fixup.keepBits];
  if (mask === undefined) {
    writeTarget(state, fixup.target, value);
  } else {
    const old = readTarget(state, fixup.target);
    writeTarget(state, fixup.target, (old & ~mask) | (value & mask));
  }
}

function fixupValue(fixup: Fixup, random: Random, state: MachineState): bigint {
  switch (fixup.kind) {
    case FixupKind.Range:
      if (fixup.count === 1) return fixup.start;
      return fixup.start + BigInt(fixup.step * random.below(fixup.count));
    case FixupKind.Register:
      return readTarget(state, fixup.source);
    case FixupKind.Sign:
      return BigInt.asIntN(fixup.count, readTarget(state, fixup.source)) < 0n ? -1n : 0n;
    case FixupKind.Memory:
      return readTarget(state, 16 + fixup.source);
  }
}

function readTarget(state: MachineState, target: number): bigint {
  if (target < 16) {
    const { registers } = state;
    return (
      BigInt(registers[2 * target + 1] ?? 0) * 0x1_0000_0000n + BigInt(registers[2 * target] ?? 0)
    );
  }
  return new DataView(state.image.buffer).getBigUint64(target - 16, true);
}

function writeTarget(state: MachineState, target: number, value: bigint): void {
  if (target < 16) {
    state.registers[2 * target] = Number(BigInt.asUintN(32, value));
    state.registers[2 * target + 1] = Number(BigInt.asUintN(32, value >> 32n));
  } else {
    new DataView(state.image.buffer).setBigUint64(target - 16, value, true);
  }
}
