/**
 * Which function was called by which, and what each of these calling contexts cost: a tree with one node for each chain
 * of callers, kept up to date at every call and return. Exact: nothing is sampled.
 * After Ammons, Ball, Larus, "Exploiting Hardware Performance Counters with Flow and Context Sensitive Profiling",
 * PLDI 1997, "The Calling Context Tree".
 *
 * The engine calls callTreeCharge when a block is left, then the function for the transfer at its end. Addresses are
 * values of RIP. A shadow stack holds the frames, each with the address to which it returns:
 * - a return ends the youngest frame that waits for that address, and all younger ones (longjmp, unwinding);
 * - a return that no frame waits for (a switch of stacks, `push; ret`, a return trampoline) is a jump: the frame on top
 *   becomes a frame of the target and keeps its return address;
 * - a jump to the first instruction of a known function (a tail call) does the same;
 * - a jump or unmatched return to a root function (the kernel's entry) ends all frames: nothing returns to the firmware.
 * A full table charges the caller, a full stack the deepest frame; both are counted. Layout: call-tree-layout.ts.
 * Not there: stacks of several threads are not told apart (a register's value would be needed).
 */
import {
  FRAME_BYTES,
  FRAME_IS_INTERRUPT,
  FRAME_NODE,
  FRAME_RETURN,
  NODE_BYTES,
  NODE_CALLS,
  NODE_CYCLES,
  NODE_INSTRUCTIONS,
  NODE_PARENT,
  NODE_TARGET,
  TARGET_VECTOR_HIGH,
  TREE_FUNCTIONS,
  TREE_FUNCTIONS_MAX,
  TREE_FUNCTIONS_USED,
  TREE_HASH,
  TREE_HASH_MAX,
  TREE_HEADER_BYTES,
  TREE_NODES,
  TREE_NODES_LACKING,
  TREE_NODES_MAX,
  TREE_NODES_USED,
  TREE_RETURNS_UNMATCHED,
  TREE_STACK,
  TREE_STACK_LACKING,
  TREE_STACK_MAX,
} from '../call-tree-layout';
import { changed } from './observer';

/** In the set of functions: no address has this bit alone. */
const ROOT_FUNCTION: u64 = 1 << 63;

/** Address of the header; 0 while there is no tree, and then nothing here does anything. */
let tree: u32 = 0;
/** The node that is charged, and the frame that it belongs to. */
let current: u32 = 0;
let top: u32 = 0;
let stackEnd: u32 = 0;
let hash: u32 = 0;
let hashMask: u32 = 0;
/** Frames that found the stack full and have not returned. */
let framesLacking: u64 = 0;
/** Whether the host wants to hear of changes; cycles charged since the start. */
let isObserved: bool = false;
let charged: u64 = 0;

/** Has the host hear of each change of the stack from now on. */
export function callTreeObserve(): void {
  isObserved = true;
}

/** Starts an empty tree in `bytes` of memory from `base` (8-byte aligned) on: an eighth is stack, an eighth the set of functions. */
export function callTreeStart(base: u32, bytes: u32): void {
  memory.fill(base, 0, bytes);
  tree = base;
  const stack = base + TREE_HEADER_BYTES;
  const stackMax = (bytes >> 3) / FRAME_BYTES;
  const functions = stack + stackMax * FRAME_BYTES;
  const functionsMax = powerOfTwoWithin(bytes >> 6);
  hash = functions + (functionsMax << 3);
  // Two hash entries a node: chains stay short.
  const hashMax = powerOfTwoWithin((base + bytes - hash) / (4 + NODE_BYTES / 2));
  hashMask = hashMax - 1;
  const nodes = hash + (hashMax << 2);
  store<u32>(base, 1, TREE_NODES_USED);
  store<u32>(base, hashMax >> 1, TREE_NODES_MAX);
  store<u32>(base, nodes, TREE_NODES);
  store<u32>(base, stack, TREE_STACK);
  store<u32>(base, stackMax, TREE_STACK_MAX);
  store<u32>(base, functions, TREE_FUNCTIONS);
  store<u32>(base, functionsMax, TREE_FUNCTIONS_MAX);
  store<u32>(base, hash, TREE_HASH);
  store<u32>(base, hashMax, TREE_HASH_MAX);
  stackEnd = stack + stackMax * FRAME_BYTES;
  store<u32>(stack, nodes, FRAME_NODE);
  top = stack;
  current = nodes;
  framesLacking = 0;
  charged = 0;
}

