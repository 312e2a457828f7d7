/**
 * The page oracle against Linux: for every map of the zoo whose log says how much memory Linux found.
 *
 * Linux starts from the same map and then changes it, and it says so. Allowed differences, each checked:
 *
 *   modified map   `memmap=`, `mem=` or a firmware quirk replaced the map; Linux printed the result, which is used.
 *   e820 changes   `e820: update [mem …] usable ==> reserved` takes RAM away: below 64 KiB (kernels before 3.x feared
 *                  the firmware there) or above the last MTRR. Applied as printed. `usable ==> usable` marks boot
 *                  data and takes nothing.
 *   late changes   The same line is printed for EFI tables that Linux keeps where they are (efi_mem_reserve: ESRT,
 *                  TPM log), but after the ranges were made: such pages are in the ranges. They come after the line
 *                  `e820: remove [mem 0x000a0000-0x000fffff] usable`, above 1 MiB, and are small; MTRR trimming,
 *                  which comes there too, takes 256 MiB and more.
 *   32-bit kernel  RAM at or above `max_arch_pfn` (4 GiB without PAE) is not used.
 *   totals         kernels before 2.6.38 or so printed all pages up to the last, holes included.
 *
 * Nothing else may differ: not by a page.
 */

import { describe, expect, it } from 'vitest';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import {
  E820_RESERVED,
  mapEntry,
  type MemoryMap,
  type MemoryMapEntry,
} from '../../emulator/memory/memory-map.js';
import { applyMapChanges } from '../../emulator/memory/linux-memmap-format.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import {
  e820Changes,
  earlyRanges,
  figure,
  figureNames,
  modifiedEntries,
  words,
  type E820Change,
  type PfnRange,
} from './linux-figures.js';

const PAGES_PER_KIB = 4n;
/** 4 GiB in pages: what a 32-bit kernel without PAE can address, and the limit that it then prints. */
const ARCH_PFN_32_BIT = 0x100000n;
const ONE_MIB_PFN = 0x100n;
const ONE_MIB = 0x100000n;
/** EFI tables are smaller, what MTRRs leave out is larger. */
const LATE_BYTES_MAX = 4n * ONE_MIB;

/** The map that Linux made its ranges from. */
function linuxMap(name: string): MemoryMap {
  const entries = modifiedEntries(name) ?? zooMap(name).entries;
  const changes = e820Changes(name);
  const trimIndex = changes.findIndex(({ op, base }) => op === 'remove' && base === 0xa0000n);
  const reserved: MemoryMapEntry[] = changes
    .filter(({ op, from, to }) => op === 'update' && from === 'usable' && to === 'reserved')
    .filter((change) => trimIndex < 0 || changes.indexOf(change) < trimIndex || !isLate(change))
    .map(({ base, length }) => mapEntry(base, length, E820_RESERVED));
  const holes = changes
    .filter(({ op, from }) => op === 'remove' && from === 'usable')
    .map(({ base, length }) => ({ kind: 'hole', base, length }) as const);
  return applyMapChanges({ name, entries: [...entries, ...reserved] }, holes);
}

function isLate({ base, length }: E820Change): boolean {
  return base >= ONE_MIB && length < LATE_BYTES_MAX;
}

function linuxRanges(name: string): PfnRange[] {
  const archPfn = figure(name, 'maxArchPfn');
  const limit = archPfn === undefined ? 1n << 40n : BigInt(archPfn);
  return usablePages(linuxMap(name))
    .ranges.map(({ first, last }): PfnRange => [first, last + 1n < limit ? last + 1n : limit])
    .filter(([first, end]) => first < end);
}

function pagesIn(ranges: readonly PfnRange[]): bigint {
  return ranges.reduce((sum, [first, end]) => sum + end - first, 0n);
}

function hexadecimal(ranges: readonly PfnRange[]): string[] {
  return ranges.map(([first, end]) => `${first.toString(16)}-${end.toString(16)}`);
}

const withRanges = zooNames().filter((name) => earlyRanges(name) !== undefined);

