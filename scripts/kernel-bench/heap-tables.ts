/** The heaps' figures as tables. */
import type { BenchLine } from '../bench/kernel-lines.js';
import { CONTENDERS, type Contender } from './contenders.js';
import { markdownTable, short } from './markdown.js';
import type { Counter, Outcome, Run } from './run-kernels.js';
import { verdict } from './verdict.js';

const HEAP_CONTENDERS: readonly Contender[] = CONTENDERS.filter(({ kind }) => kind === 'blocks');
const SIZES = [16, 64, 512, 2048, 4096, 32_768] as const;
const MIXES = [
  { mix: 'pages', permille: 500, title: 'pages, 50 %' },
  { mix: 'pages', permille: 800, title: 'pages, 80 %' },
  { mix: 'bytes', permille: 500, title: 'bytes, 50 %' },
  { mix: 'bytes', permille: 800, title: 'bytes, 80 %' },
] as const;
type Mix = (typeof MIXES)[number];

/** All boots. */
export function heapRuns(ram: string, words: string): Run[] {
  return (['zen1', 'unit'] as const).flatMap((counter) =>
    HEAP_CONTENDERS.map((contender) => ({
      contender,
      ram,
      counter,
      words: `bench ${words}`.trim(),
    })),
  );
}

type Find = (contender: Contender, counter: Counter, place: number) => BenchLine | undefined;

/** The heaps' chapter. */
export function heapChapter(outcomes: readonly Outcome[]): string {
  const lines = (contender: Contender, counter: Counter): readonly BenchLine[] =>
    outcomes.find(({ run }) => run.contender === contender && run.counter === counter)?.lines ?? [];
  const ofMix =
    (operation: string): Find =>
    (contender, counter, place) =>
      lines(contender, counter).find(
        ({ op, fields }) => op === operation && isOf(MIXES[place], fields),
      );
  const ofSize: Find = (contender, counter, place) =>
    lines(contender, counter).find(
      ({ op, fields }) => op === 'block_pair' && fields['size'] === SIZES[place],
    );
  const objects = ['object_pair', 'object_alloc', 'object_free'];
  const ofObject: Find = (contender, counter, place) =>
    lines(contender, counter).find(({ op }) => op === objects[place]);
  const mixes = MIXES.map(({ title }) => title);
  return [
    '## Heaps',
    'Two mixes of sizes (`kernel/src/bench/heap-bench.ts`) at two loads. Cells are `p50 / p99 / most` of single calls, in cycles.',
    ...['kmalloc', 'kfree', 'krealloc'].map((operation) =>
      costTable(operation, mixes, ofMix(operation), spread),
    ),
    scoreTable(mixes, ofMix('heap_score')),
    'A block allocated and freed at once, and an object of 64 bytes (of a cache, where there is one) at once and among many: `cycles / instructions`, of 32 calls as one.',
    costTable('pair of bytes', SIZES.map(String), ofSize, null),
    costTable('object of 64 bytes', ['pair', 'allocate', 'free'], ofObject, null),
  ].join('\n\n');
}

function isOf(mix: Mix | undefined, fields: BenchLine['fields']): boolean {
  return mix !== undefined && mix.mix in fields && fields['permille'] === mix.permille;
}

const perCall = (line: BenchLine | undefined): number | null => {
  const p50 = line?.fields['p50'];
  return p50 === undefined ? null : p50 / (line?.fields['batch'] ?? 1);
};

function spread(line: BenchLine): string {
  const { p50 = NaN, p99 = NaN, max = NaN } = line.fields;
  return [p50, p99, max].map(short).join(' / ');
}

/** One row a contender; `cell` says what to print of a line of cycles, null: the median, and that of instructions. */
function costTable(
  title: string,
  places: readonly string[],
  find: Find,
  cell: ((line: BenchLine) => string) | null,
): string {
  const [ours] = HEAP_CONTENDERS;
  const cycles = (contender: Contender): (number | null)[] =>
    places.map((_, place) => perCall(find(contender, 'zen1', place)));
  const own = ours === undefined ? [] : cycles(ours);
  const rows = HEAP_CONTENDERS.map((contender) => {
    const cells = places.map((_, place) => {
      const line = find(contender, 'zen1', place);
      const count = perCall(line);
      if (line === undefined || count === null) return 'none';
      if (cell !== null) return cell(line);
      return `${short(count)} / ${short(perCall(find(contender, 'unit', place)) ?? NaN)}`;
    });
    return [
      contender.title,
      ...cells,
      contender === ours ? '' : verdict(own, cycles(contender), places),
    ];
  });
  return markdownTable([title, ...places, 'beats this kernel'], rows);
}

/** Fragmentation in the end: 1 − largest / free, and what a live byte costs the heap, and requests that got nothing. */
function scoreTable(places: readonly string[], find: Find): string {
  const rows = HEAP_CONTENDERS.map((contender) => [
    contender.title,
    ...places.map((_, place) => {
      const line = find(contender, 'zen1', place);
      if (line === undefined) return 'none';
      const { heap = 0, free = 0, largest = 0, live = 1, fails = 0 } = line.fields;
      const scattered = free === 0 ? 'nothing free' : (1 - Math.min(1, largest / free)).toFixed(3);
      return `${scattered} / ${((heap - free) / live).toFixed(3)} / ${fails}`;
    }),
  ]);
  return markdownTable(['1 − largest / free; taken / live; failed requests', ...places], rows);
}
