/**
 * Memory over time as a file that ms_print and massif-visualizer read: pages that the guest has written or filled, by the function that was
 * the first to. [Valgrind manual, "Massif: a heap profiler", "The Snapshot Details"]
 *
 * Pages are never given back here, so that the last snapshot is the peak. Time is in cycles of the core clock, which the format has no unit for.
 */
import { PAGE_USES, type PagesFile } from '../browser/pages-data.js';
import type { CycleSpan } from './trace-file.js';

const PAGE_BYTES = 4096;
/** As many snapshots as Massif takes at most, and of them those with a tree. */
const SNAPSHOTS = 100;
const DETAILED_EVERY = 10;
/** Functions with less than this part of a snapshot's bytes stand in one line, as Massif has them. */
const THRESHOLD_PERCENT = 1;
const WRITTEN = PAGE_USES.indexOf('written');
const FILLED = PAGE_USES.indexOf('filled');

/** The text. `title` names the run, `image` its file. */
export function massifFile(
  pages: PagesFile,
  span: CycleSpan,
  title: string,
  image: string,
): string {
  const length = span.to - span.from;
  const times = Array.from({ length: SNAPSHOTS }, (_, snapshot) =>
    Math.round(span.from + (length * snapshot) / (SNAPSHOTS - 1)),
  ).filter((time, index, all) => time !== all[index - 1]);
  const byFunction = pagesByFunction(pages, times);
  const parts = times.map((time, snapshot) => {
    const sizes = [...byFunction]
      .map(([name, counts]) => ({ name, bytes: (counts[snapshot] ?? 0) * PAGE_BYTES }))
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
    const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    const isPeak = snapshot === times.length - 1;
    const isDetailed = isPeak || snapshot % DETAILED_EVERY === DETAILED_EVERY - 1;
    const kind = isPeak ? 'peak' : isDetailed ? 'detailed' : 'empty';
    const tree = isDetailed ? treeOf(sizes, all, image) : '';
    return `#-----------\nsnapshot=${snapshot}\n#-----------\ntime=${time}\nmem_heap_B=${all}\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=${kind}\n${tree}`;
  });
  const desc = `pages of ${PAGE_BYTES} bytes by the function that wrote each first; i: cycles`;
  return `desc: ${desc}\ncmd: ${oneLine(title)}\ntime_unit: i\n${parts.join('')}`;
}

interface Size {
  readonly name: string;
  readonly bytes: number;
}

function treeOf(sizes: readonly Size[], all: number, image: string): string {
  const least = (all * THRESHOLD_PERCENT) / 100;
  const named = sizes.filter(({ bytes }) => bytes >= least);
  const rest = sizes.slice(named.length);
  const children = named.map(
    ({ name, bytes }) => ` n0: ${bytes} ${oneLine(name)} (in ${oneLine(image)})\n`,
  );
  if (rest.length > 0) {
    const bytes = rest.reduce((sum, each) => sum + each.bytes, 0);
    const places = rest.length === 1 ? '1 place, below' : `${rest.length} places, all below`;
    children.push(` n0: ${bytes} in ${places} massif's threshold (${THRESHOLD_PERCENT}.00%)\n`);
  }
  return `n${children.length}: ${all} (pages of memory) by their first writers\n${children.join('')}`;
}

/** Pages that each function was the first to write, at each of the times. */
function pagesByFunction(pages: PagesFile, times: readonly number[]): Map<string, number[]> {
  const byFunction = new Map<string, number[]>();
  for (const [use, , count, by, from, to] of pages.uses) {
    if (use !== WRITTEN && use !== FILLED) continue;
    const name = pages.functions[by] ?? '?';
    const counts = byFunction.get(name) ?? times.map(() => 0);
    byFunction.set(name, counts);
    times.forEach((time, snapshot) => {
      counts[snapshot] = (counts[snapshot] ?? 0) + pagesAt(count, from, to, time);
    });
  }
  return byFunction;
}

/** Of `count` pages, the first of which came at `from` and the last at `to`, those that there are at `time`. */
function pagesAt(count: number, from: number, to: number, time: number): number {
  if (time >= to) return count;
  if (time < from) return 0;
  return Math.min(count, 1 + Math.floor(((time - from) / (to - from)) * (count - 1)));
}

/** A `#` begins a comment there. */
function oneLine(text: string): string {
  return text.replace(/[\r\n#]+/g, ' ');
}
