/**
 * Shape of a control-flow graph: order, dominators, loop depth; and the clean-up that later stages rely on.
 * Source: Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001), figure 3.
 */
import { Block, hasEffect, terminatorValue, type IrFunction, type Value } from './ir.js';

/** Drops unreachable blocks, joins straight lines, resolves replaced values and orders the blocks. */
export function cleanUp(func: IrFunction): void {
  foldConstantBranches(func);
  func.blocks = reversePostorder(func.entry);
  dropUnreachablePredecessors(func);
  resolveArguments(func);
  joinStraightLines(func);
  func.blocks = reversePostorder(func.entry);
  removeDeadValues(func);
}

function foldConstantBranches(func: IrFunction): void {
  for (const block of func.blocks) {
    const end = block.terminator;
    if (end.kind !== 'branch') continue;
    const condition = end.condition.resolve();
    if (!condition.isConstant) continue;
    const [taken, dropped] =
      condition.imm !== 0n ? [end.then, end.otherwise] : [end.otherwise, end.then];
    block.terminator = { kind: 'jump', target: taken };
    if (dropped !== taken) removePredecessor(dropped, block);
  }
}

export function removePredecessor(block: Block, predecessor: Block): void {
  const index = block.predecessors.indexOf(predecessor);
  block.predecessors.splice(index, 1);
  for (const phi of block.phis) phi.args.splice(index, 1);
}

function dropUnreachablePredecessors(func: IrFunction): void {
  const reachable = new Set(func.blocks);
  for (const block of func.blocks) {
    for (const predecessor of [...block.predecessors]) {
      if (!reachable.has(predecessor)) removePredecessor(block, predecessor);
    }
    if (block.predecessors.length !== 1) continue;
    for (const phi of block.phis) phi.replacedBy = phi.args[0];
    block.phis = [];
  }
}

/** Makes every argument name the value that finally took its place. */
export function resolveArguments(func: IrFunction): void {
  for (const block of func.blocks) {
    block.phis = block.phis.filter((phi) => phi.replacedBy === undefined);
    block.values = block.values.filter((value) => value.replacedBy === undefined);
    for (const value of [...block.phis, ...block.values]) {
      value.args = value.args.map((argument) => argument.resolve());
    }
    const end = block.terminator;
    if (end.kind === 'branch') end.condition = end.condition.resolve();
    if (end.kind === 'switch') end.index = end.index.resolve();
    if (end.kind === 'return') end.value = end.value?.resolve();
  }
}

function joinStraightLines(func: IrFunction): void {
  const gone = new Set<Block>();
  for (const block of func.blocks) {
    if (gone.has(block)) continue;
    for (;;) {
      const end = block.terminator;
      if (end.kind !== 'jump' || end.target === block) break;
      const next = end.target;
      if (next.predecessors.length !== 1 || next === func.entry) break;
      for (const value of next.values) value.block = block;
      block.values.push(...next.values);
      block.terminator = next.terminator;
      block.location = next.location;
      for (const successor of next.successors) {
        successor.predecessors[successor.predecessors.indexOf(next)] = block;
      }
      gone.add(next);
    }
  }
}

/** Removes values that nobody needs and counts the uses of the others. */
export function removeDeadValues(func: IrFunction): void {
  const live = new Set<Value>();
  const pending: Value[] = [];
  const need = (value: Value | undefined): void => {
    if (value === undefined) return;
    value.uses = live.has(value) ? value.uses + 1 : 1;
    if (live.has(value)) return;
    live.add(value);
    pending.push(value);
  };
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (!hasEffect(value) || live.has(value)) continue;
      value.uses = 0;
      live.add(value);
      pending.push(value);
    }
  }
  for (const block of func.blocks) need(terminatorValue(block.terminator));
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    value.args.forEach(need);
  }
  for (const block of func.blocks) {
    block.phis = block.phis.filter((phi) => live.has(phi));
    block.values = block.values.filter((value) => live.has(value));
  }
}

