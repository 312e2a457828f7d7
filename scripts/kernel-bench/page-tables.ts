/** The page allocators' figures as tables. */
import type { Contender } from './contenders.js';
import { bytes, markdownTable, short } from './markdown.js';
import {
  OCCUPANCIES,
  PAGE_CONTENDERS,
  ramBytes,
  reaches,
  type PageFigures,
  type PageOperation,
  type Ram,
} from './page-figures.js';
import { verdict } from './verdict.js';

const percent = (permille: number): string => `${permille / 10} %`;
const ABSENT = 'none';
const NOT_RUN = 'not run';
const TIB = 2 ** 40;

const TITLES: Readonly<Record<PageOperation, string>> = {
  page_alloc: 'allocate a page',
  page_free: 'free a page',
  page_pair: 'allocate and free at once',
  page_alloc_row: 'allocate 1000 pages',
  page_free_row: 'free 1000 pages',
  frame_alloc: 'allocate a 2 MiB frame',
  frame_free: 'free a 2 MiB frame',
  frame_alloc_row: 'allocate 16 frames of 2 MiB',
  frame_free_row: 'free 16 frames of 2 MiB',
};

/** Figures of one operation at all occupancies, one row a contender; the last column says where a twin wins. */
export function occupancyTable(figures: PageFigures, ram: Ram, operation: PageOperation): string {
  const [ours] = PAGE_CONTENDERS;
  const cycles = (contender: Contender): (number | null)[] =>
    OCCUPANCIES.map(
      (permille) => figures.cost(contender, ram, 'zen1', operation, permille)?.p50 ?? null,
    );
  const own = ours === undefined ? [] : cycles(ours);
  const rows = PAGE_CONTENDERS.map((contender) => {
    if (!reaches(contender, ram)) return [contender.title, ...OCCUPANCIES.map(() => NOT_RUN), ''];
    const found = cycles(contender);
    const cells = OCCUPANCIES.map((permille, index) => {
      const instructions = figures.cost(contender, ram, 'unit', operation, permille)?.p50;
      const count = found[index];
      return count == null ? ABSENT : `${short(count)} / ${short(instructions ?? NaN)}`;
    });
    const places = OCCUPANCIES.map(percent);
    return [contender.title, ...cells, contender === ours ? '' : verdict(own, found, places)];
  });
  return markdownTable(
    [`${TITLES[operation]}, ${ram}`, ...OCCUPANCIES.map(percent), 'beats this kernel'],
    rows,
  );
}

/** One operation at one occupancy, a column for each size of RAM. */
export function sizeTable(
  figures: PageFigures,
  sizes: readonly Ram[],
  operation: PageOperation,
  permille: number,
): string {
  const [ours] = PAGE_CONTENDERS;
  const cycles = (contender: Contender): (number | null)[] =>
    sizes.map((ram) => figures.cost(contender, ram, 'zen1', operation, permille)?.p50 ?? null);
  const own = ours === undefined ? [] : cycles(ours);
  const rows = PAGE_CONTENDERS.map((contender) => {
    const found = cycles(contender);
    const cells = sizes.map((ram, index) => {
      if (!reaches(contender, ram)) return NOT_RUN;
      const instructions = figures.cost(contender, ram, 'unit', operation, permille)?.p50;
      const count = found[index];
      return count == null ? ABSENT : `${short(count)} / ${short(instructions ?? NaN)}`;
    });
    return [contender.title, ...cells, contender === ours ? '' : verdict(own, found, sizes)];
  });
  return markdownTable(
    [`${TITLES[operation]}, ${percent(permille)}`, ...sizes, 'beats this kernel'],
    rows,
  );
}

/** The 99th percentile and the worst of single calls, in cycles. */
export function worstTable(figures: PageFigures, ram: Ram): string {
  const rows = PAGE_CONTENDERS.filter((contender) => reaches(contender, ram)).flatMap((contender) =>
    (['page_alloc', 'page_free'] as const).map((operation) => [
      `${contender.title}: ${TITLES[operation]}`,
      ...OCCUPANCIES.map((permille) => {
        const cost = figures.cost(contender, ram, 'zen1', operation, permille);
        return cost === null ? ABSENT : `${short(cost.p99)} / ${short(cost.max)}`;
      }),
    ]),
  );
  return markdownTable([`p99 / most, ${ram}`, ...OCCUPANCIES.map(percent)], rows);
}

/** What one call of a row of 1000 takes: median and most, in instructions. */
export function rowTable(figures: PageFigures, ram: Ram): string {
  const rows = PAGE_CONTENDERS.filter((contender) => reaches(contender, ram)).flatMap((contender) =>
    (['page_free_row', 'page_alloc_row'] as const).map((operation) => [
      `${contender.title}: ${TITLES[operation]}`,
      ...OCCUPANCIES.map((permille) => {
        const cost = figures.cost(contender, ram, 'unit', operation, permille);
        return cost === null ? ABSENT : `${short(cost.p50)} / ${short(cost.max)}`;
      }),
    ]),
  );
  return markdownTable([`p50 / most, ${ram}`, ...OCCUPANCIES.map(percent)], rows);
}

