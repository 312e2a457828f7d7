/**
 * Which pages of a firmware map an operating system may use, by definition: an oracle for tests and reports.
 *
 * A 4 KiB page is usable iff
 *   - each of its bytes lies in some enabled entry of type 1,
 *   - none of its bytes lies in an enabled entry of any other type (ACPI tables count as not yet reclaimed),
 *   - it is not page 0 and not in 0xA0000-0xFFFFF,
 * where an entry is clipped at the end of the physical address space and one without length has no bytes.
 *
 * The definition is asked of one page in each stretch of pages that no entry's edge distinguishes. That is not how
 * a kernel sanitises a map (one sweep over sorted edges with counters, then trimming), which is the point.
 */

import { assert } from '../base/assert.js';
import { E820_USABLE, isEnabled, type MemoryMap } from './memory-map.js';

const PAGE_BYTES = 4096;
const ARCHITECTURE_ADDRESS_BITS = 52;

/** Pages that hold the real-mode interrupt vectors, and the video and ROM windows of a PC. */
const FIRST_PAGE = 0;
const LEGACY_WINDOW_FIRST = 0xa0;
const LEGACY_WINDOW_LAST = 0xff;

/** Page numbers, both inclusive. */
export interface PageRange {
  readonly first: bigint;
  readonly last: bigint;
}

export interface UsablePages {
  /** Ascending, not touching one another. */
  readonly ranges: readonly PageRange[];
  readonly pageCount: bigint;
}

/** An entry's bytes within the physical address space. 52-bit numbers are exact as doubles. */
interface Extent {
  readonly start: number;
  readonly end: number;
  readonly isUsable: boolean;
}

/**
 * @param physicalAddressBits MAXPHYADDR, 32 to 52.
 */
export function usablePages(
  map: MemoryMap,
  physicalAddressBits = ARCHITECTURE_ADDRESS_BITS,
): UsablePages {
  const extents = extentsOf(map, physicalAddressBits);
  const edges = pageEdges(extents);
  const ranges: { first: bigint; last: bigint }[] = [];
  let pageCount = 0n;
  for (const [index, first] of edges.entries()) {
    const next = edges[index + 1];
    if (next === undefined || !pageIsUsable(first, extents)) continue;
    pageCount += BigInt(next - first);
    const previous = ranges.at(-1);
    if (previous?.last === BigInt(first) - 1n) previous.last = BigInt(next) - 1n;
    else ranges.push({ first: BigInt(first), last: BigInt(next) - 1n });
  }
  return { ranges, pageCount };
}

/** Whether one page is usable. */
export function isPageUsable(map: MemoryMap, page: bigint): boolean {
  assert(page >= 0n && page < 1n << 40n, `page ${page} is outside the physical address space`);
  return pageIsUsable(Number(page), extentsOf(map, ARCHITECTURE_ADDRESS_BITS));
}

function extentsOf(map: MemoryMap, physicalAddressBits: number): Extent[] {
  assert(
    physicalAddressBits >= 32 && physicalAddressBits <= ARCHITECTURE_ADDRESS_BITS,
    `${physicalAddressBits} physical address bits`,
  );
  const spaceEnd = 1n << BigInt(physicalAddressBits);
  const extents: Extent[] = [];
  for (const entry of map.entries) {
    const end = entry.base + entry.length < spaceEnd ? entry.base + entry.length : spaceEnd;
    if (!isEnabled(entry) || end <= entry.base) continue;
    extents.push({
      start: Number(entry.base),
      end: Number(end),
      isUsable: entry.type === E820_USABLE,
    });
  }
  return extents;
}

/** Page numbers at which the answer may change, ascending: all pages from one to the next are alike. */
function pageEdges(extents: readonly Extent[]): number[] {
  const edges = new Set([FIRST_PAGE, FIRST_PAGE + 1, LEGACY_WINDOW_FIRST, LEGACY_WINDOW_LAST + 1]);
  for (const { start, end } of extents) {
    for (const address of [start, end]) {
      const page = Math.floor(address / PAGE_BYTES);
      edges.add(page).add(page + 1);
    }
  }
  return [...edges].sort((a, b) => a - b);
}

/** The definition. */
function pageIsUsable(page: number, extents: readonly Extent[]): boolean {
  if (page === FIRST_PAGE) return false;
  if (page >= LEGACY_WINDOW_FIRST && page <= LEGACY_WINDOW_LAST) return false;
  const pageStart = page * PAGE_BYTES;
  const pageEnd = pageStart + PAGE_BYTES;
  const touching = extents.filter(({ start, end }) => start < pageEnd && end > pageStart);
  if (touching.some(({ isUsable }) => !isUsable)) return false;
  // Whether a byte is covered can change only where an extent begins or ends.
  const witnesses = [pageStart, ...touching.flatMap(({ start, end }) => [start, end])].filter(
    (byte) => byte >= pageStart && byte < pageEnd,
  );
  return witnesses.every((byte) => touching.some(({ start, end }) => start <= byte && byte < end));
}
