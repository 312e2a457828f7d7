/**
 * A region as one function: its blocks in structured control flow, guest registers in locals.
 *
 * Every way out leads to one epilogue that writes registers and flags back; it says which micro-op of which block the
 * interpreter goes on with. A block is paid for and recorded before it is entered, as in the interpreter's loop; one that the
 * budget does not allow is not entered, and the interpreter goes on with the branch to it.
 */
import {
  BLOCK_INSTRUCTIONS_MAX,
  CURRENT_BLOCK,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  LAST_BLOCKS_POSITION,
  PENDING_A,
  PENDING_B,
  PENDING_KIND,
  REGION_REMAINING,
  REGISTERS,
} from '../isa/state-layout.js';
import { Condition, Op, SpecialOp } from '../isa/uop.js';
import type { Block, Uop } from './block-reader.js';
import { FlagEmitter, FLAGS_SETTLED, meet, type FlagState } from './flag-emitter.js';
import { MemoryEmitter } from './memory-emitter.js';
import { OperandEmitter } from './operand-emitter.js';
import { L, localOfSlot, REGION_FUNCTION, storedCarry } from './region-code.js';
import type { RegionNode } from './region-graph.js';
import { UopEmitter } from './uop-emitter.js';
import { moduleOf, W, WasmCode } from './wasm-code.js';

const RING_BYTES = 4 * LAST_BLOCKS_COUNT;

export class RegionEmitter {
  private readonly code = new WasmCode();
  private readonly operands: OperandEmitter;
  private readonly flags: FlagEmitter;
  private readonly memory: MemoryEmitter;
  private readonly uops: UopEmitter;
  private readonly exitDepth: number;
  private readonly entryStates = new Map<RegionNode, FlagState>();
  /** Depth of the block or loop whose label leads to the node. */
  private readonly labels = new Map<RegionNode, number>();
  private block: Block;
  /** Nodes whose entry states have changed; and whether this pass only looks for them. */
  private readonly changed = new Set<RegionNode>();
  private looking = true;

  private constructor(
    private readonly nodes: readonly RegionNode[],
    private readonly head: RegionNode,
  ) {
    const { code } = this;
    const leave = (uop: Uop): void => this.leave(uop);
    this.block = head.block;
    this.operands = new OperandEmitter(code);
    this.flags = new FlagEmitter(code);
    this.memory = new MemoryEmitter(code, this.operands, head.block.mode, leave);
    this.uops = new UopEmitter(code, this.operands, this.flags, this.memory, leave);
    this.exitDepth = code.open(W.Block);
    this.entryStates.set(head, FLAGS_SETTLED);
    this.changed.add(head);
  }

  /** The module whose function `run` is the region. */
  static emit(nodes: readonly RegionNode[], head: RegionNode): Uint8Array {
    return new RegionEmitter(nodes, head).module();
  }

  private module(): Uint8Array {
    const { code } = this;
    const start = code.bytes.length;
    while (this.changed.size > 0) {
      for (const node of this.nodes) {
        if (this.changed.delete(node)) this.body(node);
      }
    }
    code.bytes.length = start;
    this.looking = false;
    this.tree(this.head);
    code.close();
    this.epilogue();
    const body = this.prologue().append(code);
    return moduleOf({ ...REGION_FUNCTION, body });
  }

  private prologue(): WasmCode {
    const code = new WasmCode();
    for (const slot of this.operands.used) {
      code
        .i32(0)
        .memory(W.I64Load, REGISTERS + 8 * slot)
        .set(localOfSlot(slot));
    }
    storedCarry(code);
    return code.set(L.FlagB);
  }

  private epilogue(): void {
    const { code } = this;
    for (const slot of this.operands.written) {
      code
        .i32(0)
        .get(localOfSlot(slot))
        .memory(W.I64Store, REGISTERS + 8 * slot);
    }
    const words: readonly (readonly [L, number, W])[] = [
      [L.Kind, PENDING_KIND, W.I32Store],
      [L.FlagA, PENDING_A, W.I64Store],
      [L.FlagB, PENDING_B, W.I64Store],
      [L.Remaining, REGION_REMAINING, W.I32Store],
      [L.Ring, LAST_BLOCKS_POSITION, W.I32Store],
      [L.ExitBlock, CURRENT_BLOCK, W.I32Store],
    ];
    for (const [local, address, store] of words) code.i32(0).get(local).memory(store, address);
    code.get(L.ExitUop);
  }

  // Control flow

  /** The node and what it dominates. */
  private tree(node: RegionNode): void {
    if (!node.isLoop) return this.within(node, node.merges);
    this.labels.set(node, this.code.open(W.Loop));
    this.within(node, node.merges);
    this.code.close();
  }

