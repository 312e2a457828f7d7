/** What the memory manager was to reach (issue 4; reference, part 3), what was measured, and who does better. */
import type { BenchLine } from '../bench/kernel-lines.js';
import type { Contender } from './contenders.js';
import type { FrameScores } from './frame-scores.js';
import type { HeapFigures } from './heap-figures.js';
import { heapTargets } from './heap-targets.js';
import { markdownTable, short } from './markdown.js';
import type { PageFigures } from './page-figures.js';
import { type Ram } from './page-figures.js';
import { pageTargets } from './page-targets.js';

export interface Target {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Null: nothing was measured. */
  readonly isMet: boolean | null;
  /** Twins with a better figure. */
  readonly better?: string;
}

export interface AllFigures {
  readonly pages: PageFigures;
  readonly heaps: HeapFigures;
  readonly scores: FrameScores;
  /** Of the kernel that measures what no twin has, with 64 GiB. */
  readonly alone: readonly BenchLine[];
  readonly sizes: readonly Ram[];
  /** How many boots the benchmark has, and how many of them there is nothing of. */
  readonly machines: { readonly wanted: number; readonly missing: number };
}

/** The greatest of what was measured; null when nothing was. */
export function worst(values: readonly (number | null)[]): number | null {
  const found = values.filter((value) => value !== null);
  return found.length === 0 ? null : Math.max(...found);
}

/** A target that no figure may exceed; `of` gives a contender's figures. */
export function atMost(
  what: string,
  limit: number,
  unit: string,
  contenders: readonly Contender[],
  of: (contender: Contender) => readonly (number | null)[],
): Target {
  const [ours, ...twins] = contenders; // this kernel is the first of each list
  const own = ours === undefined ? [] : of(ours).filter((value) => value !== null);
  const most = worst(own);
  const better = twins.flatMap((twin) => {
    const most2 = worst(of(twin));
    return most2 !== null && most !== null && most2 < most ? [`${twin.title} ${short(most2)}`] : [];
  });
  return {
    what,
    target: `≤ ${short(limit)}${unit}`,
    measured: most === null ? '' : range(own),
    isMet: most === null ? null : most <= limit,
    better: better.join(', '),
  };
}

function range(values: readonly number[]): string {
  const [low, high] = [short(Math.min(...values)), short(Math.max(...values))];
  return low === high ? low : `${low}–${high}`;
}

const ELSEWHERE: readonly (readonly [what: string, target: string, test: string])[] = [
  ['maps of the firmware, random', '10^6 exact', 'tests/long, `e820`'],
  [
    'operations against an oracle',
    '10^8 without a difference',
    'tests/long; docs/testing.md says how many were run',
  ],
  [
    '1 TiB in the window: tables, cycles',
    '≤ 3, ≤ 60 k',
    'none: RAM is entered at first touch (kernel/src/window.ts)',
  ],
  [
    'double, foreign, interior frees',
    'all refused',
    'tests/boots/page-frames.test.ts, heap-checks.ts',
  ],
];

export function targetsChapter(all: AllFigures): string {
  const rows = [...pageTargets(all), ...heapTargets(all)].map(
    ({ what, target, measured, isMet, better = '' }) => [
      what,
      target,
      measured === '' ? 'not measured' : measured,
      isMet === null ? '' : isMet ? 'met' : '**missed**',
      better,
    ],
  );
  const counted = rows.filter(([, , , verdict]) => verdict !== '');
  const met = counted.filter(([, , , verdict]) => verdict === 'met').length;
  return [
    '## Targets',
    `${met} of ${counted.length} are met. Where a range is given, it is over occupancies (1 to 99.9 %), sizes or mixes, and the worst decides; so it does for twins, of which those are named that do better. Cycles and instructions are of one call, the loop around it included, where it is not said that they are without: then it is a call from its first instruction to its return, and the loop, measured around a call that does nothing, stands beside it.`,
    markdownTable(['measure', 'target', 'measured', '', 'twins that do better'], rows),
    'Not measured here:',
    markdownTable(['promise', 'target', 'where'], ELSEWHERE),
  ].join('\n\n');
}