describe('early memory node ranges of Linux', () => {
  it('stand in the logs of 104 machines', () => {
    expect(figureNames().sort()).toEqual(zooNames());
    expect(withRanges).toHaveLength(104);
  });

  it.each(withRanges)('equal the usable pages of %s', (name) => {
    expect(hexadecimal(linuxRanges(name))).toEqual(hexadecimal(earlyRanges(name) ?? []));
  });

  it('equal the oracle on the firmware map alone wherever Linux took nothing away', () => {
    const differing = withRanges.filter((name) => {
      const { ranges } = usablePages(zooMap(name));
      const own = ranges.map(({ first, last }): PfnRange => [first, last + 1n]);
      return hexadecimal(own).join() !== hexadecimal(earlyRanges(name) ?? []).join();
    });
    // Each difference has a reason that Linux printed; the test above shows that it explains all of it.
    const reasons = differing.map((name) => [name, differenceReason(name)]);
    expect(reasons.filter(([, reason]) => reason === undefined)).toEqual([]);
    expect(differing).toHaveLength(28);
  });
});

/** Which class of difference a machine is in: the first that takes usable pages from the firmware's map. */
function differenceReason(name: string): string | undefined {
  const pages = usablePages(zooMap(name)).pageCount;
  const modified = modifiedEntries(name);
  if (modified !== undefined && usablePages({ name, entries: modified }).pageCount < pages) {
    return 'modified map';
  }
  if (usablePages(linuxMap(name)).pageCount < pages) return 'e820 changes';
  if (figure(name, 'maxArchPfn') === `0x${ARCH_PFN_32_BIT.toString(16)}`) return '32-bit kernel';
  return undefined;
}

describe('last_pfn of Linux', () => {
  const withLastPfn = zooNames().filter((name) => words(name, 'lastPfn').length > 0);

  it.each(withLastPfn)('is one of the ends of RAM of %s', (name) => {
    // Printed for all RAM, for RAM below 4 GiB, and once more after each change; in whole pages of RAM entries,
    // even where a reserved entry covers the last of them.
    const ranges = linuxRanges(name);
    const end = ranges.at(-1)?.[1] ?? 0n;
    const printed = words(name, 'lastPfn').map(BigInt);
    expect(printed).toContain(end);
  });
});

describe('the number of pages that Linux counted', () => {
  const withTotal = zooNames().filter(
    (name) => figure(name, 'totalKiB') !== undefined && earlyRanges(name) !== undefined,
  );

  it.each(withTotal)('is that of the usable pages of %s', (name) => {
    const total = BigInt(figure(name, 'totalKiB') ?? '0') / PAGES_PER_KIB;
    const absent = BigInt(figure(name, 'absentKiB') ?? '0') / PAGES_PER_KIB;
    const ranges = linuxRanges(name);
    const end = ranges.at(-1)?.[1] ?? 0n;
    if (total === pagesIn(ranges)) return;
    // An older kernel: all page frames up to the last one, the holes counted as `absent` or not at all.
    expect(total).toBe(end);
    if (absent !== 0n) expect(total - absent).toBe(pagesIn(ranges));
  });

  const withZonePages = zooNames().filter(
    (name) => words(name, 'totalPages').length > 0 && earlyRanges(name) !== undefined,
  );

  it.each(withZonePages)('is the sum over the nodes of %s', (name) => {
    const sum = words(name, 'totalPages').reduce((total, pages) => total + BigInt(pages), 0n);
    expect(sum).toBe(pagesIn(linuxRanges(name)));
  });

  const oldKernels = zooNames().filter(
    (name) => words(name, 'totalPages').length === 1 && earlyRanges(name) === undefined,
  );

  it.each(oldKernels)('includes the holes of %s, whose kernel had one flat range', (name) => {
    // Linux 2.4 to 2.6.14: `On node 0 totalpages` is the end of RAM, so all of it but holes below 1 MiB is there.
    const total = BigInt(figure(name, 'totalPages') ?? '0');
    const ranges = linuxRanges(name);
    expect(total).toBe(ranges.at(-1)?.[1]);
    const above = ranges.filter(([first]) => first >= ONE_MIB_PFN);
    expect(pagesIn(above)).toBe(total - ONE_MIB_PFN);
  });
});

describe('the bytes that a map calls usable', () => {
  it.each(zooNames())('add up for %s', (name) => {
    // Counted from the published file, which was made by another program.
    const bytes = zooMap(name)
      .entries.filter(({ type }) => type === 1)
      .reduce((sum, { length }) => sum + length, 0n);
    expect(bytes).toBe(BigInt(figure(name, 'usableBytes') ?? '-1'));
  });
});
