/** docs/kernel-bench.md: what `npm run bench:kernel` measured. */
import {
  initTable,
  notRunLines,
  occupancyTable,
  rowTable,
  runTable,
  sizeTable,
  worstTable,
} from './page-tables.js';
import { heapChapter } from './heap-tables.js';
import { framePlots, heapPlots, sizePlot, type KernelPlot } from './plots.js';
import { targetsChapter, type AllFigures } from './targets.js';
import type { FrameScores } from './frame-scores.js';
import type { PageFigures, Ram } from './page-figures.js';

/** The document, and the plots that it shows. */
export function kernelDocument(all: AllFigures): {
  readonly text: string;
  readonly plots: readonly KernelPlot[];
} {
  const { pages, heaps, scores, sizes } = all;
  const bySize = [sizePlot(pages, sizes, 500), sizePlot(pages, sizes, 990)];
  const byRound = framePlots(scores);
  const ofHeaps = heapPlots(heaps);
  const chapters = [
    INTRODUCTION + incomplete(all),
    targetsChapter(all),
    pageChapter(pages, sizes, bySize),
    wholenessChapter(scores, byRound),
    heapChapter(heaps, pictures(ofHeaps)),
    pageAppendix(pages, sizes),
  ];
  return { text: `${chapters.join('\n\n')}\n`, plots: [...bySize, ...byRound, ...ofHeaps] };
}

/** A sentence that must not be missing when figures are. */
function incomplete({ machines: { wanted, missing } }: AllFigures): string {
  if (missing === 0) return '';
  return `\n\n**Incomplete:** ${missing} of ${wanted} machines have not been run; \`none\` and \`not measured\` below may mean no more than that.`;
}

/** What a reader has to know before quoting. */
const INTRODUCTION = `# The kernel's allocators and their twins

Written by \`npm run bench:kernel\`; do not edit. A *twin* is another allocator in the same dialect, compiled by the same compiler
(\`kernel/src/twins\`; each file names its source), linked with the same drivers (\`kernel/src/bench\`), and run on the emulated processor:
cycles as the \`zen1\` model counts them, instructions as \`unit\` does. Every call is a call, and holds interrupts back for its length.
Of the mixes of sizes each call is timed alone, from when all that came before it is done and in memory; stores that a call leaves in
flight are in no figure. The first 2000 operations of a mix are not timed, but its failures and its time count them.

- The last column says where a twin beats this kernel in cycles.
- This kernel refuses a second free, a foreign and an interior pointer; the twins check what their originals do, which is less.
- What this kernel handed out last it keeps ready when it comes back ("the hand" in kernel.md). Pairs, frames, runs and GiBs are
  allocated and freed at once: what is measured of them is the hand. Rows of 16 are measured beside them, and kernel.md says more.
- The random churn of pages frees 32, then allocates 32, which is what this kernel's shelf holds. A longer row costs more: the rows of
  1000 below, from which the targets of "the most of one call" are; kernel.md says why.
- One processor: no twin has locks, atomic operations or per-processor lists.
- Beyond 1 GiB, 262 144 pages are single, and the rest of the occupancy is long runs.
- A series ends early when it takes too long, so slow contenders have fewer samples.`;

/** Pictures, by name of file, as Markdown. */
function pictures(plots: readonly KernelPlot[]): string {
  return plots.map(({ name, words }) => `![${words}](plots/${name})`).join('\n\n');
}

/** How whole memory stays. */
function wholenessChapter(scores: FrameScores, plots: readonly KernelPlot[]): string {
  return [
    '## Whole frames',
    'A number of pages is in use; 100 times, 10 % of them, chosen at random, are freed and as many allocated. `whole frames`: free 2 MiB frames of as many as the free pages could be; `longest run`: of the free pages; `U9`: the part of the free pages outside free frames. Nothing but single pages is asked for, so no policy for them can help.',
    scores.table(),
    pictures(plots),
  ].join('\n\n');
}

/** Where every contender runs. */
const COMMON_RAM: Ram = '1G';

const OPERATIONS = [
  'page_alloc',
  'page_free',
  'page_pair',
  'frame_alloc',
  'frame_free',
  'frame_alloc_row',
  'frame_free_row',
] as const;

/** The pages' chapter. */
function pageChapter(
  figures: PageFigures,
  sizes: readonly Ram[],
  plots: readonly KernelPlot[],
): string {
  const ram = sizes.includes(COMMON_RAM) ? COMMON_RAM : (sizes.at(-1) ?? COMMON_RAM);
  return [
    '## Pages',
    'Cells are `cycles / instructions` of one call, medians of 32 calls as one; the loop around them is in both.',
    ...OPERATIONS.map((operation) => occupancyTable(figures, ram, operation)),
    `Single calls, the processor idle before and after each (cycles):`,
    worstTable(figures, ram),
    `1000 random pages freed, then 1000 allocated (instructions of one call):`,
    rowTable(figures, ram),
    '### Contiguous pages',
    runTable(figures, ram, 500),
    runTable(figures, ram, 990),
    runTable(figures, ram, 500, true),
    '### From 8 MiB to 16 TiB',
    ...[500, 990].flatMap((permille) => [
      sizeTable(figures, sizes, 'page_alloc', permille),
      sizeTable(figures, sizes, 'page_free', permille),
    ]),
    pictures(plots),
    notRunLines(figures, sizes).join('\n'),
    '### Initialisation and metadata',
    initTable(figures, sizes),
  ].join('\n\n');
}

/** Every size of RAM at every occupancy. */
function pageAppendix(figures: PageFigures, sizes: readonly Ram[]): string {
  return [
    '## Every size of RAM',
    ...sizes.flatMap((ram) => [
      occupancyTable(figures, ram, 'page_alloc'),
      occupancyTable(figures, ram, 'page_free'),
      occupancyTable(figures, ram, 'page_pair'),
    ]),
  ].join('\n\n');
}
