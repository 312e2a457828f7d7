/**
 * A region as one function: its blocks in structured control flow, guest registers in locals.
 *
 * Every way out leads to one epilogue that writes registers and flags back; it says which micro-op of which block the
 * interpreter goes on with. A block is paid for and recorded before it is entered, as in the interpreter's loop; one that the
 * budget does not allow is not entered, and the interpreter goes on with the branch to it.
 */
import { assert } from '../base/assert.js';
import {
  BLOCK_INSTRUCTIONS_MAX,
  GOES_FALL,
  GOES_TAKEN,
  JUMP_BLOCK,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  MODE_KEY_SIZE,
  REGION_END,
  REGISTERS,
  RETIRED,
  RIP,
} from '../isa/state-layout.js';
import { Condition, Op, SpecialOp } from '../isa/uop.js';
import { jumpEntry, type Block, type Uop } from './block-reader.js';
import { BlockTiming } from './block-timing.js';
import { FlagEmitter, FLAGS_DYNAMIC, meet, type FlagState } from './flag-emitter.js';
import { flagsDieBehind } from './flag-liveness.js';
import { IndirectEmitter } from './indirect-emitter.js';
import { MemoryEmitter } from './memory-emitter.js';
import { OperandEmitter } from './operand-emitter.js';
import { L, regionModule, SIZE_64, SLOT_RCX, zeroExtend } from './region-code.js';
import { isLightDoor, isTransferDoor, readsTime } from './light-doors.js';
import { LoopPages } from './loop-pages.js';
import { RegionFrame } from './region-frame.js';
import type { RegionEdge, RegionGraph, RegionNode } from './region-graph.js';
import { SegmentEmitter } from './segment-emitter.js';
import { UopEmitter } from './uop-emitter.js';
import { VectorEmitter } from './vector-emitter.js';
import { W, WasmCode } from './wasm-code.js';

const RING_BYTES = 4 * LAST_BLOCKS_COUNT;

export class RegionEmitter {
  private readonly code = new WasmCode();
  private readonly operands: OperandEmitter;
  private readonly flags: FlagEmitter;
  private readonly timing: BlockTiming;
  private readonly memory: MemoryEmitter;
  private readonly pages: LoopPages;
  private readonly segments: SegmentEmitter;
  private readonly uops: UopEmitter;
  private readonly indirect: IndirectEmitter;
  private readonly exitDepth: number;
  /** The loop at whose beginning the dispatcher is, and the block behind which an indirect target is looked for. */
  private dispatchDepth = 0;
  private searchDepth = 0;
  private readonly entryStates = new Map<RegionNode, FlagState>();
  private readonly edgeKinds = new Map<RegionEdge, number>();
  /** Slots whose upper halves are zero at the node's beginning: see OperandEmitter. */
  private readonly narrowSlots = new Map<RegionNode, number>();
  /** Depth of the block or loop whose label leads to the node. */
  private readonly labels = new Map<RegionNode, number>();
  private block: Block;
  /** Nodes whose entry states have changed; and whether this pass only looks for them. */
  private readonly changed = new Set<RegionNode>();
  private looking = true;

  private constructor(
    private readonly graph: RegionGraph,
    private readonly head: RegionNode,
    place: number,
    isTimed: boolean,
  ) {
    const { code } = this;
    const leave = (uop: Uop): void => this.leave(uop);
    this.block = head.block;
    this.operands = new OperandEmitter(code);
    this.flags = new FlagEmitter(code);
    this.timing = new BlockTiming(code, isTimed);
    this.pages = new LoopPages(code, this.operands);
    this.memory = new MemoryEmitter(code, this.operands, this.timing, this.pages, leave);
    this.segments = new SegmentEmitter(
      code,
      this.operands,
      this.memory,
      head.block.mode,
      graph.segments,
      leave,
    );
    this.uops = new UopEmitter(
      code,
      this.operands,
      this.flags,
      this.memory,
      this.segments,
      new VectorEmitter(code, this.operands, leave),
      graph.isTraced,
      this.timing,
      leave,
      (uop) => flagsDieBehind(this.block.uops, uop),
    );
    this.indirect = new IndirectEmitter(
      code,
      this.operands,
      this.memory,
      this.segments,
      place,
      leave,
    );
    this.exitDepth = code.open(W.Block);
    for (const entry of graph.entries) {
      this.entryStates.set(entry, FLAGS_DYNAMIC);
      this.changed.add(entry);
    }
  }

  /** The module whose function `run` is the region. `place`: its place in the core's table; `isTimed`: it has a timing engine to tell. */
  static emit(graph: RegionGraph, place: number, isTimed: boolean): Uint8Array {
    const [head] = graph.entries;
    assert(head !== undefined, 'a region has its head');
    return new RegionEmitter(graph, head, place, isTimed).module();
  }

