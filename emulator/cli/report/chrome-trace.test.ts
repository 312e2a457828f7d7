/** A trace as Chrome's trace-event JSON. [Trace Event Format] */
import { describe, expect, it } from 'vitest';
import { chromeTrace } from './chrome-trace.js';
import { TRACE } from '../../../tests/profile-fixture.js';
import type { TraceFile } from './trace-file.js';

interface TraceEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly name?: string;
  readonly s?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

function eventsOf(trace: TraceFile): readonly TraceEvent[] {
  const document = JSON.parse(chromeTrace(trace, 'k')) as Record<string, unknown>;
  expect(document['displayTimeUnit']).toBe('ns');
  return document['traceEvents'] as TraceEvent[];
}

/** Slices of a track as `name from-to`, inner ones first; an E ends the last B that has not ended. */
function slicesOf(events: readonly TraceEvent[], tid: number): string[] {
  const open: TraceEvent[] = [];
  const slices: string[] = [];
  let last = 0;
  for (const event of events.filter((each) => each.tid === tid && each.ts !== undefined)) {
    if (event.ph !== 'B' && event.ph !== 'E') continue;
    expect(event.ts).toBeGreaterThanOrEqual(last);
    last = event.ts ?? 0;
    if (event.ph === 'B') open.push(event);
    else {
      const begin = open.pop();
      slices.push(`${begin?.name} ${begin?.ts}-${event.ts}`);
    }
  }
  expect(open).toEqual([]);
  return slices;
}

function trackOf(events: readonly TraceEvent[], name: string): number {
  const named = events.find(
    ({ ph, name: kind, args }) => ph === 'M' && kind === 'thread_name' && args?.['name'] === name,
  );
  return named?.tid ?? -1;
}

describe('chromeTrace', () => {
  it('has nested slices of calls in microseconds, all of which end', () => {
    const events = eventsOf(TRACE);
    expect(slicesOf(events, trackOf(events, 'calls'))).toEqual([
      'handler 1.7-1.8',
      '[#PF] 1.6-1.8',
      'alloc 1.5-1.9',
      '[interrupt 0x20] 2-2.5',
      'kmain 1-5',
    ]);
  });

  it('has interrupts and exceptions on tracks of their own, up to their IRET', () => {
    const events = eventsOf(TRACE);
    expect(slicesOf(events, trackOf(events, 'interrupts'))).toEqual(['[interrupt 0x20] 2-2.5']);
    expect(slicesOf(events, trackOf(events, 'exceptions'))).toEqual(['[#PF] 1.6-1.8']);
  });

  it('has accesses to ports and lines of COM1 as instants of their thread', () => {
    const events = eventsOf(TRACE);
    const instants = events.filter(({ ph }) => ph === 'i');
    expect(instants).toMatchObject([
      { tid: trackOf(events, 'port I/O'), ts: 1.004, s: 't', name: 'out 0x80' },
      { tid: trackOf(events, 'COM1'), ts: 3, s: 't', name: 'ready </script>' },
    ]);
    expect(instants[0]?.args).toEqual({ bytes: 1, value: '0x12' });
  });

  it('has no track that was not asked for, and ends where the recording was full', () => {
    const events = eventsOf({ ...TRACE, categories: ['irq'], endCycle: 2200 });
    expect(trackOf(events, 'calls')).toBe(-1);
    const slices = slicesOf(events, trackOf(events, 'interrupts'));
    expect(slices).toEqual(['[interrupt 0x20] 2-2.5']);
    const cut = eventsOf({ ...TRACE, stack: TRACE.stack.slice(0, 7), endCycle: 2200 });
    expect(slicesOf(cut, trackOf(cut, 'interrupts'))).toEqual(['[interrupt 0x20] 2-2.2']);
    expect(cut.filter(({ ph }) => ph === 'i')).toHaveLength(1);
  });

  it('nests slices that begin and end in the same nanosecond', () => {
    const stack = [
      [9, 1, 1, 0],
      [10, 2, 2, 0],
      [10, 1, 1, 0],
      [11, 2, 4, 0],
      [11, 1, 1, 0],
    ] as const;
    const events = eventsOf({ ...TRACE, coreHz: 100e9, cycles: 12, stack, ports: [], lines: [] });
    const names = slicesOf(events, trackOf(events, 'calls')).map((slice) => slice.split(' ')[0]);
    expect(names).toEqual(['alloc', 'handler', 'kmain']);
  });
});
