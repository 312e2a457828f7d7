/**
 * Computes each pure expression once: a value is replaced by an equal one in a dominating place.
 * Comparisons stay where they are, because next to their branch they cost only flags.
 */
import { isCompare, isPure, type Block, type IrFunction, type Value } from './ir.js';
import { removeDeadValues, resolveArguments, type Dominators } from './flow-graph.js';

export function numberValues(func: IrFunction, dominators: Dominators): void {
  const known = new Map<string, Value[]>();
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (!isPure(value.op) || isCompare(value.op) || value.isConstant) continue;
      value.args = value.args.map((argument) => argument.resolve());
      const key = keyOf(value);
      const candidates = known.get(key) ?? [];
      const equal = candidates.find((other) => precedes(other, block, dominators));
      if (equal !== undefined) value.replacedBy = equal;
      else known.set(key, [...candidates, value]);
    }
  }
  resolveArguments(func);
  removeDeadValues(func);
}

/** Candidates were met earlier in reverse postorder, so one in the same block stands before. */
function precedes(candidate: Value, block: Block, dominators: Dominators): boolean {
  return candidate.block === block || dominators.dominates(candidate.block, block);
}

function keyOf(value: Value): string {
  const args = value.args.map((argument) =>
    argument.isConstant ? `${argument.type}=${argument.imm}` : `v${argument.id}`,
  );
  return `${value.op} ${value.type} ${args.join(' ')}`;
}
