/**
 * Which scans for a bit certainly find one: the way to them leads over a branch that says that their operand is not zero.
 * `bsf` and `bsr` give nothing for zero (Intel SDM Vol. 2A, BSF), so that every other scan needs a second answer.
 */
import { Dominators } from './flow-graph.js';
import type { Block, IrFunction, Value } from './ir.js';

export type NonZeroScans = ReadonlySet<Value>;

export function findNonZeroScans(func: IrFunction): NonZeroScans {
  const scans = new Set<Value>();
  let dominators: Dominators | undefined;
  for (const block of func.blocks) {
    for (const value of block.values) {
      const [operand] = value.args;
      if ((value.op !== 'ctz' && value.op !== 'clz') || operand === undefined) continue;
      dominators ??= new Dominators(func.blocks);
      if (isNonZeroIn(operand, block, dominators)) scans.add(value);
    }
  }
  return scans;
}

function isNonZeroIn(operand: Value, block: Block, dominators: Dominators): boolean {
  let at: Block | undefined = block;
  while (at !== undefined) {
    const [only, ...others]: Block[] = at.predecessors;
    const end = only?.terminator;
    if (end?.kind === 'branch' && others.length === 0 && end.then !== end.otherwise) {
      if (says(end.condition, end.then === at, operand)) return true;
    }
    at = dominators.above(at);
  }
  return false;
}

/** Whether `operand` is not zero when `condition` holds, or when it does not. */
function says(condition: Value, isTrue: boolean, operand: Value): boolean {
  if (condition === operand) return isTrue;
  const [left, right] = condition.args;
  if (left !== operand || right?.isConstant !== true) return false;
  switch (condition.op) {
    case 'eq':
      return isTrue === (right.imm !== 0n);
    case 'ne':
      return isTrue === (right.imm === 0n);
    case 'gt_u':
      return isTrue;
    case 'le_u':
      return !isTrue;
    case 'ge_u':
      return isTrue && right.imm !== 0n;
    case 'lt_u':
      return !isTrue && right.imm !== 0n;
    default:
      return false;
  }
}
