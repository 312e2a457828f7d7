/** The plots of docs/kernel-bench.md. */
import { lines, type Line } from '../plots/lines.js';
import { decades, linear, powersOfTwo } from '../plots/scale.js';
import { LOADS, type FrameScores, type Load } from './frame-scores.js';
import { HEAP_CONTENDERS, MIXES, scattered, type HeapFigures, type Mix } from './heap-figures.js';
import { bytes } from './markdown.js';
import { PAGE_CONTENDERS, ramBytes, reaches, type PageFigures, type Ram } from './page-figures.js';

const PERCENT = 100;
const HEAVY: readonly Mix[] = MIXES.filter(({ permille }) => permille === 800);
/** Of the mixes' snapshots. */
const STEPS = 20;

/** What a plot shows, by the name of its file. */
export interface KernelPlot {
  readonly name: string;
  readonly words: string;
  readonly svg: string;
}

export function framePlots(scores: FrameScores): KernelPlot[] {
  return LOADS.map((load) => ({
    name: `kernel-frames-${load / 10}.svg`,
    words: `Free 2 MiB frames of those that could be free, ${load / 10} % in use, over 100 rounds of random churn`,
    svg: framePlot(scores, load),
  }));
}

function framePlot(scores: FrameScores, load: Load): string {
  const plot = {
    title: `Free 2 MiB frames of the possible, ${scores.ram}, ${load / 10} % in use`,
    x: linear(
      'rounds: 10 % of the pages in use freed at random, as many allocated',
      100,
      10,
      String,
    ),
    y: linear('%', PERCENT, 10, String),
  };
  const drawn = PAGE_CONTENDERS.map((contender): Line => ({
    label: contender.title,
    points: scores
      .of(contender, load)
      .map(({ round, share }) => ({ x: round, y: Math.min(PERCENT, share * PERCENT) })),
  }));
  return lines(plot, drawn.filter(isThere));
}

export function heapPlots(figures: HeapFigures): KernelPlot[] {
  return HEAVY.map((mix) => ({
    name: `kernel-heap-${mix.mix}.svg`,
    words: `How scattered free memory is in the course of the mix of ${mix.title} in use`,
    svg: heapPlot(figures, mix),
  }));
}

function heapPlot(figures: HeapFigures, mix: Mix): string {
  const plot = {
    title: `1 − longest free block / free bytes, mix of ${mix.title} in use`,
    x: linear('% of the operations', PERCENT, 10, String),
    y: linear('0: one piece', 1, 0.1, (value) => value.toFixed(1)),
  };
  const drawn = HEAP_CONTENDERS.map((contender): Line => ({
    label: contender.title,
    points: figures.way(contender, mix).map((fields) => ({
      x: ((fields['step'] ?? 0) / STEPS) * PERCENT,
      y: scattered(fields),
    })),
  }));
  return lines(plot, drawn.filter(isThere));
}

/** Allocation and free together, by RAM. */
export function sizePlot(
  figures: PageFigures,
  sizes: readonly Ram[],
  permille: number,
): KernelPlot {
  const drawn = PAGE_CONTENDERS.map((contender): Line => ({
    label: contender.title,
    points: sizes
      .filter((ram) => reaches(contender, ram))
      .flatMap((ram) => {
        const alloc = figures.cost(contender, ram, 'zen1', 'page_alloc', permille);
        const free = figures.cost(contender, ram, 'zen1', 'page_free', permille);
        if (alloc === null || free === null) return [];
        return [{ x: ramBytes(ram), y: alloc.p50 + free.p50 }];
      }),
  })).filter(isThere);
  const most = Math.max(100, ...drawn.flatMap(({ points }) => points.map(({ y }) => y)));
  const plot = {
    title: `A page allocated and a page freed in random churn, ${permille / 10} % in use`,
    x: powersOfTwo('RAM', { low: 2 ** 22, high: 2 ** 45 }, 3, bytes),
    y: decades('cycles of both calls', 20, most * 1.5),
  };
  return {
    name: `kernel-pages-by-ram-${permille / 10}.svg`,
    words: `${plot.title}, by RAM (up to where a contender was run)`,
    svg: lines(plot, drawn),
  };
}

function isThere({ points }: Line): boolean {
  return points.length > 0;
}