  /** The node inside of blocks behind which the `merges` come. */
  private within(node: RegionNode, merges: readonly RegionNode[]): void {
    const [last, ...others] = merges;
    if (last === undefined) return this.body(node);
    this.labels.set(last, this.code.open(W.Block));
    this.within(node, others);
    this.code.close();
    this.tree(last);
  }

  private jump(from: RegionNode, to: RegionNode): void {
    if (this.looking) return;
    const label = this.labels.get(to);
    if (to.isMerge || to.number <= from.number) this.code.branch(label ?? this.exitDepth);
    else this.tree(to);
  }

  private body(node: RegionNode): void {
    const state = this.entryStates.get(node);
    if (state === undefined) return;
    this.flags.state = state;
    this.block = node.block;
    let instruction = -1;
    for (const uop of node.block.uops) {
      if (uop.index !== instruction) this.operands.temporaries.clear();
      instruction = uop.index;
      if (uop.op >= Op.Jmp && uop.op <= Op.EndBlock) return this.transfer(node, uop);
      if (uop.op >= SpecialOp.JccB) return this.transfer(node, uop);
      if (!this.uops.emit(uop)) return this.leave(uop);
    }
  }

  private transfer(node: RegionNode, uop: Uop): void {
    const { code, flags } = this;
    if (uop.op >= SpecialOp.JccB && uop.op <= SpecialOp.JccG) {
      flags.condition(conditionOf(uop.op));
      const { state } = flags;
      code.open(W.If);
      this.edge(node, node.taken, uop);
      code.otherwise();
      flags.state = state;
      this.block = node.block;
      this.operands.temporaries.clear();
      this.edge(node, node.fall, uop);
      code.close();
    } else if (uop.op === SpecialOp.JmpFlat) this.edge(node, node.taken, uop);
    else if (uop.op === Op.EndBlock) this.edge(node, node.fall, uop);
    else if (uop.op === Op.CallFlat) this.call(node, uop);
    else this.leave(uop);
  }

  private call(node: RegionNode, uop: Uop): void {
    const { code } = this;
    if (node.taken === null) return this.leave(uop);
    // The callee may need more instructions than any block has: the push must not be done twice.
    code.get(L.Remaining).i32(BLOCK_INSTRUCTIONS_MAX).op(W.I32LtS).open(W.If);
    this.leave(uop);
    code.close();
    code.i64(this.block.rip + BigInt(uop.end)).set(L.Value);
    this.memory.push(uop);
    this.edge(node, node.taken, uop);
  }

  /** Goes on in `to`, or leaves the region before the micro-op that would. */
  private edge(from: RegionNode, to: RegionNode | null, uop: Uop): void {
    const { code, flags } = this;
    if (to === null) return this.leave(uop);
    flags.endBlock();
    const { instructions, at } = to.block;
    code.get(L.Remaining).i32(instructions).op(W.I32Sub).tee(L.Remaining).i32(0).op(W.I32LtS);
    code.open(W.If);
    code.get(L.Remaining).i32(instructions).op(W.I32Add).set(L.Remaining);
    this.leave(uop);
    code.close();
    code
      .get(L.Ring)
      .i32(4)
      .op(W.I32Add)
      .i32(RING_BYTES - 1)
      .op(W.I32And)
      .tee(L.Ring);
    code.i32(at).memory(W.I32Store, LAST_BLOCKS);
    this.reach(to, flags.state);
    flags.enter(this.entryStates.get(to) ?? FLAGS_SETTLED);
    this.jump(from, to);
  }

  private reach(node: RegionNode, state: FlagState): void {
    const known = this.entryStates.get(node);
    const met = known === undefined ? state : meet(known, state);
    if (met.kind === known?.kind) return;
    this.entryStates.set(node, met);
    this.changed.add(node);
  }

  /** The interpreter goes on with `uop`, before which everything is as it would have it. */
  private leave(uop: Uop): void {
    const { code } = this;
    this.flags.leave();
    for (const slot of this.operands.temporaries) {
      code
        .i32(0)
        .get(localOfSlot(slot))
        .memory(W.I64Store, REGISTERS + 8 * slot);
    }
    code.i32(uop.at).set(L.ExitUop).i32(this.block.at).set(L.ExitBlock).branch(this.exitDepth);
  }
}

function conditionOf(op: number): number {
  return op < SpecialOp.JccL
    ? Condition.B + (op - SpecialOp.JccB)
    : Condition.L + (op - SpecialOp.JccL);
}
