/** The end of a block: was the branch foreseen, and what did it cost when it was not. */
import { Followed } from './branch-outcome';
import { overridePrediction, redirectFrontEnd, takeBranch } from './front-end';
import { resolved } from './instructions';
import { Parameter } from '../engine-layout';
import { meetBranch, metFirst } from './met';
import { cycles } from './parameters';

/** Control leaves the branch of `record` at `rip` for `next`. Records that are no branches fall through. */
export function branch(record: u32, rip: u64, next: u64): void {
  meetBranch(record, rip, next);
  switch (<i32>metFirst) {
    case Followed.Sequential:
      return;
    case Followed.Overridden:
      overridePrediction();
      return;
    case Followed.Innermost:
      takeBranch(cycles(Parameter.TakenBranchL0), 0);
      return;
    case Followed.FirstLevel:
      takeBranch(cycles(Parameter.TakenBranch), 0);
      return;
    case Followed.SecondLevel:
      takeBranch(cycles(Parameter.TakenBranch), cycles(Parameter.BtbL2Penalty));
      return;
    case Followed.Unknown:
      takeBranch(cycles(Parameter.TakenBranch), cycles(Parameter.BranchTargetMiss));
      return;
    case Followed.Mispredicted:
      // The next instruction is delivered so late that its resolution lies the penalty behind this one's.
      takeBranch(cycles(Parameter.TakenBranch), 0);
      redirectFrontEnd(
        resolved + cycles(Parameter.MispredictPenalty) - cycles(Parameter.DispatchToExecute) - 1,
      );
      return;
    default:
      redirectFrontEnd(resolved);
  }
}
