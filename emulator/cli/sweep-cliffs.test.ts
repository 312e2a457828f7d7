/** Cliffs of a sweep over RAM, and the sizes that a bisection runs. */
import { describe, expect, it } from 'vitest';
import { byRam, cliffs, sizesBetween } from './sweep-cliffs.js';

type Result = 'PASS' | 'FAIL' | 'ERROR';
const rowOf = (ram: string, result: Result) => ({ key: { ram }, result });

const edges = (rows: readonly ReturnType<typeof rowOf>[]) =>
  cliffs(rows).map(({ passes, fails }) => [passes.key.ram, fails.key.ram]);

describe('cliffs', () => {
  it('are between neighbours by RAM, in whatever order the rows stand', () => {
    const rows = [
      rowOf('1 TiB', 'ERROR'),
      rowOf('8 MiB', 'FAIL'),
      rowOf('512 MiB', 'PASS'),
      rowOf('16 MiB', 'PASS'),
      rowOf('2 TiB', 'FAIL'),
    ];
    expect(edges(rows)).toEqual([
      ['16 MiB', '8 MiB'],
      ['512 MiB', '1 TiB'],
    ]);
    expect(byRam(rows).map(({ key }) => key.ram)).toEqual(
      ['8 MiB', '16 MiB', '512 MiB', '1 TiB', '2 TiB'], //
    );
  });

  it('there are none where all rows end alike', () => {
    expect(edges([rowOf('8 MiB', 'FAIL'), rowOf('16 MiB', 'ERROR')])).toEqual([]);
  });
});

describe('sizesBetween', () => {
  it('is the middle of each cliff, a multiple of a page', () => {
    const rows = [rowOf('8 MiB', 'FAIL'), rowOf('16 MiB', 'PASS'), rowOf('16396 KiB', 'FAIL')];
    expect(sizesBetween(rows)).toEqual([12n << 20n, (16n << 20n) + 4096n]);
  });

  it.each([
    ['8192 KiB', '8196 KiB'],
    ['8192 KiB', '8193 KiB'],
  ])('has nothing between %s and %s', (fails, passes) => {
    expect(sizesBetween([rowOf(fails, 'FAIL'), rowOf(passes, 'PASS')])).toEqual([]);
  });

  it('finds the least size that passes, in as many steps as there are bits', () => {
    const least = (24n << 20n) + 5n * 4096n;
    let rows = [rowOf('8 MiB', 'FAIL'), rowOf('1 GiB', 'PASS')];
    let steps = 0;
    for (let sizes = sizesBetween(rows); sizes.length > 0; sizes = sizesBetween(rows)) {
      const tried = sizes.map((bytes) => rowOf(`${bytes}B`, bytes < least ? 'FAIL' : 'PASS'));
      rows = byRam([...rows, ...tried]);
      steps++;
    }
    expect(edges(rows)).toEqual([[`${least}B`, `${least - 4096n}B`]]);
    expect(steps).toBeLessThanOrEqual(18); // 1016 MiB are less than 2^18 pages
  });
});
