/**
 * Micro-operations of the interpreter's own: the decoder's general ones, rewritten once per block so that executing them
 * needs no second decision.
 */
import { BLOCK_HEADER_BYTES, BLOCK_UOPS } from '../../isa/state-layout';
import {
  Condition,
  Op,
  UOP_CHECK_LIMIT,
  UOP_EXTRA,
  UOP_FLAGS,
  UOP_OP,
  UOP_SIZE_BYTES,
} from '../../isa/uop';

/** Continues the numbers of `Op`. Jcc by condition, without a check of the CS limit; O, NO, P and NP are too rare. */
export enum SpecialOp {
  JccB = Op.Count,
  JccAE,
  JccE,
  JccNE,
  JccBE,
  JccA,
  JccS,
  JccNS,
  JccL,
  JccGE,
  JccLE,
  JccG,
  /** Jmp without a check of the CS limit. */
  JmpFlat,
}

/** Rewrites the micro-ops of a freshly decoded block. */
export function specialise(block: u32): void {
  const end = block + BLOCK_HEADER_BYTES + load<u32>(block, BLOCK_UOPS) * UOP_SIZE_BYTES;
  for (let uop = block + BLOCK_HEADER_BYTES; uop != end; uop += UOP_SIZE_BYTES) {
    const op = i32(load<u16>(uop, UOP_OP));
    if (load<u8>(uop, UOP_FLAGS) & UOP_CHECK_LIMIT) continue;
    if (op == Op.Jcc) specialiseBranch(uop);
    else if (op == Op.Jmp) store<u16>(uop, u16(SpecialOp.JmpFlat), UOP_OP);
  }
}

function specialiseBranch(uop: u32): void {
  const condition = load<i32>(uop, UOP_EXTRA);
  if (condition >= Condition.B && condition <= Condition.NS) {
    store<u16>(uop, u16(SpecialOp.JccB + (condition - Condition.B)), UOP_OP);
  } else if (condition >= Condition.L) {
    store<u16>(uop, u16(SpecialOp.JccL + (condition - Condition.L)), UOP_OP);
  }
}
