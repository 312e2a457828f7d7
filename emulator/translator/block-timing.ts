/**
 * What the timing engine hears of translated code, as isa/timing-interface.ts says and core/timed-run.ts does it for interpreted code: the access log,
 * written in place, because its length is known at each place of a block; and a call where control leaves a block.
 */
import { ACCESS_LOG, ACCESS_LOG_NEXT, BLOCK_INSTRUCTIONS } from '../isa/state-layout.js';
import { ACCESS_BYTES, ACCESS_SIZE, AccessKind } from '../isa/timing-interface.js';
import { Op } from '../isa/uop.js';
import type { Block, Uop } from './block-reader.js';
import { IMPORT_ADVANCE, IMPORT_LEAVE, L } from './region-code.js';
import { W, type WasmCode } from './wasm-code.js';

const INDEX_SHIFT = 16;
const KIND_SHIFT = 8;

export class BlockTiming {
  /** Entries of the log so far; and before the present micro-op. */
  private entries = 0;
  private entriesBefore = 0;

  constructor(
    private readonly code: WasmCode,
    /** Whether there is a timing engine; without one nothing is written. */
    readonly isOn: boolean,
  ) {}

  beginBlock(): void {
    this.entries = 0;
    this.entriesBefore = 0;
  }

  /** For the second of two ways out of a block, behind code of other blocks: puts back what holds now. */
  keep(): () => void {
    const { entries, entriesBefore } = this;
    return () => {
      this.entries = entries;
      this.entriesBefore = entriesBefore;
    };
  }

  beginUop(): void {
    this.entriesBefore = this.entries;
  }

  /** Enters an access of `bytes` bytes at L.Address into the log. */
  access(uop: Uop, bytes: number, kind: AccessKind): void {
    if (!this.isOn) return;
    this.code.i32(0).get(L.Address).memory(W.I64Store, this.next);
    this.append(uop, bytes, kind);
  }

  /** The same at the address of the last entry: a store of what the instruction has loaded. */
  accessAgain(uop: Uop, bytes: number, kind: AccessKind): void {
    if (!this.isOn) return;
    const last = this.next - ACCESS_BYTES;
    this.code.i32(0).i32(0).memory(W.I64Load, last).memory(W.I64Store, this.next);
    this.append(uop, bytes, kind);
  }

  /** A quotient whose magnitude is in `magnitude`. */
  quotient(uop: Uop, magnitude: L): void {
    if (!this.isOn) return;
    const { code } = this;
    code.i32(0).i64(64).get(magnitude).op(W.I64Clz).op(W.I64Sub).memory(W.I64Store, this.next);
    this.append(uop, 0, AccessKind.Value);
  }

  /** Before a call of the core, which may enter a quotient. */
  beforeCall(): void {
    if (this.isOn) this.storeNext(this.entries);
  }

  /** Such a call has entered a quotient. */
  quotientEntered(): void {
    this.entries++;
  }

  /** Where the region is left before the present micro-op. */
  leaveBefore(): void {
    if (this.isOn) this.storeNext(this.entriesBefore);
  }

  /** The block ends here, and its target is not known yet: how far the log goes is kept in L.Logged. */
  keepEnd(): void {
    if (this.isOn) this.code.i32(this.next).set(L.Logged);
  }

  /**
   * The block is done and control goes to `target`, over its last micro-op `uop`. Returns whether the code then has on the stack whether the
   * deadline has come; at ends that are there only because a block got long, it is not asked.
   */
  finish(block: Block, uop: Uop, target: bigint): boolean {
    const { code } = this;
    if (!this.isOn) return false;
    this.storeNext(this.entries);
    code.i32(block.at).i32(0).i32(block.instructions);
    if (uop.op === Op.EndBlock && !block.endsPage) {
      code.call(IMPORT_ADVANCE);
      return false;
    }
    code.i64(target).call(IMPORT_LEAVE);
    return true;
  }

  /** The same for the block at L.ExitBlock, behind keepEnd(), where control goes to L.Target. */
  finishIndirect(): void {
    const { code } = this;
    code.i32(0).get(L.Logged).memory(W.I32Store, ACCESS_LOG_NEXT);
    code.get(L.ExitBlock).i32(0).get(L.ExitBlock).memory(W.I32Load, BLOCK_INSTRUCTIONS);
    code.get(L.Target).call(IMPORT_LEAVE);
  }

  private get next(): number {
    return ACCESS_LOG + this.entries * ACCESS_BYTES;
  }

  private append(uop: Uop, bytes: number, kind: AccessKind): void {
    const word = (uop.index << INDEX_SHIFT) | (kind << KIND_SHIFT) | bytes;
    this.code
      .i32(0)
      .i64(word)
      .memory(W.I64Store, this.next + ACCESS_SIZE);
    this.entries++;
  }

  private storeNext(entries: number): void {
    this.code.i32(0).i32(ACCESS_LOG + entries * ACCESS_BYTES);
    this.code.memory(W.I32Store, ACCESS_LOG_NEXT);
  }
}
