/**
 * A profile by calling context: the timing engine's call tree with names. Frames of the same name below the same caller are
 * one; code of the firmware, which has no symbols, is the frame `[firmware]`.
 */
import { exceptionMnemonic } from '../isa/exceptions.js';
import { VECTOR_EXTERNAL, VECTOR_SOFTWARE } from '../timing/call-tree-layout.js';
import type { CallTree, CallTreeNode } from '../timing/call-tree-reader.js';
import { ROM_BASE, ROM_SHADOW_BASE } from './ram-layout.js';
import type { SymbolTable } from './symbols.js';

const FIRMWARE_FRAME = '[firmware]';
/** A RIP below 64 KiB: 16-bit code of the firmware or of a boot sector, whose CS base the profile does not know. */
const REAL_MODE_FRAME = '[real mode]';
const REAL_MODE_END = 0x10000n;
const FOUR_GIB = 1n << 32n;
const ONE_MIB = 0x100000n;

/** `[caller's number, frame's number, cycles, instructions, calls]`, the function's own without those it called. */
export type ProfileNode = readonly [
  parent: number,
  frame: number,
  cycles: number,
  instructions: number,
  calls: number,
];

export interface Profile {
  readonly schema: string;
  /** Names of functions, by first entry. Number 0 stands for the whole run. */
  readonly frames: readonly string[];
  /** A caller stands before those it called; number 0 is the root, its own caller, and costs nothing itself. */
  readonly nodes: readonly ProfileNode[];
  /** Calls for which the tree or the shadow stack had no room; they are charged to a caller. */
  readonly nodesLacking: number;
  readonly framesLacking: number;
  /** Returns to addresses that no frame waited for. */
  readonly returnsUnmatched: number;
}

export const PROFILE_SCHEMA = 'https://system7x.dev/schema/profile-1.json';
const ROOT_FRAME = 'all';

/** The tree with the image's names. */
export function profileOf(tree: CallTree, symbols: SymbolTable): Profile {
  const frames = [ROOT_FRAME];
  const frameNumbers = new Map<string, number>();
  const nodes: [number, number, number, number, number][] = [[0, 0, 0, 0, 0]];
  const children = new Map<string, number>();
  const childOf = (parent: number, name: string): number => {
    const isNameless = name === FIRMWARE_FRAME || name === REAL_MODE_FRAME;
    if (isNameless && frames[nodes[parent]?.[1] ?? 0] === name) return parent;
    let frame = frameNumbers.get(name);
    if (frame === undefined) {
      frame = frames.push(name) - 1;
      frameNumbers.set(name, frame);
    }
    const key = `${parent} ${frame}`;
    const known = children.get(key);
    if (known !== undefined) return known;
    const number = nodes.push([parent, frame, 0, 0, 0]) - 1;
    children.set(key, number);
    return number;
  };
  const names = nodeNames(tree, symbols);
  const numbers: number[] = [];
  tree.nodes.forEach((node, number) => {
    const parent = node.parent === 0 || number === 0 ? 0 : (numbers[node.parent] ?? 0);
    const place = childOf(parent, names[number] ?? '');
    numbers.push(place);
    const sums = nodes[place];
    if (sums === undefined || place === 0) return;
    sums[2] += node.cycles;
    sums[3] += node.instructions;
    sums[4] += node.calls;
  });
  const { nodesLacking, framesLacking, returnsUnmatched } = tree;
  return { schema: PROFILE_SCHEMA, frames, nodes, nodesLacking, framesLacking, returnsUnmatched };
}

/** Names of the functions of all nodes, by the node's number; the root is the firmware, where a machine begins. */
export function nodeNames(tree: CallTree, symbols: SymbolTable): string[] {
  return tree.nodes.map((node, number) =>
    number === 0 ? FIRMWARE_FRAME : frameName(node, symbols),
  );
}

function frameName({ target, vector }: CallTreeNode, symbols: SymbolTable): string {
  if (vector !== null) {
    if (vector >= VECTOR_EXTERNAL) {
      return `[interrupt 0x${(vector - VECTOR_EXTERNAL).toString(16)}]`;
    }
    if (vector >= VECTOR_SOFTWARE) return `[int 0x${(vector - VECTOR_SOFTWARE).toString(16)}]`;
    return `[${exceptionMnemonic(vector)}]`;
  }
  return functionName(target, symbols);
}

/** Name of the function at `address`; `[firmware]`; or the address where nothing has a name. */
export function functionName(address: bigint, symbols: SymbolTable): string {
  const symbol = symbols.nameOf(address)?.replace(/\+0x[0-9a-f]+$/, '');
  // The separator of folded stacks must not be part of a name.
  if (symbol !== undefined) return symbol.replaceAll(';', ':');
  const isRom =
    (address >= ROM_SHADOW_BASE && address < ONE_MIB) ||
    (address >= ROM_BASE && address < FOUR_GIB);
  if (address < REAL_MODE_END) return REAL_MODE_FRAME;
  return isRom ? FIRMWARE_FRAME : `0x${address.toString(16)}`;
}
