/**
 * Instruction selection: intermediate form → machine form, from the last block to the first and in each block from
 * the end to the beginning, so that every user is met before what it uses.
 */
import type { SourceLocation } from './compile-error.js';
import { hasEffect, isPure, type Block, type IrFunction, type Value } from './ir.js';
import {
  ARGUMENT_REGISTERS,
  MachineBlock,
  memoryOperand,
  RAX,
  RSP,
  type MachineFunction,
  type MachineInstruction,
} from './machine.js';
import type { WasmModule } from './module-reader.js';
import { findNonZeroScans } from './nonzero-operands.js';
import { selectPure } from './select-arithmetic.js';
import { selectCondition } from './select-compare.js';
import {
  emitCopies,
  selectCopy,
  selectFill,
  selectGlobalSet,
  selectLoad,
  selectStore,
} from './select-memory.js';
import { SelectionContext, widthOf } from './selection-context.js';
import { FUNCTION_TABLE } from './symbol-names.js';
import { findCleanValues } from './upper-halves.js';
import { selectIntrinsic } from './x86-intrinsics.js';

export function selectFunction(module: WasmModule, func: IrFunction): MachineFunction {
  return new Selector(module, func).select();
}

class Selector {
  private readonly context: SelectionContext;
  private readonly blocks = new Map<Block, MachineBlock>();

  constructor(
    module: WasmModule,
    private readonly func: IrFunction,
  ) {
    this.context = new SelectionContext(module, func.name, {
      clean: findCleanValues(func),
      nonZeroScans: findNonZeroScans(func),
    });
  }

  select(): MachineFunction {
    const { func } = this;
    func.blocks.forEach((block, index) => {
      const machine = new MachineBlock(index);
      machine.loopDepth = block.loopDepth;
      this.blocks.set(block, machine);
    });
    for (const block of func.blocks) {
      this.machineBlock(block).predecessors = block.predecessors.map((other) =>
        this.machineBlock(other),
      );
    }
    for (const block of [...func.blocks].reverse()) this.selectBlock(block);
    return {
      name: func.name,
      blocks: func.blocks.map((block) => this.machineBlock(block)),
      registerCount: this.context.registerCount,
      spillSlots: 0,
    };
  }

  private machineBlock(block: Block): MachineBlock {
    const machine = this.blocks.get(block);
    if (machine === undefined) throw new Error(`block ${block.id} of ${this.func.name} is lost`);
    return machine;
  }

  private selectBlock(block: Block): void {
    const { context } = this;
    const parts: MachineInstruction[][] = [];
    const root = (value: Value | undefined, location: SourceLocation | undefined): void => {
      context.enterRoot(value, location);
      if (value === undefined) this.selectTerminator(block);
      else this.selectValue(value);
      parts.push(context.pending);
    };
    context.enterBlock(block);
    root(undefined, block.location);
    for (const value of [...block.values].reverse()) {
      if (this.isNeeded(value)) root(value, value.location);
    }
    if (block === this.func.entry) {
      context.enterRoot(undefined, block.location);
      this.receiveParameters(block);
      parts.push(context.pending);
    }
    this.machineBlock(block).instructions = parts.reverse().flat();
  }

  private isNeeded(value: Value): boolean {
    if (value.op === 'param') return false;
    if (this.context.isRequested(value)) return true;
    // A load that somebody uses, but not through a register, is part of its user.
    return value.op === 'load' ? value.uses === 0 : hasEffect(value);
  }

  private selectValue(value: Value): void {
    const { context } = this;
    const result = value.type === 'none' ? 0 : context.register(value);
    switch (value.op) {
      case 'load':
        return selectLoad(context, value, result);
      case 'store':
        return selectStore(context, value);
      case 'global_get':
        return context.emit('mov', widthOf(value.type), [
          result,
          context.globalMemory(value.index),
        ]);
      case 'global_set':
        return selectGlobalSet(context, value);
      case 'call':
      case 'call_indirect':
        return this.selectCall(value, result);
      case 'intrinsic':
        return selectIntrinsic(context, value, result);
      case 'memory_fill':
        return selectFill(context, value);
      case 'memory_copy':
        return selectCopy(context, value);
      default:
        if (!isPure(value.op)) throw new Error(`cannot select ${value.op}`);
        return selectPure(context, value, result);
    }
  }