  /** What is known of the flags' kind on each edge: see FlagState. */
  static arrivals(graph: RegionGraph): ReadonlyMap<RegionEdge, number> {
    const [head] = graph.entries;
    assert(head !== undefined, 'a region has its head');
    const emitter = new RegionEmitter(graph, head, 0, false);
    emitter.look();
    return emitter.edgeKinds;
  }

  private get dispatches(): boolean {
    return this.graph.entries.length > 1;
  }

  private module(): Uint8Array {
    const { code } = this;
    this.look();
    // The prologue opens the block that ends before the epilogue.
    code.cut(0);
    this.pages.plan(this.graph);
    this.pages.forget();
    this.looking = false;
    this.operands.shorten();
    if (this.dispatches) this.dispatcher();
    else this.tree(this.head);
    code.close();
    const frame = new RegionFrame(this.graph, this.operands, this.segments, this.exitDepth);
    frame.epilogue(code);
    const body = frame.prologue().appendCode(code);
    return regionModule(body, this.timing.isOn);
  }

  /** Finds what holds at the beginning of each node. */
  private look(): void {
    while (this.changed.size > 0) {
      for (const node of this.graph.nodes) {
        if (this.changed.delete(node)) this.body(node);
      }
    }
  }

  // Control flow

  /** All nodes, entered by the number in L.Index; behind them, what goes on at a target in L.Target. */
  private dispatcher(): void {
    const { code } = this;
    this.dispatchDepth = code.open(W.Loop);
    this.searchDepth = code.open(W.Block);
    this.within(null, this.graph.merges);
    code.close();
    this.indirect.search(
      () => this.finishIndirect(),
      () => {
        code.get(L.Entry).get(L.ExitBlock).op(W.I32Ne).open(W.If);
        this.recordEntry(() => code.get(L.Entry));
        code.close();
        code.branch(this.dispatchDepth);
      },
    );
    code.branch(this.exitDepth);
    code.close();
  }

  /** The node and what it dominates. */
  private tree(node: RegionNode): void {
    if (!node.isLoop) return this.within(node, node.merges);
    this.labels.set(node, this.code.open(W.Loop));
    this.within(node, node.merges);
    this.code.close();
  }

  /** The node, or the dispatcher, inside of blocks behind which the `merges` come. */
  private within(node: RegionNode | null, merges: readonly RegionNode[]): void {
    const [last, ...others] = merges;
    if (last === undefined) return node === null ? this.toEntries() : this.body(node);
    this.labels.set(last, this.code.open(W.Block));
    this.within(node, others);
    this.code.close();
    this.tree(last);
  }

  private toEntries(): void {
    const depths = this.graph.entries.map((entry) => this.labels.get(entry) ?? this.exitDepth);
    this.code.get(L.Index).branchTable(depths);
  }

  private jump(from: RegionNode, { to, dispatched }: RegionEdge): void {
    if (this.looking) return;
    if (dispatched) {
      this.code.i32(this.graph.entries.indexOf(to)).set(L.Index).branch(this.dispatchDepth);
      return;
    }
    const label = this.labels.get(to);
    if (to.isMerge || to.number <= from.number) this.code.branch(label ?? this.exitDepth);
    else this.tree(to);
  }

  private body(node: RegionNode): void {
    const state = this.entryStates.get(node);
    if (state === undefined) return;
    this.flags.state = state;
    this.operands.narrow = this.narrowSlots.get(node) ?? 0;
    this.memory.beginBlock(node.block.mode);
    this.pages.beginNode(node);
    this.block = node.block;
    let instruction = -1;
    for (const uop of node.block.uops) {
      if (uop.index !== instruction) this.operands.temporaries.clear();
      instruction = uop.index;
      this.timing.beginUop();
      this.pages.beginUop(uop);
      if (uop.op >= Op.Jmp && uop.op <= Op.EndBlock) return this.transfer(node, uop);
      if (uop.op >= SpecialOp.JccB) return this.transfer(node, uop);
      if (isLightDoor(uop)) return this.timing.isOn ? this.leave(uop) : this.lightDoor(node, uop);
      if (isTransferDoor(uop)) return this.timing.isOn ? this.leave(uop) : this.transferDoor(uop);
      if (!this.uops.emit(uop)) return this.leave(uop);
      if (uop.op === Op.Microcode) this.pages.forget();
    }
  }

