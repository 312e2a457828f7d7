import { assert } from '../base/assert.js';

/**
 * Simulated time: the cycle counter of the core clock and everything that will happen at a known cycle.
 *
 * Devices never poll and never count: a device that waits schedules an event. Events run in order of their
 * cycle, ties in the order of scheduling, so a run is a function of its inputs. The order survives a snapshot,
 * because an event's sequence number is part of its owner's state (see `ScheduledEventState`).
 *
 * A binary heap on (cycle, sequence); each event knows its place, so that cancelling is exact.
 */

/** What an owner stores of a pending event, to schedule it again after a restore in the same order of ties. */
export interface ScheduledEventState {
  readonly cycle: number;
  readonly sequence: number;
}

/** A pending event, for `cancel`. */
export interface EventHandle extends ScheduledEventState {
  readonly pending: boolean;
}

export interface EventQueueState {
  readonly nowCycles: number;
  readonly nextSequence: number;
}

const NOT_QUEUED = -1;

class ScheduledEvent implements EventHandle {
  heapIndex = NOT_QUEUED;

  constructor(
    readonly cycle: number,
    readonly sequence: number,
    readonly callback: () => void,
  ) {}

  get pending(): boolean {
    return this.heapIndex !== NOT_QUEUED;
  }

  isBefore(other: ScheduledEvent): boolean {
    return (
      this.cycle < other.cycle || (this.cycle === other.cycle && this.sequence < other.sequence)
    );
  }
}

export class EventQueue {
  private now = 0;
  private nextSequence = 0;
  private heap: ScheduledEvent[] = [];
  private advancing = false;

  /** Cycle of the earliest pending event, Infinity when there is none. A plain field: the run loop reads it often. */
  nextEventCycle = Infinity;

  /** Cycles of the core clock since power-on: an integer below 2^53. */
  get nowCycles(): number {
    return this.now;
  }

  /** Runs `callback` `delayCycles` from now; the delay is a positive integer. */
  after(delayCycles: number, callback: () => void): EventHandle {
    if (!(Number.isSafeInteger(delayCycles) && delayCycles > 0)) {
      assert(false, `an event's delay is a positive integer of cycles, not ${delayCycles}`);
    }
    return this.at(this.now + delayCycles, callback);
  }

  /** Runs `callback` at `cycle`, which lies in the future. */
  at(cycle: number, callback: () => void): EventHandle {
    return this.insert(cycle, this.nextSequence++, callback);
  }

  /** Schedules an event of a snapshot again; the queue's own state is restored before. */
  reschedule(state: ScheduledEventState, callback: () => void): EventHandle {
    assert(
      state.sequence < this.nextSequence,
      `event ${state.sequence} is restored into a queue that has numbered ${this.nextSequence} only`,
    );
    return this.insert(state.cycle, state.sequence, callback);
  }

  /** Takes a pending event out; an event that has run or was cancelled is left alone. */
  cancel(handle: EventHandle): void {
    assert(handle instanceof ScheduledEvent, 'only a handle of this queue can be cancelled');
    if (handle.pending) this.remove(handle);
  }

  /**
   * Sets the time to `cycle`, stopping at each due event (events that they schedule up to `cycle` included).
   * During an event `nowCycles` is the cycle of that event.
   */
  advanceTo(cycle: number): void {
    if (!(Number.isSafeInteger(cycle) && cycle >= this.now)) {
      assert(false, `time does not run backwards or in fractions: from ${this.now} to ${cycle}`);
    }
    assert(!this.advancing, 'an event advances the time itself');
    if (cycle < this.nextEventCycle) {
      this.now = cycle;
      return;
    }
    this.advancing = true;
    try {
      while (this.nextEventCycle <= cycle) {
        const event = this.earliest();
        this.remove(event);
        this.now = event.cycle;
        event.callback();
      }
    } finally {
      this.advancing = false;
    }
    this.now = cycle;
  }

  snapshot(): EventQueueState {
    return { nowCycles: this.now, nextSequence: this.nextSequence };
  }

  /** Sets the time and drops all events: their owners schedule them again from their own states. */
  restore(state: EventQueueState): void {
    assert(!this.advancing, 'a snapshot is not restored from within an event');
    for (const event of this.heap) event.heapIndex = NOT_QUEUED;
    this.heap = [];
    this.nextEventCycle = Infinity;
    this.now = state.nowCycles;
    this.nextSequence = state.nextSequence;
  }

  private insert(cycle: number, sequence: number, callback: () => void): ScheduledEvent {
    if (!(Number.isSafeInteger(cycle) && cycle > this.now)) {
      assert(false, `an event at cycle ${cycle} does not lie in the future of ${this.now}`);
    }
    const event = new ScheduledEvent(cycle, sequence, callback);
    this.heap.push(event);
    this.siftUp(event, this.heap.length - 1);
    this.nextEventCycle = this.earliest().cycle;
    return event;
  }

  private earliest(): ScheduledEvent {
    return this.eventAt(0);
  }

  private eventAt(index: number): ScheduledEvent {
    const event = this.heap[index];
    if (event === undefined)
      assert(false, `no event at ${index} of ${this.heap.length} in the heap`);
    return event;
  }

  private remove(event: ScheduledEvent): void {
    const index = event.heapIndex;
    const last = this.eventAt(this.heap.length - 1);
    this.heap.pop();
    event.heapIndex = NOT_QUEUED;
    if (last !== event) {
      this.siftUp(last, index);
      this.siftDown(last, last.heapIndex);
    }
    this.nextEventCycle = this.heap.length === 0 ? Infinity : this.earliest().cycle;
  }

  private siftUp(event: ScheduledEvent, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.eventAt(parentIndex);
      if (!event.isBefore(parent)) break;
      this.place(parent, index);
      index = parentIndex;
    }
    this.place(event, index);
  }

  private siftDown(event: ScheduledEvent, from: number): void {
    let index = from;
    for (;;) {
      const leftIndex = 2 * index + 1;
      if (leftIndex >= this.heap.length) break;
      let child = this.eventAt(leftIndex);
      let childIndex = leftIndex;
      if (leftIndex + 1 < this.heap.length) {
        const right = this.eventAt(leftIndex + 1);
        if (right.isBefore(child)) {
          child = right;
          childIndex = leftIndex + 1;
        }
      }
      if (!child.isBefore(event)) break;
      this.place(child, index);
      index = childIndex;
    }
    this.place(event, index);
  }

  private place(event: ScheduledEvent, index: number): void {
    this.heap[index] = event;
    event.heapIndex = index;
  }
}
