/**
 * FCOM, FUCOM, FCOMI, FUCOMI, FTST, FXAM, and the conditions of FCMOVcc.
 * Source: SDM Vol. 2, the instructions' pages, tables of condition codes.
 */
import { X87 } from '../../../isa/x87';
import { RFLAGS_CF, RFLAGS_PF, RFLAGS_ZF, statusFlags } from '../flags';
import {
  exponentField,
  EXPONENT_MAX,
  isNan,
  isSignalling,
  isUnsupported,
  isZero,
  noteDenormal,
  significand,
  signBit,
  TOP_BIT,
} from './number';
import { C0, C1, C2, C3, flag, IE, isEmpty, setCondition, stackAddress } from './state';

export const UNORDERED: u32 = C3 | C2 | C0;

/** C3, C2, C0 of a compared with b; IE for NaNs (SNaNs alone when `quiet`) and unsupported encodings. */
export function compared(a: u32, b: u32, quiet: bool): u32 {
  if (isUnsupported(a) || isUnsupported(b)) {
    flag(IE);
    return UNORDERED;
  }
  if (isNan(a) || isNan(b)) {
    if (!quiet || isSignalling(a) || isSignalling(b)) flag(IE);
    return UNORDERED;
  }
  noteDenormal(a);
  noteDenormal(b);
  if (less(a, b)) return C0;
  return less(b, a) ? 0 : C3;
}

function less(a: u32, b: u32): bool {
  if (isZero(a) && isZero(b)) return false;
  const negative = signBit(a) != 0;
  if (negative != (signBit(b) != 0)) return negative;
  return negative ? magnitudeLess(b, a) : magnitudeLess(a, b);
}

function magnitudeLess(a: u32, b: u32): bool {
  // A pseudo-denormal has the value of the normal number with exponent 1.
  const fieldA = max<u32>(exponentField(a), 1);
  const fieldB = max<u32>(exponentField(b), 1);
  if (fieldA != fieldB && !isZero(a) && !isZero(b)) return fieldA < fieldB;
  if (isZero(a) || isZero(b)) return isZero(a) && !isZero(b);
  return significand(a) < significand(b);
}

/** ZF, PF, CF for the condition codes. */
export function flagsOf(codes: u32): u32 {
  return (
    ((codes & C3) != 0 ? RFLAGS_ZF : 0) |
    ((codes & C2) != 0 ? RFLAGS_PF : 0) |
    ((codes & C0) != 0 ? RFLAGS_CF : 0)
  );
}

/** FXAM: the class of ST(0); C1 its sign, of an empty register too. */
export function examine(): void {
  const a = stackAddress(0);
  let codes = signBit(a) != 0 ? C1 : 0;
  if (isEmpty(0)) codes |= C3 | C0;
  else if (isUnsupported(a)) codes |= 0;
  else if (isZero(a)) codes |= C3;
  else if (exponentField(a) == 0) codes |= C3 | C2;
  else if (exponentField(a) != EXPONENT_MAX) codes |= C2;
  else codes |= significand(a) == TOP_BIT ? C2 | C0 : C0;
  setCondition(C0 | C1 | C2 | C3, codes);
}

export function conditionOfMove(operation: i32): bool {
  const negated = operation >= X87.FCMOVNB;
  const kind = (operation - X87.FCMOVB) & 3;
  let mask: u32 = RFLAGS_CF;
  if (kind == 1) mask = RFLAGS_ZF;
  else if (kind == 2) mask = RFLAGS_CF | RFLAGS_ZF;
  else if (kind == 3) mask = RFLAGS_PF;
  return ((statusFlags() & mask) != 0) != negated;
}
