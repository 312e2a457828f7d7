/** Tells the call tree by which transfer a block was left: its last micro-op says. */
import {
  BLOCK_HEADER_BYTES,
  BLOCK_INSTRUCTIONS,
  BLOCK_RIP,
  BLOCK_UOPS,
} from '../../isa/state-layout';
import { SystemEvent } from '../../isa/timing-interface';
import { Door, Op, UOP_EXTRA, UOP_IMM, UOP_LENGTH, UOP_SIZE_BYTES, UOP_START } from '../../isa/uop';
import { VECTOR_EXTERNAL, VECTOR_SOFTWARE } from '../call-tree-layout';
import {
  callTreeEnter,
  callTreeInterrupt,
  callTreeInterruptReturn,
  callTreeJump,
  callTreeReturn,
} from './call-tree';

/** Control has left `block` behind its instruction `to` - 1 for `nextRip`; what came before is charged already. */
export function noteTransfer(block: u32, to: u32, nextRip: u64): void {
  if (to != load<u32>(block, BLOCK_INSTRUCTIONS)) return;
  const uop = block + BLOCK_HEADER_BYTES + (load<u32>(block, BLOCK_UOPS) - 1) * UOP_SIZE_BYTES;
  const start = load<u64>(block, BLOCK_RIP) + load<u16>(uop, UOP_START);
  const behind = start + load<u8>(uop, UOP_LENGTH);
  switch (<i32>load<u16>(uop)) {
    case Op.CallFlat:
    case Op.CallIndirectFlat:
    case Op.CallNear:
    case Op.CallIndirectNear:
      return callTreeEnter(nextRip, behind);
    case Op.RetFlat:
    case Op.RetNear:
      return callTreeReturn(nextRip);
    case Op.MicrocodeEnd:
      return noteDoor(uop, nextRip, behind);
    case Op.EndBlock:
      return;
    default:
      callTreeJump(nextRip);
  }
}

function noteDoor(uop: u32, nextRip: u64, behind: u64): void {
  switch (load<i32>(uop, UOP_EXTRA)) {
    case Door.CallFar:
    case Door.Syscall:
    case Door.Sysenter:
      return callTreeEnter(nextRip, behind);
    case Door.RetFar:
    case Door.Sysret:
    case Door.Sysexit:
      return callTreeReturn(nextRip);
    case Door.JmpFar:
      return callTreeJump(nextRip);
    case Door.Iret:
      return callTreeInterruptReturn(nextRip);
    case Door.Int:
      return callTreeInterrupt(VECTOR_SOFTWARE | load<u8>(uop, UOP_IMM));
    case Door.Int3:
      return callTreeInterrupt(VECTOR_SOFTWARE | 3);
    case Door.Int1:
      return callTreeInterrupt(VECTOR_SOFTWARE | 1);
    case Door.Into:
      if (nextRip != behind) callTreeInterrupt(VECTOR_SOFTWARE | 4);
  }
}

/** An exception or an external interrupt is being delivered. */
export function noteEvent(kind: u32, detail: u64): void {
  if (kind == SystemEvent.Exception) callTreeInterrupt(<u32>detail);
  else if (kind == SystemEvent.Interrupt) callTreeInterrupt(VECTOR_EXTERNAL | (<u32>detail));
}
