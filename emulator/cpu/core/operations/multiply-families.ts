/** Multiply and divide micro-ops, Op.Mul8 to Op.Idiv64. */
import { Op } from '../../../isa/uop';
import { DE, raisePlain } from '../exceptions';
import { divideSigned, divideUnsigned } from './divide';
import { multiplySigned, multiplyTruncated, multiplyUnsigned } from './multiply';
import { setDestination, sourceA, sourceB } from './operand';

/** Returns whether the division faulted (#DE). */
export function executeMultiplyDivide(uop: u32, op: i32): bool {
  if (op >= Op.Div8) return executeDivide(uop, op);
  switch (op) {
    case Op.Mul8:
      multiplyUnsigned<u8>(uop);
      break;
    case Op.Mul16:
      multiplyUnsigned<u16>(uop);
      break;
    case Op.Mul32:
      multiplyUnsigned<u32>(uop);
      break;
    case Op.Mul64:
      multiplyUnsigned<u64>(uop);
      break;
    case Op.Imul8:
      multiplySigned<u8>(uop);
      break;
    case Op.Imul16:
      multiplySigned<u16>(uop);
      break;
    case Op.Imul32:
      multiplySigned<u32>(uop);
      break;
    case Op.Imul64:
      multiplySigned<u64>(uop);
      break;
    default:
      // Op.ImulTwo16; the wider ones are in the interpreter's loop
      setDestination<u16>(uop, multiplyTruncated<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      break;
  }
  return false;
}

function executeDivide(uop: u32, op: i32): bool {
  if (divide(uop, op)) return false;
  raisePlain(DE);
  return true;
}

function divide(uop: u32, op: i32): bool {
  switch (op) {
    case Op.Div8:
      return divideUnsigned<u8>(uop);
    case Op.Div16:
      return divideUnsigned<u16>(uop);
    case Op.Div32:
      return divideUnsigned<u32>(uop);
    case Op.Div64:
      return divideUnsigned<u64>(uop);
    case Op.Idiv8:
      return divideSigned<u8>(uop);
    case Op.Idiv16:
      return divideSigned<u16>(uop);
    case Op.Idiv32:
      return divideSigned<u32>(uop);
    default:
      return divideSigned<u64>(uop);
  }
}