export function reversePostorder(entry: Block): Block[] {
  const order: Block[] = [];
  const seen = new Set<Block>([entry]);
  const path: { block: Block; rest: Block[] }[] = [{ block: entry, rest: entry.successors }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    // The last successor first, so that the first one follows its block in the result.
    const next = top.rest.pop();
    if (next === undefined) {
      order.push(top.block);
      path.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      path.push({ block: next, rest: next.successors });
    }
  }
  return order.reverse();
}

/** Which blocks every path to a block passes. */
export class Dominators {
  private readonly immediate = new Map<Block, Block>();
  private readonly position = new Map<Block, number>();

  constructor(private readonly blocks: readonly Block[]) {
    blocks.forEach((block, index) => this.position.set(block, index));
    const [entry] = blocks;
    if (entry === undefined) return;
    this.immediate.set(entry, entry);
    for (let changed = true; changed;) {
      changed = false;
      for (const block of blocks.slice(1)) changed = this.update(block) || changed;
    }
  }

  private update(block: Block): boolean {
    let parent: Block | undefined;
    for (const predecessor of block.predecessors) {
      if (!this.immediate.has(predecessor)) continue;
      parent = parent === undefined ? predecessor : this.intersect(parent, predecessor);
    }
    if (parent === undefined || this.immediate.get(block) === parent) return false;
    this.immediate.set(block, parent);
    return true;
  }

  private intersect(a: Block, b: Block): Block {
    const at = (block: Block): number => this.position.get(block) ?? 0;
    let [left, right] = [a, b];
    while (left !== right) {
      while (at(left) > at(right)) left = this.immediate.get(left) ?? left;
      while (at(right) > at(left)) right = this.immediate.get(right) ?? right;
    }
    return left;
  }

  /** The last block that every path to this one passes; undefined for the entry. */
  above(block: Block): Block | undefined {
    const parent = this.immediate.get(block);
    return parent === block ? undefined : parent;
  }

  dominates(a: Block, b: Block): boolean {
    const limit = this.position.get(a) ?? 0;
    let block = b;
    while ((this.position.get(block) ?? 0) > limit) block = this.immediate.get(block) ?? a;
    return block === a;
  }
}

/** Header of each natural loop → the blocks of the loop. */
export type Loops = ReadonlyMap<Block, ReadonlySet<Block>>;

/** Finds the natural loops and sets `loopDepth` of every block: the number of loops around it. */
export function markLoops(blocks: readonly Block[], dominators: Dominators): Loops {
  const loops = new Map<Block, ReadonlySet<Block>>();
  for (const block of blocks) block.loopDepth = 0;
  for (const header of blocks) {
    const body = new Set<Block>([header]);
    const pending = header.predecessors.filter((latch) => dominators.dominates(header, latch));
    const isLoop = pending.length > 0;
    for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
      if (body.has(block)) continue;
      body.add(block);
      pending.push(...block.predecessors);
    }
    if (!isLoop) continue;
    loops.set(header, body);
    for (const block of body) block.loopDepth++;
  }
  return loops;
}

/**
 * Puts a block on every edge from a block with several successors to a block with phis and several
 * predecessors, so that the phis' copies have a place.
 */
export function splitCriticalEdges(func: IrFunction): void {
  for (const block of [...func.blocks]) {
    if (block.successors.length < 2) continue;
    for (const target of block.successors) {
      if (target.predecessors.length < 2 || target.phis.length === 0) continue;
      const middle = new Block(-func.blocks.length);
      middle.loopDepth = Math.min(block.loopDepth, target.loopDepth);
      middle.location = block.location;
      middle.terminator = { kind: 'jump', target };
      middle.predecessors = [block];
      target.predecessors[target.predecessors.indexOf(block)] = middle;
      retarget(block, target, middle);
      func.blocks.push(middle);
    }
  }
  func.blocks = reversePostorder(func.entry);
}

/** Makes the end of `block` lead to `to` where it led to `from`. */
export function retarget(block: Block, from: Block, to: Block): void {
  const end = block.terminator;
  const change = (target: Block): Block => (target === from ? to : target);
  if (end.kind === 'jump') end.target = change(end.target);
  if (end.kind === 'branch') {
    end.then = change(end.then);
    end.otherwise = change(end.otherwise);
  } else if (end.kind === 'switch') {
    end.targets = end.targets.map(change);
  }
}
