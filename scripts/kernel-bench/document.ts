/** docs/kernel-bench.md: what `npm run bench:kernel` measured. */
import {
  initTable,
  notRunLines,
  occupancyTable,
  runTable,
  sizeTable,
  worstTable,
} from './page-tables.js';
import type { PageFigures, Ram } from './page-figures.js';

/** What a reader has to know before quoting. */
export const INTRODUCTION = `# The kernel's allocators and their twins

Written by \`npm run bench:kernel\`; do not edit. A *twin* is another allocator in the same dialect, compiled by the same compiler
(\`kernel/src/twins\`; each file names its source), linked with the same drivers (\`kernel/src/bench\`), and run on the emulated processor:
cycles as the \`zen1\` model counts them, instructions as \`unit\` does. Every call is a call, and keeps interrupts off for its length.

- The last column says where a twin beats this kernel in cycles.
- This kernel refuses a second free, a foreign and an interior pointer; the twins check what their originals do, which is less.
- One processor: no twin has locks, atomic operations or per-processor lists.
- Beyond 1 GiB, 262 144 pages are single, and the rest of the occupancy is long runs.`;

/** Where every contender runs. */
const COMMON_RAM: Ram = '1G';

/** The pages' chapter. */
export function pageChapter(figures: PageFigures, sizes: readonly Ram[]): string {
  const ram = sizes.includes(COMMON_RAM) ? COMMON_RAM : (sizes.at(-1) ?? COMMON_RAM);
  return [
    '## Pages',
    'Cells are `cycles / instructions` of one call, medians of 32 calls as one; the loop around them is in both.',
    ...(['page_alloc', 'page_free', 'page_pair', 'frame_alloc', 'frame_free'] as const).map(
      (operation) => occupancyTable(figures, ram, operation),
    ),
    `Single calls, the processor idle before and after each (cycles):`,
    worstTable(figures, ram),
    '### Contiguous pages',
    runTable(figures, ram, 500),
    runTable(figures, ram, 990),
    '### From 8 MiB to 16 TiB',
    ...[500, 990].flatMap((permille) => [
      sizeTable(figures, sizes, 'page_alloc', permille),
      sizeTable(figures, sizes, 'page_free', permille),
    ]),
    notRunLines(figures, sizes).join('\n'),
    '### Initialisation and metadata',
    initTable(figures, sizes),
  ].join('\n\n');
}

/** Every size of RAM at every occupancy. */
export function pageAppendix(figures: PageFigures, sizes: readonly Ram[]): string {
  return [
    '## Every size of RAM',
    ...sizes.flatMap((ram) => [
      occupancyTable(figures, ram, 'page_alloc'),
      occupancyTable(figures, ram, 'page_free'),
      occupancyTable(figures, ram, 'page_pair'),
    ]),
  ].join('\n\n');
}
