/** What a page of a run needs to say what passed between two lines of COM1: own cycles of functions, and pages, from line to line. */
import { PAGE_USES } from '../browser/pages-data.js';
import type { LinesData } from '../browser/line-intervals.js';
import type { RunFiles } from './run-files.js';
import type { TraceFile } from './trace-file.js';

/** Where a machine begins, which no row of a trace names. */
const BOTTOM = '[firmware]';

export function linesData(files: RunFiles, trace: TraceFile): LinesData {
  const span = files.span ?? {
    from: trace.beginCycle ?? 0,
    to: trace.endCycle ?? trace.cycles,
  };
  const lineCycles = trace.lines.map(([cycle]) => cycle).filter((cycle) => cycle < span.to);
  const cycles = [span.from, ...lineCycles, span.to];
  const functions = [BOTTOM, ...trace.functions];
  const costs = trace.categories.includes('call') ? ownCycles(trace, cycles) : [];
  return { coreHz: trace.coreHz, cycles, functions, costs, pages: pagesBetween(files, cycles) };
}

/** Of the function on top of the stack, in each gap. */
function ownCycles(trace: TraceFile, cycles: readonly number[]): [number, number][][] {
  const gaps = cycles.slice(1).map(() => new Map<number, number>());
  let [gap, at, running] = [0, cycles[0] ?? 0, 0];
  const chargeUpTo = (cycle: number): void => {
    while (gap < gaps.length && at < cycle) {
      const until = Math.min(cycle, cycles[gap + 1] ?? cycle);
      const own = gaps[gap];
      if (until > at) own?.set(running, (own.get(running) ?? 0) + until - at);
      at = until;
      if (at >= (cycles[gap + 1] ?? Infinity)) gap++;
    }
  };
  for (const [cycle, , number] of trace.stack) {
    chargeUpTo(cycle);
    running = number + 1;
  }
  chargeUpTo(cycles.at(-1) ?? 0);
  return gaps.map((own) => [...own]);
}

/** First uses by kind; of a record with several pages, where its first was. */
function pagesBetween(files: RunFiles, cycles: readonly number[]): number[][] {
  const pages = files.pagesIfAny;
  if (pages === null) return [];
  const gaps = cycles.slice(1).map(() => PAGE_USES.map(() => 0));
  for (const [use, , count, , from] of pages.uses) {
    const gap = firstBehind(cycles, from) - 1;
    const own = gaps[Math.min(gap, gaps.length - 1)];
    if (gap >= 0 && own !== undefined) own[use] = (own[use] ?? 0) + count;
  }
  return gaps;
}

/** The number of the first that is later than `cycle`, of those in order; their count where none is. */
function firstBehind(cycles: readonly number[], cycle: number): number {
  let low = 0;
  let high = cycles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cycles[middle] ?? Infinity) <= cycle) low = middle + 1;
    else high = middle;
  }
  return low;
}
