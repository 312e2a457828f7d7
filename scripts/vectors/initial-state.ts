/**
 * The state before an instruction: computed from a seed, so that vector files need not hold it.
 *
 * A change here invalidates the vector files: the values are drawn again by whoever reads them. Files carry a checksum
 * over the states they were recorded with.
 */
import { IMAGE_BYTES, middleImageOffset, MIDDLE } from './layout.js';
import { Random } from './random.js';
import { drawX87, drawX87Image, X87State } from './x87-state.js';
import { drawMxcsr, drawVectors, MXCSR_DEFAULT } from './vector-state.js';

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
  /**
   * 0 to 15: a register; 16 + n: the quadword at offset n of the memory image; VECTOR_TARGET + 4 × r + q: quadword q of
   * vector register r.
   */
  readonly target: number;
  readonly kind: FixupKind;
  /** Only the low bits are fixed: 8, 16, 32 or 64. */
  readonly keepBits: number;
  /** Words of `start`. */
  readonly startLow: number;
  readonly startHigh: number;
  readonly count: number;
  readonly step: number;
  readonly source: number;
}

export const VECTOR_TARGET = 0x1000;

export enum ImageProfile {
  /** quadwords drawn like registers */
  Mixed = 0,
  /** one byte value everywhere, but for two bytes of the middle part */
  Uniform = 1,
  /** zero: for instructions that have no memory operand */
  Zero = 2,
  /** values of vectors; XMM registers and MXCSR are drawn, too */
  Vector = 3,
  /** numbers of x87; the x87 state is drawn, too */
  X87 = 4,
  /** as Vector, and the upper halves of YMM registers */
  Ymm = 5,
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
  readonly imageView = new DataView(this.image.buffer);
  rflags = 0;
  /** XMM0 to XMM15, four words each. Zero but in ImageProfile.Vector. */
  readonly vectors = new Uint32Array(64);
  mxcsr = MXCSR_DEFAULT;
  /** MM0 to MM7, two words each, and which x87 registers are in use (none before). */
  readonly mmx = new Uint32Array(16);
  x87Tags = 0;
  /** Drawn in ImageProfile.X87. */
  readonly x87 = new X87State();
  /** Bits 255 to 128 of YMM0 to YMM15, four words each. Zero but in ImageProfile.Ymm. */
  readonly upperHalves = new Uint32Array(64);

