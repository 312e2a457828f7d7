/**
 * The interpreter: executes decoded blocks out of linear memory, one micro-op at a time.
 * The loop over micro-ops is one long function on purpose: hot operations are arms of one jump table, rare ones are calls.
 * Accounting. `remaining` counts the instructions that may still be executed, less those of the block that was entered:
 * a block is paid for at its entry and what it did not execute is given back. A block that does not fit is entered with
 * an Op.Stop planted before the first instruction too many. RETIRED = end - remaining wherever it is exact.
 */
import * as layout from '../../isa/state-layout';
import { Op, SpecialOp, UOP_EXTRA, UOP_IMM, UOP_SIZE_BYTES } from '../../isa/uop';
import { instructionBreakpoint } from './breakpoints';
import { jumpCacheBlock } from './code-cache';
import { executeDoor } from './doors';
import { faulted, raise } from './exceptions';
import * as flags from './flags';
import { blockAt, followLink } from './instruction-fetch';
import * as flat from './memory-operations';
import * as transfer from './near-transfer';
import { add, addWithCarry, subtract, subtractWithBorrow } from './operations/arithmetic';
import { decrement, increment, negate } from './operations/arithmetic';
import * as bit from './operations/bit';
import { conditionHolds } from './operations/condition';
import { and, or, xor } from './operations/logic';
import { multiplyTruncated } from './operations/multiply';
import { countB, effectiveAddress, SLOT_RSP } from './operations/operand';
import { destination, setDestination, sourceA, sourceB } from './operations/operand';
import * as shift from './operations/shift';
import { executeRare } from './rare-operations';
import * as control from './run-control';
import { TIMED } from './timed';
import * as timed from './timed-run';
import * as translated from './translated-run';
import { executeVector } from './vectors/vector-operations';

/** Why the micro-ops' loop was left. BLOCK_TAKEN and BLOCK_FALL (offsets of links) are events, too. */
const EVENT_FAULT: i32 = 0; // the instruction did not complete
const EVENT_STOP: i32 = 1; // a planted Op.Stop: its instruction was not executed
const EVENT_DOOR: i32 = 2; // a door ended the block: RIP says where to go on
const EVENT_JUMP: i32 = 3; // to `rip`
const EVENT_BLOCK: i32 = 4; // to the block `next`

