/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM.
 * Source: SDM Vol. 1, "String Processing Instructions" … "Imm8 Control Byte Operation for PCMPESTRI / PCMPESTRM / PCMPISTRI /
 * PCMPISTRM": source data format, aggregation, polarity, output selection, and the table of invalid elements.
 */
import { REGISTERS } from '../../../isa/state-layout';
import { Op, UOP_A, UOP_B, UOP_DST, UOP_IMM } from '../../../isa/uop';
import { RFLAGS_CF, RFLAGS_OF, RFLAGS_SF, RFLAGS_ZF, setStatusFlags } from '../flags';

const RAX: u32 = REGISTERS;
const RDX: u32 = REGISTERS + 16;

// imm
const WORDS: u32 = 1 << 0;
const SIGNED: u32 = 1 << 1;
const NEGATED: u32 = 1 << 4;
const VALID_ONLY: u32 = 1 << 5;
const OTHER_END: u32 = 1 << 6; // the last index; a mask of elements
/** Set by the recipe: lengths are in RAX and RDX. */
const WIDE_LENGTHS: u32 = 1 << 8;

const EQUAL_ANY: u32 = 0;

const EQUAL_EACH: u32 = 2;

let a: u32 = 0;
let b: u32 = 0;
let control: u32 = 0;
let count: i32 = 0;
let lengthA: i32 = 0;
let lengthB: i32 = 0;

export function compareStrings(uop: u32, op: i32): void {
  a = load<u32>(uop, UOP_A);
  b = load<u32>(uop, UOP_B);
  control = load<u32>(uop, UOP_IMM);
  count = (control & WORDS) != 0 ? 8 : 16;
  const isExplicit = op == Op.Pcmpestri || op == Op.Pcmpestrm;
  lengthA = isExplicit ? explicitLength(RAX) : implicitLength(a);
  lengthB = isExplicit ? explicitLength(RDX) : implicitLength(b);
  let found: u32 = 0;
  for (let j = 0; j < count; j++) found |= u32(aggregated(j)) << j;
  const all = (u32(1) << count) - 1;
  if ((control & NEGATED) != 0) {
    found ^= (control & VALID_ONLY) != 0 ? (u32(1) << lengthB) - 1 : all;
  }
  const dst = load<u32>(uop, UOP_DST);
  if (op == Op.Pcmpestri || op == Op.Pcmpistri) store<u64>(dst, u64(index(found)));
  else storeMask(dst, found);
  setStatusFlags(
    (found != 0 ? RFLAGS_CF : 0) |
      (lengthB < count ? RFLAGS_ZF : 0) |
      (lengthA < count ? RFLAGS_SF : 0) |
      ((found & 1) != 0 ? RFLAGS_OF : 0),
  );
}

/** The magnitude of the register, at most the number of elements. */
function explicitLength(register: u32): i32 {
  const value = (control & WIDE_LENGTHS) != 0 ? load<i64>(register) : i64(load<i32>(register));
  if (value > count || value < -count) return count;
  return i32(value < 0 ? -value : value);
}

/** Elements before the first that is zero. */
function implicitLength(at: u32): i32 {
  let length = 0;
  while (length < count && element(at, length) != 0) length++;
  return length;
}

function element(at: u32, i: i32): i32 {
  if ((control & WORDS) != 0) {
    return (control & SIGNED) != 0 ? i32(load<i16>(at + 2 * i)) : i32(load<u16>(at + 2 * i));
  }
  return (control & SIGNED) != 0 ? i32(load<i8>(at + i)) : i32(load<u8>(at + i));
}

/** Bit j of IntRes1. */
function aggregated(j: i32): bool {
  const kind = (control >> 2) & 3;
  if (kind == EQUAL_EACH) {
    if (j >= lengthA || j >= lengthB) return j >= lengthA && j >= lengthB;
    return element(a, j) == element(b, j);
  }
  if (kind > EQUAL_EACH) return startsAt(j);
  if (j >= lengthB) return false;
  const value = element(b, j);
  if (kind == EQUAL_ANY) {
    for (let i = 0; i < lengthA; i++) if (element(a, i) == value) return true;
  } else {
    for (let i = 0; i + 1 < lengthA; i += 2) {
      if (value >= element(a, i) && value <= element(a, i + 1)) return true;
    }
  }
  return false;
}

/** Equal ordered: a is found in b from element j on, as far as the vector goes. */
function startsAt(j: i32): bool {
  for (let i = 0; i < lengthA && j + i < count; i++) {
    if (j + i >= lengthB || element(a, i) != element(b, j + i)) return false;
  }
  return true;
}

function index(found: u32): i32 {
  if (found == 0) return count;
  return (control & OTHER_END) != 0 ? 31 - i32(clz(found)) : i32(ctz(found));
}

function storeMask(dst: u32, found: u32): void {
  v128.store(dst, i64x2.splat(0));
  if ((control & OTHER_END) == 0) {
    store<u16>(dst, u16(found));
    return;
  }
  for (let i = 0; i < count; i++) {
    const ones = ((found >> i) & 1) != 0;
    if ((control & WORDS) != 0) store<u16>(dst + 2 * i, ones ? 0xffff : 0);
    else store<u8>(dst + i, ones ? 0xff : 0);
  }
}
