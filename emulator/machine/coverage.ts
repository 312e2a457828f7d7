/**
 * Code that a run has executed, by linear address: blocks are told of when they are decoded, which is when they are about to be executed for
 * the first time. Of a block whose instruction faults, and that nobody goes back to, the rest is in it, too.
 */
import type { Processor } from '../cpu/processor.js';

/** From `start` on, that many bytes. */
export interface CodeRange {
  readonly start: bigint;
  readonly bytes: number;
}

export class Coverage {
  /** The longest by its start. */
  private readonly blocks = new Map<bigint, number>();

  watch({ debug }: Processor): void {
    debug.setDecoded((start, bytes) => {
      if (bytes > (this.blocks.get(start) ?? 0)) this.blocks.set(start, bytes);
    });
  }

  /** By ascending address, disjoint. */
  get ranges(): CodeRange[] {
    const sorted = [...this.blocks].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const joined: { start: bigint; bytes: number }[] = [];
    for (const [start, bytes] of sorted) {
      const last = joined.at(-1);
      const into = last === undefined ? Infinity : Number(start - last.start);
      if (last !== undefined && into <= last.bytes) last.bytes = Math.max(last.bytes, into + bytes);
      else joined.push({ start, bytes });
    }
    return joined;
  }
}
