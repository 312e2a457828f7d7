/** Reads the call tree (engine/call-tree.ts) out of memory. */
import {
  NODE_BYTES,
  NODE_CALLS,
  NODE_CYCLES,
  NODE_INSTRUCTIONS,
  NODE_PARENT,
  NODE_TARGET,
  TARGET_VECTOR_HIGH,
  TREE_NODES,
  TREE_NODES_LACKING,
  TREE_NODES_USED,
  TREE_RETURNS_UNMATCHED,
  TREE_STACK_LACKING,
} from './call-tree-layout.js';

/** A calling context, and what was charged to its function itself. */
export interface CallTreeNode {
  /** Number of the caller's node; the root, number 0, is its own. A parent stands before its children. */
  readonly parent: number;
  /** Where control entered the function; of the root 0. */
  readonly target: bigint;
  /**
   * Vector of an exception, or of an interrupt (INT n: plus VECTOR_SOFTWARE, external: plus VECTOR_EXTERNAL), whose
   * `target` means nothing; otherwise null.
   */
  readonly vector: number | null;
  readonly cycles: number;
  readonly instructions: number;
  /** How often it was entered. */
  readonly calls: number;
}

export interface CallTree {
  /** In the order in which they were first entered. */
  readonly nodes: readonly CallTreeNode[];
  /** Calls that found no room for a node, for a frame; returns that no frame waited for. */
  readonly nodesLacking: number;
  readonly framesLacking: number;
  readonly returnsUnmatched: number;
}

/** The memory that the engine shares. */
export interface TreeMemory {
  u32(address: number): number;
  u64(address: number): bigint;
}

/** The tree whose header lies at `base`. */
export function readCallTree(memory: TreeMemory, base: number): CallTree {
  const first = memory.u32(base + TREE_NODES);
  const nodes = Array.from({ length: memory.u32(base + TREE_NODES_USED) }, (_, number) => {
    const at = first + number * NODE_BYTES;
    const isVector = memory.u32(at + NODE_TARGET + 4) === TARGET_VECTOR_HIGH;
    return {
      parent: memory.u32(at + NODE_PARENT),
      target: memory.u64(at + NODE_TARGET),
      vector: isVector ? memory.u32(at + NODE_TARGET) : null,
      cycles: Number(memory.u64(at + NODE_CYCLES)),
      instructions: Number(memory.u64(at + NODE_INSTRUCTIONS)),
      calls: Number(memory.u64(at + NODE_CALLS)),
    };
  });
  return {
    nodes,
    nodesLacking: Number(memory.u64(base + TREE_NODES_LACKING)),
    framesLacking: Number(memory.u64(base + TREE_STACK_LACKING)),
    returnsUnmatched: Number(memory.u64(base + TREE_RETURNS_UNMATCHED)),
  };
}
