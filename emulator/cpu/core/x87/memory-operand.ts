/** Memory operands of x87 instructions: read into OPERAND, written from it. */
import { UOP_IMM } from '../../../isa/uop';
import { X87_OPERAND_SHIFT, X87Operand } from '../../../isa/x87';
import { noteStore } from '../access-log';
import { faulted } from '../exceptions';
import { probeWriteLinear, readOperand, writeExplicit, writeOperand } from '../mmu';
import { sourceA } from '../operations/operand';
import { linearAddress } from '../segmentation';
import { TIMED } from '../timed';
import {
  decimalHigh,
  fromBinary,
  fromDecimal,
  fromInteger,
  toBinary,
  toDecimal,
  toInteger,
} from './conversion';
import { OPERAND, significand, WAS_DENORMAL, write } from './number';

/** The operand of the door's imm. */
export function operandForm(uop: u32): i32 {
  return (load<i32>(uop, UOP_IMM) >> X87_OPERAND_SHIFT) & 15;
}

/** Linear address of `bytes` bytes of the memory operand; check faulted(). */
export function operandAddress(uop: u32, bytes: u32, written: bool): u64 {
  return linearAddress(load<u32>(uop, UOP_IMM) & 0xff, sourceA<u64>(uop), bytes, written);
}

/** Bytes of a memory operand of this form. */
export function bytesOf(form: i32): u32 {
  switch (form) {
    case X87Operand.Int16:
    case X87Operand.Word:
      return 2;
    case X87Operand.Single:
    case X87Operand.Int32:
      return 4;
    case X87Operand.Double:
    case X87Operand.Int64:
      return 8;
    default:
      return 10;
  }
}

/** OPERAND ← the memory operand; false when that faulted. */
export function readNumber(uop: u32, form: i32): bool {
  const bytes = bytesOf(form);
  const linear = operandAddress(uop, bytes, false);
  if (faulted()) return false;
  const low = readOperand(linear, min<u32>(bytes, 8));
  if (faulted()) return false;
  const high = bytes == 10 ? u32(readOperand(linear + 8, 2)) : 0;
  if (faulted()) return false;
  switch (form) {
    case X87Operand.Single:
      fromBinary(low, 23);
      break;
    case X87Operand.Double:
      fromBinary(low, 52);
      break;
    case X87Operand.Int16:
      fromInteger(i64(i16(low)));
      break;
    case X87Operand.Int32:
      fromInteger(i64(i32(low)));
      break;
    case X87Operand.Int64:
      fromInteger(i64(low));
      break;
    case X87Operand.Bcd:
      fromDecimal(low, high);
      break;
    default:
      store<u8>(OPERAND, 0, WAS_DENORMAL);
      write(OPERAND, high, low);
  }
  return true;
}

/** The number at `source` in the operand's form; its upper two bytes, where it has ten, in `convertedHigh`. */
export function converted(form: i32, source: u32): u64 {
  switch (form) {
    case X87Operand.Single:
      return toBinary(source, 23);
    case X87Operand.Double:
      return toBinary(source, 52);
    case X87Operand.Int16:
      return toInteger(source, 16);
    case X87Operand.Int32:
      return toInteger(source, 32);
    case X87Operand.Int64:
      return toInteger(source, 64);
    case X87Operand.Bcd: {
      const low = toDecimal(source);
      convertedHigh = decimalHigh;
      return low;
    }
    default:
      convertedHigh = u32(load<u16>(source, 8));
      return significand(source);
  }
}

let convertedHigh: u32 = 0;

/** Faults where the store would, which comes before the exceptions of its number. */
export function canWrite(uop: u32, form: i32): bool {
  const bytes = bytesOf(form);
  const linear = operandAddress(uop, bytes, true);
  if (faulted()) return false;
  probeWriteLinear(linear, min<u32>(bytes, 8));
  if (!faulted() && bytes == 10) probeWriteLinear(linear + 8, 2);
  return !faulted();
}

/** Writes what `converted` gave after `canWrite`. */
export function writeConverted(uop: u32, form: i32, low: u64): bool {
  const bytes = bytesOf(form);
  const linear = operandAddress(uop, bytes, true);
  if (faulted()) return false;
  if (bytes != 10) {
    writeOperand(linear, low, bytes);
    return !faulted();
  }
  if (TIMED) noteStore(linear, 10);
  writeExplicit(linear, low, 8);
  writeExplicit(linear + 8, u64(convertedHigh), 2);
  return true;
}
