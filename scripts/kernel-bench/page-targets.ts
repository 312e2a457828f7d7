/** Targets of the page allocator, its start and its fragmentation. */
import { pcMap } from '../../emulator/memory/pc-map.js';
import type { Contender } from './contenders.js';
import { LOADS } from './frame-scores.js';
import {
  OCCUPANCIES,
  PAGE_CONTENDERS,
  ramBytes,
  reaches,
  type PageOperation,
  type Ram,
} from './page-figures.js';
import type { Counter } from './run-kernels.js';
import { atMost, worst, type AllFigures, type Target } from './targets.js';

const [ours] = PAGE_CONTENDERS;
const TIB = 2 ** 40;
/** Occupancies at which there are frames and runs enough for a row. */
const ROOMY = OCCUPANCIES.filter((permille) => permille <= 900);
/** Machines of two sizes, of which the difference is what RAM costs. */
const LARGE: readonly [Ram, Ram] = ['1T', '16T'];

export function pageTargets(all: AllFigures): Target[] {
  return [
    ...callTargets(all),
    ...evenness(all),
    ...runTargets(all),
    ...rowTargets(all),
    ...startTargets(all),
    ...wholeness(all),
  ];
}

/** Where every contender runs. */
function commonRam({ sizes }: AllFigures): Ram {
  return sizes.includes('1G') ? '1G' : (sizes.at(-1) ?? '1G');
}

function callTargets(all: AllFigures): Target[] {
  const ram = commonRam(all);
  const limit = (
    what: string,
    most: number,
    counter: Counter,
    operations: readonly PageOperation[],
  ): Target =>
    atMost(
      `${what}, ${ram}`,
      most,
      counter === 'zen1' ? ' cycles' : ' instructions',
      PAGE_CONTENDERS,
      (contender) =>
        OCCUPANCIES.map((permille) => {
          const costs = operations.map(
            (operation) =>
              all.pages.cost(contender, ram, counter, operation, permille)?.p50 ?? null,
          );
          return costs.includes(null)
            ? null
            : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0);
        }),
    );
  return [
    limit('page, allocated and freed at once', 16, 'zen1', ['page_pair']),
    limit('the same', 30, 'unit', ['page_pair']),
    limit('page, random churn: allocate', 40, 'zen1', ['page_alloc']),
    limit('the same', 60, 'unit', ['page_alloc']),
    limit('page, random churn: free', 30, 'zen1', ['page_free']),
    limit('the same', 45, 'unit', ['page_free']),
    limit('2 MiB frame, one at a time: allocate', 40, 'zen1', ['frame_alloc']),
    limit('2 MiB frame, one at a time: free', 25, 'zen1', ['frame_free']),
    limit('2 MiB frame, one at a time: both', 25, 'zen1', ['frame_alloc', 'frame_free']),
    mostOf(all, 'page_alloc_row', 200),
    mostOf(all, 'page_free_row', 120),
    aloneTarget(all, '1 GiB frame, one at a time: allocate', 'gib_alloc', 60),
  ];
}

/** The most that a single call took in rows of 1000 frees and 1000 allocations, on any size at any occupancy. */
function mostOf(
  all: AllFigures,
  operation: 'page_alloc_row' | 'page_free_row',
  limit: number,
): Target {
  return atMost(
    `${operation === 'page_alloc_row' ? 'allocate' : 'free'} 1000 pages: the most of one call, all sizes below`,
    limit,
    ' instructions',
    PAGE_CONTENDERS,
    (contender) => [
      worst(
        all.sizes.flatMap((ram) =>
          OCCUPANCIES.map(
            (permille) => all.pages.cost(contender, ram, 'unit', operation, permille)?.max ?? null,
          ),
        ),
      ),
    ],
  );
}

export function aloneTarget(
  { alone }: AllFigures,
  what: string,
  operation: string,
  limit: number,
  calls = 1,
): Target {
  const p50 = alone.find(({ op }) => op === operation)?.fields['p50'];
  const values = p50 === undefined ? [] : [p50 / calls];
  return atMost(what, limit, ' cycles', ours === undefined ? [] : [ours], () => values);
}

/** How little the cost depends on occupancy and on the size of RAM. */
function evenness(all: AllFigures): Target[] {
  const ram = commonRam(all);
  const cycles = (contender: Contender, size: Ram, operation: PageOperation): number[] =>
    OCCUPANCIES.flatMap((permille) => {
      const cost = all.pages.cost(contender, size, 'zen1', operation, permille);
      return cost === null ? [] : [cost.p50];
    });
  return (['page_alloc', 'page_free'] as const).flatMap((operation) => {
    const name = operation === 'page_alloc' ? 'allocate' : 'free';
    return [
      atMost(
        `${name} a page: dearest / cheapest occupancy, ${ram}`,
        1.3,
        '',
        PAGE_CONTENDERS,
        (contender) => {
          const found = cycles(contender, ram, operation);
          return found.length === 0 ? [] : [Math.max(...found) / Math.min(...found)];
        },
      ),
      atMost(
        `${name} a page: the furthest from ${ram}, 8 MiB to 16 TiB, in %`,
        10,
        '',
        PAGE_CONTENDERS.filter((contender) => all.sizes.every((size) => reaches(contender, size))),
        (contender) => {
          const here = cycles(contender, ram, operation);
          return all.sizes.flatMap((size) =>
            cycles(contender, size, operation).map((cost, index) =>
              Math.abs(100 * (cost / (here[index] ?? NaN) - 1)),
            ),
          );
        },
      ),
    ];
  });
}

