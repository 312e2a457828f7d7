/**
 * What is wrong or odd about a firmware memory map. An *error* is something that no sane firmware reports or that
 * keeps a machine from booting; a *warning* is legal enough that real machines do it and kernels must cope.
 */

import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { typeLabel } from './entry-type.js';
import type { FindingCode, MapFinding } from './map-finding.js';
import {
  ADDRESS_SPACE_BYTES,
  E820_USABLE,
  isEnabled,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';
import { nodeFindings } from './node-findings.js';
import { isPageUsable } from './usable-oracle.js';

/** Entries that a machine hands to its firmware at most. Linux stops at 128 plus three per NUMA node. */
export const MAP_ENTRIES_MAX = 4096;

const PHYSICAL_END = 1n << 52n;
/** The page at 1 MiB, where kernels are loaded. */
const LOAD_PAGE = 0x100n;

/** All findings: first those that keep a machine from booting, then in order of entries, then of nodes. */
export function validateMap(map: MemoryMap): MapFinding[] {
  const fatal = fatalFindings(map);
  if (map.entries.length > MAP_ENTRIES_MAX) return fatal;
  const others = [...rangeFindings(map), ...orderFindings(map), ...overlapFindings(map)];
  others.sort((a, b) => (a.entryIndex ?? -1) - (b.entryIndex ?? -1));
  return [...fatal, ...others, ...nodeFindings(map)];
}

/**
 * Refuses a map on which no machine can start.
 * @throws ConfigurationError with the first reason.
 */
export function assertBootableMap(map: MemoryMap): void {
  const [finding] = fatalFindings(map);
  if (finding !== undefined) throw new ConfigurationError(`${map.name}: ${finding.message}`);
}

/** A finding as one line of text. */
export function formatFinding(map: MemoryMap, { severity, message }: MapFinding): string {
  return `${severity}: ${map.name}: ${message}`;
}

/** What keeps a machine from booting. */
function fatalFindings(map: MemoryMap): MapFinding[] {
  const count = map.entries.length;
  if (count === 0) return [fatalFinding('empty', 'the map is empty')];
  if (count > MAP_ENTRIES_MAX) {
    const message = `the map has ${count} entries; the limit is ${MAP_ENTRIES_MAX}`;
    return [fatalFinding('too-many-entries', message)];
  }
  if (isPageUsable(map, LOAD_PAGE)) return [];
  return [
    fatalFinding('no-ram-at-1-mib', 'no usable RAM at 1 MiB (0x100000), where kernels are loaded'),
  ];
}

function fatalFinding(code: FindingCode, message: string): MapFinding {
  return { severity: 'error', code, message };
}

/** Entries that are odd by themselves. */
function rangeFindings(map: MemoryMap): MapFinding[] {
  const findings: MapFinding[] = [];
  for (const [entryIndex, entry] of map.entries.entries()) {
    const finding = rangeFinding(entry, entryIndex);
    if (finding !== undefined) findings.push({ ...finding, entryIndex });
  }
  return findings;
}

function rangeFinding(entry: MemoryMapEntry, index: number): MapFinding | undefined {
  const end = entry.base + entry.length;
  const what = `entry ${index} (${describe(entry)})`;
  if (entry.length === 0n) {
    return { severity: 'warning', code: 'zero-length', message: `${what} has no length` };
  }
  if (end > ADDRESS_SPACE_BYTES) {
    return { severity: 'error', code: 'wraps', message: `${what} wraps past 2^64` };
  }
  if (end > PHYSICAL_END) {
    const beyond = end - (entry.base > PHYSICAL_END ? entry.base : PHYSICAL_END);
    const message = `${what} has ${formatSize(beyond)} beyond 2^52, the end of physical addresses`;
    return { severity: 'warning', code: 'beyond-52-bits', message };
  }
  return undefined;
}

function orderFindings(map: MemoryMap): MapFinding[] {
  const findings: MapFinding[] = [];
  for (const [entryIndex, entry] of map.entries.entries()) {
    const previous = map.entries[entryIndex - 1];
    if (previous === undefined || previous.base <= entry.base) continue;
    const message = `entry ${entryIndex} (${describe(entry)}) begins below the entry before it: the map is not sorted`;
    findings.push({ severity: 'warning', code: 'unsorted', entryIndex, message });
  }
  return findings;
}

/** For each entry that begins inside an earlier-starting one: which, and who wins. */
function overlapFindings(map: MemoryMap): MapFinding[] {
  const sorted = [...map.entries.entries()]
    .filter(([, entry]) => entry.length > 0n && isEnabled(entry))
    .sort(([i, a], [j, b]) => (a.base === b.base ? i - j : a.base < b.base ? -1 : 1));
  const findings: MapFinding[] = [];
  let reach: readonly [number, MemoryMapEntry] | undefined;
  for (const [index, entry] of sorted) {
    if (reach !== undefined && endOf(reach[1]) > entry.base) {
      const [entryIndex, other] = index > reach[0] ? [index, reach] : [reach[0], [index, entry]];
      findings.push(overlapFinding(map, entryIndex, Number(other[0])));
    }
    if (reach === undefined || endOf(entry) > endOf(reach[1])) reach = [index, entry];
  }
  return findings;
}

/** `later` and `earlier` are positions in the map, not addresses. */
function overlapFinding(map: MemoryMap, later: number, earlier: number): MapFinding {
  const [a, b] = [map.entries[later], map.entries[earlier]] as [MemoryMapEntry, MemoryMapEntry];
  const isMixed = (a.type === E820_USABLE) !== (b.type === E820_USABLE);
  const message =
    `entry ${later} (${describe(a)}) overlaps entry ${earlier} (${describe(b)})` +
    (isMixed ? ': what both cover is not usable' : '');
  return { severity: 'warning', code: 'overlap', entryIndex: later, message };
}

function endOf(entry: MemoryMapEntry): bigint {
  return entry.base + entry.length;
}

/** `0x100000 + 127 MiB usable`. */
function describe({ base, length, type }: MemoryMapEntry): string {
  return `0x${base.toString(16)} + ${formatSize(length)} ${typeLabel(type)}`;
}
