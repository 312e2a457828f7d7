/**
 * Near control transfers that are not simply flat: legacy modes with their CS limit, loops, and the slow sides of
 * the flat ones. On success RIP holds the target. All return whether the instruction has faulted.
 * Source: Intel SDM Vol. 2, JMP, Jcc, CALL, RET, LOOP/LOOPcc, JCXZ.
 */
import {
  BLOCK_RIP,
  CpuMode,
  CURRENT_BLOCK,
  MODE,
  RIP,
  SEGMENT_LIMIT,
} from '../../isa/state-layout';
import { Op, Segment, UOP_EXTRA, UOP_IMM, UOP_LENGTH, UOP_START } from '../../isa/uop';
import { beginInstruction } from './access-log';
import { faulted, GP, raise } from './exceptions';
import { zeroFlag } from './flags';
import { stopIfCodeModified } from './memory-operations';
import { segmentCache, isCanonical } from './mode';
import { conditionHolds } from './operations/condition';
import { setSlot, SLOT_RCX, sourceA } from './operations/operand';
import { moveStackPointer, push, stackRead } from './stack';
import { TIMED } from './timed';

/** RIP of the micro-op's instruction. */
export function ripOf(uop: u32): u64 {
  return truncated(load<u64>(load<u32>(CURRENT_BLOCK), BLOCK_RIP) + u64(load<u16>(uop, UOP_START)));
}

/** RIP of the instruction behind the last one of `block` in 64-bit mode.
 * @inline */
export function ripBehindFlat(block: u32, uop: u32): u64 {
  const distance = u64(load<u16>(uop, UOP_START)) + u64(load<u8>(uop, UOP_LENGTH));
  return load<u64>(block, BLOCK_RIP) + distance;
}

/** RIP of the instruction behind the micro-op's. */
export function ripBehind(uop: u32): u64 {
  const distance = u64(load<u16>(uop, UOP_START)) + u64(load<u8>(uop, UOP_LENGTH));
  return truncated(load<u64>(load<u32>(CURRENT_BLOCK), BLOCK_RIP) + distance);
}

function truncated(rip: u64): u64 {
  return load<u32>(MODE) == CpuMode.Long ? rip : rip & 0xffffffff;
}

/** Whether `rip` cannot be a branch target (#GP(0) is then raised): not canonical, or beyond the CS limit. */
export function targetFaults(rip: u64): bool {
  if (load<u32>(MODE) == CpuMode.Long) {
    if (isCanonical(rip)) return false;
  } else if (rip <= u64(load<u32>(segmentCache(Segment.CS), SEGMENT_LIMIT))) return false;
  raise(GP, 0);
  return true;
}

/** Jmp, Jcc, JmpIndirect, CallNear, CallIndirectNear, RetNear, Loop, Loope, Loopne, Jcxz. */
export function executeNearTransfer(uop: u32): bool {
  if (TIMED) beginInstruction(uop);
  const target = load<u64>(uop, UOP_IMM);
  switch (i32(load<u16>(uop))) {
    case Op.Jcc:
      return branch(uop, conditionHolds(load<u32>(uop, UOP_EXTRA)), target);
    case Op.Jmp:
      return branch(uop, true, target);
    case Op.JmpIndirect:
      return branch(uop, true, sourceA<u64>(uop));
    case Op.CallNear:
      return call(uop, target);
    case Op.CallIndirectNear:
      return call(uop, sourceA<u64>(uop));
    case Op.RetNear:
      return returnNear(load<u32>(uop, UOP_EXTRA) >> 3, target);
    case Op.Jcxz:
      return branch(uop, countRegister(uop) == 0, target);
    default:
      return loop(uop, target);
  }
}

function branch(uop: u32, taken: bool, target: u64): bool {
  if (taken && targetFaults(target)) return true;
  store<u64>(RIP, taken ? target : ripBehind(uop));
  return false;
}

function call(uop: u32, target: u64): bool {
  if (targetFaults(target) || push(ripBehind(uop), load<u32>(uop, UOP_EXTRA) >> 3)) return true;
  stopIfCodeModified(uop);
  store<u64>(RIP, target);
  return false;
}

function returnNear(bytes: u32, drop: u64): bool {
  const target = stackRead(0, bytes);
  if (faulted() || targetFaults(target)) return true;
  moveStackPointer(u64(bytes) + drop);
  store<u64>(RIP, target);
  return false;
}

/** LOOP, LOOPE, LOOPNE: the count register changes only when the branch does not fault. */
function loop(uop: u32, target: u64): bool {
  const op = i32(load<u16>(uop));
  const count = (countRegister(uop) - 1) & countMask(uop);
  let taken: bool = count != 0;
  if (op == Op.Loope) taken = taken && zeroFlag();
  if (op == Op.Loopne) taken = taken && !zeroFlag();
  if (branch(uop, taken, target)) return true;
  const bits = load<u32>(uop, UOP_EXTRA);
  if (bits == 16) store<u16>(SLOT_RCX, u16(count));
  else setSlot<u64>(SLOT_RCX, count);
  return false;
}

function countRegister(uop: u32): u64 {
  return load<u64>(SLOT_RCX) & countMask(uop);
}

/** The bits of the count register that the address size `extra` uses. */
function countMask(uop: u32): u64 {
  return ~u64(0) >> u64(64 - load<u32>(uop, UOP_EXTRA));
}
