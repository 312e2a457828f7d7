/**
 * AESENC, AESENCLAST, AESDEC, AESDECLAST, AESIMC, AESKEYGENASSIST.
 * Source: SDM Vol. 2, the instructions' pages; FIPS 197, "Cipher", "Inverse Cipher". The state's byte in row r and column c is
 * byte r + 4 c of the vector. The S-box is computed when it is first needed: inverse in GF(2⁸), then the affine map.
 */
import { Op } from '../../../isa/uop';

const SBOX: u32 = u32(memory.data(256, 16));
const INVERSE_SBOX: u32 = u32(memory.data(256, 16));
const STATE: u32 = u32(memory.data(16, 16));
let ready: bool = false;

/** a × b in GF(2⁸) modulo x⁸ + x⁴ + x³ + x + 1 */
function product(a: u32, b: u32): u32 {
  let sum: u32 = 0;
  let shifted = a;
  for (let bit: u32 = 0; bit < 8; bit++) {
    if (((b >> bit) & 1) != 0) sum ^= shifted;
    shifted <<= 1;
    if ((shifted & 0x100) != 0) shifted ^= 0x11b;
  }
  return sum;
}

function prepare(): void {
  if (ready) return;
  ready = true;
  for (let value: u32 = 0; value < 256; value++) {
    // The inverse is the 254th power.
    let inverse: u32 = 1;
    for (let i = 0; i < 254; i++) inverse = product(inverse, value);
    if (value == 0) inverse = 0;
    const doubled = inverse | (inverse << 8);
    const mapped =
      (inverse ^ (doubled >> 4) ^ (doubled >> 5) ^ (doubled >> 6) ^ (doubled >> 7) ^ 0x63) & 0xff;
    store<u8>(SBOX + value, u8(mapped));
    store<u8>(INVERSE_SBOX + mapped, u8(value));
  }
}

/** The micro-ops from Aesenc to Aesdeclast on state a and round key b. */
export function aesRound(op: i32, a: v128, b: v128): v128 {
  prepare();
  const inverse = op == Op.Aesdec || op == Op.Aesdeclast;
  v128.store(STATE, a);
  shiftAndSubstitute(inverse);
  if (op == Op.Aesenc) mixColumns(2, 3, 1, 1);
  else if (op == Op.Aesdec) mixColumns(14, 11, 13, 9);
  return v128.xor(v128.load(STATE), b);
}

/** Row r is rotated by r columns: to the left, or for the inverse to the right. */
function shiftAndSubstitute(inverse: bool): void {
  const before = v128.load(STATE);
  const table = inverse ? INVERSE_SBOX : SBOX;
  const source: u32 = SOURCE;
  v128.store(source, before);
  for (let at: u32 = 0; at < 16; at++) {
    const row = at & 3;
    const from = inverse ? at - 4 * row : at + 4 * row;
    store<u8>(STATE + at, load<u8>(table + u32(load<u8>(source + (from & 15)))));
  }
}

const SOURCE: u32 = u32(memory.data(16, 16));

/** All bytes of `vector` times `factor` in GF(2⁸). */
function times(vector: v128, factor: u32): v128 {
  let sum = i64x2.splat(0);
  let doubled = vector;
  for (let rest = factor; rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) sum = v128.xor(sum, doubled);
    const reduction = v128.and(i8x16.shr_s(doubled, 7), i8x16.splat(0x1b));
    doubled = v128.xor(i8x16.shl(doubled, 1), reduction);
  }
  return sum;
}

/** Each byte becomes the one below it in its column, the last the first. */
function nextRow(vector: v128): v128 {
  return i8x16.shuffle(vector, vector, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}

/** Each column times the circulant matrix whose first row is these factors. */
function mixColumns(first: u32, second: u32, third: u32, fourth: u32): void {
  const state = v128.load(STATE);
  const one = nextRow(state);
  const two = nextRow(one);
  const three = nextRow(two);
  const left = v128.xor(times(state, first), times(one, second));
  v128.store(STATE, v128.xor(left, v128.xor(times(two, third), times(three, fourth))));
}

/** AESIMC */
export function aesInverseMixColumns(a: v128): v128 {
  v128.store(STATE, a);
  mixColumns(14, 11, 13, 9);
  return v128.load(STATE);
}

function substituted(word: u32): u32 {
  let result: u32 = 0;
  for (let shift: u32 = 0; shift < 32; shift += 8) {
    result |= u32(load<u8>(SBOX + ((word >> shift) & 0xff))) << shift;
  }
  return result;
}

/** AESKEYGENASSIST: words 1 and 3 substituted, and those rotated, with the round constant. */
export function aesKeyGeneration(a: v128, constant: u32): v128 {
  prepare();
  const low = substituted(i32x4.extract_lane(a, 1));
  const high = substituted(i32x4.extract_lane(a, 3));
  let result = i32x4.splat(low);
  result = i32x4.replace_lane(result, 1, rotr<u32>(low, 8) ^ constant);
  result = i32x4.replace_lane(result, 2, high);
  return i32x4.replace_lane(result, 3, rotr<u32>(high, 8) ^ constant);
}

/** PCLMULQDQ: the halves that bits 0 and 4 of imm name, multiplied without carries. */
export function carrylessProduct(a: v128, b: v128, imm: u32): v128 {
  const first = (imm & 1) == 0 ? i64x2.extract_lane(a, 0) : i64x2.extract_lane(a, 1);
  const second = (imm & 16) == 0 ? i64x2.extract_lane(b, 0) : i64x2.extract_lane(b, 1);
  let low: u64 = 0;
  let high: u64 = 0;
  for (let bit = 0; bit < 64; bit++) {
    if (((u64(second) >> bit) & 1) == 0) continue;
    low ^= u64(first) << bit;
    if (bit != 0) high ^= u64(first) >> (64 - bit);
  }
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}
