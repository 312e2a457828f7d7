/**
 * Flags that translated code has not computed. A region remembers the last operation that set flags and its operands; only
 * where somebody looks, the operation's definition is applied to them once more.
 *
 * The kind is a micro-op's number. a and b are its operands, zero-extended, but for
 *   And8 … And64 (any logic): a = the result
 *   Inc, Dec:                 b = CF before it, which stays
 *   Adc, Sbb:                 CF before it was 1 (else they are Add, Sub)
 *   Rol, Ror:                 a = the result; CF and OF only
 *   Bt16:                     a = the bit; CF only
 *   Bsf16 (BSF, BSR):         a = the source; CF, AF and OF were 0 before it
 *   Tzcnt16 (TZCNT, LZCNT):   a = the result, b = CF
 *   Popcnt16:                 a = the source
 *   Lzcnt16:                  any operation; a = FLAG_RESULT, b = FLAG_AUX
 *   Shl, Shr, Sar:            b = the count, not 0 after masking
 */
import {
  BASE_A,
  BASE_B,
  BASE_KIND,
  FLAG_AUX,
  FLAG_RESULT,
  PENDING_A,
  PENDING_B,
  PENDING_KIND,
} from '../../isa/state-layout';
import { Op } from '../../isa/uop';
import { RFLAGS_ZF, setCarry, setCarryAndOverflow, setStatusFlags, signAtOverflow } from './flags';
import {
  add,
  addWithCarry,
  decrement,
  increment,
  subtract,
  subtractWithBorrow,
} from './operations/arithmetic';
import { and } from './operations/logic';
import { multiplyTruncated } from './operations/multiply';
import { shiftArithmeticRight, shiftLeft, shiftRight } from './operations/shift';

/** Computes what a region has left pending. */
export function settlePending(): void {
  const base = load<i32>(BASE_KIND);
  if (base != 0) {
    settle(base, load<u64>(BASE_A), load<u64>(BASE_B));
    store<u32>(BASE_KIND, 0);
  }
  settle(load<i32>(PENDING_KIND), load<u64>(PENDING_A), load<u64>(PENDING_B));
  store<u32>(PENDING_KIND, 0);
}

/** Sets FLAG_RESULT and FLAG_AUX as the operation does. */
export function settle(kind: i32, a: u64, b: u64): void {
  if (kind == 0) return;
  if (kind >= Op.ImulTwo16 && kind <= Op.ImulTwo64) {
    if (kind == Op.ImulTwo16) multiplyTruncated<u16>(u16(a), u16(b));
    else if (kind == Op.ImulTwo32) multiplyTruncated<u32>(u32(a), u32(b));
    else multiplyTruncated<u64>(a, b);
    return;
  }
  if (kind == Op.Bt16) return setCarry(u32(a));
  if (kind >= Op.Bsf16 && kind <= Op.Popcnt64) return settleCount(kind, a, b);
  switch ((kind - Op.Add8) & 3) {
    case 0:
      return settleAs<u8>(kind, u8(a), b);
    case 1:
      return settleAs<u16>(kind - 1, u16(a), b);
    case 2:
      return settleAs<u32>(kind - 2, u32(a), b);
    default:
      return settleAs<u64>(kind - 3, a, b);
  }
}

/** Scans and counts of bits. */
function settleCount(kind: i32, a: u64, b: u64): void {
  if (kind == Op.Popcnt16) return setStatusFlags(a ? 0 : RFLAGS_ZF);
  store<u64>(FLAG_RESULT, kind == Op.Bsf16 ? u64(a != 0) : a);
  store<u32>(FLAG_AUX, kind == Op.Bsf16 ? 0 : u32(b));
}

/** `family`: the member of the family for 8 bits. */
function settleAs<T extends number>(family: i32, a: T, b: u64): void {
  switch (family) {
    case Op.Add8:
      add<T>(a, b as T);
      return;
    case Op.Adc8:
      setCarry(1);
      addWithCarry<T>(a, b as T);
      return;
    case Op.Sub8:
      subtract<T>(a, b as T);
      return;
    case Op.Sbb8:
      setCarry(1);
      subtractWithBorrow<T>(a, b as T);
      return;
    case Op.And8:
      and<T>(a, a);
      return;
    case Op.Inc8:
      setCarry(u32(b));
      increment<T>(a);
      return;
    case Op.Dec8:
      setCarry(u32(b));
      decrement<T>(a);
      return;
    case Op.Rol8:
      return setCarryAndOverflow(u32(a) & 1, signAtOverflow<T>(a) ^ ((u32(a) & 1) << 11));
    case Op.Ror8:
      return setCarryAndOverflow(
        signAtOverflow<T>(a) >> 11,
        signAtOverflow<T>(a) ^ signAtOverflow<T>((a << 1) as T),
      );
    case Op.Shl8:
      shiftLeft<T>(a, u32(b));
      return;
    case Op.Shr8:
      shiftRight<T>(a, u32(b));
      return;
    case Op.Sar8:
      shiftArithmeticRight<T>(a, u32(b));
      return;
    default:
      unreachable();
  }
}
