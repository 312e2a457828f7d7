/** Shift and rotate micro-ops that have no arm of their own in the interpreter's loop. */
import { Op } from '../../../isa/uop';
import { countB, setDestination, sourceA, sourceB, thirdByte } from './operand';
import {
  rotateLeft,
  rotateLeftThroughCarry,
  rotateRight,
  rotateRightThroughCarry,
  shiftArithmeticRight,
  shiftLeft,
  shiftLeftDouble,
  shiftRight,
  shiftRightDouble,
} from './shift';

/** Op.Rol8 to Op.Sar64. */
export function executeShift(uop: u32, op: i32): void {
  const family = (op - Op.Rol8) >> 2;
  switch ((op - Op.Rol8) & 3) {
    case 0:
      return shift<u8>(uop, family);
    case 1:
      return shift<u16>(uop, family);
    case 2:
      return shift<u32>(uop, family);
    default:
      return shift<u64>(uop, family);
  }
}

function shift<T extends number>(uop: u32, family: i32): void {
  const a = sourceA<T>(uop);
  const count = countB(uop);
  switch (family) {
    case 0:
      return setDestination<T>(uop, rotateLeft<T>(a, count));
    case 1:
      return setDestination<T>(uop, rotateRight<T>(a, count));
    case 2:
      return setDestination<T>(uop, rotateLeftThroughCarry<T>(a, count));
    case 3:
      return setDestination<T>(uop, rotateRightThroughCarry<T>(a, count));
    case 4:
      return setDestination<T>(uop, shiftLeft<T>(a, count));
    case 5:
      return setDestination<T>(uop, shiftRight<T>(a, count));
    default:
      return setDestination<T>(uop, shiftArithmeticRight<T>(a, count));
  }
}

/** Op.Shld16 to Op.Shrd64. */
export function executeDoubleShift(uop: u32, op: i32): void {
  switch (op) {
    case Op.Shld16:
      return doubleShiftLeft<u16>(uop);
    case Op.Shld32:
      return doubleShiftLeft<u32>(uop);
    case Op.Shld64:
      return doubleShiftLeft<u64>(uop);
    case Op.Shrd16:
      return doubleShiftRight<u16>(uop);
    case Op.Shrd32:
      return doubleShiftRight<u32>(uop);
    default:
      return doubleShiftRight<u64>(uop);
  }
}

function doubleShiftLeft<T extends number>(uop: u32): void {
  setDestination<T>(uop, shiftLeftDouble<T>(sourceA<T>(uop), sourceB<T>(uop), thirdByte(uop)));
}

function doubleShiftRight<T extends number>(uop: u32): void {
  setDestination<T>(uop, shiftRightDouble<T>(sourceA<T>(uop), sourceB<T>(uop), thirdByte(uop)));
}