  copyFrom(other: MachineState): void {
    this.registers.set(other.registers);
    this.imageWords.set(other.imageWords);
    this.rflags = other.rflags;
    this.vectors.set(other.vectors);
    this.mxcsr = other.mxcsr;
    this.mmx.set(other.mmx);
    this.x87Tags = other.x87Tags;
    this.x87.copyFrom(other.x87);
    this.upperHalves.set(other.upperHalves);
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
  state.vectors.fill(0);
  state.mxcsr = MXCSR_DEFAULT;
  state.mmx.fill(0);
  state.x87Tags = 0;
  state.x87.reset();
  state.upperHalves.fill(0);
  drawImage(setup.image, random, state);
  for (const fixup of setup.fixups) applyFixup(fixup, random, state);
}

function drawImage(profile: ImageProfile, random: Random, state: MachineState): void {
  switch (profile) {
    case ImageProfile.Mixed:
      for (let i = 0; i < IMAGE_BYTES / 4; i += 2) drawValue(random, state.imageWords, i);
      break;
    case ImageProfile.Uniform:
      state.image.fill(random.below(256));
      for (let i = 0; i < 2; i += 1) {
        state.image[middleImageOffset(MIDDLE) + random.below(256)] = random.below(256);
      }
      break;
    case ImageProfile.Zero:
      state.image.fill(0);
      break;
    case ImageProfile.X87:
      drawVectors(random, state.imageWords);
      drawX87Image(random, state.imageWords);
      state.registers[9] = (state.registers[9] ?? 0) & 0x7fff;
      state.x87Tags = drawX87(random, state.x87, state.mmx);
      break;
    case ImageProfile.Vector:
    case ImageProfile.Ymm:
      if (profile === ImageProfile.Ymm) drawVectors(random, state.upperHalves);
      drawVectors(random, state.imageWords);
      drawVectors(random, state.vectors);
      // Some hosts return to a program only with a canonical RSP.
      state.registers[9] = (state.registers[9] ?? 0) & 0x7fff;
      state.mxcsr = drawMxcsr(random);
      drawVectors(random, state.mmx);
  }
}

/** A 64-bit value as programs have them, or as arithmetic fears them. */
function drawValue(random: Random, words: Uint32Array, at: number): void {
  const choice = random.next();
  const bits = choice >>> 4;
  const bit = bits & 63;
  let low: number;
  let high = 0;
  switch (choice & 15) {
    case 0: // zero, one, two …
      low = bits & 3;
      break;
    case 1: // small
      low = bits & 0xff;
      break;
    case 2: // small and negative
      low = ~(bits & 0xff);
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
      low = (bits & 1) === 0 ? 0x7fff7f7f : 0x80008080;
      high = (bits & 2) === 0 ? 0x7fffffff : 0x80000000;
      break;
    case 6: // the boundaries of one width
      low = ((bits >> 8) & 1) - 1 + (0x80 << (8 * (bit & 3)));
      high = low >> 31;
      break;
    case 7: // 32 bits, zero-extended
      low = random.next();
      break;
    case 8: // 32 bits, sign-extended
      low = random.next();
      high = (low | 0) >> 31;
      break;
    case 9: // the register or quadword before it
      low = at === 0 ? 0 : (words[at - 2] ?? 0);
      high = at === 0 ? 0 : (words[at - 1] ?? 0);
      break;
    default:
      low = random.next();
      high = random.next();
  }
  words[at] = low;
  words[at + 1] = high;
}

/** Words of a value on its way to a target. */
let valueLow = 0;
let valueHigh = 0;

function applyFixup(fixup: Fixup, random: Random, state: MachineState): void {
  const { target, keepBits } = fixup;
  computeFixup(fixup, random, state);
  const lowMask = keepBits >= 32 ? -1 : (1 << keepBits) - 1;
  const highMask = keepBits === 64 ? -1 : 0;
  const low = valueLow & lowMask;
  const high = valueHigh & highMask;
  if (keepBits !== 64) {
    readTarget(state, target);
    valueLow = (valueLow & ~lowMask) | low;
    valueHigh = (valueHigh & ~highMask) | high;
  }
  writeTarget(state, target);
}

function computeFixup(fixup: Fixup, random: Random, state: MachineState): void {
  switch (fixup.kind) {
    case FixupKind.Range:
      valueLow = fixup.startLow;
      valueHigh = fixup.startHigh;
      if (fixup.count > 1) addToValue(fixup.step * random.below(fixup.count));
      break;
    case FixupKind.Register:
      readTarget(state, fixup.source);
      break;
    case FixupKind.Sign: {
      readTarget(state, fixup.source);
      const top = fixup.count === 64 ? valueHigh : valueLow << (32 - fixup.count);
      valueLow = valueHigh = top >> 31;
      break;
    }
    case FixupKind.Memory:
      readTarget(state, 16 + fixup.source);
  }
}

/** Adds a number of less than 32 bits, which may be negative. */
function addToValue(delta: number): void {
  const sum = (valueLow >>> 0) + delta;
  valueLow = sum | 0;
  valueHigh += Math.floor(sum / 0x1_0000_0000);
}

function readTarget(state: MachineState, target: number): void {
  if (target < 16) {
    valueLow = state.registers[2 * target] ?? 0;
    valueHigh = state.registers[2 * target + 1] ?? 0;
  } else {
    valueLow = state.imageView.getInt32(target - 16, true);
    valueHigh = state.imageView.getInt32(target - 12, true);
  }
}

function writeTarget(state: MachineState, target: number): void {
  if (target >= VECTOR_TARGET) {
    const quadword = (target - VECTOR_TARGET) & 3;
    const words = quadword < 2 ? state.vectors : state.upperHalves;
    const at = 4 * ((target - VECTOR_TARGET) >> 2) + 2 * (quadword & 1);
    words[at] = valueLow;
    words[at + 1] = valueHigh;
  } else if (target < 16) {
    state.registers[2 * target] = valueLow;
    state.registers[2 * target + 1] = valueHigh;
  } else {
    state.imageView.setInt32(target - 16, valueLow, true);
    state.imageView.setInt32(target - 12, valueHigh, true);
  }
}
