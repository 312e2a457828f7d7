/**
 * What `--trace` records of a run: changes of the shadow stack (timing/engine/call-tree.ts), accesses to ports and lines of COM1, each with its
 * cycle. At most so many events: behind the last one nothing is recorded, and the trace says where it ends. Where it is to begin later than
 * the run, the frames that there are by then begin with it.
 */
import type { StackObserver } from '../timing/timing-engine.js';

export const RUN_TRACE_CATEGORIES = ['call', 'irq', 'exc', 'io'] as const;
export type RunTraceCategory = (typeof RUN_TRACE_CATEGORIES)[number];

/** So many frames there are, with this node on top, and whether it is an interrupt's or exception's. */
export type StackChange = readonly [
  cycle: number,
  frames: number,
  node: number,
  isInterrupt: number,
];

/** `isWrite` is 1 or 0. */
export type PortAccess = readonly [
  cycle: number,
  port: number,
  bytes: number,
  value: number,
  isWrite: number,
];

export type PortObserver = (
  port: number,
  bytes: number,
  value: number,
  isWrite: boolean,
  cycle: number,
) => void;

export class RunTrace {
  readonly stack: StackChange[] = [];
  readonly ports: PortAccess[] = [];
  readonly lines: (readonly [cycle: number, text: string])[] = [];
  /** The cycle from which on nothing is recorded any more: that of the first event for which there was no room, or of `end`; or null. */
  endCycle: number | null = null;
  isFull = false;
  /** Null: it has not begun. */
  private beginCycle: number | null;
  /** By number of frames: the node on top; and that of the interrupt or exception whose frame it is, which may have gone on in another function. */
  private readonly frames: { readonly node: number; readonly interrupt: number | null }[] = [];
  /** Of the events that are recorded, the latest: a line is recorded when it ends, and has the cycle at which it began. */
  private latestCycle = 0;
  /** Numbers of frames at which an interrupt or exception is under way. */
  private readonly interrupts: number[] = [];

  constructor(
    readonly categories: ReadonlySet<RunTraceCategory>,
    readonly eventsMax: number,
    beginsAtOnce = true,
  ) {
    this.beginCycle = beginsAtOnce ? 0 : null;
  }

  /** The cycle from which on it records; null: that has not come. */
  get begunAtCycle(): number | null {
    return this.beginCycle;
  }

  get hasBegun(): boolean {
    return this.beginCycle !== null;
  }

  /** From here on; once. */
  begin(cycle: number): void {
    if (this.hasBegun || this.endCycle !== null) return;
    this.beginCycle = cycle;
    this.frames.forEach(({ node, interrupt }, frames) => {
      if (interrupt !== null) {
        this.record(cycle, () => this.stack.push([cycle, frames, interrupt, 1]));
      }
      if (node === interrupt || !this.categories.has('call')) return;
      this.record(cycle, () => this.stack.push([cycle, frames, node, 0]));
    });
  }

  /** As far as here. */
  end(cycle: number): void {
    this.endCycle ??= cycle;
  }

  /** The shadow stack is wanted, and with it a profiler. */
  get hasStack(): boolean {
    return ['call', 'irq', 'exc'].some((name) => this.categories.has(name as RunTraceCategory));
  }

  readonly stackChanged: StackObserver = (frames, node, isInterrupt, cycles) => {
    const changesInterrupts = this.noteInterrupts(frames, isInterrupt !== 0);
    this.noteFrame(frames, node, isInterrupt);
    if (!changesInterrupts && !this.categories.has('call')) return;
    this.record(cycles, () => this.stack.push([cycles, frames, node, isInterrupt]));
  };

  readonly portAccessed: PortObserver = (port, bytes, value, isWrite, cycle) => {
    this.record(cycle, () => this.ports.push([cycle, port, bytes, value >>> 0, Number(isWrite)]));
  };

  /** A line that began at `cycle` and has come to its end. */
  lineShown(cycle: number, text: string, endedAtCycle: number): void {
    if (cycle >= (this.beginCycle ?? Infinity)) {
      this.record(endedAtCycle, () => this.lines.push([cycle, text]));
    }
  }

  /** Whether one has begun or ended. */
  private noteInterrupts(frames: number, isInterrupt: boolean): boolean {
    let changes = false;
    while ((this.interrupts.at(-1) ?? 0) > frames) {
      this.interrupts.pop();
      changes = true;
    }
    if (!isInterrupt || this.interrupts.at(-1) === frames) return changes;
    this.interrupts.push(frames);
    return true;
  }

  private noteFrame(frames: number, node: number, isInterrupt: number): void {
    const before = this.frames[frames]?.interrupt ?? null;
    this.frames.length = Math.min(this.frames.length, frames);
    while (this.frames.length < frames) this.frames.push({ node: 0, interrupt: null });
    this.frames.push({ node, interrupt: isInterrupt === 0 ? before : node });
  }

  private record(cycle: number, keep: () => void): void {
    if (!this.hasBegun || this.endCycle !== null) return;
    const events = this.stack.length + this.ports.length + this.lines.length;
    this.latestCycle = Math.max(this.latestCycle, cycle);
    if (events < this.eventsMax) {
      keep();
      return;
    }
    this.isFull = true;
    this.endCycle = this.latestCycle;
  }
}
