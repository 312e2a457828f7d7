/**
 * Micro-ops without an arm of their own in the interpreter's loop: here those of 16-bit code and of segmented memory, and others
 * that programs do use; after them the families that are rare everywhere.
 */
import { FAULT, FAULT_UNIMPLEMENTED } from '../../isa/state-layout';
import { Op, UOP_IMM } from '../../isa/uop';
import { beginInstruction } from './access-log';
import { loadOperand, loadOperandForStore } from './memory-operations';
import {
  add,
  addWithCarry,
  decrement,
  increment,
  negate,
  subtract,
  subtractWithBorrow,
} from './operations/arithmetic';
import {
  bitScanForward,
  bitScanReverse,
  bitTest,
  bitTestAndReset,
  bitTestAndSet,
  leadingZeroCount,
  populationCount,
  trailingZeroCount,
} from './operations/bit';
import { executeBit } from './operations/bit-families';
import { executeBitManipulation } from './operations/bit-manipulation-families';
import { compareExchange, exchange } from './operations/exchange';
import { and, or, xor } from './operations/logic';
import { multiplyUnsigned } from './operations/multiply';
import { executeMultiplyDivide } from './operations/multiply-families';
import { countB, setDestination, sourceA, sourceB } from './operations/operand';
import { executeRemaining } from './operations/remaining-families';
import { shiftLeft, shiftRight } from './operations/shift';
import { executeDoubleShift, executeShift } from './operations/shift-families';
import { loadSegmented, loadSegmentedForStore, storeSegmented } from './segmented-operations';
import {
  loadVector,
  loadVectorSegmented,
  storeVector,
  storeVectorSegmented,
} from './vector-memory';
import { moveStackPointer, peekOperand, popOperand, pushOperand } from './stack';
import { TIMED } from './timed';