  private selectCall(value: Value, result: number): void {
    const { context } = this;
    const [slot] = value.args;
    const args = value.op === 'call' ? value.args : value.args.slice(1);
    const onStack = args.slice(ARGUMENT_REGISTERS.length);
    onStack.forEach((argument, index) => {
      const target = memoryOperand({ base: RSP, displacement: BigInt(8 * index) });
      context.emit('mov', 8, [target, context.registerOrImmediate(argument)]);
    });
    const callee =
      value.op === 'call' || slot === undefined
        ? undefined
        : memoryOperand({ base: context.register(slot), symbol: FUNCTION_TABLE });
    const moves = args
      .slice(0, ARGUMENT_REGISTERS.length)
      .map((argument, index) => [ARGUMENT_REGISTERS[index] ?? RAX, argument] as const);
    emitCopies(context, moves);
    const fields = { uses: moves.map(([register]) => register), outgoingBytes: 8 * onStack.length };
    if (callee === undefined) {
      context.emit('call', 8, [], { ...fields, symbol: context.functionSymbol(value.index) });
    } else {
      context.emit('callMemory', 8, [callee], fields);
    }
    if (value.uses > 0) context.emit('mov', widthOf(value.type), [result, RAX]);
  }

  private receiveParameters(entry: Block): void {
    const { context } = this;
    const targets: number[] = [];
    const sources: number[] = [];
    for (const value of entry.values) {
      if (value.op !== 'param' || !context.isRequested(value)) continue;
      const register = ARGUMENT_REGISTERS[value.index];
      if (register !== undefined) {
        targets.push(context.register(value));
        sources.push(register);
      }
    }
    if (targets.length > 0) context.emit('copies', 8, [...targets, ...sources]);
    for (const value of entry.values) {
      if (value.op !== 'param' || !context.isRequested(value)) continue;
      const index = value.index - ARGUMENT_REGISTERS.length;
      if (index < 0) continue;
      const slot = memoryOperand({ base: RSP, slot: { kind: 'incoming', index } });
      context.emit('mov', 8, [context.register(value), slot]);
    }
  }

  private selectTerminator(block: Block): void {
    const { context } = this;
    const end = block.terminator;
    switch (end.kind) {
      case 'jump':
        this.copyIntoPhis(block, end.target);
        context.emit('jump', 8, [], { targets: [this.machineBlock(end.target)] });
        return;
      case 'branch': {
        const condition = selectCondition(context, end.condition);
        const targets = [this.machineBlock(end.then), this.machineBlock(end.otherwise)];
        context.emit('branch', 8, [], { condition, targets });
        return;
      }
      case 'switch':
        context.emit('switch', 8, [context.register(end.index)], {
          targets: end.targets.map((target) => this.machineBlock(target)),
        });
        return;
      case 'return': {
        const isVoid = end.value === undefined;
        if (end.value !== undefined) emitCopies(context, [[RAX, end.value]]);
        context.emit('return', 8, [], { uses: isVoid ? [] : [RAX] });
        return;
      }
      case 'trap':
        context.emit('trap', 8, [], { message: end.message });
        return;
      case 'open':
        throw new Error(`block ${block.id} of ${this.func.name} has no end`);
    }
  }

  /** The values that the phis of `target` take when control comes from `block`. */
  private copyIntoPhis(block: Block, target: Block): void {
    const { context } = this;
    const index = target.predecessors.indexOf(block);
    const targets: number[] = [];
    const sources = target.phis.map((phi) => {
      targets.push(context.register(phi));
      const source = phi.args[index];
      if (source === undefined) throw new Error(`phi without argument in ${this.func.name}`);
      return context.copySource(source);
    });
    if (targets.length > 0) context.emit('copies', 8, [...targets, ...sources]);
  }
}
