/** `pages.json`: what each page of a run's memory was used for, by whom and when. The same on every host. */
import { PAGES_SCHEMA, type PagesFile } from '../browser/pages-data.js';
import { typeLabel } from '../../memory/entry-type.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import type { Machine } from '../../machine/machine.js';
import type { PageLog } from '../../machine/page-log.js';
import { pageTables } from '../../machine/page-tables.js';
import { ramLayout } from '../../machine/ram-layout.js';

/** The document for a machine whose run is over. `serialText` is what it sent through COM1. */
export function pagesFile(
  machine: Machine,
  map: MemoryMap,
  log: PageLog,
  serialText: string,
): PagesFile {
  const functions = new Map<string, number>();
  const numberOf = (name: string): number => {
    const known = functions.get(name) ?? functions.size;
    functions.set(name, known);
    return known;
  };
  const uses = log.records.map(
    ({ use, first, count, by, fromCycle, toCycle }) =>
      [use, first, count, numberOf(by), fromCycle, toCycle] as const,
  );
  return {
    schema: PAGES_SCHEMA,
    cycles: machine.nowCycles,
    map: map.entries
      .filter(({ length }) => length > 0n)
      .map(({ base, length, type }) => [...pagesOf(base, base + length), typeLabel(type)] as const),
    ram: ramLayout(map).map(({ base, end, rom }) => [...pagesOf(base, end), rom ? 1 : 0] as const),
    layout: kernelLayout(serialText),
    functions: [...functions.keys()],
    uses,
    tables: pageTables(machine.processor).map(
      ({ page, level, present }) => [page, level, present] as const,
    ),
    lacking: log.lacking,
  };
}

function pagesOf(base: bigint, end: bigint): [first: number, count: number] {
  const first = base >> 12n;
  return [Number(first), Number(((end + 4095n) >> 12n) - first)];
}

/** Lines such as `[nk_boot]   [mem 0x0000000000167000-0x0000000000766fff] kernel heap, 6 MiB`. */
export function kernelLayout(serialText: string): (readonly [number, number, string])[] {
  const lines = serialText.matchAll(
    /^\[nk_boot\] +\[mem 0x([0-9a-f]{16})-0x([0-9a-f]{16})\] ([a-z].*?)(?:, \d+ [KMGTP]iB)?\r?$/gm,
  );
  return [...lines].map(([, base = '0', last = '0', name = '']) => {
    const range = pagesOf(BigInt(`0x${base}`), BigInt(`0x${last}`) + 1n);
    return [...range, name] as const;
  });
}
