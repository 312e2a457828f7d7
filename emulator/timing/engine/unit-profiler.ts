/**
 * The engine behind `--cpu unit --profile`: one cycle an instruction, and the call tree that they are charged to. It leaves
 * time alone: the machine counts it as it does without a profile, and no run ends because of it.
 */
import { CALL_TREE, CALL_TREE_BYTES } from '../call-tree-layout';
import { callTreeCharge, callTreeStart } from './call-tree';
import { noteEvent, noteTransfer } from './transfers';

export { callTreeFunction, callTreeObserve } from './call-tree';

export function advance(_block: u32, from: u32, to: u32): void {
  callTreeCharge(to - from, to - from);
}

export function leave(block: u32, from: u32, to: u32, nextRip: u64): u32 {
  callTreeCharge(to - from, to - from);
  noteTransfer(block, to, nextRip);
  return 0;
}

export function systemEvent(kind: u32, detail: u64): void {
  noteEvent(kind, detail);
}

/** Time passes without the core: waiting, and passes of loops that were counted instead of executed. */
export function charge(cycles: u64, instructions: u32): void {
  callTreeCharge(cycles, instructions);
}

export function reset(): void {
  callTreeStart(CALL_TREE, CALL_TREE_BYTES);
}
