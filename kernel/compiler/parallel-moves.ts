/**
 * Parallel copies as a sequence of moves: a target is written once nobody needs its old value, and cycles are
 * turned with exchanges.
 */
import {
  isImmediate,
  isMemory,
  isRegister,
  MachineInstruction,
  type MachineFunction,
  type Operand,
} from './machine.js';

interface Move {
  readonly target: Operand;
  source: Operand;
}

/** Replaces every `copies` of an allocated function. */
export function resolveCopies(func: MachineFunction): void {
  for (const block of func.blocks) {
    block.instructions = block.instructions.flatMap((instruction) =>
      instruction.op === 'copies' ? sequence(instruction) : [instruction],
    );
  }
}

function sequence(copies: MachineInstruction): MachineInstruction[] {
  const half = copies.operands.length / 2;
  const moves: Move[] = [];
  for (let index = 0; index < half; index++) {
    const [target, source] = [copies.operands[index], copies.operands[half + index]];
    if (target === undefined || source === undefined || isSame(target, source)) continue;
    moves.push({ target, source });
  }
  const result: MachineInstruction[] = [];
  const emit = (op: 'mov' | 'xchg', target: Operand, source: Operand): void => {
    const isShort = isImmediate(source) && source.value >= 0n && source.value < 1n << 32n;
    const width = isShort && isRegister(target) ? 4 : 8;
    result.push(new MachineInstruction(op, width, [target, source], copies.location));
  };
  while (moves.length > 0) {
    const ready = moves.findIndex(
      ({ target }) => !moves.some((other) => isSame(other.source, target)),
    );
    const [move] = moves.splice(Math.max(ready, 0), 1);
    if (move === undefined) break;
    if (ready >= 0) {
      emit('mov', move.target, move.source);
      continue;
    }
    // Every target is still needed: exchange, after which the source holds what the target held.
    emit('xchg', move.target, move.source);
    for (const other of moves) if (isSame(other.source, move.target)) other.source = move.source;
    const done = moves.findIndex(({ target, source }) => isSame(target, source));
    if (done >= 0) moves.splice(done, 1);
  }
  return result;
}

function isSame(a: Operand, b: Operand): boolean {
  if (isRegister(a) || isRegister(b)) return a === b;
  return isMemory(a) && isMemory(b) && a.slot !== undefined && a.slot.index === b.slot?.index;
}
