/**
 * Random firmware maps, made to be awkward: entries that overlap, touch, repeat, wrap, lie at the borders that the rules
 * name, end inside pages, and have types that nobody knows.
 */
import { mapEntry, type MemoryMap, type MemoryMapEntry } from '../../emulator/memory/memory-map.js';
import type { RandomWords } from './random-words.js';

const PAGE = 4096n;
/** Where the rules draw a line: page 0, the legacy window, the last page below 4 GiB, 2^52, 2^64. */
const BORDERS = [0n, PAGE, 0xa0000n, 0x100000n, 1n << 32n, 1n << 52n, (1n << 64n) - PAGE];
/** Usable twice as often as all others together. */
const TYPES = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 0, 5, 7, 12, 20, 0xffff_ffff];
const WORD_MASK = (1n << 64n) - 1n;

/** A map of up to 12 entries, and one in 64 of up to 300. */
export function randomMap(random: RandomWords): MemoryMap {
  const count = random.below(64) === 0 ? random.below(301) : random.below(13);
  const entries: MemoryMapEntry[] = [];
  for (let index = 0; index < count; index++) {
    const again = entries.length > 0 && random.below(10) === 0;
    entries.push(again ? random.pick(entries) : randomEntry(random));
  }
  return { name: 'random', entries };
}

function randomEntry(random: RandomWords): MemoryMapEntry {
  const base = randomBase(random);
  return mapEntry(base, randomLength(random, base), random.pick(TYPES));
}

/** Half of the entries share 64 pages above 1 MiB; the rest is spread and crowded at the borders. */
function randomBase(random: RandomWords): bigint {
  const offset = random.below(3) === 0 ? BigInt(random.below(9) - 4) : 0n;
  switch (random.below(4)) {
    case 0:
      return (random.pick(BORDERS) + PAGE * BigInt(random.below(9) - 4) + offset) & WORD_MASK;
    case 1:
      return BigInt(random.next()) * (1n << BigInt(random.below(33))) + BigInt(random.below(4096));
    default:
      return (0x100000n + PAGE * BigInt(random.below(64)) + offset) & WORD_MASK;
  }
}

function randomLength(random: RandomWords, base: bigint): bigint {
  const offset = random.below(3) === 0 ? BigInt(random.below(9) - 4) : 0n;
  switch (random.below(16)) {
    case 0:
      return 0n;
    case 1:
      return (1n << 64n) - 1n - BigInt(random.below(4096)); // wraps
    case 2:
      return (random.pick(BORDERS) - base + offset) & WORD_MASK; // ends at a border
    case 3:
      return BigInt(random.below(8192));
    case 4:
      return BigInt(random.next()) << BigInt(random.below(32));
    default:
      return (PAGE * BigInt(1 + random.below(16)) + offset) & WORD_MASK;
  }
}

/** The same entries in another order (Fisher and Yates). */
export function shuffled(map: MemoryMap, random: RandomWords): MemoryMap {
  const entries = [...map.entries];
  for (let last = entries.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const [a, b] = [entries[last], entries[other]];
    if (a === undefined || b === undefined) throw new Error('an index outside the entries');
    [entries[last], entries[other]] = [b, a];
  }
  return { ...map, entries };
}
