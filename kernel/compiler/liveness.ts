/**
 * Which registers are live where, as intervals over the positions of a function.
 * Source: Aho, Lam, Sethi and Ullman, "Compilers", 2nd edition, "Live-Variable Analysis"; Wimmer and Franz,
 * "Linear Scan Register Allocation on SSA Form" (2010), section 4.1 for the ranges.
 */
import { LiveInterval } from './live-interval.js';
import { REGISTER_COUNT, type MachineBlock, type MachineFunction } from './machine.js';

export interface Liveness {
  /** By register number: the processor's own first, then the virtual ones. */
  readonly intervals: readonly LiveInterval[];
}

export function computeLiveness(func: MachineFunction): Liveness {
  const liveOut = liveOutSets(func);
  const intervals = Array.from(
    { length: func.registerCount },
    (_, register) => new LiveInterval(register),
  );
  const positions = new Map<MachineBlock, number>();
  let next = 0;
  for (const block of func.blocks) {
    positions.set(block, next);
    next += 2 * block.instructions.length;
  }
  for (const block of [...func.blocks].reverse()) {
    addBlock(block, positions.get(block) ?? 0, liveOut.get(block) ?? new Set(), intervals);
  }
  for (const interval of intervals) interval.finish();
  return { intervals };
}

/** How often a block runs, compared with the function's entry: tenfold per loop. */
export const frequency = (block: MachineBlock): number => 10 ** Math.min(block.loopDepth, 6);

function addBlock(
  block: MachineBlock,
  start: number,
  liveOut: ReadonlySet<number>,
  intervals: readonly LiveInterval[],
): void {
  /** Register → end of the range that is being built. */
  const open = new Map<number, number>();
  const end = start + 2 * block.instructions.length;
  for (const register of liveOut) open.set(register, end);
  const cost = frequency(block);
  for (let index = block.instructions.length - 1; index >= 0; index--) {
    const position = start + 2 * index;
    const instruction = block.instructions[index];
    instruction?.forEachRegister((register, reads, writes) => {
      const interval = intervals[register];
      if (interval === undefined || !writes) return;
      interval.weight += cost;
      const rangeEnd = open.get(register) ?? position + 2;
      if (reads) {
        open.set(register, rangeEnd);
      } else {
        interval.prepend(position + 1, rangeEnd);
        open.delete(register);
      }
    });
    instruction?.forEachRegister((register, reads) => {
      const interval = intervals[register];
      if (interval === undefined || !reads) return;
      interval.weight += cost;
      if (!open.has(register)) open.set(register, position + 1);
    });
  }
  for (const [register, rangeEnd] of open) intervals[register]?.prepend(start, rangeEnd);
}

function liveOutSets(func: MachineFunction): Map<MachineBlock, Set<number>> {
  const uses = new Map<MachineBlock, Set<number>>();
  const defs = new Map<MachineBlock, Set<number>>();
  const liveIn = new Map<MachineBlock, Set<number>>();
  const liveOut = new Map<MachineBlock, Set<number>>();
  for (const block of func.blocks) {
    const [used, defined] = usesAndDefs(block);
    uses.set(block, used);
    defs.set(block, defined);
    liveIn.set(block, new Set(used));
    liveOut.set(block, new Set());
  }
  const pending = [...func.blocks];
  const queued = new Set(pending);
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    queued.delete(block);
    const out = liveOut.get(block) as Set<number>;
    const into = liveIn.get(block) as Set<number>;
    const sizeBefore = into.size;
    for (const successor of block.successors) {
      for (const register of liveIn.get(successor) ?? []) {
        out.add(register);
        if (!defs.get(block)?.has(register)) into.add(register);
      }
    }
    if (into.size === sizeBefore) continue;
    for (const predecessor of block.predecessors) {
      if (queued.has(predecessor)) continue;
      queued.add(predecessor);
      pending.push(predecessor);
    }
  }
  return liveOut;
}

/** Virtual registers read before they are written in the block, and those written in it. */
function usesAndDefs(block: MachineBlock): [Set<number>, Set<number>] {
  const used = new Set<number>();
  const defined = new Set<number>();
  for (const instruction of block.instructions) {
    instruction.forEachRegister((register, reads) => {
      if (reads && register >= REGISTER_COUNT && !defined.has(register)) used.add(register);
    });
    instruction.forEachRegister((register, _reads, writes) => {
      if (writes && register >= REGISTER_COUNT) defined.add(register);
    });
  }
  return [used, defined];
}
