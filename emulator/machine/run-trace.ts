/**
 * What `--trace` records of a run: changes of the shadow stack (timing/engine/call-tree.ts), accesses to ports and lines of COM1, each with its
 * cycle. At most so many events: behind the last one nothing is recorded, and the trace says where it ends.
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
  /** The cycle of the first event for which there was no room, or null. */
  endCycle: number | null = null;
  /** Of the events that are recorded, the latest: a line is recorded when it ends, and has the cycle at which it began. */
  private latestCycle = 0;
  /** Numbers of frames at which an interrupt or exception is under way. */
  private readonly interrupts: number[] = [];

  constructor(
    readonly categories: ReadonlySet<RunTraceCategory>,
    readonly eventsMax: number,
  ) {}

  /** The shadow stack is wanted, and with it a profiler. */
  get hasStack(): boolean {
    return ['call', 'irq', 'exc'].some((name) => this.categories.has(name as RunTraceCategory));
  }

  readonly stackChanged: StackObserver = (frames, node, isInterrupt, cycles) => {
    const changesInterrupts = this.noteInterrupts(frames, isInterrupt !== 0);
    if (!changesInterrupts && !this.categories.has('call')) return;
    if (this.hasRoom(cycles)) this.stack.push([cycles, frames, node, isInterrupt]);
  };

  readonly portAccessed: PortObserver = (port, bytes, value, isWrite, cycle) => {
    if (this.hasRoom(cycle)) this.ports.push([cycle, port, bytes, value >>> 0, Number(isWrite)]);
  };

  /** A line that began at `cycle` and has come to its end. */
  lineShown(cycle: number, text: string, endedAtCycle: number): void {
    if (this.hasRoom(endedAtCycle)) this.lines.push([cycle, text]);
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

  private hasRoom(cycle: number): boolean {
    if (this.endCycle !== null) return false;
    const events = this.stack.length + this.ports.length + this.lines.length;
    this.latestCycle = Math.max(this.latestCycle, cycle);
    if (events < this.eventsMax) return true;
    this.endCycle = this.latestCycle;
    return false;
  }
}
