/** What a trace records, and where it says that it ends. */
import { describe, expect, it } from 'vitest';
import { RunTrace } from './run-trace.js';

describe('a trace that is full', () => {
  it('ends at no earlier cycle than anything in it: a line began before the calls within it', () => {
    const trace = new RunTrace(new Set(['call']), 2);
    trace.stackChanged(1, 1, 0, 1000);
    trace.stackChanged(2, 2, 0, 1200);
    trace.lineShown(900, 'calling', 1500); // no room
    expect(trace.lines).toEqual([]);
    expect(trace.endCycle).toBe(1500);
  });

  it('ends at the latest event where the one without room came late to it', () => {
    const trace = new RunTrace(new Set(['call', 'io']), 1);
    trace.stackChanged(1, 1, 0, 1000);
    trace.portAccessed(0x80, 1, 0, true, 990);
    expect(trace.endCycle).toBe(1000);
  });

  it('records a line with the cycle at which it began', () => {
    const trace = new RunTrace(new Set(['call']), 2);
    trace.lineShown(900, 'calling', 1500);
    expect([trace.lines, trace.endCycle]).toEqual([[[900, 'calling']], null]);
  });
});

describe('a trace that begins later', () => {
  const begun = (categories: ('call' | 'irq' | 'io')[]): RunTrace => {
    const trace = new RunTrace(new Set(categories), 100, false);
    trace.stackChanged(1, 11, 0, 100);
    trace.stackChanged(2, 12, 0, 200);
    trace.stackChanged(3, 13, 1, 300); // an interrupt
    trace.stackChanged(4, 14, 0, 350);
    trace.stackChanged(3, 15, 0, 400); // its handler goes on in another function
    trace.portAccessed(0x80, 1, 1, true, 450);
    trace.begin(500);
    return trace;
  };

  it('begins with the frames that there are', () => {
    const trace = begun(['call', 'io']);
    trace.stackChanged(2, 12, 0, 600);
    trace.portAccessed(0x81, 1, 2, true, 650);
    trace.end(700);
    trace.stackChanged(1, 11, 0, 800);
    const frames = trace.stack.filter(([, frame]) => frame > 0);
    expect(frames).toEqual([
      [500, 1, 11, 0],
      [500, 2, 12, 0],
      [500, 3, 13, 1],
      [500, 3, 15, 0],
      [600, 2, 12, 0],
    ]);
    expect(trace.ports.map(([cycle]) => cycle)).toEqual([650]);
    expect([trace.endCycle, trace.isFull]).toEqual([700, false]);
  });

  it('without calls begins with the interrupts that are under way', () => {
    const trace = begun(['irq']);
    trace.stackChanged(2, 12, 0, 600);
    expect(trace.stack).toEqual([
      [500, 3, 13, 1],
      [600, 2, 12, 0],
    ]);
  });

  it('has no line that began before', () => {
    const trace = begun(['call']);
    trace.lineShown(450, 'early', 550);
    trace.lineShown(560, 'in it', 590);
    expect(trace.lines).toEqual([[560, 'in it']]);
  });
});