/** Executes up to `budget` instructions from layout.RIP on; returns an ExitReason. */
export function run(budget: u64): u32 {
  let end = load<u64>(layout.RETIRED) + budget;
  let remaining = i64(budget);
  let ring = load<u32>(layout.LAST_BLOCKS_POSITION);
  control.beginRun();
  for (;;) {
    if (load<u32>(layout.FAULT) && !control.deliverPendingFault(end - u64(remaining))) break;
    if (control.windowOpened(remaining)) break;
    if (instructionBreakpoint()) continue;
    let block = blockAt(load<u64>(layout.RIP));
    if (block == 0) continue;
    let withheld: i64 = 0;
    if (control.singleInstruction()) {
      withheld = remaining - 1;
      remaining = 1;
    }
    let count = i64(load<u32>(block, layout.BLOCK_INSTRUCTIONS));
    if (count > remaining) control.plantStop(block, u32(remaining));
    remaining -= count;
    ring = control.recordEntry(block, ring);
    let uop = block + layout.BLOCK_HEADER_BYTES;
    if ((!TIMED || withheld == 0) && translated.isHot(block)) {
      uop = translated.execute(block, remaining, ring, end);
      block = translated.block;
      count = i64(load<u32>(block, layout.BLOCK_INSTRUCTIONS));
      remaining = translated.remaining;
      ring = translated.ring;
      if (uop == 0 && TIMED) break;
      if (uop == 0) continue;
    }
    let event = EVENT_FAULT;
    let rip: u64 = 0;
    let next: u32 = 0;
    let from: u32 = 0; // the timed core: the first instruction that the engine has not heard of
    for (; ; uop += UOP_SIZE_BYTES) {
      switch (i32(load<u16>(uop))) {
        case Op.Stop:
          event = EVENT_STOP;
          break;
        case Op.Nop:
          if (TIMED) timed.notePrefetch(uop);
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
        case Op.MovZx8To32:
          setDestination<u32>(uop, u32(sourceA<u8>(uop)));
          continue;
        case Op.MovZx16To32:
          setDestination<u32>(uop, u32(sourceA<u16>(uop)));
          continue;
        case Op.MovSx8To32:
          setDestination<u32>(uop, u32(sourceA<i8>(uop)));
          continue;
        case Op.MovSx16To32:
          setDestination<u32>(uop, u32(sourceA<i16>(uop)));
          continue;
        case Op.MovSx32To64:
          setDestination<u64>(uop, u64(sourceA<i32>(uop)));
          continue;
        case Op.Ea32:
          setDestination<u32>(uop, u32(effectiveAddress(uop)));
          continue;
        case Op.Ea64:
          setDestination<u64>(uop, effectiveAddress(uop));
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
        case Op.Add32:
          setDestination<u32>(uop, add<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Add64:
          setDestination<u64>(uop, add<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Or8:
          setDestination<u8>(uop, or<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
          continue;
        case Op.Or32:
          setDestination<u32>(uop, or<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Or64:
          setDestination<u64>(uop, or<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Adc32:
          setDestination<u32>(uop, addWithCarry<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Adc64:
          setDestination<u64>(uop, addWithCarry<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
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
        case Op.And32:
          setDestination<u32>(uop, and<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.And64:
          setDestination<u64>(uop, and<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Sub8:
          setDestination<u8>(uop, subtract<u8>(sourceA<u8>(uop), sourceB<u8>(uop)));
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
        case Op.Xor32:
          setDestination<u32>(uop, xor<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.Xor64:
          setDestination<u64>(uop, xor<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Cmp8:
          subtract<u8>(sourceA<u8>(uop), sourceB<u8>(uop));
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
        case Op.Test32:
          and<u32>(sourceA<u32>(uop), sourceB<u32>(uop));
          continue;
        case Op.Test64:
          and<u64>(sourceA<u64>(uop), sourceB<u64>(uop));
          continue;
        case Op.Inc32:
          setDestination<u32>(uop, increment<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Inc64:
          setDestination<u64>(uop, increment<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Dec32:
          setDestination<u32>(uop, decrement<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Dec64:
          setDestination<u64>(uop, decrement<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Neg32:
          setDestination<u32>(uop, negate<u32>(sourceA<u32>(uop)));
          continue;
        case Op.Neg64:
          setDestination<u64>(uop, negate<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Not32:
          setDestination<u32>(uop, ~sourceA<u32>(uop));
          continue;
        case Op.Not64:
          setDestination<u64>(uop, ~sourceA<u64>(uop));
          continue;
        case Op.Rol32:
          setDestination<u32>(uop, shift.rotateLeft<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Rol64:
          setDestination<u64>(uop, shift.rotateLeft<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.Ror32:
          setDestination<u32>(uop, shift.rotateRight<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Ror64:
          setDestination<u64>(uop, shift.rotateRight<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.Shl32:
          setDestination<u32>(uop, shift.shiftLeft<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Shl64:
          setDestination<u64>(uop, shift.shiftLeft<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.Shr32:
          setDestination<u32>(uop, shift.shiftRight<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Shr64:
          setDestination<u64>(uop, shift.shiftRight<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.Sar32:
          setDestination<u32>(uop, shift.shiftArithmeticRight<u32>(sourceA<u32>(uop), countB(uop)));
          continue;
        case Op.Sar64:
          setDestination<u64>(uop, shift.shiftArithmeticRight<u64>(sourceA<u64>(uop), countB(uop)));
          continue;
        case Op.ImulTwo32:
          setDestination<u32>(uop, multiplyTruncated<u32>(sourceA<u32>(uop), sourceB<u32>(uop)));
          continue;
        case Op.ImulTwo64:
          setDestination<u64>(uop, multiplyTruncated<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Bt64:
          bit.bitTest<u64>(sourceA<u64>(uop), sourceB<u64>(uop));
          continue;
        case Op.Bts64:
          setDestination<u64>(uop, bit.bitTestAndSet<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Btr64:
          setDestination<u64>(uop, bit.bitTestAndReset<u64>(sourceA<u64>(uop), sourceB<u64>(uop)));
          continue;
        case Op.Bsf64:
          bit.bitScanForward<u64>(uop);
          continue;
        case Op.Tzcnt64:
          setDestination<u64>(uop, bit.trailingZeroCount<u64>(sourceA<u64>(uop)));
          continue;
        case Op.Load8:
          if (flat.loadOperand<u8, u8>(uop)) break;
          continue;
        case Op.Load32:
          if (flat.loadOperand<u32, u32>(uop)) break;
          continue;
        case Op.Load64:
          if (flat.loadOperand<u64, u64>(uop)) break;
          continue;
        case Op.LoadZx8To32:
          if (flat.loadOperand<u8, u32>(uop)) break;
          continue;
        case Op.LoadZx16To32:
          if (flat.loadOperand<u16, u32>(uop)) break;
          continue;
        case Op.LoadSx8To32:
          if (flat.loadOperand<i8, u32>(uop)) break;
          continue;
        case Op.LoadSx16To32:
          if (flat.loadOperand<i16, u32>(uop)) break;
          continue;
        case Op.LoadSx32To64:
          if (flat.loadOperand<i32, u64>(uop)) break;
          continue;
        case Op.LoadForStore8:
          if (flat.loadOperandForStore<u8>(uop)) break;
          continue;
        case Op.LoadForStore32:
          if (flat.loadOperandForStore<u32>(uop)) break;
          continue;
        case Op.LoadForStore64:
          if (flat.loadOperandForStore<u64>(uop)) break;
          continue;
        case Op.Store8:
          if (flat.storeOperand<u8>(uop)) break;
          continue;
        case Op.Store16:
          if (flat.storeOperand<u16>(uop)) break;
          continue;
        case Op.Store32:
          if (flat.storeOperand<u32>(uop)) break;
          continue;
        case Op.Store64:
          if (flat.storeOperand<u64>(uop)) break;
          continue;
        case Op.Push64Flat:
          if (flat.pushQuadword(uop, sourceA<u64>(uop))) break;
          continue;
        case Op.Pop64Flat:
          if (flat.popQuadword(uop)) break;
          continue;
        case SpecialOp.JccB:
          event = flags.carryFlag() != 0 ? layout.BLOCK_TAKEN : layout.BLOCK_FALL;
          break;
        case SpecialOp.JccAE:
          event = flags.carryFlag() != 0 ? layout.BLOCK_FALL : layout.BLOCK_TAKEN;
          break;
        case SpecialOp.JccE:
          event = flags.zeroFlag() ? layout.BLOCK_TAKEN : layout.BLOCK_FALL;
          break;
        case SpecialOp.JccNE:
          event = flags.zeroFlag() ? layout.BLOCK_FALL : layout.BLOCK_TAKEN;
          break;
        case SpecialOp.JccBE:
          event = flags.carryOrZero() != 0 ? layout.BLOCK_TAKEN : layout.BLOCK_FALL;
          break;
        case SpecialOp.JccA:
          event = flags.carryOrZero() != 0 ? layout.BLOCK_FALL : layout.BLOCK_TAKEN;
          break;
        case SpecialOp.JccS:
          event = flags.signFlag() != 0 ? layout.BLOCK_TAKEN : layout.BLOCK_FALL;
          break;
        case SpecialOp.JccNS:
          event = flags.signFlag() != 0 ? layout.BLOCK_FALL : layout.BLOCK_TAKEN;
          break;
        case SpecialOp.JccL:
          event = flags.signNotOverflow() != 0 ? layout.BLOCK_TAKEN : layout.BLOCK_FALL;
          break;
        case SpecialOp.JccGE:
          event = flags.signNotOverflow() != 0 ? layout.BLOCK_FALL : layout.BLOCK_TAKEN;
          break;
        case SpecialOp.JccLE:
          event = flags.lessOrEqual() != 0 ? layout.BLOCK_TAKEN : layout.BLOCK_FALL;
          break;
        case SpecialOp.JccG:
          event = flags.lessOrEqual() != 0 ? layout.BLOCK_FALL : layout.BLOCK_TAKEN;
          break;
        case SpecialOp.JmpFlat:
          event = layout.BLOCK_TAKEN;
          break;
        case Op.EndBlock:
          event = layout.BLOCK_FALL;
          break;
        case Op.JmpIndirect:
          next = jumpCacheBlock(sourceA<u64>(uop));
          event = EVENT_BLOCK;
          if (next) break;
          event = EVENT_FAULT;
          if (transfer.executeNearTransfer(uop)) break;
          rip = load<u64>(layout.RIP);
          event = EVENT_JUMP;
          break;
        case Op.CallFlat:
          if (flat.pushQuadword(uop, transfer.ripBehindFlat(block, uop))) break;
          event = layout.BLOCK_TAKEN;
          break;
        case Op.CallIndirectFlat:
          rip = sourceA<u64>(uop);
          if (jumpCacheBlock(rip) == 0 && transfer.targetFaults(rip)) break;
          if (flat.pushQuadword(uop, transfer.ripBehindFlat(block, uop))) break;
          event = EVENT_JUMP;
          break;
        case Op.RetFlat:
          if (TIMED) flat.logTop(uop);
          rip = flat.topIsFast() ? flat.fastTop() : flat.slowTop();
          if (faulted()) break;
          next = jumpCacheBlock(rip);
          if (next == 0 && transfer.targetFaults(rip)) break;
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
          if (transfer.executeNearTransfer(uop)) break;
          rip = load<u64>(layout.RIP);
          event = EVENT_JUMP;
          break;
        case Op.Raise:
          raise(load<u32>(uop, UOP_IMM), load<u32>(uop, UOP_EXTRA));
          break;
        case Op.Microcode:
        case Op.MicrocodeEnd:
          store<u64>(layout.RIP, transfer.ripBehind(uop));
          store<u64>(layout.INSTRUCTION_RIP, transfer.ripOf(uop));
          store<u64>(layout.RETIRED, end - u64(remaining + withheld + control.left(uop, count)));
          if (TIMED) from = timed.beforeDoor(block, from, uop);
          executeDoor(uop);
          if (control.doorFaulted()) break;
          if (i32(load<u16>(uop)) == Op.Microcode) {
            flat.stopIfCodeModified(uop);
            if (control.exitReason == control.RUNNING) continue;
            remaining += control.left(uop, count) - 1;
          }
          event = EVENT_DOOR;
          if (TIMED && timed.leaveByDoor(block, from, uop, load<u64>(layout.RIP)))
            control.deadlineCame();
          break;
        default:
          if (load<u16>(uop) >= u16(Op.RequireSse) ? executeVector(uop) : executeRare(uop)) break;
          continue;
      }
      if (TIMED && event >= EVENT_JUMP) {
        if (timed.leaveBlock(block, from, u32(count), uop, event, rip, next)) {
          control.deadlineCame();
          store<u64>(layout.RIP, timed.nextRip);
          event = EVENT_DOOR;
          break;
        }
        from = 0;
      }
      if (event >= layout.BLOCK_TAKEN) {
        next = load<u32>(block + u32(event));
        if (next <= u32(layout.LINK_ELSEWHERE)) {
          rip = event == layout.BLOCK_TAKEN ? load<u64>(uop, UOP_IMM) : transfer.ripBehind(uop);
          if (next) next = jumpCacheBlock(rip);
          if (next == 0) next = followLink(block, u32(event), rip);
        }
      } else if (event == EVENT_JUMP) {
        if (next == 0) next = blockAt(rip);
      } else if (event != EVENT_BLOCK) break;
      event = EVENT_DOOR;
      if (next == 0) {
        store<u64>(layout.RIP, rip); // the fetch has faulted there
        break;
      }
      count = i64(load<u32>(next, layout.BLOCK_INSTRUCTIONS));
      if (count > remaining) {
        store<u64>(layout.RIP, load<u64>(next, layout.BLOCK_RIP));
        break;
      }
      remaining -= count;
      block = next;
      ring = control.recordEntry(block, ring);
      uop = block + (layout.BLOCK_HEADER_BYTES - UOP_SIZE_BYTES);
      if (translated.isHot(block)) {
        uop = translated.execute(block, remaining, ring, end);
        block = translated.block;
        count = i64(load<u32>(block, layout.BLOCK_INSTRUCTIONS));
        remaining = translated.remaining;
        ring = translated.ring;
        if (uop == 0) break;
        uop -= UOP_SIZE_BYTES;
      }
      event = EVENT_FAULT;
      next = 0;
    }
    control.unplantStop();
    if (TIMED && event <= EVENT_STOP) timed.stopBefore(block, from, uop, event == EVENT_FAULT);
    if (event <= EVENT_STOP) {
      remaining += control.left(uop, count);
      store<u64>(layout.RIP, transfer.ripOf(uop));
    }
    remaining += withheld;
    const cut = control.shortening(remaining);
    remaining -= cut;
    end -= u64(cut);
    if (event != EVENT_FAULT) control.endStep(end - u64(remaining));
    if (control.exitReason != control.RUNNING && load<u32>(layout.FAULT) == 0) break;
  }
  store<u64>(layout.RETIRED, end - u64(remaining));
  store<u32>(layout.LAST_BLOCKS_POSITION, ring);
  store<u32>(layout.CURRENT_BLOCK, 0);
  return control.exitReason;
}
