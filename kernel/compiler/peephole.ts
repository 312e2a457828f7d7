/**
 * Last improvements within a block, when registers are known.
 */
import {
  isImmediate,
  isMemory,
  isRegister,
  MachineInstruction,
  memoryOperand,
  type Condition,
  type MachineBlock,
  type MachineFunction,
  type MachineOp,
  type Memory,
} from './machine.js';

export function improveBlocks(func: MachineFunction): void {
  for (const block of func.blocks) {
    dropTests(block);
    combineMoves(block);
    clearByExclusiveOr(block);
  }
}

/** For each instruction, whether a later one reads the flags that it leaves. */
function flagsNeededAfter(instructions: readonly MachineInstruction[]): boolean[] {
  const needed: boolean[] = [];
  let isNeeded = false;
  for (let index = instructions.length - 1; index >= 0; index--) {
    needed[index] = isNeeded;
    const instruction = instructions[index];
    if (instruction?.writesFlags === true) isNeeded = false;
    if (instruction?.readsFlags === true) isNeeded = true;
  }
  return needed;
}

/** `mov d, a; add d, b` is `lea d, [a + b]` where nobody wants the flags; likewise for short shifts. */
function combineMoves(block: MachineBlock): void {
  const needed = flagsNeededAfter(block.instructions);
  const result: MachineInstruction[] = [];
  block.instructions.forEach((instruction, index) => {
    const previous = result.at(-1);
    const address =
      needed[index] === true || previous === undefined
        ? undefined
        : combinedAddress(previous, instruction);
    if (address === undefined) {
      result.push(instruction);
      return;
    }
    result.pop();
    const [target] = instruction.operands;
    const operands = [target as number, address];
    result.push(new MachineInstruction('lea', instruction.width, operands, instruction.location));
  });
  block.instructions = result;
}

function combinedAddress(
  move: MachineInstruction,
  operation: MachineInstruction,
): Memory | undefined {
  const [target, base] = move.operands;
  const [result, operand] = operation.operands;
  if (move.op !== 'mov' || move.width < 4 || operation.width < 4 || target !== result)
    return undefined;
  if (!isRegister(target) || !isRegister(base) || move.width < operation.width) return undefined;
  if (operation.op === 'add') {
    if (isImmediate(operand) && operand.symbol === undefined) {
      return memoryOperand({ base, displacement: operand.value });
    }
    if (isRegister(operand) && operand !== target) return memoryOperand({ base, index: operand });
  }
  if (operation.op === 'shl' && isImmediate(operand)) {
    if (operand.value === 1n) return memoryOperand({ base, index: base });
    const scale = ({ 2: 4, 3: 8 } as const)[Number(operand.value)];
    if (scale !== undefined) return memoryOperand({ index: base, scale });
  }
  return undefined;
}

/** Operations whose flags for "zero" and "sign" are those of a test of their result. */
const TESTED: ReadonlySet<MachineOp> = new Set<MachineOp>([
  'add',
  'sub',
  'and',
  'or',
  'xor',
  'neg',
]);
/** Of these, the ones that clear carry and overflow as a test does. */
const LOGICAL: ReadonlySet<MachineOp> = new Set<MachineOp>(['and', 'or', 'xor']);
const ZERO_OR_SIGN: ReadonlySet<Condition | undefined> = new Set<Condition>(['e', 'ne', 's', 'ns']);

/** A test of what the instruction before has just computed is not needed. */
function dropTests(block: MachineBlock): void {
  block.instructions = block.instructions.filter((instruction, index, all) => {
    const [left, right] = instruction.operands;
    if (isComparedWithChange(all, index)) return false;
    if (instruction.op !== 'test' || !isRegister(left) || left !== right) return true;
    const producer = lastWriter(all, index, left);
    if (producer === undefined || !TESTED.has(producer.op)) return true;
    if (producer.width !== instruction.width || producer.operands[0] !== left) return true;
    return !readersOf(all, index).every(
      (reader) => LOGICAL.has(producer.op) || ZERO_OR_SIGN.has(reader.fields.condition),
    );
  });
}

/** Whether the instruction at `index` compares with 0 what the one before it, in memory, has left there; then its flags say it. */
function isComparedWithChange(instructions: readonly MachineInstruction[], index: number): boolean {
  const [compare, change] = [instructions[index], instructions[index - 1]];
  const [memory, zero] = compare?.operands ?? [];
  const target = change?.operands[0];
  if (compare?.op !== 'cmp' || change === undefined || !TESTED.has(change.op)) return false;
  if (!isMemory(memory) || !isMemory(target) || compare.width !== change.width) return false;
  if (!isImmediate(zero) || zero.value !== 0n || zero.symbol !== undefined) return false;
  if (!isSameAddress(memory, target)) return false;
  return readersOf(instructions, index).every(
    (reader) => LOGICAL.has(change.op) || ZERO_OR_SIGN.has(reader.fields.condition),
  );
}

function isSameAddress(a: Memory, b: Memory): boolean {
  return (
    a.base === b.base &&
    a.index === b.index &&
    a.scale === b.scale &&
    a.displacement === b.displacement &&
    a.symbol === b.symbol &&
    a.slot?.kind === b.slot?.kind &&
    a.slot?.index === b.slot?.index
  );
}

/** The instruction that set the flags before `index`, if `register` has not changed since. */
function lastWriter(
  instructions: readonly MachineInstruction[],
  index: number,
  register: number,
): MachineInstruction | undefined {
  for (let at = index - 1; at >= 0; at--) {
    const instruction = instructions[at];
    if (instruction === undefined) return undefined;
    if (instruction.writesFlags) return instruction;
    let isChanged = false;
    instruction.forEachRegister((written, _reads, writes) => {
      isChanged ||= writes && written === register;
    });
    if (isChanged) return undefined;
  }
  return undefined;
}

/** Readers of the flags that the instruction at `index` sets. */
function readersOf(
  instructions: readonly MachineInstruction[],
  index: number,
): MachineInstruction[] {
  const readers: MachineInstruction[] = [];
  for (const instruction of instructions.slice(index + 1)) {
    if (instruction.readsFlags) readers.push(instruction);
    if (instruction.writesFlags) break;
  }
  return readers;
}

/** `mov r, 0` is `xor r, r` where nobody wants the flags. */
function clearByExclusiveOr(block: MachineBlock): void {
  const needed = flagsNeededAfter(block.instructions);
  block.instructions = block.instructions.map((instruction, index) => {
    const [target, source] = instruction.operands;
    const isZero =
      instruction.op === 'mov' &&
      isRegister(target) &&
      isImmediate(source) &&
      source.value === 0n &&
      source.symbol === undefined;
    if (!isZero || needed[index] === true) return instruction;
    return new MachineInstruction('zero', 4, [target], instruction.location);
  });
}
