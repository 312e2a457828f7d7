/** Values of vector registers as programs have them, or as floating-point arithmetic fears them; MXCSR. */
import type { Random } from './random.js';

/** All exceptions masked, round to nearest. */
export const MXCSR_DEFAULT = 0x1f80;
const MXCSR_FLAGS = 0x3f;
const MXCSR_DAZ = 0x40;
const MXCSR_FTZ = 0x8000;

/** Fills `words` by vectors of four. */
export function drawVectors(random: Random, words: Uint32Array): void {
  for (let at = 0; at < words.length; at += 4) drawVector(random, words, at);
}

function drawVector(random: Random, words: Uint32Array, at: number): void {
  const kind = random.below(16);
  if (kind < 6) {
    for (let i = 0; i < 4; i += 1) words[at + i] = drawSingle(random);
  } else if (kind < 12) {
    for (let i = 0; i < 4; i += 2) drawDouble(random, words, at + i);
  } else if (kind === 12 && at > 0) {
    words.copyWithin(at, at - 4, at); // the vector before it
  } else {
    for (let i = 0; i < 4; i += 1) words[at + i] = drawIntegers(random);
  }
}

/** A word of integers of some width, often at a boundary. */
function drawIntegers(random: Random): number {
  switch (random.below(6)) {
    case 0:
      return random.pick([0, 1, -1, 0x7fffffff, -0x80000000, 0x7fff8000, 0x8000_7fff]);
    case 1:
      return random.pick([0x7f80_ff01, 0x0001_ffff, 0x8080_8080, 0x7fff_7fff, 0x00ff_00ff, 31]);
    case 2:
      return random.below(70);
    default:
      return random.next();
  }
}

/** An exponent field near its ends, near the bias or anywhere. */
function drawExponent(random: Random, highest: number): number {
  const bias = highest >> 1;
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
      return random.below(4);
    case 2:
      return highest;
    case 3:
      return highest - random.below(4);
    case 4:
      return bias + random.between(-30, 66);
    case 5:
      return bias >> 1;
    case 6:
      return bias + random.between(-3, 3);
    default:
      return random.below(highest + 1);
  }
}

/** A fraction: zero, ones, few ones at an end, or random; `bits` up to 31. */
function drawFraction(random: Random, bits: number): number {
  const ones = 2 ** bits - 1;
  switch (random.below(8)) {
    case 0:
    case 1:
      return 0;
    case 2:
      return ones;
    case 3:
      return random.below(4);
    case 4:
      return 2 ** random.below(bits);
    case 5:
      return ones - random.below(4);
    default:
      return random.next() & ones;
  }
}

function drawSingle(random: Random): number {
  const sign = random.next() & -0x80000000;
  return sign | (drawExponent(random, 255) << 23) | drawFraction(random, 23);
}

function drawDouble(random: Random, words: Uint32Array, at: number): void {
  const sign = random.next() & -0x80000000;
  const exponent = random.chance(0.2)
    ? 1023 + random.between(-152, 130)
    : drawExponent(random, 2047);
  words[at + 1] = sign | (exponent << 20) | drawFraction(random, 20);
  // Many doubles are singles, or nearly.
  words[at] = random.pick([0, 0, 1, 0x1000_0000, 0x2000_0000, -1, random.next(), random.next()]);
}

/** Mostly everything masked; every rounding mode; some flags already set. */
export function drawMxcsr(random: Random): number {
  const masks = random.chance(0.2) ? (random.next() & MXCSR_FLAGS) << 7 : MXCSR_DEFAULT;
  const flags = random.pick([0, 0, MXCSR_FLAGS, random.next() & MXCSR_FLAGS]);
  const rounding = random.chance(0.4) ? 0 : random.below(4);
  const denormals = random.pick([0, 0, 0, MXCSR_DAZ, MXCSR_FTZ, MXCSR_DAZ | MXCSR_FTZ]);
  return masks | flags | (rounding << 13) | denormals;
}
