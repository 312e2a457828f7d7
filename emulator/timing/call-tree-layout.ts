/**
 * Layout of the call tree in memory: written by emulator/timing/engine/call-tree.ts, read by call-tree-reader.ts.
 * Integer constants, read by TypeScript and AssemblyScript alike.
 *
 *   header 64 bytes · shadow stack · set of functions · hash of nodes · nodes
 */

/** Where the tree lies: behind the timing engine's state and static data, before TIMING_STATE_END of isa/state-layout.ts. */
export const CALL_TREE = 0x5500000;
export const CALL_TREE_BYTES = 0x300000;

// ── header ──────────────────────────────────────────────────────────────────────────────────────────────────────
/** u32: nodes in use, the root included. */
export const TREE_NODES_USED = 0;
/** u32: most nodes that there is room for. */
export const TREE_NODES_MAX = 4;
/** u32: address of the first node, which is the root. */
export const TREE_NODES = 8;
/** u32: addresses of the other parts, and sizes in entries. */
export const TREE_STACK = 12;
export const TREE_STACK_MAX = 16;
export const TREE_FUNCTIONS = 20;
export const TREE_FUNCTIONS_MAX = 24;
export const TREE_HASH = 28;
export const TREE_HASH_MAX = 32;
/** u32: functions in the set. */
export const TREE_FUNCTIONS_USED = 36;
/** u64: calls that found the table full: their cycles are charged to the caller. */
export const TREE_NODES_LACKING = 40;
/** u64: calls that found the shadow stack full: their cycles are charged to the deepest frame. */
export const TREE_STACK_LACKING = 48;
/** u64: returns to addresses that no frame waits for. */
export const TREE_RETURNS_UNMATCHED = 56;
export const TREE_HEADER_BYTES = 64;

// ── node ────────────────────────────────────────────────────────────────────────────────────────────────────────
/** u64: where control entered the function; for an interrupt or exception TARGET_VECTOR + vector. */
export const NODE_TARGET = 0;
/** u64 each: what was charged to this node itself, without its children. */
export const NODE_CYCLES = 8;
export const NODE_INSTRUCTIONS = 16;
/** u64: how often it was entered from its parent. */
export const NODE_CALLS = 24;
/** u32: number of the parent node. The root is number 0 and its own parent. */
export const NODE_PARENT = 32;
export const NODE_BYTES = 40;

/** Upper half of the target of interrupts and exceptions, the vector being the lower: not canonical, so no code's address. */
export const TARGET_VECTOR_HIGH = 0x80000000;
/** Added to the vector of INT n, which is no exception. */
export const VECTOR_SOFTWARE = 0x100;
/** Added to the vector of an external interrupt: a PC's firmware has IRQ 0 to 7 at the vectors of #DF and other exceptions. */
export const VECTOR_EXTERNAL = 0x200;

// ── shadow stack: one entry a frame ─────────────────────────────────────────────────────────────────────────────
/** u64: the address that a return must go to to end this frame; 0 for interrupts, whose end is an IRET. */
export const FRAME_RETURN = 0;
/** u32: address of the frame's node. */
export const FRAME_NODE = 8;
/** u32: 1 for interrupts and exceptions. */
export const FRAME_IS_INTERRUPT = 12;
export const FRAME_BYTES = 16;
