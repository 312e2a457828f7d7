/** Figures that a run's timing counters make: top-down split, misses per thousand instructions, estimates. */
import type { RunRecord } from '../run-record.js';
import { TimingCounter } from '../../timing/counters.js';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: '%' | 'per 1000 instructions' | '% of branches';
}

/** Slots by where they went, in the order of the split. */
const SLOTS: readonly (readonly [TimingCounter, string])[] = [
  [TimingCounter.SlotsRetiring, 'retiring'],
  [TimingCounter.SlotsBadSpeculation, 'bad speculation'],
  [TimingCounter.SlotsFrontEnd, 'front end'],
  [TimingCounter.SlotsBackEndMemory, 'back end: memory'],
  [TimingCounter.SlotsBackEndCore, 'back end: core'],
];

const MISSES: readonly (readonly [TimingCounter, string])[] = [
  [TimingCounter.L1dMisses, 'L1D misses'],
  [TimingCounter.L1iMisses, 'L1I misses'],
  [TimingCounter.L2Misses, 'L2 misses'],
  [TimingCounter.L3Misses, 'L3 misses'],
  [TimingCounter.DtlbL1Misses, 'DTLB misses, level 1'],
  [TimingCounter.DtlbL2Misses, 'DTLB misses, level 2'],
  [TimingCounter.ItlbL1Misses, 'ITLB misses, level 1'],
  [TimingCounter.ItlbL2Misses, 'ITLB misses, level 2'],
  [TimingCounter.PageWalks, 'page walks'],
  [TimingCounter.OpCacheMisses, 'op cache misses'],
  [TimingCounter.BranchMispredictions, 'branch mispredictions'],
];

/** Where the slots went, in percent; null for a model that does not count slots. */
export function topDown(record: RunRecord): Figure[] | null {
  const counts = countersOf(record);
  const slots = SLOTS.map(([counter]) => counts(counter) ?? 0);
  const all = slots.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  return SLOTS.map(([, name], index) => ({
    name,
    value: (100 * (slots[index] ?? 0)) / all,
    unit: '%',
  }));
}

/** Misses and mispredictions; what the model does not count is left out. */
export function missRates(record: RunRecord): Figure[] {
  const counts = countersOf(record);
  const instructions = counts(TimingCounter.Instructions) ?? 0;
  if (instructions === 0) return [];
  const figures: Figure[] = MISSES.flatMap(([counter, name]) => {
    const count = counts(counter);
    if (count === null) return [];
    return [{ name, value: (1000 * count) / instructions, unit: 'per 1000 instructions' as const }];
  });
  const branches = counts(TimingCounter.Branches) ?? 0;
  const mispredictions = counts(TimingCounter.BranchMispredictions);
  if (branches > 0 && mispredictions !== null) {
    const value = (100 * mispredictions) / branches;
    figures.push({ name: 'mispredicted', value, unit: '% of branches' });
  }
  return figures;
}

/** Share of the cycles that rests on estimated figures, in percent; null where the model does not say. */
export function estimatedShare(record: RunRecord): number | null {
  const estimated = countersOf(record)(TimingCounter.EstimatedCycles);
  if (estimated === null || record.stats.cycles === 0) return null;
  return (100 * estimated) / record.stats.cycles;
}

/** `stats.timing` by counter: an object with the counters' names, of which some or all may be missing. */
function countersOf({ stats }: RunRecord): (counter: TimingCounter) => number | null {
  const timing = (stats as { readonly timing?: Readonly<Record<string, unknown>> | null }).timing;
  return (counter) => {
    const name = TimingCounter[counter] ?? '';
    const value = timing?.[name] ?? timing?.[name.charAt(0).toLowerCase() + name.slice(1)];
    return typeof value === 'number' ? value : null;
  };
}
