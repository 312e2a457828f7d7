/**
 * A loop whose first block is entered with the flags of different operations gets a second node of that block, for the way back:
 * where the kind is known, neither it nor, mostly, the operands are carried around the loop. For a loop of one block that is a first
 * pass of its own.
 */
import type { Block } from './block-reader.js';
import { RegionEmitter } from './region-emitter.js';
import {
  regionGraph,
  type BlockSource,
  type RegionEdge,
  type RegionGraph,
  type RegionNode,
} from './region-graph.js';

/** Larger blocks spend their time elsewhere. */
const UOPS_MAX = 48;

/** As `regionGraph`, with such nodes, unless they would give a cycle several entries. */
export function graphWithVariants(
  reader: BlockSource,
  head: Block,
  others: readonly number[],
  ends: boolean,
): RegionGraph {
  const source = readOnce(reader);
  const plain = regionGraph(source, head, others, ends);
  if (!plain.nodes.some(({ isLoop }) => isLoop)) return plain;
  const kinds = RegionEmitter.arrivals(plain);
  const arrivals = arrivalsOf(plain);
  const second = new Set<string>();
  let graph = plain;
  for (const node of plain.nodes) {
    const ways = waysBack(node, plain, arrivals.get(node) ?? [], kinds);
    if (ways.length === 0) continue;
    for (const way of ways) second.add(way);
    const split = regionGraph(source, head, others, ends, (from, fallsThrough) =>
      second.has(keyOf(from, fallsThrough)) ? 1 : 0,
    );
    if (split.entries.length === graph.entries.length) graph = split;
    else for (const way of ways) second.delete(way);
  }
  return graph;
}

/** The same blocks, each read once. */
function readOnce(reader: BlockSource): BlockSource {
  const known = new Map<number, Block | null>();
  return {
    segments: reader.segments,
    isTraced: reader.isTraced,
    blockBehindCall: (block) => reader.blockBehindCall(block),
    read: (at) => {
      const before = known.get(at);
      if (before !== undefined) return before;
      const block = reader.read(at);
      known.set(at, block);
      return block;
    },
  };
}

interface Arrival {
  readonly from: RegionNode;
  readonly edge: RegionEdge;
  readonly fallsThrough: boolean;
}

type Arrivals = readonly Arrival[];

function arrivalsOf({ nodes }: RegionGraph): ReadonlyMap<RegionNode, Arrivals> {
  const arrivals = new Map<RegionNode, Arrival[]>(nodes.map((node) => [node, []]));
  for (const from of nodes) {
    for (const fallsThrough of [false, true]) {
      const edge = fallsThrough ? from.fall : from.taken;
      if (edge !== null) arrivals.get(edge.to)?.push({ from, edge, fallsThrough });
    }
  }
  return arrivals;
}

/** The ways back to the node, of its smallest loop, that are to lead to the second node; none where that is not worth it. */
function waysBack(
  node: RegionNode,
  graph: RegionGraph,
  arrivals: Arrivals,
  kinds: ReadonlyMap<RegionEdge, number>,
): readonly string[] {
  if (!node.isLoop || node.block.uops.length > UOPS_MAX) return [];
  const kindOf = ({ edge }: Arrival): number => kinds.get(edge) ?? -1;
  const back = arrivals.filter(({ from }) => from.number >= node.number);
  const [inmost] = back
    .filter((arrival) => kindOf(arrival) >= 0)
    .sort((a, b) => loopSize(node, a.from, graph) - loopSize(node, b.from, graph));
  if (inmost === undefined) return [];
  const same = back.filter((arrival) => kindOf(arrival) === kindOf(inmost));
  if (same.length === arrivals.length && !graph.entries.includes(node)) return [];
  return same.map(({ from, fallsThrough }) => keyOf(from.block, fallsThrough));
}

/** Nodes from which control comes to `last`, and from there back to `first`. */
function loopSize(first: RegionNode, last: RegionNode, { nodes }: RegionGraph): number {
  const inside = new Set([first, last]);
  for (const node of inside) {
    if (node === first) continue;
    for (const before of nodes)
      if (before.taken?.to === node || before.fall?.to === node) inside.add(before);
  }
  return inside.size;
}

function keyOf({ at }: Block, fallsThrough: boolean): string {
  return `${at} ${fallsThrough ? 'fall' : 'taken'}`;
}
