/**
 * What the atlas knows: the uses of pages as spans, what is at a place at a time, and the curve along which cells lie.
 * emulator/cli/report/browser-script.ts puts this in front of atlas.ts.
 */
import type { PagesFile } from './pages-data.js';

export const data = JSON.parse(document.querySelector('#data')?.textContent ?? '{}') as PagesFile;
export const CELLS_ORDER = 7;
export const SIDE = 2 ** CELLS_ORDER;

/** What a page is, the most telling first. The last four are what it is when nobody has used it. */
export const KINDS = [
  ['pml5', 'page table: PML5'],
  ['pml4', 'page table: PML4'],
  ['pdpt', 'page table: PDPT'],
  ['pd', 'page table: PD'],
  ['pt', 'page table: PT'],
  ['code', 'code executed'],
  ['written', 'written'],
  ['filled', 'filled with one pattern'],
  ['read', 'read, never written'],
  ['rom', 'ROM'],
  ['ram', 'RAM, never touched'],
  ['reserved', 'reserved by the firmware'],
  ['hole', 'nothing there'],
] as const;
export type Kind = (typeof KINDS)[number][0];
const TABLE_KINDS: readonly Kind[] = ['pt', 'pd', 'pdpt', 'pml4', 'pml5'];

/** Pages `first` up to `end`, used from cycle `from` to cycle `to` in ascending order. */
export interface Span {
  readonly kind: Kind;
  readonly first: number;
  readonly end: number;
  readonly by: number;
  readonly from: number;
  readonly to: number;
}

const ascending = (a: Span, b: Span): number => a.first - b.first;
const useSpans = (wanted: readonly number[], kinds: readonly Kind[]): Span[] =>
  data.uses
    .filter(([use]) => wanted.includes(use))
    .map(([use, first, count, by, from, to]) => {
      const kind = kinds[wanted.indexOf(use)] ?? 'written';
      return { kind, first, end: first + count, by, from, to };
    })
    .sort(ascending);

const isRom = (page: number): boolean =>
  data.ram.some(([first, count, rom]) => rom === 1 && page >= first && page < first + count);
/** What the loader puts into ROM is the ROM. */
export const written = useSpans([0, 1], ['written', 'filled']).filter(({ first }) => !isRom(first));
export const executed = useSpans([2], ['code']);
export const read = useSpans([3], ['read']);
/** Page tables are known at the end only: each has been one since it was first written. */
export const tables: Span[] = data.tables
  .map(([page, level]) => {
    const origin = spansIn(written, page, page + 1)[0];
    const at = origin === undefined ? 0 : timeOf(origin, page);
    const kind = TABLE_KINDS[level - 1] ?? 'pt';
    return { kind, first: page, end: page + 1, by: origin?.by ?? 0, from: at, to: at };
  })
  .sort(ascending);
const place = (kind: Kind, first: number, count: number): Span => ({
  kind,
  first,
  end: first + count,
  by: -1,
  from: 0,
  to: 0,
});
export const storage = data.ram
  .map(([first, count, isRom]) => place(isRom === 1 ? 'rom' : 'ram', first, count))
  .sort(ascending);
export const reserved = data.map
  .filter(([, , type]) => type !== 'usable')
  .map(([first, count]) => place('reserved', first, count))
  .sort(ascending);

/** Where memory ends. */
export const lastPage = Math.max(
  1,
  ...[storage, reserved, written, read].flat().map(({ end }) => end),
);
export const wholeOrder = Math.max(CELLS_ORDER, Math.ceil(Math.log2(lastPage) / 2));

/** The spans that overlap pages `first` up to `end`; the lists are disjoint but for the map's. */
export function spansIn(spans: readonly Span[], first: number, end: number): Span[] {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.end ?? 0) <= first) low = middle + 1;
    else high = middle;
  }
  const found: Span[] = [];
  for (; low < spans.length; low++) {
    const span = spans[low];
    if (span === undefined || span.first >= end) break;
    if (span.end > first) found.push(span);
  }
  return found;
}

export function timeOf(span: Span, page: number): number {
  const pages = span.end - span.first;
  return pages <= 1
    ? span.from
    : span.from + ((span.to - span.from) * (page - span.first)) / (pages - 1);
}

/** First page of the span that is not used yet at cycle `now`. */
export function endAt(span: Span, now: number): number {
  if (now >= span.to) return span.end;
  if (now < span.from) return span.first;
  const share = (now - span.from) / Math.max(1, span.to - span.from);
  return span.first + Math.max(1, Math.floor(share * (span.end - span.first)));
}

export interface Summary {
  readonly kind: Kind;
  /** Pages of that kind, and the pages asked for. */
  readonly pages: number;
  readonly all: number;
  /** What is there when nobody uses it. */
  readonly ground: Kind;
  readonly span: Span | null;
  readonly cycle: number;
}

/** The most telling thing about pages `first` up to `end` at cycle `now`. */
export function summary(first: number, end: number, now: number): Summary {
  const all = end - first;
  const groundSpan = spansIn(storage, first, end)[0] ?? spansIn(reserved, first, end)[0];
  const ground = groundSpan?.kind ?? 'hole';
  for (const list of [tables, executed, written, read]) {
    let best: Span | null = null;
    let bestPages = 0;
    let pages = 0;
    for (const span of spansIn(list, first, end)) {
      const here = Math.min(end, endAt(span, now)) - Math.max(first, span.first);
      if (here <= 0) continue;
      pages += here;
      if (here > bestPages) [best, bestPages] = [span, here];
    }
    if (best !== null) {
      const cycle = timeOf(best, Math.max(first, best.first));
      return { kind: best.kind, pages, all, ground, span: best, cycle };
    }
  }
  return { kind: ground, pages: all, all, ground, span: null, cycle: 0 };
}

// ── the curve ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The four orientations of the curve: quadrants in order as x + 2y, and the orientation within each. */
const QUADRANTS = [
  [0, 2, 3, 1],
  [0, 1, 3, 2],
  [3, 2, 0, 1],
  [3, 1, 0, 2],
] as const;
const WITHIN = [
  [1, 0, 0, 2],
  [0, 1, 1, 3],
  [3, 2, 2, 0],
  [2, 3, 3, 1],
] as const;

/** Place of cell number `index` of the whole memory cut into 4^`levels` cells. */
export function hilbert(index: number, levels: number): [x: number, y: number] {
  let [x, y, orientation] = [0, 0, 0];
  for (let level = levels - 1; level >= 0; level--) {
    const digit = Math.floor(index / 4 ** level) % 4;
    const quadrant = QUADRANTS[orientation]?.[digit] ?? 0;
    x = 2 * x + (quadrant & 1);
    y = 2 * y + (quadrant >> 1);
    orientation = WITHIN[orientation]?.[digit] ?? 0;
  }
  return [x, y];
}
