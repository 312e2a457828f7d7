/**
 * Pending and serviced interrupts of a local APIC, and their priorities.
 * Source: [SDM-3A "Handling Interrupts", "Interrupt, Task, and Processor Priority", "Signaling Interrupt Servicing
 * Completion"]. A vector's class is its bits 7-4.
 */
import { VectorSet } from './vector-set.js';

export interface InterruptRegistersState {
  readonly taskPriority: number;
  readonly inService: readonly number[];
  readonly triggerMode: readonly number[];
  readonly requests: readonly number[];
}

const WORDS = 8;

export class InterruptRegisters {
  taskPriority = 0;
  private readonly isr = new VectorSet();
  private readonly tmr = new VectorSet();
  private readonly irr = new VectorSet();

  /** Any vector waits, deliverable or not. */
  get pending(): boolean {
    return this.irr.highest >= 0;
  }

  get processorPriority(): number {
    const inService = Math.max(0, this.isr.highest);
    return this.taskPriority >> 4 >= inService >> 4 ? this.taskPriority : inService & 0xf0;
  }

  /** The vector that may interrupt the processor now, negative when there is none. */
  get deliverable(): number {
    const vector = this.irr.highest;
    return vector >> 4 > this.processorPriority >> 4 ? vector : -1;
  }

  request(vector: number, levelTriggered: boolean): void {
    this.irr.put(vector, true);
    this.tmr.put(vector, levelTriggered);
  }

  /** The processor takes `vector`. */
  serve(vector: number): void {
    this.irr.put(vector, false);
    this.isr.put(vector, true);
  }

  /** The highest vector in service is done with. Returns it where it was level-triggered, else -1. */
  endOfInterrupt(): number {
    const vector = this.isr.highest;
    if (vector < 0) return vector;
    this.isr.put(vector, false);
    return this.tmr.has(vector) ? vector : -1;
  }

  /** Word `index` of 24: eight of ISR, of TMR, of IRR. */
  word(index: number): number {
    const set = [this.isr, this.tmr, this.irr][Math.floor(index / WORDS)];
    return set?.word(index % WORDS) ?? 0;
  }

  clear(): void {
    this.taskPriority = 0;
    for (const set of [this.isr, this.tmr, this.irr]) set.clear();
  }

  snapshot(): InterruptRegistersState {
    return {
      taskPriority: this.taskPriority,
      inService: this.isr.snapshot(),
      triggerMode: this.tmr.snapshot(),
      requests: this.irr.snapshot(),
    };
  }

  restore(state: InterruptRegistersState): void {
    this.taskPriority = state.taskPriority;
    this.isr.restore(state.inService);
    this.tmr.restore(state.triggerMode);
    this.irr.restore(state.requests);
  }
}
