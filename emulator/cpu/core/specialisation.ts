/** The decoder's general micro-ops become `SpecialOp` where the block's mode allows it, once per block. */
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MODE,
  BLOCK_UOPS,
  MODE_KEY_SIZE,
  MODE_KEY_WHOLE_LIMIT,
} from '../../isa/state-layout';
import {
  Condition,
  Op,
  SpecialOp,
  UOP_CHECK_LIMIT,
  UOP_EXTRA,
  UOP_FLAGS,
  UOP_IMM,
  UOP_OP,
  UOP_SIZE_BYTES,
} from '../../isa/uop';

/** Rewrites the micro-ops of a freshly decoded block. */
export function specialise(block: u32): void {
  const end = block + BLOCK_HEADER_BYTES + load<u32>(block, BLOCK_UOPS) * UOP_SIZE_BYTES;
  const mode = load<u32>(block, BLOCK_MODE);
  for (let uop = block + BLOCK_HEADER_BYTES; uop != end; uop += UOP_SIZE_BYTES) {
    const op = i32(load<u16>(uop, UOP_OP));
    if ((op != Op.Jcc && op != Op.Jmp) || mayExceedLimit(uop, mode)) continue;
    if (op == Op.Jcc) specialiseBranch(uop);
    else store<u16>(uop, u16(SpecialOp.JmpFlat), UOP_OP);
  }
}

/** Whether a direct branch's target must be compared with the CS limit each time. */
function mayExceedLimit(uop: u32, mode: u32): bool {
  if ((load<u8>(uop, UOP_FLAGS) & UOP_CHECK_LIMIT) == 0) return false;
  if ((mode & MODE_KEY_WHOLE_LIMIT) == 0) return true;
  const highest: u64 = (mode & MODE_KEY_SIZE) == 0 ? 0xffff : 0xffffffff;
  return load<u64>(uop, UOP_IMM) > highest;
}

function specialiseBranch(uop: u32): void {
  const condition = load<i32>(uop, UOP_EXTRA);
  if (condition >= Condition.B && condition <= Condition.NS) {
    store<u16>(uop, u16(SpecialOp.JccB + (condition - Condition.B)), UOP_OP);
  } else if (condition >= Condition.L) {
    store<u16>(uop, u16(SpecialOp.JccL + (condition - Condition.L)), UOP_OP);
  }
}