const LENGTHS = [8, 32, 128, 512, 2048] as const;

/** Contiguous pages: allocation / free in cycles, by length; allocated and freed at once, or 16 in a row. */
export function runTable(figures: PageFigures, ram: Ram, permille: number, inRow = false): string {
  const [ours] = PAGE_CONTENDERS;
  const costs = (contender: Contender, length: number): (number | null)[] =>
    (inRow
      ? (['run_alloc_row', 'run_free_row'] as const)
      : (['run_alloc', 'run_free'] as const)
    ).map((operation) => figures.run(contender, ram, 'zen1', operation, length, permille));
  const sums = (contender: Contender): (number | null)[] =>
    LENGTHS.map((length) => {
      const [alloc = null, free = null] = costs(contender, length);
      return alloc === null || free === null ? null : alloc + free;
    });
  const own = ours === undefined ? [] : sums(ours);
  const rows = PAGE_CONTENDERS.filter((contender) => reaches(contender, ram)).map((contender) => {
    const cells = LENGTHS.map((length) => {
      const [alloc = null, free = null] = costs(contender, length);
      return alloc === null || free === null ? ABSENT : `${short(alloc)} / ${short(free)}`;
    });
    const won =
      contender === ours ? '' : verdict(own, sums(contender), LENGTHS.map(String), 'the pair: ');
    return [contender.title, ...cells, won];
  });
  return markdownTable(
    [
      `${inRow ? '16 runs' : 'run'} of pages: allocate / free, ${ram}, ${percent(permille)}`,
      ...LENGTHS.map(String),
      'beats this kernel',
    ],
    rows,
  );
}

/** Initialisation and metadata. */
export function initTable(figures: PageFigures, sizes: readonly Ram[]): string {
  const [ours] = PAGE_CONTENDERS;
  const own = sizes.map((ram) => (ours && figures.init(ours, ram, 'zen1')?.ticks) ?? null);
  const rows = PAGE_CONTENDERS.map((contender) => {
    const found = sizes.map((ram) => figures.init(contender, ram, 'zen1')?.ticks ?? null);
    const largest = [...sizes].reverse().find((ram) => reaches(contender, ram));
    const at = largest && figures.init(contender, largest, 'zen1');
    return [
      contender.title,
      ...found.map((ticks) => (ticks === null ? NOT_RUN : short(ticks))),
      at && largest ? short((at.ticks / ramBytes(largest)) * TIB) : '',
      at ? metadataPerPage(contender, at) : '',
      contender === ours ? '' : verdict(own, found, sizes),
    ];
  });
  return markdownTable(
    [
      'initialise: cycles',
      ...sizes,
      'per TiB, at the largest',
      'metadata, bytes a page',
      'beats this kernel',
    ],
    rows,
  );
}

function metadataPerPage(
  { twin }: Contender,
  at: { readonly metadataBytes: number; readonly pages: number },
): string {
  if (twin !== null && at.metadataBytes === 0) return 'in the free pages';
  return (at.metadataBytes / at.pages).toFixed(4);
}

/** Why a contender is not run with more RAM: what its largest run says about the next. */
export function notRunLines(figures: PageFigures, sizes: readonly Ram[]): string[] {
  return PAGE_CONTENDERS.flatMap((contender) => {
    const { reach, title } = contender;
    const skipped = sizes.filter((ram) => !reaches(contender, ram));
    const largest = [...sizes].reverse().find((ram) => reaches(contender, ram));
    const first = skipped[0];
    if (reach === undefined || first === undefined || largest === undefined) return [];
    const growth = ramBytes(first) / ramBytes(largest);
    const init = figures.init(contender, largest, 'zen1');
    if (reach.why === 'search') {
      const cost = figures.cost(contender, largest, 'zen1', 'page_alloc', 990)?.p50 ?? NaN;
      return [
        `- ${title}, from ${first} on: not run. At ${largest}, 99 %, an allocation takes ${short(cost)} cycles, and that grows with RAM.`,
      ];
    }
    if (init === null) return [];
    const ticks = (init.ticks / ramBytes(largest)) * 2 ** 30;
    const metadata =
      init.metadataBytes === 0
        ? 'writes to every page'
        : `${bytes((init.metadataBytes / ramBytes(largest)) * 2 ** 30)} of metadata a GiB`;
    return [
      `- ${title}, from ${first} on: not run: init ${short(ticks)} cycles/GiB, ${metadata}; ${first} would take ${short(init.ticks * growth)} cycles and ${init.metadataBytes === 0 ? `touch all ${first}` : bytes(init.metadataBytes * growth)}.`,
    ];
  });
}
