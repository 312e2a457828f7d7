/** Bit and byte micro-ops that have no arm of their own in the interpreter's loop: Op.Bt16 to Op.Popcnt64. */
import { Op } from '../../../isa/uop';
import {
  bitScanForward,
  bitScanReverse,
  bitStringAddress,
  bitTest,
  bitTestAndComplement,
  bitTestAndReset,
  bitTestAndSet,
  leadingZeroCount,
  populationCount,
  trailingZeroCount,
} from './bit';
import { setDestination, sourceA, sourceB } from './operand';

export function executeBit(uop: u32, op: i32): void {
  const family = (op - Op.Bt16) / 3;
  switch ((op - Op.Bt16) % 3) {
    case 0:
      return bit<u16>(uop, family);
    case 1:
      return bit<u32>(uop, family);
    default:
      return bit<u64>(uop, family);
  }
}

function bit<T extends number>(uop: u32, family: i32): void {
  const a = sourceA<T>(uop);
  switch (family) {
    case 0:
      return bitTest<T>(a, sourceB<T>(uop));
    case 1:
      return setDestination<T>(uop, bitTestAndSet<T>(a, sourceB<T>(uop)));
    case 2:
      return setDestination<T>(uop, bitTestAndReset<T>(a, sourceB<T>(uop)));
    case 3:
      return setDestination<T>(uop, bitTestAndComplement<T>(a, sourceB<T>(uop)));
    case 4:
      return setDestination<u64>(uop, bitStringAddress<T>(sourceA<u64>(uop), sourceB<T>(uop)));
    case 5:
      return bitScanForward<T>(uop);
    case 6:
      return bitScanReverse<T>(uop);
    case 7:
      return setDestination<T>(uop, trailingZeroCount<T>(a));
    case 8:
      return setDestination<T>(uop, leadingZeroCount<T>(a));
    default:
      return setDestination<T>(uop, populationCount<T>(a));
  }
}
