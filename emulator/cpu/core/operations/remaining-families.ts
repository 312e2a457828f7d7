/** Data transfer, exchange and flag micro-ops that have no arm of their own in the interpreter's loop. */
import { RFLAGS_REST } from '../../../isa/state-layout';
import { Op, UOP_EXTRA } from '../../../isa/uop';
import {
  carryFlag,
  RFLAGS_CF,
  RFLAGS_DF,
  RFLAGS_OF,
  setCarry,
  setStatusFlags,
  statusFlags,
} from '../flags';
import { byteSwap } from './bit';
import { conditionHolds } from './condition';
import { crc32c } from './crc32';
import { compareExchange, exchange } from './exchange';
import { destination, effectiveAddress, setDestination, SLOT_RAX, sourceA } from './operand';

export function executeRemaining(uop: u32, op: i32): void {
  if (op >= Op.Crc32With8 && op <= Op.CmpXchg64) return crcOrCompareExchange(uop, op);
  if (op >= Op.Clc && op <= Op.Salc) return flagControl(op);
  switch (op) {
    case Op.MovZx8To16:
      return setDestination<u16>(uop, u16(sourceA<u8>(uop)));
    case Op.MovSx8To16:
      return setDestination<u16>(uop, u16(sourceA<i8>(uop)));
    case Op.MovSx8To64:
      return setDestination<u64>(uop, u64(sourceA<i8>(uop)));
    case Op.MovSx16To64:
      return setDestination<u64>(uop, u64(sourceA<i16>(uop)));
    case Op.Ea16:
      return setDestination<u64>(uop, effectiveAddress(uop) & 0xffff);
    case Op.Cmov16:
      if (conditionHolds(load<u32>(uop, UOP_EXTRA))) setDestination<u16>(uop, sourceA<u16>(uop));
      return;
    case Op.Xchg8:
      return exchange<u8>(uop);
    case Op.Xchg16:
      return exchange<u16>(uop);
    case Op.Xchg32:
      return exchange<u32>(uop);
    case Op.Xchg64:
      return exchange<u64>(uop);
    case Op.Bswap32:
      return setDestination<u32>(uop, byteSwap<u32>(sourceA<u32>(uop)));
    case Op.Bswap64:
      return setDestination<u64>(uop, byteSwap<u64>(sourceA<u64>(uop)));
    case Op.SignFill16:
      return setDestination<u16>(uop, u16(i16(sourceA<u16>(uop)) >> 15));
    case Op.SignFill32:
      return setDestination<u32>(uop, u32(sourceA<i32>(uop) >> 31));
    case Op.SignFill64:
      return setDestination<u64>(uop, u64(sourceA<i64>(uop) >> 63));
    default:
      unreachable();
  }
}

function crcOrCompareExchange(uop: u32, op: i32): void {
  switch (op) {
    case Op.CmpXchg8:
      return compareExchange<u8>(uop);
    case Op.CmpXchg16:
      return compareExchange<u16>(uop);
    case Op.CmpXchg32:
      return compareExchange<u32>(uop);
    case Op.CmpXchg64:
      return compareExchange<u64>(uop);
    default: {
      const bytes: u32 = 1 << u32(op - Op.Crc32With8);
      return setDestination<u32>(uop, crc32c(destination<u32>(uop), sourceA<u64>(uop), bytes));
    }
  }
}

function flagControl(op: i32): void {
  switch (op) {
    case Op.Clc:
      return setCarry(0);
    case Op.Stc:
      return setCarry(1);
    case Op.Cmc:
      return setCarry(carryFlag() ^ 1);
    case Op.Cld:
      return store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) & ~RFLAGS_DF);
    case Op.Std:
      return store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) | RFLAGS_DF);
    case Op.Lahf:
      // AH ← SF:ZF:0:AF:0:PF:1:CF
      return store<u8>(SLOT_RAX + 1, u8((statusFlags() & 0xff) | 2));
    case Op.Sahf:
      return setStatusFlags((load<u8>(SLOT_RAX + 1) & 0xff) | (statusFlags() & RFLAGS_OF));
    default:
      // SALC: AL ← CF ? FFh : 0
      return store<u8>(SLOT_RAX, u8(0 - (carryFlag() & RFLAGS_CF)));
  }
}
