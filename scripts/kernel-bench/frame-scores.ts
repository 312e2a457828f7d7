/** How page allocators keep memory whole: the lines of boot argument `bench-scores`. */
import type { BenchLine } from '../bench/kernel-lines.js';
import type { Contender } from './contenders.js';
import { markdownTable } from './markdown.js';
import { PAGE_CONTENDERS } from './page-figures.js';
import type { Outcome, Run } from './run-kernels.js';

const WORDS = 'bench-scores';
export const LOADS = [500, 750, 900] as const;
export type Load = (typeof LOADS)[number];
const ROUNDS = 100;
const FRAME_PAGES = 512;
const [ours] = PAGE_CONTENDERS;

/** All boots: no cycles are counted. All contenders on a machine of `ram`, this kernel on `largeRam`, too. */
export function scoreRuns(ram: string, largeRam: string): Run[] {
  const run = (contender: Contender, size: string): Run => ({
    contender,
    ram: size,
    counter: 'unit',
    words: WORDS,
  });
  return [
    ...(ours === undefined ? [] : [run(ours, largeRam)]),
    ...PAGE_CONTENDERS.map((contender) => run(contender, ram)),
  ];
}

export interface FrameScore {
  readonly round: number;
  /** Free frames of 2 MiB / as many as the free pages could be. */
  readonly share: number;
  /** Free pages that are in no free frame / free pages. */
  readonly unusable: number;
  /** Of the longest free run / free pages; in the end only. */
  readonly longest: number | null;
}

export class FrameScores {
  constructor(
    private readonly outcomes: readonly Outcome[],
    /** Where all contenders were run. */
    readonly ram: string,
    /** Where this kernel was run, too. */
    readonly largeRam: string,
  ) {}

  /** In order of rounds. */
  of(contender: Contender, load: Load, ram = this.ram): FrameScore[] {
    const outcome = this.outcomes.find(
      ({ run }) => run.contender === contender && run.ram === ram && run.words === WORDS,
    );
    return (outcome?.lines ?? [])
      .filter(({ op, fields }) => op === 'frame_score' && fields['permille'] === load)
      .map(({ fields }) => scoreOf(fields));
  }

  end(contender: Contender, load: Load, ram = this.ram): FrameScore | undefined {
    return this.of(contender, load, ram).find(({ round }) => round === ROUNDS);
  }

  table(): string {
    const rows = PAGE_CONTENDERS.map((contender) => {
      const cells = LOADS.map((load) => {
        const score = this.end(contender, load);
        if (score === undefined) return 'none';
        return `${percent(score.share)} / ${percent(score.longest ?? NaN)} / ${score.unusable.toFixed(3)}`;
      });
      const better = LOADS.filter((load) => {
        const [own, twin] = [ours && this.end(ours, load), this.end(contender, load)];
        return own !== undefined && twin !== undefined && twin.share > own.share;
      });
      const won = better.map((load) => `${load / 10} %`).join(', ');
      return [contender.title, ...cells, contender === ours ? '' : won || 'nowhere'];
    });
    return markdownTable(
      [
        `whole frames / longest run / U9, ${this.ram}`,
        ...LOADS.map((load) => `${load / 10} % used`),
        'has more whole frames',
      ],
      rows,
    );
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function scoreOf(fields: BenchLine['fields']): FrameScore {
  const { round = 0, free = 0, whole = 0 } = fields;
  const longest = fields['longest'];
  return {
    round,
    share: whole / Math.max(1, Math.floor(free / FRAME_PAGES)),
    unusable: 1 - (whole * FRAME_PAGES) / free,
    longest: longest === undefined ? null : longest / free,
  };
}
