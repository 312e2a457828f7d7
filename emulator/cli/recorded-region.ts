/** A region of interest as run.json has it, and in words. */
import { orNull } from './document-shape.js';
import { formatCount, formatNs } from './quantities.js';
import { timingSummary } from './timing-summary.js';

export interface RegionFigures {
  readonly cycles: number;
  readonly instructions: number;
  readonly interrupts: number;
  readonly exceptions: number;
  readonly pageFaults: number;
  readonly resets: number;
  /** What the timing engine counted; null without one. */
  readonly timing: Readonly<Record<string, number>> | null;
}

export interface RecordedRegion {
  /** As `--roi` has it, or the marks of `--magic`. */
  readonly region: string;
  /** How often it has begun. */
  readonly times: number;
  /** The run ended in it. */
  readonly isOpen: boolean;
  readonly stats: RegionFigures & { readonly ns: number };
}

/** What a reader of run.json needs of it. */
export const RECORDED_REGION_SHAPE = {
  region: '',
  times: 0,
  isOpen: true,
  stats: {
    cycles: 0,
    ns: 0,
    instructions: 0,
    interrupts: 0,
    exceptions: 0,
    pageFaults: 0,
    resets: 0,
    timing: orNull({ everyValue: 0 }),
  },
};

/** Lines for the end of a run, of which it had `cycles`. */
export function regionLines(
  { region, times, isOpen, stats }: RecordedRegion,
  cycles: number,
): string[] {
  if (times === 0) return [`region ${region} has not begun`];
  const share = cycles === 0 ? 0 : (100 * stats.cycles) / cycles;
  const often = times === 1 ? 'once' : `${formatCount(times)} times`;
  const figures = [
    `region ${region}: ${often}${isOpen ? ', the run ended in it' : ''}`,
    `${formatNs(stats.ns)} (${formatCount(stats.cycles)} cycles, ${share.toFixed(1)} %)`,
    `instructions ${formatCount(stats.instructions)}`,
    `IPC ${(stats.cycles === 0 ? 0 : stats.instructions / stats.cycles).toFixed(2)}`,
    `#PF ${stats.pageFaults}`,
    `interrupts ${stats.interrupts}`,
  ];
  const timing = stats.timing === null ? [] : [`region ${region}: ${timingSummary(stats.timing)}`];
  return [figures.join(' · '), ...timing];
}
