/** Every map of the zoo, and random ones, through every text form and back. */

import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { formatCArray } from '../../emulator/memory/c-format.js';
import { formatDmesg, parseDmesg } from '../../emulator/memory/dmesg-format.js';
import { formatJsonMap, parseJsonMap } from '../../emulator/memory/json-format.js';
import { formatLinuxMemmap, parseLinuxMemmap } from '../../emulator/memory/linux-memmap-format.js';
import { parseMapText } from '../../emulator/memory/map-text.js';
import { mapEntry, type MemoryMap } from '../../emulator/memory/memory-map.js';
import { typeLabel } from '../../emulator/memory/entry-type.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { assertBootableMap, validateMap } from '../../emulator/memory/validate-map.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';

const SEED = 0xe820;
const ADDRESS_MASK = (1n << 64n) - 1n;

function hex16(value: bigint): string {
  return (value & ADDRESS_MASK).toString(16).padStart(16, '0');
}

/** Old kernels print `(usable)` but `type 9`. */
function oldLabel(type: number): string {
  const label = typeLabel(type);
  return label.startsWith('type') ? label : `(${label})`;
}

/** What the map looked like in the log of Linux 2.6 and of 2.4, written here a second time. */
const OLD_LOGS: readonly [string, (map: MemoryMap) => string][] = [
  [
    'a log of 2.6',
    (map) =>
      map.entries
        .map(
          (e) => ` BIOS-e820: ${hex16(e.base)} - ${hex16(e.base + e.length)} ${oldLabel(e.type)}`,
        )
        .join('\n'),
  ],
  [
    'a log of 2.4',
    (map) =>
      map.entries
        .map((e) => ` BIOS-e820: ${hex16(e.length)} @ ${hex16(e.base)} ${oldLabel(e.type)}`)
        .join('\n'),
  ],
];

/** A mail client: quotation marks, lines of 76 characters broken as quoted-printable does. */
function asQuotedPrintableMail(text: string): string {
  return text
    .split('\n')
    .map((line) => `>> [    0.000000]=C2=A0${line}`.replace(/.{75}(?=.)/g, '$&=\n'))
    .join('\n');
}

/** The parser of nobody but this test: C initialisers. */
function parseCArray(text: string): MemoryMap['entries'] {
  const rows = text.matchAll(/^ {2}\{ (0x[0-9a-f]+)ull, (0x[0-9a-f]+)ull, (\d+)u, (\d+)u \},/gm);
  return [...rows].map(([, base = '', length = '', type, attributes]) => ({
    base: BigInt(base),
    length: BigInt(length),
    type: Number(type),
    attributes: Number(attributes),
  }));
}

/** What a log of the map can say: nothing of nodes. */
function logOf({ name, entries }: MemoryMap): MemoryMap {
  return { name, entries };
}

function checkAllForms(map: MemoryMap): void {
  expect(parseJsonMap(formatJsonMap(map), 'x')).toEqual(map);
  expect(parseMapText(formatJsonMap(map), 'x').map).toEqual(map);
  expect(parseCArray(formatCArray(map))).toEqual(map.entries);
  if (map.entries.length === 0) return;
  const log = logOf(map);
  expect(parseDmesg(formatDmesg(map), map.name).map).toEqual(log);
  expect(parseMapText(formatDmesg(map), map.name).map).toEqual(log);
  const mail = parseDmesg(asQuotedPrintableMail(formatDmesg(map)), map.name);
  expect(mail).toEqual({ map: log, tag: 'BIOS-e820', problems: [], notes: [] });
  const { text, leftOut } = formatLinuxMemmap(map);
  // Linux has no word for attributes: of an entry that is there, only the other bits are lost.
  const enabled = map.entries
    .filter((_, index) => !leftOut.includes(index))
    .map(({ base, length, type }) => mapEntry(base, length, type));
  expect(parseLinuxMemmap(text, 'x').entries).toEqual(enabled);
}

describe.each(zooNames())('%s', (name) => {
  const map = zooMap(name);

  it('comes back from every form', () => {
    checkAllForms(map);
    for (const [, write] of OLD_LOGS) {
      expect(parseDmesg(write(map), map.name)).toMatchObject({ map: logOf(map), problems: [] });
    }
  });

  it('has the same usable pages in any order, and again from its usable pages alone', () => {
    const pages = usablePages(map);
    expect(usablePages({ name, entries: [...map.entries].reverse() })).toEqual(pages);
    const entries = pages.ranges.map(({ first, last }) =>
      mapEntry(first << 12n, (last - first + 1n) << 12n, 1),
    );
    expect(usablePages({ name, entries })).toEqual(pages);
  });
});

describe('findings on real maps', () => {
  // crosvm puts RAM from 2 MiB and its kernel there; the Chromebook's kernel saw a single page of RAM.
  it('are errors for two machines only, which have no RAM at 1 MiB', () => {
    const broken = zooNames().filter((name) =>
      validateMap(zooMap(name)).some(({ severity }) => severity === 'error'),
    );
    expect(broken).toEqual(['chromiumos-crosvm-4g', 'samsung-500c-chromebook-two-entries']);
    for (const name of broken) {
      expect(() => assertBootableMap(zooMap(name))).toThrow(/no usable RAM at 1 MiB/);
    }
  });

  it.each([
    // The features that the published files name.
    ['pc-192mib-unsorted-at', ['unsorted']],
    ['via-vp3-128mib-unsorted', ['unsorted']],
    ['pentium133-96mib-zero-length-type0', ['unsorted', 'zero-length']],
  ])('finds what is odd about %s', (name, codes) => {
    const found = new Set(validateMap(zooMap(name)).map(({ code }) => code));
    expect([...found].sort()).toEqual(codes);
  });
});

const anyBits = (bits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });

const anyMap = fc.record({
  name: fc.string({ minLength: 1 }),
  entries: fc.array(
    fc.record({
      base: fc.oneof(anyBits(64), anyBits(24)),
      length: fc.oneof(anyBits(64), anyBits(24), fc.constant(0n)),
      type: fc.oneof(fc.nat(20), fc.constant(0xefffffff), fc.nat(0xffffffff)),
      attributes: fc.constantFrom(1, 1, 1, 0, 3, 0xffffffff),
    }),
    { maxLength: 40 },
  ),
});

describe(`random maps (seed ${SEED})`, () => {
  it('come back from every form: wrapping, empty, disabled entries and odd types too', () => {
    fc.assert(
      fc.property(anyMap, (map) => checkAllForms(map)),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('never make the readers fail other than with a ConfigurationError', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      anyMap.chain((map) => mutated(formatDmesg(map))),
      anyMap.chain((map) => mutated(formatJsonMap(map))),
      anyMap.chain((map) => mutated(formatLinuxMemmap(map).text)),
    );
    fc.assert(
      fc.property(noise, (text) => {
        let name = 'none';
        try {
          parseMapText(text, 'x');
        } catch (error) {
          name = error instanceof Error ? error.name : String(error);
        }
        expect(['none', 'ConfigurationError']).toContain(name);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

/** A text with one stretch of it replaced. */
function mutated(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 8 }))
    .map(([at, count, patch]) => text.slice(0, at) + patch + text.slice(at + count));
}
