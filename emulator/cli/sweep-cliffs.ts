/** Where a sweep over sizes of RAM turns from pass to fail or back, and which sizes lie between. */
import { parseSize } from '../base/size.js';
import type { SweepRowResult } from './sweep-result.js';

/** A map has whole pages of RAM: bytes. */
const PAGE = 4096n;

interface Cliff {
  readonly passes: SweepRowResult;
  readonly fails: SweepRowResult;
}

/** The rows of a sweep over RAM, from the least to the most of it. */
export function byRam(rows: readonly SweepRowResult[]): SweepRowResult[] {
  return [...rows].sort((a, b) => (ramOf(a) < ramOf(b) ? -1 : 1));
}

/** Neighbours by their RAM of which one passes and the other does not. */
export function cliffs(rows: readonly SweepRowResult[]): Cliff[] {
  const sorted = byRam(rows);
  return sorted.flatMap((row, place) => {
    const next = sorted[place + 1];
    if (next === undefined || (row.result === 'PASS') === (next.result === 'PASS')) return [];
    const [passes, fails] = row.result === 'PASS' ? [row, next] : [next, row];
    return [{ passes, fails }];
  });
}

/** The middle of each cliff that is wider than a page, in bytes. */
export function sizesBetween(rows: readonly SweepRowResult[]): bigint[] {
  return cliffs(rows).flatMap(({ passes, fails }) => {
    const [a, b] = [ramOf(passes), ramOf(fails)];
    const middle = ((a + b) / 2n / PAGE) * PAGE;
    const least = a < b ? a : b;
    return middle > least ? [middle] : [];
  });
}

function ramOf({ key }: SweepRowResult): bigint {
  return parseSize(key['ram'] ?? '');
}