function powerOfTwoWithin(limit: u32): u32 {
  return (<u32>1) << (31 - clz(limit));
}

/** Makes `address` known as the first instruction of a function, so that a jump there is a tail call. */
export function callTreeFunction(address: u64, isRoot: bool): void {
  if (tree == 0) return;
  const slot = functionSlot(address);
  const isNew = load<u64>(slot) == 0;
  const count = load<u32>(tree, TREE_FUNCTIONS_USED);
  if (isNew && count >= load<u32>(tree, TREE_FUNCTIONS_MAX) - 1) return;
  if (isNew) store<u32>(tree, count + 1, TREE_FUNCTIONS_USED);
  store<u64>(slot, isRoot ? address | ROOT_FUNCTION : address);
}

/** Address of the set's entry for `address`, or of the empty one where it belongs. */
function functionSlot(address: u64): u32 {
  const functions = load<u32>(tree, TREE_FUNCTIONS);
  const mask = load<u32>(tree, TREE_FUNCTIONS_MAX) - 1;
  let index = mix(address) & mask;
  while (true) {
    const slot = functions + (index << 3);
    const entry = load<u64>(slot);
    if (entry == 0 || (entry & ~ROOT_FUNCTION) == address) return slot;
    index = (index + 1) & mask;
  }
}

function mix(value: u64): u32 {
  const product = value * 0x9e3779b97f4a7c15;
  return (<u32>(product >> 32)) ^ (<u32>(product >> 50));
}

/** Charges the function that is running. */
export function callTreeCharge(cycles: u64, instructions: u32): void {
  if (tree == 0) return;
  charged += cycles;
  store<u64>(current, load<u64>(current, NODE_CYCLES) + cycles, NODE_CYCLES);
  store<u64>(current, load<u64>(current, NODE_INSTRUCTIONS) + instructions, NODE_INSTRUCTIONS);
}

/** A call of `target` that will return to `returnAddress`: near, far, SYSCALL. */
export function callTreeEnter(target: u64, returnAddress: u64): void {
  if (tree == 0) return;
  push(target, returnAddress, 0);
}

/** An interrupt, exception or INT n is delivered through vector `vector`. */
export function callTreeInterrupt(vector: u32): void {
  if (tree == 0) return;
  push(((<u64>TARGET_VECTOR_HIGH) << 32) | vector, 0, 1);
}

/** A return to `target`: near, far, SYSRET. */
export function callTreeReturn(target: u64): void {
  if (tree == 0) return;
  if (framesLacking != 0) {
    framesLacking--;
    return;
  }
  const bottom = load<u32>(tree, TREE_STACK);
  for (let frame = top; frame != bottom; frame -= FRAME_BYTES) {
    if (load<u64>(frame, FRAME_RETURN) == target && load<u32>(frame, FRAME_IS_INTERRUPT) == 0)
      return popTo(frame);
  }
  store<u64>(tree, load<u64>(tree, TREE_RETURNS_UNMATCHED) + 1, TREE_RETURNS_UNMATCHED);
  replace(target);
}

