/** What holds others back: serialising instructions, fences, locked instructions. */
import { TimingCounter } from '../counters';
import { raiseBarrier, storesVisible } from './data-accesses';
import { InstructionKind, Parameter } from '../engine-layout';
import * as pipeline from './pipeline';
import { cycles } from './parameters';

/** All before it has retired and is in the cache before it begins; nothing behind it begins before it ends. */
export function serialise(cost: u32): void {
  pipeline.dispatch(1);
  const start = max(max(pipeline.retireCycle, storesVisible()), pipeline.dispatchCycle);
  pipeline.retire(1, start + <i64>cost - 1, false);
  pipeline.drainTo(pipeline.retireCycle, TimingCounter.SlotsBackEndCore);
}

export function fence(kind: i32, cost: u32): void {
  pipeline.dispatch(1);
  let from = max(pipeline.retireCycle, pipeline.dispatchCycle);
  if (kind != InstructionKind.LoadFence) from = max(from, storesVisible());
  const done = from + <i64>cost - 1;
  pipeline.retire(1, done, false);
  if (kind == InstructionKind.LoadFence)
    pipeline.drainTo(pipeline.retireCycle, TimingCounter.SlotsBackEndCore);
  else raiseBarrier(pipeline.retireCycle);
}

/** A locked instruction ends when its store is visible; loads and stores behind it wait for that. */
export function lockedDone(done: i64): i64 {
  const visible = done + cycles(Parameter.LockedCommit);
  raiseBarrier(visible);
  return visible;
}
