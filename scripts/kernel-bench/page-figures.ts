/** What the runs of the page allocators say: a figure for each contender, size of RAM, operation and occupancy. */
import type { BenchLine } from '../bench/kernel-lines.js';
import { CONTENDERS, type Contender } from './contenders.js';
import type { Counter, Outcome, Run } from './run-kernels.js';

export const RAM_SIZES = ['8M', '24M', '48M', '128M', '1G', '8G', '64G', '1T', '16T'] as const;
export type Ram = (typeof RAM_SIZES)[number];
/** Occupancies in thousandths. */
export const OCCUPANCIES = [10, 500, 900, 990, 999] as const;
export type PageOperation =
  | 'page_alloc'
  | 'page_free'
  | 'page_pair'
  | 'page_alloc_row'
  | 'page_free_row'
  | 'frame_alloc'
  | 'frame_free'
  | 'frame_alloc_row'
  | 'frame_free_row';

const UNITS = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;

export function ramBytes(ram: Ram): number {
  return Number(ram.slice(0, -1)) * UNITS[ram.slice(-1) as keyof typeof UNITS];
}

export const PAGE_CONTENDERS: readonly Contender[] = CONTENDERS.filter(
  ({ kind }) => kind === 'pages',
);

/** Whether the contender is run with so much RAM. */
export function reaches({ reach }: Contender, ram: Ram): boolean {
  return reach === undefined || ramBytes(ram) <= reach.ramBytes;
}

/** All boots, the longest first. */
export function pageRuns(sizes: readonly Ram[], words: string): Run[] {
  return (['zen1', 'unit'] as const).flatMap((counter) =>
    [...PAGE_CONTENDERS].flatMap((contender) =>
      sizes
        .filter((ram) => reaches(contender, ram))
        .map((ram) => ({ contender, ram, counter, words: `bench ${words}`.trim() })),
    ),
  );
}

/** The median cost of one call, and the most that any took. */
export interface Cost {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class PageFigures {
  constructor(private readonly outcomes: readonly Outcome[]) {}

  private lines(contender: Contender, ram: Ram, counter: Counter): readonly BenchLine[] {
    const found = this.outcomes.find(
      ({ run }) =>
        run.contender === contender &&
        run.ram === ram &&
        run.counter === counter &&
        run.words !== 'bench-scores',
    );
    return found?.lines ?? [];
  }

  /**
   * The cost of a call; null when there was nothing to measure. The median is that of 32 calls as one where there are such
   * (so that what the processor overlaps counts), divided by 32; p99 and the most are of single calls.
   */
  cost(
    contender: Contender,
    ram: Ram,
    counter: Counter,
    operation: PageOperation,
    permille: number,
  ): Cost | null {
    const lines = this.lines(contender, ram, counter).filter(
      ({ op, fields }) => op === operation && fields['permille'] === permille && 'min' in fields,
    );
    const single = lines.find(({ fields }) => !('batch' in fields))?.fields;
    if (single === undefined) return null;
    const batch = lines.find(({ fields }) => 'batch' in fields)?.fields;
    const p50 =
      batch === undefined ? single['p50'] : (batch['p50'] ?? NaN) / (batch['batch'] ?? NaN);
    return { p50: p50 ?? NaN, p99: single['p99'] ?? NaN, max: single['max'] ?? NaN };
  }

  /** A run of `length` pages. */
  run(
    contender: Contender,
    ram: Ram,
    counter: Counter,
    operation: 'run_alloc' | 'run_free' | 'run_alloc_row' | 'run_free_row',
    length: number,
    permille: number,
  ): number | null {
    const line = this.lines(contender, ram, counter).find(
      ({ op, fields }) =>
        op === operation && fields['permille'] === permille && fields['length'] === length,
    );
    return line?.fields['p50'] ?? null;
  }

  /** Initialisation: ticks, metadata and managed pages. */
  init(
    contender: Contender,
    ram: Ram,
    counter: Counter,
  ): { readonly ticks: number; readonly metadataBytes: number; readonly pages: number } | null {
    const line = this.lines(contender, ram, counter).find(({ op }) => op === 'pmm_init');
    if (line === undefined) return null;
    const { sum = 0, metadata = 0, pages = 0 } = line.fields;
    return { ticks: sum, metadataBytes: metadata, pages };
  }
}
