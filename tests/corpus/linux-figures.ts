/**
 * What Linux printed about each map of the zoo, from the same logs: read from linux-figures.json.
 * Page frame numbers count 4 KiB pages; ranges are [first, end).
 */

import { readFileSync } from 'node:fs';
import { mapEntry, type MemoryMapEntry } from '../../emulator/memory/memory-map.js';

type FigureKey =
  | 'usableBytes'
  | 'kernelArgs'
  | 'lastPfn'
  | 'maxArchPfn'
  | 'totalKiB'
  | 'absentKiB'
  | 'totalPages'
  | 'earlyNodeRanges'
  | 'earlyNodePfns'
  | 'e820Changes'
  | 'modifiedMap';

const FILE = new URL('./linux-figures.json', import.meta.url);
const FIGURES = JSON.parse(readFileSync(FILE, 'utf8')) as Readonly<
  Record<string, Readonly<Partial<Record<FigureKey, string>>>>
>;

const PAGE_BYTES = 4096n;

export type PfnRange = readonly [first: bigint, end: bigint];

/** `e820: update [mem …] usable ==> reserved` and `e820: remove [mem …] usable`. */
export interface E820Change {
  readonly op: string;
  readonly base: bigint;
  readonly length: bigint;
  readonly from: string;
  readonly to: string | undefined;
}

export function figureNames(): string[] {
  return Object.keys(FIGURES);
}

export function figure(name: string, key: FigureKey): string | undefined {
  return FIGURES[name]?.[key];
}

/** Words of a figure that is a list; empty when the log does not have it. */
export function words(name: string, key: FigureKey): string[] {
  return figure(name, key)?.split(' ') ?? [];
}

/**
 * `Early memory node ranges` (older: `early_node_map[]`), touching ranges joined: Linux splits them by node.
 * Undefined when the log does not have them.
 */
export function earlyRanges(name: string): PfnRange[] | undefined {
  const byBytes = words(name, 'earlyNodeRanges').map(parseByteRange);
  const byPfn = words(name, 'earlyNodePfns').map((word) => {
    const [first = '', end = ''] = word.split('-');
    return [BigInt(first), BigInt(end)] as const;
  });
  const ranges = [...byBytes, ...byPfn];
  return ranges.length === 0 ? undefined : joined(ranges);
}

function parseByteRange(word: string): PfnRange {
  const [base = '', length = ''] = word.split('+');
  const end = BigInt(base) + BigInt(length);
  if (BigInt(base) % PAGE_BYTES !== 0n || end % PAGE_BYTES !== 0n) {
    throw new Error(`early node range ${word} is not page aligned`);
  }
  return [BigInt(base) / PAGE_BYTES, end / PAGE_BYTES];
}

function joined(ranges: readonly PfnRange[]): PfnRange[] {
  const sorted = [...ranges].sort(([a], [b]) => (a < b ? -1 : 1));
  const result: PfnRange[] = [];
  for (const [first, end] of sorted) {
    const previous = result.at(-1);
    if (previous?.[1] === first) result[result.length - 1] = [previous[0], end];
    else result.push([first, end]);
  }
  return result;
}

/** The map that Linux prints after `memmap=`, `mem=` or a quirk changed the firmware's; undefined without one. */
export function modifiedEntries(name: string): MemoryMapEntry[] | undefined {
  const list = words(name, 'modifiedMap').map((word) => {
    const [, base = '', length = '', type = ''] = /^(.+)\+(.+):(\d+)$/.exec(word) ?? [];
    return mapEntry(BigInt(base), BigInt(length), Number(type));
  });
  return list.length === 0 ? undefined : list;
}

export function e820Changes(name: string): E820Change[] {
  const text = figure(name, 'e820Changes');
  if (text === undefined) return [];
  return text.split('; ').map((change) => {
    const match = /^(update|remove) (0x\w+)\+(0x\w+) (.+?)(?: to (.+))?$/.exec(change);
    if (match === null) throw new Error(`change '${change}' of ${name}`);
    const [, op = '', base = '', length = '', from = '', to] = match;
    return { op, base: BigInt(base), length: BigInt(length), from, to };
  });
}
