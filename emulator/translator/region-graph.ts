/**
 * Which blocks a region has, and in what order they are nested: the blocks that can be reached from its head, as a graph whose
 * every cycle is a loop with one entry or goes through the region's dispatcher.
 * Source: N. Ramsey, "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control Flow" (ICFP 2022).
 *
 * Followed are the links that the interpreter has made, and where it asks the jump cache (another page, behind a call) what the
 * jump cache knows; the region asks it again each time. So a region fetches where the interpreter would.
 */
import { assert } from '../base/assert.js';
import { MODE_KEY_SIZE, MODE_KEY_USER } from '../isa/state-layout.js';
import { Op, SpecialOp } from '../isa/uop.js';
import {
  type Block,
  type BlockReader,
  type Link,
  type SegmentNow,
  type Uop,
} from './block-reader.js';
import { isLightDoor } from './light-doors.js';
import { SIZE_64 } from './region-code.js';

/**
 * What does not fit becomes regions that overlap with this one, and control goes to and fro between them. The number of an entry
 * has 8 bits (BLOCK_ENTRY).
 */
export const BLOCKS_MAX = 256;
const UOPS_MAX = 2500;

/** How control goes from one node to another. */
export interface RegionEdge {
  readonly to: RegionNode;
  /** The jump cache has to agree. */
  readonly checked: boolean;
  /** Through the dispatcher: a cycle that has no single entry. */
  readonly dispatched: boolean;
}

export interface RegionNode {
  readonly block: Block;
  /** Place in reverse postorder; the dispatcher, which is before every entry, is 0. */
  readonly number: number;
  /** Where BLOCK_TAKEN and BLOCK_FALL go; null: the region is left there. */
  readonly taken: RegionEdge | null;
  readonly fall: RegionEdge | null;
  /** Some node behind it goes back to it. */
  readonly isLoop: boolean;
  /** Several nodes before it go to it. */
  readonly isMerge: boolean;
  /** The merge nodes that it dominates immediately, the last in reverse postorder first. */
  readonly merges: readonly RegionNode[];
}

export interface RegionGraph {
  readonly segments: readonly SegmentNow[];
  readonly isTraced: boolean;
  /** In reverse postorder. */
  readonly nodes: readonly RegionNode[];
  /** Where the region can be entered, the head first: behind calls, and where a cycle has no single entry. */
  readonly entries: readonly RegionNode[];
  /** The merge nodes that nothing but the dispatcher dominates. */
  readonly merges: readonly RegionNode[];
}

/** Whether the last micro-op can go on over BLOCK_TAKEN, BLOCK_FALL. */
function followedLinks(uop: Uop): { readonly taken: boolean; readonly fall: boolean } {
  const { op } = uop;
  if (op >= SpecialOp.JccB && op <= SpecialOp.JccG) return { taken: true, fall: true };
  if (op === Op.Jcc || (op >= Op.Loop && op <= Op.Jcxz)) return { taken: true, fall: true };
  return {
    taken: op === SpecialOp.JmpFlat || op === Op.CallFlat || op === Op.CallNear,
    fall: op === Op.EndBlock || isLightDoor(uop),
  };
}

/** Which of a block's nodes a link leads to, the first (0) or the second (1): region-variants.ts. `fallsThrough`: BLOCK_FALL. */
export type VariantOf = (from: Block, fallsThrough: boolean) => number;

const ONE_NODE: VariantOf = () => 0;
const VARIANTS_MAX = 2;

/** Where blocks are read from. */
export type BlockSource = Pick<BlockReader, 'read' | 'blockBehindCall' | 'segments' | 'isTraced'>;

interface DraftEdge {
  readonly to: Draft;
  readonly checked: boolean;
  dispatched: boolean;
}

/** A node while the graph is made; the dispatcher is one without a block. */
class Draft {
  number = -1;
  taken: DraftEdge | null = null;
  fall: DraftEdge | null = null;
  dominator: Draft | null = null;
  forwardEntries = 0;
  isLoop = false;
  merges: Draft[] = [];

  constructor(readonly content: Block | null) {}

  get block(): Block {
    assert(this.content !== null, 'the dispatcher is no block');
    return this.content;
  }

  get isMerge(): boolean {
    return this.forwardEntries > 1;
  }

  get edges(): readonly DraftEdge[] {
    return [this.fall, this.taken].filter((edge) => edge !== null);
  }
}

/** The region of `head` alone, without links. */
export function loneGraph({ segments, isTraced }: BlockSource, head: Block): RegionGraph {
  const draft = new Draft(head);
  return { segments, isTraced, nodes: [draft], entries: [draft], merges: [] };
}

/** The region that begins with `head`, and that can be entered at `others` as well where they have room. `ends`: see `collect`. */
export function regionGraph(
  reader: BlockSource,
  head: Block,
  others: readonly number[],
  ends: boolean,
  variantOf: VariantOf = ONE_NODE,
): RegionGraph {
  const { drafts, entered } = collect(reader, head, others, ends, variantOf);
  const first = drafts.get(keyOf(head.at, 0));
  assert(first !== undefined, 'a region has its head');
  const entries = [first, ...[...entered].filter((draft) => draft !== first)];
  for (;;) {
    const order = reversePostorder(entries);
    const root = nest(order, entries);
    const wrong = order.flatMap((from) =>
      from.edges.filter(({ to }) => goesWronglyBack(from, to)).map(({ to }) => to),
    );
    const added = new Set(wrong.filter((to) => !entries.includes(to)));
    if (added.size === 0) {
      finish(order, root);
      return {
        segments: reader.segments,
        isTraced: reader.isTraced,
        nodes: order,
        entries,
        merges: root.merges,
      };
    }
    entries.push(...added);
  }
}

