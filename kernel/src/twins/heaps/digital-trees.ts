import { Chunk, chunkAt, sizeOf } from './footed-chunks';

/**
 * The bins for chunks of 256 bytes and more: two for each doubling, each a digital tree over the bits of the size below the
 * bin's own. Chunks of one size form a ring, of which one is in the tree.
 * Source of the technique: D. Lea's dlmalloc, release 2.8, "tree bins"; Knuth, "The Art of Computer Programming" vol. 3, 6.3.
 *
 *     bin 256…383        320                     the first bit of a size after the bin's own leads left or right,
 *                       ┌─┴─┐                    the next one in the level below; a chunk may stand at any level
 *                     272   368 ⇄ 368
 */
@unmanaged
class Node extends Chunk {
  left: usize;
  right: usize;
  /** Another node, its bin's place in the table for a root; 0 for a member of a ring that is not in the tree. */
  parent: usize;
  bin: usize;
}
const BINS: usize = 32;
const FIRST_LOG: usize = 8;
const LEFT: usize = 32;
const RIGHT: usize = 40;
const HIGHEST_BIT: usize = 63;
/** The last bin has all that is longer, up to 2^40 bytes. */
const LAST_SHIFT: usize = 23;

const roots: usize = memory.data(256, 8);
let nonEmpty: u32 = 0;

export function treesOpen(): void {
  nonEmpty = 0;
  memory.fill(roots, 0, BINS * 8);
}

function nodeAt(address: usize): Node {
  return changetype<Node>(address);
}

function rootAt(bin: usize): usize {
  return roots + bin * 8;
}

function binOf(size: usize): usize {
  const log = HIGHEST_BIT - clz(size);
  return min(BINS - 1, ((log - FIRST_LOG) << 1) + ((size >> (log - 1)) & 1));
}

/** The size moved so that the bit which the root of its bin decides on is the highest. */
function pathOf(size: usize, bin: usize): usize {
  return bin == BINS - 1 ? size << LAST_SHIFT : size << (HIGHEST_BIT - (bin >> 1) - FIRST_LOG + 2);
}

/** Where the address of the next node on this path is. */
function branch(node: usize, path: usize): usize {
  return node + LEFT + (path >> HIGHEST_BIT) * (RIGHT - LEFT);
}

export function treeInsert(chunk: usize, size: usize): void {
  const bin = binOf(size);
  const node = nodeAt(chunk);
  node.bin = bin;
  node.left = 0;
  node.right = 0;
  node.next = chunk;
  node.previous = chunk;
  nonEmpty |= (1 as u32) << (bin as u32);
  let path = pathOf(size, bin);
  let place = rootAt(bin);
  let parent = place;
  for (let at = load<usize>(place); at != 0; at = load<usize>(place)) {
    if (sizeOf(at) == size) {
      joinRing(chunk, at);
      return;
    }
    parent = at;
    place = branch(at, path);
    path <<= 1;
  }
  store<usize>(place, chunk);
  node.parent = parent;
}

function joinRing(chunk: usize, member: usize): void {
  const node = nodeAt(chunk);
  const following = nodeAt(member).next;
  node.parent = 0;
  node.next = following;
  node.previous = member;
  nodeAt(member).next = chunk;
  chunkAt(following).previous = chunk;
}

export function treeRemove(chunk: usize): void {
  const node = nodeAt(chunk);
  let heir = node.previous;
  if (heir != chunk) {
    chunkAt(node.next).previous = heir;
    chunkAt(heir).next = node.next;
  } else {
    heir = detachLeaf(chunk);
  }
  if (node.parent == 0) return;
  const root = rootAt(node.bin);
  if (node.parent == root) {
    store<usize>(root, heir);
    if (heir == 0) nonEmpty &= ~((1 as u32) << (node.bin as u32));
  } else if (nodeAt(node.parent).left == chunk) {
    nodeAt(node.parent).left = heir;
  } else {
    nodeAt(node.parent).right = heir;
  }
  if (heir != 0) inherit(heir, node);
}

/** Takes a leaf from below the node, which may be anywhere above where it was; 0 when there is none. */
function detachLeaf(node: usize): usize {
  let place: usize = 0;
  let leaf = node;
  for (let at = lastPlace(leaf); at != 0; at = lastPlace(leaf)) {
    place = at;
    leaf = load<usize>(at);
  }
  if (place == 0) return 0;
  store<usize>(place, 0);
  return leaf;
}

/** Where the address of the right child is, else of the left; 0 when there is neither. */
function lastPlace(node: usize): usize {
  if (nodeAt(node).right != 0) return node + RIGHT;
  return nodeAt(node).left != 0 ? node + LEFT : 0;
}

function inherit(heir: usize, node: Node): void {
  const into = nodeAt(heir);
  into.parent = node.parent;
  into.bin = node.bin;
  into.left = node.left;
  into.right = node.right;
  if (node.left != 0) nodeAt(node.left).parent = heir;
  if (node.right != 0) nodeAt(node.right).parent = heir;
}

/** The shortest chunk of at least `size` bytes in any bin, which stays there; 0 when there is none. */
export function treeFind(size: usize): usize {
  const bin = size >> FIRST_LOG == 0 ? 0 : binOf(size);
  let best: usize = 0;
  let rest = usize.MAX_VALUE;
  let longer: usize = 0; // the last right branch that was not taken
  let path = size >> FIRST_LOG == 0 ? 0 : pathOf(size, bin);
  for (let at = load<usize>(rootAt(bin)); at != 0;) {
    const beyond = sizeOf(at) - size; // of a shorter chunk, more than any
    if (sizeOf(at) >= size && beyond < rest) {
      best = at;
      rest = beyond;
      if (rest == 0) return best;
    }
    const right = nodeAt(at).right;
    at = load<usize>(branch(at, path));
    if (right != 0 && right != at) longer = right;
    path <<= 1;
  }
  if (longer == 0 && best == 0) {
    const bins = bin == BINS - 1 ? 0 : nonEmpty & ((-1 as i32 as u32) << ((bin as u32) + 1));
    if (bins == 0) return 0;
    longer = load<usize>(rootAt(ctz(bins) as usize));
  }
  for (let at = longer; at != 0; at = leftmost(at)) {
    if (sizeOf(at) >= size && sizeOf(at) - size < rest) {
      best = at;
      rest = sizeOf(at) - size;
    }
  }
  return best;
}

function leftmost(node: usize): usize {
  return nodeAt(node).left != 0 ? nodeAt(node).left : nodeAt(node).right;
}
