/** Where a sweep over sizes of RAM turns from pass to fail or back, and which sizes lie between. */
import { parseSize } from '../base/size.js';

/** A map has whole pages of RAM: bytes. */
const PAGE = 4096n;

/** A row of a sweep over RAM. */
interface RamRow {
  readonly key: Readonly<Record<string, string>>;
  readonly result: 'PASS' | 'FAIL' | 'ERROR';
}

interface Cliff<Row extends RamRow> {
  readonly passes: Row;
  readonly fails: Row;
}

/** The rows of a sweep over RAM, from the least to the most of it. */
export function byRam<Row extends RamRow>(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (ramOf(a) < ramOf(b) ? -1 : 1));
}

/** Neighbours by their RAM of which one passes and the other does not. */
export function cliffs<Row extends RamRow>(rows: readonly Row[]): Cliff<Row>[] {
  const sorted = byRam(rows);
  return sorted.flatMap((row, place) => {
    const next = sorted[place + 1];
    if (next === undefined || (row.result === 'PASS') === (next.result === 'PASS')) return [];
    const [passes, fails] = row.result === 'PASS' ? [row, next] : [next, row];
    return [{ passes, fails }];
  });
}

/** The middle of each cliff that is wider than a page, in bytes. */
export function sizesBetween(rows: readonly RamRow[]): bigint[] {
  return cliffs(rows).flatMap(({ passes, fails }) => {
    const [a, b] = [ramOf(passes), ramOf(fails)];
    const middle = ((a + b) / 2n / PAGE) * PAGE;
    const least = a < b ? a : b;
    return middle > least ? [middle] : [];
  });
}

function ramOf({ key }: RamRow): bigint {
  return parseSize(key['ram'] ?? '');
}
