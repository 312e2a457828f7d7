/** BMI1, BMI2 and ADX micro-ops: Op.Andn32 to Op.Adox64, in pairs of 32 and 64 bits. */
import { Op } from '../../../isa/uop';
import {
  addCarryOnly,
  addOverflowOnly,
  andNot,
  bitFieldExtract,
  depositBits,
  extractBits,
  lowestSetBit,
  maskToLowestSetBit,
  resetLowestSetBit,
  zeroHighBits,
} from './bit-manipulation';
import { multiplyWithoutFlags } from './multiply';
import { setDestination, sourceA, sourceB } from './operand';

export function executeBitManipulation(uop: u32, op: i32): void {
  const family = (op - Op.Andn32) >> 1;
  if (((op - Op.Andn32) & 1) == 0) manipulate<u32>(uop, family);
  else manipulate<u64>(uop, family);
}

function manipulate<T extends number>(uop: u32, family: i32): void {
  if (family == 8) return multiplyWithoutFlags<T>(uop);
  setDestination<T>(uop, manipulated<T>(sourceA<T>(uop), sourceB<T>(uop), family));
}

function manipulated<T extends number>(a: T, b: T, family: i32): T {
  switch (family) {
    case 0:
      return andNot<T>(a, b);
    case 1:
      return bitFieldExtract<T>(a, b);
    case 2:
      return lowestSetBit<T>(a);
    case 3:
      return maskToLowestSetBit<T>(a);
    case 4:
      return resetLowestSetBit<T>(a);
    case 5:
      return zeroHighBits<T>(a, b);
    case 6:
      return depositBits(u64(a), u64(b)) as T;
    case 7:
      return extractBits(u64(a), u64(b)) as T;
    case 9:
      return rotr<T>(a, b);
    case 10:
      return shiftedSigned<T>(a, b);
    case 11:
      return (a << b) as T;
    case 12:
      return (a >> b) as T;
    case 13:
      return addCarryOnly<T>(a, b);
    default:
      return addOverflowOnly<T>(a, b);
  }
}

/** SARX: the count is taken modulo the width, as WebAssembly's shifts do.
 * @inline */
function shiftedSigned<T extends number>(a: T, b: T): T {
  if (sizeof<T>() == 8) return (i64(a) >> i64(b)) as T;
  return (i32(a) >> i32(b)) as T;
}