/**
 * Blocks from the head and `others` on that are not cold, the nearest first, with their links among themselves; and where they are entered.
 * `ends`: not those where other regions can be entered, and what follows them: that is translated already. Where control often goes on there, the
 * region is made again with these blocks (`widen` of translator.ts), and then with all that follow.
 */
function collect(
  reader: BlockSource,
  head: Block,
  others: readonly number[],
  ends: boolean,
  variantOf: VariantOf,
) {
  const first = new Draft(head);
  const drafts = new Map([[keyOf(head.at, 0), first]]);
  const entered = new Set<Draft>();
  let uops = head.uops.length;
  const add = (at: number, from: Block | null, variant = 0): Draft | null => {
    const key = keyOf(at, variant);
    const known = drafts.get(key);
    if (known !== undefined || at === 0) return known ?? null;
    if (drafts.size >= BLOCKS_MAX) return null;
    const block = reader.read(at);
    if (block === null || uops + block.uops.length > UOPS_MAX) return null;
    if (from === null ? !mayShare(block.mode, head.mode) : block.mode !== from.mode) return null;
    if (from !== null && (block.isCold || (ends && block.isEntry))) return null;
    uops += block.uops.length;
    const draft = new Draft(block);
    drafts.set(key, draft);
    return draft;
  };
  const enter = (at: number, from: Block | null): void => {
    const draft = add(at, from);
    if (draft !== null) entered.add(draft);
  };
  for (const other of others) enter(other, null);
  for (const { block } of drafts.values()) {
    linksOf(block).forEach(({ target }, link) =>
      add(target, block, variantOf(block, link === FALL)),
    );
    enter(reader.blockBehindCall(block), block);
  }
  for (const draft of drafts.values()) {
    const { block } = draft;
    const [taken, fall] = linksOf(block).map(({ target, checked }, link): DraftEdge | null => {
      const to = drafts.get(keyOf(target, variantOf(block, link === FALL)));
      return to === undefined ? null : { to, checked, dispatched: false };
    });
    draft.taken = taken ?? null;
    draft.fall = fall ?? null;
  }
  return { drafts, entered };
}

/** Blocks of these mode keys can be in one region: in 64-bit mode some may be of CPL 3 and others not. */
function mayShare(a: number, b: number): boolean {
  return a === b || ((a ^ b) === MODE_KEY_USER && (a & MODE_KEY_SIZE) === SIZE_64);
}

function keyOf(at: number, variant: number): number {
  return at * VARIANTS_MAX + variant;
}

const NO_LINK: Link = { target: 0, checked: false };

/** Place of BLOCK_FALL among the links. */
const FALL = 1;

function linksOf({ uops, taken, fall }: Block): readonly [Link, Link] {
  const last = uops.at(-1);
  if (last === undefined) return [NO_LINK, NO_LINK];
  const follows = followedLinks(last);
  return [follows.taken ? taken : NO_LINK, follows.fall ? fall : NO_LINK];
}

/** Numbers the nodes from 1 on: the head first, unless another entry leads to it. */
function reversePostorder(entries: readonly Draft[]): Draft[] {
  const seen = new Set<Draft>();
  const order: Draft[] = [];
  const visit = (draft: Draft): void => {
    seen.add(draft);
    for (const { to } of draft.edges) {
      if (!seen.has(to)) visit(to);
    }
    order.push(draft);
  };
  for (const entry of [...entries].reverse()) if (!seen.has(entry)) visit(entry);
  order.reverse().forEach((draft, index) => {
    draft.number = index + 1;
  });
  return order;
}

/** Finds dominators by the edges that go forward. Returns the dispatcher, which goes to all entries. */
function nest(order: readonly Draft[], entries: readonly Draft[]): Draft {
  const root = new Draft(null);
  root.number = 0;
  for (const draft of order) {
    draft.dominator = null;
    draft.forwardEntries = 0;
    draft.isLoop = false;
    draft.merges = [];
  }
  // An entry is reached from the dispatcher and from one place at least; a head alone is not dispatched to.
  const enter = (from: Draft, to: Draft): void => {
    to.dominator = to.forwardEntries === 0 ? from : common(to.dominator, from);
    to.forwardEntries++;
  };
  for (const entry of entries) {
    enter(root, entry);
    if (entries.length > 1) entry.forwardEntries++;
  }
  for (const draft of order) {
    for (const { to } of draft.edges) if (to.number > draft.number) enter(draft, to);
  }
  return root;
}

/** Marks loops and edges through the dispatcher, and nests the merge nodes. */
function finish(order: readonly Draft[], root: Draft): void {
  for (const draft of order) {
    for (const edge of draft.edges) {
      if (edge.to.number > draft.number) continue;
      if (goesWronglyBack(draft, edge.to)) edge.dispatched = true;
      else edge.to.isLoop = true;
    }
  }
  for (const draft of [...order].reverse()) {
    if (draft.isMerge) (draft.dominator ?? root).merges.push(draft);
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

function goesWronglyBack(from: Draft, to: Draft): boolean {
  if (to.number > from.number) return false;
  for (let above: Draft | null = from; above !== null; above = above.dominator) {
    if (above === to) return false;
  }
  return true;
}
