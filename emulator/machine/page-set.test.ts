import { describe, expect, it } from 'vitest';
import { RandomWords } from '../../tests/boots/random-words.js';
import { PageSet } from './page-set.js';

describe('a set of pages', () => {
  it.each<[string, [number, number][], [number, number][]]>([
    ['new pages are all new', [[5, 3]], [[5, 3]]],
    [
      'the same pages are not',
      [
        [5, 3],
        [5, 3],
      ],
      [],
    ],
    [
      'what is left between pages that were there',
      [
        [5, 1],
        [7, 1],
        [4, 5],
      ],
      [
        [4, 1],
        [6, 1],
        [8, 1],
      ],
    ],
    [
      'a long range around single pages',
      [
        [2000, 1],
        [1024, 4096],
      ],
      [
        [1024, 976],
        [2001, 3119],
      ],
    ],
    [
      'pages within a long range',
      [
        [0, 5000],
        [4998, 4],
      ],
      [[5000, 2]],
    ],
    [
      'long ranges that overlap',
      [
        [0, 3000],
        [2000, 4000],
      ],
      [[3000, 3000]],
    ],
    [
      'a terabyte',
      [
        [2 ** 39, 2 ** 28],
        [2 ** 39 - 1, 3],
      ],
      [[2 ** 39 - 1, 1]],
    ],
  ])('tells what is new: %s', (_title, steps, fresh) => {
    const set = new PageSet();
    const results = steps.map(([first, count]) => set.add(first, count));
    expect(results.at(-1)).toEqual(fresh);
  });

  const seed = 4096;
  it(`agrees with a set of single numbers, seed ${seed}`, () => {
    const random = new RandomWords(seed);
    const set = new PageSet();
    const oracle = new Set<number>();
    for (let step = 0; step < 400; step++) {
      const first = random.below(20_000);
      const count = random.below(3) === 0 ? 1024 + random.below(3000) : 1 + random.below(40);
      const fresh = set
        .add(first, count)
        .flatMap(([at, pages]) => Array.from({ length: pages }, (_, n) => at + n));
      const expected = Array.from({ length: count }, (_, n) => first + n).filter(
        (page) => !oracle.has(page),
      );
      expect(fresh).toEqual(expected);
      for (const page of expected) oracle.add(page);
      const probe = random.below(25_000);
      expect(set.has(probe)).toBe(oracle.has(probe));
    }
  });
});