/** IRET to `target`: ends the youngest interrupt; without one it is a jump. */
export function callTreeInterruptReturn(target: u64): void {
  if (tree == 0) return;
  const bottom = load<u32>(tree, TREE_STACK);
  for (let frame = top; frame != bottom; frame -= FRAME_BYTES) {
    if (load<u32>(frame, FRAME_IS_INTERRUPT) != 0) {
      framesLacking = 0;
      return popTo(frame);
    }
  }
  replace(target);
}

/** A jump of any kind to `target`, conditional ones that are taken included: matters when a function begins there. */
export function callTreeJump(target: u64): void {
  if (tree == 0) return;
  const entry = load<u64>(functionSlot(target));
  if (entry != 0) replace(target);
}

/** The frames that `frame` has called end, and it as well. */
function popTo(frame: u32): void {
  top = frame - FRAME_BYTES;
  current = load<u32>(top, FRAME_NODE);
  report();
}

function report(): void {
  if (!isObserved) return;
  const frames = (top - load<u32>(tree, TREE_STACK)) / FRAME_BYTES;
  const node = (current - load<u32>(tree, TREE_NODES)) / NODE_BYTES;
  changed(frames, node, load<u32>(top, FRAME_IS_INTERRUPT), <f64>charged);
}

function push(target: u64, returnAddress: u64, isInterrupt: u32): void {
  if (top + FRAME_BYTES == stackEnd) {
    framesLacking++;
    store<u64>(tree, load<u64>(tree, TREE_STACK_LACKING) + 1, TREE_STACK_LACKING);
    return;
  }
  top += FRAME_BYTES;
  current = child(current, target);
  store<u64>(top, returnAddress, FRAME_RETURN);
  store<u32>(top, current, FRAME_NODE);
  store<u32>(top, isInterrupt, FRAME_IS_INTERRUPT);
  report();
}

/** The frame on top goes on as one of `target`, for the same caller; the bottom one gets a frame below it instead. */
function replace(target: u64): void {
  if ((load<u64>(functionSlot(target)) & ROOT_FUNCTION) != 0) {
    framesLacking = 0;
    top = load<u32>(tree, TREE_STACK);
    current = load<u32>(tree, TREE_NODES);
  }
  if (top == load<u32>(tree, TREE_STACK)) return push(target, 0, 0);
  if (load<u64>(current, NODE_TARGET) == target) return;
  current = child(load<u32>(top - FRAME_BYTES, FRAME_NODE), target);
  store<u32>(top, current, FRAME_NODE);
  report();
}

/** The node of `target` called by `parent`, made when there is none; `parent` itself when the table is full. */
function child(parent: u32, target: u64): u32 {
  const nodes = load<u32>(tree, TREE_NODES);
  const parentNumber = (parent - nodes) / NODE_BYTES;
  let index = mix(target ^ ((<u64>parentNumber) << 40)) & hashMask;
  while (true) {
    const slot = hash + (index << 2);
    const number = load<u32>(slot);
    if (number == 0) return addNode(slot, nodes, parentNumber, target);
    const node = nodes + number * NODE_BYTES;
    if (load<u64>(node) == target && load<u32>(node, NODE_PARENT) == parentNumber) {
      store<u64>(node, load<u64>(node, NODE_CALLS) + 1, NODE_CALLS);
      return node;
    }
    index = (index + 1) & hashMask;
  }
}

function addNode(slot: u32, nodes: u32, parentNumber: u32, target: u64): u32 {
  const number = load<u32>(tree, TREE_NODES_USED);
  if (number == load<u32>(tree, TREE_NODES_MAX)) {
    store<u64>(tree, load<u64>(tree, TREE_NODES_LACKING) + 1, TREE_NODES_LACKING);
    return nodes + parentNumber * NODE_BYTES;
  }
  store<u32>(tree, number + 1, TREE_NODES_USED);
  store<u32>(slot, number);
  const node = nodes + number * NODE_BYTES;
  store<u64>(node, target);
  store<u64>(node, 1, NODE_CALLS);
  store<u32>(node, parentNumber, NODE_PARENT);
  return node;
}
