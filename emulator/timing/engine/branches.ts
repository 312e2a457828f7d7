/** The end of a block: was the branch foreseen, and what did it cost when it was not. */
import { TimingCounter } from '../counters';
import { count } from './counters';
import { overridePrediction, redirectFrontEnd, takeBranch } from './front-end';
import { resolved } from './instructions';
import { InstructionKind, Parameter, RECORD_KIND, RECORD_LENGTH } from '../engine-layout';
import { cycles } from './parameters';
import {
  directionPredicted,
  heldInnermost,
  holdInnermost,
  indirectPredicted,
  pushReturn,
  returnPredicted,
  targetLevel,
} from './predictor';

/** Control leaves the branch of `record` at `rip` for `next`. Records that are no branches fall through. */
export function branch(record: u32, rip: u64, next: u64): void {
  const kind = <i32>load<u8>(record, RECORD_KIND);
  const behind = rip + <u64>load<u8>(record, RECORD_LENGTH);
  switch (kind) {
    case InstructionKind.ConditionalBranch:
      conditional(rip, behind, next);
      return;
    case InstructionKind.Call:
      pushReturn(behind);
      direct(rip, next);
      return;
    case InstructionKind.IndirectCall:
      pushReturn(behind);
      indirect(rip, indirectPredicted(rip, next));
      return;
    case InstructionKind.Jump:
      direct(rip, next);
      return;
    case InstructionKind.IndirectJump:
      indirect(rip, indirectPredicted(rip, next));
      return;
    case InstructionKind.Return:
      indirect(rip, returnPredicted(next));
      return;
    default:
      if (next != behind) redirectFrontEnd(resolved);
      return;
  }
}

function conditional(rip: u64, behind: u64, next: u64): void {
  count(TimingCounter.Branches, 1);
  const isTaken: bool = next != behind;
  const predicted = directionPredicted(rip, isTaken);
  if (isTaken) {
    count(TimingCounter.BranchesTaken, 1);
    if (predicted) followDirect(rip, next);
    else {
      targetLevel(rip);
      mispredicted();
    }
  } else if (!predicted) mispredicted();
  else if (heldInnermost(rip)) overridePrediction();
}

function direct(rip: u64, next: u64): void {
  count(TimingCounter.Branches, 1);
  count(TimingCounter.BranchesTaken, 1);
  followDirect(rip, next);
}

function followDirect(rip: u64, next: u64): void {
  if (heldInnermost(rip)) {
    takeBranch(cycles(Parameter.TakenBranchL0), 0);
    return;
  }
  const known = targetLevel(rip);
  if (known == 1) holdInnermost(rip, next > rip);
  follow(known);
}

function indirect(rip: u64, predicted: bool): void {
  count(TimingCounter.Branches, 1);
  count(TimingCounter.BranchesTaken, 1);
  const known = targetLevel(rip);
  if (predicted) follow(known);
  else mispredicted();
}

function follow(known: u32): void {
  let bubble: i64 = 0;
  if (known == 0) bubble = cycles(Parameter.BranchTargetMiss);
  else if (known == 2) bubble = cycles(Parameter.BtbL2Penalty);
  takeBranch(cycles(Parameter.TakenBranch), bubble);
}

/** The next instruction is delivered so late that its resolution lies the penalty behind this one's. */
function mispredicted(): void {
  count(TimingCounter.BranchMispredictions, 1);
  takeBranch(cycles(Parameter.TakenBranch), 0);
  redirectFrontEnd(
    resolved + cycles(Parameter.MispredictPenalty) - cycles(Parameter.DispatchToExecute) - 1,
  );
}
