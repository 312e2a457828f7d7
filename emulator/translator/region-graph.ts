/**
 * Which blocks a region has, and in what order they are nested: the blocks that can be reached from its head over links that
 * the interpreter has made, as a graph whose every cycle is a loop with one entry.
 * Source: N. Ramsey, "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control Flow" (ICFP 2022).
 *
 * Links are made where the interpreter may go on without translating an address again. Nothing else is followed, so a region
 * fetches where the interpreter would.
 */
import { assert } from '../base/assert.js';
import { Op, SpecialOp } from '../isa/uop.js';
import type { Block, BlockReader } from './block-reader.js';

/** More blocks or micro-ops do not get faster: compilation of a function takes longer than in proportion. */
const BLOCKS_MAX = 64;
const UOPS_MAX = 1500;

export interface RegionNode {
  readonly block: Block;
  /** Place in reverse postorder; the head is 0. */
  readonly number: number;
  /** Nodes that are entered over BLOCK_TAKEN and BLOCK_FALL; null: the region is left there. */
  readonly taken: RegionNode | null;
  readonly fall: RegionNode | null;
  /** Some node behind it goes back to it. */
  readonly isLoop: boolean;
  /** Several nodes before it go to it. */
  readonly isMerge: boolean;
  /** The merge nodes that it dominates immediately, the last in reverse postorder first. */
  readonly merges: readonly RegionNode[];
}

/** Whether the last micro-op can go on over BLOCK_TAKEN, BLOCK_FALL. */
export function followedLinks(op: number): { readonly taken: boolean; readonly fall: boolean } {
  if (op >= SpecialOp.JccB && op <= SpecialOp.JccG) return { taken: true, fall: true };
  return {
    taken: op === SpecialOp.JmpFlat || op === Op.CallFlat,
    fall: op === Op.EndBlock,
  };
}

/** A node while the graph is made. */
class Draft {
  number = 0;
  taken: Draft | null = null;
  fall: Draft | null = null;
  dominator: Draft | null = null;
  forwardEntries = 0;
  isLoop = false;
  readonly merges: Draft[] = [];

  constructor(readonly block: Block) {}

  get isMerge(): boolean {
    return this.forwardEntries > 1;
  }
}

/** The nodes of the region that begins with `head`, in reverse postorder. */
export function regionGraph(reader: BlockReader, head: Block): readonly RegionNode[] {
  const drafts = collect(reader, head);
  const first = drafts.get(head.at);
  assert(first !== undefined, 'a region has its head');
  const order = reversePostorder(first);
  order.forEach((draft, number) => {
    draft.number = number;
  });
  nest(order);
  return order;
}

/** Blocks from the head on, the nearest first, and their links among themselves. */
function collect(reader: BlockReader, head: Block): ReadonlyMap<number, Draft> {
  const drafts = new Map([[head.at, new Draft(head)]]);
  let uops = head.uops.length;
  for (const { block } of drafts.values()) {
    for (const target of targetsOf(block)) {
      if (target === 0 || drafts.has(target) || drafts.size >= BLOCKS_MAX) continue;
      const next = reader.read(target);
      if (next === null || uops + next.uops.length > UOPS_MAX) continue;
      uops += next.uops.length;
      drafts.set(target, new Draft(next));
    }
  }
  for (const draft of drafts.values()) {
    const [taken, fall] = targetsOf(draft.block);
    draft.taken = drafts.get(taken) ?? null;
    draft.fall = drafts.get(fall) ?? null;
  }
  return drafts;
}

function targetsOf({ uops, taken, fall }: Block): readonly [number, number] {
  const follows = followedLinks(uops.at(-1)?.op ?? Op.Stop);
  return [follows.taken ? taken : 0, follows.fall ? fall : 0];
}

function reversePostorder(head: Draft): Draft[] {
  const seen = new Set<Draft>();
  const order: Draft[] = [];
  const visit = (draft: Draft): void => {
    seen.add(draft);
    for (const next of [draft.fall, draft.taken]) {
      if (next !== null && !seen.has(next)) visit(next);
    }
    order.push(draft);
  };
  visit(head);
  return order.reverse();
}

/** Dominators by the edges that go forward; an edge back to a node that does not dominate its origin is given up. */
function nest(order: readonly Draft[]): void {
  for (const draft of order) {
    for (const next of new Set([draft.taken, draft.fall])) {
      if (next === null || next.number <= draft.number) continue;
      next.dominator = next.forwardEntries === 0 ? draft : common(next.dominator, draft);
      next.forwardEntries++;
    }
    if (draft.taken !== null && draft.taken === draft.fall && draft.taken.number > draft.number)
      draft.taken.forwardEntries++;
  }
  for (const draft of order) {
    if (goesWronglyBack(draft, draft.taken)) draft.taken = null;
    if (goesWronglyBack(draft, draft.fall)) draft.fall = null;
    for (const next of [draft.taken, draft.fall]) {
      if (next !== null && next.number <= draft.number) next.isLoop = true;
    }
  }
  for (const draft of [...order].reverse()) {
    if (draft.isMerge) draft.dominator?.merges.push(draft);
  }
}

function common(a: Draft | null, b: Draft | null): Draft | null {
  while (a !== b) {
    if (a === null || b === null) return null;
    if (a.number > b.number) a = a.dominator;
    else b = b.dominator;
  }
  return a;
}

function goesWronglyBack(from: Draft, to: Draft | null): boolean {
  if (to === null || to.number > from.number) return false;
  for (let above: Draft | null = from; above !== null; above = above.dominator) {
    if (above === to) return false;
  }
  return true;
}
