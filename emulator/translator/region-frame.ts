/** Where a region is entered and left: registers and flags between their places in memory and the function's locals. */
import { assert } from '../base/assert.js';
import {
  CURRENT_BLOCK,
  LAST_BLOCKS_POSITION,
  PENDING_A,
  PENDING_B,
  PENDING_KIND,
  REGION_REMAINING,
} from '../isa/state-layout.js';
import type { OperandEmitter } from './operand-emitter.js';
import { L, loadContext, localOfSlot, storedCarry } from './region-code.js';
import type { RegionGraph } from './region-graph.js';
import type { SegmentEmitter } from './segment-emitter.js';
import { W, WasmCode } from './wasm-code.js';

/** To be written when the region's code is: it says which registers are used. */
export class RegionFrame {
  constructor(
    private readonly graph: RegionGraph,
    private readonly operands: OperandEmitter,
    private readonly segments: SegmentEmitter,
    /** Depth of the block that ends before the epilogue. */
    private readonly exitDepth: number,
  ) {}

  /** Loads them, and opens the block that ends before the epilogue. Flags that the region before has left pending stay so. */
  prologue(): WasmCode {
    const code = new WasmCode();
    for (const slot of this.operands.used) {
      this.operands.restore(code, slot);
      code.set(localOfSlot(slot));
    }
    code.i32(0).memory(W.I32Load, PENDING_KIND).set(L.Kind);
    code.i32(0).memory(W.I64Load, PENDING_A).set(L.FlagA);
    code.i32(0).memory(W.I64Load, PENDING_B);
    storedCarry(code);
    code.get(L.Kind).op(W.Select).set(L.FlagB);
    loadContext(code);
    code.open(W.Block);
    this.segments.prologue(code, () => {
      this.refuse(code);
    });
    return code;
  }

  /** Leaves the region where it was entered. */
  private refuse(code: WasmCode): void {
    this.graph.entries.forEach(({ block }, index) => {
      const [first] = block.uops;
      assert(first !== undefined, 'a block has a micro-op');
      code.get(L.Index).i32(index).op(W.I32Eq).open(W.If);
      code.i32(first.at).set(L.ExitUop).i32(block.at).set(L.ExitBlock);
      code.close();
    });
    code.branch(this.exitDepth);
  }

  /** Writes registers and flags back, and pushes what the interpreter goes on with. */
  epilogue(code: WasmCode): void {
    for (const slot of this.operands.written) this.operands.save(code, slot);
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
}
