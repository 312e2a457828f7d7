/**
 * Branches that need no truth value in a register.
 *
 *     a result that is tested at once     P: jump J(0)    J: branch phi, T, F        P: jump F
 *     a condition of two comparisons      B: branch a | b, T, F                      B: branch a, T, M   M: branch b, T, F
 *
 * The first is left of a function that said yes or no, when it was inlined; the second is what Binaryen makes of `||` and
 * `&&`.
 */
import { Dominators, removePredecessor, retarget, reversePostorder } from './flow-graph.js';
import { evaluateCompare } from './fold.js';
import {
  Block,
  isCompare,
  isPure,
  terminatorValue,
  type IntegerType,
  type IrFunction,
  type Value,
} from './ir.js';

/** Expects that uses are counted; a clean-up is to follow. */
export function improveBranches(func: IrFunction): void {
  while (threadAny(func)) func.blocks = reversePostorder(func.entry);
  for (const block of func.blocks) {
    const added = splitCondition(func, block);
    // The first part may be two conditions, too: this block is looked at again, behind the new one.
    if (added !== undefined) func.blocks.push(added, block);
  }
  func.blocks = reversePostorder(func.entry);
}

/** Sends one predecessor of a block that only decides to where the block would send it. */
function threadAny(func: IrFunction): boolean {
  const deciders = func.blocks.filter(isDecider);
  if (deciders.length === 0) return false;
  const dominators = new Dominators(func.blocks);
  return deciders.some((block) =>
    block.predecessors.some(
      (_, index) =>
        thread(func, dominators, block, index) || dissolve(func, dominators, block, index),
    ),
  );
}

/** Takes a join that only jumps on to `block` out of its predecessors' way, so that each can be looked at alone. */
function dissolve(func: IrFunction, dominators: Dominators, block: Block, index: number): boolean {
  const join = block.predecessors[index];
  if (join?.terminator.kind !== 'jump' || join === block || join.phis.length === 0) return false;
  const isEmpty = join.values.every(({ isConstant }) => isConstant);
  const [source] = join.predecessors;
  if (!mayBeKnown(block, index, join)) return false;
  if (!isEmpty || source === undefined || join.predecessors.includes(join)) return false;
  if (block.predecessors.includes(source)) return false;
  if (!isSeenOnlyBehind(func, dominators, join, undefined)) return false;
  redirect(source, join, block);
  return true;
}

/** Whether some way through `join` brings `block` what decides its branch. */
function mayBeKnown(block: Block, index: number, join: Block): boolean {
  const end = block.terminator;
  const brought = end.kind === 'branch' ? testedPhi(end.condition)?.args[index] : undefined;
  if (brought?.op !== 'phi' || brought.block !== join) return false;
  return brought.args.some(({ op }) => op === 'const' || op === 'phi');
}

/** Makes `source` lead to where `block`, to which it leads, leads on, with what it brings. */
function redirect(source: Block, block: Block, target: Block): void {
  const index = block.predecessors.indexOf(source);
  const edge = target.predecessors.indexOf(block);
  for (const phi of target.phis) {
    const value = phi.args[edge];
    if (value === undefined) throw new Error('phi without argument');
    const isOfBlock = value.block === block && value.op === 'phi';
    phi.args.push(isOfBlock ? (value.args[index] ?? value) : value);
  }
  target.predecessors.push(source);
  retarget(source, block, target);
  removePredecessor(block, source);
}

/** Whether a block does nothing but branch on what came to it. */
function isDecider(block: Block): boolean {
  const end = block.terminator;
  if (end.kind !== 'branch' || end.then === end.otherwise) return false;
  const { condition } = end;
  if (block.values.some((value) => !value.isConstant && value !== condition)) return false;
  return testedPhi(condition)?.block === block && (condition.op === 'phi' || condition.uses === 1);
}

/** The phi that a condition is, or compares with a constant. */
function testedPhi(condition: Value): Value | undefined {
  if (condition.op === 'phi') return condition;
  const [left, right] = condition.args;
  const isTest = isCompare(condition.op) && left?.op === 'phi' && right?.isConstant === true;
  return isTest ? left : undefined;
}

function thread(func: IrFunction, dominators: Dominators, block: Block, index: number): boolean {
  const end = block.terminator;
  const source = block.predecessors[index];
  if (end.kind !== 'branch' || source === undefined || source === block) return false;
  const argument = testedPhi(end.condition)?.args[index];
  if (argument?.isConstant !== true) return false;
  const isTaken = holds(end.condition, argument.imm);
  const [target, other] = isTaken ? [end.then, end.otherwise] : [end.otherwise, end.then];
  if (target === block || target.predecessors.includes(source)) return false;
  if (!isSeenOnlyBehind(func, dominators, block, other)) return false;
  redirect(source, block, target);
  return true;
}

/** Whether the condition holds when the phi in it has this value. */
function holds(condition: Value, value: bigint): boolean {
  const [left, right] = condition.args;
  if (!isCompare(condition.op) || left === undefined || right === undefined) return value !== 0n;
  return evaluateCompare(condition.op, left.type as IntegerType, value, right.imm);
}

