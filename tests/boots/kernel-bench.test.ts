/**
 * What npm run bench:kernel makes of the lines of its kernels: a target is met or missed by the worst figure, and a twin that
 * does better is named. The lines are made up; the expectations are arithmetic.
 */
import { describe, expect, it } from 'vitest';
import { parseBenchLines } from '../../scripts/bench/kernel-lines.js';
import { ALONE, CONTENDERS, type Contender } from '../../scripts/kernel-bench/contenders.js';
import { kernelDocument } from '../../scripts/kernel-bench/document.js';
import { FrameScores } from '../../scripts/kernel-bench/frame-scores.js';
import { HeapFigures } from '../../scripts/kernel-bench/heap-figures.js';
import { OCCUPANCIES, PageFigures } from '../../scripts/kernel-bench/page-figures.js';
import type { Counter, Outcome } from '../../scripts/kernel-bench/run-kernels.js';

const contender = (name: string): Contender => {
  const found = CONTENDERS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no contender ${name}`);
  return found;
};

function outcome(
  who: Contender,
  counter: Counter,
  words: string,
  lines: readonly string[],
): Outcome {
  const text = lines.map((line) => `[nk_bench] op=${line}`).join('\n');
  return { run: { contender: who, ram: '1G', counter, words }, lines: parseBenchLines(text) };
}

/** An allocation of so many cycles at each occupancy, in batches of 32. */
const allocations = (cycles: readonly number[]): string[] =>
  OCCUPANCIES.flatMap((permille, index) => {
    const single = cycles[index] ?? 0;
    const times = (count: number): string => {
      const each = single * count;
      return `min=${each} p50=${each} p99=${each} max=${each} sum=${each}`;
    };
    return [
      `page_alloc pages=1 permille=${permille} n=1 ${times(1)}`,
      `page_alloc pages=1 permille=${permille} batch=32 n=1 ${times(32)}`,
    ];
  });

function documentOf(outcomes: readonly Outcome[], missing = 0): ReturnType<typeof kernelDocument> {
  return kernelDocument({
    pages: new PageFigures(outcomes),
    heaps: new HeapFigures(outcomes),
    scores: new FrameScores(outcomes, '1G', '4G'),
    alone: outcomes.find(({ run }) => run.contender === ALONE)?.lines ?? [],
    sizes: ['1G'],
    machines: { wanted: 4, missing },
  });
}

/** The cells of the row of a table that begins so. */
function row(text: string, start: string): string[] {
  const line = text.split('\n').find((each) => each.startsWith(`| ${start}`)) ?? '';
  return line.split('|').map((cell) => cell.trim());
}

describe('the table of targets', () => {
  const text = (ours: readonly number[], twin: readonly number[]): string =>
    documentOf([
      outcome(contender('pages'), 'zen1', 'bench', allocations(ours)),
      outcome(contender('word-scan'), 'zen1', 'bench', allocations(twin)),
      outcome(ALONE, 'zen1', 'bench', ['gib_alloc n=1 min=61 p50=61 p99=61 max=61 sum=61']),
    ]).text;

  it('says met when the worst occupancy is within the target, and names no twin that is slower there', () => {
    const cells = row(text([20, 21, 22, 23, 40], [1, 1, 1, 1, 41]), 'page, random churn: allocate');
    expect(cells.slice(2, 6)).toEqual(['≤ 40 cycles', '20–40', 'met', '']);
  });

  it('says missed when one occupancy is beyond it, and names the twin whose worst is less', () => {
    const cells = row(text([20, 21, 22, 23, 41], [39, 1, 1, 1, 1]), 'page, random churn: allocate');
    expect(cells.slice(2, 6)).toEqual([
      ...['≤ 40 cycles', '20–41', '**missed**'],
      'word scan, next fit 39',
    ]);
  });

  it('takes the most of one call from the rows of 1000, not from the churn of 32, and from instructions', () => {
    const series = (op: string, most: number): string =>
      `${op} pages=1 permille=500 n=1 min=1 p50=1 p99=1 max=${most} sum=1`;
    const { text } = documentOf([
      outcome(contender('pages'), 'unit', 'bench', [
        ...[series('page_alloc', 28), series('page_alloc_row', 201)],
        ...[series('page_free', 500), series('page_free_row', 120)],
      ]),
      outcome(contender('pages'), 'zen1', 'bench', [series('page_free_row', 999)]),
      outcome(contender('buddy'), 'unit', 'bench', [series('page_alloc_row', 150)]),
    ]);
    expect(row(text, 'allocate 1000 pages: the most').slice(2, 6)).toEqual([
      ...['≤ 200 instructions', '201', '**missed**'],
      'buddies, page records (Linux) 150',
    ]);
    expect(row(text, 'free 1000 pages: the most').slice(2, 6)).toEqual([
      ...['≤ 120 instructions', '120', 'met', ''],
    ]);
    expect(row(text, 'this kernel: free 1000 pages')[3]).toBe('1 / 120');
  });

  it('says what was not measured', () => {
    const cells = row(text([1, 1, 1, 1, 1], [1, 1, 1, 1, 1]), 'page, random churn: free');
    expect(cells.slice(3, 5)).toEqual(['not measured', '']);
  });

  it('takes what no twin has from the kernel that measures that', () => {
    const cells = row(
      text([1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
      '1 GiB frame, one at a time: allocate',
    );
    expect(cells.slice(2, 5)).toEqual(['≤ 60 cycles', '61', '**missed**']);
  });
});

describe('whole frames', () => {
  const score = (whole: number): string[] =>
    [0, 100].map((round) => {
      const end = round === 100 ? ' longest=25600' : '';
      return `frame_score permille=500 round=${round} free=51200 whole=${whole}${end}`;
    });

  it('are a share of what free pages could be, and draw a line in the plot', () => {
    const { text, plots } = documentOf([
      outcome(contender('pages'), 'unit', 'bench-scores', score(99)),
      outcome(contender('buddy'), 'unit', 'bench-scores', score(5)),
    ]);
    // 51 200 free pages are 100 frames; half of them are one run; 512 × 1 pages lie outside 99 frames
    expect(text).toContain('99.0 % / 50.0 % / 0.010');
    expect(text).toContain('5.0 % / 50.0 % / 0.950');
    const plot = plots.find(({ name }) => name === 'kernel-frames-50.svg')?.svg ?? '';
    expect(plot.match(/<title>this kernel: 99<\/title>/g)).toHaveLength(2);
    expect(plot).toContain('buddies, page records (Linux): 5');
  });
});

it('a document that lacks machines says so, and a whole one does not', () => {
  expect(documentOf([], 3).text).toContain('**Incomplete:** 3 of 4 machines');
  expect(documentOf([]).text).not.toContain('Incomplete');
});

describe('compaction', () => {
  it('shows how scattered a heap was before and is after', () => {
    const mix = 'heap=1000 pages=1 permille=800';
    const { text } = documentOf([
      outcome(contender('mac-zone'), 'zen1', 'bench', [
        `heap_score ${mix} high=900 peak=600 blocks=2 live=600 free=400 largest=100 fails=0`,
        `heap_compact ${mix} ticks=12345 live=600 free=400 largest=400 fails=0`,
      ]),
    ]);
    expect(text).toContain('0.750 → 0.000, 12 k');
    expect(text).toContain('1.500; 0');
  });
});