  private transfer(node: RegionNode, uop: Uop): void {
    const { code, flags } = this;
    const { op } = uop;
    if (op === Op.Jcc || (op >= SpecialOp.JccB && op <= SpecialOp.JccG)) {
      flags.condition(op === Op.Jcc ? uop.extra : conditionOf(op));
      const restore = this.keep(node);
      if (node.taken === null || node.fall === null) code.openExpecting(node.taken !== null);
      else code.open(W.If);
      this.edge(node, node.taken, uop, GOES_TAKEN);
      code.otherwise();
      restore();
      this.edge(node, node.fall, uop, GOES_FALL);
      code.close();
    } else if (op === SpecialOp.JmpFlat) this.edge(node, node.taken, uop, GOES_TAKEN);
    else if (op === Op.EndBlock) this.edge(node, node.fall, uop, GOES_FALL);
    else if (op === Op.CallFlat || op === Op.CallNear) this.call(node, uop);
    else if (op >= Op.Loop && op <= Op.Jcxz) this.countedBranch(node, uop);
    else if (this.dispatches && this.indirect.target(this.block, uop)) {
      flags.endBlock();
      this.prepareExit(uop.at);
      this.timing.keepEnd();
      if (!this.looking) code.branch(this.searchDepth);
    } else this.leave(uop);
  }

  /** Where the core refuses it, or is to go on alone behind it, the interpreter does it. Behind a change of level the context is another. */
  private transferDoor(uop: Uop): void {
    const { code } = this;
    if ((this.block.mode & MODE_KEY_SIZE) !== SIZE_64) return this.leave(uop);
    code.get(L.Remaining).op(W.I32Eqz).openRare();
    this.leave(uop);
    code.close();
    this.uops.transferDoor(uop);
    this.pages.forget();
    if (this.dispatches) this.indirect.reached();
    this.prepareExit(0);
    if (!this.looking) code.branch(this.dispatches ? this.searchDepth : this.exitDepth);
  }

  /** For the second of two ways out of the node: what is known now. */
  private keep(node: RegionNode): () => void {
    const { flags, operands } = this;
    const { state } = flags;
    const { narrow } = operands;
    const restoreTiming = this.timing.keep();
    return () => {
      restoreTiming();
      flags.state = state;
      operands.narrow = narrow;
      this.block = node.block;
      operands.temporaries.clear();
    };
  }

  private call(node: RegionNode, uop: Uop): void {
    const { code } = this;
    if (node.taken === null) return this.leave(uop);
    // The callee may need more instructions than any block has: the push must not be done twice.
    code.get(L.Remaining).i32(BLOCK_INSTRUCTIONS_MAX).op(W.I32LtS);
    if (node.taken.checked) {
      this.jumpCacheDiffers(node.taken.to.block);
      code.op(W.I32Or);
    }
    code.openRare();
    this.leave(uop);
    code.close();
    code.i64(this.block.behind).set(L.Value);
    if (uop.op === Op.CallFlat) this.memory.push(uop);
    else this.segments.push(uop, Math.log2(uop.extra) - 3);
    this.finish(uop, node.taken.to.block.rip);
    this.follow(node, node.taken);
  }

  /** What it does must not be done twice: as in `call`. */
  private lightDoor(node: RegionNode, uop: Uop): void {
    const { code } = this;
    const { fall } = node;
    if (fall === null) return this.leave(uop);
    code.get(L.Remaining).i32(BLOCK_INSTRUCTIONS_MAX).op(W.I32LtS);
    this.jumpCacheDiffers(fall.to.block);
    code.op(W.I32Or).openRare();
    this.leave(uop);
    code.close();
    if (readsTime(uop)) this.countRetired(uop);
    if (this.uops.lightDoor(uop)) {
      this.pages.forget();
      this.follow(node, fall);
    } else this.leave(uop);
  }

  /** RETIRED ← the instructions before that of `uop`. */
  private countRetired({ index }: Uop): void {
    const { code } = this;
    code.i32(0).i32(0).memory(W.I64Load, REGION_END);
    code.get(L.Remaining).op(W.I64ExtendI32U).op(W.I64Sub);
    code
      .i64(this.block.instructions - index)
      .op(W.I64Sub)
      .memory(W.I64Store, RETIRED);
  }

  /** LOOP, LOOPE, LOOPNE, JCXZ: the count register changes when it is sure where control goes. */
  private countedBranch(node: RegionNode, uop: Uop): void {
    const { code, flags, operands } = this;
    const counts = uop.op !== Op.Jcxz;
    const width = Math.log2(uop.extra) - 3;
    operands.readSlot(SLOT_RCX, width);
    if (counts) code.i64(1).op(W.I64Sub);
    zeroExtend(code, width);
    code.tee(L.Count).op(W.I64Eqz);
    if (counts) code.op(W.I32Eqz);
    if (uop.op === Op.Loope || uop.op === Op.Loopne) {
      flags.condition(uop.op === Op.Loope ? Condition.E : Condition.NE);
      code.i32(0).op(W.I32Ne).op(W.I32And);
    }
    const restore = this.keep(node);
    const commit = (): void => {
      if (!counts) return;
      code.get(L.Count);
      operands.write(REGISTERS + 8 * SLOT_RCX, width);
    };
    code.open(W.If);
    this.edge(node, node.taken, uop, 0, commit);
    code.otherwise();
    restore();
    this.edge(node, node.fall, uop, 0, commit);
    code.close();
  }

