/**
 * Reads of global variables whose value is already in a register.
 *
 * No load or store can reach a global: only `global.set`, calls and the instructions of namespace x86 (during which an
 * interrupt handler may run) change one. So a read takes the value of the read or write before it, and a loop without
 * such changes reads the global once, in front. A write notes what it overwrites, so that one instruction can change the
 * variable in memory where its old value is in a register for others.
 */
import { resolveArguments, removeDeadValues, type Loops } from './flow-graph.js';
import { Value, type Block, type IrFunction } from './ir.js';

type Known = Map<number, Value>;

/** Globals changed in a loop; undefined when all may be. */
type Changes = ReadonlySet<number> | undefined;

export function forwardGlobals(func: IrFunction, loops: Loops): void {
  const atEnd = new Map<Block, Known>();
  for (const block of func.blocks) {
    const known = knownAtStart(func, block, atEnd, loops);
    for (const value of block.values) visit(value, known);
    atEnd.set(block, known);
  }
  resolveArguments(func);
  removeDeadValues(func);
}

function visit(value: Value, known: Known): void {
  switch (value.op) {
    case 'global_get': {
      const earlier = known.get(value.index);
      if (earlier === undefined) known.set(value.index, value);
      else value.replacedBy = earlier.resolve();
      return;
    }
    case 'global_set': {
      const [stored] = value.args;
      value.before = known.get(value.index);
      if (stored !== undefined) known.set(value.index, stored.resolve());
      return;
    }
    case 'call':
    case 'call_indirect':
    case 'intrinsic':
      known.clear();
      return;
    default:
      return;
  }
}

/** What all predecessors agree on; at a loop's header, what is known in front and the loop does not change. */
function knownAtStart(
  func: IrFunction,
  block: Block,
  atEnd: ReadonlyMap<Block, Known>,
  loops: Loops,
): Known {
  const body = loops.get(block);
  const outside = block.predecessors.filter((other) => body?.has(other) !== true);
  const [first, ...others] = outside.map((other) => atEnd.get(other) ?? new Map<number, Value>());
  const known: Known = new Map(first ?? []);
  for (const [index, value] of known) {
    if (others.some((other) => other.get(index)?.resolve() !== value.resolve()))
      known.delete(index);
  }
  if (body === undefined) return known;
  const changes = changesIn(body);
  if (changes === undefined) return new Map();
  for (const index of changes) known.delete(index);
  const [entrance] = outside;
  if (outside.length === 1 && entrance !== undefined) {
    readInFront(func, entrance, body, changes, known);
  }
  return known;
}

function changesIn(body: ReadonlySet<Block>): Changes {
  const changed = new Set<number>();
  for (const block of body) {
    for (const { op, index } of block.values) {
      if (op === 'call' || op === 'call_indirect' || op === 'intrinsic') return undefined;
      if (op === 'global_set') changed.add(index);
    }
  }
  return changed;
}

/** Adds, at the end of the block in front of a loop, a read of each global that the loop reads and does not change. */
function readInFront(
  func: IrFunction,
  entrance: Block,
  body: ReadonlySet<Block>,
  changes: ReadonlySet<number>,
  known: Known,
): void {
  for (const block of body) {
    for (const value of block.values) {
      if (value.op !== 'global_get' || changes.has(value.index) || known.has(value.index)) continue;
      const { op, type, attributes, location } = value;
      const read = new Value(func.valueCount++, op, type, [], entrance, attributes, location);
      entrance.values.push(read);
      known.set(value.index, read);
    }
  }
}
