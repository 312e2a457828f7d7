/**
 * Removes copies by giving both sides one virtual register, wherever the two are never needed at the same time.
 * Copies in the innermost loops are tried first.
 * Source: Chaitin et al., "Register Allocation via Coloring" (1981), "subsumption".
 */
import type { LiveInterval } from './live-interval.js';
import type { Liveness } from './liveness.js';
import {
  isRegister,
  REGISTER_COUNT,
  type MachineFunction,
  type MachineInstruction,
  type Operand,
} from './machine.js';

/** Pairs (target, source) that an instruction copies from register to register. */
export function copiedPairs(instruction: MachineInstruction): [number, number][] {
  const { operands } = instruction;
  if (instruction.op === 'mov' && instruction.width >= 4) {
    const [target, source] = operands;
    return isRegister(target) && isRegister(source) ? [[target, source]] : [];
  }
  if (instruction.op !== 'copies') return [];
  const half = operands.length / 2;
  return operands.slice(0, half).flatMap((target, index): [number, number][] => {
    const source = operands[half + index];
    return isRegister(target) && isRegister(source) ? [[target, source]] : [];
  });
}

/** Merges registers in `func` and their intervals in `liveness`. */
export function coalesceCopies(func: MachineFunction, liveness: Liveness): void {
  const parent = new Map<number, number>();
  const find = (register: number): number => {
    let root = register;
    for (let next = parent.get(root); next !== undefined; next = parent.get(root)) root = next;
    return root;
  };
  const byDepth = [...func.blocks].sort((a, b) => b.loopDepth - a.loopDepth);
  for (const block of byDepth) {
    for (const instruction of block.instructions) {
      for (const [target, source] of copiedPairs(instruction)) {
        const [a, b] = [find(target), find(source)];
        if (a === b || a < REGISTER_COUNT || b < REGISTER_COUNT) continue;
        const [kept, merged] = [liveness.intervals[a], liveness.intervals[b]];
        if (kept === undefined || merged === undefined || !canMerge(kept, merged)) continue;
        kept.absorb(merged);
        merged.ranges = [];
        parent.set(b, a);
      }
    }
  }
  if (parent.size === 0) return;
  for (const block of func.blocks) {
    for (const instruction of block.instructions) {
      instruction.mapRegisters(find);
      dropIdentities(instruction);
    }
    block.instructions = block.instructions.filter((instruction) => !isEmptyCopy(instruction));
  }
}

function canMerge(a: LiveInterval, b: LiveInterval): boolean {
  return !a.isMinimal && !b.isMinimal && !a.overlaps(b);
}

/** Removes `x ← x` from parallel copies. */
export function dropIdentities(instruction: MachineInstruction): void {
  if (instruction.op !== 'copies') return;
  const { operands } = instruction;
  const half = operands.length / 2;
  const targets: Operand[] = [];
  const sources: Operand[] = [];
  for (let index = 0; index < half; index++) {
    const [target, source] = [operands[index], operands[half + index]];
    if (target === undefined || source === undefined || target === source) continue;
    targets.push(target);
    sources.push(source);
  }
  instruction.operands = [...targets, ...sources];
}

export function isEmptyCopy(instruction: MachineInstruction): boolean {
  if (instruction.op === 'copies') return instruction.operands.length === 0;
  const [target, source] = instruction.operands;
  return instruction.op === 'mov' && isRegister(target) && target === source;
}
