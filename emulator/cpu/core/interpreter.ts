/**
 * The interpreter: executes decoded blocks out of linear memory, one micro-op at a time.
 *
 * The loop over micro-ops is one long function on purpose: every hot operation is an arm of one jump table, with the
 * micro-op's address and the block's in locals. Rare operations are calls. Benchmark: scripts/bench-interpreter.ts.
 *
 * Accounting. `remaining` counts the instructions that may still be executed, less those of the block that was entered:
 * a block is paid for at its entry and what it did not execute is given back. A block that does not fit is entered with
 * an Op.Stop planted before the first instruction too many. RETIRED = end - remaining wherever it is exact.
 */
import {
  BLOCK_FALL,
  BLOCK_HEADER_BYTES,
  BLOCK_INSTRUCTIONS,
  BLOCK_RIP,
  BLOCK_TAKEN,
  CODE_MODIFIED,
  CURRENT_BLOCK,
  FAULT,
  FAULT_UNIMPLEMENTED,
  INSTRUCTION_RIP,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  LAST_BLOCKS_POSITION,
  RETIRED,
  RIP,
} from '../../isa/state-layout';
import {
  Op,
  UOP_EXTRA,
  UOP_IMM,
  UOP_INDEX,
  UOP_LENGTH,
  UOP_SIZE_BYTES,
  UOP_START,
} from '../../isa/uop';
import { jumpCacheBlock } from './code-cache';
import { executeDoor } from './doors';
import { faulted, raise } from './exceptions';
import {
  carryFlag,
  carryOrZero,
  overflowFlag,
  parityFlag,
  signFlag,
  signNotOverflow,
  zeroFlag,
} from './flags';
import { blockAt, followLink } from './instruction-fetch';
import {
  fastTop,
  loadFlat,
  loadForStoreFlat,
  popFlat,
  pushFlat,
  slowTop,
  storeFlat,
  stopIfCodeModified,
  topIsFast,
} from './memory-operations';
import { executeNearTransfer, ripBehind, ripOf, targetFaults } from './near-transfer';
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
  bitTest,
  bitTestAndReset,
  bitTestAndSet,
  populationCount,
  trailingZeroCount,
} from './operations/bit';
import { conditionHolds } from './operations/condition';
import { and, or, xor } from './operations/logic';
import { multiplyTruncated } from './operations/multiply';
import {
  destination,
  effectiveAddress,
  setDestination,
  SLOT_RSP,
  sourceA,
  sourceB,
} from './operations/operand';
import { shiftArithmeticRight, shiftLeft, shiftRight } from './operations/shift';
import { loadSegmented, loadSegmentedForStore, storeSegmented } from './rare-memory';
import { executeRare } from './rare-operations';
import {
  beginRun,
  deliverPendingFault,
  endStep,
  exitReason,
  plantStop,
  RUNNING,
  singleInstruction,
  unplantStop,
  windowOpened,
} from './run-control';
import { SpecialOp } from './specialisation';

/** Why the loop over micro-ops was left; BLOCK_TAKEN and BLOCK_FALL (the offsets of the links) are events too. */
const EVENT_FAULT: i32 = 0; // the instruction did not complete
const EVENT_STOP: i32 = 1; // a planted Op.Stop: its instruction was not executed
const EVENT_DOOR: i32 = 2; // a door ended the block: RIP says where to go on
const EVENT_JUMP: i32 = 3; // to `rip`
const EVENT_BLOCK: i32 = 4; // to the block `next`

