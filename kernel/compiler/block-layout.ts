/**
 * The order of the code after register allocation: loops test at their end, empty blocks vanish, what is seldom done
 * (what calls a cold function, or leads nowhere else) and what traps stand behind everything else, so that the usual
 * way falls through.
 */
import { invert, MachineInstruction, type MachineBlock, type MachineFunction } from './machine.js';

/** Blocks up to this many instructions are copied to the jumps that lead to them. */
const COPIED_INSTRUCTIONS_MAX = 6;

export function layOutBlocks(func: MachineFunction, coldSymbols: ReadonlySet<string>): void {
  threadJumps(func);
  removeUnreachable(func);
  testAtLoopEnd(func);
  removeUnreachable(func);
  func.blocks = placeBlocks(func, coldBlocks(func, coldSymbols));
  simplifyBranches(func);
}

const isTrap = (block: MachineBlock): boolean => block.instructions[0]?.op === 'trap';

/** Jumps to a block that only jumps on go to its target at once. */
function threadJumps(func: MachineFunction): void {
  const destination = (block: MachineBlock): MachineBlock => {
    const seen = new Set<MachineBlock>();
    let at = block;
    for (;;) {
      const [only] = at.instructions;
      const next = only?.op === 'jump' ? only.fields.targets?.[0] : undefined;
      if (next === undefined || seen.has(at)) return at;
      seen.add(at);
      at = next;
    }
  };
  for (const block of func.blocks) {
    const { end } = block;
    if (end?.fields.targets === undefined) continue;
    end.fields = { ...end.fields, targets: end.fields.targets.map(destination) };
  }
}

function removeUnreachable(func: MachineFunction): void {
  const [entry] = func.blocks;
  const reached = new Set<MachineBlock>();
  const pending = entry === undefined ? [] : [entry];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (reached.has(block)) continue;
    reached.add(block);
    pending.push(...block.successors);
  }
  func.blocks = func.blocks.filter((block) => reached.has(block));
  for (const block of func.blocks) block.predecessors = [];
  for (const block of func.blocks) {
    for (const successor of new Set(block.successors)) successor.predecessors.push(block);
  }
}

/**
 * A jump to a short block that ends in a branch or a return is replaced by that block's code. For a loop header
 * this moves the test to the end of the loop, one jump less each time round.
 */
function testAtLoopEnd(func: MachineFunction): void {
  for (const block of func.blocks) {
    const { end } = block;
    const [target] = block.successors;
    if (end?.op !== 'jump' || target === undefined || target === block) continue;
    const isShort = target.instructions.length <= COPIED_INSTRUCTIONS_MAX;
    const isBackwards = func.blocks.indexOf(target) <= func.blocks.indexOf(block);
    const isReturn = target.end?.op === 'return' && target.instructions.length <= 2;
    const isLoopTest = target.end?.op === 'branch' && isBackwards && isShort;
    if (!isLoopTest && !isReturn) continue;
    block.instructions.pop();
    block.instructions.push(...target.instructions.map(copyOf));
  }
}

function copyOf(instruction: MachineInstruction): MachineInstruction {
  const { op, width, operands, location, fields } = instruction;
  return new MachineInstruction(op, width, [...operands], location, { ...fields });
}

/** Chains of blocks that fall through to each other; traps last. */
function placeBlocks(func: MachineFunction, cold: ReadonlySet<MachineBlock>): MachineBlock[] {
  const usual = func.blocks.filter((block) => !cold.has(block));
  const seldom = func.blocks.filter((block) => cold.has(block) && !isTrap(block));
  const placed = new Set<MachineBlock>();
  for (const group of [usual, seldom]) {
    const members = new Set(group);
    for (const start of group) {
      let block: MachineBlock | undefined = start;
      while (block !== undefined && !placed.has(block)) {
        placed.add(block);
        block = bestFallThrough(block, placed, members);
      }
    }
  }
  return [...placed, ...func.blocks.filter((block) => !placed.has(block))];
}

/** Blocks that trap, that call a cold function, or from which there is no other way than through such. */
function coldBlocks(
  func: MachineFunction,
  coldSymbols: ReadonlySet<string>,
): ReadonlySet<MachineBlock> {
  const cold = new Set(func.blocks.filter((block) => isTrap(block) || callsCold(block)));
  for (let before = -1; before !== cold.size;) {
    before = cold.size;
    for (const block of func.blocks) {
      const { successors } = block;
      if (successors.length > 0 && successors.every((next) => cold.has(next))) cold.add(block);
    }
  }
  const [entry] = func.blocks;
  if (entry !== undefined) cold.delete(entry);
  return cold;

  function callsCold({ instructions }: MachineBlock): boolean {
    return instructions.some(
      ({ op, fields }) => op === 'call' && coldSymbols.has(fields.symbol ?? ''),
    );
  }
}

/** The successor to place next: the not-yet-placed one in the deepest loop. */
function bestFallThrough(
  block: MachineBlock,
  placed: ReadonlySet<MachineBlock>,
  members: ReadonlySet<MachineBlock>,
): MachineBlock | undefined {
  if (block.end?.op !== 'jump' && block.end?.op !== 'branch') return undefined;
  const open = block.successors.filter((next) => !placed.has(next) && members.has(next));
  // A jump is followed only where no other block would lose its fall-through.
  const candidates = open.filter(
    (next) => block.end?.op === 'branch' || next.predecessors.every((other) => placed.has(other)),
  );
  return candidates.sort((a, b) => b.loopDepth - a.loopDepth || a.id - b.id)[0];
}

/** Drops jumps to the next block and turns branches so that one side falls through. */
function simplifyBranches(func: MachineFunction): void {
  func.blocks.forEach((block, index) => {
    const next = func.blocks[index + 1];
    const { end } = block;
    if (end === undefined) return;
    const { targets = [], condition } = end.fields;
    const [taken, other] = targets;
    if (end.op === 'jump' && taken === next) block.instructions.pop();
    if (end.op !== 'branch' || condition === undefined || !taken || !other) return;
    if (taken === other) {
      block.instructions.pop();
      if (taken !== next) block.instructions.push(jump(end, taken));
    } else if (taken === next) {
      end.fields = { condition: invert(condition), targets: [other] };
    } else {
      end.fields = { condition, targets: [taken] };
      if (other !== next) block.instructions.push(jump(end, other));
    }
  });
}

function jump(origin: MachineInstruction, target: MachineBlock): MachineInstruction {
  return new MachineInstruction('jump', 8, [], origin.location, { targets: [target] });
}
