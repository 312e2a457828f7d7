/**
 * The timer of a local APIC: one-shot, periodic, TSC-deadline.
 * Source: [SDM-3A "Advanced Programmable Interrupt Controller (APIC)", "APIC Timer", "TSC-Deadline Mode"].
 *
 * The counter is not stored: it follows from the tick at which it was loaded. It counts while the interrupt is masked, too.
 */
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';

export type TimerMode = 'one-shot' | 'periodic' | 'tsc-deadline';

export interface LocalApicTimerPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** What WRMSR has added to the time-stamp counter. */
  tscOffset(): bigint;
  /** The count has come to 0, or the deadline. */
  onExpiry(): void;
}

export interface LocalApicTimerState {
  readonly mode: TimerMode;
  readonly divideConfiguration: number;
  readonly initialCount: number;
  readonly loadedCount: number;
  readonly loadedTick: number;
  /** Decimal; '0': not armed. */
  readonly deadline: string;
  readonly timer: TimerState;
}

const DIVIDE_MASK = 0xb;

export class LocalApicTimer {
  private mode: TimerMode = 'one-shot';
  private divide = 0;
  private initial = 0;
  /** What the counter held at tick `loadedTick`, from which on it counts down. */
  private loadedCount = 0;
  private loadedTick = 0;
  private deadlineTicks = 0n;
  private readonly timer: Timer;

  constructor(private readonly ports: LocalApicTimerPorts) {
    this.timer = new Timer(ports.events, () => this.expire());
  }

  get divideConfiguration(): number {
    return this.divide;
  }

  set divideConfiguration(value: number) {
    const left = this.currentCount;
    this.divide = value & DIVIDE_MASK;
    if (this.mode !== 'tsc-deadline' && left > 0) this.load(left);
  }

  get initialCount(): number {
    return this.initial;
  }

  /** Starts the counter; 0 stops it. Ignored in TSC-deadline mode. */
  set initialCount(value: number) {
    if (this.mode === 'tsc-deadline') return;
    this.initial = value;
    this.load(value);
  }

  get currentCount(): number {
    if (!this.timer.armed || this.mode === 'tsc-deadline') return 0;
    const elapsed = Math.floor((this.nowTick - this.loadedTick) / this.divisor);
    return Math.max(0, this.loadedCount - elapsed);
  }

  /** IA32_TSC_DEADLINE: 0 when not armed. */
  get deadline(): bigint {
    return this.deadlineTicks;
  }

  set deadline(ticks: bigint) {
    if (this.mode !== 'tsc-deadline') return;
    this.deadlineTicks = ticks;
    this.armDeadline();
  }

  /** Entering or leaving TSC-deadline mode disarms the timer. */
  setMode(mode: TimerMode): void {
    if (mode === this.mode) return;
    if (mode === 'tsc-deadline' || this.mode === 'tsc-deadline') {
      this.timer.disarm();
      this.initial = 0;
      this.loadedCount = 0;
      this.deadlineTicks = 0n;
    }
    this.mode = mode;
  }

  /** The time-stamp counter was written. */
  tscChanged(): void {
    if (this.deadlineTicks !== 0n) this.armDeadline();
  }

  reset(): void {
    this.timer.disarm();
    this.mode = 'one-shot';
    this.divide = 0;
    this.initial = 0;
    this.loadedCount = 0;
    this.loadedTick = 0;
    this.deadlineTicks = 0n;
  }

  snapshot(): LocalApicTimerState {
    return {
      mode: this.mode,
      divideConfiguration: this.divide,
      initialCount: this.initial,
      loadedCount: this.loadedCount,
      loadedTick: this.loadedTick,
      deadline: this.deadlineTicks.toString(),
      timer: this.timer.snapshot(),
    };
  }

  restore(state: LocalApicTimerState): void {
    this.mode = state.mode;
    this.divide = state.divideConfiguration;
    this.initial = state.initialCount;
    this.loadedCount = state.loadedCount;
    this.loadedTick = state.loadedTick;
    this.deadlineTicks = BigInt(state.deadline);
    this.timer.restore(state.timer);
  }

  private get nowTick(): number {
    return this.ports.domains.ticksAt('apicTimer', this.ports.events.nowCycles);
  }

  /** [SDM-3A "APIC Timer", "Divide Configuration Register"] bits 3, 1, 0: 2, 4, 8, … 128, then 1. */
  private get divisor(): number {
    const code = (this.divide & 3) | ((this.divide & 8) >> 1);
    return code === 7 ? 1 : 2 << code;
  }

  private load(count: number): void {
    this.loadedTick = this.nowTick;
    this.loadedCount = count;
    if (count === 0) this.timer.disarm();
    else this.armCount();
  }

  private armCount(): void {
    const { domains } = this.ports;
    const tick = this.loadedTick + this.loadedCount * this.divisor;
    this.armAt(domains.coreCyclesOf('apicTimer', tick));
  }

  private armDeadline(): void {
    const { events, domains } = this.ports;
    this.timer.disarm();
    if (this.deadlineTicks === 0n) return;
    const nowTicks = domains.ticksAt('tsc', events.nowCycles);
    const tsc = BigInt.asUintN(64, BigInt(nowTicks) + this.ports.tscOffset());
    const left = this.deadlineTicks - tsc;
    const cycle = left <= 0n ? 0 : domains.cycleAfter('tsc', left, events.nowCycles);
    if (cycle !== null) this.armAt(cycle);
  }

  /** An event at `cycle`, or as soon as one can be. */
  private armAt(cycle: number): void {
    this.timer.armAt(Math.max(cycle, this.ports.events.nowCycles + 1));
  }

  private expire(): void {
    if (this.mode === 'tsc-deadline') this.deadlineTicks = 0n;
    else if (this.mode === 'periodic' && this.initial > 0) {
      const period = this.initial * this.divisor;
      const due = this.loadedTick + this.loadedCount * this.divisor;
      this.loadedTick = due + Math.floor(Math.max(0, this.nowTick - due) / period) * period;
      this.loadedCount = this.initial;
      this.armCount();
    }
    this.ports.onExpiry();
  }
}
