/** The x87 state before an instruction: numbers as arithmetic fears them, control, status and tag words. */
import type { Random } from './random.js';

const EXCEPTIONS = 0x3f;
const ES = 0x80;
const BUSY = 0x8000;
const BIAS = 0x3fff;
const EXPONENT_MAX = 0x7fff;

/** ST(0) to ST(7): significands lie in MachineState.mmx, as MMX registers do. */
export class X87State {
  control = 0x37f;
  status = 0;
  /** Sign and exponent of ST(i). */
  readonly heads = new Uint16Array(8).fill(0xffff);
  opcode = 0;
  instructionPointer = 0n;
  dataPointer = 0n;

  copyFrom(other: X87State): void {
    this.control = other.control;
    this.status = other.status;
    this.heads.set(other.heads);
    this.opcode = other.opcode;
    this.instructionPointer = other.instructionPointer;
    this.dataPointer = other.dataPointer;
  }

  reset(): void {
    this.copyFrom(new X87State());
  }
}

/** Draws everything, and the significands into `significands`; returns the tags (bit n: physical register n is in use). */
export function drawX87(random: Random, state: X87State, significands: Uint32Array): number {
  for (let register = 0; register < 8; register += 1) {
    const head = drawNumber(random, significands, 2 * register);
    // Exponents that are close make sums, remainders and comparisons interesting.
    const near = register > 0 && random.chance(0.3);
    const other = (state.heads[0] ?? 0) & EXPONENT_MAX;
    state.heads[register] = near ? (head & 0x8000) | clamp(other + random.between(-66, 66)) : head;
    if (near)
      significands[2 * register + 1] = ((significands[2 * register + 1] ?? 0) | 0x8000_0000) >>> 0;
    if (register > 0 && random.chance(0.06)) copyRegister(state, significands, register);
  }
  const masks = random.chance(0.25) ? random.next() & EXCEPTIONS : EXCEPTIONS;
  const precision = random.pick([0, 2, 3, 3]);
  const rounding = random.chance(0.4) ? 0 : random.below(4);
  state.control = 0x40 | masks | (precision << 8) | (rounding << 10);
  const pending = random.chance(0.02);
  const flags =
    random.pick([0, 0, EXCEPTIONS, random.next() & EXCEPTIONS]) & (pending ? 0x3f : masks);
  const summary = (flags & ~masks) === 0 ? 0 : ES | BUSY;
  const stackFault = (flags & 1) !== 0 && random.chance(0.3) ? 0x40 : 0;
  state.status = flags | stackFault | summary | (random.next() & 0x4700) | (random.below(8) << 11);
  state.opcode = 0;
  state.instructionPointer = 0n;
  state.dataPointer = 0n;
  if (random.chance(0.5)) return 0xff ^ (1 << (((state.status >> 11) + 7) & 7));
  return random.chance(0.3) ? random.below(256) : (random.next() & random.next() & 0xff) ^ 0xff;
}

function copyRegister(state: X87State, significands: Uint32Array, register: number): void {
  state.heads[register] = (state.heads[0] ?? 0) ^ (register & 1 ? 0x8000 : 0);
  significands[2 * register] = significands[0] ?? 0;
  significands[2 * register + 1] = significands[1] ?? 0;
}

function clamp(exponent: number): number {
  return Math.max(1, Math.min(EXPONENT_MAX - 1, exponent));
}

/** A number of ten bytes: the significand at `words[at]`; returns sign and exponent. */
export function drawNumber(random: Random, words: Uint32Array, at: number): number {
  const sign = random.below(2) << 15;
  drawSignificand(random, words, at);
  switch (random.below(20)) {
    case 0: // zero
      words[at] = 0;
      words[at + 1] = 0;
      return sign;
    case 1: // denormal, sometimes pseudo-denormal
      if (random.chance(0.7)) words[at + 1] = (words[at + 1] ?? 0) & 0x7fff_ffff;
      return sign;
    case 2: // infinity
      words[at] = 0;
      words[at + 1] = 0x8000_0000;
      return sign | EXPONENT_MAX;
    case 3: // NaNs
    case 4:
      return sign | EXPONENT_MAX;
    case 5: // perhaps unsupported
      if (random.chance(0.3)) words[at + 1] = (words[at + 1] ?? 0) & 0x7fff_ffff;
      return sign | random.between(1, EXPONENT_MAX);
    case 6:
      return sign | random.between(1, 70);
    case 7:
      return sign | random.between(EXPONENT_MAX - 70, EXPONENT_MAX - 1);
    case 8:
      return sign | random.between(1, EXPONENT_MAX - 1);
    case 9: // the limits of binary32 and binary64
      return (
        sign | (BIAS + random.pick([-1074, -1022, 1023, -149, -126, 127]) + random.between(-3, 3))
      );
    case 10: // integers at the limits of their formats
      return sign | (BIAS + random.pick([14, 15, 30, 31, 59, 62, 63]));
    case 11:
      return sign | (BIAS + random.between(-70, 70));
    default:
      return sign | (BIAS + random.between(-6, 20));
  }
}

function drawSignificand(random: Random, words: Uint32Array, at: number): void {
  let high = random.next();
  let low = random.next();
  switch (random.below(10)) {
    case 0:
      low = high = 0;
      break;
    case 1:
      low = high = 0xffff_ffff;
      break;
    case 2: // a binary64, or nearly
      low = (low & 0xffff_f800) | random.pick([0, 0x400, 0x3ff, 0x401, 0x7ff]);
      break;
    case 3: // a binary32, or nearly
      high &= 0xffff_ff00;
      low = random.pick([0, 0, 1, 0xffff_ffff]);
      high |= random.pick([0, 0x80, 0x7f, 0xff]);
      break;
    case 4: // a small integer
      low = 0;
      high &= 0xff00_0000;
      break;
    case 5: // one and a half, near
      high = 0x4000_0000;
      low = random.below(3);
      break;
    default:
      break;
  }
  words[at] = low >>> 0;
  words[at + 1] = (high | 0x8000_0000) >>> 0;
}

/** Memory as x87 instructions read it: numbers of ten bytes on multiples of 16, decimals. */
export function drawX87Image(random: Random, words: Uint32Array): void {
  const decimal = random.chance(0.3);
  for (let at = 0; at < words.length; at += 4) {
    if (decimal) {
      for (let i = 0; i < 4; i += 1) words[at + i] = drawDecimal(random);
    } else if (random.chance(0.7)) {
      words[at + 2] = ((words[at + 2] ?? 0) & 0xffff_0000) | drawNumber(random, words, at);
    }
  }
}

/** Eight decimal digits. */
function drawDecimal(random: Random): number {
  let word = 0;
  for (let digit = 0; digit < 8; digit += 1) word = (word << 4) | random.below(10);
  return word >>> 0;
}
