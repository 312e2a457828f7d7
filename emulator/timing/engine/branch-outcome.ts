/** How control leaves a block, and what the predictor makes of it. */
import { TimingCounter } from '../counters';
import { count } from './counters';
import { InstructionKind, RECORD_KIND, RECORD_LENGTH } from '../engine-layout';
import {
  directionPredicted,
  heldInnermost,
  holdInnermost,
  indirectPredicted,
  pushReturn,
  returnPredicted,
  targetLevel,
} from './predictor';

export enum Followed {
  Sequential,
  /** The innermost target buffer had a branch taken that is rightly predicted not to be. */
  Overridden,
  Innermost,
  FirstLevel,
  SecondLevel,
  /** No target buffer knows it. */
  Unknown,
  Mispredicted,
  /** Without a branch. */
  Elsewhere,
}

/** What the predictor makes of it: the predictor learns. */
export function branchMet(record: u32, rip: u64, next: u64): Followed {
  const kind = <i32>load<u8>(record, RECORD_KIND);
  const behind = rip + <u64>load<u8>(record, RECORD_LENGTH);
  switch (kind) {
    case InstructionKind.ConditionalBranch:
      return conditional(rip, behind, next);
    case InstructionKind.Call:
      pushReturn(behind);
      return direct(rip, next);
    case InstructionKind.IndirectCall:
      pushReturn(behind);
      return indirect(rip, indirectPredicted(rip, next));
    case InstructionKind.Jump:
      return direct(rip, next);
    case InstructionKind.IndirectJump:
      return indirect(rip, indirectPredicted(rip, next));
    case InstructionKind.Return:
      return indirect(rip, returnPredicted(next));
    default:
      return next != behind ? Followed.Elsewhere : Followed.Sequential;
  }
}

function conditional(rip: u64, behind: u64, next: u64): Followed {
  count(TimingCounter.Branches, 1);
  const isTaken: bool = next != behind;
  const predicted = directionPredicted(rip, isTaken);
  if (isTaken) {
    count(TimingCounter.BranchesTaken, 1);
    if (predicted) return followDirect(rip, next);
    targetLevel(rip);
    return mispredicted();
  }
  if (!predicted) return mispredicted();
  return heldInnermost(rip) ? Followed.Overridden : Followed.Sequential;
}

function direct(rip: u64, next: u64): Followed {
  count(TimingCounter.Branches, 1);
  count(TimingCounter.BranchesTaken, 1);
  return followDirect(rip, next);
}

function followDirect(rip: u64, next: u64): Followed {
  if (heldInnermost(rip)) return Followed.Innermost;
  const known = targetLevel(rip);
  if (known == 1) holdInnermost(rip, next > rip);
  return followed(known);
}

function indirect(rip: u64, predicted: bool): Followed {
  count(TimingCounter.Branches, 1);
  count(TimingCounter.BranchesTaken, 1);
  const known = targetLevel(rip);
  return predicted ? followed(known) : mispredicted();
}

function followed(known: u32): Followed {
  if (known == 0) return Followed.Unknown;
  return known == 1 ? Followed.FirstLevel : Followed.SecondLevel;
}

function mispredicted(): Followed {
  count(TimingCounter.BranchMispredictions, 1);
  return Followed.Mispredicted;
}
