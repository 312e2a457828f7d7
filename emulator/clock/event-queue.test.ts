import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../base/errors.js';
import { EventQueue } from './event-queue.js';
import { Timer } from './timer.js';

describe('EventQueue', () => {
  it('has no next event while nothing is scheduled', () => {
    const events = new EventQueue();
    expect(events.nextEventCycle).toBe(Infinity);
    events.advanceTo(1000);
    expect(events.nowCycles).toBe(1000);
  });

  it('runs an event at its cycle, with the time set to it, and not before', () => {
    const events = new EventQueue();
    const seen: number[] = [];
    events.after(10, () => seen.push(events.nowCycles));
    expect(events.nextEventCycle).toBe(10);
    events.advanceTo(9);
    expect(seen).toEqual([]);
    events.advanceTo(25);
    expect(seen).toEqual([10]);
    expect(events.nowCycles).toBe(25);
    expect(events.nextEventCycle).toBe(Infinity);
  });

  it('runs events of one cycle in the order of their scheduling', () => {
    const events = new EventQueue();
    const order: string[] = [];
    for (const name of ['first', 'second', 'third']) events.at(5, () => order.push(name));
    events.advanceTo(5);
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it('runs what an event schedules within the span that is being advanced over', () => {
    const events = new EventQueue();
    const seen: number[] = [];
    events.after(3, () => events.after(4, () => seen.push(events.nowCycles)));
    events.advanceTo(100);
    expect(seen).toEqual([7]);
  });

  it('never runs a cancelled event, and cancelling one that ran does nothing', () => {
    const events = new EventQueue();
    const seen: string[] = [];
    const ran = events.after(1, () => seen.push('ran'));
    const cancelled = events.after(2, () => seen.push('cancelled'));
    events.after(3, () => seen.push('last'));
    events.cancel(cancelled);
    events.advanceTo(3);
    events.cancel(ran);
    expect(seen).toEqual(['ran', 'last']);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53])('refuses a delay of %d cycles', (delay) => {
    expect(() => new EventQueue().after(delay, () => undefined)).toThrow(InvariantViolation);
  });

  it('refuses to run backwards, and events in the past or present', () => {
    const events = new EventQueue();
    events.advanceTo(10);
    expect(() => events.advanceTo(9)).toThrow(InvariantViolation);
    expect(() => events.at(10, () => undefined)).toThrow(InvariantViolation);
    expect(() => events.advanceTo(2 ** 53)).toThrow(InvariantViolation);
  });

  it('refuses an event that advances the time itself', () => {
    const events = new EventQueue();
    events.at(5, () => events.advanceTo(6));
    expect(() => events.advanceTo(5)).toThrow(/advances the time itself/);
  });

  it('agrees with a sorted list under random scheduling, cancelling and advancing', () => {
    const step = fc.record({
      kind: fc.constantFrom('schedule', 'schedule', 'cancel', 'advance'),
      amount: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const events = new EventQueue();
        const ran: number[] = [];
        const expected: number[] = [];
        let pending: { id: number; cycle: number }[] = [];
        const handles = new Map<number, ReturnType<EventQueue['at']>>();
        let nextId = 0;
        for (const { kind, amount } of steps) {
          if (kind === 'schedule') {
            const id = nextId++;
            handles.set(
              id,
              events.after(amount, () => ran.push(id)),
            );
            pending.push({ id, cycle: events.nowCycles + amount });
          } else if (kind === 'cancel') {
            const victim = pending[amount % Math.max(1, pending.length)];
            const handle = victim && handles.get(victim.id);
            if (handle === undefined) continue;
            events.cancel(handle);
            pending = pending.filter((entry) => entry !== victim);
          } else {
            const until = events.nowCycles + amount;
            const due = pending.filter(({ cycle }) => cycle <= until);
            due.sort((a, b) => a.cycle - b.cycle || a.id - b.id);
            expected.push(...due.map(({ id }) => id));
            pending = pending.filter(({ cycle }) => cycle > until);
            events.advanceTo(until);
          }
          expect(events.nextEventCycle).toBe(
            Math.min(Infinity, ...pending.map(({ cycle }) => cycle)),
          );
        }
        expect(ran).toEqual(expected);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('Timer', () => {
  it('replaces its moment when it is armed again, and forgets it when disarmed', () => {
    const events = new EventQueue();
    const seen: number[] = [];
    const timer = new Timer(events, () => seen.push(events.nowCycles));
    timer.armAfter(5);
    timer.armAt(8);
    events.advanceTo(10);
    timer.armAfter(5);
    timer.disarm();
    events.advanceTo(30);
    expect(seen).toEqual([8]);
    expect(timer.armed).toBe(false);
  });

  it('keeps the order of ties over a snapshot, whatever the order of restoring', () => {
    const order: string[] = [];
    const build = (): { events: EventQueue; a: Timer; b: Timer } => {
      const events = new EventQueue();
      return {
        events,
        a: new Timer(events, () => order.push('a')),
        b: new Timer(events, () => order.push('b')),
      };
    };
    const first = build();
    first.b.armAt(10);
    first.a.armAt(10);
    first.events.advanceTo(3);
    const state = {
      events: first.events.snapshot(),
      a: first.a.snapshot(),
      b: first.b.snapshot(),
    };
    const second = build();
    second.a.armAt(1); // to be dropped
    second.events.restore(state.events);
    second.a.restore(state.a);
    second.b.restore(state.b);
    expect(second.events.nowCycles).toBe(3);
    second.events.advanceTo(10);
    expect(order).toEqual(['b', 'a']);
  });
});
