/**
 * The same memory, told as badly as firmware may tell it: `--memmap-chaos`.
 *
 * ACPI 6.5, "INT 15H, E820H", promises neither order nor that entries do not overlap, and says nothing of how many there are; real
 * machines report each of it. What a kernel may use stays the same, page by page (usable-oracle.ts): where entries overlap, what both
 * cover is usable only if both say so.
 */
import { SplitMix64 } from '../base/split-mix.js';
import {
  E820_ACPI_NVS,
  E820_ACPI_RECLAIMABLE,
  E820_USABLE,
  isEnabled,
  mapEntry,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';

/** More than the 32 that hand-written kernels have room for; less than the 128 of Linux's zero page. */
const ENTRIES_WANTED_MIN = 33;
const ENTRIES_WANTED_MAX = 96;
const ZERO_LENGTH_ENTRIES_MAX = 3;
const PAGE = 0x1000n;
/** Where entries without length may lie. */
const ADDRESS_END = 1n << 40n;

/** RAM whatever it is used for: that a usable entry covers it, too, adds no storage to the machine. */
const RAM_IN_OTHER_USE: ReadonlySet<number> = new Set([E820_ACPI_RECLAIMABLE, E820_ACPI_NVS]);

/** The map of another order: entries split, overlapping, twice there, without length, shuffled. The same seed gives the same. */
export function disorderedMap(map: MemoryMap, seed: bigint): MemoryMap {
  const random = new SplitMix64(seed);
  let entries = map.entries.flatMap((entry) => overlapping(map, entry, random));
  const wanted =
    ENTRIES_WANTED_MIN + Number(random.below(BigInt(ENTRIES_WANTED_MAX - ENTRIES_WANTED_MIN + 1)));
  // Bounded: a map of tiny entries has nothing to split.
  for (let tries = 0; entries.length < wanted && tries < 8 * ENTRIES_WANTED_MAX; tries++) {
    const place = Number(random.below(BigInt(entries.length)));
    const entry = entries[place];
    if (entry !== undefined) entries.splice(place, 1, ...split(entry, random));
  }
  for (let count = random.below(BigInt(ZERO_LENGTH_ENTRIES_MAX + 1)); count > 0n; count--) {
    entries.push(mapEntry(random.below(ADDRESS_END), 0n, Number(1n + random.below(4n))));
  }
  entries = shuffled(entries, random);
  return { ...map, entries };
}

/** A usable entry that reaches over its neighbour of RAM in other use, which keeps what is its own. */
function overlapping(map: MemoryMap, entry: MemoryMapEntry, random: SplitMix64): MemoryMapEntry[] {
  if (entry.type !== E820_USABLE || !isEnabled(entry) || random.below(2n) === 0n) return [entry];
  const end = entry.base + entry.length;
  const neighbour = map.entries.find(
    (other) => other.base === end && RAM_IN_OTHER_USE.has(other.type) && isEnabled(other),
  );
  return [neighbour === undefined ? entry : { ...entry, length: entry.length + neighbour.length }];
}

/** An entry in two, at a page or anywhere; the parts may overlap by up to all that the first has. Or the entry twice. */
function split(entry: MemoryMapEntry, random: SplitMix64): MemoryMapEntry[] {
  const { base, length } = entry;
  if (random.below(8n) === 0n) return [entry, entry];
  const atPage = random.below(4n) !== 0n;
  const unit = atPage ? PAGE : 1n;
  // From the first unit behind the base to the last before the end.
  const first = (base / unit + 1n) * unit;
  const last = ((base + length - 1n) / unit) * unit;
  if (length < 2n || first > last) return [entry];
  const middle = first + random.below((last - first) / unit + 1n) * unit;
  const overlap = random.below(3n) === 0n ? random.below(middle - base) : 0n;
  return [
    { ...entry, length: middle - base },
    { ...entry, base: middle - overlap, length: base + length - middle + overlap },
  ];
}

/** Fisher and Yates, as in Knuth, "The Art of Computer Programming", vol. 2, 3.4.2, algorithm P. */
function shuffled<T>(values: readonly T[], random: SplitMix64): T[] {
  const order = [...values];
  for (let place = order.length - 1; place > 0; place--) {
    const other = Number(random.below(BigInt(place + 1)));
    [order[place], order[other]] = [order[other] as T, order[place] as T];
  }
  return order;
}