function runTargets(all: AllFigures): Target[] {
  const ram = commonRam(all);
  const frames = ramBytes(ram) / 2 ** 21;
  const limit = (what: string, most: number, lengths: readonly number[]): Target =>
    atMost(
      `run of ${what} pages, one at a time: allocate, ${ram}`,
      most,
      ' cycles',
      PAGE_CONTENDERS,
      (contender) =>
        lengths.flatMap((length) =>
          OCCUPANCIES.map((permille) =>
            all.pages.run(contender, ram, 'zen1', 'run_alloc', length, permille),
          ),
        ),
    );
  return [
    limit('8 and 32', 120, [8, 32]),
    limit('128 and 512', 250, [128, 512]),
    limit('2048', 60 + (2 * frames) / 64, [2048]),
  ];
}

/** The same when 16 are taken, and only then given back: the hand helps one of them. */
function rowTargets(all: AllFigures): Target[] {
  const ram = commonRam(all);
  const frames = ramBytes(ram) / 2 ** 21;
  const limit = (
    what: string,
    most: number,
    costOf: (contender: Contender, permille: number) => readonly (number | null)[],
  ): Target =>
    atMost(`${what}, ${ram}`, most, ' cycles', PAGE_CONTENDERS, (contender) =>
      ROOMY.flatMap((permille) => costOf(contender, permille)),
    );
  const frame = (name: string, most: number, operation: PageOperation): Target =>
    limit(`16 2 MiB frames in a row, to 90 % used: ${name}`, most, (contender, permille) => [
      all.pages.cost(contender, ram, 'zen1', operation, permille)?.p50 ?? null,
    ]);
  const runs = (what: string, most: number, lengths: readonly number[]): Target =>
    limit(`16 runs of ${what} pages in a row, to 90 %: allocate`, most, (contender, permille) =>
      lengths.map((length) =>
        all.pages.run(contender, ram, 'zen1', 'run_alloc_row', length, permille),
      ),
    );
  return [
    frame('allocate', 40, 'frame_alloc_row'),
    frame('free', 25, 'frame_free_row'),
    runs('8 and 32', 120, [8, 32]),
    runs('128 and 512', 250, [128, 512]),
    runs('2048', 60 + (2 * frames) / 64, [2048]),
    aloneTarget(all, '8 GiBs in a row, touched before: allocate', 'gib_alloc_row', 60),
  ];
}

function startTargets(all: AllFigures): Target[] {
  const [less, more] = LARGE;
  const perTib = (contender: Contender): (number | null)[] => {
    const [low, high] = LARGE.map((ram) => all.pages.init(contender, ram, 'zen1')?.ticks);
    if (low === undefined || high === undefined) return [];
    return [((high - low) * TIB) / (ramBytes(more) - ramBytes(less))];
  };
  const smallest = all.sizes[0] ?? '8M';
  const entries = pcMap(BigInt(ramBytes(smallest))).map.entries.length;
  const metadata = (contender: Contender): (number | null)[] =>
    all.sizes
      .filter((ram) => ramBytes(ram) >= TIB)
      .map((ram) => {
        const init = all.pages.init(contender, ram, 'zen1');
        return init === null ? null : init.metadataBytes / init.pages;
      });
  const most = ours === undefined ? null : worst(metadata(ours));
  return [
    atMost(
      `initialise: each TiB more, ${less} to ${more}`,
      20_000,
      ' cycles',
      PAGE_CONTENDERS,
      perTib,
    ),
    atMost(
      `initialise ${smallest}, ${entries} entries in its map`,
      1000 + 2000 * entries,
      ' cycles',
      PAGE_CONTENDERS,
      (contender) => [all.pages.init(contender, smallest, 'zen1')?.ticks ?? null],
    ),
    {
      what: 'metadata, bytes a page, 1 TiB and more',
      target: '≤ 0.134',
      measured: most === null ? '' : most.toFixed(4),
      isMet: most === null ? null : most <= 0.134,
      better: PAGE_CONTENDERS.slice(1)
        .flatMap((twin) => {
          const bytes = worst(metadata(twin));
          return bytes !== null && most !== null && bytes < most
            ? [`${twin.title} ${bytes.toFixed(4)}`]
            : [];
        })
        .join(', '),
    },
  ];
}

/** After 100 rounds of random churn. */
function wholeness({ scores }: AllFigures): Target[] {
  if (ours === undefined) return [];
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const { largeRam } = scores;
  const whole = LOADS.map((load): Target => {
    const own = scores.end(ours, load, largeRam);
    const beside = scores.end(ours, load);
    const better = PAGE_CONTENDERS.slice(1).flatMap((twin) => {
      const score = scores.end(twin, load);
      return score !== undefined && beside !== undefined && score.share > beside.share
        ? [`${twin.title} ${percent(score.share)} against ${percent(beside.share)} (${scores.ram})`]
        : [];
    });
    return {
      what: `free 2 MiB frames of the possible, ${largeRam}, ${load / 10} % used, after 100 rounds`,
      target: '≥ 99 %',
      measured: own === undefined ? '' : percent(own.share),
      isMet: own === undefined ? null : own.share >= 0.99,
      better: better.join(', '),
    };
  });
  const end = scores.end(ours, 500, largeRam);
  const longest = end?.longest ?? null;
  return [
    ...whole,
    {
      what: `longest free run of the free pages, ${largeRam}, 50 % used`,
      target: '≥ 90 %',
      measured: longest === null ? '' : percent(longest),
      isMet: longest === null ? null : longest >= 0.9,
    },
    {
      what: `free pages outside free frames (U9), ${largeRam}, 50 % used`,
      target: '≤ 0.02',
      measured: end === undefined ? '' : end.unusable.toFixed(3),
      isMet: end === undefined ? null : end.unusable <= 0.02,
    },
  ];
}