  /**
   * Goes on in the node behind `edge`, or leaves the region before the micro-op that would, over the link `goes`. `commit` writes
   * what the micro-op changes.
   */
  private edge(
    from: RegionNode,
    edge: RegionEdge | null,
    uop: Uop,
    goes: number,
    commit = (): void => undefined,
  ): void {
    const { code } = this;
    if (edge === null) return this.leave(uop, goes);
    if (edge.checked) {
      this.jumpCacheDiffers(edge.to.block);
      code.openRare();
      this.leave(uop, goes);
      code.close();
    }
    code.get(L.Remaining).i32(edge.to.block.instructions).op(W.I32LtS).openRare();
    this.leave(uop);
    code.close();
    commit();
    this.finish(uop, edge.to.block.rip);
    this.follow(from, edge);
  }

  /** The block ends with `uop`: a timing engine hears of it, and where its deadline has come the region is left, behind it. */
  private finish(uop: Uop, target: bigint): void {
    const { code } = this;
    if (!this.timing.finish(this.block, uop, target)) return;
    code.openRare();
    code.i32(0).i64(target).memory(W.I64Store, RIP);
    this.prepareExit(0);
    code.branch(this.exitDepth);
    code.close();
  }

  /** The same behind an indirect branch to L.Target. */
  private finishIndirect(): void {
    const { code } = this;
    if (!this.timing.isOn) return;
    this.timing.finishIndirect();
    code.openRare();
    code.i32(0).get(L.Target).memory(W.I64Store, RIP);
    code.i32(0).set(L.ExitUop).branch(this.exitDepth);
    code.close();
  }

  /** Pushes whether the jump cache would lead elsewhere than to the block. */
  private jumpCacheDiffers(block: Block): void {
    this.code
      .i32(0)
      .memory(W.I64Load, jumpEntry(block.rip) + JUMP_BLOCK)
      .get(L.Context)
      .i64(block.at)
      .op(W.I64Or)
      .op(W.I64Ne);
  }

  /** Pays for the node behind `edge`, records it and goes there. */
  private follow(from: RegionNode, edge: RegionEdge): void {
    const { code, flags } = this;
    const { block } = edge.to;
    flags.endBlock();
    code.get(L.Remaining).i32(block.instructions).op(W.I32Sub).set(L.Remaining);
    if (block.at !== from.block.at) this.recordEntry(() => code.i32(block.at));
    this.edgeKinds.set(edge, flags.state.kind);
    this.reach(edge.to, flags.state);
    flags.enter(this.entryStates.get(edge.to) ?? FLAGS_DYNAMIC);
    this.jump(from, edge);
  }

  /** Enters the block whose address `push` pushes, which is not the one that was entered before it, into LAST_BLOCKS. */
  private recordEntry(push: () => void): void {
    const { code } = this;
    code
      .get(L.Ring)
      .i32(4)
      .op(W.I32Add)
      .i32(RING_BYTES - 1)
      .op(W.I32And)
      .tee(L.Ring);
    push();
    code.memory(W.I32Store, LAST_BLOCKS);
  }

  private reach(node: RegionNode, state: FlagState): void {
    const known = this.entryStates.get(node);
    const met = known === undefined ? state : meet(known, state);
    const narrowBefore = this.narrowSlots.get(node) ?? (known === undefined ? -1 : 0);
    const narrow = narrowBefore & this.operands.narrow;
    if (met.kind === known?.kind && narrow === narrowBefore) return;
    this.entryStates.set(node, met);
    this.narrowSlots.set(node, narrow);
    this.changed.add(node);
  }

  /** Leaves the region before `uop`; `goes`: it is a branch that goes on over this link. */
  private leave(uop: Uop, goes = 0): void {
    this.prepareExit(uop.at | goes);
    this.code.branch(this.exitDepth);
  }

  /** Where the region is left behind this, the interpreter goes on at the micro-op `way`, before which all is as it would have it; 0: at RIP. */
  private prepareExit(way: number): void {
    const { code } = this;
    this.flags.leave();
    this.timing.leaveBefore();
    for (const slot of this.operands.temporaries) this.operands.save(code, slot);
    code.i32(way).set(L.ExitUop);
    code.i32(this.block.at).set(L.ExitBlock);
  }
}

function conditionOf(op: number): number {
  return op < SpecialOp.JccL
    ? Condition.B + (op - SpecialOp.JccB)
    : Condition.L + (op - SpecialOp.JccL);
}
