/**
 * A timing engine for tests, in JavaScript: it keeps what the core tells it, and counts one cycle an instruction, one more
 * for each access to memory (each element of a string) and three for each transfer of control.
 */
import type { AttachTiming, TimingImports } from '../../emulator/cpu/core-module.js';
import type { BlockDescriber, DecodedInstruction } from '../../emulator/isa/decoded-instruction.js';
import * as layout from '../../emulator/isa/state-layout.js';
import * as log from '../../emulator/isa/timing-interface.js';

export interface RecordedAccess {
  readonly kind: string;
  readonly linear: bigint;
  readonly size: number;
  readonly elements: number;
  /** RIP of the instruction. */
  readonly rip: bigint;
}

const NEVER = (1n << 64n) - 1n;

/** A record of the describer: MARK, number of instructions, then length and form number of each. */
const MARK = 0x7731;
const RECORD_BYTES_MAX = 8 + 8 * layout.BLOCK_INSTRUCTIONS_MAX;

export class RecordingEngine implements TimingImports {
  readonly accesses: RecordedAccess[] = [];
  readonly events: string[] = [];
  /** RIP of every instruction that has completed. */
  readonly completed: bigint[] = [];
  /** Where control went at each `leave`. */
  readonly left: bigint[] = [];
  private memory: { readonly buffer: ArrayBuffer } = { buffer: new ArrayBuffer(0) };
  private walkOf: (linear: bigint) => void = () => undefined;

  /** `recording`: false keeps nothing but the time. */
  constructor(private readonly recording = true) {}

  readonly attach: AttachTiming = (memory, walk) => {
    this.memory = memory;
    this.walkOf = walk;
    this.deadline = NEVER;
    return {
      imports: {
        advance: (block, from, to) => this.advance(block, from, to),
        leave: (block, from, to, nextRip) => this.leave(block, from, to, nextRip),
        systemEvent: (kind, detail) => this.systemEvent(kind, detail),
      },
      describer: new RecordingDescriber(),
    };
  };

  /** Forgets what was recorded. */
  forget(): void {
    for (const list of [this.accesses, this.events, this.completed, this.left]) list.length = 0;
  }

  get now(): bigint {
    return this.view.getBigUint64(layout.TIMING_NOW, true);
  }

  set deadline(cycle: bigint) {
    this.view.setBigUint64(layout.TIMING_DEADLINE, cycle, true);
  }

  /** The walk for `linear`: page, log2 of its size, addresses of the entries read. */
  walk(linear: bigint): { physical: bigint; shift: number; entries: bigint[] } {
    this.walkOf(linear);
    const { view } = this;
    const count = view.getUint32(layout.TIMING_WALK + log.WALK_COUNT, true);
    return {
      physical: view.getBigUint64(layout.TIMING_WALK + log.WALK_PHYSICAL, true),
      shift: view.getUint32(layout.TIMING_WALK + log.WALK_SHIFT, true),
      entries: Array.from({ length: count }, (_, index) =>
        view.getBigUint64(layout.TIMING_WALK + log.WALK_ENTRIES + 8 * index, true),
      ),
    };
  }

  advance(block: number, from: number, to: number): void {
    const { view } = this;
    const record = view.getUint32(block + layout.BLOCK_TIMING, true);
    if (view.getUint32(record, true) !== MARK) throw new Error('the block has no description');
    const described = view.getUint32(record + 4, true);
    if (from >= to || to > described) throw new Error(`instructions ${from} to ${to} of a block`);
    const starts: bigint[] = [];
    let rip = view.getBigUint64(block + layout.BLOCK_RIP, true);
    for (let index = 0; index < to; index++) {
      starts.push(rip);
      rip += BigInt(view.getUint32(record + 8 + 8 * index, true));
    }
    let cycles = to - from;
    const end = view.getUint32(layout.ACCESS_LOG_NEXT, true);
    for (let at = layout.ACCESS_LOG; at < end; at += log.ACCESS_BYTES) {
      const index = view.getUint8(at + log.ACCESS_INDEX);
      if (index < from || index >= to) throw new Error(`an access of instruction ${index}`);
      const elements = view.getUint32(at + log.ACCESS_ELEMENTS, true);
      cycles += Math.max(1, elements);
      if (this.recording) this.keep(at, elements, starts[index] ?? 0n);
    }
    if (this.recording) this.completed.push(...starts.slice(from));
    this.pass(cycles);
  }

  leave(block: number, from: number, to: number, nextRip: bigint): number {
    this.advance(block, from, to);
    this.pass(3);
    if (this.recording) this.left.push(BigInt.asUintN(64, nextRip));
    return this.now >= this.view.getBigUint64(layout.TIMING_DEADLINE, true) ? 1 : 0;
  }

  systemEvent(kind: number, detail: bigint): void {
    this.pass(10);
    if (!this.recording) return;
    const at = this.completed.length;
    this.events.push(`${log.SystemEvent[kind] ?? ''} 0x${detail.toString(16)} after ${at}`);
  }

  private keep(at: number, elements: number, rip: bigint): void {
    const { view } = this;
    this.accesses.push({
      kind: log.AccessKind[view.getUint8(at + log.ACCESS_KIND)] ?? '',
      linear: view.getBigUint64(at + log.ACCESS_LINEAR, true),
      size: view.getUint8(at + log.ACCESS_SIZE),
      elements,
      rip,
    });
  }

  private pass(cycles: number): void {
    this.view.setBigUint64(layout.TIMING_NOW, this.now + BigInt(cycles), true);
  }

  private get view(): DataView {
    return new DataView(this.memory.buffer);
  }
}

class RecordingDescriber implements BlockDescriber {
  readonly bytesMax = RECORD_BYTES_MAX;
  private readonly rows: [number, number][] = [];

  begin(): void {
    this.rows.length = 0;
  }

  instruction(decoded: DecodedInstruction): void {
    this.rows.push([decoded.length, decoded.formNumber]);
  }

  write(words: Int32Array, at: number): number {
    words[at >> 2] = MARK;
    words[(at >> 2) + 1] = this.rows.length;
    this.rows.forEach(([length, form], index) => {
      words[(at >> 2) + 2 + 2 * index] = length;
      words[(at >> 2) + 3 + 2 * index] = form;
    });
    return 8 + 8 * this.rows.length;
  }
}
