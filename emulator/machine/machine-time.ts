/**
 * The machine's time: what the timing model makes of the instructions that the processor retires, and of waiting.
 */
import { assert } from '../base/assert.js';
import type { Processor } from '../cpu/processor.js';
import { LATCH_WRITE_TICKS, TIME_STAMP_BASE, TIME_STAMP_COUNTS } from '../isa/state-layout.js';
import type { CounterName, TimingEngine, TimingEngineState } from '../timing/timing-engine.js';
import type { CountingModel } from '../timing/timing-model.js';
import type { PortLatch } from './port-latch.js';

/** Cycles in which no instruction retired; or a timing engine's state. */
export type MachineTimeState =
  | { readonly waitedCycles: number; readonly engine: null }
  | { readonly waitedCycles: 0; readonly engine: TimingEngineState };

export interface MachineTime {
  /** The present cycle of the core clock. */
  readonly nowCycles: number;
  /** Lets `cycles` pass in which no instruction retires. */
  wait(cycles: number): void;
  /**
   * Prepares a run up to `untilCycle` (or for ever), of `instructionsMax` at most. Returns the processor's budget. `latches`: some of
   * the time is granted to writes to the latch (port-latch.ts).
   */
  budgetUntil(untilCycle: number, instructionsMax: number, latches?: boolean): number;
  /**
   * Time may pass `untilCycle` before a run is over that has used up its budget: then nothing but another run may follow, so
   * that what the guest sees does not depend on how its run is cut (`ExitReason.Deadline`).
   */
  readonly hasCheckpoints: boolean;
  /** Passes of loops that wait may be counted: each takes the cycles that the one before it took. */
  readonly countsPasses: boolean;
  /** Counts instructions that are proved to run as the last ones did, and their cycles. */
  countAsExecuted(instructions: number, cycles: number): void;
  snapshot(): MachineTimeState;
  /** After the processor, and with the same model. */
  restore(state: MachineTimeState): void;
  /** What the engine has counted; null without one. */
  counters(): Readonly<Record<CounterName, number>> | null;
}

export class CountedTime implements MachineTime {
  readonly hasCheckpoints = false;
  readonly countsPasses = true;
  private waitedCycles = 0;
  private readonly coreCounts: boolean;

  constructor(
    private readonly model: CountingModel,
    private readonly processor: Processor,
    private readonly latch: PortLatch,
    /** The TSC ticks at the rate of the core clock. */
    ticksAreCycles: boolean,
  ) {
    this.coreCounts = ticksAreCycles && model.isUnit;
    processor.memory.setU32(TIME_STAMP_COUNTS, this.coreCounts ? 1 : 0);
  }

  get nowCycles(): number {
    const { model, processor, latch, waitedCycles } = this;
    return model.cyclesOfInstructions(processor.retired) + waitedCycles + latch.cycles;
  }

  wait(cycles: number): void {
    this.waitedCycles += cycles;
    this.tellCore();
  }

  budgetUntil(untilCycle: number, instructionsMax: number, latches = false): number {
    const { latch, model } = this;
    this.waitedCycles += latch.cycles;
    latch.grant(0);
    const left = untilCycle - this.nowCycles;
    const spare = Math.max(left / 2, left - model.cyclesOfInstructions(instructionsMax));
    const granted = latches ? latch.grant(spare) : 0;
    this.tellCore();
    return Math.min(model.instructionsWithin(left - granted), instructionsMax);
  }

  /** So that the core knows `nowCycles` whenever it reads the time-stamp. */
  private tellCore(): void {
    const { latch, processor, waitedCycles } = this;
    if (!this.coreCounts) return;
    processor.memory.setU64(TIME_STAMP_BASE, BigInt(waitedCycles + latch.grantedCycles));
    processor.memory.setU32(LATCH_WRITE_TICKS, latch.cyclesOfWrite);
  }

  countAsExecuted(instructions: number, cycles: number): void {
    this.processor.addRetired(instructions);
    this.wait(cycles - this.model.cyclesOfInstructions(instructions));
  }

  snapshot(): MachineTimeState {
    this.waitedCycles += this.latch.cycles;
    this.latch.grant(0);
    this.tellCore();
    return { waitedCycles: this.waitedCycles, engine: null };
  }

  restore({ waitedCycles }: MachineTimeState): void {
    this.waitedCycles = waitedCycles;
    this.latch.grant(0);
    this.tellCore();
  }

  counters(): null {
    return null;
  }
}

/** Caches, predictors and queues carry a state from pass to pass: every pass is executed. */
export class EngineTime implements MachineTime {
  readonly hasCheckpoints = true;
  readonly countsPasses = false;

  constructor(private readonly engine: TimingEngine) {}

  get nowCycles(): number {
    return this.engine.nowCycles;
  }

  wait(cycles: number): void {
    this.engine.wait(cycles);
  }

  budgetUntil(untilCycle: number, instructionsMax: number): number {
    this.engine.setDeadline(untilCycle === Number.POSITIVE_INFINITY ? null : untilCycle);
    return instructionsMax;
  }

  snapshot(): MachineTimeState {
    return { waitedCycles: 0, engine: this.engine.snapshot() };
  }

  restore({ engine }: MachineTimeState): void {
    assert(engine !== null, 'a snapshot of a machine with a timing engine');
    this.engine.restore(engine);
  }

  countAsExecuted(): void {
    assert(false, 'passes of a loop are executed');
  }

  counters(): Readonly<Record<CounterName, number>> {
    return this.engine.counters();
  }
}
