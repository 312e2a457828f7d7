/**
 * What is wrong or odd about the node ranges of a memory map.
 * Source: what Linux 6.1 says of an SRAT, numa_cleanup_meminfo and numa_meminfo_cover_memory in arch/x86/mm/numa.c:
 * it refuses all nodes when ranges of two nodes overlap, or when 1 MiB of RAM or more is in none; a range that
 * overlaps one of its own node is a warning, one without length is passed over.
 * Reserved memory and holes within a range are no finding: firmware gives ranges from the first byte to the last.
 */

import { formatSize } from '../base/size.js';
import type { MapFinding } from './map-finding.js';
import { ADDRESS_SPACE_BYTES, type MemoryMap, type NodeRange } from './memory-map.js';
import { usablePages } from './usable-oracle.js';

const PAGE_BYTES = 4096n;
const WITHOUT_NODE_BYTES_MAX = (1n << 20n) - 1n;

/** From the first byte to one past the last. */
interface Extent {
  readonly start: bigint;
  readonly end: bigint;
}

/** In order of ranges; what is about all of them last. */
export function nodeFindings(map: MemoryMap): MapFinding[] {
  if (map.nodes === undefined) return [];
  const ram = usablePages(map).ranges.map(({ first, last }) => ({
    start: first * PAGE_BYTES,
    end: (last + 1n) * PAGE_BYTES,
  }));
  const found = [...placeFindings(map.nodes, ram), ...overlapFindings(map.nodes)];
  found.sort(([a], [b]) => a - b);
  return [...found.map(([, finding]) => finding), ...coverFindings(map.nodes, ram)];
}

type FindingOfRange = readonly [index: number, finding: MapFinding];

/** Ranges that are odd by themselves, or not where RAM is. */
function placeFindings(ranges: readonly NodeRange[], ram: readonly Extent[]): FindingOfRange[] {
  return ranges.flatMap((range, index): FindingOfRange[] => {
    const finding = placeFinding(range, `range ${index} of the nodes (${describe(range)})`, ram);
    return finding === undefined ? [] : [[index, finding]];
  });
}

function placeFinding(
  range: NodeRange,
  what: string,
  ram: readonly Extent[],
): MapFinding | undefined {
  if (range.length === 0n) {
    return { severity: 'warning', code: 'zero-length', message: `${what} has no length` };
  }
  const end = endOf(range);
  if (end > ADDRESS_SPACE_BYTES) {
    return { severity: 'error', code: 'wraps', message: `${what} wraps past 2^64` };
  }
  const outside = { severity: 'warning', code: 'node-outside-ram' } as const;
  if (!ram.some((extent) => extent.start < end && extent.end > range.base)) {
    return { ...outside, message: `${what} lies outside of RAM: no page in it is usable` };
  }
  const ramEnd = ram.at(-1)?.end ?? 0n;
  if (end <= ramEnd) return undefined;
  const beyond = `${formatSize(end - ramEnd)} beyond the end of RAM (0x${ramEnd.toString(16)})`;
  return { ...outside, message: `${what} has ${beyond}` };
}

/** For each range that begins inside an earlier-starting one: which. */
function overlapFindings(ranges: readonly NodeRange[]): FindingOfRange[] {
  const sorted = [...ranges.entries()]
    .filter(([, { length }]) => length > 0n)
    .sort(([i, a], [j, b]) => (a.base === b.base ? i - j : a.base < b.base ? -1 : 1));
  const findings: FindingOfRange[] = [];
  let reach: readonly [number, NodeRange] | undefined;
  for (const current of sorted) {
    if (reach !== undefined && endOf(reach[1]) > current[1].base) {
      const isLater = current[0] > reach[0];
      findings.push(isLater ? overlapFinding(current, reach) : overlapFinding(reach, current));
    }
    if (reach === undefined || endOf(current[1]) > endOf(reach[1])) reach = current;
  }
  return findings;
}

/** `later` and `earlier` by their place in the list, not by address. */
function overlapFinding(
  [later, range]: readonly [number, NodeRange],
  [earlier, other]: readonly [number, NodeRange],
): FindingOfRange {
  const isOneNode = range.node === other.node;
  const message =
    `range ${later} of the nodes (${describe(range)}) overlaps range ${earlier} (${describe(other)})` +
    (isOneNode ? '' : ': memory belongs to one node');
  const severity = isOneNode ? 'warning' : 'error';
  return [later, { severity, code: 'nodes-overlap', message }];
}

function coverFindings(ranges: readonly NodeRange[], ram: readonly Extent[]): MapFinding[] {
  const withoutNode = ram.reduce((sum, extent) => sum + outsideBytes(extent, ranges), 0n);
  if (withoutNode <= WITHOUT_NODE_BYTES_MAX) return [];
  const message = `${formatSize(withoutNode)} of RAM belong to no node`;
  return [{ severity: 'warning', code: 'ram-without-node', message }];
}

/** Bytes of `extent` that no range has. */
function outsideBytes({ start, end }: Extent, ranges: readonly NodeRange[]): bigint {
  const touching = ranges
    .filter((range) => range.base < end && endOf(range) > start)
    .sort((a, b) => (a.base === b.base ? 0 : a.base < b.base ? -1 : 1));
  let bytes = 0n;
  let at = start;
  for (const range of touching) {
    if (range.base > at) bytes += range.base - at;
    if (endOf(range) > at) at = endOf(range);
  }
  return at < end ? bytes + end - at : bytes;
}

function endOf({ base, length }: NodeRange): bigint {
  return base + length;
}

/** `node 1, 0x100000000 + 2 GiB`. */
function describe({ node, base, length }: NodeRange): string {
  return `node ${node}, 0x${base.toString(16)} + ${formatSize(length)}`;
}
