/**
 * NUMA nodes: which addresses belong to which node, and which node is nearest to which.
 *
 * Until somebody who has read the firmware's tables says otherwise, all memory is node 0. An address that no range
 * covers belongs to the range below it, so that RAM which the firmware forgot stays usable.
 * Missing: which node this processor is on; it is taken to be node 0.
 */
export const NODES_MAX: u32 = 64;
const RANGES_MAX: u32 = 256;
/** [ACPI "System Locality Information Table"] 10 is the distance to oneself; 20 stands for "another node". */
const DISTANCE_SELF: u8 = 10;
const DISTANCE_OTHER: u8 = 20;
const NO_END: u64 = u64.MAX_VALUE;

/** 24 bytes. */
@unmanaged
class NodeRange {
  start: u64;
  end: u64;
  node: u32;
  unused: u32;
}

const NODE_RANGE_SIZE: usize = 24;
const table: usize = memory.data(6144, 8);
let rangeCount: u32 = 0;
let nodes: u32 = 1;

/** Row by row; 0 = not given. */
const distances: usize = memory.data(4096);

export function nodeCount(): u32 {
  return nodes;
}

function rangeAt(index: u32): NodeRange {
  return changetype<NodeRange>(table + (index as usize) * NODE_RANGE_SIZE);
}

/**
 * Says that [base, end) belongs to `node`. Takes effect at the next pmm_init. Nodes are numbered densely from 0 by the
 * caller. Returns 1, or 0 for an empty range, one that touches another's, a node number of 64 or more, or a full table.
 */
export function pmm_node_range(base: u64, end: u64, node: u32): u32 {
  const index = firstRangeBehind(base);
  if (base >= end || node >= NODES_MAX || rangeCount == RANGES_MAX) return 0;
  if (index != 0 && rangeAt(index - 1).end > base) return 0;
  if (index != rangeCount && rangeAt(index).start < end) return 0;
  const place = changetype<usize>(rangeAt(index));
  memory.copy(place + NODE_RANGE_SIZE, place, ((rangeCount - index) as usize) * NODE_RANGE_SIZE);
  const range = changetype<NodeRange>(place);
  range.start = base;
  range.end = end;
  range.node = node;
  rangeCount += 1;
  nodes = max(nodes, node + 1);
  return 1;
}

/** Says how far `to` is from `from`, in the units of the SLIT (10 = local); 1, or 0 for numbers out of range. */
export function pmm_node_distance(from: u32, to: u32, distance: u32): u32 {
  if (from >= NODES_MAX || to >= NODES_MAX || distance == 0 || distance > 255) return 0;
  store<u8>(distances + ((from * NODES_MAX + to) as usize), distance as u8);
  return 1;
}

/** Forgets all ranges and distances: one node again, from the next pmm_init on. */
export function pmm_nodes_clear(): void {
  rangeCount = 0;
  nodes = 1;
  memory.fill(distances, 0, (NODES_MAX * NODES_MAX) as usize);
}

/** Index of the first range that starts behind `address`. */
function firstRangeBehind(address: u64): u32 {
  let low: u32 = 0;
  let high = rangeCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rangeAt(middle).start <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The node of `address`: of the range that holds it, else of the nearest range below, else of the first. */
export function nodeOf(address: u64): u32 {
  if (rangeCount == 0) return 0;
  const behind = firstRangeBehind(address);
  return rangeAt(behind == 0 ? 0 : behind - 1).node;
}

/** The address from which on another node may begin. */
export function nodeEnd(address: u64): u64 {
  const behind = firstRangeBehind(address);
  return behind == rangeCount ? NO_END : rangeAt(behind).start;
}

function distanceBetween(from: u32, to: u32): u8 {
  const given = load<u8>(distances + ((from * NODES_MAX + to) as usize));
  if (given != 0) return given;
  return from == to ? DISTANCE_SELF : DISTANCE_OTHER;
}

/** Whether `first` comes before `second` for `node`: itself, then by distance, then by number. */
function isNearer(node: u32, first: u32, second: u32): bool {
  if (first == node || second == node) return first == node && second != node;
  const nearer = distanceBetween(node, first);
  const farther = distanceBetween(node, second);
  return nearer != farther ? nearer < farther : first < second;
}

/** The rank of node `candidate` (0 = itself, 1 = the nearest other one…) as seen from `node`. */
export function nodeRank(node: u32, candidate: u32): u32 {
  let before: u32 = 0;
  for (let other: u32 = 0; other < nodes; other++) {
    if (isNearer(node, other, candidate)) before += 1;
  }
  return before;
}

/** The node of that rank. */
export function nodeByRank(node: u32, rank: u32): u32 {
  for (let candidate: u32 = 0; candidate < nodes; candidate++) {
    if (nodeRank(node, candidate) == rank) return candidate;
  }
  return node;
}
