/** Arithmetic and logic micro-ops that have no arm of their own in the interpreter's loop: the 16-bit ones, some 8-bit ones. */
import { Op } from '../../../isa/uop';
import {
  add,
  addWithCarry,
  decrement,
  increment,
  negate,
  subtract,
  subtractWithBorrow,
} from './arithmetic';
import { and, or, xor } from './logic';
import { setDestination, sourceA, sourceB } from './operand';

/** Op.Add8 to Op.Not64. */
export function executeArithmetic(uop: u32, op: i32): void {
  const family = (op - Op.Add8) >> 2;
  if (((op - Op.Add8) & 3) == 0) arithmetic<u8>(uop, family);
  else arithmetic<u16>(uop, family);
}

function arithmetic<T extends number>(uop: u32, family: i32): void {
  const a = sourceA<T>(uop);
  const b = sourceB<T>(uop);
  switch (family) {
    case 0:
      return setDestination<T>(uop, add<T>(a, b));
    case 1:
      return setDestination<T>(uop, or<T>(a, b));
    case 2:
      return setDestination<T>(uop, addWithCarry<T>(a, b));
    case 3:
      return setDestination<T>(uop, subtractWithBorrow<T>(a, b));
    case 4:
      return setDestination<T>(uop, and<T>(a, b));
    case 5:
      return setDestination<T>(uop, subtract<T>(a, b));
    case 6:
      return setDestination<T>(uop, xor<T>(a, b));
    case 7:
      subtract<T>(a, b);
      return;
    case 8:
      and<T>(a, b);
      return;
    case 9:
      return setDestination<T>(uop, increment<T>(a));
    case 10:
      return setDestination<T>(uop, decrement<T>(a));
    case 11:
      return setDestination<T>(uop, negate<T>(a));
    default:
      return setDestination<T>(uop, ~a as T);
  }
}
