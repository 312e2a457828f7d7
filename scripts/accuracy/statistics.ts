/** How far the model's cycles lie from the measured ones. */
import { median } from '../bench/statistics.js';

export interface Pair {
  readonly measured: number;
  readonly modelled: number;
}

export interface Agreement {
  readonly blocks: number;
  /** Mean absolute percentage error, as the other errors in parts of 1. */
  readonly mape: number;
  readonly medianError: number;
  readonly bias: number;
  readonly within10Percent: number;
  /** Kendall's tau-b: do the two put pairs of blocks in the same order? */
  readonly tau: number;
}

export function relativeError({ measured, modelled }: Pair): number {
  return (modelled - measured) / measured;
}

export function agreement(pairs: readonly Pair[]): Agreement {
  const errors = pairs.map(relativeError);
  const absolute = errors.map(Math.abs);
  return {
    blocks: pairs.length,
    mape: mean(absolute),
    medianError: median(absolute),
    bias: mean(errors),
    within10Percent: absolute.filter((error) => error <= 0.1).length / pairs.length,
    tau: kendallTauB(pairs),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Knight's method: order by one, then by the other; the exchanges of a merge sort are the discordant pairs. */
export function kendallTauB(pairs: readonly Pair[]): number {
  const ordered = [...pairs].sort((a, b) => a.measured - b.measured || a.modelled - b.modelled);
  const all = pairsOf(ordered.length);
  const tiedMeasured = tiedPairs(ordered, (a, b) => a.measured === b.measured);
  const tiedBoth = tiedPairs(
    ordered,
    (a, b) => a.measured === b.measured && a.modelled === b.modelled,
  );
  const { sorted, exchanges } = sortCounting(ordered.map(({ modelled }) => modelled));
  const tiedModelled = tiedPairs(sorted, (a, b) => a === b);
  const difference = all - tiedMeasured - tiedModelled + tiedBoth - 2 * exchanges;
  return difference / Math.sqrt((all - tiedMeasured) * (all - tiedModelled));
}

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}

function tiedPairs<T>(sorted: readonly T[], same: (a: T, b: T) => boolean): number {
  let total = 0;
  let run = 0;
  sorted.forEach((value, index) => {
    const previous = sorted[index - 1];
    run = index > 0 && same(previous as T, value) ? run + 1 : 1;
    total += run - 1;
  });
  return total;
}

function sortCounting(values: readonly number[]): { sorted: number[]; exchanges: number } {
  if (values.length < 2) return { sorted: [...values], exchanges: 0 };
  const middle = values.length >> 1;
  const left = sortCounting(values.slice(0, middle));
  const right = sortCounting(values.slice(middle));
  let exchanges = left.exchanges + right.exchanges;
  const sorted: number[] = [];
  let i = 0;
  let j = 0;
  while (i < left.sorted.length || j < right.sorted.length) {
    const a = left.sorted[i] ?? Infinity;
    const b = right.sorted[j] ?? Infinity;
    if (j >= right.sorted.length || (i < left.sorted.length && a <= b)) {
      sorted.push(a);
      i++;
    } else {
      sorted.push(b);
      j++;
      exchanges += left.sorted.length - i;
    }
  }
  return { sorted, exchanges };
}
