/** The heaps' figures as tables. */
import type { Contender } from './contenders.js';
import {
  BLOCK_SIZES,
  HEAP_CONTENDERS,
  MIXES,
  scattered,
  type HeapFigures,
  type Mix,
} from './heap-figures.js';
import { markdownTable, short } from './markdown.js';
import { verdict } from './verdict.js';

const OBJECTS = ['object_pair', 'object_alloc', 'object_free'] as const;
const ABSENT = 'none';
const mixTitles = MIXES.map(({ title }) => title);
const [ours] = HEAP_CONTENDERS;

/** The heaps' chapter, with its pictures. */
export function heapChapter(figures: HeapFigures, pictures: string): string {
  return [
    '## Heaps',
    'Two mixes of sizes (`kernel/src/bench/heap-bench.ts`): pages in a heap of 256 MiB, bytes in one of 16 MiB. In `resized` and `bytes` every 16th operation is a krealloc, whose copies push the allocators’ own records out of the caches; the targets are of mixes of kmalloc and kfree. Cells are `p50 / p99 / most` of single calls, in cycles.',
    ...(['kmalloc', 'kfree', 'krealloc'] as const).map((operation) => {
      const mixes = MIXES.filter(({ mix }) => operation !== 'krealloc' || mix !== 'pages');
      return contenderTable(
        operation,
        mixes.map(({ title }) => title),
        (contender, place) =>
          mixAt(place, (mix) => figures.ofMix(contender, operation, mix)?.['p50'], mixes),
        (contender, place) =>
          mixAt(place, (mix) => spread(figures, contender, operation, mix), mixes),
      );
    }),
    'Slow contenders end a mix early (`n` in their lines); their figures are of what they did in that time.',
    '### Fragmentation',
    'After the mix: `1 − longest free block / free bytes`, the less the better.',
    contenderTable(
      'scattered',
      mixTitles,
      (contender, place) => mixAt(place, (mix) => scatteredAt(figures, contender, mix)),
      (contender, place) => mixAt(place, (mix) => scatteredAt(figures, contender, mix)?.toFixed(3)),
    ),
    pictures,
    'Compaction of everything, in a heap that can: scattered before → after, and its cycles.',
    compactionTable(figures),
    'What the heap had to reach for what was in use: `furthest end of a block / most bytes in use`, and requests that got nothing.',
    contenderTable(
      'high water / live; failed',
      mixTitles,
      (contender, place) => mixAt(place, (mix) => ratioOfHighWater(figures, contender, mix)),
      (contender, place) => mixAt(place, (mix) => highWaterText(figures, contender, mix)),
    ),
    'What a byte in use costs: `bytes that are not free / bytes in use`, headers, padding and bookkeeping included.',
    contenderTable(
      'taken / live',
      mixTitles,
      (contender, place) => mixAt(place, (mix) => taken(figures, contender, mix)),
      (contender, place) => mixAt(place, (mix) => taken(figures, contender, mix)?.toFixed(3)),
    ),
    '### One size',
    'A block allocated and freed at once, and an object of 64 bytes (of a cache, where there is one) at once and among many: `cycles / instructions`, of 32 calls as one.',
    contenderTable(
      'pair of bytes',
      BLOCK_SIZES.map(String),
      (contender, place) => figures.pair(contender, 'zen1', BLOCK_SIZES[place] ?? 0),
      (contender, place) =>
        both((counter) => figures.pair(contender, counter, BLOCK_SIZES[place] ?? 0)),
    ),
    contenderTable(
      'object of 64 bytes',
      ['pair', 'allocate', 'free'],
      (contender, place) => figures.object(contender, 'zen1', OBJECTS[place] ?? 'object_pair'),
      (contender, place) =>
        both((counter) => figures.object(contender, counter, OBJECTS[place] ?? 'object_pair')),
    ),
  ].join('\n\n');
}

function mixAt<Result>(
  place: number,
  of: (mix: Mix) => Result,
  mixes: readonly Mix[] = MIXES,
): Result | undefined {
  const mix = mixes[place];
  return mix === undefined ? undefined : of(mix);
}

/** One row a contender: what is compared, and what is printed of it; the last column says where a twin has less. */
function contenderTable(
  title: string,
  places: readonly string[],
  compared: (contender: Contender, place: number) => number | null | undefined,
  printed: (contender: Contender, place: number) => string | undefined,
): string {
  const values = (contender: Contender): (number | null)[] =>
    places.map((_, place) => compared(contender, place) ?? null);
  const own = ours === undefined ? [] : values(ours);
  const rows = HEAP_CONTENDERS.map((contender) => [
    contender.title,
    ...places.map((_, place) => printed(contender, place) ?? ABSENT),
    contender === ours ? '' : verdict(own, values(contender), places),
  ]);
  return markdownTable([title, ...places, 'beats this kernel'], rows);
}

function spread(
  figures: HeapFigures,
  contender: Contender,
  operation: 'kmalloc' | 'kfree' | 'krealloc',
  mix: Mix,
): string | undefined {
  const fields = figures.ofMix(contender, operation, mix);
  if (fields?.['p50'] === undefined) return undefined;
  const { p50 = NaN, p99 = NaN, max = NaN } = fields;
  return [p50, p99, max].map(short).join(' / ');
}

function both(of: (counter: 'zen1' | 'unit') => number | null): string | undefined {
  const cycles = of('zen1');
  return cycles === null ? undefined : `${short(cycles)} / ${short(of('unit') ?? NaN)}`;
}

function scatteredAt(figures: HeapFigures, contender: Contender, mix: Mix): number | null {
  const fields = figures.ofMix(contender, 'heap_score', mix);
  return fields === null ? null : scattered(fields);
}

export function ratioOfHighWater(
  figures: HeapFigures,
  contender: Contender,
  mix: Mix,
): number | null {
  const fields = figures.ofMix(contender, 'heap_score', mix);
  return fields === null ? null : (fields['high'] ?? NaN) / (fields['peak'] ?? NaN);
}

function highWaterText(figures: HeapFigures, contender: Contender, mix: Mix): string | undefined {
  const fails = figures.ofMix(contender, 'heap_score', mix)?.['fails'];
  const ratio = ratioOfHighWater(figures, contender, mix);
  return ratio === null ? undefined : `${ratio.toFixed(3)}; ${String(fails)}`;
}

function taken(figures: HeapFigures, contender: Contender, mix: Mix): number | null {
  const fields = figures.ofMix(contender, 'heap_score', mix);
  if (fields === null) return null;
  const { heap = NaN, free = NaN, live = NaN } = fields;
  return (heap - free) / live;
}

function compactionTable(figures: HeapFigures): string {
  const rows = HEAP_CONTENDERS.filter((contender) =>
    MIXES.some((mix) => figures.ofMix(contender, 'heap_compact', mix) !== null),
  ).map((contender) => [
    contender.title,
    ...MIXES.map((mix) => {
      const before = figures.ofMix(contender, 'heap_score', mix);
      const after = figures.ofMix(contender, 'heap_compact', mix);
      if (before === null || after === null) return ABSENT;
      const change = `${scattered(before).toFixed(3)} → ${scattered(after).toFixed(3)}`;
      return `${change}, ${short(after['ticks'] ?? NaN)}`;
    }),
  ]);
  return markdownTable(['compaction', ...mixTitles], rows);
}
