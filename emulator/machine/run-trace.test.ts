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