/** Executes one micro-op; returns whether it has faulted. One jump table on purpose, as in the interpreter's loop. */
export function executeRare(uop: u32): bool {
  if (TIMED) beginInstruction(uop);
  const op = i32(load<u16>(uop));
  switch (op) {
    case Op.Add16:
      setDestination<u16>(uop, add<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Or16:
      setDestination<u16>(uop, or<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Adc16:
      setDestination<u16>(uop, addWithCarry<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Adc8:
      setDestination<u8>(uop, addWithCarry<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
      return false;
    case Op.Sbb16:
      setDestination<u16>(uop, subtractWithBorrow<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Sbb8:
      setDestination<u8>(uop, subtractWithBorrow<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
      return false;
    case Op.And16:
      setDestination<u16>(uop, and<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Sub16:
      setDestination<u16>(uop, subtract<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Xor16:
      setDestination<u16>(uop, xor<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
      return false;
    case Op.Cmp16:
      subtract<u16>(sourceA<u16>(uop), sourceB<u16>(uop));
      return false;
    case Op.Test16:
      and<u16>(sourceA<u16>(uop), sourceB<u16>(uop));
      return false;
    case Op.Inc8:
      setDestination<u8>(uop, increment<u8>(sourceA<u8>(uop)));
      return false;
    case Op.Inc16:
      setDestination<u16>(uop, increment<u16>(sourceA<u16>(uop)));
      return false;
    case Op.Dec8:
      setDestination<u8>(uop, decrement<u8>(sourceA<u8>(uop)));
      return false;
    case Op.Dec16:
      setDestination<u16>(uop, decrement<u16>(sourceA<u16>(uop)));
      return false;
    case Op.Neg8:
      setDestination<u8>(uop, negate<u8>(sourceA<u8>(uop)));
      return false;
    case Op.Neg16:
      setDestination<u16>(uop, negate<u16>(sourceA<u16>(uop)));
      return false;
    case Op.Not8:
      setDestination<u8>(uop, ~sourceA<u8>(uop));
      return false;
    case Op.Not16:
      setDestination<u16>(uop, ~sourceA<u16>(uop));
      return false;
    case Op.Load16:
      return loadOperand<u16, u16>(uop);
    case Op.LoadSx8To64:
      return loadOperand<i8, u64>(uop);
    case Op.LoadSx16To64:
      return loadOperand<i16, u64>(uop);
    case Op.LoadForStore16:
      return loadOperandForStore<u16>(uop);
    case Op.LoadSegment8:
      return loadSegmented<u8>(uop);
    case Op.LoadSegment16:
      return loadSegmented<u16>(uop);
    case Op.LoadSegment32:
      return loadSegmented<u32>(uop);
    case Op.LoadSegment64:
      return loadSegmented<u64>(uop);
    case Op.LoadSegmentForStore8:
      return loadSegmentedForStore<u8>(uop);
    case Op.LoadSegmentForStore16:
      return loadSegmentedForStore<u16>(uop);
    case Op.LoadSegmentForStore32:
      return loadSegmentedForStore<u32>(uop);
    case Op.LoadSegmentForStore64:
      return loadSegmentedForStore<u64>(uop);
    case Op.StoreSegment8:
      return storeSegmented<u8>(uop);
    case Op.StoreSegment16:
      return storeSegmented<u16>(uop);
    case Op.StoreSegment32:
      return storeSegmented<u32>(uop);
    case Op.StoreSegment64:
      return storeSegmented<u64>(uop);
    case Op.Load128:
    case Op.LoadAligned128:
      return loadVector(uop, 16, op == Op.LoadAligned128);
    case Op.Load256:
    case Op.LoadAligned256:
      return loadVector(uop, 32, op == Op.LoadAligned256);
    case Op.Store128:
    case Op.StoreAligned128:
      return storeVector(uop, 16, op == Op.StoreAligned128);
    case Op.Store256:
    case Op.StoreAligned256:
      return storeVector(uop, 32, op == Op.StoreAligned256);
    case Op.LoadSegment128:
    case Op.LoadSegmentAligned128:
      return loadVectorSegmented(uop, 16, op == Op.LoadSegmentAligned128);
    case Op.LoadSegment256:
    case Op.LoadSegmentAligned256:
      return loadVectorSegmented(uop, 32, op == Op.LoadSegmentAligned256);
    case Op.StoreSegment128:
    case Op.StoreSegmentAligned128:
      return storeVectorSegmented(uop, 16, op == Op.StoreSegmentAligned128);
    case Op.StoreSegment256:
    case Op.StoreSegmentAligned256:
      return storeVectorSegmented(uop, 32, op == Op.StoreSegmentAligned256);
    case Op.Push16:
      return pushOperand<u16>(uop);
    case Op.Push32:
      return pushOperand<u32>(uop);
    case Op.Push64:
      return pushOperand<u64>(uop);
    case Op.Pop16:
      return popOperand<u16>(uop);
    case Op.Pop32:
      return popOperand<u32>(uop);
    case Op.Pop64:
      return popOperand<u64>(uop);
    case Op.Peek16:
      return peekOperand<u16>(uop);
    case Op.Peek32:
      return peekOperand<u32>(uop);
    case Op.Peek64:
      return peekOperand<u64>(uop);
    case Op.Drop:
      moveStackPointer(load<u64>(uop, UOP_IMM));
      return false;
    case Op.Shl8:
      setDestination<u8>(uop, shiftLeft<u8>(sourceA<u8>(uop), countB(uop)));
      return false;
    case Op.Shl16:
      setDestination<u16>(uop, shiftLeft<u16>(sourceA<u16>(uop), countB(uop)));
      return false;
    case Op.Shr8:
      setDestination<u8>(uop, shiftRight<u8>(sourceA<u8>(uop), countB(uop)));
      return false;
    case Op.Shr16:
      setDestination<u16>(uop, shiftRight<u16>(sourceA<u16>(uop), countB(uop)));
      return false;
    case Op.Mul32:
      multiplyUnsigned<u32>(uop);
      return false;
    case Op.Mul64:
      multiplyUnsigned<u64>(uop);
      return false;
    case Op.Bt32:
      bitTest<u32>(sourceA<u32>(uop), sourceB<u32>(uop));
      return false;
    case Op.Bts32:
      setDestination<u32>(uop, bitTestAndSet<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
      return false;
    case Op.Btr32:
      setDestination<u32>(uop, bitTestAndReset<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
      return false;
    case Op.Bsf32:
      bitScanForward<u32>(uop);
      return false;
    case Op.Bsr32:
      bitScanReverse<u32>(uop);
      return false;
    case Op.Bsr64:
      bitScanReverse<u64>(uop);
      return false;
    case Op.Tzcnt32:
      setDestination<u32>(uop, trailingZeroCount<u32>(sourceA<u32>(uop)));
      return false;
    case Op.Lzcnt32:
      setDestination<u32>(uop, leadingZeroCount<u32>(sourceA<u32>(uop)));
      return false;
    case Op.Lzcnt64:
      setDestination<u64>(uop, leadingZeroCount<u64>(sourceA<u64>(uop)));
      return false;
    case Op.Popcnt32:
      setDestination<u32>(uop, populationCount<u32>(sourceA<u32>(uop)));
      return false;
    case Op.Popcnt64:
      setDestination<u64>(uop, populationCount<u64>(sourceA<u64>(uop)));
      return false;
    case Op.Xchg32:
      exchange<u32>(uop);
      return false;
    case Op.Xchg64:
      exchange<u64>(uop);
      return false;
    case Op.CmpXchg32:
      compareExchange<u32>(uop);
      return false;
    case Op.CmpXchg64:
      compareExchange<u64>(uop);
      return false;
    case Op.Unimplemented:
      store<u32>(FAULT, FAULT_UNIMPLEMENTED);
      return true;
    default:
      return executeFamily(uop, op);
  }
}

function executeFamily(uop: u32, op: i32): bool {
  if (op >= Op.Rol8 && op <= Op.Sar64) executeShift(uop, op);
  else if (op >= Op.Shld16 && op <= Op.Shrd64) executeDoubleShift(uop, op);
  else if (op >= Op.Mul8 && op <= Op.Idiv64) return executeMultiplyDivide(uop, op);
  else if (op >= Op.Bt16 && op <= Op.Popcnt64) executeBit(uop, op);
  else if (op >= Op.Andn32 && op <= Op.Adox64) executeBitManipulation(uop, op);
  else executeRemaining(uop, op);
  return false;
}
