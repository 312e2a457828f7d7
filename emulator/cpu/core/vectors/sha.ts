/**
 * SHA-1 and SHA-256 extensions. Source: SDM Vol. 2, the instructions' pages; FIPS 180-4. Words are counted from the low end of
 * the vectors a (first operand) and b.
 */
import { VECTOR_REGISTERS } from '../../../isa/state-layout';
import { Op } from '../../../isa/uop';

const A: u32 = u32(memory.data(16, 16));
const B: u32 = u32(memory.data(16, 16));
const RESULT: u32 = u32(memory.data(16, 16));

function wordA(index: u32): u32 {
  return load<u32>(A + 4 * index);
}

function wordB(index: u32): u32 {
  return load<u32>(B + 4 * index);
}

function setWord(index: u32, value: u32): void {
  store<u32>(RESULT + 4 * index, value);
}

export function sha(op: i32, a: v128, b: v128, imm: u32): v128 {
  v128.store(A, a);
  v128.store(B, b);
  switch (op) {
    case Op.Sha1rnds4:
      sha1Rounds(imm & 3);
      break;
    case Op.Sha1nexte:
      v128.store(RESULT, b);
      setWord(3, wordB(3) + rotl<u32>(wordA(3), 30));
      break;
    case Op.Sha1msg1:
      setWord(3, wordA(1) ^ wordA(3));
      setWord(2, wordA(0) ^ wordA(2));
      setWord(1, wordB(3) ^ wordA(1));
      setWord(0, wordB(2) ^ wordA(0));
      break;
    case Op.Sha1msg2: {
      const first = rotl<u32>(wordA(3) ^ wordB(2), 1);
      setWord(3, first);
      setWord(2, rotl<u32>(wordA(2) ^ wordB(1), 1));
      setWord(1, rotl<u32>(wordA(1) ^ wordB(0), 1));
      setWord(0, rotl<u32>(wordA(0) ^ first, 1));
      break;
    }
    case Op.Sha256rnds2:
      sha256Rounds();
      break;
    case Op.Sha256msg1:
      for (let i: u32 = 0; i < 3; i++) setWord(i, wordA(i) + sigma0(wordA(i + 1)));
      setWord(3, wordA(3) + sigma0(wordB(0)));
      break;
    default: {
      const first = wordA(0) + sigma1(wordB(2));
      const second = wordA(1) + sigma1(wordB(3));
      setWord(0, first);
      setWord(1, second);
      setWord(2, wordA(2) + sigma1(first));
      setWord(3, wordA(3) + sigma1(second));
    }
  }
  return v128.load(RESULT);
}

/** Four rounds; E of the first is already added to its word. */
function sha1Rounds(kind: u32): void {
  let a = wordA(3);
  let b = wordA(2);
  let c = wordA(1);
  let d = wordA(0);
  let e: u32 = 0;
  for (let round: u32 = 0; round < 4; round++) {
    const next =
      sha1Function(kind, b, c, d) + rotl<u32>(a, 5) + wordB(3 - round) + e + sha1Constant(kind);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  setWord(3, a);
  setWord(2, b);
  setWord(1, c);
  setWord(0, d);
}

function sha1Function(kind: u32, b: u32, c: u32, d: u32): u32 {
  if (kind == 0) return choice(b, c, d);
  return kind == 2 ? majority(b, c, d) : b ^ c ^ d;
}

function sha1Constant(kind: u32): u32 {
  if (kind == 0) return 0x5a827999;
  if (kind == 1) return 0x6ed9eba1;
  return kind == 2 ? 0x8f1bbcdc : 0xca62c1d6;
}

function choice(x: u32, y: u32, z: u32): u32 {
  return (x & y) ^ (~x & z);
}

function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) ^ (x & z) ^ (y & z);
}

function sigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
}

function sigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >> 10);
}

/** Two rounds; the words with their constants are in XMM0. */
function sha256Rounds(): void {
  let a = wordB(3);
  let b = wordB(2);
  let c = wordA(3);
  let d = wordA(2);
  let e = wordB(1);
  let f = wordB(0);
  let g = wordA(1);
  let h = wordA(0);
  for (let round: u32 = 0; round < 2; round++) {
    const sumOfE = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const sumOfA = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const first = choice(e, f, g) + sumOfE + load<u32>(VECTOR_REGISTERS + 4 * round) + h;
    h = g;
    g = f;
    f = e;
    e = first + d;
    d = c;
    const next = first + majority(a, b, c) + sumOfA;
    c = b;
    b = a;
    a = next;
  }
  setWord(3, a);
  setWord(2, b);
  setWord(1, e);
  setWord(0, f);
}