/** Executes up to `budget` instructions from RIP on; returns an ExitReason. */
export function run(budget: u64): u32 {
  const end = load<u64>(RETIRED) + budget;
  let remaining = i64(budget);
  let ring = load<u32>(LAST_BLOCKS_POSITION);
  beginRun();
  for (;;) {
    if (load<u32>(FAULT) && !deliverPendingFault(end - u64(remaining))) break;
    if (windowOpened(remaining)) break;
    let block = blockAt(load<u64>(RIP));
    if (block == 0) continue;
    let withheld: i64 = 0;
    if (singleInstruction()) {
      withheld = remaining - 1;
      remaining = 1;
    }
    let count = i64(load<u32>(block, BLOCK_INSTRUCTIONS));
    if (count > remaining) plantStop(block, u32(remaining));
    remaining -= count;
    store<u32>(CURRENT_BLOCK, block);
    ring = (ring + 1) & (LAST_BLOCKS_COUNT - 1);
    store<u32>(LAST_BLOCKS + ring * 4, block);
    let uop = block + BLOCK_HEADER_BYTES;
    let event = EVENT_FAULT;
    let rip: u64 = 0;
    let next: u32 = 0;
    for (; ; uop += UOP_SIZE_BYTES) {
      switch (i32(load<u16>(uop))) {
        case Op.Stop:
          event = EVENT_STOP;
          break;
        case Op.Nop:
          continue;
        case Op.Mov8:
          setDestination<u8>(uop, sourceA<u8>(uop));
          continue;
        case Op.Mov16:
          setDestination<u16>(uop, sourceA<u16>(uop));
          continue;
        case Op.Mov32:
          setDestination<u32>(uop, sourceA<u32>(uop));
          continue;
        case Op.Mov64:
          setDestination<u64>(uop, sourceA<u64>(uop));
          continue;
        case Op.MovZx8To16:
          setDestination<u16>(uop, u16(sourceA<u8>(uop)));
          continue;
        case Op.MovZx8To32:
          setDestination<u32>(uop, u32(sourceA<u8>(uop)));
          continue;
        case Op.MovZx16To32:
          setDestination<u32>(uop, u32(sourceA<u16>(uop)));
          continue;
        case Op.MovSx8To16:
          setDestination<u16>(uop, u16(sourceA<i8>(uop)));
          continue;
        case Op.MovSx8To32:
          setDestination<u32>(uop, u32(sourceA<i8>(uop)));
          continue;
        case Op.MovSx8To64:
          setDestination<u64>(uop, u64(sourceA<i8>(uop)));
          continue;
        case Op.MovSx16To32:
          setDestination<u32>(uop, u32(sourceA<i16>(uop)));
          continue;
        case Op.MovSx16To64:
          setDestination<u64>(uop, u64(sourceA<i16>(uop)));
          continue;
        case Op.MovSx32To64:
          setDestination<u64>(uop, u64(sourceA<i32>(uop)));
          continue;
        case Op.Ea16:
          setDestination<u64>(uop, effectiveAddress(uop) & 0xffff);
          continue;
        case Op.Ea32:
          setDestination<u32>(uop, u32(effectiveAddress(uop)));
          continue;
        case Op.Ea64:
          setDestination<u64>(uop, effectiveAddress(uop));
          continue;
        case Op.Cmov16:
          if (conditionHolds(load<u32>(uop, UOP_EXTRA)))
            setDestination<u16>(uop, sourceA<u16>(uop));
          continue;
        case Op.Cmov32:
          setDestination<u32>(
            uop,
            conditionHolds(load<u32>(uop, UOP_EXTRA)) ? sourceA<u32>(uop) : destination<u32>(uop),
          );
          continue;
        case Op.Cmov64:
          if (conditionHolds(load<u32>(uop, UOP_EXTRA)))
            setDestination<u64>(uop, sourceA<u64>(uop));
          continue;
        case Op.Setcc8:
          setDestination<u8>(uop, u8(conditionHolds(load<u32>(uop, UOP_EXTRA))));
          continue;
        case Op.Add8:
          setDestination<u8>(uop, add<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Add16:
          setDestination<u16>(uop, add<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.Add32:
          setDestination<u32>(uop, add<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Add64:
          setDestination<u64>(uop, add<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Or8:
          setDestination<u8>(uop, or<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Or16:
          setDestination<u16>(uop, or<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.Or32:
          setDestination<u32>(uop, or<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Or64:
          setDestination<u64>(uop, or<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Adc8:
          setDestination<u8>(uop, addWithCarry<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Adc16:
          setDestination<u16>(uop, addWithCarry<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.Adc32:
          setDestination<u32>(uop, addWithCarry<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Adc64:
          setDestination<u64>(uop, addWithCarry<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Sbb8:
          setDestination<u8>(uop, subtractWithBorrow<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Sbb16:
          setDestination<u16>(uop, subtractWithBorrow<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.Sbb32:
          setDestination<u32>(uop, subtractWithBorrow<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Sbb64:
          setDestination<u64>(uop, subtractWithBorrow<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.And8:
          setDestination<u8>(uop, and<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.And16:
          setDestination<u16>(uop, and<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.And32:
          setDestination<u32>(uop, and<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.And64:
          setDestination<u64>(uop, and<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Sub8:
          setDestination<u8>(uop, subtract<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Sub16:
          setDestination<u16>(uop, subtract<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.Sub32:
          setDestination<u32>(uop, subtract<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Sub64:
          setDestination<u64>(uop, subtract<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Xor8:
          setDestination<u8>(uop, xor<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Xor16:
          setDestination<u16>(uop, xor<u16>(sourceA<u16>(uop), sourceB<u16>(uop)));
          continue;
        case Op.Xor32:
          setDestination<u32>(uop, xor<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Xor64:
          setDestination<u64>(uop, xor<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Cmp8:
          subtract<u8>(sourceA<u8>(uop), sourceB<u8>(uop));
          continue;
        case Op.Cmp16:
          subtract<u16>(sourceA<u16>(uop), sourceB<u16>(uop));
          continue;
        case Op.Cmp32:
          subtract<u32>(sourceA<u32>(uop), sourceB<u32>(uop));
          continue;
        case Op.Cmp64:
          subtract<u64>(sourceA<u64>(uop), sourceB<u64>(uop));
          continue;
        case Op.Test8:
          and<u8>(sourceA<u8>(uop), sourceB<u8>(uop));
          continue;
        case Op.Test16:
          and<u16>(sourceA<u16>(uop), sourceB<u16>(uop));
          continue;
        case Op.Test32:
          and<u32>(sourceA<u32>(uop), sourceB<u32>(uop));
          continue;
        case Op.Test64:
          and<u64>(sourceA<u64>(uop), sourceB<u64>(uop));
          continue;
        case Op.Inc8:
          setDestination<u8>(uop, increment<u8>(sourceA<u8>(uop)));
          continue;
        case Op.Inc16:
          setDestination<u16>(uop, increment<u16>(sourceA<u16>(uop)));
          continue;
        case Op.Inc32:
          setDestination<u32>(uop, increment<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Inc64:
          setDestination<u64>(uop, increment<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Dec8:
          setDestination<u8>(uop, decrement<u8>(sourceA<u8>(uop)));
          continue;
        case Op.Dec16:
          setDestination<u16>(uop, decrement<u16>(sourceA<u16>(uop)));
          continue;
        case Op.Dec32:
          setDestination<u32>(uop, decrement<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Dec64:
          setDestination<u64>(uop, decrement<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Neg8:
          setDestination<u8>(uop, negate<u8>(sourceA<u8>(uop)));
          continue;
        case Op.Neg16:
          setDestination<u16>(uop, negate<u16>(sourceA<u16>(uop)));
          continue;
        case Op.Neg32:
          setDestination<u32>(uop, negate<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Neg64:
          setDestination<u64>(uop, negate<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Not8:
          setDestination<u8>(uop, ~sourceA<u8>(uop));
          continue;
        case Op.Not16:
          setDestination<u16>(uop, ~sourceA<u16>(uop));
          continue;
        case Op.Not32:
          setDestination<u32>(uop, ~sourceA<u32>(uop));
          continue;
        case Op.Not64:
          setDestination<u64>(uop, ~sourceA<u64>(uop));
          continue;
        case Op.Shl32:
          setDestination<u32>(uop, shiftLeft<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Shl64:
          setDestination<u64>(uop, shiftLeft<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.Shr32:
          setDestination<u32>(uop, shiftRight<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Shr64:
          setDestination<u64>(uop, shiftRight<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.Sar32:
          setDestination<u32>(uop, shiftArithmeticRight<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Sar64:
          setDestination<u64>(uop, shiftArithmeticRight<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.ImulTwo32:
          setDestination<u32>(uop, multiplyTruncated<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.ImulTwo64:
          setDestination<u64>(uop, multiplyTruncated<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Bt32:
          bitTest<u32>(sourceA<u32>(uop), sourceB<u32>(uop));
          continue;
        case Op.Bt64:
          bitTest<u64>(sourceA<u64>(uop), sourceB<u64>(uop));
          continue;
        case Op.Bts32:
          setDestination<u32>(uop, bitTestAndSet<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Bts64:
          setDestination<u64>(uop, bitTestAndSet<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Btr32:
          setDestination<u32>(uop, bitTestAndReset<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Btr64:
          setDestination<u64>(uop, bitTestAndReset<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Bsf32:
          bitScanForward<u32>(uop);
          continue;
        case Op.Bsf64:
          bitScanForward<u64>(uop);
          continue;
        case Op.Tzcnt32:
          setDestination<u32>(uop, trailingZeroCount<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Tzcnt64:
          setDestination<u64>(uop, trailingZeroCount<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Popcnt64:
          setDestination<u64>(uop, populationCount<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Load8:
          if (loadFlat<u8, u8>(uop)) break;
          continue;
        case Op.Load16:
          if (loadFlat<u16, u16>(uop)) break;
          continue;
        case Op.Load32:
          if (loadFlat<u32, u32>(uop)) break;
          continue;
        case Op.Load64:
          if (loadFlat<u64, u64>(uop)) break;
          continue;
        case Op.LoadZx8To32:
          if (loadFlat<u8, u32>(uop)) break;
          continue;
        case Op.LoadZx16To32:
          if (loadFlat<u16, u32>(uop)) break;
          continue;
        case Op.LoadSx8To32:
          if (loadFlat<i8, u32>(uop)) break;
          continue;
        case Op.LoadSx8To64:
          if (loadFlat<i8, u64>(uop)) break;
          continue;
        case Op.LoadSx16To32:
          if (loadFlat<i16, u32>(uop)) break;
          continue;
        case Op.LoadSx16To64:
          if (loadFlat<i16, u64>(uop)) break;
          continue;
        case Op.LoadSx32To64:
          if (loadFlat<i32, u64>(uop)) break;
          continue;
        case Op.LoadForStore8:
          if (loadForStoreFlat<u8>(uop)) break;
          continue;
        case Op.LoadForStore16:
          if (loadForStoreFlat<u16>(uop)) break;
          continue;
        case Op.LoadForStore32:
          if (loadForStoreFlat<u32>(uop)) break;
          continue;
        case Op.LoadForStore64:
          if (loadForStoreFlat<u64>(uop)) break;
          continue;
        case Op.Store8:
          if (storeFlat<u8>(uop)) break;
          continue;
        case Op.Store16:
          if (storeFlat<u16>(uop)) break;
          continue;
        case Op.Store32:
          if (storeFlat<u32>(uop)) break;
          continue;
        case Op.Store64:
          if (storeFlat<u64>(uop)) break;
          continue;
        case Op.LoadSegment8:
          if (loadSegmented<u8>(uop)) break;
          continue;
        case Op.LoadSegment16:
          if (loadSegmented<u16>(uop)) break;
          continue;
        case Op.LoadSegment32:
          if (loadSegmented<u32>(uop)) break;
          continue;
        case Op.LoadSegment64:
          if (loadSegmented<u64>(uop)) break;
          continue;
        case Op.LoadSegmentForStore8:
          if (loadSegmentedForStore<u8>(uop)) break;
          continue;
        case Op.LoadSegmentForStore16:
          if (loadSegmentedForStore<u16>(uop)) break;
          continue;
        case Op.LoadSegmentForStore32:
          if (loadSegmentedForStore<u32>(uop)) break;
          continue;
        case Op.LoadSegmentForStore64:
          if (loadSegmentedForStore<u64>(uop)) break;
          continue;
        case Op.StoreSegment8:
          if (storeSegmented<u8>(uop)) break;
          continue;
        case Op.StoreSegment16:
          if (storeSegmented<u16>(uop)) break;
          continue;
        case Op.StoreSegment32:
          if (storeSegmented<u32>(uop)) break;
          continue;
        case Op.StoreSegment64:
          if (storeSegmented<u64>(uop)) break;
          continue;
        case Op.Push64Flat:
          if (pushFlat(uop, sourceA<u64>(uop))) break;
          continue;
        case Op.Pop64Flat:
          if (popFlat(uop)) break;
          continue;
        case SpecialOp.JccO:
          event = overflowFlag() != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccNO:
          event = overflowFlag() != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccB:
          event = carryFlag() != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccAE:
          event = carryFlag() != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccE:
          event = zeroFlag() ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccNE:
          event = zeroFlag() ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccBE:
          event = carryOrZero() != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccA:
          event = carryOrZero() != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccS:
          event = signFlag() != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccNS:
          event = signFlag() != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccP:
          event = parityFlag() != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccNP:
          event = parityFlag() != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccL:
          event = signNotOverflow() != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccGE:
          event = signNotOverflow() != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JccLE:
          event = (signNotOverflow() | u32(zeroFlag())) != 0 ? BLOCK_TAKEN : BLOCK_FALL;
          break;
        case SpecialOp.JccG:
          event = (signNotOverflow() | u32(zeroFlag())) != 0 ? BLOCK_FALL : BLOCK_TAKEN;
          break;
        case SpecialOp.JmpFlat:
          event = BLOCK_TAKEN;
          break;
        case Op.EndBlock:
          event = BLOCK_FALL;
          break;
        case Op.JmpIndirect:
          next = jumpCacheBlock(sourceA<u64>(uop));
          event = EVENT_BLOCK;
          if (next) break;
          event = EVENT_FAULT;
          if (executeNearTransfer(uop)) break;
          rip = load<u64>(RIP);
          event = EVENT_JUMP;
          break;
        case Op.CallFlat:
          if (pushFlat(uop, ripAfter(block, uop))) break;
          event = BLOCK_TAKEN;
          break;
        case Op.CallIndirectFlat:
          rip = sourceA<u64>(uop);
          next = jumpCacheBlock(rip);
          if (next == 0 && targetFaults(rip)) break;
          if (pushFlat(uop, ripAfter(block, uop))) break;
          event = EVENT_JUMP;
          break;
        case Op.RetFlat:
          rip = topIsFast() ? fastTop() : slowTop();
          if (faulted()) break;
          next = jumpCacheBlock(rip);
          if (next == 0 && targetFaults(rip)) break;
          store<u64>(SLOT_RSP, load<u64>(SLOT_RSP) + 8 + load<u64>(uop, UOP_IMM));
          event = EVENT_JUMP;
          break;
        case Op.Jmp:
        case Op.Jcc:
        case Op.CallNear:
        case Op.CallIndirectNear:
        case Op.RetNear:
        case Op.Loop:
        case Op.Loope:
        case Op.Loopne:
        case Op.Jcxz:
          if (executeNearTransfer(uop)) break;
          rip = load<u64>(RIP);
          event = EVENT_JUMP;
          break;
        case Op.Raise:
          raise(load<u32>(uop, UOP_IMM), load<u32>(uop, UOP_EXTRA));
          break;
        case Op.Unimplemented:
          store<u32>(FAULT, FAULT_UNIMPLEMENTED);
          break;
        case Op.Microcode:
        case Op.MicrocodeEnd:
          store<u64>(RIP, ripBehind(uop));
          store<u64>(INSTRUCTION_RIP, ripOf(uop));
          store<u64>(RETIRED, retiredBefore(uop, end, remaining + withheld, count));
          executeDoor(uop);
          if (faulted()) break;
          if (i32(load<u16>(uop)) == Op.Microcode) {
            stopIfCodeModified(uop);
            if (exitReason == RUNNING) continue;
            remaining += count - i64(load<u8>(uop, UOP_INDEX)) - 1; // what the block has left
          }
          store<u32>(CODE_MODIFIED, 0);
          event = EVENT_DOOR;
          break;
        default:
          if (executeRare(uop)) break;
          continue;
      }
      if (event >= BLOCK_TAKEN) {
        next = load<u32>(block + u32(event));
        if (next == 0) {
          rip = event == BLOCK_TAKEN ? load<u64>(uop, UOP_IMM) : ripBehind(uop);
          next = followLink(block, u32(event), rip);
        }
      } else if (event == EVENT_JUMP) {
        if (next == 0) next = blockAt(rip);
      } else if (event != EVENT_BLOCK) break;
      event = EVENT_DOOR;
      if (next == 0) {
        store<u64>(RIP, rip); // the fetch has faulted there
        break;
      }
      count = i64(load<u32>(next, BLOCK_INSTRUCTIONS));
      if (count > remaining) {
        store<u64>(RIP, load<u64>(next, BLOCK_RIP));
        break;
      }
      remaining -= count;
      block = next;
      store<u32>(CURRENT_BLOCK, block);
      ring = (ring + 1) & (LAST_BLOCKS_COUNT - 1);
      store<u32>(LAST_BLOCKS + ring * 4, block);
      uop = block + (BLOCK_HEADER_BYTES - UOP_SIZE_BYTES);
      event = EVENT_FAULT;
      next = 0;
    }
    unplantStop();
    if (event <= EVENT_STOP) {
      remaining += count - i64(load<u8>(uop, UOP_INDEX));
      store<u64>(RIP, ripOf(uop));
    }
    remaining += withheld;
    if (event != EVENT_FAULT) endStep(end - u64(remaining));
    if (exitReason != RUNNING) break;
  }
  store<u64>(RETIRED, end - u64(remaining));
  store<u32>(LAST_BLOCKS_POSITION, ring);
  store<u32>(CURRENT_BLOCK, 0);
  return exitReason;
}

/** Count byte of a shift.
 * @inline */
function countB(uop: u32): u32 {
  return u32(sourceB<u8>(uop));
}

/** RIP behind a flat call.
 * @inline */
function ripAfter(block: u32, uop: u32): u64 {
  return (
    load<u64>(block, BLOCK_RIP) + u64(load<u16>(uop, UOP_START)) + u64(load<u8>(uop, UOP_LENGTH))
  );
}

/** Instructions retired before the micro-op's own. */
function retiredBefore(uop: u32, end: u64, remaining: i64, count: i64): u64 {
  return end - u64(remaining + count - i64(load<u8>(uop, UOP_INDEX)));
}
