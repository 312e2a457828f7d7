/** The kernel's own sanitiser on the emulated processor: a map in, ranges of pages out. */
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages, type PageRange } from '../../emulator/memory/usable-oracle.js';
import { ParkedKernel } from './parked-kernel.js';
import { randomMap, shuffled } from './random-maps.js';
import { RandomWords } from './random-words.js';

const ENTRY_BYTES = 24;
const RANGE_BYTES = 16;
const ENTRIES_MAX = 4096;
const PAGE_SHIFT = 12n;
export const ADDRESS_END = 1n << 52n;

export class MapSanitiser {
  private readonly kernel = new ParkedKernel(pcMap(16n << 20n).map);
  private readonly entries = this.kernel.call('kmalloc', BigInt(ENTRIES_MAX * ENTRY_BYTES));
  private readonly ranges = this.kernel.call('sanitisedRanges');

  /** @param limit addresses from here on do not exist */
  sanitise(map: MemoryMap, limit = ADDRESS_END): PageRange[] {
    const { processor } = this.kernel.machine;
    if (map.entries.length > 0) processor.write(this.entries, entryBytes(map));
    const count = this.kernel.call32(
      'sanitiseMap',
      this.entries,
      BigInt(map.entries.length),
      limit,
    );
    if (count === 0) return [];
    const bytes = processor.read(this.ranges, count * RANGE_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, (_, index) => ({
      first: view.getBigUint64(index * RANGE_BYTES, true) >> PAGE_SHIFT,
      last: (view.getBigUint64(index * RANGE_BYTES + 8, true) >> PAGE_SHIFT) - 1n,
    }));
  }
}

function entryBytes(map: MemoryMap): Uint8Array {
  const bytes = new Uint8Array(map.entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  map.entries.forEach(({ base, length, type }, index) => {
    view.setBigUint64(index * ENTRY_BYTES, base, true);
    view.setBigUint64(index * ENTRY_BYTES + 8, length, true);
    view.setUint32(index * ENTRY_BYTES + 16, type, true);
  });
  return bytes;
}

/** One line a range, for a comparison that shows what differs. */
export function rangeText(ranges: readonly PageRange[]): string {
  return ranges.map(({ first, last }) => `${first.toString(16)}-${last.toString(16)}`).join(' ');
}

export function mapText(map: MemoryMap): string {
  return map.entries
    .map(({ base, length, type }) => `0x${base.toString(16)} 0x${length.toString(16)} ${type}`)
    .join('\n');
}

/** What the sanitiser must keep for one map. */
export type MapProperty = (
  sanitiser: MapSanitiser,
  map: MemoryMap,
  random: RandomWords,
) => { readonly got: string; readonly wanted: string };

/** Test 66: the pages are those of the page-by-page oracle, at any width of addresses. */
export const equalsOracle: MapProperty = (sanitiser, map, random) => {
  const bits = random.pick([52, 52, 48, 36, 32]);
  const limit = 1n << BigInt(bits);
  return {
    got: rangeText(sanitiser.sanitise(map, limit)),
    wanted: rangeText(usablePages(map, bits).ranges),
  };
};

/** Test 67: the order of the entries does not matter. */
export const ignoresOrder: MapProperty = (sanitiser, map, random) => ({
  got: rangeText(sanitiser.sanitise(shuffled(map, random))),
  wanted: rangeText(sanitiser.sanitise(map)),
});

/** Test 68: a sanitised map comes out as it went in. */
export const isIdempotent: MapProperty = (sanitiser, map) => {
  const once = sanitiser.sanitise(map);
  const entries = once.map(({ first, last }) => ({
    base: first << PAGE_SHIFT,
    length: (last - first + 1n) << PAGE_SHIFT,
    type: 1,
    attributes: 1,
  }));
  return {
    got: rangeText(sanitiser.sanitise({ name: 'sanitised', entries })),
    wanted: rangeText(once),
  };
};

/** Tries `count` random maps; the first that breaks the property, or null. */
export function firstBroken(property: MapProperty, seed: number, count: number): string | null {
  const sanitiser = new MapSanitiser();
  const random = new RandomWords(seed);
  for (let trial = 0; trial < count; trial++) {
    const map = randomMap(random);
    const { got, wanted } = property(sanitiser, map, random);
    if (got === wanted) continue;
    return `seed ${seed}, map ${trial}: got ${got}; wanted ${wanted}; the map:\n${mapText(map)}`;
  }
  return null;
}