/**
 * Whether what came to `block` is read by its own branch, by the phis behind it, and else only where every way leads
 * over its edge to `exit`, if there is one.
 */
function isSeenOnlyBehind(
  func: IrFunction,
  dominators: Dominators,
  block: Block,
  exit: Block | undefined,
): boolean {
  const phis = new Set(block.phis);
  const isBehind = (place: Block): boolean =>
    exit?.predecessors.length === 1 && dominators.dominates(exit, place);
  for (const place of func.blocks) {
    if (place === block || isBehind(place)) continue;
    const seen = place.values.some(({ args }) => args.some((argument) => phis.has(argument)));
    const last = terminatorValue(place.terminator);
    if (seen || (last !== undefined && phis.has(last))) return false;
  }
  return func.blocks.every((place) =>
    place.phis.every(({ args }) =>
      args.every((argument, edge) => {
        const from = place.predecessors[edge];
        return !phis.has(argument) || from === block || (from !== undefined && isBehind(from));
      }),
    ),
  );
}

/** Splits a block's branch in two, if its condition is two; returns the new block, which takes the second. */
function splitCondition(func: IrFunction, block: Block): Block | undefined {
  const end = block.terminator;
  if (end.kind !== 'branch' || end.then === end.otherwise) return undefined;
  const { condition, isInverted } = withoutInversion(end.condition, block);
  const [first, second] = condition.args;
  if (first === undefined || second === undefined || !isSplit(condition, block)) return undefined;
  const [yes, no] = isInverted ? [end.otherwise, end.then] : [end.then, end.otherwise];
  const isEither = condition.op === 'or';
  const middle = new Block(-1 - func.blocks.length);
  middle.location = block.location;
  middle.predecessors = [block];
  middle.terminator = { kind: 'branch', condition: second, then: yes, otherwise: no };
  block.terminator = isEither
    ? { kind: 'branch', condition: first, then: yes, otherwise: middle }
    : { kind: 'branch', condition: first, then: middle, otherwise: no };
  // What either part may lead to has one more predecessor, what both must agree on another one.
  const [shared, own] = isEither ? [yes, no] : [no, yes];
  const edge = shared.predecessors.indexOf(block);
  shared.predecessors.push(middle);
  for (const phi of shared.phis) {
    const value = phi.args[edge];
    if (value !== undefined) phi.args.push(value);
  }
  own.predecessors[own.predecessors.indexOf(block)] = middle;
  moveOperands(second, block, middle);
  return middle;
}

/** `x == 0` and `x != 0` are about x. */
function withoutInversion(
  condition: Value,
  block: Block,
): { condition: Value; isInverted: boolean } {
  const [x, zero] = condition.args;
  const isTest = condition.op === 'eq' || condition.op === 'ne';
  const isPlain = condition.uses === 1 && condition.block === block;
  if (!isTest || !isPlain || x?.type !== 'i32' || zero?.isConstant !== true || zero.imm !== 0n) {
    return { condition, isInverted: false };
  }
  return { condition: x, isInverted: condition.op === 'eq' };
}

const isOwn = (value: Value, block: Block): boolean => value.uses === 1 && value.block === block;

/** Whether a value is "either" with a comparison in it, or "both" of truth values, and nobody else needs it. */
function isSplit(value: Value, block: Block): boolean {
  if (!isOwn(value, block)) return false;
  if (value.op === 'or') return value.args.some((part) => isTruth(part) && part.uses === 1);
  return value.op === 'and' && value.args.every((part) => isTruth(part) && part.uses === 1);
}

/** Whether a value is certainly 0 or 1, by a comparison. */
function isTruth(value: Value): boolean {
  if (isCompare(value.op)) return true;
  return (value.op === 'or' || value.op === 'and') && value.args.every(isTruth);
}

/** Moves what only `value` needs from the end of a block into the next one, so that it can be part of the comparison. */
function moveOperands(value: Value, from: Block, to: Block): void {
  const last = (ops: readonly string[]): number =>
    from.values.findLastIndex(({ op }) => ops.includes(op));
  const lastOther = last(['call', 'call_indirect', 'intrinsic']);
  const lastStore = Math.max(lastOther, last(['store', 'memory_fill', 'memory_copy']));
  const lastSet = Math.max(lastOther, last(['global_set']));
  const moved = new Set<Value>();
  const visit = (part: Value): void => {
    if (!isOwn(part, from) || part.isConstant) return;
    const index = from.values.indexOf(part);
    const isFree =
      isPure(part.op) ||
      (part.op === 'load' && index > lastStore) ||
      (part.op === 'global_get' && index > lastSet);
    if (!isFree) return;
    moved.add(part);
    part.args.forEach(visit);
  };
  visit(value);
  to.values = from.values.filter((part) => moved.has(part));
  from.values = from.values.filter((part) => !moved.has(part));
  for (const part of moved) part.block = to;
}
