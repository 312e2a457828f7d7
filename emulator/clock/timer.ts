import type { EventHandle, EventQueue, ScheduledEventState } from './event-queue.js';

/** The pending moment of a timer, null when it is not armed. */
export type TimerState = ScheduledEventState | null;

/** One thing that a device waits for: a fixed callback and at most one pending moment. */
export class Timer {
  private handle: EventHandle | null = null;

  constructor(
    private readonly events: EventQueue,
    private readonly callback: () => void,
  ) {}

  get armed(): boolean {
    return this.handle !== null;
  }

  /** Due at `cycle` (in the future); replaces an earlier moment. */
  armAt(cycle: number): void {
    this.disarm();
    this.handle = this.events.at(cycle, this.expire);
  }

  /** Due `delayCycles` from now (a positive integer); replaces an earlier moment. */
  armAfter(delayCycles: number): void {
    this.armAt(this.events.nowCycles + delayCycles);
  }

  disarm(): void {
    if (this.handle !== null) this.events.cancel(this.handle);
    this.handle = null;
  }

  snapshot(): TimerState {
    return this.handle === null
      ? null
      : { cycle: this.handle.cycle, sequence: this.handle.sequence };
  }

  restore(state: TimerState): void {
    this.disarm();
    if (state !== null) this.handle = this.events.reschedule(state, this.expire);
  }

  private readonly expire = (): void => {
    this.handle = null;
    this.callback();
  };
}
